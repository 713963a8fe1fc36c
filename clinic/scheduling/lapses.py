"""Registrations and services that end: until which day somebody or something may be booked."""

import datetime as dt
from collections.abc import Iterable

from clinic.catalogue.kinds import LapsedRegistration
from clinic.catalogue.models import Clinic
from clinic.scheduling.errors import day
from clinic.scheduling.models import Resource, ResourceKind

SOON_DAYS = 30


def last_days(resources: Iterable[Resource]) -> dict[int, dt.date]:
    """The last bookable day of those that have one.

    A device waits for its service; for a registration it is the clinic's choice.
    """
    lapsing = [each for each in resources if each.lapses_on]
    strict = any(each.kind == ResourceKind.PERSON for each in lapsing) and (
        Clinic.current().lapsed_registration == LapsedRegistration.REFUSE
    )
    return {
        each.pk: each.lapses_on for each in lapsing if strict or each.kind == ResourceKind.DEVICE
    }


def words_of(resource: Resource) -> str:
    if resource.kind == ResourceKind.DEVICE:
        return f"The service of {resource.name} is due on {day(resource.lapses_on)}."
    return f"The registration of {resource.name} ends on {day(resource.lapses_on)}."


def lapsing(on: dt.date) -> list[Resource]:
    """Who and what can be booked and is past its day, or soon will be; the earliest first."""
    rows = [each for each in Resource.objects.bookable() if each.lapses_on]
    rows = [each for each in rows if each.lapses_on <= on + dt.timedelta(days=SOON_DAYS)]
    for row in rows:
        row.is_past = row.lapses_on < on
    return sorted(rows, key=lambda each: (each.lapses_on, each.name))
