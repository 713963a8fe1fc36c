"""A visit put on a place of the calendar: who, where and with what it could be there."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils import timezone

from clinic.scheduling import bridge, drafting, openings
from clinic.scheduling.calendar import Visit
from clinic.scheduling.errors import Unfit
from clinic.scheduling.models import Resource, ResourceKind, VisitKind

ANYBODY = Resource(pk=0, kind=ResourceKind.PATIENT, name="A patient")
"""Stands for a patient who is not known yet, and who is always free."""


@dataclass(frozen=True)
class Place:
    starts_at: dt.datetime
    resources: tuple[int, ...]
    swapped: tuple[str, ...] = ()  # "Room 2 is not free then: Room 3 instead."


def place(visit, starts_at: dt.datetime, *, wanted: Iterable[int] = (), now=None) -> Place:
    """The visit at this time: with what it has, but for the `wanted`, and for what is not free.

    Raises the refusal that a booking there would meet: taken, closed, not qualified, past.
    """
    now, zone = now or timezone.now(), bridge.clinic_zone()
    house, who = bridge.House(), bridge.patient_resource(visit.patient)
    asked = openings.visit_of_appointment(visit, house, who)
    had = [each.pk for each in [*visit.people, visit.room, *visit.devices] if each]
    wanted = [pk for pk in wanted if pk not in had]
    wishes = _narrowed(asked, had, wanted)
    extra = _besides(asked, had)
    on = timezone.localtime(starts_at, zone).date()
    diary = bridge.read_diary(
        on, 1, resources=[*house.resources.values(), who], zone=zone, besides=[visit]
    )
    slot = diary.grid.slot(starts_at)
    able = {pk for need in asked.needs for pk in need.pool}
    team = None
    if able.issuperset(wanted) and 0 <= slot < diary.grid.size:
        team = diary.staff(wishes, slot)
    if team is None:
        chosen = _as_wished(asked, had, wanted, house)
    else:
        chosen = tuple(
            pk
            for pk, need in zip(team, asked.needs, strict=True)
            if need.kind != ResourceKind.PATIENT
        )
        chosen += extra
    _check(visit, asked, starts_at, chosen, house, zone, now)
    gone = [pk for pk in had if pk not in chosen]
    return Place(starts_at, chosen, _told(gone, chosen, had, wanted, house))


def _narrowed(asked: Visit, had, wanted) -> Visit:
    """The same needs, each to be filled by whom it asks for, else rather by whom it has."""
    needs = []
    for need in asked.needs:
        named = [pk for pk in need.pool if pk in wanted]
        own = [pk for pk in need.pool if pk in had]
        others = [pk for pk in need.pool if pk not in had]
        needs.append(replace(need, pool=tuple(named or [*own, *others])))
    return replace(asked, needs=tuple(needs))


def _besides(asked: Visit, had) -> tuple[int, ...]:
    """Who comes along without a need of the visit: a chaperone, an interpreter."""
    people = {pk for need in asked.needs if need.kind == ResourceKind.PERSON for pk in need.pool}
    other = {pk for need in asked.needs if need.kind != ResourceKind.PERSON for pk in need.pool}
    return tuple(pk for pk in had if pk not in people | other)


def _as_wished(asked: Visit, had, wanted, house) -> tuple[int, ...]:
    """What was asked for, free or not, so that the refusal names what stands against it."""
    kinds = {house.resources[pk].kind for pk in wanted if pk in house.resources}
    return (*wanted, *(pk for pk in had if house.resources[pk].kind not in kinds))


def _check(visit, asked: Visit, starts_at, chosen, house, zone, now):
    what = str(visit.session) if visit.session_id else f"a {visit.get_kind_display().lower()}"
    drafts: list[drafting.Draft] = []
    with drafting.all_or_none(visit.patient, drafts, [visit]):
        holds = drafting.fill_needs(asked.needs, drafting.named(chosen, house), house, what)
        draft = drafting.Draft(VisitKind(visit.kind), starts_at, asked.parts, holds, visit.session)
        drafts.append(draft)
        drafting.check_time(draft, now=now, historic=False)
        drafting.check_hours(draft, house, zone)
        drafting.check_free(drafts, besides=[visit])


def _told(gone, chosen, had, wanted, house) -> tuple[str, ...]:
    """A sentence for each person, room or device that had to give way to another one."""
    told = []
    for pk in gone:
        one = house.resources.get(pk)
        if one is None or any(house.resources[each].kind == one.kind for each in wanted):
            continue
        new = next(
            (each for each in house.named(chosen) if each.kind == one.kind and each.pk not in had),
            None,
        )
        if new:
            told.append(f"{one.name} is not free then: {new.name} instead.")
    return tuple(told)


def asked_by_column(visit, resource: Resource) -> tuple[int, ...]:
    """What a visit is to have when it is put on the column of this person, room or device."""
    if resource.kind == ResourceKind.DEVICE and not visit.devices:
        raise Unfit(f"{visit.what} needs no device: put it on another column.", [])
    return (resource.pk,)


def times_on(visit, on: dt.date, *, limit: int = 24) -> list[openings.Opening]:
    """When on that day the visit would fit, every half hour."""
    return openings.openings_for_visit(visit, start_from=on, within_days=0, limit=limit)


def not_before(
    found: list[openings.Opening], at: str, *, limit: int = 18
) -> list[openings.Opening]:
    """The same from this time of the first day on, "14:30"; an unreadable one asks for nothing."""
    try:
        time = dt.time.fromisoformat(at)
    except ValueError:
        return found[:limit]
    zone = bridge.clinic_zone()
    local = [(timezone.localtime(each.starts_at, zone), each) for each in found]
    first = local[0][0].date() if local else None
    later = [each for when, each in local if when.date() != first or when.time() >= time]
    return later[:limit]


def openings_for_anybody(
    kind: str, *, minutes: int, person: int | None = None, start_from=None,
    within_days: int = 28, limit: int = 18, now=None,
) -> list[openings.Opening]:  # fmt: skip
    """The next times for a kind of visit, before one knows for whom."""
    now, zone = now or timezone.now(), bridge.clinic_zone()
    house = bridge.House()
    needs = bridge.needs_of_kind(VisitKind(kind), house, ANYBODY)
    visit = Visit("visit", bridge.parts_of(procedure=minutes), needs)
    return openings.free_times(
        house, ANYBODY, visit, now, zone, start_from, within_days, limit, person
    )
