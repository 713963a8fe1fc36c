"""Photos, progress and the tablet in a real browser, at tablet and desktop size."""

import datetime as dt
import os

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from patients import photos, reported, services
from patients.models import Answer, Photo
from tests.factories import (
    make_mark,
    make_patient,
    make_signed_assessment,
    make_user,
    make_version,
    shipped,
)
from tests.patients.test_photos import picture
from tests.sizes import tablet_first

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DAYS = [dt.date(2026, 2, 3), dt.date(2026, 6, 2), dt.date(2026, 10, 20)]
CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const pen = canvas.getContext("2d");
  setInterval(() => { pen.fillStyle = "tan"; pen.fillRect(0, 0, 640, 480); }, 50);
  return canvas.captureStream(20);
};
"""


@pytest.fixture
def clinician():
    make_version(instruments=shipped("instruments"), safety_rules=shipped("safety_rules"))
    return make_user(name="Dr Example")


@pytest.fixture
def patient(clinician, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return make_patient(by=clinician, sex="M")


@pytest.fixture
def treated(patient, clinician):
    """Three assessments, photos of two days, and a few results."""
    for on, ice, roll in zip(DAYS, (30, 14, 4), ("severe", "moderate", "mild"), strict=True):
        signed = make_signed_assessment(
            patient=patient,
            by=clinician,
            on=on,
            obvious_at_50cm=True,
            easily_covered=False,
            flattens_on_stretch=True,
            findings=[
                {"count": ice},
                {
                    "scar_type": "rolling",
                    "severity": roll,
                    "side": "R",
                    "count_band": "5-10",
                    "count": None,
                },
                {"scar_type": "boxcar_shallow", "region": "temple", "count": 6},
            ],
        )
    draft = services.correct_assessment(
        assessment=signed, by=clinician, reason="A mark was missing"
    )
    make_mark(assessment=draft, count=5)
    reported.record_follow_up(
        assessment=draft,
        by=clinician,
        clinician_impression="51_75",
        patient_impression="26_50",
        last_session_pain=3,
    )
    services.sign_assessment(assessment=draft, by=clinician)
    for on, tone in zip(DAYS, ("#c98f76", "#d2a087", "#d9ae97"), strict=True):
        for view in ("front", "left_45"):
            add(patient, clinician, face(tone, view, on), view, on)
    for total, on in ((16, DAYS[0]), (12, DAYS[2])):
        reported.record_total(
            patient=patient,
            by=clinician,
            instrument="dcq",
            total=total,
            answered_on=on,
            manner="self",
            administered_by=clinician,
        )
    return patient


def add(patient, by, content, view, on):
    file = SimpleUploadedFile("x.jpg", content)
    return photos.add_photo(patient=patient, by=by, file=file, view=view, taken_on=on)


def face(tone, view, on):
    """A drawn face, no real one."""
    import io

    image = Image.new("RGB", (900, 1200), "#8fa3ad")
    pen = ImageDraw.Draw(image)
    shift = 60 if view == "left_45" else 0
    pen.ellipse((180 + shift, 150, 720 + shift, 1000), fill=tone)
    for x in (340, 560):
        pen.ellipse((x + shift, 470, x + 60 + shift, 505), fill="#40302a")
    pen.line((450 + shift, 520, 440 + shift, 680), fill="#7a5646", width=8)
    pen.arc((370 + shift, 740, 530 + shift, 830), 10, 170, fill="#7a3f3a", width=8)
    for spot in range(24 // on.month):
        pen.ellipse(
            (300 + 13 * spot, 600 + 31 * (spot % 5), 312 + 13 * spot, 612 + 31 * (spot % 5)),
            fill="#9c6652",
        )
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def shot(page, name):
    folder = os.environ.get("CICATRIX_SHOTS")
    if not folder:
        return
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        width = page.viewport_size["width"]
        page.screenshot(path=f"{folder}/{name}-{width}-{theme}.png", full_page=True)
    page.emulate_media(color_scheme="light")


@tablet_first
def test_the_pages_are_accessible(page, sign_in, axe, clinician, treated):
    sign_in(page, clinician)
    last = treated.assessments.in_force().newest_first().first()
    pages = {
        "photos": f"/patients/{treated.pk}/photos/",
        "photo-consent": f"/patients/{treated.pk}/photos/consent/",
        "compare": f"/patients/{treated.pk}/photos/compare/",
        "timeline": f"/patients/{treated.pk}/progress/",
        "regions": f"/patients/{treated.pk}/progress/regions/",
        "reported": f"/patients/{treated.pk}/reported/?instrument=phq_9",
        "hand-over": f"/patients/{treated.pk}/hand-over/",
        "paper": f"/patients/assessments/{last.pk}/paper/",
        "read": f"/patients/assessments/{last.pk}/",
    }
    for name, path in pages.items():
        page.goto(path)
        shot(page, name)
        axe(page)


def test_several_photos_go_one_by_one_and_a_bad_one_says_why(tablet, sign_in, clinician, patient):
    page = sign_in(tablet, clinician)
    page.goto(f"/patients/{patient.pk}/photos/")
    files = [
        {"name": "one.jpg", "mimeType": "image/jpeg", "buffer": picture(colour="red")},
        {"name": "fake.jpg", "mimeType": "image/jpeg", "buffer": b"<html>"},
        {"name": "two.jpg", "mimeType": "image/jpeg", "buffer": picture(colour="blue")},
    ]

    page.get_by_label("Photos", exact=True).set_input_files(files)
    page.get_by_label("View of two.jpg").select_option("left_45")
    page.get_by_role("button", name="Add photos").click()

    row = page.locator("[data-queue] li", has_text="fake.jpg")
    expect(row).to_contain_text("This file is not a picture.")
    expect(page.locator("[data-queue] .ph-done")).to_have_count(2)
    assert set(Photo.objects.values_list("view", flat=True)) == {"front", "left_45"}
    shot(page, "queue")


def test_the_camera_shows_the_last_photo_as_a_guide(tablet, sign_in, axe, clinician, patient):
    add(patient, clinician, face("#c98f76", "front", DAYS[0]), "front", DAYS[0])
    page = sign_in(tablet, clinician)
    page.add_init_script(CAMERA)
    page.goto(f"/patients/{patient.pk}/photos/")

    page.locator("[data-take=front]").click()
    expect(page.locator("[data-ghost-image]")).to_be_visible()
    page.wait_for_function("document.querySelector('[data-video]').videoWidth > 0")
    axe(page, within="[data-camera]")
    shot(page, "camera")
    page.get_by_role("button", name="Take photo").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Use it").click()

    assert Photo.objects.filter(view="front").count() == 2


def test_two_photos_are_compared_by_slider_and_keyboard(desktop, sign_in, axe, clinician, treated):
    page = sign_in(desktop, clinician)
    page.goto(f"/patients/{treated.pk}/photos/compare/")
    place = "getComputedStyle(document.querySelector('[data-side={}] img')).transform"

    page.get_by_role("button", name="Slider").click()
    line = page.get_by_role("slider")
    line.focus()
    before = float(line.input_value())
    page.keyboard.press("ArrowRight")
    page.locator("[data-stage]").focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")

    assert float(line.input_value()) > before
    moved = page.evaluate(place.format("before"))
    assert moved == page.evaluate(place.format("after"))
    assert moved.startswith("matrix(1.5, 0, 0, 1.5, 40,")
    shot(page, "slider")
    axe(page)


def test_the_tablet_stays_with_the_patient_until_the_pin(page, sign_in, axe, clinician, patient):
    sign_in(page, clinician)
    page.goto(patient.get_absolute_url())
    page.get_by_role("link", name="Hand over the tablet").click()
    page.get_by_label("PIN to come back").fill("4711")
    page.get_by_role("button", name="Hand over now").click()
    expect(page.get_by_role("heading", name="Medicines")).to_be_visible()
    axe(page)
    shot(page, "pad")

    page.go_back()
    expect(page.get_by_role("heading", name="Medicines")).to_be_visible()
    page.goto("/patients/")
    expect(page.get_by_role("heading", name="Medicines")).to_be_visible()

    page.locator("[data-question=topical_retinoid]").get_by_text("I don’t know").click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="How your skin heals")).to_be_visible()
    page.goto("/patients/pad/done/")
    axe(page)
    shot(page, "pad-done")
    page.get_by_role("link", name="For the staff").click()
    page.get_by_label("PIN").fill("0000")
    page.get_by_role("button", name="Take the tablet back").click()
    expect(page.get_by_text("4 tries left")).to_be_visible()
    axe(page)
    shot(page, "pad-back")
    page.get_by_label("PIN").fill("4711")
    page.get_by_role("button", name="Take the tablet back").click()

    expect(page.get_by_text("The tablet is back.")).to_be_visible()
    assert Answer.objects.get().value == "unknown"
    page.goto("/patients/")
    expect(page.get_by_role("heading", name="Patients")).to_be_visible()
