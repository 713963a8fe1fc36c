"""A revision: it keeps what was performed, says what differs, and takes over in one breath."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse

from planner import reviewing, services
from planner.bridge import case_of, given_plan
from planner.difference import difference
from planner.errors import NotRevisable, PerformedMeanwhile, PlanMoved
from planner.models import Decision, Performance, Plan, State
from planner.revision import revise
from tests.factories import (
    FIRST_DAY,
    make_approved_plan,
    make_draft_plan,
    make_proposal,
    make_session,
    make_signed_assessment,
    make_step,
    make_suggestion,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_in_the_way(monkeypatch):
    """What stands in the way of a signature is not what these tests are about."""
    monkeypatch.setattr(services, "approval_obstacles", lambda plan: [])


def perform(session, *, late=0):
    on = session.target_on + dt.timedelta(days=late)
    return services.record_performed(session=session, performed_on=on, by=make_user())


def running_plan(late=0):
    """A plan whose first visit is done, `late` days after its date."""
    plan = make_approved_plan()
    perform(plan.sessions.first(), late=late)
    plan.refresh_from_db()
    return plan


def approve(plan, by=None):
    by = by or make_user()
    services.propose(plan=plan, by=by)
    services.approve(plan=plan, by=by)


def later_suggestion(plan, *sessions, cost="180.00"):
    """Another answer of the planner, after a newer assessment of the same patient."""
    seen = FIRST_DAY + dt.timedelta(days=60)
    start = sessions[0].day
    sessions = [replace(one, day=one.day - start) for one in sessions]
    assessment = make_signed_assessment(patient=plan.patient, on=seen)
    proposal = make_proposal(
        sessions=sessions,
        first_session_on=sessions[0].on,
        cost=Decimal(cost),
        blocks=((1, True, Decimal(cost)),),
        preparations=(),
        home_care=(),
    )
    return make_suggestion(assessment=assessment, proposals=(proposal,))


def keys(plan):
    return {step.key for session in plan.sessions for step in session.steps.all()}


# ---- a draft in place of the plan


def test_a_revision_as_it_stands_keeps_every_key_and_points_back():
    plan = running_plan()

    draft = revise(plan=plan, by=make_user())

    assert (draft.state, draft.revises, draft.number) == (State.DRAFT, plan, 2)
    assert keys(draft) == keys(plan)
    assert [s.continues for s in draft.sessions] == list(plan.sessions)
    assert draft.content["revises"] == plan.content_hash
    plan.refresh_from_db()
    assert plan.state == State.IN_PROGRESS


def test_a_revision_keeps_what_was_performed_on_its_day():
    plan = running_plan(late=3)

    draft = revise(plan=plan, by=make_user())

    done = Performance.objects.get(session__block__plan=draft)
    assert done.session.number == 1
    assert done.performed_on == FIRST_DAY + dt.timedelta(days=3)
    assert draft.starts_on == done.performed_on


def test_what_is_still_to_come_moves_on_by_as_much_as_the_last_visit_was_late():
    plan = running_plan(late=3)

    draft = revise(plan=plan, by=make_user())

    second = draft.sessions.get(number=2)
    assert second.target_on == FIRST_DAY + dt.timedelta(days=31)
    assert second.day == 28


def test_a_new_protocol_follows_what_was_performed():
    plan = running_plan()
    suggestion = later_suggestion(plan, make_session(70), make_session(98), cost="360.00")

    draft = revise(plan=plan, by=make_user(), suggestion=suggestion, strategy="balanced")

    assert [(s.number, s.block.number, s.target_on) for s in draft.sessions] == [
        (1, 1, FIRST_DAY),
        (2, 2, FIRST_DAY + dt.timedelta(days=70)),
        (3, 2, FIRST_DAY + dt.timedelta(days=98)),
    ]
    assert [s.day for s in draft.sessions] == [0, 70, 98]
    assert draft.cost == Decimal("540.00")
    assert draft.assessment == suggestion.assessment


def test_a_step_that_the_new_protocol_repeats_keeps_its_key():
    plan = running_plan()
    other = make_step("filler_ha", "Hyaluronic acid filler", places=("chin.M",))
    suggestion = later_suggestion(
        plan, make_session(70), make_session(98, steps=(other,)), cost="360.00"
    )

    draft = revise(plan=plan, by=make_user(), suggestion=suggestion, strategy="balanced")

    second_old = plan.sessions.get(number=2)
    second, third = draft.sessions.filter(number__gt=1)
    assert second.steps.get().key == second_old.steps.get().key
    assert second.continues == second_old
    assert third.steps.get().key not in keys(plan)
    assert third.continues is None


@pytest.mark.parametrize("state", [State.DRAFT, State.DISCONTINUED])
def test_only_a_plan_that_runs_can_be_revised(state):
    if state == State.DRAFT:
        plan = make_draft_plan()
    else:
        plan = make_approved_plan()
        services.discontinue(plan=plan, by=make_user(), seen=plan.state, reason_code="other")

    with pytest.raises(NotRevisable, match="only a plan that runs"):
        revise(plan=plan, by=make_user())


def test_a_plan_is_revised_by_one_draft_at_a_time():
    plan = make_approved_plan()
    first = revise(plan=plan, by=make_user())

    with pytest.raises(NotRevisable, match="being revised already: see Plan 2"):
        revise(plan=plan, by=make_user())

    services.reject(plan=first, by=make_user(), seen=first.state, reason_code="cost")
    assert revise(plan=plan, by=make_user()).number == 3


# ---- its signature


def test_a_signed_revision_takes_the_place_of_the_old_plan():
    plan = running_plan()
    draft = revise(plan=plan, by=make_user())

    approve(draft)

    plan.refresh_from_db()
    draft.refresh_from_db()
    assert (plan.state, draft.state) == (State.SUPERSEDED, State.IN_PROGRESS)
    assert plan.decisions.last().note == "Plan 2 takes its place."
    assert Plan.objects.active().get() == draft
    assert draft.quotes.get().total == draft.cost


def test_a_revision_of_a_plan_of_which_nothing_was_performed_is_approved_only():
    draft = revise(plan=make_approved_plan(), by=make_user())

    approve(draft)

    assert draft.state == State.APPROVED


def test_a_visit_performed_after_the_revision_was_begun_stops_its_signature():
    plan = running_plan()
    draft = revise(plan=plan, by=make_user())
    perform(plan.sessions.get(number=2))

    with pytest.raises(PerformedMeanwhile, match="Visit 2 of the plan in force was performed"):
        approve(draft)

    plan.refresh_from_db()
    draft.refresh_from_db()
    assert (plan.state, draft.state) == (State.IN_PROGRESS, State.PROPOSED)


def test_a_revision_of_a_plan_that_ended_meanwhile_is_not_signed():
    plan = make_approved_plan()
    draft = revise(plan=plan, by=make_user())
    services.discontinue(plan=plan, by=make_user(), seen=plan.state, reason_code="new_risk")

    with pytest.raises(PlanMoved, match="Plan 1 was changed meanwhile: it is now discontinued"):
        approve(draft)


# ---- what the planner is told


def test_what_was_performed_counts_once_as_a_past_treatment():
    plan = running_plan()
    revise(plan=plan, by=make_user())

    (past,) = case_of(plan.assessment, on=FIRST_DAY + dt.timedelta(days=7)).previous

    assert (past.treatment, past.performed_on) == ("tca_cross", FIRST_DAY)
    assert set(past.places) == {"malar.L", "malar.R"}


def test_only_what_is_still_to_come_is_checked_anew():
    draft = revise(plan=running_plan(), by=make_user())

    assert [session.day for session in given_plan(draft).sessions] == [28, 112, 126]


# ---- the difference


def test_the_difference_names_what_was_kept_added_dropped_and_moved():
    plan = running_plan()
    peel = make_step("peel_tca", "TCA peel", places=("chin.M",), price=Decimal("200.00"))
    suggestion = later_suggestion(
        plan, make_session(70), make_session(98, steps=(peel,)), cost="380.00"
    )
    draft = revise(plan=plan, by=make_user(), suggestion=suggestion, strategy="balanced")

    found = difference(plan, draft)

    assert [(row.change, row.what) for row in found.rows] == [
        ("performed", "TCA CROSS"),
        ("moved", "TCA CROSS"),
        ("added", "TCA peel"),
        ("dropped", "Review"),
        ("dropped", "Hyaluronic acid filler"),
    ]
    figures = {one.label: one for one in found.figures}
    assert figures["Cost"].change == "\N{MINUS SIGN} EUR 120"
    assert figures["Visits"].change == "-1"


def test_a_revision_as_it_stands_changes_nothing():
    plan = make_approved_plan()

    found = difference(plan, revise(plan=plan, by=make_user()))

    assert found.summary == "4 unchanged"
    assert not any(one.change for one in found.figures)


# ---- a review


def review_of(plan):
    return plan.sessions.get(kind="review")


def decide(plan, verdict, **fields):
    fields = {
        "assessment": make_signed_assessment(
            patient=plan.patient, on=FIRST_DAY + dt.timedelta(days=112)
        ),
        "by": make_user(),
        **fields,
    }
    return reviewing.decide(session=review_of(plan), verdict=verdict, **fields)


def test_to_continue_confirms_the_next_block():
    plan = running_plan()
    assert reviewing.confirmed_blocks(plan) == {1}

    decision = decide(plan, reviewing.CONTINUE, note="Half of it is gone.")

    assert reviewing.confirmed_blocks(plan) == {1, 2}
    assert (decision.old_state, decision.new_state) == (State.IN_PROGRESS, State.IN_PROGRESS)


def test_to_stop_ends_the_plan_with_its_reason():
    plan = running_plan()

    decide(plan, reviewing.STOP, reason_code="satisfied")

    plan.refresh_from_db()
    assert plan.state == State.DISCONTINUED
    assert plan.decisions.last().reason_code == "satisfied"


def test_to_change_leaves_the_plan_in_force_until_its_revision_is_signed():
    plan = running_plan()

    decide(plan, reviewing.CHANGE)

    plan.refresh_from_db()
    assert plan.state == State.IN_PROGRESS
    assert reviewing.confirmed_blocks(plan) == {1}


def test_a_review_is_decided_once():
    plan = running_plan()
    decide(plan, reviewing.CONTINUE)

    with pytest.raises(NotRevisable, match="decided already"):
        decide(
            plan, reviewing.STOP, assessment=Decision.objects.get(review=review_of(plan)).assessment
        )

    plan.refresh_from_db()
    assert plan.state == State.IN_PROGRESS


def test_a_review_rests_on_an_assessment_made_after_the_last_visit():
    plan = running_plan()

    for assessment in (
        plan.assessment,
        make_signed_assessment(patient=plan.patient, on=FIRST_DAY - dt.timedelta(days=1)),
        make_signed_assessment(on=FIRST_DAY + dt.timedelta(days=112)),
    ):
        with pytest.raises(NotRevisable, match="signed assessment made since the last visit"):
            decide(plan, reviewing.CONTINUE, assessment=assessment)


# ---- the pages


@pytest.fixture
def clinician(client):
    user = make_user()
    client.force_login(user)
    return user


def test_one_press_begins_a_revision_and_its_page_shows_the_difference(client, clinician):
    plan = running_plan()

    client.post(reverse("planner:revise", args=[plan.pk]))
    draft = plan.revisions.get()
    page = client.get(reverse("planner:difference", args=[draft.pk])).content.decode()

    assert "1 performed, 3 unchanged" in page.lower()


def test_a_protocol_taken_while_a_plan_runs_becomes_its_revision(client, clinician):
    plan = running_plan()
    suggestion = later_suggestion(plan, make_session(70))

    client.post(reverse("planner:choose", args=[suggestion.pk]), {"strategy": "balanced"})

    assert plan.revisions.get().suggestion == suggestion


def test_the_review_page_records_the_decision(client, clinician):
    plan = running_plan()
    seen = make_signed_assessment(patient=plan.patient, on=FIRST_DAY + dt.timedelta(days=112))
    address = reverse("planner:review", args=[plan.pk, review_of(plan).pk])

    client.post(address, {"assessment": seen.pk, "verdict": reviewing.CONTINUE, "note": "Good"})

    decision = Decision.objects.get(review=review_of(plan))
    assert (decision.decided_by, decision.note) == (clinician, "Good")


def test_to_stop_at_a_review_asks_why_and_keeps_what_was_typed(client, clinician):
    plan = running_plan()
    seen = make_signed_assessment(patient=plan.patient, on=FIRST_DAY + dt.timedelta(days=112))
    address = reverse("planner:review", args=[plan.pk, review_of(plan).pk])

    answer = client.post(
        address, {"assessment": seen.pk, "verdict": reviewing.STOP, "note": "Burnt"}
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose why the plan ends" in page
    assert "Burnt" in page
    plan.refresh_from_db()
    assert plan.state == State.IN_PROGRESS


def test_without_a_new_assessment_the_review_page_says_what_to_do(client, clinician):
    plan = running_plan()

    page = client.get(reverse("planner:review", args=[plan.pk, review_of(plan).pk]))

    assert "Nothing to decide on yet" in page.content.decode()
