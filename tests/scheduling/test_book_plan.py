"""Booking a whole plan: all of it or none, and each refusal says what would be accepted."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.scheduling import errors, offers, resources, services
from clinic.scheduling.models import Appointment, AppointmentPart, Claim, State
from planner.models import Plan
from planner.models import State as PlanState
from tests.factories import make_user
from tests.scheduling.making import (
    LASER,
    LONDON,
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


@pytest.fixture
def house():
    return make_house()


def book(plan, *choices, **fields):
    fields = {"by": make_user(), "key": uuid4().hex, "now": NOW, **fields}
    return services.book_plan(plan=plan, choices=list(choices), **fields)


def two_visits(plan, house, second=28):
    return (
        choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre),
        choice(plan, 2, at(days_later(second), 9), house.doctor, house.theatre),
    )


def test_the_first_offer_books_as_it_stands(house):
    plan = make_plan(sessions=3, steps=[[LASER], [NEEDLING], [LASER]])
    offer = offers.offers_for(plan, now=NOW)[0]

    booked = book(plan, *offer.choices)

    assert [visit.day for visit in booked] == [days_later(0), days_later(28), days_later(56)]
    assert [visit.starts_at for visit in booked] == [visit.starts_at for visit in offer.visits]
    assert {visit.state for visit in booked} == {State.SCHEDULED}
    assert booked[0].people == [house.doctor]
    assert booked[0].devices == [house.laser]
    assert booked[1].people == [house.nurse]


def test_the_practitioner_is_free_during_the_numbing_and_the_clean_up(house):
    plan = make_plan(sessions=1)

    visit = book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))[0]

    held = {
        part.kind: sorted(claim.resource.kind for claim in part.claims.all())
        for part in visit.parts.all()
    }
    assert held == {
        "numbing": ["patient", "room"],
        "procedure": ["patient", "person", "room"],
        "clean_up": ["room"],
    }


def test_all_is_booked_or_nothing(house):
    plan = make_plan()
    first, second = two_visits(plan, house, second=28)
    other = make_plan(sessions=1)
    book(other, choice(other, 1, second.starts_at, house.doctor, house.theatre), now=NOW)

    with pytest.raises(errors.SlotTaken):
        book(plan, first, second)

    assert not Appointment.objects.of_plan(plan).exists()
    assert not Claim.objects.filter(part__appointment__patient=plan.patient).exists()


def test_a_request_sent_twice_books_once(house):
    plan, by = make_plan(), make_user()
    visits = two_visits(plan, house)

    once = book(plan, *visits, key="same", by=by)
    twice = book(plan, *visits, key="same", by=by)

    assert [visit.pk for visit in twice] == [visit.pk for visit in once]
    assert Appointment.objects.of_plan(plan).count() == 2


def test_a_key_books_one_thing_only(house):
    plan = make_plan()
    first, second = two_visits(plan, house)
    book(plan, first, key="same")

    with pytest.raises(errors.KeyReused, match="Open the offers again"):
        book(plan, second, key="same")


def test_a_refused_request_may_be_sent_again_with_its_key(house):
    plan = make_plan(sessions=1)
    with pytest.raises(errors.OutsideHours):
        book(plan, choice(plan, 1, at(MONDAY, 19), house.doctor, house.theatre), key="same")

    booked = book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre), key="same")

    assert len(booked) == 1


@pytest.mark.parametrize("state", [PlanState.DRAFT, PlanState.PROPOSED])
def test_a_plan_that_nobody_approved_is_not_booked(house, state):
    plan = make_plan(sessions=1, approved=False)
    if state != PlanState.DRAFT:
        Plan.objects.filter(pk=plan.pk).update(state=state)

    with pytest.raises(errors.NotApproved, match="a clinician has approved"):
        book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))


def test_too_soon_says_from_when(house):
    plan = make_plan()

    with pytest.raises(errors.TooSoon) as refusal:
        book(plan, *two_visits(plan, house, second=18))

    assert refusal.value.earliest == days_later(21)
    assert "between Mon 01-Feb-2027 and Mon 22-Feb-2027" in str(refusal.value)


def test_too_late_says_until_when(house):
    plan = make_plan()

    with pytest.raises(errors.TooLate) as refusal:
        book(plan, *two_visits(plan, house, second=43))

    assert refusal.value.latest == days_later(42)


def test_a_window_counts_from_the_session_before_as_it_was_performed(house):
    from planner.services import record_performed

    plan, by = make_plan(starts_on=days_later(-40)), make_user()
    first = plan.sessions.first()
    record_performed(session=first, performed_on=days_later(-10), by=by)
    plan.refresh_from_db()

    with pytest.raises(errors.TooSoon) as refusal:
        book(plan, choice(plan, 2, at(MONDAY, 9), house.doctor, house.theatre))

    assert refusal.value.earliest == days_later(11)


def test_a_first_session_waits_for_its_earliest_day(house):
    plan = make_plan(sessions=1, starts_on=days_later(14))

    with pytest.raises(errors.TooSoon, match="book it from Mon 25-Jan-2027 on"):
        book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))


def test_outside_the_window_needs_a_reason_and_the_right(house):
    plan = make_plan()
    visits = two_visits(plan, house, second=44)
    desk, clinician = make_user("front_desk"), make_user("clinician")

    with pytest.raises(errors.NotAllowed, match="Only a clinician"):
        book(plan, *visits, by=desk, reason="patient_unavailable")
    booked = book(plan, *visits, by=clinician, reason="patient_unavailable", note="abroad")

    assert [visit.deviation_reason for visit in booked] == ["", "patient_unavailable"]


def test_the_planners_own_interval_holds_inside_a_wider_window(house):
    """A window counts from the visit before alone; the treatment's interval is judged as well."""
    plan = make_plan(gap=(1, 7, 14))
    visits = two_visits(plan, house, second=3)

    with pytest.raises(errors.AgainstTheRules, match="Subcision"):
        book(plan, *visits, by=make_user("front_desk"))
    booked = book(plan, *visits, by=make_user("clinician"), reason="patient_unavailable")

    assert len(booked) == 2


