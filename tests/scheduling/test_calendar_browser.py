"""The desk's own way through the pages, in a real browser, at both sizes."""

import datetime as dt
import os
import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from clinic.scheduling import offers, resources, services
from clinic.scheduling.models import Appointment
from tests.factories import make_user
from tests.scheduling.making import (
    DULL as SUBCISION,
)
from tests.scheduling.making import (
    LASER,
    LONDON,
    NEEDLING,
    at,
    choice,
    make_house,
    make_patient,
    make_plan,
)
from tests.sizes import tablet_first

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


def count_clicks(page):
    page.clicks = 0

    def click(locator):
        page.clicks += 1
        locator.click()

    return click


def book(plan):
    by, key = make_user(), uuid4().hex
    offer = offers.offers_for(plan)[0]
    return services.book_plan(plan=plan, choices=offer.choices, by=by, key=key)


@tablet_first
def test_a_plan_of_six_is_booked_in_three_clicks_and_the_patient_moves_session_two(
    page, sign_in, axe, plan
):
    sign_in(page, make_user("front_desk"))
    page.goto("/calendar/to-book/")
    look(page, "to-book")
    click = count_clicks(page)

    # The plan's own page leads to the same offers, by one link too: see the main line.
    click(page.get_by_role("link", name=f"Book the plan of {plan.patient}"))
    page.get_by_role("button", name="Choose Best fit").wait_for()
    look(page, "offers")
    click(page.get_by_role("button", name="Choose Best fit"))
    page.get_by_role("heading", name="Book these 6 visits?").wait_for()
    axe(page)
    look(page, "confirm")
    click(page.get_by_role("button", name="Book all 6 visits"))

    page.get_by_text("6 visits are booked").wait_for()
    look(page, "booked")
    assert page.clicks == 3
    assert Appointment.objects.of_plan(plan).standing().count() == 6

    second = Appointment.objects.of_plan(plan).get(session__number=2)
    page.goto(second.get_absolute_url())
    page.get_by_role("link", name="Move", exact=True).click()
    page.get_by_text("Its clinical window is").wait_for()
    look(page, "move")
    page.get_by_role("link", name="A week later").click()
    page.locator(".slot-time").first.click()
    page.get_by_role("heading", name="Later visits of the plan").wait_for()
    axe(page)
    look(page, "verdict")
    told = page.locator(".reflow li").all_inner_texts()
    page.get_by_role("button", name="Move").click()
    page.get_by_text("The visit is moved to").wait_for()
    moved = Appointment.objects.get(pk=second.pk)
    page.get_by_role("button", name="Undo").click()

    page.get_by_text("Undone.").wait_for()
    assert len(told) == 4
    assert all(words.startswith(("Kept", "Moved")) for words in told)
    assert moved.starts_at > second.starts_at
    assert Appointment.objects.get(pk=second.pk).starts_at == second.starts_at


def menu_of(patient):
    return re.compile(f"^Menu of .* {patient}$")


