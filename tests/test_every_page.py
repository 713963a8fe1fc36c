"""Every page that a link leads to, for each role: it fits its screen and breaks no rule."""

import datetime as dt
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from clinic.catalogue import drafting
from clinic.catalogue import services as catalogue
from clinic.letters import services as letters
from clinic.letters import telling
from clinic.scheduling import adverse_events, resources, tasks, waiting
from clinic.scheduling import services as booking
from clinic.scheduling.demo import house
from clinic.staff.roles import EVERYBODY, NOBODY, PUBLIC, ROLES, Role, door_of
from patients.models import Patient
from planner import services as planning
from planner.revision import revise
from tests.conftest import FULL
from tests.factories import make_assessment, make_finding, make_mark, make_user
from tests.planner.test_three_protocols import ON, approved_plan, booked, suggested
from tests.staff.test_doors import pages as named_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EMAILS = (("doctor", "desk"), ("catalogue", "owner"))
"""Who meets patients, and who does not: two walks, which two workers can go at once."""
ROLE_OF = {
    "doctor": Role.CLINICIAN,
    "desk": Role.FRONT_DESK,
    "catalogue": Role.CATALOGUE_ADMIN,
    "owner": Role.OWNER,
}
IN_THE_DARK = {
    *("today", "chart", "patients:history", "patients:assessment", "planner:suggestion"),
    *("planner:plan", "scheduling:day", "scheduling:book_plan", "catalogue:treatment"),
}
NOT_WALKED = {
    "catalogue:export": "a file",
    "patients:photo": "a file",
    "patients:thumbnail": "a file",
    "patients:patient": "the chart answers at its address",
    "patients:pad": "on a tablet that was handed over",
    "patients:pad_done": "on a tablet that was handed over",
    "patients:pad_back": "on a tablet that was handed over",
    "patients:compare": "between two photos",
    "patients:photo_withdraw": "of a photo",
    "patients:consent_withdraw": "of a consent to photos",
    "patients:reported_withdraw": "of a questionnaire's total",
    "patients:regions": "between two assessments",
    "patients:assessment_chart": "a part of a page",
    "impact:ledger_csv": "a file",
    "planner:face": "a part of a page",
    "planner:lit": "a part of a page",
    "scheduling:menu": "a part of a page",
    "scheduling:missing": "a part of a page",
    "staff:awake": "a part of a page",
    "account_reauthenticate": "asked for by pages of the library that are closed",
}


DIFFERS_BY_ROLE = {"today", "chart"}

IN_EVERY_STATE = {"patients:assessment", "planner:plan", "scheduling:appointment"}
"""Pages that differ with the state of what they show: each one of these is walked."""


@pytest.fixture
def clinic():
    """One of everything that a page shows, reached as people reach it."""
    with patch("django.utils.timezone.now", lambda: ON):
        catalogue.load()
        people = house.settle()
        doctor = people["doctor@demo.example"]
        plan = approved_plan("subcision_fco2", by=people)
        desk_work(booked(plan, by=people), by=people["desk@demo.example"])
        adverse_events.record(
            patient=plan.patient, kind="burn", places=[], seen_on=ON.date(), words="Blisters.",
            by=doctor,
        )  # fmt: skip
        revise(plan=plan, by=doctor)
        approved_plan("primed_cross", by=people)
        third = suggested("kang_triple", by=people)
        strategy = third.result["proposals"][0]["strategy"]
        planning.propose(
            plan=planning.draft_plan(suggestion=third, strategy=strategy, by=doctor), by=doctor
        )
        patient = plan.patient
        patient.previous_treatments.create(treatment="subcision", name="Subcision", places=[])
        draft = make_assessment(patient=patient, by=doctor, on=ON.date())
        make_finding(assessment=draft, scar_type="rolling", severity="moderate")
        make_mark(assessment=draft, region="chin", side="M")
        resources.add_absence(
            resource=doctor.resource,
            starts_at=ON + dt.timedelta(days=200),
            ends_at=ON + dt.timedelta(days=205),
            kind="leave",
        )
        Patient.objects.filter(pk=patient.pk).update(email="walked@example.org")
        letters.record_choice(patient=patient, email=True, sms=True, by=doctor)
        telling.look(patient.pk, ON + dt.timedelta(hours=1))
        make_user(password=None, invited_at=ON, invited_by=people["owner@demo.example"])
        catalogue_work(by=people["catalogue@demo.example"])
        said = {"kind": "safety", "rule": "ISO-1", "words": "Subcision: contraindicated."}
        plan.review_items.create(reasons=[said], fingerprint="walked")
        yield people


def catalogue_work(*, by):
    """A second version, and a draft that waits for a second person to confirm lower safety."""
    two = {"code": "two", "name": "Two sessions", "treatments": ["subcision"], "sessions": 2}
    drafting.save("packages", two | {"percent": 10}, seen=None)
    pair = drafting.rows("pairs")[0]
    drafting.save("pairs", pair | {"why": "As we see it."}, seen=drafting.token(pair))
    catalogue.publish(by=by, words="Our own reason.")
    rule = drafting.read("safety_rules", "ISO-1")
    milder = [clause | {"effect": "CAUTION"} for clause in rule["clauses"]]
    drafting.save("safety_rules", rule | {"clauses": milder}, seen=drafting.token(rule))
    seen = drafting.draft_state().hash
    catalogue.ask(by=by, words="Milder.", reason="The label changed.", seen=seen)


