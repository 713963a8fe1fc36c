from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone

from patients.fields import DayField, YesNoUnknown, number_field
from patients.models import EARLIEST_BIRTH, FollowUp, Improvement, ReportedTotal
from patients.reported import OPEN_TOTAL, Instrument


class ReportedForm(forms.Form):
    """The result of one instrument: a total or a yes or no, and how it came about."""

    answered_on = DayField(label="Answered on", earliest=EARLIEST_BIRTH, latest=timezone.localdate)
    manner = forms.ChoiceField(
        label="Answered by",
        choices=ReportedTotal.Manner.choices,
        initial=ReportedTotal.Manner.SELF,
        widget=forms.RadioSelect,
    )
    administered_by = forms.ModelChoiceField(
        label="Given out by",
        queryset=get_user_model().objects.none(),
        error_messages={"required": "Say who gave it out.", "invalid_choice": "Choose a person."},
    )
    edition = forms.CharField(
        label="Version",
        max_length=60,
        required=False,
        help_text="As printed on the sheet, such as 2016.",
    )
    language = forms.CharField(label="Language", max_length=60, required=False)

    def __init__(self, *args, instrument: Instrument, by, **kwargs):
        super().__init__(*args, **kwargs)
        self.instrument = instrument
        self.fields["answered_on"].initial = timezone.localdate
        self.fields["answered_on"].error_messages["required"] = "Enter the day."
        people = get_user_model().objects.filter(is_active=True).order_by("name")
        self.fields["administered_by"].queryset = people
        self.fields["administered_by"].initial = by.pk
        self.fields["administered_by"].empty_label = None
        if instrument.asks_positive:
            self.fields["positive"] = YesNoUnknown(
                label="Is the screen positive?", words=("Yes", "No", "Not answered")
            )
        else:
            self.fields["total"] = self._total()
        if instrument.asks_self_harm:
            self.fields["self_harm"] = YesNoUnknown(
                label="Does any answer speak of self-harm, however slightly?",
                words=("Yes", "No", "Not answered"),
            )
        result = ("total", "positive", "self_harm")
        self.order_fields(["answered_on", *result])

    def _total(self):
        low, high = self.instrument.low, self.instrument.high
        field = number_field("Total", low=low, high=OPEN_TOTAL if high is None else high)
        field.required = True
        field.error_messages["required"] = "Enter the total."
        field.help_text = "Range not verified." if high is None else f"{low} to {high}."
        return field


class FollowUpForm(forms.ModelForm):
    last_session_pain = number_field(
        "Pain of the last session",
        low=0,
        high=10,
        help_text="0 is none, 10 the worst imaginable. Leave it open if there was no session.",
    )

    class Meta:
        model = FollowUp
        fields = ["clinician_impression", "patient_impression", "last_session_pain"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("clinician_impression", "patient_impression"):
            self.fields[name] = forms.ChoiceField(
                label=FollowUp._meta.get_field(name).verbose_name.capitalize(),
                choices=[*Improvement.choices, ("", "Not recorded")],
                required=False,
                widget=forms.RadioSelect,
                initial=getattr(self.instance, name),
            )
