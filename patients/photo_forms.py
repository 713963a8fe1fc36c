from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from patients import chart
from patients.fields import DayField
from patients.models import EARLIEST_BIRTH, Photo, PhotoConsent

ACCEPTED = "image/jpeg,image/png,image/webp"


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """A list of files. An empty one is passed on: it is refused beside its own name."""

    def clean(self, data, initial=None):
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            raise ValidationError(self.error_messages["required"])
        return files


class PhotosForm(forms.Form):
    view = forms.ChoiceField(choices=Photo.View.choices, label="View")
    region = forms.ChoiceField(required=False, label="Region of a close-up")
    taken_on = DayField(label="Taken on", earliest=EARLIEST_BIRTH, latest=timezone.localdate)
    file = ManyFilesField(
        label="Photos",
        help_text="JPEG, PNG or WebP. Several at once, all of this view.",
        widget=ManyFilesInput({"accept": ACCEPTED, "class": "form-control"}),
        error_messages={"required": "Choose a photo."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["taken_on"].initial = timezone.localdate
        self.fields["region"].choices = [("", "None"), *chart.places().items()]
        self.fields["taken_on"].error_messages["required"] = "Enter the day."

    def clean(self):
        data = super().clean()
        close_up = data.get("view") == Photo.View.CLOSE_UP
        if close_up and not data.get("region"):
            self.add_error("region", "Say which region the close-up shows.")
        if not close_up:
            data["region"] = ""
        return data


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="It stays in the history with your name.",
        error_messages={"required": "Say why."},
    )


class ConsentForm(forms.Form):
    purposes = forms.MultipleChoiceField(
        label="The patient agrees to the use of photos for",
        choices=PhotoConsent.Purpose.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one purpose."},
    )
    given_on = DayField(label="Given on", earliest=EARLIEST_BIRTH, latest=timezone.localdate)
    note = forms.CharField(
        required=False,
        max_length=300,
        label="Note",
        help_text="For example where the signed form is kept.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["given_on"].initial = timezone.localdate
        self.fields["given_on"].error_messages["required"] = "Enter the day."


class ConsentWithdrawForm(ReasonForm):
    on = DayField(label="Withdrawn on", latest=timezone.localdate)

    def __init__(self, *args, consent, **kwargs):
        super().__init__(*args, **kwargs)
        self.consent = consent
        self.fields["on"].initial = timezone.localdate
        self.fields["on"].error_messages["required"] = "Enter the day."
        self.order_fields(["on", "reason"])

    def clean_on(self):
        on = self.cleaned_data["on"]
        if on < self.consent.given_on:
            given = f"{self.consent.given_on:%d-%b-%Y}"
            raise ValidationError(f"The consent was given on {given}: it cannot end before that.")
        return on