def desk_work(visits, *, by):
    """A visit called off with its time free, somebody who waits for it, and a task."""
    gone = visits[-1]
    booking.cancel(appointment=gone, reason="patient_asked", by=by, revision=gone.revision)
    waiting.add(patient=gone.patient, session=visits[1].session, by=by)
    tasks.add(title="Call the laboratory", due_on=ON.date(), by=by, appointment=visits[0])


@pytest.mark.parametrize("who", EMAILS, ids="+".join)
def test_every_page_on_a_tablet(tablet, clinic, sign_in, axe, who):
    reached, faults = walk_as_each(who, tablet, clinic, sign_in, axe)

    assert "\n".join(faults) == ""
    assert "\n".join(pages_without_a_way(reached, who)) == ""


@pytest.mark.full
@pytest.mark.parametrize("who", EMAILS, ids="+".join)
def test_every_page_on_a_desktop(desktop, clinic, sign_in, who):
    _, faults = walk_as_each(who, desktop, clinic, sign_in)

    assert "\n".join(faults) == ""


@pytest.mark.full
def test_the_pages_that_are_used_most_are_as_clean_in_the_dark(new_page, live_server, clinic,
                                                               sign_in, axe):  # fmt: skip
    page = new_page(1180, 820, color_scheme="dark", base_url=live_server.url)
    sign_in(page, clinic["doctor@demo.example"])

    faults = [
        fault
        for name, path in walk(page)
        if name in IN_THE_DARK
        for fault in faults_of(page, name, path, axe)
    ]

    assert "\n".join(faults) == ""


# --- walking


def walk_as_each(some, page, people, sign_in, axe=None):
    """The names of the pages reached, and what is wrong on them, told with page and role."""
    reached, judged, faults = set(), set(), []
    for who in some:
        sign_in(page, people[f"{who}@demo.example"])
        for name, path in walk(page, starts_of(people[f"{who}@demo.example"])):
            # Roles share a page, but for a button here and there: axe reads each kind once.
            kind = (who, path) if name in DIFFERS_BY_ROLE else kind_of(page.url, page.url)
            elsewhere = name not in DIFFERS_BY_ROLE and not is_first_opened_to(name, some)
            judge = None if kind in judged or elsewhere else axe
            faults += [f"{who}: {fault}" for fault in faults_of(page, name, path, judge)]
            reached.add(name)
            judged.add(kind)
    return reached, faults


def starts_of(user):
    """Today, and every chart that the user may open: each patient is at another point."""
    mine = Patient.objects.visible_to(user) if user.has_perm("patients.view_patient") else ()
    return ["/", *(patient.get_absolute_url() for patient in mine)]


def walk(page, starts=("/",)):
    """Each kind of page once, by the links from there; the page stays open while it is told."""
    waiting, seen = [*starts], {"today", "chart"}
    while waiting:
        path = waiting.pop(0)
        answer = page.goto(path)
        assert answer.status == 200, f"{path}: {answer.status}"
        yield resolve(urlsplit(path).path).view_name, urlsplit(path).path
        for link in page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)"):
            if (kind := kind_of(link, page.url)) and kind not in seen:
                seen.add(kind)
                waiting.append(link)


def kind_of(link, here):
    """A page's name and the names in its query: most links that differ in no more are alike."""
    parts = urlsplit(link)
    if parts.netloc != urlsplit(here).netloc:
        return None
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        return None
    if is_left_out(name) or name == "account_logout":
        return None
    if name in IN_EVERY_STATE:
        return parts.path
    query = frozenset(parse_qs(parts.query))
    return (name, query) if query else name


MEASURE = """[document.scrollingElement.scrollWidth, innerWidth,
              document.querySelectorAll("h1").length]"""


FEW_OF_EACH = """many => {
  for (const parent of document.querySelectorAll("main *")) {
    const alike = new Map()
    for (const child of [...parent.children]) {
      const kind = `${child.tagName} ${child.className}`
      alike.set(kind, (alike.get(kind) ?? 0) + 1)
      if (alike.get(kind) > many) child.remove()
    }
  }
}"""
"""Of a hundred rows alike, axe says a hundred times the same, and takes its time for each.
The long proofs let it read them all."""


def is_left_out(name):
    return name in NOT_WALKED or name.endswith("_pdf") or name.startswith("admin:")


def faults_of(page, name, path, axe=None):
    wide, inner, heads = page.evaluate(MEASURE)
    if wide > inner:
        yield f"{name} {path} is {wide} pixels wide on {inner}"
    if heads != 1:
        yield f"{name} {path} has {heads} headings of the first rank"
    if axe:
        if not FULL:
            page.evaluate(FEW_OF_EACH, 5)
        try:
            axe(page)
        except AssertionError as error:
            yield f"{name}: {error}"


def is_first_opened_to(name, some):
    """Whether these are the first to whom a page opens: they judge it, for those who follow."""
    roles = ROLES.get(door_of(name), EVERYBODY)
    return some == next(one for one in EMAILS if any(ROLE_OF[who] in roles for who in one))


def pages_without_a_way(reached, some):
    """Pages that open to them first and to which no link led."""
    client = Client()
    client.force_login(make_user("clinician", "front_desk", "catalogue_admin", "owner"))
    lost = []
    for name, arguments in named_pages():
        if door_of(name) in (PUBLIC, NOBODY) or name in reached or is_left_out(name):
            continue
        if not is_first_opened_to(name, some):
            continue
        if client.get(reverse(name, kwargs=arguments)).status_code != 405:
            lost.append(name)
    return lost
