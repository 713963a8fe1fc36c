"""Times held while the patient decides, and provisional dates that a review confirms."""

import datetime as dt
from uuid import uuid4

import pytest

from clinic.scheduling import errors, holds, notices, offers, services
from clinic.scheduling.models import Appointment, State
from planner.models import Decision
from planner.reviewing import CONTINUE
from tests.factories import make_user
from tests.scheduling.making import MONDAY, NOW, at, choice, days_later, make_house, make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def told(monkeypatch):
    heard = []
    listener = lambda event, visits, by: heard.append((str(event), len(visits)))  # noqa: E731
    monkeypatch.setattr(notices, "_listeners", [listener])
    return heard


def hold(plan, house, minutes=20, **fields):
    visits = [
        choice(plan, number, at(days_later(28 * number - 28), 9), house.doctor, house.theatre)
        for number in (1, 2)
    ]
    fields = {"by": make_user(), "key": uuid4().hex, "now": NOW, **fields}
    return services.book_plan(plan=plan, choices=visits, hold_minutes=minutes, **fields)


def test_a_hold_keeps_its_times_from_everybody_else_until_it_runs_out(house, told):
    plan, other = make_plan(), make_plan()
    held = hold(plan, house)
    assert [visit.state for visit in held] == [State.REQUESTED] * 2
    with pytest.raises(errors.SlotTaken):
        hold(other, house, now=NOW + dt.timedelta(minutes=19))

    late = hold(other, house, now=NOW + dt.timedelta(minutes=20))

    assert len(late) == 2
    assert {each.cancel_reason for each in Appointment.objects.of_plan(plan)} == {"hold_ran_out"}
    assert told == [("held", 2), ("released", 2), ("held", 2)]


def test_a_hold_is_booked_whole_by_one_yes_and_once(house, told):
    plan, by = make_plan(), make_user()
    hold(plan, house)

    booked = holds.confirm(plan=plan, by=by, now=NOW)
    again = holds.confirm(plan=plan, by=by, now=NOW)

    assert [visit.pk for visit in again] == [visit.pk for visit in booked]
    assert {visit.state for visit in booked} == {State.SCHEDULED}
    assert {visit.held_until for visit in booked} == {None}
    assert told == [("held", 2), ("booked", 2)]


def test_a_hold_that_ran_out_says_so_and_is_not_taken_up_again(house):
    plan, by = make_plan(), make_user()
    visit = hold(plan, house)[0]
    holds.release_expired(NOW + dt.timedelta(hours=1))

    with pytest.raises(errors.CannotChange, match="choose an offer again"):
        holds.confirm(plan=plan, by=by, now=NOW)
    with pytest.raises(errors.CannotChange, match="Book the time anew"):
        services.undo(appointment=visit, by=by, revision=visit.revision + 1)
    assert offers.offers_for(plan, now=NOW)[0].first_on == at(MONDAY, 9)


def test_a_hold_is_given_back_and_never_booked_visit_by_visit(house):
    plan, by = make_plan(), make_user()
    visit = hold(plan, house)[0]
    with pytest.raises(errors.CannotChange, match="all visits at once"):
        services.change_state(
            appointment=visit, to=State.SCHEDULED, by=by, revision=visit.revision, now=NOW
        )

    holds.give_back(plan=plan, by=by)

    assert not Appointment.objects.standing().of_plan(plan).exists()


def test_a_provisional_date_is_firm_only_after_the_review_has_said_to_continue(house):
    plan, by = make_plan(sessions=3, kinds=["procedure", "review", "procedure"],
                         blocks=[1, 1, 2]), make_user()  # fmt: skip
    visits = services.book_plan(
        plan=plan, choices=offers.offers_for(plan, provisional=True, now=NOW)[0].choices,
        by=by, key="k", now=NOW,
    )  # fmt: skip
    assert [visit.provisional for visit in visits] == [False, False, True]
    with pytest.raises(errors.CannotChange, match="its review has not confirmed"):
        services.confirm_provisional(appointment=visits[2], by=by, revision=1)

    Decision.objects.create(
        plan=plan, old_state="approved", new_state="approved", decided_by=by,
        reason_code=CONTINUE, review=visits[1].session,
        assessment=plan.assessment,
    )  # fmt: skip
    firm = services.confirm_block(plan=plan, number=2, by=by)

    assert [visit.pk for visit in firm] == [visits[2].pk]
    assert not firm[0].provisional


def test_a_listener_that_fails_takes_nothing_booked_with_it(house, monkeypatch):
    def broken(event, visits, by):
        Appointment.objects.all().delete()

    monkeypatch.setattr(notices, "_listeners", [broken])
    plan = make_plan()

    assert len(hold(plan, house)) == 2
    assert Appointment.objects.of_plan(plan).count() == 2
