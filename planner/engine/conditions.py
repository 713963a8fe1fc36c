"""Three-valued evaluation of the catalogue's conditions: true, false or unknown.

An unknown answer never counts as a no. Every condition is judged on the day of the session and in
the place of the step; a date with month precision arrives here as the month's last day.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from planner.engine.catalogue import Catalogue
from planner.engine.values import UNKNOWN, Case

PLACE_FACTS = ("marks.", "scar.", "region")


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day where that month is shorter."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def shifted(day: date, window: dict) -> date:
    """`day` plus {days|weeks|months: N}."""
    if "months" in window:
        return add_months(day, int(window["months"]))
    return day + timedelta(days=int(window.get("days", 0)) + 7 * int(window.get("weeks", 0)))


def age_on(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(frozen=True)
class Spot:
    """Where and when a condition is judged; `types` are the scar types treated in `place`."""

    day: date
    place: str = ""
    types: frozenset = frozenset()


class Facts:
    """A case's facts by the names of docs/catalogue.md."""

    def __init__(self, case: Case, catalogue: Catalogue):
        self.case, self.catalogue = case, catalogue
        self.answers = dict(case.answers)
        self.scar_types = frozenset(group.scar_type for group in case.findings)
        self.marks: dict = {}
        for mark in case.marks:
            self.marks.setdefault(mark.place, set()).add(mark.mark_type)

    def value(self, name: str, spot: Spot):
        """The fact's value on that day in that place; None is "no such thing"."""
        if name == "region":
            return spot.place.partition(".")[0]
        head, _, tail = name.partition(".")
        reader = getattr(self, f"_{head}", None) if head in READERS else None
        return reader(tail, spot) if reader else self._answer(head, tail, spot)

    def _patient(self, tail: str, spot: Spot):
        patient = self.case.patient
        if tail == "age" and patient.born:
            return age_on(patient.born, spot.day)
        value = getattr(patient, tail, None)
        return UNKNOWN if value is None else value

    def _marks(self, tail: str, spot: Spot):
        return tail in self.marks.get(spot.place, ())

    def _face(self, tail: str, spot: Spot):
        if tail == "marks_only":
            return bool(self.case.marks) and not self.case.findings
        return self.scar_types

    def _scar(self, tail: str, spot: Spot):
        return spot.types

    def _clinic(self, tail: str, spot: Spot):
        return getattr(self.case.clinic, tail, None) or UNKNOWN

    def _answer(self, question: str, part: str, spot: Spot):
        known = self.catalogue.questions.get(question)
        if known and not part and len(known.parts) > 1:
            part = known.parts[0].code
        kind = _kind(known, part)
        if question not in self.answers:
            return _nothing(kind) if self._is_not_asked(known, spot) else self._absent(kind)
        answer = self.answers[question]
        if answer is UNKNOWN:
            return UNKNOWN
        if not isinstance(answer, tuple):
            if answer is False:
                return _nothing(kind)
            return answer if known and (not part or known.parts[0].code == part) else UNKNOWN
        parts = dict(answer)
        regions = parts.get("regions")
        if part != "regions" and regions and not _covers(regions, spot.place):
            return _nothing(kind)
        return parts[part] if part in parts else self._left_out(known, part, kind, spot)

    def _is_not_asked(self, known, spot: Spot) -> bool:
        """Whether the question does not apply to this patient: then no answer is a no."""
        return bool(known and known.applies) and holds(known.applies, self, spot) is False

    def _absent(self, kind: str):
        return _nothing(kind) if self.case.absent == "no" else UNKNOWN

    def _left_out(self, known, part: str, kind: str, spot: Spot):
        """A part that an answer does not give: nothing, where the form would not even ask it."""
        asked = known.part(part).show_if if known and known.part(part) else None
        if holds(asked, self, spot) is False:
            return _nothing(kind)
        return self._absent(kind)


READERS = ("patient", "marks", "face", "scar", "clinic")


def _kind(question, part: str) -> str:
    known = question.part(part) if question else None
    return known.kind if known else "yes_no"


def _nothing(kind: str):
    return False if kind == "yes_no" else None


def _covers(regions, place: str) -> bool:
    return not place or place in regions or place.partition(".")[0] in regions


