"""What patients report of themselves: totals of questionnaires, and how much better it is.

Instruments, their ranges, bands and thresholds are rows of the catalogue; the text of no item is
kept. A total that a safety rule reads is also the answer to the intake question of its name, so
that the planner and this page never differ.
"""

from dataclasses import dataclass

import pghistory
from django.db import transaction
from django.utils import timezone

from clinic.catalogue.models import Version
from clinic.catalogue.reading import book
from clinic.catalogue.terms import Effect, Verification
from patients import services
from patients.conditions import holds
from patients.errors import AlreadySigned, NoSuchInstrument, TotalRefused, WithdrawnAlready
from patients.facts import Facts, answers_in_force
from patients.models import Assessment, FollowUp, Patient, ReportedTotal
from patients.questions import UNKNOWN

ANSWERS = {"dcq": "dcq", "phq_2": "phq2", "bddq": "bddq"}
"""The intake question that an instrument answers."""

SELF_HARM = "self_harm"
READ_BY_RULES = {*ANSWERS.values(), SELF_HARM, "bdd_assessment"}
OPEN_TOTAL = 1000  # the highest total taken where the instrument's range was not verified


@dataclass(frozen=True)
class Instrument:
    code: str
    name: str
    low: int
    high: int | None  # None: the range was not verified
    bands: tuple[dict, ...]
    thresholds: tuple[dict, ...]
    note: str
    licence: str
    verification: str

    @property
    def asks_positive(self) -> bool:
        """Whether the instrument ends in a yes or no and not in a total."""
        return self._has("positive")

    @property
    def asks_self_harm(self) -> bool:
        return self._has("self_harm")

    @property
    def is_unverified(self) -> bool:
        return self.verification != Verification.V

    def _has(self, code) -> bool:
        return any(one["code"] == code and one["from"] is None for one in self.thresholds)


@dataclass(frozen=True)
class Reading:
    """What a result means by the catalogue: its band, and each threshold that it reaches."""

    band: str
    unverified: bool
    leads_to: tuple[str, ...]


def instruments(version=None) -> dict[str, Instrument]:
    return {code: _instrument(row) for code, row in book(version).rows("instruments").items()}


def _instrument(row) -> Instrument:
    low, high = row["range"] or (0, None)
    return Instrument(
        code=row["code"],
        name=row["name"],
        low=low,
        high=high,
        bands=tuple(row["bands"]),
        thresholds=tuple(row["thresholds"]),
        note=row["note"] or "",
        licence=row["licence"] or "",
        verification=row["verification"],
    )


def read(instrument: Instrument, *, total=None, positive=None, self_harm=None) -> Reading:
    bands = instrument.bands if total is not None else ()
    band = next((one for one in bands if one["from"] <= total <= one["to"]), None)
    reached = [
        one
        for one in instrument.thresholds
        if one["from"] is not None and total is not None and total >= one["from"]
    ]
    highest = max(reached, key=lambda one: one["from"], default=None)
    said = {"positive": positive, "self_harm": self_harm}
    plain = [one for one in instrument.thresholds if one["from"] is None and said[one["code"]]]
    return Reading(
        band=band["label"] if band else "",
        unverified=bool(band) and band["verification"] != Verification.V,
        leads_to=tuple(one["text"] for one in [*plain, *([highest] if highest else [])]),
    )


# --- deeds --------------------------------------------------------------------------------------


@transaction.atomic
def record_total(
    *, patient, by, instrument, total=None, positive=None, self_harm=None, **fields
) -> ReportedTotal:
    """Keep a result and answer the intake question that it belongs to.

    Raises TotalRefused for a result outside the instrument's range or of another kind.
    """
    found = instruments().get(instrument)
    if found is None:
        raise NoSuchInstrument
    _refuse_impossible(found, total, positive, self_harm)
    row = ReportedTotal(
        patient=patient,
        instrument=instrument,
        total=total,
        positive=positive,
        self_harm=self_harm,
        recorded_by=by,
        catalogue_version=Version.objects.in_force(),
        **fields,
    )
    with pghistory.context(user=str(by.pk)):
        row.save(force_insert=True)
    if instrument in ANSWERS:
        _answer(row, total if positive is None else positive, row.answered_on, by)
    if self_harm:  # known from today on, whatever day the sheet bears
        services.record_answers(
            patient=patient,
            answers={SELF_HARM: {"concern": True}},
            on=timezone.localdate(),
            by=by,
        )
    return row


