"""The visits of a day, as a list: what is still missing stands beside each."""

import datetime as dt

from django.utils import timezone

from clinic.scheduling import attention, bridge, gates
from clinic.scheduling.models import COMING, MOVES, OFF, Appointment, Attention, State, VisitKind

NOT_STARTED = (*COMING, State.ARRIVED)

STEP_WORDS = {
    State.SCHEDULED: "Schedule",
    State.CONFIRMED: "Confirm",
    State.ARRIVED: "Arrived",
    State.IN_ROOM: "In room",
    State.COMPLETED: "Completed",
    State.NO_SHOW: "No-show",
}
"""What a button says that takes a visit to this state; a cancellation asks for its reason."""


OF_THE_DAY = (State.ARRIVED, State.NO_SHOW)
LATE_AFTER = 5  # minutes


def whole_day(user, on: dt.date):
    """Every visit of that day in its order, the called-off ones too."""
    zone = bridge.clinic_zone()
    starts = dt.datetime.combine(on, dt.time(0), zone)
    ends = dt.datetime.combine(on + dt.timedelta(days=1), dt.time(0), zone)
    visits = Appointment.objects.visible_to(user).with_people().between(starts, ends)
    return visits.order_by("starts_at", "pk")


def day_list(user, on: dt.date):
    """The same, and for a practitioner their own ones alone."""
    visits = whole_day(user, on)
    if hasattr(user, "resource"):
        visits = visits.filter(parts__claims__resource=user.resource).distinct()
    return visits


def with_marks(visits) -> list[Appointment]:
    """The same visits, each with the open marks for which somebody must look at it again."""
    visits = list(visits)
    found = Attention.objects.open().filter(appointment__in=[visit.pk for visit in visits])
    marks: dict = {}
    for mark in found:
        marks.setdefault(mark.appointment_id, []).append(mark)
    for visit in visits:
        visit.marks = marks.get(visit.pk, [])
    return visits


def with_what_is_missing(visits) -> list[Appointment]:
    """The same with, besides, whether anything may still keep each visit from starting.

    Judging that takes the whole plan: a page asks for it row by row, when it is looked at.
    """
    visits = with_marks(visits)
    for visit in visits:
        visit.to_judge = visit.session_id is not None and visit.state in NOT_STARTED
        visit.to_judge = visit.to_judge and visit.kind in (*gates.GATED, VisitKind.TEST_READING)
    return visits


def missing(visit) -> list[gates.Gate]:
    return gates.missing(visit) if visit.state in NOT_STARTED else []


def to_look_at(user) -> list[Appointment]:
    """Coming visits that somebody must look at again; of a practitioner their own alone."""
    visits = Appointment.objects.visible_to(user).filter(starts_at__gt=timezone.now())
    if hasattr(user, "resource"):
        visits = visits.filter(parts__claims__resource=user.resource)
    found: dict = {}
    for mark in attention.open_marks(visits.values("pk")):
        visit = found.setdefault(mark.appointment_id, mark.appointment)
        visit.marks = [*getattr(visit, "marks", []), mark]
    return list(found.values())


def steps_of(visit, now=None) -> list[tuple[State, str]]:
    """The states that a visit may take next, with the words of their buttons.

    Nobody has arrived, or failed to, before the day; once the time is past, that is asked first.
    """
    now = now or timezone.now()
    steps = [to for to in MOVES[State(visit.state)] if to in STEP_WORDS]
    if visit.day > timezone.localtime(now).date():
        steps = [to for to in steps if to not in OF_THE_DAY]
    elif visit.starts_at < now:
        steps.sort(key=lambda to: to not in OF_THE_DAY)
    return [(to, STEP_WORDS[to]) for to in steps]


def late_by(visit, now=None) -> str:
    """ "20 min" or "5 h" for a visit of today whose time is past and whose patient is not here."""
    now = now or timezone.now()
    if visit.state not in COMING or visit.day != timezone.localtime(now).date():
        return ""
    minutes = int((now - visit.starts_at).total_seconds() // 60)
    if minutes < LATE_AFTER:
        return ""
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"


def as_list(visits) -> dict:
    """A day's visits as the desk goes through them, and apart those that were called off."""
    visits = with_what_is_missing(visits)
    for visit in visits:
        visit.steps, visit.late_by = steps_of(visit), late_by(visit)
    return {
        "visits": [visit for visit in visits if visit.state not in OFF],
        "called_off": [visit for visit in visits if visit.state in OFF],
    }
