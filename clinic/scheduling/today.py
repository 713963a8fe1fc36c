"""The visits of a day, as a list: what is still missing stands beside each."""

import datetime as dt

from clinic.scheduling import bridge, gates
from clinic.scheduling.models import COMING, MOVES, OFF, Appointment, Attention, State

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
    """The same with, besides, the gates that still keep each visit from starting."""
    visits = with_marks(visits)
    for visit in visits:
        visit.missing = gates.missing(visit) if visit.state in NOT_STARTED else []
    return visits


def steps_of(visit) -> list[tuple[State, str]]:
    """The states that a visit may take next, with the words of their buttons."""
    return [(to, STEP_WORDS[to]) for to in MOVES[State(visit.state)] if to in STEP_WORDS]


def as_list(visits) -> dict:
    """A day's visits as the desk goes through them, and apart those that were called off."""
    visits = with_what_is_missing(visits)
    for visit in visits:
        visit.steps = steps_of(visit)
    return {
        "visits": [visit for visit in visits if visit.state not in OFF],
        "called_off": [visit for visit in visits if visit.state in OFF],
    }
