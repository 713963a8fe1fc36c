"""Visits that lost somebody or something for a time: which, and where each could go."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from clinic.scheduling import attention, bridge, openings, resources, sequences, windows
from clinic.scheduling.models import Absence, Appointment, ResourceKind, Why
from clinic.scheduling.openings import Opening
from clinic.scheduling.writing import in_clinic_time

LOOK_DAYS = 21


@dataclass(frozen=True)
class Displaced:
    """A visit to be moved: at its own time with somebody else, or at the next times that fit."""

    visit: Appointment
    same_time: Opening | None
    others: list[Opening]

    @property
    def options(self) -> list[Opening]:
        return [*([self.same_time] if self.same_time else []), *self.others]


@in_clinic_time
@transaction.atomic
def add_absence(*, resource, starts_at, ends_at, kind: str, note: str = "") -> Absence:
    """Note an absence, and mark every coming visit that it runs into."""
    absence = resources.add_absence(
        resource=resource, starts_at=starts_at, ends_at=ends_at, kind=kind, note=note
    )
    who = resource.name if resource else "The clinic"
    words = f"{who} is away: {absence.get_kind_display().lower()}{f', {note}' if note else ''}."
    for visit in resources.visits_during(resource=resource, starts_at=starts_at, ends_at=ends_at):
        if visit.starts_at > timezone.now():
            attention.mark(visit, Why.AWAY, words)
    return absence


@in_clinic_time
@transaction.atomic
def end_absence(*, absence: Absence, by) -> None:
    """Back again: the visits that it ran into stand as they were."""
    span = {"starts_at": absence.during.lower, "ends_at": absence.during.upper}
    visits = list(resources.visits_during(resource=absence.resource, **span))
    absence.delete()
    still = [visit for visit in visits if _is_away(visit)]
    attention.settle([visit for visit in visits if visit not in still], whys=[Why.AWAY], by=by)


def _is_away(visit: Appointment) -> bool:
    held = [*visit.people, *visit.devices, *([visit.room] if visit.room else [])]
    span = (visit.starts_at, visit.ends_at)
    return any(bridge.absence_of(each, *span) for each in held)


@in_clinic_time
@transaction.atomic
def set_hours(*, resource, weekly, outside) -> None:
    """Keep new hours; the visits that fall outside are marked."""
    resources.set_hours(resource=resource, weekly=weekly)
    name = resource.name if resource else "the clinic"
    for visit in outside:
        attention.mark(visit, Why.HOURS, f"It falls outside the hours of {name}.")


@in_clinic_time
def displaced(visit: Appointment, *, limit: int = 3, now=None) -> Displaced:
    """Where a visit could go instead, inside its clinical window where it has one."""
    now, zone = now or timezone.now(), bridge.clinic_zone()
    house, who = bridge.House(), bridge.patient_resource(visit.patient)
    asked = openings.visit_of_appointment(visit, house, who)
    today = timezone.localtime(now, zone).date()
    first, last = _days(visit, today)
    if last < first:
        return Displaced(visit, None, [])
    start = min(first, max(today, visit.day))
    diary = bridge.read_diary(
        start,
        (max(last, visit.day) - start).days + 1,
        resources=[*house.resources.values(), who],
        zone=zone,
        now=now,
        besides=[visit],
    )
    grid = diary.grid
    slot = grid.slot(visit.starts_at)
    same = diary.staff(asked, slot) if 0 <= slot < grid.size else None
    same = _opening(grid, asked, slot, same, house) if same else None
    found = sequences.openings(
        diary,
        asked,
        first=grid.day(first),
        last=grid.day(last),
        target=0,
        limit=limit + 1,
        step=4,
    )
    others = [_opening(grid, asked, each.slot, each.resources, house) for each in found]
    others = [each for each in others if same is None or each.starts_at != same.starts_at]
    return Displaced(visit, same, others[:limit])


def _days(visit: Appointment, today: dt.date) -> tuple[dt.date, dt.date]:
    """The days it may be on: its clinical window, else the weeks from its day on."""
    first, last = max(today, visit.day), visit.day + dt.timedelta(days=LOOK_DAYS)
    if visit.session_id is None:
        return first, max(last, first)
    zone, plan = bridge.clinic_zone(), visit.session.block.plan
    sessions, standing = bridge.sessions_of(plan), bridge.standing_by_session(plan)
    own = next(each for each in sessions if each.pk == visit.session_id)
    dates = bridge.dates_of(sessions, standing, zone)
    previous = windows.session_before(own, sessions, dates)
    before = dates[previous.pk] if previous else None
    earliest, latest = windows.window_dates(own, before)
    first = max(today, earliest, visit.day - dt.timedelta(days=LOOK_DAYS))
    return first, min(latest, first + dt.timedelta(days=2 * LOOK_DAYS)) if latest else last


def _opening(grid, asked, slot, team, house) -> Opening:
    pairs = zip(team, asked.needs, strict=True)
    chosen = tuple(pk for pk, need in pairs if need.kind != ResourceKind.PATIENT)
    named = house.named(chosen)
    return Opening(
        starts_at=grid.instant(slot),
        ends_at=grid.instant(slot + asked.quarters),
        resources=chosen,
        people=[each for each in named if each.kind == ResourceKind.PERSON],
        room=next((each for each in named if each.kind == ResourceKind.ROOM), None),
        devices=[each for each in named if each.kind == ResourceKind.DEVICE],
    )
