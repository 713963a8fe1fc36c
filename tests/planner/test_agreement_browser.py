"""The patient signs on the tablet; the pages that a patient reads are fit to be read."""

import pytest
from django.urls import reverse

from planner import services
from planner.revision import revise
from tests.factories import make_approved_plan, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def nothing_in_the_way(monkeypatch):
    monkeypatch.setattr(services, "approval_obstacles", lambda plan: [])


def draw(page):
    box = page.locator("canvas").first.bounding_box()
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(x + 0.1 * width, y + 0.6 * height)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x + (0.1 + 0.09 * step) * width, y + (0.3 + 0.4 * (step % 2)) * height)
    page.mouse.up()


def test_a_patient_signs_on_the_tablet(tablet, sign_in, axe):
    plan, clinician = make_approved_plan(), make_user()
    page = sign_in(tablet, clinician)
    page.goto(reverse("planner:agreement", args=[plan.pk]))
    axe(page)

    page.get_by_label("Balanced").check()
    page.get_by_label("TCA CROSS", exact=True).check()
    page.get_by_role("button", name="Record the agreement").click()
    assert page.get_by_text("Sign in the field, or choose: signed on paper").is_visible()
    axe(page)
    page.locator("canvas").first.scroll_into_view_if_needed()
    draw(page)
    page.get_by_role("button", name="Record the agreement").click()
    page.get_by_role("img", name="Signature of Ada Example").wait_for()
    axe(page)

    agreement = plan.agreements.get()
    assert list(agreement.consents.values_list("treatment", flat=True)) == ["tca_cross"]
    assert len(agreement.signatures.get().image) > 500


def test_what_was_drawn_stays_when_something_else_is_refused(tablet, sign_in):
    plan = make_approved_plan()
    page = sign_in(tablet, make_user())
    page.goto(reverse("planner:agreement", args=[plan.pk]))
    page.locator("canvas").first.scroll_into_view_if_needed()
    draw(page)

    page.get_by_role("button", name="Record the agreement").click()
    page.get_by_text("Tick what was discussed.").wait_for()
    page.get_by_label("Balanced").check()
    page.get_by_label("TCA CROSS", exact=True).check()
    page.get_by_role("button", name="Record the agreement").click()

    page.get_by_role("img", name="Signature of Ada Example").wait_for()
    assert plan.agreements.exists()


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.full)])
def test_every_page_of_a_plan_s_papers_is_clean(new_page, live_server, sign_in, axe, scheme):
    plan = make_approved_plan()
    draft = revise(plan=plan, by=make_user())
    page = sign_in(new_page(base_url=live_server.url, color_scheme=scheme), make_user())
    review = plan.sessions.get(kind="review")

    for name, args in [
        ("planner:plan", [plan.pk]),
        ("planner:documents", [plan.pk]),
        ("planner:plan_paper", [plan.pk]),
        ("planner:care_paper", [plan.pk]),
        ("planner:consent_paper", [plan.pk, "tca_cross"]),
        ("planner:difference", [draft.pk]),
        ("planner:review", [plan.pk, review.pk]),
    ]:
        page.goto(reverse(name, args=args))
        axe(page)
