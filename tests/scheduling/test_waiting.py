"""A freed time goes to who truly fits, best first, and the desk decides."""

import datetime as dt
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.scheduling import errors, resources, services, waiting
from clinic.scheduling.models import Appointment
from tests.factories import make_user
from tests.scheduling.making import (
    LASER,
    NOW,
    at,
    choice,
    days_later,
    make_house,
    make_patient,
    make_plan,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def by():
    return make_user()


def book(plan, *choices, by=None):
    return services.book_plan(
        plan=plan, choices=list(choices), by=by or make_user(), key=uuid4().hex, now=NOW
    )


def course(house, second=35, hour=9, who=None):
    """Two visits, the second later than its best day."""
    plan, who = make_plan(), who or house.doctor
    return book(
        plan,
        choice(plan, 1, at(days_later(0), hour), who, house.theatre),
        choice(plan, 2, at(days_later(second), hour), who, house.theatre),
    )


def freed_time(house, by, day=28, hour=14):
    """A visit of somebody else, cancelled."""
    plan = make_plan(sessions=1, starts_on=days_later(day))
    visit = book(plan, choice(plan, 1, at(days_later(day), hour), house.doctor, house.theatre))[0]
    services.cancel(appointment=visit, reason="patient_asked", by=by, revision=1)
    return waiting.freed_by(Appointment.objects.get(pk=visit.pk))


def wait(visit, by, **said):
    return waiting.add(patient=visit.patient, session=visit.session, by=by, **said)


def names(freed):
    return [fit.entry.patient for fit in waiting.fitting(freed, now=NOW)]


def test_only_those_who_truly_fit_are_listed_the_nearest_to_their_target_first(house, by):
    freed = freed_time(house, by)
    near, far = course(house)[1], course(house, second=42, hour=11)[1]
    too_soon = course(house, second=14 + 28, hour=13)
    booked_before = course(house, second=21, hour=15)[1]
    services.move(  # its first visit moves on, so that the freed day is too soon after it
        appointment=too_soon[0], starts_at=at(days_later(14), 13), by=by, revision=1, now=NOW,
        resources=(house.doctor.pk, house.theatre.pk),
    )  # fmt: skip
    for visit in (far, near, too_soon[1], booked_before):
        wait(visit, by)
    unsuited = make_plan(sessions=1, steps=[[LASER]], starts_on=days_later(21))
    resources.add_absence(
        resource=house.laser, starts_at=at(days_later(28), 0), ends_at=at(days_later(29), 0),
        kind="service",
    )  # fmt: skip
    waiting.add(patient=unsuited.patient, session=unsuited.sessions.first(), by=by)

    fits = waiting.fitting(freed, now=NOW)

    assert [fit.entry.patient for fit in fits] == [far.patient, near.patient]
    assert [(fit.off_target, fit.sooner_by) for fit in fits] == [(0, 14), (0, 7)]
    assert fits[0].words == "on its target day, 14 days sooner than booked"


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ({}, True),
        ({"not_before": dt.date(2027, 2, 8)}, True),
        ({"not_before": dt.date(2027, 2, 9)}, False),
        ({"not_after": dt.date(2027, 2, 7)}, False),
        ({"weekdays": [0, 3]}, True),
        ({"weekdays": [1]}, False),
        ({"from_time": dt.time(14)}, True),
        ({"to_time": dt.time(12)}, False),
    ],
)
def test_what_the_patient_said_holds(house, by, said, fits):
    visit = course(house)[1]
    wait(visit, by, **said)

    assert names(freed_time(house, by)) == ([visit.patient] if fits else [])


def test_a_wish_for_one_practitioner_holds(house, by):
    visit = course(house)[1]
    wait(visit, by, person=house.other)

    fit = waiting.fitting(freed_time(house, by), now=NOW)[0]

    assert house.other in fit.named
    assert house.doctor not in fit.named


def test_the_words_of_an_entry_are_the_patients(house, by):
    entry = wait(course(house)[1], by, not_before=dt.date(2027, 3, 14), weekdays=[1])

    assert entry.words == "not before 14-Mar-2027, Tuesdays"