def test_a_session_whose_forerunner_is_not_booked_waits(house):
    plan = make_plan()

    with pytest.raises(errors.OutOfOrder, match="Book session 1 first"):
        book(plan, choice(plan, 2, at(days_later(28), 9), house.doctor, house.theatre))


def test_the_past_is_refused_and_says_from_when(house):
    plan = make_plan(sessions=1, starts_on=days_later(-7))

    with pytest.raises(errors.InThePast, match="Book from Mon 11-Jan-2027 07:00 on"):
        book(plan, choice(plan, 1, at(days_later(-3), 9), house.doctor, house.theatre))


def test_a_past_visit_is_brought_in_when_asked_for_by_name(house):
    plan = make_plan(sessions=1, starts_on=days_later(-7))
    past = choice(plan, 1, at(days_later(-4), 9), house.doctor, house.theatre)

    assert len(book(plan, past, historic=True)) == 1


def test_bringing_in_the_past_does_not_book_the_future(house):
    plan = make_plan(sessions=1)

    with pytest.raises(errors.NotPast):
        book(
            plan,
            choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre),
            historic=True,
        )


def test_outside_hours_says_the_hours(house):
    plan = make_plan(sessions=1)

    with pytest.raises(errors.OutsideHours, match="from 09:00 to 17:00"):
        book(plan, choice(plan, 1, at(MONDAY, 16, 30), house.doctor, house.theatre))


def test_a_break_is_outside_hours(house):
    resources.set_hours(
        resource=house.doctor,
        weekly={0: [(dt.time(9), dt.time(12)), (dt.time(13), dt.time(17))]},
    )
    plan = make_plan(sessions=1)

    with pytest.raises(errors.OutsideHours, match="from 09:00 to 12:00 and 13:00 to 17:00"):
        book(plan, choice(plan, 1, at(MONDAY, 11), house.doctor, house.theatre))


def test_a_holiday_closes_the_clinic(house):
    resources.add_absence(
        resource=None,
        starts_at=at(MONDAY, 0),
        ends_at=at(days_later(1), 0),
        kind="holiday",
        note="Plough Monday",
    )
    plan = make_plan(sessions=1)

    with pytest.raises(errors.Away, match=r"closed \(Plough Monday\) until Tue 12-Jan-2027 00:00"):
        book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))


def test_a_device_in_service_is_refused_until_it_is_back(house):
    resources.add_absence(
        resource=house.laser,
        starts_at=at(MONDAY, 8),
        ends_at=at(MONDAY, 12),
        kind="service",
    )
    plan = make_plan(sessions=1, steps=[[LASER]])

    with pytest.raises(errors.Away, match="Laser A is being serviced until Mon 11-Jan-2027 12:00"):
        book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre, house.laser))


def test_someone_not_qualified_is_refused_and_who_may_is_named(house):
    plan = make_plan(sessions=1, steps=[[LASER]])

    with pytest.raises(errors.NotQualified, match=r"Dr Ben may not .* These may: Dr Ada"):
        book(plan, choice(plan, 1, at(MONDAY, 9), house.other, house.theatre, house.laser))


def test_a_visit_may_need_two_people(house):
    plan = make_plan(sessions=1, steps=[[LASER, NEEDLING]])
    alone = choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre, house.laser)
    together = choice(plan, 1, at(MONDAY, 9), house.doctor, house.nurse, house.theatre, house.laser)

    with pytest.raises(errors.NotQualified, match="Nurse Cleo"):
        book(plan, alone)

    assert book(plan, together)[0].people == [house.doctor, house.nurse]


def test_a_procedure_needs_a_procedure_room(house):
    plan = make_plan(sessions=1)

    with pytest.raises(errors.Unfit, match="These would do: Room 2"):
        book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.talking))


def test_a_missing_device_is_named(house):
    plan = make_plan(sessions=1, steps=[[LASER]])

    with pytest.raises(errors.Unfit, match="These would do: Laser A"):
        book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))


