"""What is known of a patient on a day: answers in force, what has expired, red flags."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from patients.conditions import holds
from patients.models import Patient
from patients.questions import (
    UNKNOWN,
    Question,
    last_day,
    part_value,
    questions,
    says_yes,
    shown_date,
)


def answers_in_force(
    patient: Patient, on: dt.date, recorded_by: dt.datetime | None = None
) -> dict[str, tuple]:
    """`{question: (value, answered_on, expired)}`: the latest answers by that day.

    With `recorded_by` as the record stood at that moment.
    """
    asked = questions()
    rows = patient.answers.filter(answered_on__lte=on)
    if recorded_by is not None:
        rows = rows.filter(answered_at__lte=recorded_by)
    rows = rows.in_force()
    return {row.question: (row.value, row.answered_on, _expired(asked, row, on)) for row in rows}


def _expired(asked, row, on) -> bool:
    question = asked.get(row.question)
    if question is None or question.expires_days is None:
        return False
    return row.answered_on + dt.timedelta(days=question.expires_days) < on


class Facts:
    """Facts by the names of the catalogue's conditions, for deciding which questions apply."""

    def __init__(self, patient: Patient, answers: dict, on: dt.date):
        self.patient, self.answers, self.on = patient, answers, on
        self.asked = questions()

    @cached_property
    def marks(self) -> set[str]:
        """The kinds of marks in the newest assessment, signed or not; none before the first."""
        newest = self.patient.assessments.newest_first().first()
        return set(newest.marks.values_list("mark_type", flat=True)) if newest else set()

    def __call__(self, name: str):
        head, _, tail = name.partition(".")
        if head == "marks":
            return tail in self.marks
        if head == "patient":
            return self.patient.age_on(self.on) if tail == "age" else getattr(self.patient, tail)
        question = self.asked.get(head)
        if question is None or head not in self.answers:
            return None
        value = part_value(question, self.answers[head], tail or question.parts[0].code)
        part = question.part(tail or question.parts[0].code)
        return last_day(value) if value and part and part.kind == "date" else value

    def applies(self, question: Question) -> bool:
        """Asked unless it certainly does not apply: what cannot be told is asked."""
        return holds(question.applies, self, self.on) is not False


@dataclass(frozen=True)
class Status:
    """How complete the history is: how many questions apply, and which need an answer."""

    asked: int
    missing: tuple[Question, ...]
    unknown: tuple[Question, ...]
    expired: tuple[Question, ...]
    last_on: dt.date | None

    @property
    def open(self) -> int:
        return len(self.missing) + len(self.unknown) + len(self.expired)


def history_status(patient: Patient, on: dt.date) -> Status:
    stored = answers_in_force(patient, on)
    facts = Facts(patient, {code: value for code, (value, _, _) in stored.items()}, on)
    asked = [question for question in facts.asked.values() if facts.applies(question)]
    answered = [question for question in asked if question.code in stored]
    return Status(
        asked=len(asked),
        missing=tuple(question for question in asked if question.code not in stored),
        unknown=tuple(q for q in answered if stored[q.code][0] == UNKNOWN),
        expired=tuple(q for q in answered if stored[q.code][2] and stored[q.code][0] != UNKNOWN),
        last_on=max((day for _, day, _ in stored.values()), default=None),
    )


def red_flags(patient: Patient, on: dt.date) -> list[str]:
    """What the banner warns of: each question with a flag whose latest answer is yes."""
    stored, flags = answers_in_force(patient, on), []
    for question in questions().values():
        value, _, expired = stored.get(question.code, (None, None, False))
        if question.flag and says_yes(question, value):
            dates = [
                f"{part.label.lower()} {shown_date(found)}"
                for part in question.parts
                if part.kind == "date" and (found := part_value(question, value, part.code))
            ]
            words = question.flag + (f" ({', '.join(dates)})" if dates else "")
            flags.append(words + (", to be confirmed" if expired else ""))
    return flags
