"""What the desk and the keeper of the words fill in."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout
from django import forms

from clinic.letters import wording
from clinic.letters.kinds import Channel, Kind
from clinic.letters.models import ContactChoice, Habits, Wording


class PlainForm(forms.ModelForm):
    """A form whose tag, token and button its page draws; it carries the revision that it shows."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    layout: tuple = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.revision if self.instance.pk else 0
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(*self.layout, "seen")

    @property
    def seen_revision(self) -> int:
        return self.cleaned_data.get("seen") or 0


class ChoiceForm(PlainForm):
    layout = ("email", "sms")

    class Meta:
        model = ContactChoice
        fields = ["email", "sms"]

    def __init__(self, *args, patient, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = patient.email or "The record has no e-mail address."
        self.fields["sms"].help_text = patient.phone or "The record has no phone number."


class HabitsForm(PlainForm):
    layout = (
        "delay_minutes",
        Div("not_before", "not_after", css_class="pair"),
        "care_by_email",
    )

    class Meta:
        model = Habits
        fields = ["delay_minutes", "not_before", "not_after", "care_by_email"]
        labels = {
            "delay_minutes": "Wait after the last change, minutes",
            "not_before": "Reminders and care not before",
            "not_after": "and not after",
            "care_by_email": "Write out in e-mails how to prepare and what to do afterwards",
        }
        help_texts = {
            "care_by_email": "Such an e-mail can name what is applied or taken. Without it, "
            "messages point to the sheet that the patient was given.",
        }
        error_messages = {
            "delay_minutes": {"required": "Give minutes from 1 to 240."},
            "not_before": {"required": "Give a time, such as 08:00.", "invalid": "Write 08:00."},
            "not_after": {"required": "Give a time, such as 20:00.", "invalid": "Write 20:00."},
        }
        widgets = {
            "not_before": forms.TimeInput(format="%H:%M", attrs={"inputmode": "numeric"}),
            "not_after": forms.TimeInput(format="%H:%M", attrs={"inputmode": "numeric"}),
        }


HOURS = {
    Kind.REMINDER: ("Hours before the visit", "24 is the day before, 168 a week before."),
    Kind.AFTER_CARE: ("Hours after the visit", "0 is as soon as it is completed."),
}


class WordingForm(PlainForm):
    class Meta:
        model = Wording
        fields = ["hours", "subject", "text", "active"]
        labels = {"active": "Send such messages"}
        error_messages = {"text": {"required": "Write the message."}}
        widgets = {"text": forms.Textarea(attrs={"rows": 14})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.channel == Channel.SMS:
            del self.fields["subject"]
            self.fields["text"].widget.attrs["rows"] = 5
        else:
            self.fields["subject"].required = True
            self.fields["subject"].error_messages["required"] = "Give a subject."
        if self.instance.kind in HOURS:
            self.fields["hours"].label, self.fields["hours"].help_text = HOURS[self.instance.kind]
            self.fields["hours"].required = True
            self.fields["hours"].error_messages["required"] = "Give hours; 24 is a day."
        else:
            del self.fields["hours"]
        shown = [name for name in ("hours", "subject", "text", "active") if name in self.fields]
        self.helper.layout = Layout(*shown, "seen")

    def clean_subject(self):
        return self._checked("subject")

    def clean_text(self):
        text = self._checked("text")
        if missing := wording.missing_from(text, self.instance.kind):
            raise forms.ValidationError(
                f"The message says nowhere when the visit is: put {{{missing[0]}}} into it."
            )
        return text

    def _checked(self, name: str) -> str:
        text = self.cleaned_data[name].replace("\r\n", "\n")
        if problem := wording.problem_with(text, self.instance.kind):
            raise forms.ValidationError(problem)
        return text

    def clean(self):
        cleaned, row = super().clean(), self.instance
        others = Wording.objects.filter(kind=row.kind, channel=row.channel).exclude(pk=row.pk)
        if "hours" in cleaned and others.filter(hours=cleaned["hours"]).exists():
            self.add_error("hours", "There is a message of this kind at this time already.")
        return cleaned
