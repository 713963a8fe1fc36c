"""People, rooms and devices, their hours and absences: what the clinic can be booked for."""

import datetime as dt

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from clinic.scheduling.models import Absence, Appointment, Resource, ResourceKind, WorkingHours


def add_person(*, code: str, name: str, capabilities, user=None, site: str = "") -> Resource:
    """`capabilities`: performer words (doctor, nurse, aesthetician) and skills."""
    return Resource.objects.create(
        code=code,
        kind=ResourceKind.PERSON,
        name=name,
        user=user,
        site=site,
        capabilities=sorted(set(capabilities)),
    )


def add_room(*, code: str, name: str, room_kind: str, site: str = "") -> Resource:
    return Resource.objects.create(
        code=code, kind=ResourceKind.ROOM, name=name, room_kind=room_kind, site=site
    )


def add_device(*, code: str, name: str, capabilities, site: str = "") -> Resource:
    """`capabilities`: the requirement codes of the catalogue that this device meets."""
    return Resource.objects.create(
        code=code,
        kind=ResourceKind.DEVICE,
        name=name,
        site=site,
        capabilities=sorted(set(capabilities)),
    )


@transaction.atomic
def set_hours(*, resource: Resource | None, weekly: dict[int, list[tuple[dt.time, dt.time]]]):
    """Replace the weekly hours of a resource, or of the clinic; two spans on a day leave a break."""
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
    found = Appointment.objects.standing().filter(
        parts__claims__active=True, parts__claims__during__overlap=(starts_at, ends_at)
    )
    if resource:
        found = found.filter(
            parts__claims__resource=resource,
        )
    return found.with_people().distinct().order_by("starts_at")
