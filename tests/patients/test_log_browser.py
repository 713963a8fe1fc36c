"""Logging a whole face in a real browser, by the keyboard alone."""

import os
from collections import deque

import pytest
from playwright.sync_api import expect

from patients.chart_views import neighbours
from tests.factories import (
    make_assessment,
    make_finding,
    make_mark,
    make_patient,
    make_signed_assessment,
    make_user,
    make_version,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A mixed face: 14 entries on 10 regions, in the order in which one walks over it.
FACE = (
    ("forehead_central.M", "B2"),
    ("temple.L", "R1Q"),
    ("malar.L", "I3"),
    ("malar.L", "R2W"),
    ("lateral_cheek.L", "B2"),
    ("lateral_cheek.L", "R2W"),
    ("chin.M", "P1"),
    ("chin.M", "M3"),
    ("lateral_cheek.R", "B3"),
    ("malar.R", "I3"),
    ("malar.R", "R2W"),
    ("temple.R", "R1Q"),
    ("nasal_tip.M", "I1"),
    ("upper_lip_perioral.M", "N2"),
)
ARROWS = {"up": "ArrowUp", "down": "ArrowDown", "left": "ArrowLeft", "right": "ArrowRight"}


@pytest.fixture
def clinician():
    make_version()
    return make_user(name="Dr Example")


def shot(page, name):
    folder = os.environ.get("CICATRIX_SHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def themes(page, name):
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        shot(page, f"{name}-{page.viewport_size['width']}-{theme}")


@pytest.mark.full
def test_pages_about_a_patient_are_clean_in_the_dark(page, live_server, sign_in, axe, clinician):
    signed = make_signed_assessment(
        by=clinician,
        findings=[
            {"scar_type": "rolling", "severity": "moderate", "count": 9},
            {
                "scar_type": "boxcar_shallow",
                "region": "lateral_cheek",
                "count": None,
                "count_band": "5-10",
            },
            {
                "scar_type": "keloid",
                "region": "jawline_anterior",
                "side": "R",
                "count": 1,
                "area_cm2": 7,
            },
        ],
        obvious_at_50cm=True,
        easily_covered=False,
    )
    patient = signed.patient
    draft = make_assessment(patient=patient, by=clinician)
    make_finding(assessment=draft, scar_type="ice_pick", count=None, count_band="5-10", width_mm=4)
    row = make_finding(assessment=draft, scar_type="rolling", region="temple", count=None)
    make_mark(assessment=draft, mark_type="pie", region="chin", side="M", count=12)
    sign_in(page, clinician)
    base = f"{live_server.url}/patients"
    for name, path in {
        "list": "/",
        "register": "/register/",
        "patient": f"/{patient.pk}/",
        "edit": f"/{patient.pk}/edit/",
        "wishes": f"/{patient.pk}/wishes/",
        "history": f"/{patient.pk}/history/",
        "previous": f"/{patient.pk}/previous/",
        "photos": f"/{patient.pk}/photos/",
        "start": f"/{patient.pk}/assess/",
        "draft": f"/assessments/{draft.pk}/",
        "signed": f"/assessments/{signed.pk}/",
        "correct": f"/assessments/{signed.pk}/correct/",
        "finding": f"/findings/{row.pk}/",
    }.items():
        page.goto(base + path)
        themes(page, name)
        axe(page)


def walk(start, goal):
    """The fewest arrow keys from one region of the front view to another."""
    seen, ends = {start}, deque([(start, [])])
    while ends:
        place, keys = ends.popleft()
        if place == goal:
            return keys
        for way, to in neighbours(place).items():
            if to not in seen:
                seen.add(to)
                ends.append((to, [*keys, ARROWS[way]]))
    raise AssertionError(f"no way from {start} to {goal}")


def test_a_whole_face_is_logged_by_the_keyboard_alone(desktop, live_server, sign_in, clinician):
    draft = make_assessment(by=clinician)
    sign_in(desktop, clinician)
    desktop.goto(f"{live_server.url}/patients/assessments/{draft.pk}/")
    presses = 0

    def press(key):
        nonlocal presses
        presses += 1
        desktop.keyboard.press(key)

    press("c")
    here = desktop.evaluate("document.activeElement.dataset.place")
    for number, (place, keys) in enumerate(FACE, start=1):
        for key in walk(here, place):
            press(key)
        here = place
        press(keys[0].lower())
        press(keys[1])
        expect(desktop.locator("#h-logged")).to_have_text(f"Logged ({number})")
        expect(desktop.locator(f"[data-view=F] [data-place='{place}']")).to_be_focused()
        if keys[2:]:
            press(keys[2].lower())
            expect(desktop.locator(".lg-last .active")).to_have_count(1)

    shot(desktop, "keyboard")
    assert draft.findings.count() == 12
    assert draft.marks.count() == 2
    assert draft.findings.filter(region="malar", side="R", scar_type="rolling").get().severity
    assert presses <= 70
    expect(desktop.locator("#grades")).to_contain_text("of 84")


def test_a_tap_on_the_face_a_type_and_a_band_log_an_entry(tablet, live_server, sign_in, clinician):
    draft = make_assessment(by=clinician)
    sign_in(tablet, clinician)
    tablet.goto(f"{live_server.url}/patients/assessments/{draft.pk}/")

    tablet.locator("[data-view=F] [data-place='malar.L']").tap()
    tablet.locator("label[for=kind-keloid]").tap()
    expect(tablet.locator("#id_area_cm2")).to_be_visible()
    expect(tablet.locator("#id_width_mm")).to_be_hidden()
    tablet.get_by_role("button", name="1-4").tap()
    expect(tablet.locator("#h-logged")).to_have_text("Logged (1)")
    tablet.get_by_role("button", name="Undo").tap()
    expect(tablet.locator("#h-logged")).to_have_text("Logged (0)")

    assert not draft.findings.exists()


def test_the_history_shows_what_applies(tablet, live_server, sign_in, clinician):
    patient = make_patient(sex="M")
    sign_in(tablet, clinician)
    tablet.goto(f"{live_server.url}/patients/{patient.pk}/history/")
    question = tablet.locator("[data-question=isotretinoin]")

    expect(question.locator(".pt-parts")).to_be_hidden()
    question.get_by_text("Yes", exact=True).first.tap()
    expect(question.locator(".pt-parts")).to_be_visible()
    expect(tablet.locator("[data-part=isotretinoin__last_dose]")).to_be_hidden()
    question.locator("[data-part=isotretinoin__taking]").get_by_text("No", exact=True).tap()
    expect(tablet.locator("[data-part=isotretinoin__last_dose]")).to_be_visible()
