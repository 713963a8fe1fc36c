"""What the pages make of bad, late and doubled requests: nothing is lost and nothing is silent."""

import datetime as dt
import json

import pytest
import time_machine
from django.utils import timezone

from clinic.scheduling import offers, resources, today
from clinic.scheduling.models import Absence, Appointment, Resource, WorkingHours
from clinic.scheduling.services import book_visit
from tests.factories import make_user
from tests.scheduling.making import MONDAY, NOW, at, make_house, make_patient, make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def desk(client):
    client.force_login(make_user("front_desk"))
    return client


@pytest.fixture
def keeper(client):
    client.force_login(make_user("owner"))
    return client


def chosen(plan) -> str:
    return json.dumps([choice.as_json() for choice in offers.offers_for(plan)[0].choices])


def test_a_form_sent_twice_books_once(desk, house):
    plan = make_plan()
    form = {"step": "book", "key": "one-page", "choices": chosen(plan)}

    first = desk.post(f"/calendar/plans/{plan.pk}/", form)
    second = desk.post(f"/calendar/plans/{plan.pk}/", form)

    assert first.status_code == second.status_code == 302
    assert Appointment.objects.of_plan(plan).count() == 2


@pytest.mark.parametrize(
    "choices",
    ["", "no json", "[]", "{}", '[{"session": "x"}]', "[1]", '[{"starts_at": null}]'],
)
def test_an_offer_that_makes_no_sense_brings_the_offers_back(desk, house, choices):
    plan = make_plan()

    answer = desk.post(f"/calendar/plans/{plan.pk}/", {"step": "book", "choices": choices})

    assert "out of date" in answer.content.decode()
    assert not Appointment.objects.exists()


def test_an_offer_that_somebody_took_says_so_and_offers_anew(desk, house):
    plan, other = make_plan(), make_plan()
    form = {"step": "book", "key": "a", "choices": chosen(plan)}
    desk.post(f"/calendar/plans/{other.pk}/", {**form, "key": "b", "choices": chosen(other)})

    answer = desk.post(f"/calendar/plans/{plan.pk}/", form)

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was booked" in text
    assert "is already booked on Mon 11-Jan-2027 09:00" in text
    assert "Best fit" in text


def test_a_plan_that_cannot_fit_says_what_is_missing(desk, house):
    Resource.objects.filter(pk=house.theatre.pk).update(active=False)
    plan = make_plan()

    text = desk.get(f"/calendar/plans/{plan.pk}/").content.decode()

    assert "What is missing in those days is a procedure room" in text


def test_wishes_that_contradict_each_other_are_said_beside_the_field(desk, house):
    plan = make_plan()

    answer = desk.get(
        f"/calendar/plans/{plan.pk}/", {"start_from": "2027-03-01", "finish_by": "2027-02-01"}
    )

    assert "This is before 01-Mar-2027" in answer.content.decode()


def test_a_draft_plan_is_not_shown_to_the_desk(desk, house):
    plan = make_plan(approved=False)

    assert desk.get(f"/calendar/plans/{plan.pk}/").status_code == 404


def a_visit(house, patient=None, hour=9, **fields):
    return book_visit(
        patient=patient or make_patient(),
        kind="consultation",
        starts_at=at(MONDAY, hour),
        resources=(house.doctor.pk, house.talking.pk),
        by=make_user(),
        key=f"{hour}",
        **fields,
    )


def test_a_stale_page_changes_nothing(desk, house):
    visit = a_visit(house)
    desk.post(f"/calendar/visits/{visit.pk}/state/", {"to": "confirmed", "revision": 1})

    answer = desk.post(
        f"/calendar/visits/{visit.pk}/state/", {"to": "arrived", "revision": 1}, follow=True
    )

    assert "changed meanwhile" in answer.content.decode()
    visit.refresh_from_db()
    assert visit.state == "confirmed"


def test_a_cancellation_without_a_reason_keeps_the_note(desk, house):
    visit = a_visit(house)

    answer = desk.post(
        f"/calendar/visits/{visit.pk}/cancel/", {"note": "rang at eight", "revision": 1}
    )

    assert answer.status_code == 422
    assert "rang at eight" in answer.content.decode()


def test_a_move_is_not_made_before_its_verdict_was_seen(desk, house):
    visit = a_visit(house)
    slot = f"{at(MONDAY, 11).isoformat()}|{house.doctor.pk},{house.talking.pk}"

    answer = desk.post(
        f"/calendar/visits/{visit.pk}/move/", {"slot": slot, "step": "move", "revision": 1}
    )

    visit.refresh_from_db()
    assert visit.starts_at == at(MONDAY, 9)
    assert "Nothing is moved yet" in answer.content.decode()


def test_the_board_draws_only_the_day_asked_for(desk, house):
    a_visit(house)

    assert "Linnet" in desk.get("/calendar/?on=2027-01-11").content.decode()
    assert "Linnet" not in desk.get("/calendar/?on=2027-01-12").content.decode()
    assert desk.get("/calendar/?on=2027-02-31").status_code == 200


def test_a_practitioners_day_holds_their_own_visits_alone(house):
    user = make_user("clinician")
    Resource.objects.filter(pk=house.other.pk).update(user=user)
    a_visit(house)
    own = book_visit(
        patient=make_patient(),
        kind="review",
        starts_at=at(MONDAY, 13),
        resources=(house.other.pk, house.talking.pk),
        by=user,
        key="own",
    )

    assert list(today.day_list(user, MONDAY)) == [own]
    assert len(today.day_list(make_user("front_desk"), MONDAY)) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9 to 5", "is no span of time"),
        ("17:00-09:00", "ends before it starts"),
        ("09:10-12:00", "is not on quarter hours"),
        ("13:00-17:00, 09:00-14:00", "in order"),
        ("25:00-26:00", "is no span of time"),
    ],
)
def test_hours_that_make_no_sense_are_said_beside_the_day(keeper, house, text, words):
    answer = keeper.post("/calendar/resources/hours/", {"day0": text})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert WorkingHours.objects.filter(resource=None).count() == 5


def test_an_absence_over_booked_visits_lists_them_first(keeper, house):
    a_visit(house)
    form = {
        "resource": house.doctor.pk,
        "kind": "leave",
        "first_on": "2027-01-11",
        "last_on": "2027-01-15",
    }

    first = keeper.post("/calendar/resources/absence/", form)
    keeper.post("/calendar/resources/absence/", {**form, "seen": first.context["seen"]})

    assert "1 booked visit would fall outside" in first.content.decode()
    assert "Linnet" not in first.content.decode()  # an owner meets no patient
    kept = Absence.objects.get()
    assert kept.during.upper - kept.during.lower == dt.timedelta(days=5)


def test_a_time_that_the_clocks_skip_is_refused(keeper, house):
    form = {
        "kind": "holiday",
        "first_on": "2027-03-28",
        "first_at": "01:30",
        "last_on": "2027-03-29",
    }

    answer = keeper.post("/calendar/resources/absence/", form)

    assert "does not exist" in answer.content.decode()


def test_names_are_written_out_and_never_run(desk, house):
    resources.add_room(code="x", name="<script>alert(1)</script>", room_kind="procedure")

    text = desk.get("/calendar/?by=rooms").content.decode()

    assert "<script>alert" not in text
    assert timezone.now() == NOW
