"""The main line, as people walk it: register, ask, assess, suggest, sign, agree, book."""

import datetime as dt
import re
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from clinic.catalogue import services as catalogue
from clinic.scheduling.demo import house
from clinic.scheduling.models import Appointment
from patients.models import Patient
from planner.models import Plan
from tests.factories import make_patient
from tests.sizes import tablet_first

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TODAY = dt.datetime(2026, 11, 23, 9, 5, tzinfo=ZoneInfo("Europe/London"))  # a Monday
PATIENCE = 60_000  # milliseconds
ASKED_OTHERWISE = {"pregnancy_excluded": "Yes"}
CHOSEN = {
    "diabetes": "No diabetes",
    "smoking": "Not at all",
    "other_cause": "None: all of them came from acne",
}
TYPED = {"dcq": "4", "phq2": "0"}
LEFT_OPEN = {"event_date", "collagen_test", "pih_care"}  # no such day, no such test, no marks


@pytest.fixture(autouse=True)
def patience():
    """The planner computes while the browser waits, on a machine that tests other things too."""
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def page(page):
    page.context.set_default_timeout(PATIENCE)
    return page


@pytest.fixture
def clinic():
    """The demo's house with its people, and nobody in its records yet; it is always TODAY."""
    with patch("django.utils.timezone.now", lambda: TODAY):
        catalogue.load()
        yield house.settle()


@tablet_first
def test_from_the_front_desk_to_a_booked_plan(page, clinic):
    make_patient(record_number="L-0007", by=clinic["desk@demo.example"])

    sign_in(page, "desk@demo.example")
    register(page)
    sign_in(page, "doctor@demo.example")
    open_patient(page)
    answer_the_history(page)
    assess(page)
    suggest_and_take_one(page)
    sign_the_plan(page)
    agree(page)
    sign_in(page, "desk@demo.example")
    visits = book(page)
    see_it_in_the_calendar(page, visits)

    plan = Plan.objects.get()
    assert plan.state == "approved"
    assert plan.approved_by == clinic["doctor@demo.example"]
    assert len(visits) == plan.sessions.filter(block__firm=True).count()


@tablet_first
def test_on_its_day_the_visit_is_on_today(page, clinic, monkeypatch):
    """The rest of the line by services; what the desk and the doctor see by the browser."""
    from tests.planner.test_three_protocols import booked_plan

    first = booked_plan("primed_cross", by=clinic)[0]
    with patch("django.utils.timezone.now", lambda: first.starts_at - dt.timedelta(hours=1)):
        for email in ("desk@demo.example", first.people[0].user.email):
            sign_in(page, email)
            row = page.get_by_role("row").filter(has_text=str(first.patient))
            expect(row).to_contain_text("Scheduled")

        row.get_by_role("link").first.click()
        page.get_by_role("button", name="Arrived").click()
        expect(page.get_by_text("The visit is now arrived.")).to_be_visible()


@pytest.mark.parametrize(
    ("email", "shown", "hidden"),
    [
        ("catalogue@demo.example", "Catalogue", "Plans to sign"),
        ("owner@demo.example", "The clinic", "Visits"),
        ("nurse@demo.example", "My visits", "The clinic"),
    ],
)
def test_each_role_signs_in_to_its_own_today(tablet, clinic, email, shown, hidden):
    sign_in(tablet, email)

    expect(tablet.get_by_role("heading", name=shown, exact=True)).to_be_visible()
    expect(tablet.get_by_role("heading", name=hidden, exact=True)).to_have_count(0)


# --- what people do


def sign_in(page, email):
    """By the page, whoever sat here before; their page asks for no more of its parts."""
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(house.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("^Today, Monday 23-Nov-2026|^Today, ")
    )


def register(page):
    page.get_by_role("link", name="Register a patient").click()
    page.get_by_label("Record number").fill("l-0007")
    page.get_by_label("Given name").fill("Linnea")
    page.get_by_label("Family name").fill("Testwood")
    page.get_by_label("Date of birth").fill("14-Aug-2027")
    page.get_by_label("Female").check()
    page.get_by_label("Fitzpatrick").select_option(label="III")
    page.get_by_label("Weight").fill("61")
    page.get_by_label("Allergies").fill("None known")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_label("Date of birth")).to_have_accessible_description(
        re.compile("14-Aug-2027 is in the future.")
    )
    expect(page.get_by_label("Record number")).to_have_accessible_description(
        re.compile("Another patient already has this record number.")
    )
    expect(page.get_by_label("Given name")).to_have_value("Linnea")
    expect(page.get_by_label("Date of birth")).to_have_value("14-Aug-2027")
    page.get_by_label("Date of birth").fill("14-Aug-1998")
    page.get_by_label("Record number").fill("L-0008")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Testwood, Linnea")