def drag(page, start, end):
    """Carry from the top left of one thing to a point, the way a mouse does."""
    box = start.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 20, steps=2)
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def place_of(page, column: str, at: str):
    """Where that column has that time, on a board that is scrolled to ten o'clock."""
    hours, minutes = map(int, at.split(":"))
    return page.evaluate(
        """([name, quarter]) => {
          const body = document.querySelector(`.cal-body[data-name="${name}"]`);
          const rows = Number(body.dataset.rows), board = body.closest("[data-board]");
          const row = quarter - Number(body.dataset.top);
          board.scrollTop = (4 * 10 - Number(body.dataset.top)) * body.clientHeight / rows;
          const box = body.getBoundingClientRect();
          return [box.x + 50, box.y + (row + 0.35) * box.height / rows];
        }""",
        [column, hours * 4 + minutes // 15],
    )


def test_a_dragged_visit_moves_only_after_the_server_said_what_that_means(
    desktop, sign_in, axe, house
):
    on, page = weekday_ahead(), desktop
    visit = services.book_visit(
        patient=make_patient(),
        kind="consultation",
        starts_at=dt.datetime.combine(on, dt.time(12), LONDON),
        resources=(house.doctor.pk, house.talking.pk),
        by=make_user(),
        key="drag",
    )
    plan = make_plan(sessions=1, steps=[[SUBCISION]], starts_on=on)
    at_ten = choice(plan, 1, at(on, 10), house.other, house.theatre)
    [numbed] = services.book_plan(plan=plan, choices=[at_ten], by=make_user(), key="numbed")
    sign_in(page, make_user("front_desk"))
    page.goto(f"/calendar/?on={on}")
    box = page.locator(f'[data-visit="{visit.pk}"]')
    dialog = page.get_by_role("dialog")

    drag(page, box, place_of(page, "Nurse Cleo", "11:00"))
    dialog.get_by_text("Nurse Cleo may not perform").wait_for()
    axe(page)
    look(page, "drag-refused")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    drag(page, box, place_of(page, "Dr Ben", "13:00"))
    dialog.get_by_text("Nothing is moved yet").wait_for()
    look(page, "drag-verdict")
    assert Appointment.objects.get(pk=visit.pk).starts_at == visit.starts_at
    dialog.get_by_role("button", name="Move the visit").click()
    page.get_by_text("The visit is moved to").wait_for()

    visit = Appointment.objects.with_people().get(pk=visit.pk)
    assert timezone.localtime(visit.starts_at, LONDON).time() == dt.time(13, 0)
    assert visit.people == [house.other]
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Undone.").wait_for()

    # In a person's column stands the procedure, and the numbing comes before it.
    procedure = page.locator(f'[data-visit="{numbed.pk}"]').first
    assert procedure.get_attribute("data-after") == "2"
    drag(page, procedure, place_of(page, "Dr Ada", "13:30"))
    dialog.get_by_text("Nothing is moved yet").wait_for()
    dialog.get_by_role("button", name="Move").click()
    page.get_by_text("The visit is moved to").wait_for()
    numbed = Appointment.objects.with_people().get(pk=numbed.pk)
    assert timezone.localtime(numbed.starts_at, LONDON).time() == dt.time(13, 0)
    assert numbed.people == [house.doctor]
    place_of(page, "Dr Ada", "11:00")
    target = page.locator("[data-pinboard-target]").bounding_box()
    drag(page, box, (target["x"] + 400, target["y"] + 10))
    page.get_by_text("is on your pinboard").wait_for()


@tablet_first
def test_the_board_the_menu_and_the_pinboard_by_keyboard(page, sign_in, axe, house):
    on = weekday_ahead()
    plan = busy_day(house, on)
    visit = Appointment.objects.of_plan(plan).earliest("starts_at")
    sign_in(page, make_user("front_desk"))
    page.emulate_media(color_scheme="dark")
    page.goto(f"/calendar/week/?on={visit.day}&resource={house.doctor.pk}")
    page.get_by_role("link", name=str(plan.patient)).first.wait_for()
    axe(page)
    look(page, "week-dark")
    page.goto(f"/calendar/?on={visit.day}&by=rooms")
    dialog = page.get_by_role("dialog")

    page.get_by_role("link", name=menu_of(plan.patient)).focus()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Put on the pinboard").wait_for()
    axe(page)
    look(page, "menu-dark")
    page.emulate_media(color_scheme="light")
    dialog.get_by_role("button", name="Put on the pinboard").press("Enter")
    page.get_by_text("is on your pinboard").wait_for()
    page.goto(f"/calendar/?on={weekday_ahead((visit.day - timezone.localdate()).days + 1)}")
    axe(page)
    look(page, "pinboard")
    page.get_by_role("link", name=f"Place {plan.patient}").press("Enter")
    dialog.locator(".times button").nth(1).press("Enter")
    dialog.get_by_role("button", name="Move").press("Enter")
    page.get_by_text("is moved to").wait_for()

    assert Appointment.objects.get(pk=visit.pk).day > visit.day
    assert page.locator(".pin").count() == 0


def test_a_change_is_seen_on_another_screen_and_disturbs_nobody(desktop, sign_in, axe, house):
    on, page = weekday_ahead(), desktop
    plan = busy_day(house, on)
    visit = Appointment.objects.of_plan(plan).earliest("starts_at")
    desk = make_user("front_desk")
    sign_in(page, desk)
    page.goto(f"/calendar/?on={visit.day}&by=rooms")
    box = page.locator(f'[data-visit="{visit.pk}"]')
    board = page.locator("[data-board]")
    board.evaluate("board => { board.scrollTop = 120; board.dataset.mine = 'yes'; }")

    services.change_state(appointment=visit, to="confirmed", by=desk, revision=visit.revision)
    box.get_by_text("Confirmed").wait_for()
    assert board.evaluate("board => [board.scrollTop, board.dataset.mine ?? '']") == [120, ""]
    page.get_by_role("link", name=menu_of(plan.patient)).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Time").fill("15:4")
    visit.refresh_from_db()
    services.cancel(appointment=visit, reason="patient_ill", by=desk, revision=visit.revision)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("document.body.dispatchEvent(new Event('calendar:look'))")
    assert (box.count(), asked) == (1, [])
    assert dialog.get_by_role("textbox", name="Time").input_value() == "15:4"

    page.keyboard.press("Escape")
    box.wait_for(state="detached")


@tablet_first
def test_a_practitioner_falls_ill_for_a_week(page, sign_in, axe, house):
    on = weekday_ahead()
    plan = busy_day(house, on)
    sign_in(page, make_user("front_desk"))
    page.goto("/calendar/to-look-at/")
    page.get_by_role("link", name="Somebody is away").click()
    page.get_by_label("Who or what").select_option(label="Dr Ada")
    page.get_by_label("Why").select_option("ill")
    page.get_by_role("textbox", name="From", exact=False).first.fill(f"{on:%d-%b-%Y}")
    page.get_by_label("To, and with this day").fill(f"{on + dt.timedelta(days=6):%d-%b-%Y}")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("would fall outside").wait_for()
    look(page, "absence-hit")
    page.get_by_role("button", name="Save all the same").click()
    page.get_by_text("Ill, all day").wait_for()
    look(page, "day-away")
    page.get_by_role("link", name="Look at").click()
    page.get_by_role("heading", name="Visits to look at").wait_for()
    axe(page)
    look(page, "to-look-at")
    hit = page.locator("section.cx-card").filter(has_text=str(plan.patient)).first
    hit.locator("form button").first.click()
    page.get_by_role("button", name="Move", exact=False).click()
    page.get_by_text("The visit is moved to").wait_for()

    first = Appointment.objects.of_plan(plan).with_people().earliest("starts_at")
    away = house.doctor.absences.get().during
    assert house.doctor not in first.people or first.starts_at >= away.upper
    assert not first.attentions.open().exists()


@tablet_first
def test_a_freed_time_goes_to_who_truly_fits_on_the_waiting_list(page, sign_in, axe, plan, house):
    booked = book(plan)
    sooner = make_plan(sessions=1, steps=[[LASER]], starts_on=weekday_ahead())
    late = services.book_plan(
        plan=sooner,
        choices=[
            choice(sooner, 1, booked[2].starts_at + dt.timedelta(days=1), house.doctor,
                   house.theatre, house.laser)
        ],
        by=make_user(),
        key=uuid4().hex,
    )[0]  # fmt: skip
    sign_in(page, make_user("front_desk"))
    page.goto(f"/calendar/visits/{late.pk}/")
    page.get_by_role("link", name="Sooner is welcome").click()
    page.get_by_role("button", name="Put on the list").click()
    page.get_by_role("heading", name="Waiting list").wait_for()
    look(page, "waiting")
    page.goto(f"/calendar/visits/{booked[0].pk}/")
    page.get_by_text("Cancel this visit").click()
    page.get_by_label("Why").select_option("patient_ill")
    page.get_by_role("button", name="Cancel the visit").click()
    page.get_by_role("link", name="Who of the waiting list fits").click()
    axe(page)
    look(page, "freed")
    with page.expect_navigation():
        page.get_by_role("button", name=f"Move {sooner.patient} here").click()

    assert Appointment.objects.standing().get(session__block__plan=sooner).starts_at == (
        booked[0].starts_at
    )


@tablet_first
def test_a_no_show_is_due_again_and_a_visit_without_a_plan_is_found_a_time(
    page, sign_in, axe, house
):
    past = weekday_ahead(-9)
    plan = make_plan(sessions=2, steps=[[LASER]] * 2, starts_on=past)
    first = choice(plan, 1, at(past, 9), house.doctor, house.theatre, house.laser)
    [visit] = services.book_plan(
        plan=plan, choices=[first], by=make_user(), key=uuid4().hex, historic=True
    )
    sign_in(page, make_user("front_desk"))
    page.goto(f"/calendar/?on={past}&by=list")
    look(page, "list")
    page.get_by_role("link", name=f"Menu of {plan.patient}").click()
    page.get_by_role("dialog").get_by_role("button", name="No-show").click()
    page.get_by_text("is now no-show").wait_for()
    look(page, "no-show")
    assert Appointment.objects.get(pk=visit.pk).state == "no_show"
    page.goto("/calendar/to-book/")
    assert "No-show" in page.get_by_role("row").filter(has_text=str(plan.patient)).inner_text()
    look(page, "due")

    page.goto(f"/calendar/patients/{plan.patient_id}/new/")
    page.get_by_role("button", name="Show the next times").click()
    page.locator(".slot").first.click()
    axe(page)
    look(page, "new-visit")
    page.get_by_role("button", name="Book the chosen time").click()
    page.get_by_text("Booked: First consultation").wait_for()
    assert Appointment.objects.get(patient=plan.patient, session=None).minutes == 60


@tablet_first
def test_the_keeper_of_the_house_changes_hours_and_sees_who_is_hit(page, sign_in, axe, house):
    busy_day(house, weekday_ahead())
    sign_in(page, make_user("owner"))
    page.goto("/calendar/resources/")
    look(page, "resources")
    page.get_by_role("link", name="Clinic's hours").click()
    look(page, "hours")
    for number in range(5):
        page.locator(f"#id_day{number}").fill("10:00-13:00, 14:00-17:00")
    page.get_by_role("button", name="Save").click()

    page.get_by_text("would fall outside").wait_for()
    axe(page)
    look(page, "hours-hit")
    page.get_by_role("button", name="Save all the same").click()
    page.get_by_text("The hours of the clinic are saved").wait_for()
