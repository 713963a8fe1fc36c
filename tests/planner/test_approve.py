"""A signature: who gives it, what stands in its way, and that nothing under it changes again."""

from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from clinic.staff.roles import Role
from planner import services
from planner.errors import ActivePlanExists, NotApprovable, PlanMoved
from planner.models import Decision, Plan, State
from tests.factories import (
    PASSWORD,
    make_approved_plan,
    make_draft_plan,
    make_proposed_plan,
    make_suggestion,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def nothing_in_the_way(monkeypatch):
    monkeypatch.setattr(services, "approval_obstacles", lambda plan: [])


def sql(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def rows_of(plan):
    """The id of one row of each table under a plan."""
    session = plan.sessions.first()
    return {
        "plan": plan.pk,
        "block": session.block_id,
        "session": session.pk,
        "step": session.steps.first().pk,
    }


# ---- what the database refuses


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE planner_plan SET cost = 1 WHERE id = %s", "plan"),
        ("UPDATE planner_plan SET content = '{}' WHERE id = %s", "plan"),
        ("UPDATE planner_plan SET starts_on = '2027-01-01' WHERE id = %s", "plan"),
        ("UPDATE planner_plan SET approved_at = now() WHERE id = %s", "plan"),
        ("UPDATE planner_plan SET patient_id = gen_random_uuid() WHERE id = %s", "plan"),
        ("DELETE FROM planner_plan WHERE id = %s", "plan"),
        ("UPDATE planner_block SET firm = false WHERE id = %s", "block"),
        ("DELETE FROM planner_block WHERE id = %s", "block"),
        ("INSERT INTO planner_block (plan_id, number, firm) VALUES (%s, 9, true)", "plan"),
        ("UPDATE planner_plannedsession SET target_on = '2027-01-01' WHERE id = %s", "session"),
        ("DELETE FROM planner_plannedsession WHERE id = %s", "session"),
        ("UPDATE planner_step SET price = 1 WHERE id = %s", "step"),
        ("UPDATE planner_step SET places = '{chin.M}' WHERE id = %s", "step"),
        ("DELETE FROM planner_step WHERE id = %s", "step"),
        (
            "INSERT INTO planner_step SELECT (s).* FROM (SELECT s FROM planner_step s"
            " WHERE s.session_id = %s LIMIT 1) AS copied",
            "session",
        ),
    ],
)
def test_the_database_refuses_a_change_under_a_signature(statement, row):
    plan = make_approved_plan()

    with pytest.raises(DatabaseError):
        sql(statement, rows_of(plan)[row])


@pytest.mark.parametrize("table", ["block", "session", "step"])
def test_nothing_can_be_moved_out_of_a_signed_plan(table):
    signed, draft = make_approved_plan(), make_draft_plan()
    here, there = rows_of(signed), rows_of(draft)
    moves = {
        "block": ("UPDATE planner_block SET plan_id = %s, number = 9 WHERE id = %s", "plan"),
        "session": (
            "UPDATE planner_plannedsession SET block_id = %s, number = 9 WHERE id = %s",
            "block",
        ),
        "step": ('UPDATE planner_step SET session_id = %s, "order" = 9 WHERE id = %s', "session"),
    }
    statement, parent = moves[table]

    with pytest.raises(IntegrityError, match="the plan is signed"):
        sql(statement, there[parent], here[table])


def test_nothing_can_be_moved_into_a_signed_plan():
    signed, draft = make_approved_plan(), make_draft_plan()

    with pytest.raises(IntegrityError, match="the plan is signed"):
        sql(
            "UPDATE planner_block SET plan_id = %s, number = 9 WHERE id = %s",
            signed.pk,
            rows_of(draft)["block"],
        )


def test_a_draft_may_still_be_changed():
    plan = make_draft_plan()

    sql("UPDATE planner_step SET price = 1 WHERE id = %s", rows_of(plan)["step"])

    assert plan.sessions.first().steps.first().price == 1


