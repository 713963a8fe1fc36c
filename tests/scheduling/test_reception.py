"""What the desk reads off the calendar and Today: the patient's time, who is away, who is late."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.scheduling import board, rebooking, services, today
from clinic.scheduling.models import Absence, Resource
from tests.factories import make_user
from tests.scheduling.making import (
    LONDON,
    MONDAY,
    NOW,
    at,
    choice,
    make_house,
    make_patient,
    make_plan,
)

pytestmark = pytest.mark.django_db
ABSENCE = "/calendar/resources/absence/"


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def desk(client):
    client.force_login(make_user("front_desk"))
    return client


def a_talk(house, hour=9, on=MONDAY, **patient):
    return services.book_visit(
        patient=make_patient(**patient),
        kind="consultation",
        starts_at=at(on, hour),
        resources=(house.doctor.pk, house.talking.pk),
        by=make_user(),
        key=f"{on}{hour}",
    )


def a_procedure(house, hour=9, on=MONDAY):
    """Numbing from the hour, the doctor half an hour later."""
    plan = make_plan(sessions=1, patient=make_patient(family_name="Cypress", given_name="Olive"))
    return services.book_plan(
        plan=plan,
        choices=[choice(plan, 1, at(on, hour), house.doctor, house.theatre)],
        by=make_user(),
        key=f"plan{hour}",
    )[0]


def page(client, path) -> str:
    return client.get(path).content.decode()


def test_every_column_says_the_time_that_the_patient_was_told(desk, house):
    visit = a_procedure(house)

    text = page(desk, f"/calendar/?on={MONDAY}")
    drawn = board.day_board(make_user("front_desk"), MONDAY, [house.doctor])
    box = drawn.columns[0].boxes[0]

    assert visit.ends_at == at(MONDAY, 10, 30)
    assert '<span class="cal-time">09:00<span class="cal-until">–10:30</span>' in text
    assert "needs Dr Ada 09:30–10:15" in text
    assert [(piece.kind, piece.row, piece.rows) for piece in box.around] == [
        ("numbing", 4, 2),
        ("clean_up", 9, 1),
    ]
    assert (box.after_start, box.whole) == (2, 6)  # what a drag reckons with


def test_a_column_says_that_its_person_is_away_and_today_counts_whom_it_hits(desk, house):
    a_talk(house, 11)
    span = {"starts_at": at(MONDAY, 10), "ends_at": at(MONDAY + dt.timedelta(days=1), 0)}
    rebooking.add_absence(resource=house.doctor, kind="ill", **span)

    day, front = page(desk, f"/calendar/?on={MONDAY}"), page(desk, "/")

    assert "Ill, from 10:00" in day
    assert "1 visit of this day must be looked at again" in day
    assert "1 visit must be looked at again" in front
    assert "/calendar/to-look-at/" in front


def test_a_clinician_is_told_of_their_own_visits_alone(client, house):
    user = make_user("clinician")
    Resource.objects.filter(pk=house.other.pk).update(user=user)
    a_talk(house, 11)
    own = services.book_visit(
        patient=make_patient(family_name="Sedge"),
        kind="review",
        starts_at=at(MONDAY, 13),
        resources=(house.other.pk, house.theatre.pk),
        by=user,
        key="own",
    )
    span = {"starts_at": at(MONDAY, 8), "ends_at": at(MONDAY, 18)}
    for one in (house.doctor, house.other):
        rebooking.add_absence(resource=one, kind="leave", **span)

    assert today.to_look_at(user) == [own]
    client.force_login(user)
    assert "1 of your visits must be looked at again" in page(client, "/")


# --- absences --------------------------------------------------------------------------------


def an_absence(**fields):
    return {"kind": "ill", "first_on": "2027-01-13", "last_on": "2027-01-13", **fields}


def test_an_absence_asks_who_and_why_before_it_closes_anything(desk, house):
    answer = desk.post(ABSENCE, an_absence(kind=""))

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"resource", "kind"}
    assert not Absence.objects.exists()


def test_the_whole_clinic_is_closed_only_by_a_second_yes_to_the_same_days(desk, house):
    form = an_absence(resource="clinic", kind="holiday")

    first = desk.post(ABSENCE, form)
    other_day = desk.post(ABSENCE, {**form, "last_on": "2027-01-15", "seen": first.context["seen"]})

    assert "This closes the whole clinic" in first.content.decode()
    assert other_day.status_code == 200
    assert not Absence.objects.exists()
    desk.post(ABSENCE, {**form, "seen": first.context["seen"]})
    assert Absence.objects.get().resource is None


def test_an_absence_names_whom_it_hits_comes_back_to_its_day_and_is_taken_back(desk, house):
    visit = a_talk(house, 9, dt.date(2027, 1, 13), family_name="Sedge")
    form = an_absence(resource=house.doctor.pk)

    asked = desk.post(ABSENCE, form)
    saved = desk.post(ABSENCE, {**form, "seen": asked.context["seen"]})

    assert "Sedge" in asked.content.decode()
    assert saved.url == "/calendar/?on=2027-01-13"
    assert "Ill, all day" in page(desk, saved.url)
    assert visit.attentions.open().exists()
    assert "Take back" in page(desk, ABSENCE)
    back = desk.post(f"{ABSENCE}{Absence.objects.get().pk}/end/", follow=True)
    assert back.status_code == 200
    assert not visit.attentions.open().exists()


# --- the day's steps ---------------------------------------------------------------------------


def words(visit, now) -> list[str]:
    return [told for _, told in today.steps_of(visit, now)]


def test_nobody_arrives_before_the_day_and_a_late_one_is_asked_for_first(
    desk, house, monday_morning
):
    visit = a_talk(house, 9)

    assert words(visit, NOW - dt.timedelta(days=30)) == ["Confirm"]
    assert words(visit, NOW) == ["Confirm", "Arrived", "No-show"]
    assert words(visit, at(MONDAY, 14)) == ["Arrived", "No-show", "Confirm"]
    monday_morning.move_to(at(MONDAY, 14, 10))
    assert "late by 5 h" in page(desk, "/")


def test_a_no_show_is_called_and_booked_again(desk, house, monday_morning):
    talk, planned = a_talk(house, 9, phone="020 7946 0011"), a_procedure(house, 10)
    monday_morning.move_to(dt.datetime.combine(MONDAY, dt.time(12), LONDON))
    for visit in (talk, planned):
        services.change_state(
            appointment=visit, to="no_show", by=make_user("front_desk"), revision=1
        )

    text = page(desk, f"/calendar/visits/{talk.pk}/")

    assert "020 7946 0011" in text
    assert f"/calendar/patients/{talk.patient_id}/new/?kind=consultation" in text
    assert "Undo “no-show”" in text
    plan = planned.session.block.plan
    assert f'href="/calendar/plans/{plan.pk}/">Book again' in page(
        desk, f"/calendar/visits/{planned.pk}/"
    )


def test_an_empty_place_leads_to_a_new_visit_from_that_time_on(desk, house):
    wish = {"kind": "consultation", "start_from": "2027-01-13", "at": "14:15"}

    found = desk.get("/calendar/openings/", wish).context["openings"]

    assert found[0].starts_at == at(dt.date(2027, 1, 13), 14, 30)


def test_today_judges_no_gate_and_asks_no_more_for_many_plans(desk, house):
    a_procedure(house)
    desk.get("/")
    with CaptureQueriesContext(connection) as one:
        text = page(desk, "/")
    for hour in (11, 13):
        a_procedure(house, hour)
    with CaptureQueriesContext(connection) as three:
        desk.get("/")

    assert "See what is missing" in text
    assert len(three) <= len(one) + 4
