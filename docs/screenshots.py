"""Draws every page of the demo clinic, so that somebody can look at all of them.

    python docs/screenshots.py [--only NAME ...] [--address http://127.0.0.1:8000]

It makes the clinic in a throw-away PostgreSQL, as the tests do, and puts pictures of every page, on
a tablet and on a desktop, into var/screenshots; the two of the README go to docs/screenshots. With
--address it draws the clinic that answers there, on the same database, and makes none.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALL, KEPT = ROOT / "var/screenshots", ROOT / "docs/screenshots"
TABLET, DESKTOP = (1180, 820), (1440, 900)
TALLEST = 4200  # pixels of a page; what is below it looks like what is above
DOCTOR, DESK, KEEPER, OWNER = (
    f"{name}@demo.example" for name in ("doctor", "desk", "catalogue", "owner")
)
IN_THE_DARK = (
    "today",
    "chart",
    "assessment",
    "suggestion",
    "draft",
    "plan",
    "book-plan",
    "day",
    "sign-in",
)
FOR_THE_README = {"assessment": TABLET, "plan": TABLET}

OTHERS_OUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True)
class Shot:
    """A page as somebody sees it; `deed` is done on it before the picture is taken."""

    name: str
    who: str | None
    path: str
    deed: Callable = lambda page: None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these pages")
    parser.add_argument("--address", help="of a clinic that runs already, on this database")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop here
    with a_running_clinic() if asked.address is None else the_clinic_at(asked.address) as address:
        shots = [one for one in pages() if not asked.only or one.name in asked.only]
        draw(address, shots)


# --- the clinic


@contextmanager
def a_running_clinic():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.test")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases
    from pytest_django.live_server_helper import LiveServer

    from clinic.embedded.server import Server

    made = setup_databases(verbosity=0, interactive=False)
    call_command("load_catalogue")
    call_command("demo")
    edit_the_draft()
    server = LiveServer("127.0.0.1")
    try:
        yield server.url
    finally:
        server.stop()
        with connection.cursor() as cursor:  # threads of the server may hold theirs a while longer
            cursor.execute(OTHERS_OUT)
        teardown_databases(made, verbosity=0)
        Server(settings.TEST_FOLDER / "postgres").remove()
        shutil.rmtree(settings.TEST_FOLDER, ignore_errors=True)


def edit_the_draft():
    """A dearer treatment and a longer interval, so that there is something to publish."""
    from clinic.catalogue import drafting

    row = drafting.read("treatments", "fractional_ablative_co2")
    seen = drafting.token(row)
    figures = {figure["kind"]: figure for figure in row["figures"]}
    for key in ("min", "typical", "max"):
        if figures["interval_weeks"][key] is not None:
            figures["interval_weeks"][key] += 2
    figures["price"]["typical"] = figures["price"]["max"]
    drafting.save("treatments", row, seen=seen)


@contextmanager
def the_clinic_at(address):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.dev")
    import django

    django.setup()
    yield address


# --- its pages


def pages() -> list[Shot]:
    from django.db.models import Count
    from django.utils import timezone

    from clinic.catalogue.models import PairRule, SafetyRule, Source
    from clinic.letters.models import Message, Wording
    from clinic.scheduling.models import Appointment, Resource
    from clinic.staff.models import User
    from patients.models import Assessment, Finding, Patient
    from planner.models import Plan, PlannedSession

    drafts = Assessment.objects.filter(state="draft").alias(groups=Count("findings"))
    drawn = drafts.order_by("-groups", "pk").first()
    plans = Plan.objects.filter(state__in=("approved", "in_progress"))
    plan = plans.filter(sessions_booked()).order_by("-pk").first() or plans.first()
    patient = plan.patient
    unbooked = plans.exclude(sessions_booked()).first() or plan
    proposed = Plan.objects.filter(state="proposed").first()
    visits = Appointment.objects.standing().filter(session__block__plan__in=plans)
    coming = visits.filter(starts_at__gt=timezone.now()).order_by("starts_at").first()
    new = Patient.objects.filter(assessments=None).first()
    finding = Finding.objects.filter(assessment=drawn).first()
    doctor = Resource.objects.get(user__email=DOCTOR)
    colleague = User.objects.get(email=DOCTOR)
    hand = Plan.objects.filter(state="draft").first()
    shown = Patient.objects.filter(photos__withdrawn_at=None, photos__isnull=False).first()
    review = PlannedSession.objects.filter(kind="review", block__plan=plan).first()
    message = Message.objects.first()
    rule = SafetyRule.objects.filter(family="ISO").first()
    at, today = coming.starts_at.date(), timezone.localdate()
    of, on = f"/patients/{patient.pk}", f"/plans/{plan.pk}"
    consent = f"{on}/documents/consent/{plan.sessions.first().steps.first().treatment}/"
    return [
        Shot("sign-in", None, "/account/login/"),
        Shot("sign-in-refused", None, "/account/login/", wrong_password),
        Shot("forgotten", None, "/account/password/reset/"),
        Shot("not-found", None, "/no/such/page/"),
        *(Shot(f"today-{who.partition('@')[0]}", who, "/") for who in (DESK, KEEPER, OWNER)),
        Shot("today", DOCTOR, "/"),
        Shot("patients", DESK, "/patients/"),
        Shot("patients-found", DESK, "/patients/", search),
        Shot("register", DESK, "/patients/register/"),
        Shot("register-refused", DESK, "/patients/register/", press("Save")),
        Shot("chart", DOCTOR, f"{of}/"),
        Shot("chart-desk", DESK, f"{of}/"),
        Shot("chart-new", DOCTOR, f"/patients/{new.pk}/"),
        Shot("edit", DESK, f"{of}/edit/"),
        Shot("wishes", DESK, f"{of}/wishes/"),
        Shot("history", DOCTOR, f"{of}/history/"),
        Shot("previous", DOCTOR, f"{of}/previous/"),
        Shot("photos", DOCTOR, f"{of}/photos/"),
        Shot("photos-some", DOCTOR, f"/patients/{shown.pk}/photos/"),
        Shot("compare", DOCTOR, f"/patients/{shown.pk}/photos/compare/"),
        Shot("timeline", DOCTOR, f"/patients/{shown.pk}/progress/"),
        Shot("regions", DOCTOR, f"/patients/{shown.pk}/progress/regions/"),
        Shot("reported", DOCTOR, f"/patients/{shown.pk}/reported/"),
        Shot("hand-over", DOCTOR, f"{of}/hand-over/"),
        Shot("start", DOCTOR, f"{of}/assess/"),
        Shot("assessment", DOCTOR, drawn.get_absolute_url()),
        Shot("guide", DOCTOR, f"/patients/assessments/{drawn.pk}/guide/"),
        Shot("assessment-paper", DOCTOR, f"/patients/assessments/{plan.assessment_id}/paper/"),
        Shot("assessment-signed", DOCTOR, plan.assessment.get_absolute_url()),
        Shot("correct", DOCTOR, f"/patients/assessments/{plan.assessment_id}/correct/"),
        Shot("finding", DOCTOR, f"/patients/findings/{finding.pk}/"),
        Shot("plans", DOCTOR, "/plans/"),
        Shot("suggestion", DOCTOR, proposed.suggestion.get_absolute_url()),
        Shot("plan", DOCTOR, f"{on}/"),
        Shot("plan-desk", DESK, f"{on}/"),
        Shot("draft", DOCTOR, hand.get_absolute_url()),
        Shot("review", DOCTOR, f"{on}/reviews/{review.pk}/"),
        Shot("plan-to-sign", DOCTOR, proposed.get_absolute_url()),
        Shot("plan-refused", DOCTOR, proposed.get_absolute_url(), press("Sign and approve")),
        Shot("documents", DOCTOR, f"{on}/documents/"),
        Shot("plan-paper", DOCTOR, f"{on}/documents/plan/"),
        Shot("consent-paper", DOCTOR, consent),
        Shot("care-paper", DOCTOR, f"{on}/documents/care/"),
        Shot("agreement", DOCTOR, f"/plans/{unbooked.pk}/agreement/"),
        Shot("to-book", DESK, "/calendar/to-book/"),
        Shot("book-plan", DESK, f"/calendar/plans/{unbooked.pk}/"),
        Shot("confirm-plan", DESK, f"/calendar/plans/{unbooked.pk}/", press("Choose")),
        Shot("booked-plan", DESK, f"/calendar/plans/{plan.pk}/"),
        Shot("new-visit", DESK, f"/calendar/patients/{new.pk}/new/"),
        Shot(
            "new-visit-times",
            DESK,
            f"/calendar/patients/{new.pk}/new/",
            press("Show the next times"),
        ),
        Shot("day", DESK, f"/calendar/?on={at}"),
        Shot("day-rooms", DESK, f"/calendar/?on={at}&by=rooms"),
        Shot("day-today", DESK, f"/calendar/?on={today}"),
        Shot("week", DOCTOR, f"/calendar/week/?on={at}&resource={doctor.pk}"),
        Shot("visit", DESK, coming.get_absolute_url()),
        Shot("move", DESK, f"/calendar/visits/{coming.pk}/move/"),
        Shot("verdict", DESK, f"/calendar/visits/{coming.pk}/move/", the_last_time),
        Shot("openings", DESK, "/calendar/openings/"),
        Shot("to-look-at", DESK, "/calendar/to-look-at/"),
        Shot("waiting", DESK, "/calendar/waiting/"),
        Shot("wait", DESK, f"/calendar/patients/{patient.pk}/wait/"),
        Shot("tasks", DESK, "/calendar/tasks/"),
        Shot("task-new", DESK, "/calendar/tasks/new/"),
        Shot("kinds", OWNER, "/calendar/kinds/"),
        Shot("messages", DESK, "/messages/"),
        Shot("messages-patient", DESK, f"/messages/patients/{message.patient_id}/"),
        Shot("message", DESK, f"/messages/{message.pk}/"),
        Shot("words", KEEPER, "/messages/words/"),
        Shot("wording", KEEPER, f"/messages/words/{Wording.objects.first().pk}/"),
        Shot("habits", KEEPER, "/messages/words/habits/"),
        Shot("calendar-link", DOCTOR, "/messages/link/"),
        Shot("resources", OWNER, "/calendar/resources/"),
        Shot("resource", OWNER, f"/calendar/resources/{doctor.pk}/"),
        Shot("resource-new", OWNER, "/calendar/resources/new/device/"),
        Shot("clinic-hours", OWNER, "/calendar/resources/hours/"),
        Shot("hours", OWNER, f"/calendar/resources/{doctor.pk}/hours/"),
        Shot("absence", OWNER, "/calendar/resources/absence/"),
        Shot("catalogue", KEEPER, "/catalogue/"),
        *(
            Shot(f"catalogue-{name}", KEEPER, f"/catalogue/{name}/")
            for name in ("treatments", "pairs", "safety", "questions", "scales")
        ),
        *(
            Shot(f"catalogue-{name}", KEEPER, f"/catalogue/{name}/")
            for name in ("protocols", "principles", "sources", "unverified")
        ),
        Shot("treatment", DOCTOR, "/catalogue/treatments/fractional_ablative_co2/"),
        Shot("source", KEEPER, f"/catalogue/sources/{Source.objects.first().code}/"),
        Shot("edit-treatment", KEEPER, "/catalogue/treatments/fractional_ablative_co2/edit/"),
        Shot("new-treatment", KEEPER, "/catalogue/treatments/new/"),
        Shot("matrix", KEEPER, "/catalogue/pairs/matrix/"),
        Shot("edit-pair", KEEPER, f"/catalogue/pairs/{PairRule.objects.first().code}/edit/"),
        Shot("edit-rule", KEEPER, f"/catalogue/safety/{rule.code}/edit/"),
        Shot("new-rule", KEEPER, "/catalogue/safety/new/"),
        *(
            Shot(name, KEEPER, f"/catalogue/{name}/")
            for name in ("prices", "packages", "exchange", "evidence")
        ),
        *(
            Shot(name, KEEPER, f"/catalogue/{name}/")
            for name in ("draft", "publish", "versions", "history")
        ),
        Shot("row-history", KEEPER, f"/catalogue/history/safety_rules/{rule.code}/"),
        Shot("impact", KEEPER, "/impact/"),
        Shot("impact-review", DOCTOR, "/impact/review/"),
        Shot("overrides", KEEPER, "/impact/overrides/"),
        Shot("adverse-events", DOCTOR, f"/calendar/patients/{patient.pk}/adverse-events/"),
        Shot("house", DESK, "/calendar/house/"),
        Shot("clinic", OWNER, "/catalogue/clinic/"),
        Shot("users", OWNER, "/staff/users/"),
        Shot("invite", OWNER, "/staff/users/invite/"),
        Shot("invite-refused", OWNER, "/staff/users/invite/", press("Send the invitation")),
        Shot("user", OWNER, colleague.get_absolute_url()),
        Shot("profile", DOCTOR, "/staff/profile/"),
        Shot("password", DOCTOR, "/account/password/change/"),
        Shot("refused", DESK, "/staff/users/"),
        Shot("admin", KEEPER, "/admin/"),
    ]


def sessions_booked():
    from django.db.models import Q

    from clinic.scheduling.models import Appointment

    standing = Appointment.objects.standing().filter(session__isnull=False)
    return Q(pk__in=standing.values("session__block__plan"))


def press(words: str) -> Callable:
    return lambda page: page.get_by_role("button", name=words).first.click()


def search(page) -> None:
    page.get_by_label("Find a patient").fill("hawthron")  # as people type
    press("Search")(page)


def wrong_password(page) -> None:
    page.get_by_label("E-mail").fill(DOCTOR)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()


def the_last_time(page) -> None:
    page.locator("[name=slot]").last.click()


# --- the pictures


def draw(address: str, shots: list[Shot]) -> None:
    from playwright.sync_api import sync_playwright
    from tqdm import tqdm

    from clinic.system import BROWSERS

    ALL.mkdir(parents=True, exist_ok=True)
    KEPT.mkdir(exist_ok=True)
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for shot in tqdm(shots, "Pages"):
            for size in (TABLET, DESKTOP):
                for theme in ("light", "dark") if shot.name in IN_THE_DARK else ("light",):
                    take(browser, address, shot, size, theme)
        browser.close()


def take(browser, address, shot, size, theme) -> None:
    width, height = size
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        color_scheme=theme,
        locale="en-GB",
    )
    if shot.who:
        context.add_cookies([let_in(address, shot.who)])
    page = context.new_page()
    answer = page.goto(shot.path)
    if answer.status >= 500:
        sys.exit(f"{shot.path} broke: {answer.status}")
    shot.deed(page)
    page.wait_for_load_state("networkidle")
    tall = min(TALLEST, max(height, page.evaluate("document.documentElement.scrollHeight")))
    area = {"x": 0, "y": 0, "width": width, "height": tall}
    page.screenshot(
        path=ALL / f"{shot.name}-{width}-{theme}.png",
        full_page=True,
        clip=area,
        animations="disabled",
    )
    if theme == "light" and FOR_THE_README.get(shot.name) == size:
        page.screenshot(path=KEPT / f"{shot.name}.png", animations="disabled")
        make_small(KEPT / f"{shot.name}.png")
    context.close()


def let_in(address: str, email: str) -> dict:
    """The cookie of somebody who has signed in."""
    from django.conf import settings
    from django.test import Client

    from clinic.staff.models import User

    client = Client()
    client.force_login(User.objects.get(email=email))
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": address}


def make_small(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as picture:
        picture.convert("RGB").save(path, optimize=True)


if __name__ == "__main__":
    main()
