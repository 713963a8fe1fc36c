"""Whether an intake question, or a part of one, applies: the catalogue's conditions over answers.

Three values: True, False, and None for "cannot be told yet". Only what a question's `applies` and
`show_if` may read is known here (patient facts and earlier answers); the planner judges the rest.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Mapping

UNKNOWN = None


def holds(condition: Mapping | None, fact: Callable[[str], object], on: dt.date) -> bool | None:
    """`fact(name)` gives a value, or None where it is not known; no condition always holds."""
    if condition is None:
        return True
    if "all" in condition:
        return _all([holds(part, fact, on) for part in condition["all"]])
    if "any" in condition:
        inner = [holds(part, fact, on) for part in condition["any"]]
        return _not(_all([_not(value) for value in inner]))
    if "not" in condition:
        return _not(holds(condition["not"], fact, on))
    return _compare(condition, fact(condition["fact"]), on)


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def _compare(condition: Mapping, value, on: dt.date) -> bool | None:
    if "known" in condition:
        return (value is not None) == condition["known"]
    if value is None:
        return None
    operator = next(key for key in condition if key != "fact")
    wanted = condition[operator]
    if operator == "within":
        return on < _plus(dt.date.fromisoformat(str(value)), wanted)
    if operator == "in":
        return value in wanted
    return {
        "eq": lambda: value == wanted,
        "lt": lambda: value < wanted,
        "le": lambda: value <= wanted,
        "gt": lambda: value > wanted,
        "ge": lambda: value >= wanted,
    }[operator]()


def _plus(day: dt.date, window: Mapping) -> dt.date:
    months = day.month - 1 + int(window.get("months", 0))
    year, month = day.year + months // 12, months % 12 + 1
    day = dt.date(year, month, min(day.day, monthrange(year, month)[1]))
    return day + dt.timedelta(days=window.get("days", 0) + 7 * window.get("weeks", 0))
