"""People, rooms and devices, their hours and absences: what the clinic can be booked for."""

import datetime as dt

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from clinic.scheduling import bridge, calendar
from clinic.scheduling.calendar import Grid, Hours
from clinic.scheduling.models import (
    Absence,
    Appointment,
    Claim,
    Resource,
    ResourceKind,
    WorkingHours,
)


def add_person(
    *, code: str, name: str, capabilities, user=None, site: str = "", **registration
) -> Resource:
    """`capabilities`: performer words (doctor, nurse, aesthetician) and skills."""
    return Resource.objects.create(
        code=code,
        kind=ResourceKind.PERSON,
        name=name,
        user=user,
        site=site,
        capabilities=sorted(set(capabilities)),
        **registration,
    )


def add_room(*, code: str, name: str, room_kind: str, site: str = "") -> Resource:
    return Resource.objects.create(
        code=code, kind=ResourceKind.ROOM, name=name, room_kind=room_kind, site=site
    )


def add_device(*, code: str, name: str, capabilities, site: str = "", **service) -> Resource:
    """`capabilities`: the requirement codes of the catalogue that this device meets."""
    return Resource.objects.create(
        code=code,
        kind=ResourceKind.DEVICE,
        name=name,
        site=site,
        capabilities=sorted(set(capabilities)),
        **service,
    )


@transaction.atomic
def set_hours(*, resource: Resource | None, weekly: dict[int, list[tuple[dt.time, dt.time]]]):
    """Replace the weekly hours of a resource or of the clinic; two spans leave a break."""
    WorkingHours.objects.filter(resource=resource).delete()
    return WorkingHours.objects.bulk_create(
        [
            WorkingHours(resource=resource, weekday=weekday, starts=starts, ends=ends)
            for weekday, spans in weekly.items()
            for starts, ends in spans
        ]
    )


def add_absence(*, resource: Resource | None, starts_at, ends_at, kind: str, note: str = ""):
    return Absence.objects.create(
        resource=resource,
        during=DateTimeTZRange(starts_at, ends_at, "[)"),
        kind=kind,
        note=note,
    )


def visits_during(*, resource: Resource | None, starts_at, ends_at):
    """Standing visits that an absence of the resource, or of the clinic, would run into."""
    whose = {"resource": resource} if resource else {"resource__kind": ResourceKind.ROOM}
    claims = Claim.objects.filter(active=True, during__overlap=(starts_at, ends_at), **whose)
    visits = Appointment.objects.standing().filter(parts__claims__in=claims)
    return visits.with_people().distinct().order_by("starts_at")


def visits_outside(*, resource: Resource | None, weekly, now=None) -> list[Appointment]:
    """Coming visits that new weekly hours would leave outside; no hours of its own ask nothing."""
    now, zone = now or timezone.now(), bridge.clinic_zone()
    if resource and not weekly:
        return []
    whose = {"resource": resource} if resource else {"resource__kind": ResourceKind.ROOM}
    claims = Claim.objects.filter(active=True, during__startswith__gte=now, **whose)
    claims = list(claims.select_related("part").order_by("during"))
    if not claims:
        return []
    first = timezone.localtime(claims[0].during.lower, zone).date()
    last = timezone.localtime(claims[-1].during.lower, zone).date()
    grid = Grid.over(first, (last - first).days + 1, zone)
    rows = [Hours(day, *span) for day, spans in weekly.items() for span in spans]
    works = calendar.working(grid, rows)
    outside = set()
    for claim in claims:
        start, end = grid.span(claim.during.lower, claim.during.upper)
        held = (1 << end) - (1 << start)
        if works & held != held:
            outside.add(claim.part.appointment_id)
    found = Appointment.objects.filter(pk__in=outside)
    return list(found.with_people().order_by("starts_at"))
