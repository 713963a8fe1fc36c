"""A stored suggestion can be computed again: from what was stored, to the same bytes."""

import dataclasses
import datetime as dt
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from clinic.catalogue.services import load
from patients import services as records
from planner import editing, services
from planner import outline as hand
from planner.engine import values
from planner.engine.suggest import PLANNER_VERSION
from planner.management.commands import replay as command
from planner.management.commands.replay import differences
from planner.models import Plan, Suggestion
from planner.revision import revise
from planner.stored import case_from_plain, plain
from tests.factories import make_signed_assessment, make_user, shipped
from tests.planner.drafts import rolled_back

DOCUMENT = {"questions": shipped("questions")}
PLACES = st.sampled_from(["malar.L", "chin.M", "nasal_tip.M"])
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1))
TODAY = dt.date(2026, 11, 21)
LENGTHS = st.none() | st.floats(0.1, 30)

CASES = st.builds(
    values.Case,
    on=DAYS,
    patient=st.builds(
        values.PatientFacts,
        born=st.none() | DAYS,
        age=st.none() | st.integers(0, 99),
        sex=st.sampled_from([None, "F", "M"]),
        fitzpatrick=st.none() | st.integers(1, 6),
        weight_kg=LENGTHS,
        height_cm=LENGTHS,
    ),
    answers=st.tuples(
        st.tuples(
            st.just("isotretinoin"),
            st.tuples(
                st.tuples(st.just("last_dose"), DAYS | st.just(values.UNKNOWN)),
                st.tuples(st.just("taking"), st.booleans() | st.just(values.UNKNOWN)),
            ),
        ),
        st.tuples(st.just("breastfeeding"), st.booleans() | st.just(values.UNKNOWN)),
    ),
    findings=st.lists(
        st.builds(
            values.Group,
            PLACES,
            st.sampled_from(["ice_pick", "rolling"]),
            count=st.none() | st.integers(1, 50),
            width_mm=LENGTHS,
            depth_mm=LENGTHS,
            distensible=st.none() | st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    marks=st.lists(st.builds(values.MarkGroup, PLACES, st.just("pih")), max_size=2).map(tuple),
    wishes=st.builds(
        values.Wishes,
        max_downtime_days=st.none() | st.integers(0, 30),
        budget=st.none() | st.decimals(1, 9999, places=2),
        finish_by=st.none() | DAYS,
        no_needles=st.booleans(),
    ),
    clinic=st.builds(values.ClinicFacts, lacks=st.just(("tca_cross",)), country=st.just("GB-ENG")),
    previous=st.lists(
        st.builds(
            values.PastTreatment,
            st.just("subcision"),
            st.none() | DAYS,
            st.lists(PLACES, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
)


@given(CASES)
def test_a_case_comes_back_as_it_was_written_down(case):
    assert case_from_plain(plain(case), DOCUMENT) == case


def test_a_place_of_a_regional_answer_stays_a_list_and_a_word_stays_a_word():
    answers = (("active_infection", (("present", True), ("regions", ("malar.L", "chin.M")))),)
    case = values.Case(on=dt.date(2026, 11, 1), answers=answers)

    assert case_from_plain(plain(case), DOCUMENT).answers == answers


def test_the_database_s_lack_of_a_negative_nought_changes_nothing():
    assert str(plain(-0.0)) == "0.0"


def test_a_difference_names_its_place():
    old = {"proposals": [{"cost": "480.00", "weeks": 12}]}
    new = {"proposals": [{"cost": "520.00", "weeks": 12}, {"cost": "1"}]}

    assert list(differences(old, new)) == [
        'result.proposals[0].cost: "480.00", now "520.00"',
        'result.proposals[1]: nothing, now {"cost":"1"}',
    ]


# ---- the command, on the planner and the catalogue as they are


@pytest.fixture(scope="module")
def suggestion(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), rolled_back():
        load()
        by = make_user()
        seen = make_signed_assessment(
            by=by, findings=[{"region": "malar", "side": side, "count": 4} for side in "LR"]
        )
        yield services.suggest_for(assessment=seen, by=by, on=TODAY)


@pytest.fixture
def plan(suggestion, db):
    strategy = suggestion.result["proposals"][0]["strategy"]
    return services.draft_plan(suggestion=suggestion, strategy=strategy, by=suggestion.created_by)


def replay(plan):
    out = StringIO()
    try:
        call_command("replay", str(plan if isinstance(plan, str) else plan.pk), stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def test_the_same_planner_gives_the_same_bytes(plan):
    code, said = replay(plan)

    assert code == 0
    assert "Identical: " in said
    assert f"Planner: {PLANNER_VERSION}, the same now" in said
    assert "Solver: ortools" in said


def test_later_answers_and_a_later_catalogue_change_nothing(plan):
    plan.patient.fitzpatrick = 6
    plan.patient.save()
    load(overwrite=True)

    assert replay(plan)[0] == 0


def test_a_planner_that_says_otherwise_is_shown_line_by_line(plan, monkeypatch):
    real = command.suggest
    monkeypatch.setattr(command, "PLANNER_VERSION", "9.9")
    monkeypatch.setattr(
        command, "suggest", lambda *given: _dearer(real(*given), Decimal("10000.00"))
    )

    code, said = replay(plan)

    assert code == 1
    assert f"Planner: {PLANNER_VERSION}, now 9.9" in said
    assert 'result.proposals[0].cost: "' in said
    assert ', now "10000.00"' in said
    assert "since then the planner changed" in said


def test_another_planner_that_says_the_same_is_identical_all_the_same(plan, monkeypatch):
    monkeypatch.setattr(command, "PLANNER_VERSION", "9.9")

    code, said = replay(plan)

    assert code == 0
    assert "now 9.9" in said
    assert "Identical: " in said


def test_another_result_of_the_same_planner_is_called_a_fault(plan, monkeypatch):
    real = command.suggest
    monkeypatch.setattr(command, "suggest", lambda *given: _dearer(real(*given), Decimal("1.00")))

    code, said = replay(plan)

    assert code == 1
    assert "this is a fault" in said


def _dearer(suggestion, cost):
    first, *rest = suggestion.proposals
    return dataclasses.replace(suggestion, proposals=(dataclasses.replace(first, cost=cost), *rest))


@pytest.mark.django_db
@pytest.mark.parametrize("plan", ["not an id", "0190f3c2-7a54-7c3e-8b1a-2f6d5e4c3b2a"])
def test_a_plan_that_is_not_there_is_said_to_be_so(plan):
    code, said = replay(plan)

    assert code == 2
    assert "no plan" in said


def test_nothing_is_written_by_a_replay(plan):
    before = (Plan.objects.count(), Suggestion.objects.count())

    replay(plan)

    assert (Plan.objects.count(), Suggestion.objects.count()) == before


# ---- what a clinician made of it


def changed(plan, change, words="Changed"):
    return editing.edit(
        plan=plan, by=plan.drafted_by, revision=plan.revision, change=change, words=words
    )


def outline(plan):
    return hand.outline_of(editing.keyed(plan)["sessions"])


def test_a_plan_that_was_changed_by_hand_is_built_again_by_the_facts_of_then(plan):
    by = plan.drafted_by
    number, visit = next((n, v) for n, v in enumerate(outline(plan), 1) if v.lines)
    line = visit.lines[0]
    later = visit.on + dt.timedelta(days=9)
    dropped = changed(
        plan, lambda o: hand.drop(o, (hand.alike(o, line.key)[-1],)), words="Dropped the last one"
    )
    moved = changed(dropped, lambda o: hand.move_visit(o, number, later, True), words="Moved")
    assert moved.content_hash != plan.content_hash
    weight, moved.patient.weight_kg = moved.patient.weight_kg, 40
    moved.patient.save()
    answers = {"isotretinoin": {"taking": True, "last_dose": "2026-11-01"}}
    records.record_answers(patient=moved.patient, answers=answers, on=TODAY, by=by)
    load(overwrite=True)

    code, said = replay(moved)

    assert weight != 40
    assert code == 0, said
    assert f"Identical: the plan after change 2, “Moved”, {moved.content_hash}" in said
    undone = editing.undo(plan=moved, by=by, revision=moved.revision)
    assert "Identical: the plan after change 1, “Dropped the last one”" in replay(undone)[1]
    taken = editing.undo(plan=undone, by=by, revision=undone.revision)
    assert "Identical: the plan as it was taken" in replay(taken)[1]


def test_what_the_rules_said_of_a_changed_plan_is_told_with_it(plan):
    visits = [(n, v) for n, v in enumerate(outline(plan), 1) if v.lines]
    (_, first), (number, _) = visits[:2]
    near = changed(
        plan, lambda o: hand.move_visit(o, number, first.on + dt.timedelta(days=1)), words="Near"
    )

    code, said = replay(near)

    assert code == 0
    assert "the rules said of it then: " in said
    assert "is the least." in said


def test_a_changed_plan_that_comes_out_otherwise_is_shown_line_by_line(plan):
    moved = changed(plan, lambda o: hand.move_visit(o, 1, o[0].on + dt.timedelta(days=7), True))
    Plan.objects.filter(pk=moved.pk).update(content=moved.content | {"cost": "1.00"})

    code, said = replay(moved)

    assert code == 1
    assert 'plan.cost: "1.00", now "' in said
    assert "The plan comes out differently" in said


def test_a_revision_is_made_again_from_the_plan_that_it_revises(plan, monkeypatch):
    monkeypatch.setattr(services, "approval_obstacles", lambda plan: [])
    services.propose(plan=plan, by=plan.drafted_by)
    services.approve(plan=plan, by=plan.drafted_by)
    first = next(session for session in plan.sessions if session.kind == "procedure")
    services.record_performed(
        session=first, performed_on=first.target_on + dt.timedelta(days=3), by=plan.drafted_by
    )

    draft = revise(plan=plan, by=plan.drafted_by)

    code, said = replay(draft)
    assert code == 0, said
    assert "Identical: the plan as it was taken to revise Plan 1" in said
