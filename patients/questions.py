"""The intake questions as the catalogue in force defines them."""

import datetime as dt
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache

from patients import definitions

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Part:
    code: str
    kind: str  # yes_no, date, number, choice, text, regions
    label: str
    unit: str
    choices: tuple[tuple[str, str], ...]
    min: float | None
    max: float | None
    show_if: dict | None


@dataclass(frozen=True)
class Question:
    code: str
    group: str
    text: str
    help: str
    parts: tuple[Part, ...]
    regional: bool
    applies: dict | None
    expires_days: int | None
    each_session: bool
    clinician_only: bool
    flag: str  # what the patient's banner says while the answer is yes; empty: nothing

    def part(self, code: str) -> Part | None:
        return next((part for part in self.parts if part.code == code), None)


def questions() -> dict[str, Question]:
    """By code, in the order in which they are asked; nothing before a catalogue is published."""
    return dict(_questions_of(definitions.in_force()))


@lru_cache(maxsize=8)
def _questions_of(found: definitions.Definitions) -> dict[str, Question]:
    return {row["code"]: _question(row) for row in found.questions}


def _question(row: dict) -> Question:
    return Question(
        code=row["code"],
        group=row["group"],
        text=row["text"],
        help=row.get("help") or "",
        parts=tuple(_part(part) for part in row["parts"]),
        regional=bool(row.get("regional")),
        applies=row.get("applies"),
        expires_days=row.get("expires_days"),
        each_session=bool(row.get("each_session")),
        clinician_only=bool(row.get("clinician_only")),
        flag=row.get("flag") or "",
    )


def _part(row: dict) -> Part:
    return Part(
        code=row["code"],
        kind=row["kind"],
        label=row.get("label") or "",
        unit=row.get("unit") or "",
        choices=tuple((one["code"], one["label"]) for one in row.get("choices") or ()),
        min=row.get("min"),
        max=row.get("max"),
        show_if=row.get("show_if"),
    )


def part_value(question: Question, value, code: str):
    """The value of one part of an answer; None where the answer says nothing of it."""
    if value == UNKNOWN or value is None:
        return None
    if isinstance(value, dict):
        found = value.get(code)
        return None if found == UNKNOWN else found
    part = question.part(code)
    if value is False:  # the bare no says no to all of it
        return False if part and part.kind == "yes_no" else None
    return value if code == question.parts[0].code else None


def says_yes(question: Question, value) -> bool:
    return any(
        part_value(question, value, part.code) is True
        for part in question.parts
        if part.kind == "yes_no"
    )


def last_day(text: str) -> dt.date:
    """The day a partly known date stands for: the last one of its month, or of its year."""
    numbers = [int(number) for number in str(text).split("-")]
    year, month = numbers[0], numbers[1] if len(numbers) > 1 else 12
    return dt.date(year, month, numbers[2] if len(numbers) > 2 else monthrange(year, month)[1])


def shown_date(text: str) -> str:
    """A stored date as a clinic writes it: 14-Aug-2026, or Aug-2026."""
    form = {10: "%d-%b-%Y", 7: "%b-%Y"}.get(len(str(text)), "%Y")
    return last_day(text).strftime(form)
