"""Rows to values: the one file that knows both the tables and the calendar."""

import datetime as dt
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from clinic.catalogue.models import Clinic
from clinic.catalogue.terms import Performer
from clinic.scheduling import calendar, lapses, visit_types
from clinic.scheduling.calendar import Diary, Grid, Hours, Need, Part, Visit, Window
from clinic.scheduling.models import (
    Absence,
    Appointment,
    PartKind,
    Resource,
    ResourceKind,
    RoomKind,
    VisitKind,
    VisitType,
    WorkingHours,
)
from planner.models import PlannedSession

PROCEDURE = frozenset({PartKind.PROCEDURE.value})
NUMBING = frozenset({PartKind.NUMBING.value})
WITH_PATIENT = frozenset(
    {PartKind.NUMBING.value, PartKind.PROCEDURE.value, PartKind.RECOVERY.value}
)
WHOLE = frozenset(kind.value for kind in PartKind)


def clinic_zone() -> ZoneInfo:
    return ZoneInfo(Clinic.current().time_zone)


class House:
    """Everyone and everything that can be booked, read once."""

    @cached_property
    def resources(self) -> dict[int, Resource]:
        return {each.pk: each for each in Resource.objects.bookable().order_by("kind", "pk")}

    def of_kind(self, kind: ResourceKind) -> list[Resource]:
        return [each for each in self.resources.values() if each.kind == kind]

    @cached_property
    def people(self) -> list[Resource]:
        return self.of_kind(ResourceKind.PERSON)

    def named(self, ids: Iterable[int]) -> list[Resource]:
        return [self.resources[pk] for pk in ids if pk in self.resources]

    def performers(self, words: Iterable[str], skill: str = "") -> tuple[int, ...]:
        """People who are one of these performers and, where one is asked, have the skill."""
        words = set(words)
        return tuple(
            person.pk
            for person in self.people
            if words & set(person.capabilities) and (not skill or skill in person.capabilities)
        )

    @cached_property
    def types(self) -> dict[VisitKind, VisitType]:
        return visit_types.all_types()

    def rooms_for(self, kind: str) -> tuple[int, ...]:
        """Procedures need a procedure room; what is only talk prefers a consultation room."""
        rooms = self.of_kind(ResourceKind.ROOM)
        procedure = [room.pk for room in rooms if room.room_kind == RoomKind.PROCEDURE]
        if self.types[VisitKind(kind)].in_procedure_room:
            return tuple(procedure)
        talking = [room.pk for room in rooms if room.room_kind == RoomKind.CONSULTATION]
        return tuple(talking + procedure)

    def devices_with(self, requirement: str) -> tuple[int, ...]:
        return tuple(
            device.pk
            for device in self.of_kind(ResourceKind.DEVICE)
            if requirement in device.capabilities
        )

    @cached_property
    def devices_owned(self) -> set[str]:
        """Requirements that the clinic keeps a device for, were it out of use just now."""
        rows = Resource.objects.of_kind(ResourceKind.DEVICE).values_list("capabilities", flat=True)
        return {requirement for row in rows for requirement in row}


def patient_resource(patient) -> Resource:
    resource, _ = Resource.objects.get_or_create(
        patient=patient,
        defaults={
            "code": f"patient-{patient.pk}",
            "kind": ResourceKind.PATIENT,
            "name": f"Patient {patient.record_number}",
        },
    )
    return resource


# --- what a visit needs ------------------------------------------------------------------------


def parts_of(*, procedure: int, numbing: int = 0, recovery: int = 0, clean_up: int = 0):
    """The parts of a visit in their order, in whole quarter hours; minutes in."""
    minutes = {
        PartKind.NUMBING: numbing,
        PartKind.PROCEDURE: procedure,
        PartKind.RECOVERY: recovery,
        PartKind.CLEAN_UP: clean_up,
    }
    return tuple(
        Part(kind.value, calendar.quarters(length)) for kind, length in minutes.items() if length
    )


def parts_of_session(session: PlannedSession):
    return parts_of(
        numbing=session.numbing_min,
        procedure=session.procedure_min,
        recovery=session.recovery_min,
        clean_up=session.cleanup_min,
    )


def kind_of_session(session: PlannedSession) -> VisitKind:
    return VisitKind(session.kind)


def needs_of_session(session: PlannedSession, house: House, patient: Resource):
    kind = kind_of_session(session)
    steps = list(session.steps.all())
    people = _people_for(steps, house) if steps else [_seen_by(kind, house)]
    return (
        *people,
        *_numbing_by(session, house),
        _room(kind, house),
        *_devices_for(steps, house),
        _patient(patient),
    )


def needs_of_kind(kind: VisitKind, house: House, patient: Resource):
    """What a visit without a plan needs."""
    return _seen_by(kind, house), _room(kind, house), _patient(patient)


def _patient(patient: Resource) -> Need:
    return Need(ResourceKind.PATIENT.value, "the patient", (patient.pk,), WITH_PATIENT)


def _room(kind: VisitKind, house: House) -> Need:
    what = "a procedure room" if house.types[kind].in_procedure_room else "a room"
    return Need(ResourceKind.ROOM.value, what, house.rooms_for(kind), WHOLE)


