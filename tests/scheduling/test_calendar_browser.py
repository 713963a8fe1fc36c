"""The desk's own way through the pages, in a real browser, at both sizes."""

import datetime as dt
import os
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from clinic.scheduling import offers, resources, services
from clinic.scheduling.models import Appointment
from tests.factories import make_user
from tests.scheduling.making import (
    LASER,
    LONDON,
    NEEDLING,
    make_house,
    make_patient,
    make_plan,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOK = os.environ.get("CICATRIX_LOOK")  # a folder for pictures, to look at the pages


def look(page, name):
    if LOOK:
        size = page.viewport_size["width"]
        page.screenshot(path=Path(LOOK) / f"{name}-{size}.png")


def weekday_ahead(days=1) -> dt.date:
    day = timezone.localdate(timezone=LONDON) + dt.timedelta(days=days)
    return day + dt.timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)


@pytest.fixture
def house():
    made = make_house()
    made.talking.site = "Ground floor"
    made.talking.save()
    return made


@pytest.fixture
def plan(house):
    return make_plan(
        sessions=6,
        kinds=["procedure"] * 5 + ["review"],
        steps=[[LASER], [NEEDLING], [LASER], [NEEDLING], [LASER], []],
        starts_on=weekday_ahead(3),
    )


def busy_day(house, on):
    by = make_user()
    for hour, kind, person in (
        (9, "first_consultation", house.doctor),
        (10, "review", house.doctor),
        (9, "consultation", house.other),
        (14, "urgent", house.other),
    ):
        services.book_visit(
            patient=make_patient(),
            kind=kind,
            starts_at=dt.datetime.combine(on, dt.time(hour + (kind == "consultation") * 2), LONDON),
            resources=(person.pk, house.talking.pk),
            by=by,
            key=uuid4().hex,
        )
    plan = make_plan(sessions=2, steps=[[LASER]] * 2, starts_on=on)
    services.book_plan(
        plan=plan, choices=offers.offers_for(plan)[0].choices, by=by, key=uuid4().hex
    )
    resources.add_absence(
        resource=house.nurse,
        starts_at=dt.datetime.combine(on, dt.time(12), LONDON),
        ends_at=dt.datetime.combine(on, dt.time(17), LONDON),
        kind="leave",
        note="Training",
    )
    return plan


def test_a_plan_of_six_is_booked_in_two_clicks_from_its_offers(page, sign_in, axe, plan):
    sign_in(page, make_user("front_desk"))
    page.goto(f"/calendar/plans/{plan.pk}/")
    axe(page)
    look(page, "offers")
    page.get_by_role("button", name="Choose Best fit").click()
    page.get_by_role("heading", name="Book these 6 visits?").wait_for()
    axe(page)
    look(page, "confirm")
    page.get_by_role("button", name="Book all 6 visits").click()

    page.get_by_text("6 visits are booked").wait_for()
    axe(page)
    look(page, "booked")
    assert Appointment.objects.of_plan(plan).standing().count() == 6


def test_the_day_and_the_week_show_what_is_booked(page, sign_in, axe, house):
    on = weekday_ahead()
    plan = busy_day(house, on)
    sign_in(page, make_user("front_desk"))

    page.goto(f"/calendar/?on={on}")
    visit = page.get_by_role("link", name=str(plan.patient)).first
    visit.wait_for()
    axe(page)
    look(page, "day")
    page.emulate_media(color_scheme="dark")
    page.reload()
    axe(page)
    look(page, "day-dark")
    page.emulate_media(color_scheme="light")
    page.reload()
    page.get_by_role("link", name="Rooms", exact=True).click()
    axe(page)
    look(page, "day-rooms")
    page.goto(f"/calendar/week/?on={on}&resource={house.doctor.pk}")
    axe(page)
    look(page, "week")


def test_a_visit_is_moved_after_a_look_at_what_it_does(page, sign_in, axe, house):
    plan = busy_day(house, weekday_ahead())
    first = Appointment.objects.of_plan(plan).earliest("starts_at")
    sign_in(page, make_user("front_desk"))
    page.goto(f"/calendar/visits/{first.pk}/")
    axe(page)
    look(page, "visit")

    page.get_by_role("link", name="Move", exact=True).click()
    axe(page)
    look(page, "move")
    page.locator(".slot").last.click()
    page.get_by_role("heading", name="Later visits of the plan").wait_for()
    axe(page)
    look(page, "verdict")
    page.get_by_role("button", name="Move").click()
    page.get_by_text("The visit is moved").wait_for()
    page.get_by_role("button", name="Undo").click()

    page.get_by_text("Undone.").wait_for()
    again = Appointment.objects.get(pk=first.pk)
    assert again.starts_at == first.starts_at


def test_a_visit_without_a_plan_is_found_a_time(page, sign_in, axe, house):
    patient = make_patient()
    sign_in(page, make_user("front_desk"))
    page.goto(f"/calendar/patients/{patient.pk}/new/")
    axe(page)

    page.get_by_role("button", name="Show the next times").click()
    page.locator(".slot").first.click()
    axe(page)
    look(page, "new-visit")
    page.get_by_role("button", name="Book the chosen time").click()

    page.get_by_text("Booked: First consultation").wait_for()
    assert Appointment.objects.get(patient=patient).minutes == 60


def test_the_keeper_of_the_house_changes_hours_and_sees_who_is_hit(page, sign_in, axe, house):
    busy_day(house, weekday_ahead())
    sign_in(page, make_user("owner"))
    page.goto("/calendar/resources/")
    axe(page)
    look(page, "resources")
    page.get_by_role("link", name="Clinic's hours").click()
    axe(page)
    look(page, "hours")
    for number in range(5):
        page.locator(f"#id_day{number}").fill("10:00-13:00, 14:00-17:00")
    page.get_by_role("button", name="Save").click()

    page.get_by_text("would fall outside").wait_for()
    axe(page)
    look(page, "hours-hit")
    page.get_by_role("button", name="Save all the same").click()
    page.get_by_text("The hours of the clinic are saved").wait_for()
    page.goto("/calendar/resources/absence/")
    axe(page)
    page.goto(f"/calendar/resources/{house.laser.pk}/")
    axe(page)


def test_the_work_list_holds_what_is_signed_and_not_booked(desktop, sign_in, axe, plan):
    sign_in(desktop, make_user("front_desk"))

    desktop.goto("/calendar/to-book/")

    axe(desktop)
    look(desktop, "to-book")
    assert desktop.get_by_role("link", name=f"Book the plan of {plan.patient}").is_visible()
