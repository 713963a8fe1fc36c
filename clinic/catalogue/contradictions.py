"""Rows of a catalogue that are each sound and cannot all be true: no plan could keep them.

Pure, on a document without other faults. Each contradiction is told at one of its rows, and names
all of them. Rows whose condition only sometimes holds are set against each other only where they
share that condition.
"""

from collections.abc import Iterator
from itertools import combinations

from clinic.catalogue.errors import Problem
from clinic.catalogue.terms import PairRelation

SAME_SESSION = (PairRelation.SAME_SESSION_OK, PairRelation.SAME_SESSION_SYNERGY)
IN_ORDER = (PairRelation.ORDER_BEFORE, PairRelation.SEPARATE_BY_WEEKS)


def problems(document: dict) -> Iterator[Problem]:
    """Every contradiction of a document whose rows are sound."""
    yield from _circles_of_families(document.get("families") or [])
    pairs = [
        (index, row)
        for index, row in enumerate(document.get("pairs") or [])
        if row.get("assume") != "not_holds"
    ]
    yield from _banned_and_wanted(pairs)
    yield from _circles(pairs, IN_ORDER, "each of these goes before the next")
    yield from _circles(pairs, SAME_SESSION, "in one session each of these goes before the next")
    yield from _banned_preparations(document, pairs)
    yield from _stricter_than_the_longest(document)


# ---- pairs


def _shared(rows, key: str) -> bool:
    """Whether there is a scar type (or a field) that all these rows speak about."""
    sets = [set(row[key]) for row in rows if row.get(key)]
    return not sets or bool(set.intersection(*sets))


def _can_hold_at_once(rows) -> bool:
    conditions = [row["when"] for row in rows if row.get("when") is not None]
    return (
        all(one == conditions[0] for one in conditions)
        and _shared(rows, "scar_types")
        and _shared(rows, "regions")
    )


def _banned_and_wanted(pairs) -> Iterator[Problem]:
    by_two: dict = {}
    for index, row in pairs:
        by_two.setdefault(frozenset((row["a"], row["b"])), []).append((index, row))
    for rows in by_two.values():
        for (_, one), (index, other) in combinations(rows, 2):
            banned = (PairRelation.AVOID in (one["relation"], other["relation"])) and (
                one["relation"] != other["relation"]
            )
            # A row with a condition beats one without where it holds: only like stands to like.
            alike = one.get("when") == other.get("when")
            if banned and alike and _can_hold_at_once((one, other)):
                named = (
                    f"{one['code']} ({one['relation']}) and {other['code']} ({other['relation']})"
                )
                reason = f"{named} ask for the same pair and ban it, for the same scars and places"
                yield Problem(("pairs", index, "relation"), reason)


def _circles(pairs, relations, words: str) -> Iterator[Problem]:
    """Rows that put one treatment before another, round in a circle."""
    after: dict = {}
    for index, row in pairs:
        first = row.get("first")
        if first and row["relation"] in relations:
            other = row["b"] if first == row["a"] else row["a"]
            after.setdefault(first, []).append((other, index, row))
    told = set()
    for start in sorted(after):
        for steps in _ways_back(after, start):
            codes = frozenset(row["code"] for _, row in steps)
            if codes in told:
                continue
            told.add(codes)
            listed = ", ".join(f"{row['code']} ({row['first']} first)" for _, row in steps)
            yield Problem(("pairs", steps[0][0], "first"), f"a circle: {words}: {listed}")


LONGEST_CIRCLE = 6


def _ways_back(after: dict, start: str, here: str | None = None, steps: tuple = ()):
    """Each chain of rows from `start` back to it through others that sort after it."""
    for other, index, row in after.get(here or start, ()):
        rows = [row, *(one for _, one in steps)]
        if other < start or not _can_hold_at_once(rows):
            continue
        chain = (*steps, (index, row))
        if other == start:
            yield chain
        elif len(chain) < LONGEST_CIRCLE and all(one["first"] != other for _, one in chain):
            yield from _ways_back(after, start, other, chain)


# ---- families and safety rules


def _circles_of_families(rows) -> Iterator[Problem]:
    members = {row["code"]: row.get("members") or [] for row in rows}

    def way_back(code: str, wanted: str, seen: tuple) -> tuple:
        for member in members.get(code, ()):
            if member == wanted:
                return (*seen, code)
            inner = member in members and member not in seen
            if inner and (found := way_back(member, wanted, (*seen, code))):
                return found
        return ()

    for index, row in enumerate(rows):
        circle = way_back(row["code"], row["code"], ())
        if circle and row["code"] == min(circle):
            reason = f"a circle: each of these families holds the next: {', '.join(circle)}"
            yield Problem(("families", index, "members"), reason)


def _members(document: dict) -> dict:
    table = {row["code"]: row.get("members") or [] for row in document.get("families") or []}

    def inside(code: str, above: tuple = ()) -> set:
        if code not in table:
            return {code}
        if code in above:
            return set()
        return set().union(*(inside(member, (*above, code)) for member in table[code]), set())

    return {code: inside(code) for code in table}


def _banned_preparations(document: dict, pairs) -> Iterator[Problem]:
    """A rule that prepares a treatment with what a pair says must never go with it."""
    families = _members(document)
    banned = {
        frozenset((row["a"], row["b"])): row
        for _, row in pairs
        if row["relation"] == PairRelation.AVOID and row.get("when") is None
        if not row.get("condition") and not row.get("scar_types") and not row.get("regions")
    }
    for index, rule in enumerate(document.get("safety_rules") or []):
        for number, clause in enumerate(rule.get("clauses") or []):
            needed = (clause.get("preparation") or {}).get("treatment")
            if not needed:
                continue
            targets = set().union(*(families.get(c, {c}) for c in clause.get("targets") or ()))
            spared = set().union(*(families.get(c, {c}) for c in clause.get("except") or ()))
            for target in sorted(targets - spared):
                if row := banned.get(frozenset((needed, target))):
                    reason = (
                        f"{rule['code']} prepares {target} with {needed}, "
                        f"and pair {row['code']} bans the two together"
                    )
                    yield Problem(("safety_rules", index, "clauses", number, "preparation"), reason)


def _stricter_than_the_longest(document: dict) -> Iterator[Problem]:
    """A least interval for some skin types above the longest that a treatment's own row allows."""
    families = _members(document)
    longest = {
        row["code"]: float(figure["max"])
        for row in document.get("treatments") or []
        for figure in row.get("figures") or []
        if figure["kind"] == "interval_weeks" and figure.get("max") is not None
    }
    for index, row in enumerate(document.get("calibration") or []):
        name, _, rest = row["code"].partition(".")
        if name != "stricter_interval":
            continue
        family = rest.rpartition(".")[0]
        for code in sorted(families.get(family, {family})):
            if code in longest and row["value"] > longest[code]:
                reason = (
                    f"{row['code']} asks for {row['value']:g} weeks at the least; "
                    f"the longest interval of {code} is {longest[code]:g}"
                )
                yield Problem(("calibration", index, "value"), reason)
