"""What an edit cannot touch is not computed again: that must never be wrong."""

import random
from dataclasses import replace
from datetime import date
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.impact import cases
from clinic.impact.outcomes import Subject, outcome_of, plan_outcome
from clinic.impact.touching import Changes
from planner.engine.suggest import suggest
from planner.engine.values import PastTreatment
from tests.conftest import FULL
from tests.impact.edits import edited
from tests.planner import shipped

LIGHT = 4
"""Groups of scars of a case that is computed quickly."""


@cache
def subjects() -> list[Subject]:
    """Cases of the library; every third has a birthday ahead, earlier treatments and a draft."""
    read = cases.read(shipped.catalogue(), shipped.load_document_from_yaml())
    light = [row.case for row in read if FULL or len(row.case.findings) <= LIGHT]
    return [_with_a_draft(case) if n % 3 == 0 else Subject(case) for n, case in enumerate(light)]


def _with_a_draft(case) -> Subject:
    patient = replace(case.patient, age=None, born=date(case.on.year - 30, 12, 1))
    done = PastTreatment("subcision", date(2026, 10, 1))
    case = replace(case, patient=patient, previous=(done,))
    proposals = suggest(case, shipped.catalogue()).proposals
    return Subject(case, shipped.as_given(proposals[0]) if proposals else None)


@cache
def now(subject: Subject) -> dict:
    return outcome_of(subject, shipped.catalogue())


@settings(max_examples=400 if FULL else 5)
@given(seed=st.integers(0, 2**32))
def test_what_is_called_untouched_comes_out_the_same(seed):
    catalogue, told = edited(seed)
    changes = Changes(shipped.catalogue(), catalogue)
    drawn = random.Random(seed).sample(subjects(), 20 if FULL else 3)

    untouched = [subject for subject in drawn if not changes.touches(subject)]

    for subject in untouched:
        assert outcome_of(subject, catalogue) == now(subject), f"{subject.case.id}: {told}"
    for subject in subjects():
        if subject.given and not changes.may_touch_plan(subject):
            plan = plan_outcome(subject, catalogue)
            assert plan == plan_outcome(subject, shipped.catalogue()), f"{subject.case.id}: {told}"


def touched(catalogue) -> set[str]:
    changes = Changes(shipped.catalogue(), catalogue)
    return {subject.case.id for subject in subjects() if changes.touches(subject)}


def with_row(section, code, change):
    document = shipped.load_document_from_yaml()
    rows = [change(row) if row["code"] == code else row for row in document[section]]
    return shipped.catalogue_from({**document, section: rows})


def test_a_text_or_a_source_touches_nobody():
    def other_words(row):
        clauses = [clause | {"words": f"So: {clause['words']}"} for clause in row["clauses"]]
        return row | {"text": "Other words", "sources": ["R2"], "clauses": clauses}

    assert touched(with_row("safety_rules", "PIH-2", other_words)) == set()


def test_a_safety_rule_touches_only_those_whom_it_may_hold_for():
    def raised(row):
        return row | {"clauses": [clause | {"effect": "BLOCK"} for clause in row["clauses"]]}

    found = touched(with_row("safety_rules", "ISO-5", raised))

    asked = {s.case.id for s in subjects() if "isotretinoin" in dict(s.case.answers)}
    over = {"history-03", "history-04"}  # exactly 6 and 12 months ago
    assert found == asked - over


def test_a_constant_of_the_model_touches_everybody():
    catalogue = with_row("calibration", "overlap", lambda row: row | {"value": 0.123})

    assert touched(catalogue) == {subject.case.id for subject in subjects()}
