"""What is known of a patient on a day: answers in force, what has expired, red flags."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from patients.conditions import holds
from patients.models import Answer, Patient
from patients.questions import (
    UNKNOWN,
    Question,
    last_day,
    part_value,
    questions,
    says_yes,
    shown_date,
)

ALLERGY = "allergy"
ISOTRETINOIN = "isotretinoin"
ISOTRETINOIN_MONTHS = 12  # as far back as its question asks


def answers_in_force(
    patient: Patient, on: dt.date, recorded_by: dt.datetime | None = None, asked=None
) -> dict[str, tuple]:
    """`{question: (value, answered_on, expired)}`: the latest answers by that day.

    A no to allergies that the record contradicts counts as expired until it is settled.
    With `recorded_by` as the record stood at that moment; by the questions `asked`, which are
    those of the catalogue in force if nothing else is said.
    """
    asked = questions() if asked is None else asked
    rows = patient.answers.filter(answered_on__lte=on)
    if recorded_by is not None:
        rows = rows.filter(answered_at__lte=recorded_by)
    found = {
        row.question: (row.value, row.answered_on, _expired(asked, row, on))
        for row in rows.in_force()
    }
    if ALLERGY in found and denied_allergies(patient, on, recorded_by, asked):
        found[ALLERGY] = (*found[ALLERGY][:2], True)
    return found


def _expired(asked, row, on) -> bool:
    question = asked.get(row.question)
    if question is None or question.expires_days is None:
        return False
    return row.answered_on + dt.timedelta(days=question.expires_days) < on


def names_some(allergies: str) -> bool:
    """Whether the text names an allergy; "None known" is good news and no alarm."""
    words = allergies.strip(" .").lower()
    return bool(words) and words not in ("none", "none known", "no known allergies", "nil", "nkda")


def denied_allergies(
    patient: Patient, on: dt.date, recorded_by: dt.datetime | None = None, asked=None
) -> str:
    """What the record names as allergies while the history says there is none; mostly nothing.

    It is settled by a yes, by another text in the record, or once a clinician gives the same no
    again knowing the text. What the text means is not read.
    """
    question = (questions() if asked is None else asked).get(ALLERGY)
    if question is None or (recorded_by is None and not names_some(patient.allergies)):
        return ""
    rows = patient.answers.filter(question=ALLERGY, answered_on__lte=on)
    if recorded_by is not None:
        rows = rows.filter(answered_at__lte=recorded_by)
    latest, before = [*rows.order_by("-answered_on", "-id")[:2], None, None][:2]
    if latest is None or latest.value == UNKNOWN or says_yes(question, latest.value):
        return ""
    text, since = _allergies_since(patient, recorded_by)
    asked_again = before is not None and before.value == latest.value
    by_clinician = latest.source == Answer.Source.CLINICIAN
    settled = asked_again and by_clinician and since and latest.answered_at >= since
    return "" if settled or not names_some(text) else text


def _allergies_since(patient, recorded_by) -> tuple[str, dt.datetime | None]:
    """The record's text about allergies, and when it was written so."""
    events = patient.events.order_by("-pgh_id")
    if recorded_by is not None:
        events = events.filter(pgh_created_at__lte=recorded_by)
    text, since = None, None
    for then, at in events.values_list("allergies", "pgh_created_at"):
        if text not in (None, then):
            break
        text, since = then, at
    return text or "", since


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
    denied: str  # allergies in the record that the history denies
    telling: tuple[tuple[Question, object], ...]  # answered with more than a no

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
        denied=denied_allergies(patient, on),
        telling=tuple((q, stored[q.code][0]) for q in answered if _tells(q, stored[q.code][0])),
    )


def _tells(question: Question, value) -> bool:
    """A yes, or a choice other than "none": what a reader of the chart must not miss."""
    if isinstance(value, dict):
        return any(one not in (False, UNKNOWN) for one in value.values())
    if value == UNKNOWN:
        return False
    return value is True or (question.parts[0].kind == "choice" and value not in ("none", False))


def red_flags(patient: Patient, on: dt.date) -> list[str]:
    """What the banner warns of: each question with a flag whose latest answer is yes."""
    stored, flags = answers_in_force(patient, on), []
    for question in questions().values():
        value, _, expired = stored.get(question.code, (None, None, False))
        if question.code == ISOTRETINOIN and not says_yes(question, value):
            flags += _isotretinoin_lately(question, value, on)
        elif question.flag and says_yes(question, value):
            dates = [
                f"{part.label.lower()} {shown_date(found)}"
                for part in question.parts
                if part.kind == "date" and (found := part_value(question, value, part.code))
            ]
            words = question.flag + (f" ({', '.join(dates)})" if dates else "")
            flags.append(words + (", to be confirmed" if expired else ""))
    return flags


def _isotretinoin_lately(question, value, on) -> list[str]:
    """Stopped, and still of weight for a year: the months are left to the reader."""
    if not isinstance(value, dict):
        return []
    last = part_value(question, value, "last_dose")
    if last is None:
        return ["Isotretinoin in the last 12 months, last capsule not recorded"]
    window = {"fact": "last_dose", "within": {"months": ISOTRETINOIN_MONTHS}}
    if not holds(window, lambda _: last_day(last), on):
        return []
    return [f"Isotretinoin, last capsule {shown_date(last)}"]
