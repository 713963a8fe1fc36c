"""Whether one condition holds wherever another does. Pure, and cautious: "no" where it is unsure.

True, unknown and false in this order: `implies(one, other)` promises that `other` is never further
down than `one`, for every patient and on every day.
"""

SPAN_DAYS = {"days": (1, 1), "weeks": (7, 7), "months": (30, 31)}
SHORT_MONTHS = 2  # days by which some months together fall short of 30 each


def implies(one: dict | None, other: dict | None) -> bool:
    """None, like `all: []`, always holds."""
    if other is None or one == other or other.get("all") == []:
        return True
    if one is None:
        return False
    if "any" in one:
        return all(implies(part, other) for part in one["any"])
    if "all" in other:
        return all(implies(one, part) for part in other["all"])
    if "any" in other and any(implies(one, part) for part in other["any"]):
        return True
    if "all" in one:
        return any(implies(part, other) for part in one["all"])
    if "not" in one and "not" in other:
        return implies(other["not"], one["not"])
    return "fact" in one and "fact" in other and _fact_implies(one, other)


def at_least(one: dict, other: dict) -> bool:
    """Whether the span `one` is never shorter than `other`."""
    [(unit, length)], [(other_unit, other_length)] = one.items(), other.items()
    if unit == other_unit:
        return length >= other_length
    shortest = length * SPAN_DAYS[unit][0] - (SHORT_MONTHS if unit == "months" else 0)
    return shortest >= other_length * SPAN_DAYS[other_unit][1]


def _fact_implies(one: dict, other: dict) -> bool:
    if one["fact"] != other["fact"]:
        return False
    [(how, value)] = [pair for pair in one.items() if pair[0] != "fact"]
    [(wanted_how, wanted)] = [pair for pair in other.items() if pair[0] != "fact"]
    if how == wanted_how == "within":
        return at_least(wanted, value)
    if how in ("eq", "in") and wanted_how in ("eq", "in"):
        return set(_values(how, value)) <= set(_values(wanted_how, wanted))
    if how in ("eq", "in"):
        return all(_reaches("eq", one, wanted_how, wanted) for one in _values(how, value))
    return _reaches(how, value, wanted_how, wanted)


def _values(how: str, value) -> list:
    return [value] if how == "eq" else value


def _reaches(how: str, value, wanted_how: str, wanted) -> bool:
    """For numbers: whether `how value` lies inside `wanted_how wanted`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    inside = {
        ("lt", "lt"): lambda: value <= wanted,
        ("lt", "le"): lambda: value <= wanted,
        ("le", "le"): lambda: value <= wanted,
        ("le", "lt"): lambda: value < wanted,
        ("gt", "gt"): lambda: value >= wanted,
        ("gt", "ge"): lambda: value >= wanted,
        ("ge", "ge"): lambda: value >= wanted,
        ("ge", "gt"): lambda: value > wanted,
        ("eq", "lt"): lambda: value < wanted,
        ("eq", "le"): lambda: value <= wanted,
        ("eq", "gt"): lambda: value > wanted,
        ("eq", "ge"): lambda: value >= wanted,
    }.get((how, wanted_how))
    return inside is not None and inside()
