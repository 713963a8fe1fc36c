"""What keeps a visit from starting, who can mend it, and what the desk keeps beside visits."""

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine

from clinic.scheduling import attention, errors, gates, money, services, tasks, visit_types
from clinic.scheduling.models import State, Task
from patients.services import record_answers
from planner import services as planning
from tests.factories import make_user, make_version, shipped
from tests.scheduling.making import (
    DULL,
    LASER,
    MONDAY,
    NOW,
    agree_to,
    at,
    choice,
    days_later,
    make_house,
    make_patient,
    make_plan,
    note_gates,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def by():
    return make_user()


def book(plan, house, *starts, by=None, **fields):
    chosen = (house.doctor, house.theatre, *([house.laser] if fields.pop("laser", 0) else []))
    visits = [choice(plan, number, start, *chosen) for number, start in enumerate(starts, 1)]
    return services.book_plan(
        plan=plan, choices=visits, by=by or make_user(), key=uuid4().hex, **fields
    )


def step(visit, to, by, **fields):
    visit.refresh_from_db()
    return services.change_state(appointment=visit, to=to, by=by, revision=visit.revision, **fields)


def labels(visit):
    return {gate.label for gate in gates.missing(visit)}


def test_a_procedure_starts_only_when_every_gate_is_met(house, by):
    plan = make_plan(sessions=1)
    visit = book(plan, house, at(MONDAY, 9))[0]
    step(visit, State.ARRIVED, by)

    with pytest.raises(errors.GatesOpen, match="The patient has not agreed to this plan") as no:
        step(visit, State.IN_ROOM, by)
    assert {gate.label for gate in no.value.gates} == {
        "Agreement and consent",
        "Safety questions asked again",
        "Consent reconfirmed",
        "Baseline photos",
    }
    assert all(gate.words and gate.who for gate in no.value.gates)

    agree_to(plan)
    note_gates(visit, by)
    assert step(visit, State.IN_ROOM, by).state == State.IN_ROOM


def test_the_cooling_off_and_a_consent_taken_back_hold_a_visit_up(house, by):
    from planner.agreed import ConsentRule, Withdrawal

    ConsentRule.objects.create(cooling_off_days=7)
    plan = make_plan(sessions=1)
    visit = book(plan, house, at(MONDAY, 9))[0]
    agreement = agree_to(plan, on=days_later(-6))

    assert gates.missing(visit)[0].words == "The cooling-off period runs: not before 12-Jan-2027."
    Withdrawal.objects.create(agreement=agreement, withdrawn_on=MONDAY, recorded_by=by)
    assert "taken the agreement back" in gates.missing(visit)[0].words


def test_what_belongs_to_the_day_is_not_noted_the_day_before(house, by):
    plan = make_plan(sessions=1, starts_on=days_later(1))
    visit = book(plan, house, at(days_later(1), 9))[0]

    with pytest.raises(errors.CannotChange, match="not asked of this visit"):
        gates.note(appointment=visit, gate="reconfirmed", answer="done", by=by)
    with time_machine.travel(at(days_later(1), 8), tick=False):
        gates.note(appointment=visit, gate="reconfirmed", answer="done", by=by)
        assert "Consent reconfirmed" not in labels(visit)
        gates.note(appointment=visit, gate="reconfirmed", answer="taken_back", by=by)
        assert "Consent reconfirmed" in labels(visit)


def test_a_preparation_not_done_is_waived_only_by_a_clinician_with_words(house, by):
    plan = make_plan(sessions=1, approved=False)
    prepared = {"before_session": 1, "treatment": "tretinoin_rx", "name": "Tretinoin", "text": "x"}
    type(plan).objects.filter(pk=plan.pk).update(
        content=plan.content | {"preparations": [prepared]}
    )
    signed(plan, by)
    visit = book(plan, house, at(MONDAY, 9))[0]
    waive = {"appointment": visit, "gate": "preparation_tretinoin_rx", "answer": "waived"}
    assert "Preparation" in labels(visit)

    with pytest.raises(errors.NotAllowed, match="Only a clinician"):
        gates.note(by=make_user("front_desk"), words="forgot", **waive)
    with pytest.raises(errors.CannotChange, match="Say why"):
        gates.note(by=by, **waive)
    gates.note(by=by, words="skin calm", **waive)

    assert "Preparation" not in labels(visit)


def signed(plan, by):
    rows = type(plan).objects.filter(pk=plan.pk)
    rows.update(state="proposed")
    rows.update(state="approved", approved_by=by, approved_at=NOW)
    plan.refresh_from_db()


def test_a_test_area_must_be_read_as_good_before_the_procedure(house, by):
    plan = make_plan(
        sessions=3, kinds=["test_spot", "test_reading", "procedure"], gap=(1, 1, 90), procedure=30
    )
    chosen = [
        choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre),
        choice(plan, 2, at(days_later(1), 9), house.doctor, house.talking),
        choice(plan, 3, at(days_later(2), 9), house.doctor, house.theatre),
    ]
    _, reading, procedure = services.book_plan(plan=plan, choices=chosen, by=by, key="k")
    assert "Test spot" in labels(procedure)

    with time_machine.travel(at(days_later(1), 9), tick=False):
        step(reading, State.ARRIVED, by)
        step(reading, State.IN_ROOM, by)
        with pytest.raises(errors.GatesOpen, match="Note whether the test area looks good"):
            step(reading, State.COMPLETED, by)
        gates.note(appointment=reading, gate="reading", answer="not_in_order", by=by)
        step(reading, State.COMPLETED, by)
        assert "Test spot" in labels(procedure)
        gates.note(appointment=reading, gate="reading", answer="done", by=by, words="healed")
        assert "Test spot" not in labels(procedure)


