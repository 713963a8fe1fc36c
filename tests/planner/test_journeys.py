"""Three journeys in a browser: suggest and choose; edit until a rule bites; approve and revise."""

import datetime as dt
import re
from io import StringIO

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from planner import editing, services
from planner import outline as hand
from planner.models import OverrideReason, Plan, State
from tests.factories import PASSWORD, make_user
from tests.planner.drafts import at_this_time, make_answered_patient, make_assessed, make_clinic
from tests.sizes import tablet_first

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PATIENCE = 30_000  # milliseconds


@pytest.fixture
def doctor():
    with at_this_time():
        make_clinic()
        OverrideReason.objects.get_or_create(
            code="risk-benefit-ratio", defaults={"display": "", "words": "The benefit outweighs"}
        )
        yield make_user()


@pytest.fixture
def patient(doctor):
    return make_answered_patient(doctor)


@pytest.fixture
def draft(patient, doctor):
    suggestion = services.suggest_for(assessment=make_assessed(patient, doctor), by=doctor)
    return services.draft_plan(suggestion=suggestion, strategy="balanced", by=doctor)


@pytest.fixture
def walk(sign_in, doctor):
    """Let the doctor in on that page, with patience for a busy machine."""

    def enter(page):
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        return sign_in(page, doctor)

    yield enter
    expect.set_options(timeout=5_000)


def rules(page):
    return page.locator(".draft-rules .cx-badge").first


def open_menu(page, visit, name):
    page.locator(f"#visit-{visit}").get_by_role("link", name=name).first.click()
    page.locator(f"#visit-{visit} #hand").wait_for()


def drop(page):
    """The step whose menu is open, by the keyboard alone."""
    page.locator("#hand summary", has_text="Drop").press("Enter")
    page.locator("#hand form.hand-drop").get_by_role("button", name="Drop").press("Enter")
    expect(page.locator(".draft-last")).to_contain_text("dropped from")
    expect(page.locator(".draft-figures")).to_contain_text("this change")


@tablet_first
def test_suggest_and_choose(page, walk, patient, doctor, axe):
    assessment = make_assessed(patient, doctor)
    walk(page)
    page.goto(assessment.get_absolute_url())
    page.get_by_role("button", name=re.compile("^Suggest")).click()
    page.get_by_role("heading", name="Suggested protocols").wait_for()

    columns = page.locator(".protocol")
    assert columns.count() >= 3
    tops = {round(columns.nth(n).bounding_box()["y"]) for n in range(3)}
    assert len(tops) == 1, "the first three stand side by side"
    drawn = page.locator(".protocol .tl-week").first.bounding_box()
    assert drawn["height"] >= 10, "the weeks can be read"
    page.get_by_text("Load by region, now and expected").first.click()
    page.get_by_text("it is no published grade").first.wait_for()
    page.locator("select[name=when]").select_option("after")
    page.get_by_text("No result is promised").wait_for()
    axe(page)

    second = columns.nth(1)
    name = second.get_by_role("heading").first.inner_text()
    second.get_by_role("button", name=re.compile("^Take as draft")).click()
    page.get_by_role("heading", name="Plan 1 Draft").wait_for()
    assert Plan.objects.get(patient=patient).content["name"] == name


@tablet_first
def test_edit_until_a_rule_bites(page, walk, draft, axe):
    walk(page)
    page.goto(draft.get_absolute_url())
    expect(rules(page)).to_contain_text("No rule stands in the way")
    outline = hand.outline_of(editing.keyed(draft)["sessions"])
    numbers = [n for n, visit in enumerate(outline, 1) if visit.lines]
    first, second = numbers[:2]

    open_menu(page, second, "Move")
    axe(page, within="#draft")
    near = outline[first - 1].on + dt.timedelta(days=3)
    page.get_by_label("Day", exact=True).fill(near.isoformat())
    page.get_by_role("button", name="Move to this day").click()
    expect(rules(page)).to_contain_text("to settle before it can be approved")
    bitten = page.locator(".hit.is-breaking").first
    expect(bitten).to_contain_text("is the least")
    expect(bitten).to_contain_text("Move this visit to a later day")
    axe(page, within="#draft")

    open_menu(page, second, "Move")
    page.get_by_role("button", name="To the first day that the rules allow").click()
    expect(rules(page)).to_contain_text("No rule stands in the way")
    allowed = page.locator(".draft-last").inner_text()
    page.get_by_role("button", name="Undo").click()
    expect(rules(page)).to_contain_text("to settle before it can be approved")
    page.get_by_role("button", name="Redo").click()
    expect(rules(page)).to_contain_text("No rule stands in the way")

    with page.expect_response(re.compile("/edit/")):
        drag_to_the_right(page, page.locator(f"[data-mark='{second}'] circle"))
    expect(page.locator(".draft-last")).not_to_contain_text(allowed)
    open_menu(page, first, "Change")
    drop(page)
    assert draft.edits.filter(undone=False).count() == 5


def drag_to_the_right(page, mark):
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y, steps=3)
    page.mouse.up()


@tablet_first
def test_approve_revise_and_replay(page, walk, draft, doctor, axe):
    walk(page)
    page.goto(draft.get_absolute_url())
    page.get_by_role("button", name="Ready to sign").click()
    page.get_by_label("I have read the sessions").check()
    page.get_by_label("Your password").fill("not mine")
    page.get_by_role("button", name="Sign and approve").click()
    page.get_by_text("This is not your password").wait_for()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign and approve").click()
    page.get_by_text("is signed. The front desk can book it.").wait_for()
    axe(page)
    draft.refresh_from_db()
    assert draft.state == State.APPROVED

    page.get_by_role("button", name="Revise").click()
    page.get_by_role("heading", name="Plan 2 Draft").wait_for()
    revision = Plan.objects.get(revises=draft)
    last = max(n for n, one in enumerate(revision.content["sessions"], 1) if one["steps"])
    open_menu(page, last, "Change")
    drop(page)
    page.get_by_role("link", name="What it changes").click()
    page.get_by_role("heading", name="What Plan 2 changes in Plan 1").wait_for()
    expect(page.get_by_text("Dropped").first).to_be_visible()
    axe(page)

    said = StringIO()
    call_command("replay", str(draft.pk), stdout=said)
    call_command("replay", str(revision.pk), stdout=said)
    assert "Identical: the plan as it was taken" in said.getvalue()
    assert "Identical: the plan after change 1" in said.getvalue()
