"""Many at once, and the plug pulled in the middle: real connections, no mocks of the database."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import OperationalError, connection

from clinic.scheduling import drafting, errors, services
from clinic.scheduling.models import Appointment, BookingRequest, Claim
from tests.factories import make_user
from tests.scheduling.making import MONDAY, NOW, at, choice, days_later, make_house, make_plan

pytestmark = pytest.mark.django_db(transaction=True)

RACERS = 64
ROUNDS = 50 if os.environ.get("CICATRIX_FULL") == "1" else 3


@pytest.fixture
def house():
    return make_house()


def together(deeds):
    """Run each deed on a connection of its own, all from one starting gun; what each came to."""
    gun = Barrier(len(deeds), timeout=60)

    def run(deed):
        try:
            connection.ensure_connection()
            gun.wait()
            return deed()
        except errors.SchedulingError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def booking(plan, by, *choices, key=None):
    return lambda: services.book_plan(
        plan=plan, choices=list(choices), by=by, key=key or uuid4().hex, now=NOW
    )


def test_of_64_who_race_for_one_slot_one_wins_and_63_are_told_why(house):
    by = make_user()
    plans = [make_plan(sessions=1) for _ in range(RACERS)]

    for day in range(ROUNDS):
        start = at(days_later(day // 5 * 7 + day % 5), 9)
        results = together(
            [
                booking(plan, by, choice(plan, 1, start, house.doctor, house.theatre))
                for plan in plans
            ]
        )

        winners = [result for result in results if isinstance(result, list)]
        assert len(winners) == 1
        refusals = [result for result in results if isinstance(result, errors.SlotTaken)]
        assert len(refusals) == RACERS - 1
        assert {refusal.resource for refusal in refusals} <= {house.doctor, house.theatre}
        assert {refusal.free_next for refusal in refusals} == {start.replace(hour=10, minute=30)}
        assert Appointment.objects.count() == day + 1
        plans.remove(winners[0][0].session.plan)
        plans.append(make_plan(sessions=1))


def test_without_the_locks_the_constraint_alone_lets_one_win(house, monkeypatch):
    monkeypatch.setattr(drafting, "lock", lambda ids: None)
    monkeypatch.setattr(drafting, "check_free", lambda drafts, besides=(): None)
    by = make_user()
    plans = [make_plan(sessions=1) for _ in range(6)]

    results = together(
        [
            booking(plan, by, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))
            for plan in plans
        ]
    )

    assert sum(isinstance(result, list) for result in results) == 1
    assert sum(isinstance(result, errors.SlotTaken) for result in results) == 5


def test_whole_plans_that_want_the_same_days_in_another_order_do_not_deadlock(house):
    by = make_user()
    deeds = []
    for turn in range(8):
        plan = make_plan(sessions=3)
        people = [house.doctor, house.other, house.doctor]
        people = people if turn % 2 else [house.other, house.doctor, house.other]
        visits = [
            choice(plan, number, at(days_later(28 * number - 28), 9 + turn % 4), who, house.theatre)
            for number, who in enumerate(people, 1)
        ]
        deeds.append(booking(plan, by, *visits))

    results = together(deeds)

    whole = [result for result in results if isinstance(result, list)]
    assert {len(visits) for visits in whole} == {3}
    assert Appointment.objects.count() == 3 * len(whole)
    assert len(whole) >= 2


def test_one_request_sent_by_eight_at_once_books_once(house):
    plan, by = make_plan(sessions=1), make_user()
    visit = choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre)

    results = together([booking(plan, by, visit, key="one form")] * 8)

    assert len({result[0].pk for result in results}) == 1
    assert Appointment.objects.count() == 1


def killing_at(statement: int):
    """Have PostgreSQL end our connection just before its n-th statement."""
    seen = count(1)

    def wrapper(execute, sql, params, many, context):
        if next(seen) == statement:
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(%s, 5000)",
                    [connection.connection.info.backend_pid],
                )
            other.close()
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


def test_a_booking_killed_at_any_statement_leaves_nothing_half(house):
    by, plan = make_user(), make_plan(sessions=3)
    visits = [
        choice(plan, number, at(days_later(28 * number - 28), 9), house.doctor, house.theatre)
        for number in (1, 2, 3)
    ]
    book = booking(plan, by, *visits, key="kept")

    for statement in count(1):
        try:
            with killing_at(statement):
                booked = book()
        except OperationalError:
            connection.close()
            assert not Appointment.objects.exists()
            assert not Claim.objects.exists()
            assert not BookingRequest.objects.exists()
        else:
            break  # it has fewer statements than that: every one was tried

    assert statement > 20
    assert len(booked) == 3