def every_rule():
    return make_version(
        treatments=shipped("treatments"),
        families=shipped("families"),
        safety_rules=shipped("safety_rules"),
    )


def tanned(plan, on):
    answers = {"tan": {"tanned": False, "last_on": on.isoformat()}}
    record_answers(patient=plan.patient, answers=answers, on=on, by=make_user())


def test_a_postponed_treatment_is_not_booked_before_its_day(house, by):
    """SUN-1 of the shipped rules: light waits until four weeks after the last tan."""
    every_rule()
    patient = make_patient(fitzpatrick=2)
    plan = make_plan(patient=patient, sessions=2, steps=[[DULL], [LASER]], gap=(21, 28, 42))
    tanned(plan, days_later(-1))
    wait = dict.fromkeys((session.pk for session in plan.sessions), None)
    first, second = wait

    broken = planning.broken_by(plan, {first: MONDAY, second: days_later(22)})
    assert any("Postpone until 07-Feb-2027" in words for words in broken.rules)
    with pytest.raises(errors.AgainstTheRules, match="Postpone until 07-Feb-2027"):
        book(plan, house, at(MONDAY, 9), at(days_later(22), 9), laser=True, by=by,
             reason="clinician_decided")  # fmt: skip

    assert len(book(plan, house, at(MONDAY, 9), at(days_later(28), 9), laser=True)) == 2


def test_an_answer_given_after_the_signature_does_not_cancel_itself_out(house, by):
    """A plan with a visit for light on a day for which the patient then tans."""
    every_rule()
    plan = make_plan(patient=make_patient(fitzpatrick=2), sessions=1, steps=[[LASER]])
    [first] = (session.pk for session in plan.sessions)
    assert not planning.broken_by(plan, {first: MONDAY}).rules

    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        tanned(plan, MONDAY)
        broken = planning.broken_by(plan, {first: MONDAY})

    assert any("Postpone until 08-Feb-2027" in words for words in broken.rules)


def test_a_safety_rule_raised_after_booking_marks_the_visit_and_holds_it_up(house, by):
    every_rule()
    patient = make_patient(fitzpatrick=2)
    plan = make_plan(patient=patient, sessions=1, steps=[[LASER]], starts_on=days_later(7))
    visit = book(plan, house, at(days_later(7), 9), laser=True)[0]
    assert attention.recheck(plan) == []

    tanned(plan, MONDAY)
    marks = attention.recheck(plan)

    assert [mark.why for mark in marks] == ["safety"]
    assert "Postpone until 08-Feb-2027" in marks[0].words
    assert "Safety rules" in labels(visit)
    with pytest.raises(errors.NotAllowed, match="a clinician looks at it"):
        attention.clear(mark=marks[0], by=make_user("front_desk"))
    services.move(
        appointment=visit, starts_at=at(days_later(28), 9), by=by, revision=visit.revision,
        resources=(house.doctor.pk, house.theatre.pk, house.laser.pk),
    )  # fmt: skip
    assert attention.recheck(plan) == []
    assert not attention.open_marks([visit.pk]).exists()


