"""Forms of approval and rejection; each asks for what the record must hold."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Submit
from django import forms

REJECTIONS = [
    ("", "Choose a reason"),
    ("patient_declined", "The patient declined it"),
    ("clinical_judgement", "Clinical judgement: another course is better"),
    ("cost", "Too expensive for the patient"),
    ("downtime", "Too much downtime for the patient"),
    ("facts_changed", "The facts have changed"),
    ("other", "Another reason"),
]

ENDINGS = [
    ("", "Choose a reason"),
    ("satisfied", "The patient is satisfied"),
    ("plateau", "No further improvement"),
    ("adverse_event", "An adverse event"),
    ("patient_left", "The patient does not continue"),
    ("new_risk", "A new risk or contraindication"),
    ("other", "Another reason"),
]


class SeenForm(forms.Form):
    """Carries the state and revision that the person saw, so that a stale page is told so."""

    seen = forms.CharField(widget=forms.HiddenInput)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, plan, **kwargs):
        initial = {"seen": plan.state, "revision": plan.revision} | kwargs.pop("initial", {})
        super().__init__(*args, initial=initial, **kwargs)
        self.plan = plan
        self.helper = FormHelper()
        self.helper.layout = Layout("seen", "revision", *self.rows())
        self.helper.form_tag = False

    def rows(self):
        return ()


class ApproveForm(SeenForm):
    password = forms.CharField(
        label="Your password",
        help_text="Signing asks who you are once more.",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password to sign the plan."},
    )
    note = forms.CharField(
        label="Note (optional)", required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    read = forms.BooleanField(
        label="I have read the sessions, the notes and what stays untreated.",
        error_messages={"required": "Confirm that you have read the plan."},
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def rows(self):
        return ("read", "note", "password", Submit("approve", "Sign and approve"))

    def clean_password(self):
        password = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("This is not your password. The plan is not signed.")
        return password


class ReasonForm(SeenForm):
    reason_code = forms.ChoiceField(
        label="Reason", error_messages={"required": "Choose a reason: it stays in the record."}
    )
    note = forms.CharField(
        label="In your words", required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    button = ("go", "Go")
    reasons = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason_code"].choices = self.reasons

    def rows(self):
        return ("reason_code", "note", Submit(*self.button, css_class="btn-outline-danger"))

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("reason_code") == "other" and not cleaned.get("note"):
            self.add_error("note", "Say in your words what the reason is.")
        return cleaned


class RejectForm(ReasonForm):
    button = ("reject", "Reject this plan")
    reasons = REJECTIONS


class DiscontinueForm(ReasonForm):
    button = ("discontinue", "Discontinue this plan")
    reasons = ENDINGS