@pytest.mark.parametrize(
    ("state", "target"),
    [
        (State.DRAFT, State.APPROVED),
        (State.DRAFT, State.COMPLETED),
        (State.APPROVED, State.DRAFT),
        (State.APPROVED, State.PROPOSED),
        (State.APPROVED, State.REJECTED),
        (State.APPROVED, State.COMPLETED),
    ],
)
def test_the_database_refuses_a_move_that_the_table_does_not_hold(state, target):
    plan = make_draft_plan() if state == State.DRAFT else make_approved_plan()

    with pytest.raises(IntegrityError, match="a plan cannot move from"):
        sql("UPDATE planner_plan SET state = %s WHERE id = %s", str(target), plan.pk)


def test_an_approval_without_a_name_is_refused_by_the_database():
    plan = make_proposed_plan()

    with pytest.raises(IntegrityError, match="plan_approved_with_who_and_when"):
        sql("UPDATE planner_plan SET state = 'approved' WHERE id = %s", plan.pk)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE planner_decision SET note = 'x' WHERE plan_id = %s",
        "DELETE FROM planner_decision WHERE plan_id = %s",
    ],
)
def test_a_decision_is_never_edited(statement):
    plan = make_approved_plan()

    with pytest.raises(DatabaseError, match="decision_is_append_only"):
        sql(statement, plan.pk)


# ---- one active plan


def test_a_second_plan_for_the_same_patient_is_refused(nothing_in_the_way):
    first = make_approved_plan()
    by = make_user()
    second = make_proposed_plan(assessment=first.assessment, by=by)

    with pytest.raises(ActivePlanExists, match="already has an active plan \\(Plan 1\\)"):
        services.approve(plan=second, by=by)

    second.refresh_from_db()
    assert second.state == State.PROPOSED
    assert not second.decisions.filter(new_state=State.APPROVED).exists()


def test_a_discontinued_plan_makes_room_for_another(nothing_in_the_way):
    first, by = make_approved_plan(), make_user()
    services.discontinue(plan=first, by=by, seen=first.state, reason_code="plateau")
    second = make_proposed_plan(assessment=first.assessment, by=by)

    services.approve(plan=second, by=by)

    assert second.state == State.APPROVED


# ---- who was first


def test_a_plan_is_signed_only_from_the_state_and_revision_that_was_seen(nothing_in_the_way):
    plan, by = make_proposed_plan(), make_user()
    Plan.objects.filter(pk=plan.pk).update(revision=1)

    with pytest.raises(PlanMoved):
        services.approve(plan=plan, by=by)

    plan.refresh_from_db()
    assert plan.state == State.PROPOSED


