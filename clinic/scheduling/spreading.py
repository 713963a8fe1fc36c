"""Free times spread over days, so that a page shows several days and not one morning."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from clinic.scheduling import bridge
from clinic.scheduling.openings import Opening

A_DAY = 4
DAYS = 6


@dataclass(frozen=True)
class Spread:
    days: list[tuple[dt.date, list[Opening]]]
    later: dt.date | None  # from which day on there is more


def over_days(found: list[Opening], *, weekdays=(), opens=None, closes=None) -> Spread:
    """At most four times a day, evenly over what is free, on the weekdays and hours asked for."""
    zone = bridge.clinic_zone()
    days: dict[dt.date, list[Opening]] = {}
    for opening in found:
        at = timezone.localtime(opening.starts_at, zone)
        on_a_day = not weekdays or at.weekday() in weekdays
        if on_a_day and (opens or dt.time(0)) <= at.time() < (closes or dt.time.max):
            days.setdefault(at.date(), []).append(opening)
    shown = [(day, free[:: -(-len(free) // A_DAY)]) for day, free in sorted(days.items())]
    return Spread(shown[:DAYS], shown[DAYS][0] if len(shown) > DAYS else None)