def _seen_by(kind: VisitKind, house: House) -> Need:
    words = house.types[kind].seen_by or [Performer.DOCTOR.value]
    return _person(f"{kind.label.lower()}", words, house.performers(words))


def _numbing_by(session: PlannedSession, house: House) -> list[Need]:
    """Whoever applies and watches the numbing, where the clinic asks for somebody."""
    words = house.types[kind_of_session(session)].numbing_by
    if not (words and session.numbing_min):
        return []
    return [_person("the numbing", words, house.performers(words), NUMBING)]


def _person(task: str, words, pool, parts=PROCEDURE) -> Need:
    who = " or ".join(Performer(word).label.lower() for word in words)
    return Need(ResourceKind.PERSON.value, f"a {who} for {task}", pool, parts)


def _people_for(steps, house: House) -> list[Need]:
    """As few people as the steps allow: each step joins the first person who may do it too."""
    shared: list[tuple[list, tuple[int, ...]]] = []
    for step in steps:
        words = [word for word in step.performers if word != Performer.PATIENT]
        if not words:
            continue
        able = house.performers(words, step.skill)
        for place, (members, pool) in enumerate(shared):
            both = tuple(person for person in pool if person in able)
            if both:
                shared[place] = ([*members, step], both)
                break
        else:
            shared.append(([step], able))
    return [
        _person(
            " and ".join(dict.fromkeys(step.name for step in members)),
            [word for word in members[0].performers if word != Performer.PATIENT],
            pool,
        )
        for members, pool in shared
    ]


def _devices_for(steps, house: House) -> list[Need]:
    wanted = dict.fromkeys(code for step in steps for code in step.requires)
    return [
        Need(
            ResourceKind.DEVICE.value,
            f"the device {code.replace('_', ' ')}",
            house.devices_with(code),
            PROCEDURE,
        )
        for code in wanted
        if code in house.devices_owned
    ]


def window_of(session: PlannedSession) -> Window | None:
    session = getattr(session, "counts_like", session)
    if session.gap_typical_days is None:
        return None
    least = max(1, session.gap_min_days)
    typical = max(least, session.gap_typical_days)
    return Window(least, typical, max(typical, session.gap_max_days))


# --- what is free ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opening:
    """Working hours and absences of one resource on one day, for a refusal that says them."""

    spans: list[tuple[str, str]]
    absence: Absence | None