def test_a_completed_visit_leaves_the_calls_that_the_clinic_asks_for(house, by):
    visit_types.change(
        kind="procedure", revision=1, **visit_types.DEFAULTS["procedure"], call_after_days=1
    )
    plan = make_plan(sessions=2)
    visit, later = book(plan, house, at(MONDAY, 9), at(days_later(28), 9))
    agree_to(plan)
    note_gates(visit, by)
    for state in (State.ARRIVED, State.IN_ROOM, State.COMPLETED):
        step(visit, state, by)

    task = Task.objects.get()
    assert (task.kind, task.due_on, task.patient) == ("after_care", days_later(1), plan.patient)
    desk = make_user("front_desk")
    tasks.change(task=task, revision=1, by=by, owner=desk)
    with pytest.raises(errors.CannotChange, match="changed this task meanwhile"):
        tasks.finish(task=task, by=desk, revision=1)
    done = tasks.finish(task=task, by=desk, revision=2, outcome="well")
    assert (done.done_by, done.outcome) == (desk, "well")
    assert tasks.reopen(task=task, by=desk, revision=3).done_at is None

    with time_machine.travel(at(days_later(28), 12), tick=False):
        step(later, State.NO_SHOW, by)
        assert Task.objects.get(appointment=later).kind == "no_show"


def test_recalls_come_after_six_and_twelve_months():
    assert tasks.months_after(dt.date(2027, 8, 31), 6) == dt.date(2028, 2, 29)
    assert tasks.months_after(dt.date(2027, 8, 31), 12) == dt.date(2028, 8, 31)


def test_a_deposit_is_asked_paid_and_waived_and_each_is_undone(house, by):
    plan = make_plan(sessions=1)
    visit = book(plan, house, at(MONDAY, 9))[0]

    asked = money.ask(kind="deposit", amount=Decimal("50.00"), appointment=visit, by=by)
    with pytest.raises(errors.CannotChange, match="asked for this visit already"):
        money.ask(kind="deposit", amount=Decimal("20.00"), appointment=visit, by=by)
    with pytest.raises(errors.CannotChange, match="that the patient missed"):
        money.ask(kind="no_show_fee", amount=Decimal("20.00"), appointment=visit, by=by)
    with pytest.raises(errors.CannotChange, match="Say why it is waived"):
        money.settle(charge=asked, to="waived", by=by, revision=1)
    paid = money.settle(charge=asked, to="paid", by=by, revision=1)
    back = money.settle(charge=asked, to="asked", by=by, revision=2)

    assert (paid.state, paid.settled_by) == ("paid", by)
    assert (back.state, back.settled_by) == ("asked", None)


def test_the_desk_sees_that_a_quote_ran_out(house, by):
    plan = make_plan(sessions=1)
    assert money.quote_of(plan).words == "No quote was handed over."
    agree_to(plan)

    assert "holds until Sun 11-Apr-2027" in money.quote_of(plan).words
    assert money.quote_of(plan, now=at(days_later(91), 9)).expired


def test_the_length_of_a_kind_of_visit_is_the_clinics_own(house, by):
    visit_types.change(kind="consultation", revision=1, minutes=45, seen_by=["nurse"])

    visit = services.book_visit(
        patient=make_patient(), kind="consultation", starts_at=at(MONDAY, 9), by=by, key="k",
        resources=(house.nurse.pk, house.talking.pk),
    )  # fmt: skip

    assert visit.minutes == 45
    with pytest.raises(errors.CannotChange, match="changed this kind of visit meanwhile"):
        visit_types.change(kind="consultation", revision=1, minutes=30)


def test_a_visit_holds_several_people_and_who_watches_the_numbing(house, by):
    defaults = visit_types.DEFAULTS["procedure"]
    visit_types.change(kind="procedure", revision=1, **defaults, numbing_by=["nurse"])
    plan = make_plan(sessions=1)
    chosen = (house.doctor, house.nurse, house.other, house.theatre)

    visit = services.book_plan(
        plan=plan, choices=[choice(plan, 1, at(MONDAY, 9), *chosen)], by=by, key="k"
    )[0]

    held = {
        part.kind: {claim.resource for claim in part.claims.all()} - {plan.patient.resource}
        for part in visit.parts.all()
    }
    assert held["numbing"] == {house.nurse, house.theatre}
    assert held["procedure"] == {house.doctor, house.other, house.theatre}