def test_over_another_says_who_is_taken_and_what_is_free_next(house):
    first, second = make_plan(sessions=1), make_plan(sessions=1)
    book(first, choice(first, 1, at(MONDAY, 9), house.doctor, house.theatre))

    with pytest.raises(errors.SlotTaken) as refusal:
        book(second, choice(second, 1, at(MONDAY, 9), house.doctor, house.theatre))

    assert refusal.value.free_next == at(MONDAY, 10, 30)
    assert "is already booked on Mon 11-Jan-2027 09:00" in str(refusal.value)


def test_a_patient_is_never_in_two_places(house):
    plan = make_plan(sessions=1)
    services.book_visit(
        patient=plan.patient,
        kind="consultation",
        starts_at=at(MONDAY, 9),
        resources=(house.other.pk, house.talking.pk),
        by=make_user(),
        key="c",
        now=NOW,
    )

    with pytest.raises(errors.SlotTaken, match="The patient has another visit"):
        book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))


def test_a_booked_session_is_not_booked_again(house):
    plan = make_plan(sessions=1)
    book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))

    with pytest.raises(errors.AlreadyBooked, match=r"Mon 11-Jan-2027 09:00\. Move that visit"):
        book(plan, choice(plan, 1, at(days_later(1), 9), house.doctor, house.theatre))


def test_times_lie_on_quarter_hours(house):
    plan = make_plan(sessions=1)

    with pytest.raises(errors.OffTheGrid, match=":00, :15, :30 or :45"):
        book(plan, choice(plan, 1, at(MONDAY, 9, 10), house.doctor, house.theatre))


def test_later_blocks_are_provisional_dates(house):
    plan = make_plan(sessions=3, kinds=["procedure", "review", "procedure"], blocks=[1, 1, 2])

    firm = offers.offers_for(plan, now=NOW)[0]
    whole = offers.offers_for(plan, now=NOW, provisional=True)[0]
    booked = book(plan, *whole.choices)

    assert len(firm.visits) == 2
    assert [visit.provisional for visit in booked] == [False, False, True]


def test_a_session_at_nine_stays_at_nine_across_the_change_to_summer_time(house):
    plan = make_plan(starts_on=dt.date(2027, 3, 8))

    offer = offers.offers_for(plan, now=NOW)[0]
    booked = book(plan, *offer.choices)

    assert [visit.starts_at.astimezone(LONDON).time() for visit in booked] == [dt.time(9)] * 2
    assert [visit.starts_at.astimezone(dt.UTC).time() for visit in booked] == [
        dt.time(9),
        dt.time(8),
    ]


# --- the database keeps the promise ------------------------------------------------------------


def test_the_database_refuses_a_double_booking_by_whatever_road(house):
    first, second = make_plan(sessions=1), make_plan(sessions=1)
    taken = book(first, choice(first, 1, at(MONDAY, 9), house.doctor, house.theatre))[0]
    visit = book(second, choice(second, 1, at(MONDAY, 12), house.other, house.theatre))[0]
    part = visit.parts.get(kind="clean_up")

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scheduling_appointmentpart WHERE id = %s", [part.pk])
        cursor.execute(
            """
            INSERT INTO scheduling_appointmentpart (appointment_id, "order", kind, during)
            SELECT %s, 0, 'clean_up', tstzrange(%s, %s, '[)') RETURNING id
            """,
            [visit.pk, taken.starts_at, taken.ends_at],
        )
        made = cursor.fetchone()[0]
        claim = """
            INSERT INTO scheduling_claim (part_id, resource_id, during, active)
            SELECT id, %s, during, true FROM scheduling_appointmentpart WHERE id = %s
            """

        with pytest.raises(IntegrityError, match="resource_in_one_place_at_a_time"):
            cursor.execute(claim, [house.doctor.pk, made])


def test_a_procedure_without_a_session_is_refused_by_the_database(house):
    visit = services.book_visit(
        patient=make_plan(sessions=1).patient,
        kind="consultation",
        starts_at=at(MONDAY, 9),
        resources=(house.other.pk, house.talking.pk),
        by=make_user(),
        key="c",
        now=NOW,
    )

    with pytest.raises(IntegrityError, match="a_procedure_belongs_to_a_plan"):
        Appointment.objects.filter(pk=visit.pk).update(kind="procedure")


def test_parts_stay_in_their_order_and_apart(house):
    plan = make_plan(sessions=1)
    visit = book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))[0]
    numbing, procedure, _ = visit.parts.all()
    Claim.objects.filter(part__appointment=visit).delete()

    with (
        pytest.raises(IntegrityError, match="parts_of_a_visit_never_overlap"),
        transaction.atomic(),
    ):
        AppointmentPart.objects.filter(pk=numbing.pk).update(during=procedure.during)
    with pytest.raises(IntegrityError, match="follow their order"):
        AppointmentPart.objects.filter(pk=numbing.pk).update(order=9)


def test_a_state_that_cannot_follow_is_refused_by_the_database(house):
    plan = make_plan(sessions=1)
    visit = book(plan, choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre))[0]

    with pytest.raises(IntegrityError, match="cannot go from scheduled to completed"):
        Appointment.objects.filter(pk=visit.pk).update(state=State.COMPLETED)
