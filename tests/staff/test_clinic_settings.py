"""The settings of the clinic, which hold on every page at once."""

import datetime as dt

import pytest

from clinic.catalogue.models import Clinic, Requirement
from clinic.staff.roles import Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client):
    user = make_user(Role.OWNER)
    client.force_login(user)
    return user


def typed(**changes):
    return {
        "name": "House of Skin",
        "time_zone": "Asia/Kolkata",
        "currency": "inr",
        "country": "IN",
        "tax_percent": "18.00",
        "review_weeks": "12",
        "idle_minutes": "10",
        "lapsed_registration": "warn",
        "revision": Clinic.current().revision,
        **changes,
    }


def test_the_name_is_on_every_page_and_the_zone_in_every_time(client, owner):
    owner.last_login = dt.datetime(2026, 8, 14, 20, 0, tzinfo=dt.UTC)

    client.post("/catalogue/clinic/", typed())
    type(owner).objects.filter(pk=owner.pk).update(last_login=owner.last_login)
    page = client.get("/staff/users/").text

    assert "House of Skin" in page
    assert "15-Aug-2026 01:30" in page
    assert Clinic.current().currency == "INR"


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"currency": "euros"}, "currency"),
        ({"tax_percent": "130"}, "tax_percent"),
        ({"idle_minutes": "0"}, "idle_minutes"),
        ({"review_weeks": "-1"}, "review_weeks"),
        ({"name": ""}, "name"),
    ],
)
def test_a_mistake_is_told_beside_its_field(client, owner, broken, field):
    answer = client.post("/catalogue/clinic/", typed(**broken))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_a_stale_form_says_what_changed_and_keeps_what_was_typed(client, owner):
    stale = typed(name="Second name")
    client.post("/catalogue/clinic/", typed(name="First name"))

    answer = client.post("/catalogue/clinic/", stale)

    assert answer.status_code == 422
    assert "name is now “First name”" in answer.text
    assert 'value="Second name"' in answer.text
    assert Clinic.current().name == "First name"


def test_the_owner_says_what_the_clinic_cannot_offer(client, owner):
    Requirement.objects.create(code="co2", name="CO2 laser", kind="device")
    Clinic.objects.filter(pk=Clinic.current().pk).update(lacks=["an_old_code"])

    shown = client.get("/catalogue/clinic/").text
    client.post("/catalogue/clinic/", typed(lacks=["co2"]))

    assert "CO2 laser" in shown
    assert "an_old_code" in shown
    assert Clinic.current().lacks == ["co2"]


def test_what_the_clinic_cannot_offer_is_not_lost_to_a_stale_form(client, owner):
    Clinic.objects.filter(pk=Clinic.current().pk).update(lacks=["an_old_code"])
    stale = typed(lacks=[])
    client.post("/catalogue/clinic/", typed(lacks=["an_old_code"]))

    assert "cannot offer was changed" in client.post("/catalogue/clinic/", stale).text