def test_the_desk_gives_the_time_and_the_visit_moves_into_it(house, by):
    visit = course(house)[1]
    entry = wait(visit, by)
    freed = freed_time(house, by)
    fit = waiting.fitting(freed, now=NOW)[0]

    given_to = waiting.give(
        entry=entry, starts_at=fit.starts_at, resources=fit.resources, by=by, key="k",
        revision=1, now=NOW,
    )  # fmt: skip

    assert given_to.pk == visit.pk
    assert given_to.starts_at == at(days_later(28), 14)
    entry.refresh_from_db()
    assert entry.closed_as == "served"
    with pytest.raises(errors.CannotChange, match="does not wait any more"):
        waiting.give(
            entry=entry, starts_at=fit.starts_at, resources=fit.resources, by=by, key="k2",
            revision=2, now=NOW,
        )  # fmt: skip


def test_a_time_that_was_taken_meanwhile_leaves_the_entry_open(house, by):
    visit = course(house)[1]
    entry = wait(visit, by)
    freed = freed_time(house, by)
    fit = waiting.fitting(freed, now=NOW)[0]
    other = make_plan(sessions=1, starts_on=days_later(28))
    book(other, choice(other, 1, fit.starts_at, house.doctor, house.theatre))

    with pytest.raises(errors.SlotTaken):
        waiting.give(
            entry=entry, starts_at=fit.starts_at, resources=fit.resources, by=by, key="k",
            revision=1, now=NOW,
        )  # fmt: skip

    entry.refresh_from_db()
    assert entry.closed_at is None


def test_a_consultation_waits_without_a_plan_and_a_session_waits_once(house, by):
    patient, visit = make_patient(), course(house)[1]
    entry = waiting.add(patient=patient, kind="consultation", by=by)
    wait(visit, by)
    with pytest.raises(errors.CannotChange, match="on the waiting list already"):
        wait(visit, by)

    fit = next(f for f in waiting.fitting(freed_time(house, by), now=NOW) if f.entry == entry)
    booked = waiting.give(
        entry=entry, starts_at=fit.starts_at, resources=fit.resources, by=by, key="k",
        revision=1, now=NOW,
    )  # fmt: skip

    assert (booked.patient, booked.kind) == (patient, "consultation")


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seconds=st.lists(st.integers(21, 42), min_size=1, max_size=4),
    day=st.integers(14, 40),
    hour=st.integers(9, 15),
)
def test_whoever_is_listed_can_be_given_the_time(house, by, seconds, day, hour):
    """No fit is a promise that booking then refuses, and none is out of its window."""
    from django.db import transaction

    with transaction.atomic():
        monday = days_later(day) - dt.timedelta(days=days_later(day).weekday())
        freed = freed_time(house, by, day=(monday - days_later(0)).days, hour=hour)
        for place, second in enumerate(seconds):
            friday = second - max(0, days_later(second).weekday() - 4)
            try:
                visit = course(house, second=max(21, friday), hour=9 + 2 * (place % 3))[1]
            except errors.SchedulingError:
                continue
            wait(visit, by)
        for fit in waiting.fitting(freed, now=NOW):
            with transaction.atomic():
                moved = waiting.give(
                    entry=fit.entry, starts_at=fit.starts_at, resources=fit.resources, by=by,
                    key=uuid4().hex, revision=fit.entry.revision, now=NOW,
                )  # fmt: skip
                gap = (moved.day - days_later(0)).days
                assert 21 <= gap <= 42
                assert not moved.deviation_reason
                transaction.set_rollback(True)
        transaction.set_rollback(True)


def test_a_consultation_that_is_booked_moves_into_the_freed_time_and_is_not_booked_twice(house, by):
    patient = make_patient()
    visit = services.book_visit(
        patient=patient, kind="first_consultation", starts_at=at(days_later(35), 9), by=by, key="v",
        resources=(house.doctor.pk, house.talking.pk), now=NOW,
    )  # fmt: skip
    entry = waiting.add(patient=patient, kind="first_consultation", by=by)
    with pytest.raises(errors.CannotChange, match="waits for a first consultation already"):
        waiting.add(patient=patient, kind="first_consultation", by=by)
    (fit,) = waiting.fitting(freed_time(house, by), now=NOW)
    assert fit.booked == visit
    assert fit.words == "7 days sooner than booked"

    given_to = waiting.give(
        entry=entry, starts_at=fit.starts_at, resources=fit.resources, by=by, key="k",
        revision=1, now=NOW,
    )  # fmt: skip

    assert (given_to, given_to.starts_at) == (visit, fit.starts_at)
    assert patient.appointments.count() == 1
