"""Forms of the calendar's screens."""

import datetime as dt

from crispy_forms.layout import Div
from django import forms
from django.utils import timezone

from clinic.scheduling import bridge, openings
from clinic.scheduling.fields import ClockField
from clinic.scheduling.forms import VisitForm, form_helper, local_instant
from clinic.scheduling.models import Resource, ResourceKind
from patients.fields import DayField


class DayForm(forms.Form):
    """The day that a calendar shows."""

    on = DayField(label="Day", required=False)


class OpeningsForm(VisitForm):
    """When is something free? Before one knows for whom."""

    note = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = form_helper(
            Div("kind", "minutes", "person", "start_from", css_class="cal-wishes")
        )


class PlaceForm(forms.Form):
    """Another place for a visit: a day, a time, and with whom."""

    on = DayField(label="Day")
    at = ClockField(label="Time", help_text="Like 14:30, on a quarter hour.")
    person = forms.ChoiceField(label="With", required=False)

    def __init__(self, *args, visit, **kwargs):
        initial = kwargs.get("initial") or {}
        if isinstance(initial.get("at"), dt.datetime):
            at = timezone.localtime(initial["at"], bridge.clinic_zone()).time()
            kwargs["initial"] = {**initial, "at": at}
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [("", "The same people"), *_others(visit)]
        self.helper = form_helper(Div("on", "at", "person", css_class="cal-wishes"))

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("on") and cleaned.get("at") is not None:
            cleaned["starts_at"] = local_instant(self, cleaned["on"], cleaned["at"], "at")
        return cleaned

    @property
    def wanted(self) -> tuple[int, ...]:
        person = self.cleaned_data.get("person")
        return (int(person),) if person else ()


def _others(visit) -> list[tuple[str, str]]:
    """People who may do what the visit needs and are not on it."""
    house, who = bridge.House(), bridge.patient_resource(visit.patient)
    needs = openings.visit_of_appointment(visit, house, who).needs
    able = {pk for need in needs if need.kind == ResourceKind.PERSON for pk in need.pool}
    own = {each.pk for each in visit.people}
    people: list[Resource] = house.people
    return [(str(each.pk), each.name) for each in people if each.pk in able - own]


class ColumnForm(forms.Form):
    """Where a visit was dropped: a day and time, and the column it was put on."""

    on = forms.DateField()
    at = ClockField()
    column = forms.ModelChoiceField(Resource.objects.bookable(), required=False)