def open_patient(page):
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Patients").click()
    page.get_by_label("Find a patient").fill("testwod")  # as people type
    page.get_by_role("link", name="Testwood, Linnea").click()


def answer_the_history(page):
    page.get_by_role("link", name="Answer questions").click()
    for question in page.locator("fieldset[data-question]").all():
        if question.is_visible():
            answer(question)
    page.get_by_role("button", name="Save answers").click()

    expect(page.get_by_text(re.compile(r"^\d+ answers saved"))).to_be_visible()


def answer(question):
    code = question.get_attribute("data-question")
    if code in CHOSEN:
        question.get_by_role("combobox").select_option(label=CHOSEN[code])
    elif code in TYPED:
        question.get_by_role("textbox").or_(question.get_by_role("spinbutton")).fill(TYPED[code])
    elif code not in LEFT_OPEN:
        word = ASKED_OTHERWISE.get(code, "No")
        question.get_by_text(word, exact=True).first.click()


def assess(page):
    page.get_by_role("link", name="New assessment").click()
    page.get_by_role("button", name="Start assessment").click()
    place(page, "malar.L").click()
    page.get_by_role("group", name="Type", exact=True).get_by_text("Rolling").click()
    page.get_by_role("button", name="5-10").click()
    logged(page, 1)
    page.get_by_role("button", name="moderate").click()
    expect(page.get_by_role("button", name="moderate", pressed=True)).to_be_visible()
    page.get_by_role("button", name="same on the other side").click()
    logged(page, 2)

    place(page, "lateral_cheek.L").focus()
    page.keyboard.press("b")
    page.keyboard.press("2")
    logged(page, 3)
    page.keyboard.press("s")
    logged(page, 4)

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_text(re.compile("^Signed"))).not_to_have_count(0)


def place(page, code):
    return page.locator(f"[data-view=F] [data-place='{code}']")


def logged(page, count):
    expect(page.get_by_role("heading", name=f"Logged ({count})")).to_be_visible()


def suggest_and_take_one(page):
    page.get_by_role("button", name=re.compile("^Suggest")).click()
    page.get_by_role("heading", name="Suggested protocols").wait_for()
    columns = page.get_by_role("article")
    expect(columns.first.get_by_text("Recommended")).to_be_visible()
    assert columns.count() >= 2
    columns.nth(1).get_by_text("Sessions, with reasons").click()
    expect(columns.nth(1).get_by_text(re.compile("^about ")).first).to_be_visible()
    columns.first.get_by_role("button", name="Take as draft").click()

    expect(page.get_by_text("Nothing is signed yet.")).to_be_visible()


def sign_the_plan(page):
    page.get_by_role("button", name="Ready to sign").click()
    expect(page.get_by_text("is ready to be signed")).to_be_visible()
    page.get_by_label("I have read").check()
    page.get_by_label("Note (optional)").fill("Agreed at the consultation.")
    page.get_by_label("Your password").fill("not this one")
    page.get_by_role("button", name="Sign and approve").click()

    expect(page.get_by_text("This is not your password. The plan is not signed.")).to_be_visible()
    expect(page.get_by_label("Note (optional)")).to_have_value("Agreed at the consultation.")
    page.get_by_label("Your password").fill(house.PASSWORD)
    page.get_by_role("button", name="Sign and approve").click()

    expect(page.get_by_text("The front desk can book it.")).to_be_visible()


def agree(page):
    page.get_by_role("link", name="Agreement", exact=True).click()
    page.get_by_label("No treatment").check()
    page.get_by_label("Balanced").check()
    for box in page.get_by_role("group", name="The patient has read").get_by_role("checkbox").all():
        box.check()
    page.get_by_label("On paper, which the clinic keeps").check()
    page.get_by_role("button", name="Record the agreement").click()

    expect(page.get_by_role("heading", name="Agreed on 23-Nov-2026")).to_be_visible()


def book(page):
    page.goto(Plan.objects.get().get_absolute_url())
    page.get_by_role("link", name="Book the whole plan").click()
    page.get_by_role("button", name="Choose Best fit").click()
    page.get_by_role("button", name=re.compile("^Book (all|the visit)")).click()
    expect(page.get_by_text("booked for Testwood, Linnea")).to_be_visible()
    patient = Patient.objects.get(record_number="L-0008")
    return list(Appointment.objects.standing().filter(patient=patient).order_by("starts_at"))


def see_it_in_the_calendar(page, visits):
    first = visits[0]
    page.goto(f"/calendar/?on={first.day:%Y-%m-%d}")
    expect(page.get_by_role("link", name="Testwood, Linnea").first).to_be_visible()
    page.get_by_role("link", name="Testwood, Linnea").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Confirm")).to_be_visible()
