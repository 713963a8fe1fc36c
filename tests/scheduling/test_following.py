"""Bookings keep up: with a revised plan, a plan that ended, an illness, new hours."""

import datetime as dt

import pytest
import time_machine

from clinic.scheduling import attention, errors, following, rebooking, resources, services
from clinic.scheduling.models import Appointment
from planner.models import Plan
from tests.factories import make_user
from tests.scheduling.making import (
    MONDAY,
    NEEDLING,
    NOW,
    at,
    choice,
    days_later,
    make_house,
    make_plan,
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


@pytest.fixture
def course(house, by):
    plan = make_plan(sessions=3)
    visits = [
        choice(plan, number, at(days_later(28 * number - 28), 10), house.doctor, house.theatre)
        for number in (1, 2, 3)
    ]
    return services.book_plan(plan=plan, choices=visits, by=by, key="k")


def test_bookings_go_along_with_a_revised_plan_and_are_marked(course, by):
    old = course[0].session.plan
    new = make_plan(sessions=3, revises=old, steps=None, procedure=75)

    touched = following.follow(Plan.objects.get(pk=old.pk))

    assert len(touched) == 3
    carried = list(Appointment.objects.of_plan(new))
    assert [visit.pk for visit in carried] == [visit.pk for visit in course]
    assert [visit.session.number for visit in carried] == [1, 2, 3]
    marks = list(attention.open_marks([visit.pk for visit in carried]))
    assert {mark.why for mark in marks} == {"plan_revised"}
    assert "It takes 120 minutes now and 90 are booked" in marks[0].words
    assert following.follow_all() == 0


def test_a_visit_that_the_revision_does_not_know_stays_to_be_decided(course, house, by):
    old = course[0].session.plan
    make_plan(sessions=2, revises=old, steps=[[NEEDLING]] * 2)

    following.follow_all()

    marks = {mark.appointment_id: mark.words for mark in attention.open_marks()}
    assert "It has no visit like this one" in marks[course[2].pk]
    assert "it needs a nurse" in marks[course[0].pk] or "may not perform" in marks[course[0].pk]


def test_a_plan_that_ended_has_its_coming_visits_cancelled_in_one_go(course, by):
    plan = course[0].session.plan
    with pytest.raises(errors.CannotChange, match="still runs"):
        following.cancel_ended(plan=plan, by=by)
    Plan.objects.filter(pk=plan.pk).update(state="discontinued")
    following.follow_all()
    assert {mark.why for mark in attention.open_marks()} == {"plan_ended"}

    off = following.cancel_ended(plan=plan, by=by)

    assert len(off) == 3
    assert {visit.cancel_reason for visit in off} == {"plan_changed"}
    assert not attention.open_marks().exists()
    with pytest.raises(errors.NotApproved):
        services.undo(appointment=off[0], by=by, revision=off[0].revision)


def test_an_illness_marks_its_visits_and_offers_where_each_can_go(course, house, by):
    rebooking.add_absence(
        resource=house.doctor,
        starts_at=at(days_later(28), 0),
        ends_at=at(days_later(33), 0),
        kind="leave",
        note="ill",
    )
    marks = list(attention.open_marks())
    assert [mark.appointment for mark in marks] == [course[1]]
    assert "Dr Ada is away: leave, ill." in marks[0].words

    found = rebooking.displaced(course[1])

    assert found.same_time.starts_at == course[1].starts_at
    assert found.same_time.people == [house.other]
    assert len(found.others) == 3
    for option in found.options:
        gap = (option.starts_at.date() - MONDAY).days
        assert 21 <= gap <= 42
    services.move(
        appointment=course[1],
        starts_at=found.same_time.starts_at,
        resources=found.same_time.resources,
        by=by,
        revision=1,
    )
    assert not attention.open_marks().exists()


def test_taking_an_absence_back_takes_its_marks_back(course, house, by):
    absence = rebooking.add_absence(
        resource=None, starts_at=at(days_later(28), 0), ends_at=at(days_later(29), 0),
        kind="holiday",
    )  # fmt: skip
    assert attention.open_marks().count() == 1

    rebooking.end_absence(absence=absence, by=by)

    assert not attention.open_marks().exists()


def test_new_hours_mark_what_falls_outside_them(course, house):
    weekly = {day: [(dt.time(11), dt.time(17))] for day in range(5)}
    outside = resources.visits_outside(resource=house.doctor, weekly=weekly)

    rebooking.set_hours(resource=house.doctor, weekly=weekly, outside=outside)

    assert [mark.appointment for mark in attention.open_marks()] == course
    assert {mark.words for mark in attention.open_marks()} == {
        "It falls outside the hours of Dr Ada."
    }