def read_diary(
    first: dt.date,
    days: int,
    *,
    resources: Iterable[Resource],
    zone: ZoneInfo,
    now: dt.datetime | None = None,
    besides: Iterable[Appointment] = (),
    bookings: bool = True,
) -> Diary:
    """What the resources have free over these days, as if the visits `besides` were not there.

    Without `bookings` only hours and absences count.
    """
    grid = Grid.over(first, days, zone)
    resources = list(resources)
    ends = grid.instant(grid.size)
    hours = _hours_by_resource([each.pk for each in resources])
    clinic = calendar.working(grid, hours.get(None, ()))
    away = _away_by_resource(grid.origin, ends)
    until = lapses.last_days(resources)
    ids = [each.pk for each in resources]
    taken = _taken_by_resource(grid, ids, besides) if bookings else {}
    free = {}
    for each in resources:
        opens = clinic
        if each.kind == ResourceKind.PATIENT:
            opens = (1 << grid.size) - 1
        elif each.pk in hours:
            opens = clinic & calendar.working(grid, hours[each.pk])
        free[each.pk] = calendar.free_time(
            grid,
            hours=opens,
            away=[
                *away.get(None, ()),
                *away.get(each.pk, ()),
                *_lapsed(until.get(each.pk), grid.origin, ends, zone),
            ],
            taken=taken.get(each.pk, ()),
        )
    earliest = 0 if now is None else max(0, -((grid.origin - now) // calendar.QUARTER))
    return Diary(grid, free, now=earliest)


def _lapsed(until: dt.date | None, starts, ends, zone) -> list[tuple[dt.datetime, dt.datetime]]:
    """The time after the last day of a registration, or after a service was due."""
    if until is None:
        return []
    over = dt.datetime.combine(until + dt.timedelta(days=1), dt.time(0), zone)
    return [(max(over, starts), ends)] if over < ends else []


def _hours_by_resource(ids: list[int]) -> dict[int | None, list[Hours]]:
    found: dict[int | None, list[Hours]] = {}
    rows = WorkingHours.objects.filter(Q(resource=None) | Q(resource__in=ids))
    for resource, weekday, opens, closes in rows.values_list(
        "resource", "weekday", "starts", "ends"
    ):
        found.setdefault(resource, []).append(Hours(weekday, opens, closes))
    return found


def _away_by_resource(starts, ends) -> dict[int | None, list[tuple[dt.datetime, dt.datetime]]]:
    found: dict[int | None, list] = {}
    rows = Absence.objects.filter(during__overlap=(starts, ends))
    for resource, during in rows.values_list("resource", "during"):
        found.setdefault(resource, []).append((during.lower, during.upper))
    return found


# Without its cast the list is one of small integers, and the index of the constraint, which
# compares like with like, is read for every resource there is.
_TAKEN = """
    SELECT claim.resource_id,
           string_agg(
               int4send(GREATEST(0, floor(
                   date_part('epoch', lower(claim.during) - %(origin)s) / 900))::int)
               || int4send(LEAST(%(size)s, ceil(
                   date_part('epoch', upper(claim.during) - %(origin)s) / 900))::int), '')
    FROM scheduling_claim claim
    WHERE claim.active AND claim.resource_id = ANY(%(resources)s::bigint[])
      AND claim.during && tstzrange(%(origin)s, %(ends)s) {besides}
    GROUP BY claim.resource_id
"""
_BESIDES = """
      AND NOT EXISTS (
        SELECT FROM scheduling_appointmentpart part
        WHERE part.id = claim.part_id AND part.appointment_id = ANY(%(besides)s))
"""


def _taken_by_resource(grid: Grid, ids: list[int], besides) -> dict[int, list[tuple[int, int]]]:
    """Booked quarters; counted in the database and sent packed, a row a resource, since nine
    months hold thousands of claims."""
    values = {
        "origin": grid.origin,
        "ends": grid.instant(grid.size),
        "size": grid.size,
        "resources": ids,
        "besides": [each.pk for each in besides],
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN.format(besides=_BESIDES if values["besides"] else ""), values)
        return {resource: list(struct.iter_unpack(">ii", packed)) for resource, packed in cursor}


def day_of(resource: Resource | None, on: dt.date, zone: ZoneInfo) -> list[tuple[str, str]]:
    """The hours of a resource, or of the clinic, on one day: ("09:00", "17:30") and so on."""
    rows = WorkingHours.objects.filter(weekday=on.weekday())
    own = rows.filter(resource=resource) if resource else rows.none()
    if not (resource and WorkingHours.objects.filter(resource=resource).exists()):
        own = rows.filter(resource=None)
    return [(f"{row.starts:%H:%M}", f"{row.ends:%H:%M}") for row in own]


def absence_of(resource: Resource, starts, ends) -> Absence | None:
    whose = Q(resource=None) | Q(resource=resource)
    return Absence.objects.filter(whose, during__overlap=(starts, ends)).first()


# --- a plan as visits --------------------------------------------------------------------------


def sessions_of(plan) -> list[PlannedSession]:
    """The sessions in the order in which they are held, with all that booking reads of them."""
    rows = sessions_of_all([plan]).select_related("block__plan").prefetch_related("steps")
    return in_order(list(rows))


def in_order(sessions: list[PlannedSession]) -> list[PlannedSession]:
    """A session that was missed while a later one was held comes after that one."""
    done = [place for place, each in enumerate(sessions) if performed_on(each)]
    over = [each for each in sessions[: max(done, default=0)] if not performed_on(each)]
    if not over:
        return sessions
    last = max(performed_on(sessions[place]) for place in done)
    held = Appointment.objects.standing().filter(session__in=over, starts_at__date__lte=last)
    kept = set(held.values_list("session", flat=True))
    missed = [each for each in over if each.pk not in kept]
    for each in missed:
        each.counts_like = each if each.gap_typical_days else _next(each, sessions)
    rest = [each for each in sessions if each not in missed]
    place = rest.index(sessions[max(done)]) + 1
    return [*rest[:place], *missed, *rest[place:]]


def _next(session, sessions) -> PlannedSession:
    """Whose interval from `session` is the one that `session` keeps when it comes later itself."""
    return sessions[sessions.index(session) + 1]


def sessions_of_all(plans):
    """The sessions of several plans, each plan's in its order; light, without steps and plan."""
    sessions = PlannedSession.objects.filter(block__plan__in=plans)
    return sessions.select_related("block", "performance").order_by("number")


def standing_by_session(plan) -> dict:
    rows = Appointment.objects.standing().of_plan(plan).prefetch_related("parts__claims__resource")
    return {row.session_id: row for row in rows}


def performed_on(session: PlannedSession) -> dt.date | None:
    performance = getattr(session, "performance", None)
    return performance.performed_on if performance else None


def date_of(session, standing, zone: ZoneInfo) -> dt.date | None:
    """The day from which the next window counts: as performed, else as booked."""
    done = performed_on(session)
    if done or session.pk not in standing:
        return done
    return timezone.localtime(standing[session.pk].starts_at, zone).date()


def dates_of(sessions, standing, zone: ZoneInfo) -> dict:
    return {each.pk: date_of(each, standing, zone) for each in sessions}


def visit_of(session, house: House, patient: Resource, grid: Grid) -> Visit:
    window = window_of(session)
    not_before = 0 if window else max(0, grid.day(session.target_on))
    return Visit(
        key=session.pk,
        parts=parts_of_session(session),
        needs=needs_of_session(session, house, patient),
        window=window,
        not_before=not_before,
    )


def pinned_visit(session, slot: int) -> Visit:
    """A visit that stays where it is booked: it asks for nothing and its window still counts."""
    return Visit(
        key=session.pk,
        parts=parts_of_session(session),
        needs=(),
        window=window_of(session),
        pinned=slot,
    )