def _refuse_impossible(instrument, total, positive, self_harm):
    if instrument.asks_positive:
        if positive is None or total is not None:
            raise TotalRefused("positive", "Say whether the screen is positive.")
        return
    if total is None or positive is not None:
        raise TotalRefused("total", "Enter the total.")
    high = OPEN_TOTAL if instrument.high is None else instrument.high
    if not instrument.low <= total <= high:
        words = f"A total of {instrument.name} is {instrument.low} to {high}."
        raise TotalRefused("total", words)
    if instrument.asks_self_harm and self_harm is None:
        words = "Say whether any answer speaks of self-harm."
        raise TotalRefused("self_harm", words)


def _answer(row, value, on, by):
    question = ANSWERS[row.instrument]
    services.record_answers(
        patient=row.patient, answers={question: value}, confirmed=[question], on=on, by=by
    )


@transaction.atomic
def withdraw_total(*, row, by, reason) -> None:
    """Take back a wrong result. Its intake answer becomes that of the result before it, or unknown.

    A concern about self-harm stays until a clinician answers it in the history.
    """
    Patient.objects.select_for_update().get(pk=row.patient_id)
    stamp = {"withdrawn_at": timezone.now(), "withdrawn_by": by, "withdrawn_reason": reason}
    with pghistory.context(user=str(by.pk)):
        if not ReportedTotal.objects.standing().filter(pk=row.pk).update(**stamp):
            raise WithdrawnAlready
    if row.instrument not in ANSWERS or not _stands_by(row):
        return
    same = row.patient.reported_totals.standing().filter(instrument=row.instrument)
    before = same.filter(answered_on__lte=row.answered_on).first()
    value = UNKNOWN if before is None else before.total if row.positive is None else before.positive
    _answer(row, value, row.answered_on, by)


def _stands_by(row) -> bool:
    """Whether the answer in force is the one that this result gave."""
    answer = row.patient.answers.filter(question=ANSWERS[row.instrument]).in_force().first()
    value = row.total if row.positive is None else row.positive
    return bool(answer) and (answer.value, answer.answered_on) == (value, row.answered_on)


@transaction.atomic
def record_follow_up(*, assessment, by, **said) -> FollowUp:
    """How clinician and patient find the result, and the pain of the last session; on a draft."""
    draft = Assessment.objects.select_for_update().get(pk=assessment.pk)
    if draft.is_signed:
        raise AlreadySigned
    with pghistory.context(user=str(by.pk)):
        return FollowUp.objects.update_or_create(assessment=draft, defaults=said)[0]


# --- what follows -------------------------------------------------------------------------------


def leads_to(patient, on) -> list[dict]:
    """What the safety rules say of the results as they stand, strongest first, in their words."""
    known = {code: value for code, (value, _, _) in answers_in_force(patient, on).items()}
    facts = Facts(patient, known, on)
    found = [
        {
            "rule": code,
            "effect": Effect(clause["effect"]),
            "until": clause.get("until_text") or "",
            "words": clause["words"],
        }
        for code, rule in book().rows("safety_rules").items()
        for clause in rule["clauses"]
        if _facts_in(clause["when"]) <= READ_BY_RULES and holds(clause["when"], facts, on) is True
    ]
    return sorted(found, key=lambda one: one["effect"].rank)


def _facts_in(condition) -> set[str]:
    """Names of the questions that a condition reads."""
    if not isinstance(condition, dict):
        return {""}
    if "fact" in condition:
        return {condition["fact"].partition(".")[0]}
    inner = condition.get("all") or condition.get("any") or [condition.get("not")]
    return set().union(*map(_facts_in, inner))


def overview(patient) -> list[dict]:
    """Every instrument with its results, newest first, each with what it means."""
    known = instruments()
    rows: dict[str, list] = {code: [] for code in known}
    standing = patient.reported_totals.standing().select_related("administered_by")
    for row in standing:
        if row.instrument in known:
            instrument = known[row.instrument]
            reading = read(
                instrument, total=row.total, positive=row.positive, self_harm=row.self_harm
            )
            rows[row.instrument].append({"row": row, "reading": reading})
    asked = answers_in_force(patient, timezone.localdate())
    return [
        {"instrument": known[code], "results": found, "elsewhere": _elsewhere(code, found, asked)}
        for code, found in rows.items()
    ]


def _elsewhere(code, results, answers) -> tuple | None:
    """Value and day of an answer that was given in the history and not by a result here."""
    value, on, _ = answers.get(ANSWERS.get(code), (None, None, False))
    if value is None or value == UNKNOWN:
        return None
    newest = results[0]["row"] if results else None
    if newest and newest.answered_on >= on:
        return None
    words = ("Positive" if value else "Negative") if isinstance(value, bool) else value
    return words, on
