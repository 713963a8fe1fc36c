"""Forms of the patient's agreement and of a review."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout, Submit
from django import forms
from django.template.loader import render_to_string
from django.utils import timezone

from planner.agreement import Signer, needs_guardian, options_of
from planner.documents import procedures_of
from planner.errors import SignatureRefused
from planner.forms import ENDINGS
from planner.reviewing import STOP, VERDICTS
from planner.signatures import png_of

TABLET, PAPER = "tablet", "paper"


class SignaturePad(forms.Widget):
    """A field to draw in; what was drawn stays when the form comes back."""

    def render(self, name, value, attrs=None, renderer=None):
        context = {"name": name, "value": value or "", "attrs": attrs or {}}
        return render_to_string("planner/_signature_pad.html", context)


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self):
        super().__init__(format="%Y-%m-%d")


class AgreementForm(forms.Form):
    options = forms.MultipleChoiceField(
        label="Options discussed with the patient",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick what was discussed."},
    )
    options_note = forms.CharField(
        label="Questions and answers (optional)",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    consents = forms.MultipleChoiceField(
        label="The patient has read the form and consents to",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one procedure."},
        help_text="What is not ticked stays without consent and cannot be performed.",
    )
    signed_on = forms.DateField(
        label="Signed on", widget=DayInput, error_messages={"required": "Enter the day."}
    )
    how = forms.ChoiceField(
        label="Signed",
        choices=[(TABLET, "Here, on the screen"), (PAPER, "On paper, which the clinic keeps")],
        widget=forms.RadioSelect,
        initial=TABLET,
    )
    patient_name = forms.CharField(
        label="Patient's name",
        max_length=120,
        error_messages={"required": "Enter the name of who signs."},
    )
    patient_signature = forms.CharField(
        label="Patient's signature", required=False, widget=SignaturePad
    )
    assent = forms.BooleanField(
        label="The patient, who is a minor, wants this treatment and says so.",
        required=False,
    )
    guardian_name = forms.CharField(label="Guardian's name", max_length=120, required=False)
    guardian_relation = forms.CharField(
        label="Related to the patient as", max_length=60, required=False
    )
    guardian_signature = forms.CharField(
        label="Guardian's signature", required=False, widget=SignaturePad
    )

    def __init__(self, *args, plan, **kwargs):
        today = timezone.localdate()
        patient = plan.patient
        initial = {
            "signed_on": today,
            "patient_name": f"{patient.given_name} {patient.family_name}",
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.plan = plan
        self.fields["options"].choices = [(o["code"], o["name"]) for o in options_of(plan)]
        self.fields["consents"].choices = list(procedures_of(plan).items())
        self.with_guardian = needs_guardian(plan, today)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(*self._rows())

    def _rows(self):
        guardian = ("assent", "guardian_name", "guardian_relation", "guardian_signature")
        if not self.with_guardian:
            for name in guardian:
                del self.fields[name]
        yield Fieldset("What was discussed", "options", "options_note")
        yield Fieldset("Consent", "consents")
        yield Fieldset("Signature", "signed_on", "how", "patient_name", "patient_signature")
        if self.with_guardian:
            yield Fieldset("Guardian and assent", *guardian)
        yield Submit("agree", "Record the agreement")

    def clean(self):
        given = super().clean()
        if self.with_guardian:
            self._check_guardian(given)
        if given.get("how") == TABLET:
            self._read_drawing("patient_signature")
            if self.with_guardian:
                self._read_drawing("guardian_signature")
        return given

    def _check_guardian(self, given) -> None:
        if not given.get("assent"):
            self.add_error("assent", "The patient is a minor: record the assent, or do not treat.")
        if not given.get("guardian_name"):
            self.add_error("guardian_name", "The patient is a minor: a guardian signs too.")
        if not given.get("guardian_relation"):
            self.add_error("guardian_relation", "Say how the guardian is related to the patient.")

    def _read_drawing(self, name) -> None:
        try:
            self.cleaned_data[f"{name}_png"] = png_of(self.cleaned_data.get(name, ""))
        except SignatureRefused as error:
            self.add_error(name, str(error))

    def agreed(self) -> dict:
        """What `agreement.agree` asks for, from a form that is valid."""
        given = self.cleaned_data
        guardian = None
        if self.with_guardian:
            guardian = Signer(
                given["guardian_name"],
                given.get("guardian_signature_png"),
                given["guardian_relation"],
            )
        return {
            "signed_on": given["signed_on"],
            "options": given["options"],
            "options_note": given["options_note"],
            "consents": given["consents"],
            "patient": Signer(given["patient_name"], given.get("patient_signature_png")),
            "guardian": guardian,
            "assent": given.get("assent", False),
        }


class WithdrawForm(forms.Form):
    withdrawn_on = forms.DateField(
        label="Withdrawn on", widget=DayInput, error_messages={"required": "Enter the day."}
    )
    words = forms.CharField(
        label="In the patient's words (optional)",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, initial={"withdrawn_on": timezone.localdate()}, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "withdrawn_on",
            "words",
            Submit("withdraw", "Record the withdrawal", css_class="btn-outline-danger"),
        )

    def clean_withdrawn_on(self):
        day = self.cleaned_data["withdrawn_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("This day lies in the future.")
        return day


class ReviewForm(forms.Form):
    assessment = forms.ModelChoiceField(
        label="On the assessment of",
        queryset=None,
        empty_label="Choose an assessment",
        error_messages={"required": "Choose the assessment that this rests on."},
    )
    verdict = forms.ChoiceField(
        label="Decision",
        choices=VERDICTS,
        widget=forms.RadioSelect,
        error_messages={"required": "Continue, change or stop?"},
    )
    reason_code = forms.ChoiceField(label="Reason to stop", choices=ENDINGS, required=False)
    note = forms.CharField(
        label="In your words (optional)", required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args, assessments, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["assessment"].queryset = assessments
        self.fields["assessment"].label_from_instance = lambda one: f"{one.assessed_on:%d-%b-%Y}"
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "assessment", "verdict", "reason_code", "note", Submit("decide", "Record the decision")
        )

    def clean(self):
        given = super().clean()
        if given.get("verdict") == STOP and not given.get("reason_code"):
            self.add_error("reason_code", "Choose why the plan ends: it stays in the record.")
        return given
