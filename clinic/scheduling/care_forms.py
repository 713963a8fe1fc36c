"""Forms of clinicians beside visits: adverse events, and what the house has ready."""

from crispy_forms.layout import Div
from django import forms
from django.utils import timezone

from clinic.scheduling.forms import form_helper
from clinic.scheduling.models import AdverseKind, Answer, HouseItem
from patients import chart
from patients.fields import DayField


class AdverseEventForm(forms.Form):
    """What went wrong, where and since when."""

    kind = forms.ChoiceField(label="What", choices=[("", "Choose one"), *AdverseKind.choices])
    seen_on = DayField(label="Seen on", latest=timezone.localdate)
    appointment = forms.ChoiceField(label="Thought to come from", required=False)
    places = forms.MultipleChoiceField(
        label="Where",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: it holds every procedure, wherever it is.",
    )
    words = forms.CharField(
        label="In words",
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="What was seen and what was done about it.",
        error_messages={"required": "Say in words what was seen."},
    )

    def __init__(self, *args, visits=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.visits = {str(each.pk): each for each in visits}
        named = [(key, str(each)) for key, each in self.visits.items()]
        self.fields["appointment"].choices = [("", "No visit named"), *named]
        self.fields["places"].choices = list(chart.places().items())
        self.helper = form_helper(
            Div("kind", "seen_on", "appointment", css_class="trio"),
            Div("places", css_class="adverse-places"),
            "words",
        )

    def given(self) -> dict:
        return self.cleaned_data | {
            "appointment": self.visits.get(self.cleaned_data["appointment"]),
        }


class AdverseEntryForm(forms.Form):
    words = forms.CharField(
        label="In words",
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Say it in words."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = form_helper("words")


class HouseCheckForm(forms.Form):
    """One thing of the house, today."""

    answer = forms.ChoiceField(choices=Answer.choices)
    expires_on = DayField(label="Expires on", required=False)
    words = forms.CharField(required=False, max_length=200)

    def __init__(self, *args, item: HouseItem, **kwargs):
        super().__init__(*args, auto_id=f"{item.value}_%s", **kwargs)
        if item != HouseItem.HYALURONIDASE:
            del self.fields["expires_on"]
        named = item == HouseItem.TRAINED_PERSON
        self.fields["words"].label = "Who" if named else "In words, if need be"

    def given(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.fields}
