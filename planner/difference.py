"""What a revision changes, visit by visit and in sums; read from rows and signed content alone."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from planner.templatetags.planning import better, money, places
from planner.timeline import KINDS


@dataclass(frozen=True)
class Row:
    """One step, or a visit without steps; `change` is one of CHANGES."""

    change: str
    what: str
    where: str
    old_on: date | None
    new_on: date | None
    details: str = ""

    @property
    def label(self) -> str:
        return CHANGES[self.change]


@dataclass(frozen=True)
class Figure:
    label: str
    old: str
    new: str
    change: str


@dataclass(frozen=True)
class Difference:
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...]

    def count(self, change: str) -> int:
        return sum(row.change == change for row in self.rows)

    @property
    def summary(self) -> str:
        """ "2 added, 1 moved, 3 unchanged"."""
        counted = [(self.count(change), label) for change, label in CHANGES.items()]
        return ", ".join(f"{number} {label.lower()}" for number, label in counted if number)


CHANGES = {
    "performed": "Performed",
    "added": "Added",
    "dropped": "Dropped",
    "moved": "Moved",
    "changed": "Changed",
    "same": "Unchanged",
}


def difference(old, new) -> Difference:
    """From plan `old` to plan `new`, by the keys of their steps."""
    before, after = _by_key(old), _by_key(new)
    rows = [_row(before.get(key), after.get(key)) for key in {**before, **after}]
    rows.sort(key=lambda row: (row.new_on or row.old_on, row.what))
    return Difference(tuple(rows), _figures(old, new))


def _by_key(plan) -> dict:
    """Steps by their key; a visit without steps by the first visit that it continues."""
    sessions = plan.sessions.select_related("performance", "continues").prefetch_related("steps")
    found = {}
    for session in sessions:
        steps = list(session.steps.all())
        for step in steps:
            found[step.key] = (session, step)
        if not steps:
            found[_first(session).pk] = (session, None)
    return found


def _first(session):
    while session.continues is not None:
        session = session.continues
    return session


def _row(old, new) -> Row:
    session, step = new or old
    return Row(
        change=_change(old, new),
        what=step.name if step else KINDS[session.kind],
        where=places(step.places) if step else "",
        old_on=old[0].target_on if old else None,
        new_on=_on(new[0]) if new else None,
        details=_details(old, new),
    )


def _change(old, new) -> str:
    if old is None:
        return "added"
    if new is None:
        return "dropped"
    if getattr(new[0], "performance", None):
        return "performed"
    if _details(old, new):
        return "changed"
    return "same" if old[0].target_on == new[0].target_on else "moved"


def _on(session) -> date:
    performance = getattr(session, "performance", None)
    return performance.performed_on if performance else session.target_on


def _details(old, new) -> str:
    """What differs in the step itself, in words."""
    if not (old and new and old[1] and new[1]):
        return ""
    before, after = old[1], new[1]
    said = []
    if before.treatment != after.treatment:
        said.append(f"instead of {before.name}")
    if set(before.places) != set(after.places):
        said.append(f"before: {places(before.places)}")
    if before.price != after.price:
        said.append(f"price {money(before.price)} to {money(after.price)}")
    return "; ".join(said)


def _figures(old, new) -> tuple[Figure, ...]:
    was, now = old.content, new.content
    return (
        Figure(
            "Cost",
            money(old.cost, old.currency),
            money(new.cost, new.currency),
            _signed(new.cost - old.cost, old.currency),
        ),
        _counted("Visits", was["visits"], now["visits"], ""),
        _counted("Weeks", was["weeks"], now["weeks"], "weeks"),
        _counted("Longest downtime", was["downtime_longest"], now["downtime_longest"], "days"),
        _counted("Downtime in all", was["downtime_total"], now["downtime_total"], "days"),
        Figure(
            "Expected improvement",
            _expected(was),
            _expected(now),
            "" if _expected(was) == _expected(now) else "counted from its own assessment",
        ),
    )


def _expected(content) -> str:
    return better(content["expected"])


def _counted(label: str, old: int, new: int, unit: str) -> Figure:
    change = f"{new - old:+d} {unit}".strip() if new != old else ""
    return Figure(label, f"{old} {unit}".strip(), f"{new} {unit}".strip(), change)


def _signed(change: Decimal, currency: str) -> str:
    if not change:
        return ""
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign} {money(abs(change), currency)}"
