"""Months as rows of weeks, with the visits and the days of healing in them."""

import calendar
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Day:
    on: date
    visit: int | None  # number of the visit, if there is one
    healing: bool
    inside: bool  # False for a day of a neighbouring month, which only fills its week


@dataclass(frozen=True)
class Month:
    first: date
    weeks: tuple[tuple[Day, ...], ...]


def months(*, starts: Mapping[date, int], healing: Collection[date]) -> list[Month]:
    """The months that hold a visit or a day of healing, in weeks from Monday."""
    eventful = sorted({(day.year, day.month) for day in (*starts, *healing)})
    return [_month(year, month, starts, healing) for year, month in eventful]


def _month(year, month, starts, healing) -> Month:
    weeks = calendar.Calendar().monthdatescalendar(year, month)
    return Month(
        first=date(year, month, 1),
        weeks=tuple(
            tuple(
                Day(
                    on=day,
                    visit=starts.get(day) if day.month == month else None,
                    healing=day in healing and day.month == month,
                    inside=day.month == month,
                )
                for day in week
            )
            for week in weeks
        ),
    )
