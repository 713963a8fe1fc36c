"""The condition language: three values, windows to the day, places, and what would settle it."""

from datetime import date

import pytest

from planner.engine.conditions import (
    Facts,
    Spot,
    add_months,
    holds,
    last_day_of_month,
    turning_days,
    unsettled,
)
from planner.engine.values import UNKNOWN, Case, MarkGroup, PatientFacts
from tests.planner.shipped import TODAY, catalogue

TAKING = {"fact": "isotretinoin.taking", "eq": True}
LATELY = {"fact": "isotretinoin.last_dose", "within": {"months": 6}}


def facts(absent="unknown", patient=PatientFacts(), marks=(), **answers) -> Facts:  # noqa: B008
    rows = tuple(
        (code, tuple(v.items()) if isinstance(v, dict) else v) for code, v in answers.items()
    )
    case = Case(on=TODAY, patient=patient, answers=rows, absent=absent, marks=tuple(marks))
    return Facts(case, catalogue())


@pytest.mark.parametrize(
    ("day", "inside"),
    [(date(2027, 2, 27), True), (date(2027, 2, 28), False), (date(2027, 3, 1), False)],
)
def test_six_months_end_on_the_day_itself_and_on_the_last_day_of_a_shorter_month(day, inside):
    known = facts(isotretinoin={"taking": False, "last_dose": date(2026, 8, 31)})

    assert holds(LATELY, known, Spot(day)) is inside
    assert turning_days(LATELY, known, Spot(TODAY)) == {date(2027, 2, 28)}


def test_a_month_counts_with_its_last_day():
    assert last_day_of_month("2028-02") == date(2028, 2, 29)
    assert last_day_of_month("2026-13") is None
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("first", "second", "any_", "all_"),
    [
        (True, UNKNOWN, True, UNKNOWN),
        (False, UNKNOWN, UNKNOWN, False),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_unknown_is_neither_yes_nor_no(first, second, any_, all_):
    known = facts(herpes_history=first, smoking=UNKNOWN, pregnancy=second)
    parts = [{"fact": "herpes_history", "eq": True}, {"fact": "pregnancy", "eq": True}]

    assert holds({"any": parts}, known, Spot(TODAY)) is any_
    assert holds({"all": parts}, known, Spot(TODAY)) is all_
    assert holds({"not": {"all": parts}}, known, Spot(TODAY)) is (
        True if all_ is False else UNKNOWN
    )


def test_an_absent_answer_is_unknown_unless_the_case_says_that_it_means_no():
    assert holds(TAKING, facts(), Spot(TODAY)) is UNKNOWN
    assert holds(TAKING, facts(absent="no"), Spot(TODAY)) is False
    assert unsettled({"any": [TAKING, LATELY]}, facts(), Spot(TODAY)) == ("isotretinoin",)


def test_a_bare_no_says_no_to_every_part():
    known = facts(isotretinoin=False)

    assert holds({"any": [TAKING, LATELY]}, known, Spot(TODAY)) is False


def test_a_regional_answer_is_true_in_its_regions_only():
    known = facts(active_acne={"present": True, "regions": ("malar.L", "nasal_tip")})
    acne = {"fact": "active_acne.present", "eq": True}

    assert holds(acne, known, Spot(TODAY, "malar.L")) is True
    assert holds(acne, known, Spot(TODAY, "nasal_tip.M")) is True
    assert holds(acne, known, Spot(TODAY, "malar.R")) is False


def test_age_is_that_of_the_session():
    known = facts(patient=PatientFacts(born=date(2009, 1, 10)))
    minor = {"fact": "patient.age", "lt": 18}

    assert holds(minor, known, Spot(date(2027, 1, 9))) is True
    assert holds(minor, known, Spot(date(2027, 1, 10))) is False


def test_marks_are_judged_in_their_place():
    known = facts(marks=[MarkGroup("malar.L", "pih")])

    assert holds({"fact": "marks.pih", "eq": True}, known, Spot(TODAY, "malar.L")) is True
    assert holds({"fact": "marks.pih", "eq": True}, known, Spot(TODAY, "malar.R")) is False
    assert holds({"fact": "face.marks_only", "eq": True}, known, Spot(TODAY)) is True
