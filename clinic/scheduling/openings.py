"""Openings: the next times for one visit, booked already or not, in a reader's words."""

import datetime as dt
from dataclasses import dataclass, replace

from django.utils import timezone

from clinic.scheduling import bridge, calendar, sequences
from clinic.scheduling.calendar import Visit
from clinic.scheduling.errors import moment
from clinic.scheduling.models import Appointment, Resource, ResourceKind, VisitKind


@dataclass(frozen=True)
class Opening:
    starts_at: dt.datetime
    ends_at: dt.datetime
    resources: tuple[int, ...]
    people: list[Resource]
    room: Resource | None
    devices: list[Resource]

    @property
    def words(self) -> str:
        who = ", ".join(each.name for each in [*self.people, self.room, *self.devices] if each)
        return f"{moment(self.starts_at)}, {who}"


def openings_for_kind(
    patient, kind: str, *, minutes: int, person: int | None = None, start_from=None,
    within_days: int = 28, limit: int = 12, now=None,
) -> list[Opening]:  # fmt: skip
    """The next times for a visit without a plan."""
    now, zone = now or timezone.now(), bridge.clinic_zone()
    house, who = bridge.House(), bridge.patient_resource(patient)
    needs = bridge.needs_of_kind(VisitKind(kind), house, who)
    visit = Visit("visit", bridge.parts_of(procedure=minutes), needs)
    return free_times(house, who, visit, now, zone, start_from, within_days, limit, person)


def openings_for_visit(
    appointment: Appointment, *, start_from=None, within_days: int = 28, limit: int = 12, now=None
) -> list[Opening]:
    """Other times for a booked visit, with the parts and needs that it has."""
    now, zone = now or timezone.now(), bridge.clinic_zone()
    house, who = bridge.House(), bridge.patient_resource(appointment.patient)
    visit = visit_of_appointment(appointment, house, who)
    return free_times(
        house, who, visit, now, zone, start_from, within_days, limit, None, [appointment]
    )


def visit_of_appointment(appointment: Appointment, house, who) -> Visit:
    parts = tuple(
        calendar.Part(part.kind, calendar.quarters(part.minutes))
        for part in appointment.parts.all()
    )
    if appointment.session_id:
        needs = bridge.needs_of_session(appointment.session, house, who)
    else:
        needs = bridge.needs_of_kind(VisitKind(appointment.kind), house, who)
    return Visit(appointment.session_id or appointment.pk, parts, needs)


def free_times(
    house, who, visit, now, zone, start_from, within_days, limit, person, besides=()
) -> list[Opening]:
    today = timezone.localtime(now, zone).date()
    first = max(today, start_from or today)
    diary = bridge.read_diary(
        first,
        within_days + 1,
        resources=[*house.resources.values(), who],
        zone=zone,
        now=now,
        besides=besides,
    )
    if person is not None and visit.lead and person in visit.lead.pool:
        wanted = replace(visit.lead, pool=(person,))
        needs = tuple(wanted if need is visit.lead else need for need in visit.needs)
        visit = replace(visit, needs=needs)
    found = sequences.openings(
        diary, visit, first=0, last=within_days, target=0, limit=limit, step=2
    )
    told = []
    for placement in found:
        chosen = tuple(
            pk
            for pk, need in zip(placement.resources, visit.needs, strict=True)
            if need.kind != ResourceKind.PATIENT
        )
        named = house.named(chosen)
        told.append(
            Opening(
                starts_at=diary.grid.instant(placement.slot),
                ends_at=diary.grid.instant(placement.slot + visit.quarters),
                resources=chosen,
                people=[each for each in named if each.kind == ResourceKind.PERSON],
                room=next((each for each in named if each.kind == ResourceKind.ROOM), None),
                devices=[each for each in named if each.kind == ResourceKind.DEVICE],
            )
        )
    return told


def next_start(
    patient, *, kind, parts, session, start_from, latest=None, besides=(), now=None
) -> dt.datetime | None:
    """The first time from `start_from` on at which a visit like this one would fit, if any."""
    now, zone = now or timezone.now(), bridge.clinic_zone()
    house, who = bridge.House(), bridge.patient_resource(patient)
    if session is not None:
        needs = bridge.needs_of_session(session, house, who)
    else:
        needs = bridge.needs_of_kind(kind, house, who)
    visit = Visit("visit", parts, needs)
    first = timezone.localtime(start_from, zone).date()
    within = 28 if latest is None else max(0, (latest - first).days)
    found = free_times(
        house, who, visit, max(now, start_from), zone, first, within, 1, None, besides
    )
    return found[0].starts_at if found else None
