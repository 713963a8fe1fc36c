"""The server's side of the lock: its own clock, and nothing without the password."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.utils import timezone

from clinic.catalogue.models import Clinic
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

PART = {"HX-Request": "true"}
SCRIPT = {"X-Requested-With": "fetch"}


@pytest.fixture(autouse=True)
def _no_earlier_tries():
    cache.clear()


@pytest.fixture
def user(client):
    person = make_user()
    client.force_login(person)
    client.get("/staff/profile/")
    return person


@pytest.fixture
def pass_minutes(time_machine):
    def move(minutes):
        time_machine.move_to(timezone.now() + dt.timedelta(minutes=minutes))

    return move


@pytest.mark.parametrize(("minutes", "status"), [(14, 200), (16, 302)])
def test_a_session_locks_after_its_idle_minutes(client, user, pass_minutes, minutes, status):
    pass_minutes(minutes)

    assert client.get("/staff/profile/").status_code == status


def test_the_owner_sets_the_minutes(client, user, pass_minutes):
    Clinic.current()
    Clinic.objects.update(idle_minutes=3)
    pass_minutes(4)

    assert client.get("/staff/profile/").url == "/staff/unlock/?next=%2Fstaff%2Fprofile%2F"


def test_typing_keeps_a_session_awake_and_a_page_that_asks_by_itself_does_not(
    client, user, pass_minutes
):
    for _ in range(3):
        pass_minutes(10)
        assert client.post("/staff/awake/").status_code == 200
    for _ in range(2):
        pass_minutes(10)
        answer = client.get("/staff/profile/", headers={"X-Background": "1"})

    assert answer.status_code == 302


def test_a_part_of_a_locked_page_gets_a_401(client, user):
    client.post("/staff/lock/")

    assert client.get("/staff/profile/", headers=PART).status_code == 401
    assert client.post("/staff/awake/", headers=SCRIPT).status_code == 401


def test_a_locked_session_changes_nothing(client, user):
    client.post("/staff/lock/")

    client.post("/staff/profile/", {"name": "Another"})

    user.refresh_from_db()
    assert user.name != "Another"


def test_the_password_opens_it_and_the_page_goes_on(client, user):
    client.post("/staff/lock/")

    answer = client.post("/staff/unlock/", {"password": PASSWORD}, headers=SCRIPT)

    assert answer.json()["token"]
    assert client.get("/staff/profile/").status_code == 200


def test_a_wrong_password_does_not(client, user):
    client.post("/staff/lock/")

    answer = client.post("/staff/unlock/", {"password": "a wrong one"}, headers=SCRIPT)

    assert (answer.status_code, answer.json()) == (403, {"refusal": "This is not your password."})
    assert client.get("/staff/profile/").status_code == 302


def test_guessing_at_the_lock_is_stopped_too(client, user):
    for _ in range(6):
        answer = client.post("/staff/unlock/", {"password": "a wrong one"}, headers=SCRIPT)

    assert "Wait five minutes" in answer.json()["refusal"]


def test_without_scripts_the_lock_is_a_page_that_leads_back(client, user):
    client.post("/staff/lock/")
    page = client.get("/staff/profile/", follow=True)
    assert "data-turned-away" in page.text

    back = client.post("/staff/unlock/", {"password": PASSWORD, "next": "/staff/profile/"})

    assert back.url == "/staff/profile/"


def test_the_lock_leads_to_no_other_site(client, user):
    back = client.post(
        "/staff/unlock/", {"password": PASSWORD, "next": "https://elsewhere.example/"}
    )

    assert back.url == "/"


def test_a_session_that_ended_is_begun_anew_for_the_same_person(client, user):
    client.logout()
    typed = {"email": user.email, "password": PASSWORD}

    answer = client.post("/staff/unlock/", typed, headers=SCRIPT)

    assert answer.status_code == 200
    assert client.get("/staff/profile/").context["user"] == user


def test_nobody_takes_over_a_page_through_anothers_session(client, user):
    typed = {"email": make_user().email, "password": PASSWORD}

    answer = client.post("/staff/unlock/", typed, headers=SCRIPT)

    assert "Somebody else signed in" in answer.json()["refusal"]