@pytest.mark.django_db(transaction=True)
def test_of_two_clinicians_at_once_one_signs_and_the_other_is_told(nothing_in_the_way):
    plan = make_proposed_plan()
    people = [make_user(), make_user()]
    start, said = Barrier(2), []

    def press(by):
        try:
            mine = Plan.objects.get(pk=plan.pk)
            start.wait()
            services.approve(plan=mine, by=by)
            said.append("signed")
        except PlanMoved as error:
            said.append(str(error))
        finally:
            connection.close()

    threads = [Thread(target=press, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said)[1] == "signed"
    assert sorted(said)[0].startswith("Plan 1 was changed meanwhile: it is now approved.")
    assert Decision.objects.filter(plan=plan, new_state=State.APPROVED).count() == 1
    assert plan.quotes.count() == 1


# ---- what stands in the way


def test_what_stands_in_the_way_is_said_and_nothing_is_signed(monkeypatch):
    reasons = ["TCA CROSS is postponed until 16-Jan-2027.", "Not answered yet: isotretinoin?"]
    monkeypatch.setattr(services, "approval_obstacles", lambda plan: reasons)
    plan = make_proposed_plan()

    with pytest.raises(NotApprovable) as refusal:
        services.approve(plan=plan, by=make_user())

    plan.refresh_from_db()
    assert refusal.value.reasons == tuple(reasons)
    assert plan.state == State.PROPOSED
    assert not plan.quotes.exists()


# ---- the page


@pytest.fixture
def clinician(client):
    user = make_user()
    client.force_login(user)
    return user


def typed(plan, **fields):
    return {
        "seen": plan.state,
        "revision": plan.revision,
        "read": "on",
        "note": "Read with the patient",
        "password": PASSWORD,
        **fields,
    }


def test_the_right_password_signs(client, clinician, nothing_in_the_way):
    plan = make_proposed_plan()

    client.post(reverse("planner:approve", args=[plan.pk]), typed(plan))

    plan.refresh_from_db()
    assert (plan.state, plan.approved_by) == (State.APPROVED, clinician)
    assert plan.decisions.get(new_state=State.APPROVED).note == "Read with the patient"


def test_a_wrong_password_signs_nothing_and_keeps_what_was_typed(
    client, clinician, nothing_in_the_way
):
    plan = make_proposed_plan()

    answer = client.post(
        reverse("planner:approve", args=[plan.pk]), typed(plan, password="not mine")
    )

    plan.refresh_from_db()
    assert plan.state == State.PROPOSED
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "This is not your password" in page
    assert "Read with the patient" in page
    assert "not mine" not in page


def test_obstacles_stand_on_the_page(client, clinician, monkeypatch):
    monkeypatch.setattr(
        services, "approval_obstacles", lambda plan: ["Postponed until 16-Jan-2027."]
    )
    plan = make_proposed_plan()

    page = client.get(plan.get_absolute_url()).content.decode()
    answer = client.post(reverse("planner:approve", args=[plan.pk]), typed(plan))

    assert "Postponed until 16-Jan-2027." in page
    assert answer.status_code == 422
    assert "Postponed until 16-Jan-2027." in answer.content.decode()


def test_a_stale_page_is_told_what_happened(client, clinician, nothing_in_the_way):
    plan = make_proposed_plan()
    before = typed(plan)
    services.reject(plan=plan, by=make_user(), seen=plan.state, reason_code="cost")

    answer = client.post(reverse("planner:approve", args=[plan.pk]), before, follow=True)

    plan.refresh_from_db()
    assert plan.state == State.REJECTED
    assert "it is now rejected. Nothing was done." in answer.content.decode()


def test_an_edited_draft_cannot_be_signed_from_an_old_page(client, clinician, nothing_in_the_way):
    plan = make_proposed_plan()
    before = typed(plan)
    Plan.objects.filter(pk=plan.pk).update(revision=3)

    client.post(reverse("planner:approve", args=[plan.pk]), before)

    plan.refresh_from_db()
    assert plan.state == State.PROPOSED


def test_the_front_desk_neither_signs_nor_sees_a_draft(client, nothing_in_the_way):
    client.force_login(make_user(Role.FRONT_DESK))
    plan = make_proposed_plan()

    assert client.get(plan.get_absolute_url()).status_code == 404
    assert client.post(reverse("planner:approve", args=[plan.pk]), typed(plan)).status_code == 403


def test_rejecting_asks_why(client, clinician, nothing_in_the_way):
    plan = make_proposed_plan()

    answer = client.post(
        reverse("planner:reject", args=[plan.pk]),
        {"seen": plan.state, "revision": plan.revision, "reason_code": "", "note": "Hmm"},
    )

    plan.refresh_from_db()
    assert plan.state == State.PROPOSED
    page = answer.content.decode()
    assert "Choose a reason: it stays in the record." in page
    assert "Hmm" in page


def test_a_draft_copies_every_number_it_was_suggested_with():
    suggestion = make_suggestion()

    plan = services.draft_plan(suggestion=suggestion, strategy="balanced", by=make_user())

    stored = suggestion.result["proposals"][0]
    steps = [step for session in plan.sessions for step in session.steps.all()]
    assert [str(step.price) for step in steps] == [
        step["price"] for session in stored["sessions"] for step in session["steps"]
    ]
    assert str(plan.cost) == stored["cost"]
    assert len({step.key for step in steps}) == len(steps)
