"""People, rooms and devices: what ends, what is overdue, and what a change does to visits."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from clinic.catalogue.models import Clinic, Requirement
from clinic.scheduling import errors, offers, resources
from clinic.scheduling.models import Attention, Resource, WorkingHours
from clinic.scheduling.services import book_plan, book_visit, move
from tests.factories import make_user
from tests.scheduling.making import (
    LASER,
    NOW,
    at,
    days_later,
    make_house,
    make_patient,
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
def keeper(client, house):
    client.force_login(make_user("owner"))
    return client


def lapse(resource, **days):
    Resource.objects.filter(pk=resource.pk).update(**days)


def talk(house, *, days=0, hour=10):
    return book_visit(
        patient=make_patient(),
        kind="consultation",
        starts_at=at(days_later(days), hour),
        resources=(house.doctor.pk, house.talking.pk),
        by=make_user("front_desk"),
        key=f"talk {days} {hour}",
    )


def laser_plan():
    return make_plan(sessions=2, steps=[[LASER], [LASER]])


def booked(plan):
    choices = offers.offers_for(plan)[0].choices
    return book_plan(plan=plan, choices=choices, by=make_user("front_desk"), key=str(plan.pk))


def form_of(client, resource, **changes):
    form = client.get(resource.get_absolute_url()).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)} | changes


# ---- devices


def test_nothing_is_offered_on_a_device_after_its_service_is_due(house):
    lapse(house.laser, service_due_on=days_later(10))

    with pytest.raises(errors.NothingFits, match="The service of Laser A is due"):
        offers.offers_for(laser_plan())


def test_a_visit_after_the_service_is_due_is_refused_in_words(house):
    plan = laser_plan()
    choices = offers.offers_for(plan)[0].choices
    lapse(house.laser, service_due_on=days_later(10))

    with pytest.raises(errors.Lapsed, match="The service of Laser A is due on Thu 21-Jan-2027"):
        book_plan(plan=plan, choices=choices, by=make_user("front_desk"), key="k")


def test_the_due_day_itself_can_be_booked(house):
    plan = laser_plan()
    choices = offers.offers_for(plan)[0].choices
    last = max(choice.starts_at for choice in choices).date()
    lapse(house.laser, service_due_on=last)

    assert len(book_plan(plan=plan, choices=choices, by=make_user("front_desk"), key="k")) == 2


def test_an_earlier_service_day_lists_the_visits_it_hits_and_marks_them(keeper, house):
    visits = booked(laser_plan())
    form = form_of(keeper, house.laser, service_due_on="12-Jan-2027")

    first = keeper.post(house.laser.get_absolute_url(), form)

    assert len(first.context["hit"]) == len([v for v in visits if v.day > dt.date(2027, 1, 12)])
    assert "Linnet" not in first.text  # an owner meets no patient
    assert Resource.objects.get(pk=house.laser.pk).service_due_on is None
    keeper.post(house.laser.get_absolute_url(), form | {"seen": first.context["seen"]})
    assert Resource.objects.get(pk=house.laser.pk).service_due_on == dt.date(2027, 1, 12)
    assert set(Attention.objects.open().values_list("why", flat=True)) == {"lapsed"}


def test_a_service_that_was_done_settles_the_marks(keeper, house):
    booked(laser_plan())
    form = form_of(keeper, house.laser, service_due_on="12-Jan-2027")
    seen = keeper.post(house.laser.get_absolute_url(), form).context["seen"]
    keeper.post(house.laser.get_absolute_url(), form | {"seen": seen})

    later = form_of(keeper, house.laser, serviced_on="11-Jan-2027", service_due_on="11-Jan-2028")
    keeper.post(house.laser.get_absolute_url(), later)

    assert not Attention.objects.open().exists()


def test_a_service_is_due_after_the_last_one(keeper, house):
    answer = keeper.post(
        house.laser.get_absolute_url(),
        form_of(keeper, house.laser, serviced_on="11-Jan-2027", service_due_on="11-Jan-2026"),
    )

    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "service_due_on": ["The next service is before the last one."]
    }


def test_a_code_has_no_spaces_and_stays(keeper, house):
    new = reverse("scheduling:new_resource", args=["device"])
    Requirement.objects.get_or_create(code="pen", name="A pen", kind="device")
    typed = {"name": "Pen", "capabilities": ["pen"], "active": "on"}

    spaced = keeper.post(new, typed | {"code": "test pen 1"})
    keeper.post(new, typed | {"code": "test-pen-1"})
    pen = Resource.objects.get(name="Pen")
    keeper.post(pen.get_absolute_url(), form_of(keeper, pen, code="other", name="Pen 2"))

    assert list(spaced.context["form"].errors) == ["code"]
    pen.refresh_from_db()
    assert (pen.name, pen.code) == ("Pen 2", "test-pen-1")
    shown = keeper.get(reverse("scheduling:resources")).text
    assert "No next service date" in shown


def test_what_is_overdue_or_soon_stands_on_today_and_on_the_list(keeper, house):
    lapse(house.laser, service_due_on=days_later(-3))
    lapse(house.doctor, registered_until=days_later(20), registration_number="7012345")
    lapse(house.other, registered_until=days_later(200))

    for address in ("/", reverse("scheduling:resources")):
        shown = keeper.get(address)
        assert [row.name for row in shown.context["lapsing"]] == ["Laser A", "Dr Ada"]
        assert "Out of service" in shown.text
        assert "Registration ends" in shown.text


# ---- registrations


def test_a_booking_after_a_registration_ends_is_marked(house):
    lapse(house.doctor, registered_until=days_later(1))

    within, after = talk(house, days=1), talk(house, days=2)

    assert not Attention.objects.filter(appointment=within).exists()
    mark = Attention.objects.get(appointment=after)
    assert mark.words == "The registration of Dr Ada ends on Tue 12-Jan-2027."


def test_a_clinic_may_refuse_to_book_after_a_registration_ends(house):
    lapse(house.doctor, registered_until=days_later(1))
    Clinic.objects.update_or_create(pk=1, defaults={"lapsed_registration": "refuse"})

    with pytest.raises(errors.Lapsed, match="until a later end is recorded"):
        talk(house, days=2)


def test_a_visit_moved_back_before_the_end_is_marked_no_more(house):
    lapse(house.doctor, registered_until=days_later(1))
    visit = talk(house, days=2)

    move(
        appointment=visit,
        starts_at=at(days_later(1), 10),
        resources=(house.doctor.pk, house.talking.pk),
        by=make_user("front_desk"),
        revision=visit.revision,
    )

    assert not Attention.objects.open().exists()


# ---- changes


def test_taking_somebody_out_of_booking_lists_their_visits_first(keeper, house):
    visit = talk(house, days=2)
    form = form_of(keeper, house.doctor)
    form.pop("active")

    first = keeper.post(house.doctor.get_absolute_url(), form)

    assert [each.pk for each in first.context["hit"]] == [visit.pk]
    assert Resource.objects.get(pk=house.doctor.pk).active
    talk(house, days=3)
    again = keeper.post(house.doctor.get_absolute_url(), form | {"seen": first.context["seen"]})
    assert len(again.context["hit"]) == 2  # what was agreed to is not what it would hit now
    keeper.post(house.doctor.get_absolute_url(), form | {"seen": again.context["seen"]})
    assert not Resource.objects.get(pk=house.doctor.pk).active
    assert Attention.objects.open().count() == 2
    keeper.post(house.doctor.get_absolute_url(), form_of(keeper, house.doctor, active="on"))
    assert Attention.objects.open().count() == 0  # back again


def test_a_skill_that_is_taken_away_lists_the_visits_that_need_it(keeper, house):
    plan = make_plan(sessions=1, steps=[[LASER]])
    booked(plan)
    form = form_of(keeper, house.doctor)

    spared = keeper.post(house.laser.get_absolute_url(), form_of(keeper, house.laser, name="Laser"))
    hit = keeper.post(house.doctor.get_absolute_url(), form | {"capabilities": ["doctor", "SUBC"]})

    assert spared.status_code == 302
    assert len(hit.context["hit"]) == 1


def test_a_stale_form_is_refused_and_keeps_what_was_typed(keeper, house):
    form = form_of(keeper, house.theatre, name="Theatre two")
    keeper.post(house.theatre.get_absolute_url(), form_of(keeper, house.theatre, name="Theatre"))

    stale = keeper.post(house.theatre.get_absolute_url(), form)

    assert stale.status_code == 422
    assert "name is now “Theatre”" in stale.text
    assert stale.context["form"]["name"].value() == "Theatre two"
    fresh = {name: stale.context["form"][name].value() for name in stale.context["form"].fields}
    keeper.post(house.theatre.get_absolute_url(), fresh)
    assert Resource.objects.get(pk=house.theatre.pk).name == "Theatre two"


def test_hours_that_somebody_else_changed_are_not_overwritten(keeper, house):
    page = keeper.get("/calendar/resources/hours/")
    form = {f"day{day}": "08:00-12:00" for day in range(5)} | {"was": page.context["was"]}
    resources.set_hours(resource=None, weekly={0: [(dt.time(7), dt.time(19))]})

    answer = keeper.post("/calendar/resources/hours/", form)

    assert answer.status_code == 422
    assert "the hours are now Monday 07:00-19:00" in answer.text
    assert WorkingHours.objects.get().starts == dt.time(7)
