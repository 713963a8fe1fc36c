"""Forms of the calendar; each carries its own layout and words."""

import datetime as dt
import re
from itertools import pairwise

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout
from django import forms
from django.utils import timezone

from clinic.scheduling import bridge, visit_types
from clinic.scheduling.calendar import exists
from clinic.scheduling.errors import NoSuchTime
from clinic.scheduling.fields import ClockField
from clinic.scheduling.models import (
    NEVER_PLANNED,
    OF_HOLDS,
    AbsenceKind,
    CancelReason,
    DeviationReason,
    Resource,
    ResourceKind,
    VisitKind,
    Weekday,
)
from clinic.scheduling.offers import NOON, Wishes
from patients.fields import DayField

PARTS_OF_DAY = {
    "": ("Any time", None, None),
    "mornings": ("Mornings, starting before 13:00", dt.time(0), NOON),
    "afternoons": ("Afternoons, from 13:00", NOON, dt.time.max),
    "late": ("From 16:00", dt.time(16), dt.time.max),
}


def form_helper(*layout) -> FormHelper:
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(*layout)
    return helper


def local_instant(form, on, at, field):
    """The instant of a date and time that were typed; beside `field` when clocks skip it."""
    zone = bridge.clinic_zone()
    if not exists(on, at, zone):
        form.add_error(field, str(NoSuchTime(on, at)))
        return None
    return dt.datetime.combine(on, at, zone)


def people_choices():
    people = Resource.objects.bookable().of_kind(ResourceKind.PERSON)
    return [("", "Anybody who may"), *((str(each.pk), each.name) for each in people)]


