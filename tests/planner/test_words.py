"""What a clinician reads about a plan: ranges first, doubts as doubts, no names of the program."""

import datetime as dt

import pytest
from django.utils import timezone

from patients.services import record_answers
from planner.asking import missing
from planner.draft_forms import CLOSED, WISHED, grouped
from planner.engine.arranged import Open
from planner.presenting import suggestion_page
from planner.templatetags.planning import better, by_reason, quarters, rule_codes, tells_a_year
from tests.factories import make_patient, make_suggestion, make_user
from tests.planner.shipped import face, scars, suggested

WIDE = {"improvement": [0.27, 0.66], "middle": 0.51, "at_12_months": [0.27, 0.66]}


def test_an_expectation_is_its_range_and_its_words_cover_the_whole_range():
    assert better(WIDE) == "27 to 66 % better, most likely about 51 %"
    assert quarters(WIDE) == "26–50 % to 51–75 %"
    assert quarters({"improvement": [0.30, 0.41]}) == "26–50 %"


def test_a_year_s_figure_that_repeats_the_first_is_not_told_of_a_temporary_effect():
    assert tells_a_year({"expected": WIDE, "top_ups": []})
    assert not tells_a_year({"expected": WIDE, "top_ups": [["ha_filler", 12, "400"]]})
    waning = WIDE | {"at_12_months": [0.20, 0.50]}
    assert tells_a_year({"expected": waning, "top_ups": [["ha_filler", 9, "400"]]})


def test_what_has_to_wait_is_named_with_its_day_and_each_reason_once():
    class Catalogue:
        treatment = staticmethod({"peel": "Peel", "laser": "Laser"}.get)

    row = {"until": "2027-01-16", "rules": ["ISO-1"], "text": "Wait after isotretinoin."}

    found = by_reason([row | {"treatment": "peel"}, row | {"treatment": "laser"}], Catalogue)

    assert [(one["names"], one["until"], one["text"]) for one in found] == [
        ("Peel and Laser", dt.date(2027, 1, 16), "Wait after isotretinoin.")
    ]


def test_only_codes_of_written_rules_are_shown():
    assert rule_codes(["max_downtime_days"]) == rule_codes("skin_type") == ""
    assert rule_codes("PRG-1,d1") == '<span class="rule">PRG-1</span>'


def test_in_the_list_of_swaps_a_wish_is_no_contraindication():
    rows = [Open("a", "A", "wish", "", 0.1), Open("b", "B", "BLOCK", "", 0.2)]

    assert [name for name, _ in grouped(rows)] == [WISHED, CLOSED]


@pytest.mark.django_db
def test_an_answer_that_is_not_known_is_told_apart_from_none():
    by, today = make_user(), timezone.localdate()
    suggestion = make_suggestion(by=by)
    names = suggestion_page(suggestion)["names"]
    patient = make_patient(by=by)
    question = "isotretinoin"
    before = missing([question, "patient.fitzpatrick"], patient, today, names)
    record_answers(patient=patient, answers={question: "unknown"}, on=today, by=by)

    after = missing([question], patient, today, names)
    since = missing([question], suggestion.patient, today, names, suggestion.created_at)

    assert since == [f"Not answered yet: {names.question(question)}"]
    assert before[0].startswith("Not answered yet: ")
    assert before[1] == "Not recorded: Skin type (Fitzpatrick)"
    assert after[0].startswith(f"Answered “not known” on {today:%d-%b-%Y}: ")


def test_when_nothing_may_be_planned_the_reason_that_rules_out_most_is_told():
    case = face(scars("malar.L", "rolling"), pregnancy=True, pregnancy_excluded=False)

    text = suggested(case).no_plan.text

    assert text.startswith("Nothing may be planned now. ")
    assert "until after the birth" in text
    assert "for these scars." in text
