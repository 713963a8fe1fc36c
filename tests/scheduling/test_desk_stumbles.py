"""What the desk meets when a plan cannot simply be booked: it is told, and has a next step."""

import datetime as dt
import json

import pytest
import time_machine

from clinic.letters import services as letters
from clinic.letters.models import Message
from clinic.scheduling import errors, offers, resources, services, worklist
from clinic.scheduling.models import Appointment, State, Task
from patients import warnings
from tests.factories import make_user
from tests.scheduling.making import (
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
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def desk(client):
    client.force_login(make_user("front_desk"))
    return client


def later(desk):
    """The same desk, weeks after it signed in."""
    desk.force_login(make_user("front_desk"))
    return desk


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def book(plan, house, *days):
    choices = [
        choice(plan, number, at(days_later(day), 9), house.doctor, house.theatre)
        for number, day in enumerate(days, 1)
    ]
    return services.book_plan(plan=plan, choices=choices, by=make_user(), key=str(plan.pk))


def hold_visit(visit, monday_morning):
    """It takes place on its day."""
    monday_morning.move_to(visit.starts_at)
    for to in (State.ARRIVED, State.IN_ROOM, State.COMPLETED):
        note_gates(visit)
        visit.refresh_from_db()
        services.change_state(
            appointment=visit, to=to, by=make_user(), revision=visit.revision, historic=True
        )


def test_a_missed_session_is_booked_again_after_the_later_one_that_was_held(
    desk, house, monday_morning
):
    plan = make_plan(sessions=3)
    first, second, third = book(plan, house, 0, 28, 56)
    monday_morning.move_to(at(days_later(1), 9))
    services.change_state(appointment=first, to=State.NO_SHOW, by=make_user(), revision=1)
    hold_visit(second, monday_morning)

    (due,) = worklist.sessions_due(make_user("front_desk"), days_later(29))
    page = f"/calendar/plans/{plan.pk}/"
    shown = text(later(desk).get(page))
    assert (due.reason, due.may_book, due.ask) == (worklist.Unbooked.MISSED, True, "missed")
    assert (due.earliest, due.latest) == (days_later(28 + 21), days_later(28 + 42))
    assert "Session 1 was not held, and a later session is done" in shown
    assert f"{third} is booked already and stands in the way: move it to a later day first" in shown

    resources_of = (house.doctor.pk, house.theatre.pk)
    services.move(
        appointment=third, starts_at=at(days_later(84), 9), resources=resources_of,
        by=make_user("clinician"), revision=1, reason="healing", note="Waits for session 1",
    )  # fmt: skip
    best = offers.offers_for(plan)[0]
    assert [each.session.number for each in best.visits] == [1]
    assert best.first_on.date() == days_later(28 + 28)
    services.book_plan(plan=plan, choices=best.choices, by=make_user("front_desk"), key="again")
    assert worklist.sessions_due(make_user("front_desk"), days_later(29)) == []

    for _ in range(2):
        asked = desk.post(
            f"{page}ask/", {"what": "missed", "session": str(due.session.pk)}, follow=True
        )
    assert "is asked: Session 1 of Plan 1 was missed" in text(asked)
    task = Task.objects.exclude(kind="no_show").exclude(kind="after_care").get()
    assert (task.owner, task.due_on) == (plan.approved_by, days_later(28))


def test_a_window_that_is_over_is_said_to_be_over(desk, house, monday_morning):
    plan = make_plan()
    (visit,) = book(plan, house, 0)
    hold_visit(visit, monday_morning)
    monday_morning.move_to(at(days_later(43), 9))

    shown = text(later(desk).get(f"/calendar/plans/{plan.pk}/"))

    assert "The window of session 2 is over: it belongs by Mon 22-Feb-2027" in shown
    assert "Ask the clinician" in shown
    assert "fits nowhere" not in shown


def test_later_blocks_wait_for_the_review_and_can_be_held(desk, house):
    plan = make_plan(sessions=3, blocks=[1, 2, 2])
    page = f"/calendar/plans/{plan.pk}/"
    left = "1 session of the signed block to book. 2 sessions of later blocks wait for the review."
    assert left in text(desk.get(page))
    book(plan, house, 0)

    shown = text(desk.get(page))

    assert "What is left waits for the review" in shown
    assert "Ask the clinician" in shown
    assert "provisional" in text(desk.get(f"{page}?provisional=on"))
    assert len(offers.offers_for(plan, provisional=True)[0].visits) == 2


def test_offer_confirmation_and_visit_count_from_the_same_target_day(desk, house):
    plan = make_plan(starts_on=MONDAY - dt.timedelta(days=7))
    chosen = offers.offers_for(plan)[0].choices
    page, form = (
        f"/calendar/plans/{plan.pk}/",
        {"choices": json.dumps([c.as_json() for c in chosen])},
    )

    offered = text(desk.get(page))
    confirmed = text(desk.post(page, form))
    booked = text(desk.post(page, {**form, "step": "book", "key": "k"}, follow=True))
    visit = Appointment.objects.of_plan(plan).order_by("starts_at").first()

    for shown in (offered, confirmed, booked, text(desk.get(visit.get_absolute_url()))):
        assert "7 days after its target day" in shown


def test_a_whole_booking_is_taken_back_as_one_deed_while_nothing_came_of_it(desk, house):
    plan = make_plan()
    chosen = json.dumps([each.as_json() for each in offers.offers_for(plan)[0].choices])
    page = f"/calendar/plans/{plan.pk}/"
    form = {"choices": chosen, "step": "book", "key": "k"}

    shown = text(desk.post(page, form, follow=True))
    undone = text(desk.post(f"{page}undo/", follow=True))

    assert "Undo: cancel all 2 visits just booked" in shown
    assert "Nobody has asked the patient yet whether to write" in shown
    assert "the visits just booked are cancelled" in undone
    assert not Appointment.objects.of_plan(plan).standing().exists()

    desk.post(page, {**form, "key": "l", "hold": "yes", "minutes": 20})
    assert "2 sessions held, not booked yet." in text(desk.get(page))
    shown = text(desk.post(f"{page}hold/", {"decided": "yes"}, follow=True))
    assert "Undo: cancel all 2 visits just booked" in shown
    visit = Appointment.objects.of_plan(plan).standing().first()
    services.change_state(
        appointment=visit, to=State.CONFIRMED, by=make_user(), revision=visit.revision
    )
    assert "Undo: cancel all" not in text(desk.get(page))
    assert "is not taken back at once any more" in text(desk.post(f"{page}undo/", follow=True))
    assert Appointment.objects.of_plan(plan).standing().count() == 2


def test_a_quote_that_ran_out_is_a_hint_and_is_repeated_before_booking(desk, house):
    plan = make_plan(starts_on=MONDAY)
    agree_to(plan, on=MONDAY - dt.timedelta(days=120))
    chosen = json.dumps([each.as_json() for each in offers.offers_for(plan)[0].choices])
    page = f"/calendar/plans/{plan.pk}/"

    for shown in (text(desk.get(page)), text(desk.post(page, {"choices": chosen}))):
        assert "can be booked all the same" in shown
        assert "Ask the clinician" in shown
    assert "before booking" not in shown


def test_a_visit_longer_than_the_hours_asked_for_is_said_to_be(house):
    plan = make_plan(sessions=1, procedure=200)

    with pytest.raises(errors.NothingFits, match="takes 255 minutes: that is longer than"):
        offers.offers_for(plan, wishes=offers.Wishes(from_time=dt.time(13, 30)))


def test_what_was_booked_before_the_patient_was_asked_is_confirmed_once_they_agree(
    house, monday_morning
):
    patient = make_patient(email="robin@example.org")
    book(make_plan(patient=patient), house, 0, 28)
    monday_morning.move_to(NOW + dt.timedelta(hours=1))

    letters.record_choice(patient=patient, email=True, sms=False, by=make_user())

    assert [message.kind for message in Message.objects.all()] == ["confirmation"]


def test_the_next_times_are_asked_for_by_address_and_spread_over_days(desk, house):
    patient = make_patient()
    page = f"/calendar/patients/{patient.pk}/new/"
    asked = "?kind=consultation&start_from=04-Jan-2027&weekdays=1&weekdays=3&part_of_day=afternoons"

    answer = desk.get(page + asked)
    days = answer.context["found"].days
    nothing = desk.post(page, {"kind": "consultation"})
    slot = f"{days[0][1][0].starts_at.isoformat()}|{house.doctor.pk},{house.talking.pk}"
    booked = desk.post(page, {"kind": "consultation", "note": "by bus", "key": "k", "slot": slot})

    assert "The day asked for is past" in text(answer)
    assert {day.weekday() for day, _ in days} == {1, 3}
    assert all(len(times) <= 4 and times[0].starts_at.hour >= 13 for _, times in days)
    assert "start_from=02-Feb-2027" in text(answer)
    assert 'method="get"' in text(answer)
    assert nothing.status_code == 409
    assert "No time is chosen" in text(nothing)
    assert (booked.status_code, patient.appointments.get().note) == (302, "by bus")


def test_the_desk_is_offered_no_time_outside_the_window_and_asks_the_clinician(client, house):
    plan = make_plan()
    visit = book(plan, house, 0, 28)[1]
    resources.add_absence(
        resource=None, starts_at=at(days_later(29), 0), ends_at=at(days_later(31), 0),
        kind="holiday",
    )  # fmt: skip
    page = f"/calendar/visits/{visit.pk}/move/?on=2027-02-15"
    seen = {}
    for role in ("front_desk", "clinician"):
        client.force_login(make_user(role))
        seen[role] = text(client.get(page))

    assert "Other times are free outside its window" in seen["front_desk"]
    assert "Outside its window: needs a documented reason" not in seen["front_desk"]
    assert "Outside its window: needs a documented reason" in seen["clinician"]
    assert "The clinic is closed Tue 09-Feb-2027 to Wed 10-Feb-2027" in seen["front_desk"]
    times = client.get(f"/calendar/visits/{visit.pk}/move/").context["days"]
    assert visit.starts_at not in [each.starts_at for _, day in times for each in day]


def test_a_clinician_books_a_way_out_with_a_reason_and_the_plan_keeps_showing_it(client, house):
    plan = make_plan(sessions=2, gap=(21, 28, 30))
    page = f"/calendar/plans/{plan.pk}/"
    resources.add_absence(
        resource=None, starts_at=at(days_later(14), 0), ends_at=at(days_later(45), 0),
        kind="holiday", note="Rebuilding",
    )  # fmt: skip
    client.force_login(make_user("front_desk"))
    first = choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre)
    client.post(
        page,
        {"choices": json.dumps([first.as_json()]),
         "step": "book", "key": "first"},
    )  # fmt: skip
    refused = text(client.get(page))
    assert "What it would look like" in refused
    assert "Book it with a reason" not in refused

    client.force_login(make_user("clinician"))
    assert "Book it with a reason" in text(client.get(page))
    way_out = client.get(page).context["way_out"]
    asked = text(client.post(page, {"choices": way_out}))
    assert "Why outside its window" in asked
    form = {"choices": way_out, "step": "book", "key": "k", "reason": "", "note": "Their wedding"}
    again = client.post(page, form)
    assert again.status_code == 422
    assert "Their wedding" in text(again)
    assert "Nothing was booked" in text(client.post(page, {"choices": way_out, "step": "book"}))
    client.post(page, form | {"reason": "patient_unavailable"})

    [late] = Appointment.objects.of_plan(plan).filter(session__number=2)
    assert late.deviation_reason == "patient_unavailable"
    [on_the_plans_page] = warnings.of(plan)
    words = "is outside its clinical window: the patient cannot come inside the window"
    assert words in on_the_plans_page
    assert "Their wedding" in on_the_plans_page
    assert "outside its window" in text(client.get(page))
