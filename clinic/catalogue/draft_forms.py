"""The few words that go with a version, and the choices of the comparison."""

from django import forms

from clinic.catalogue.models import Version


class PublishForm(forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput)
    words = forms.CharField(
        label="What changed, and why",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Stands beside the version for good.",
        error_messages={"required": "Say in a few words what changed, and why."},
    )


class AskForm(PublishForm):
    reason = forms.CharField(
        label="Why safety may be lowered",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What the second person needs to judge it: the evidence, or who decided.",
        error_messages={"required": "Say why safety may be lowered here."},
    )


class AnswerForm(forms.Form):
    agreed = forms.BooleanField(required=False, widget=forms.HiddenInput)
    words = forms.CharField(
        label="Your words",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed to decline; kept with the request either way.",
    )

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("agreed") and not (cleaned.get("words") or "").strip():
            self.add_error("words", "Say why you decline.")
        return cleaned


class RestoreForm(forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput)
    lose = forms.BooleanField(
        label="The unpublished changes listed below may be lost",
        required=False,
    )

    def __init__(self, *args, loses: bool, **more):
        super().__init__(*args, **more)
        if loses:
            self.fields["lose"].required = True
            words = "Tick this if they may be lost, or publish them first."
            self.fields["lose"].error_messages["required"] = words
        else:
            del self.fields["lose"]


DRAFT = "draft"


class CompareForm(forms.Form):
    old = forms.ChoiceField(label="From")
    new = forms.ChoiceField(label="To")

    def __init__(self, *args, with_draft: bool, **more):
        super().__init__(*args, **more)
        versions = Version.objects.defer("document")
        choices = [
            (str(one.number), f"Version {one.number}, {one.published_at:%d-%b-%Y}")
            for one in versions
        ]
        self.fields["old"].choices = choices
        self.fields["new"].choices = [(DRAFT, "The draft"), *choices] if with_draft else choices
        for name in self.fields:
            self.fields[name].widget.attrs["class"] = "form-select"