def holds(condition: dict | None, facts: Facts, spot: Spot):
    """True, False or UNKNOWN; no condition always holds."""
    if condition is None:
        return True
    if "all" in condition:
        return _every(holds(part, facts, spot) for part in condition["all"])
    if "any" in condition:
        return _some(holds(part, facts, spot) for part in condition["any"])
    if "not" in condition:
        inner = holds(condition["not"], facts, spot)
        return UNKNOWN if inner is UNKNOWN else not inner
    return _leaf(condition, facts.value(condition["fact"], spot), spot.day)


def _every(values):
    answer = True
    for value in values:
        if value is False:
            return False
        if value is UNKNOWN:
            answer = UNKNOWN
    return answer


def _some(values):
    answer = False
    for value in values:
        if value is True:
            return True
        if value is UNKNOWN:
            answer = UNKNOWN
    return answer


def _leaf(condition: dict, value, day: date):
    if "known" in condition:
        return (value is not UNKNOWN and value is not None) == condition["known"]
    if value is UNKNOWN:
        return UNKNOWN
    operator = next(name for name in condition if name != "fact")
    return bool(OPERATORS[operator](value, condition[operator], day))


def _in(value, wanted, day) -> bool:
    if isinstance(value, frozenset):
        return not value.isdisjoint(wanted)
    return value in wanted


def _eq(value, wanted, day) -> bool:
    if isinstance(value, frozenset):
        return wanted in value
    return value == wanted


def _within(value, window, day) -> bool:
    return value is not None and value is not False and day < shifted(value, window)


OPERATORS = {
    "eq": _eq,
    "in": _in,
    "lt": lambda value, wanted, day: value is not None and value < wanted,
    "le": lambda value, wanted, day: value is not None and value <= wanted,
    "gt": lambda value, wanted, day: value is not None and value > wanted,
    "ge": lambda value, wanted, day: value is not None and value >= wanted,
    "within": _within,
}


def leaves(condition: dict | None):
    """Every comparison inside a condition."""
    if condition is None:
        return
    for key in ("all", "any"):
        for part in condition.get(key, ()):
            yield from leaves(part)
    if "not" in condition:
        yield from leaves(condition["not"])
    if "fact" in condition:
        yield condition


def questions_in(condition: dict | None, catalogue: Catalogue) -> frozenset:
    """The intake questions that a condition reads, and "fitzpatrick" etc. for patient facts."""
    names = set()
    for leaf in leaves(condition):
        head, _, tail = leaf["fact"].partition(".")
        names.add(f"patient.{tail}" if head == "patient" else head)
    return frozenset(
        name for name in names if name in catalogue.questions or name.startswith("patient.")
    )


def reads_place(condition: dict | None, catalogue: Catalogue) -> bool:
    for leaf in leaves(condition):
        name = leaf["fact"]
        question = catalogue.questions.get(name.partition(".")[0])
        if name.startswith(PLACE_FACTS) or (question and question.regional):
            return True
    return False


def reads_day(condition: dict | None) -> bool:
    return any("within" in leaf or leaf["fact"] == "patient.age" for leaf in leaves(condition))


def unsettled(condition: dict | None, facts: Facts, spot: Spot) -> tuple[str, ...]:
    """The facts whose answers would settle an unknown condition."""
    asked = {
        leaf["fact"].partition(".")[0] if not leaf["fact"].startswith("patient.") else leaf["fact"]
        for leaf in leaves(condition)
        if "known" not in leaf and facts.value(leaf["fact"], spot) is UNKNOWN
    }
    return tuple(sorted(asked))


def turning_days(condition: dict | None, facts: Facts, spot: Spot) -> set[date]:
    """Later days on which a condition's value may change: a window's end, a birthday."""
    days = set()
    for leaf in leaves(condition):
        value = facts.value(leaf["fact"], spot)
        if "within" in leaf and isinstance(value, date):
            days.add(shifted(value, leaf["within"]))
        elif leaf["fact"] == "patient.age" and facts.case.patient.born:
            born = facts.case.patient.born
            bounds = [leaf[key] for key in ("lt", "le", "gt", "ge", "eq") if key in leaf]
            days |= {
                add_months(born, 12 * (int(age) + extra)) for age in bounds for extra in (0, 1)
            }
    return {day for day in days if day > spot.day}


def last_day_of_month(text: str) -> date | None:
    """The last day of a month written 2026-08; None for anything else."""
    year, _, month = text.partition("-")
    if len(year) != 4 or len(month) != 2 or not (year + month).isdigit():
        return None
    if not 1 <= int(month) <= 12 or int(year) < 1900:
        return None
    return date(int(year), int(month), monthrange(int(year), int(month))[1])
