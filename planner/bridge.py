"""Rows to the engine's values: the one file that knows both sides."""

from datetime import date, datetime
from functools import lru_cache

from clinic.catalogue.models import Clinic, Version
from clinic.catalogue.reading import names as names_of
from patients.facts import answers_in_force
from patients.models import Assessment, PreviousTreatment
from patients.questions import UNKNOWN as UNKNOWN_ANSWER
from patients.questions import Question, last_day, questions
from planner.engine.catalogue import Catalogue, catalogue_from
from planner.engine.compose import Desk
from planner.engine.values import (
    UNKNOWN,
    Case,
    ClinicFacts,
    GivenPlan,
    GivenSession,
    GivenStep,
    Group,
    MarkGroup,
    PastTreatment,
    PatientFacts,
    Wishes,
)
from planner.models import Plan, Step

names = names_of


def catalogue_of(version: Version) -> Catalogue:
    """The engine's catalogue of a published version; built once, for a version never changes."""
    return _catalogue(version.hash)


@lru_cache(maxsize=4)
def _catalogue(hash_: str) -> Catalogue:
    return catalogue_from(Version.objects.get(hash=hash_).document)


def desk_of(assessment: Assessment, version: Version, *, on: date) -> Desk:
    """The engine's desk for a case: what it works out is kept while facts and day stay the same."""
    return _desk(case_of(assessment, on=on), version.hash)


@lru_cache(maxsize=8)
def _desk(case: Case, hash_: str) -> Desk:
    return Desk(case, _catalogue(hash_))


def case_of(
    assessment: Assessment,
    *,
    on: date,
    recorded_by: datetime | None = None,
    catalogue: Catalogue | None = None,
) -> Case:
    """What is known of the patient on that day; an answer that has expired counts as unknown.

    With `recorded_by` only by the answers that stood in the record at that moment. Which questions
    there are, and how long an answer holds, `catalogue` says, or else the one in force.
    """
    patient = assessment.patient
    return Case(
        id=str(assessment.pk),
        on=on,
        patient=PatientFacts(
            born=patient.born,
            sex=patient.sex,
            fitzpatrick=patient.fitzpatrick,
            weight_kg=_number(patient.weight_kg),
            height_cm=_number(patient.height_cm),
        ),
        answers=_answers(patient, on, recorded_by, catalogue),
        findings=tuple(_group(finding) for finding in assessment.findings.all()),
        marks=tuple(
            MarkGroup(mark.place, mark.mark_type, mark.count, mark.count_band)
            for mark in assessment.marks.all()
        ),
        wishes=_wishes(patient),
        clinic=_clinic(Clinic.current()),
        previous=(
            *(_past(one) for one in patient.previous_treatments.exclude(treatment="")),
            *_performed(patient),
        ),
    )


def _group(finding) -> Group:
    return Group(
        place=finding.place,
        scar_type=finding.scar_type,
        count=finding.count,
        count_band=finding.count_band,
        width_mm=_number(finding.width_mm),
        depth_mm=_number(finding.depth_mm),
        severity=finding.severity,
        distensible=finding.distensible,
        area_cm2=_number(finding.area_cm2),
        age_months=finding.age_months,
        secondary_type=finding.secondary_type,
        active_inflammation=finding.active_inflammation,
        key=str(finding.lineage),
    )


def _number(value) -> float | None:
    return None if value is None else float(value)


def _wishes(patient) -> Wishes:
    wishes = getattr(patient, "wishes", None)
    if wishes is None:
        return Wishes()
    return Wishes(
        max_downtime_days=wishes.max_downtime_days,
        budget=wishes.budget,
        max_visits=wishes.max_visits,
        finish_by=wishes.finish_by,
        no_needles=wishes.no_needles,
    )


def _clinic(clinic: Clinic) -> ClinicFacts:
    return ClinicFacts(lacks=tuple(sorted(clinic.lacks)), country=clinic.country)


def _past(one: PreviousTreatment) -> PastTreatment:
    return PastTreatment(one.treatment, one.performed_on, tuple(one.places), one.result)


def _performed(patient) -> tuple[PastTreatment, ...]:
    """What was done under the patient's plans; a revision repeats it and it counts once."""
    steps = Step.objects.filter(
        session__block__plan__patient=patient, session__performance__isnull=False
    )
    done = steps.values_list("key", "treatment", "places", "session__performance__performed_on")
    once = {(key, day): PastTreatment(code, day, tuple(at)) for key, code, at, day in done}
    return tuple(sorted(once.values(), key=lambda past: (past.performed_on, past.treatment)))


def _answers(patient, on: date, recorded_by, catalogue) -> tuple[tuple[str, object], ...]:
    asked = catalogue.questions if catalogue else questions()
    stored = answers_in_force(patient, on, recorded_by, asked)
    return tuple(
        (code, UNKNOWN if expired else _answer(asked[code], value))
        for code, (value, _answered_on, expired) in sorted(stored.items())
        if code in asked
    )


def _answer(question: Question, value):
    """A stored answer as the engine knows it: dates as dates, the unknown as UNKNOWN."""
    if isinstance(value, dict):
        return tuple((part, _part(question, part, one)) for part, one in sorted(value.items()))
    return _part(question, question.parts[0].code, value)


def _part(question: Question, code: str, value):
    if value in (None, UNKNOWN_ANSWER):
        return UNKNOWN
    part = question.part(code)
    if part and part.kind == "date" and isinstance(value, str):
        return last_day(value)
    return tuple(value) if isinstance(value, list) else value


def given_plan(plan: Plan) -> GivenPlan:
    """What is still to be done under a stored plan, on its dates and with its reasons."""
    return _given(plan, plan.sessions.filter(performance=None))


def dated_plan(plan: Plan, dates: dict) -> GivenPlan:
    """All of a stored plan, its sessions on the days of `dates` (by key), else on their targets."""
    return _given(plan, plan.sessions, dates)


def _given(plan, sessions, dates=None) -> GivenPlan:
    return GivenPlan(
        sessions=tuple(
            GivenSession(
                day=session.day,
                kind=session.kind,
                on=(dates or {}).get(session.pk),
                steps=tuple(
                    GivenStep(
                        step.treatment, tuple(step.places), str(step.key), step.override_words
                    )
                    for step in session.steps.all()
                ),
            )
            for session in sessions.prefetch_related("steps")
        ),
        first_session_on=plan.starts_on,
        by_protocol=bool(plan.content["protocol"]),
    )