class WishesForm(forms.Form):
    """What the patient would like; everything may stay empty."""

    person = forms.ChoiceField(label="Practitioner", required=False)
    part_of_day = forms.ChoiceField(
        label="Time of day",
        required=False,
        choices=[(code, words) for code, (words, _, _) in PARTS_OF_DAY.items()],
    )
    weekdays = forms.MultipleChoiceField(
        label="Weekdays",
        required=False,
        choices=Weekday.choices[:6],
        widget=forms.CheckboxSelectMultiple,
    )
    start_from = DayField(label="Not before", required=False)
    finish_by = DayField(label="Done by", required=False)
    provisional = forms.BooleanField(
        label="Hold dates for later blocks too",
        required=False,
        help_text="Provisional: the review of the block before confirms, moves or frees them.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = people_choices()
        self.helper = form_helper(
            Div("person", "part_of_day", "start_from", "finish_by", css_class="cal-wishes"),
            "weekdays",
            "provisional",
        )

    def clean(self):
        cleaned = super().clean()
        start, finish = cleaned.get("start_from"), cleaned.get("finish_by")
        if start and finish and finish < start:
            self.add_error(
                "finish_by", f"This is before {start:%d-%b-%Y}, the first day asked for."
            )
        return cleaned

    def wishes(self) -> Wishes:
        found = self.cleaned_data if self.is_valid() else {}
        _, opens, closes = PARTS_OF_DAY[found.get("part_of_day") or ""]
        return Wishes(
            person=int(found["person"]) if found.get("person") else None,
            from_time=opens,
            to_time=closes,
            weekdays=frozenset(int(day) for day in found.get("weekdays", ())),
            start_from=found.get("start_from"),
            finish_by=found.get("finish_by"),
        )


class VisitForm(forms.Form):
    """A visit without a plan: search for the next times, or name one."""

    KINDS = (
        *NEVER_PLANNED,
        VisitKind.REVIEW,
        VisitKind.TEST_SPOT,
        VisitKind.TEST_READING,
        VisitKind.SUTURE_REMOVAL,
    )

    kind = forms.ChoiceField(label="Kind of visit")
    minutes = forms.IntegerField(
        label="Length in minutes",
        required=False,
        min_value=15,
        max_value=240,
        step_size=15,
        help_text="Empty: the usual length.",
    )
    person = forms.ChoiceField(label="With", required=False)
    start_from = DayField(label="From", required=False)
    part_of_day = forms.ChoiceField(
        label="Time of day",
        required=False,
        choices=[(code, words) for code, (words, _, _) in PARTS_OF_DAY.items()],
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="Weekdays",
        required=False,
        coerce=int,
        choices=Weekday.choices[:6],
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: any day.",
    )
    note = forms.CharField(
        label="Note for the desk", required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    """Written with the booking alone: the search stands in the address, and says nothing more."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = people_choices()
        self.types = visit_types.all_types()
        self.fields["kind"].choices = [
            (kind.value, f"{kind.label}, {self.types[kind].minutes} minutes") for kind in self.KINDS
        ]
        self.helper = form_helper(
            Div("kind", "minutes", "person", css_class="cal-wishes"),
            Div("start_from", "part_of_day", css_class="cal-wishes"),
            "weekdays",
        )

    @property
    def hours(self) -> dict:
        _, opens, closes = PARTS_OF_DAY[self.cleaned_data.get("part_of_day") or ""]
        return {"opens": opens, "closes": closes}

    @property
    def length(self) -> int:
        kind = VisitKind(self.cleaned_data["kind"])
        return self.cleaned_data.get("minutes") or self.types[kind].minutes


class ReasonForm(forms.Form):
    reason = forms.ChoiceField(
        label="Why outside its window", choices=[("", "Choose a reason"), *DeviationReason.choices]
    )
    note = forms.CharField(label="In your words", widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = form_helper("reason", "note")


class CancelForm(forms.Form):
    reason = forms.ChoiceField(
        label="Why",
        choices=[
            ("", "Choose a reason"),
            *((each.value, each.label) for each in CancelReason if each not in OF_HOLDS),
        ],
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = form_helper("reason", "note")


SPAN = re.compile(r"^(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})$")


class SpansField(forms.CharField):
    """ "09:00-12:30, 13:30-17:00" as a list of pairs of times; empty is closed."""

    def to_python(self, value):
        text = super().to_python(value).strip()
        spans = [self._span(piece.strip()) for piece in text.split(",") if piece.strip()]
        for (_, ends), (starts, _) in pairwise(spans):
            if starts < ends:
                raise forms.ValidationError("Put the times in order, without an overlap.")
        return spans

    def _span(self, piece: str):
        found = SPAN.match(piece)
        try:
            opens, closes = (dt.time(int(found[n]), int(found[n + 1])) for n in (1, 3))
        except (TypeError, ValueError):
            raise forms.ValidationError(
                f"“{piece}” is no span of time. Write it as 09:00-12:30, with a comma between two."
            ) from None
        if closes <= opens:
            raise forms.ValidationError(f"“{piece}” ends before it starts.")
        if opens.minute % 15 or closes.minute % 15:
            raise forms.ValidationError(f"“{piece}” is not on quarter hours.")
        return opens, closes


class HoursForm(forms.Form):
    def __init__(self, *args, rows=(), **kwargs):
        initial: dict[str, list[str]] = {}
        for row in rows:
            initial.setdefault(f"day{row.weekday}", []).append(
                f"{row.starts:%H:%M}-{row.ends:%H:%M}"
            )
        kwargs["initial"] = {day: ", ".join(spans) for day, spans in initial.items()}
        super().__init__(*args, **kwargs)
        for weekday, name in Weekday.choices:
            self.fields[f"day{weekday}"] = SpansField(
                label=name,
                required=False,
                widget=forms.TextInput(attrs={"placeholder": "Closed", "autocomplete": "off"}),
            )
        self.helper = form_helper(*self.fields)

    def weekly(self) -> dict:
        return {
            weekday: self.cleaned_data[f"day{weekday}"]
            for weekday, _ in Weekday.choices
            if self.cleaned_data[f"day{weekday}"]
        }


class AbsenceForm(forms.Form):
    CLINIC = "clinic"

    resource = forms.ChoiceField(label="Who or what")
    kind = forms.ChoiceField(label="Why", choices=[("", "Choose why"), *AbsenceKind.choices])
    first_on = DayField(label="From")
    first_at = ClockField(
        label="From time", required=False, help_text="Like 08:30. Empty: from midnight."
    )
    last_on = DayField(label="To, and with this day")
    last_at = ClockField(
        label="To time", required=False, help_text="Like 12:00. Empty: the whole day."
    )
    note = forms.CharField(label="Note", required=False, max_length=200)

    GROUPS = (
        (ResourceKind.PERSON, "People"),
        (ResourceKind.ROOM, "Rooms"),
        (ResourceKind.DEVICE, "Devices"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rows = list(Resource.objects.of_the_clinic().filter(active=True))
        groups = [
            (words, [(str(row.pk), row.name) for row in rows if row.kind == kind])
            for kind, words in self.GROUPS
        ]
        self.fields["resource"].choices = [
            ("", "Choose who or what"),
            *(group for group in groups if group[1]),
            ("Everybody", [(self.CLINIC, "The whole clinic is closed")]),
        ]
        self.helper = form_helper(
            "resource",
            "kind",
            Div("first_on", "first_at", "last_on", "last_at", css_class="cal-wishes"),
            "note",
        )

    def clean(self):
        cleaned = super().clean()
        if not (cleaned.get("first_on") and cleaned.get("last_on")):
            return cleaned
        starts = local_instant(
            self, cleaned["first_on"], cleaned.get("first_at") or dt.time(0), "first_at"
        )
        if cleaned.get("last_at"):
            ends = local_instant(self, cleaned["last_on"], cleaned["last_at"], "last_at")
        else:
            next_day = cleaned["last_on"] + dt.timedelta(days=1)
            ends = local_instant(self, next_day, dt.time(0), "last_on")
        if starts and ends and ends <= starts:
            self.add_error("last_on", "An absence ends after it starts.")
        cleaned |= {"starts_at": starts, "ends_at": ends}
        if starts and ends and ends <= timezone.now():
            self.add_error("last_on", "This is past already.")
        return cleaned

    @property
    def whose(self) -> Resource | None:
        """The person, room or device; None is the whole clinic."""
        chosen = self.cleaned_data["resource"]
        return None if chosen == self.CLINIC else Resource.objects.get(pk=chosen)

    @property
    def asked(self) -> str:
        """What would be closed, in short: a page that was seen stands for this and no other."""
        found = self.cleaned_data
        return f"{found['resource']} {found['starts_at']:%s} {found['ends_at']:%s}"
