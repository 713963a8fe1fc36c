"""Whether a condition can hold for anybody at all. Pure; where it is unsure it says yes."""

from itertools import pairwise, product

from clinic.catalogue.conditions import Fact

MOST = 300  # ways in which a condition may hold that are looked at
DOMAINS = {"patient.age": range(131), "patient.fitzpatrick": range(1, 7)}


def never_holds(condition: dict | None, facts: dict[str, Fact]) -> bool:
    if condition is None:
        return False
    ways = _ways(condition, False)
    return ways is not None and not any(_possible(way, facts) for way in ways)


def _ways(condition: dict, negated: bool) -> list[tuple] | None:
    """Lists of (fact, operator, value, negated) that each make it hold; None for too many."""
    if "not" in condition:
        return _ways(condition["not"], not negated)
    for key, together in (("all", not negated), ("any", negated)):
        if key in condition:
            parts = [_ways(part, negated) for part in condition[key]]
            if None in parts:
                return None
            if not together:
                return [way for part in parts for way in part]
            size = 1
            for part in parts:
                size *= len(part)
            if size > MOST:
                return None
            return [sum(some, ()) for some in product(*parts)]
    [(operator, value)] = [pair for pair in condition.items() if pair[0] != "fact"]
    return [((condition["fact"], operator, value, negated),)]


def _possible(way: tuple, facts: dict[str, Fact]) -> bool:
    by_fact: dict[str, list] = {}
    for name, *test in way:
        by_fact.setdefault(name, []).append(test)
    return all(_agree(tests, facts.get(name), name) for name, tests in by_fact.items())


def _agree(tests: list, fact: Fact | None, name: str) -> bool:
    kind = fact.kind if fact else "text"
    known = [operator for operator, *_ in tests]
    if "known" in known:
        wants = {value != negated for one, value, negated in tests if one == "known"}
        if len(wants) > 1 or (wants == {False} and len(set(known)) > 1):
            return False
    if kind == "yes_no":
        wanted = {value != negated for operator, value, negated in tests if operator == "eq"}
        return len(wanted) < 2
    if kind == "number":
        return any(_fits(number, tests) for number in _numbers(tests, name))
    if kind == "choice" and fact.choices:
        return any(_fits(choice, tests) for choice in fact.choices)
    return True


def _numbers(tests: list, name: str) -> list:
    """Enough numbers to try: each that is named, and one between and beyond them."""
    if name in DOMAINS:
        return list(DOMAINS[name])
    named = {
        one
        for operator, value, _ in tests
        for one in (value if operator == "in" else [value])
        if not isinstance(one, bool) and isinstance(one, int | float)
    }
    edges = sorted(named) or [0]
    between = [(one + other) / 2 for one, other in pairwise(edges)]
    return [edges[0] - 1, *edges, *between, edges[-1] + 1]


def _fits(value, tests: list) -> bool:
    return all(_holds(value, operator, wanted) != negated for operator, wanted, negated in tests)


def _holds(value, operator: str, wanted) -> bool:
    if operator == "known":
        return wanted
    if operator in ("eq", "in"):
        return value in (wanted if operator == "in" else [wanted])
    return {
        "lt": value < wanted,
        "le": value <= wanted,
        "gt": value > wanted,
        "ge": value >= wanted,
    }[operator]
