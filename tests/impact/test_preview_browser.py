"""An admin raises a safety rule, sees three open drafts change, and has the signed plan listed."""

import pytest
from django.urls import reverse

from clinic.impact import runs
from clinic.impact.models import Preview, ReviewItem
from tests.factories import make_user
from tests.impact.making import RULE, STRATEGIES, make_admin, make_drafts
from tests.planner.drafts import make_clinic
from tests.sizes import tablet_first

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@tablet_first
def test_a_raised_rule_is_seen_in_three_open_drafts(page, sign_in, axe):
    page.set_default_timeout(60_000)  # the whole catalogue is checked at each save
    make_clinic()
    drafts = make_drafts(make_user(), STRATEGIES)
    assert len(drafts) == 3
    sign_in(page, make_admin())

    hits = page.locator("#rule-hits .ed-count")  # asked by itself: not to be left while it is
    page.goto(reverse("catalogue:edit_rule", args=[RULE]))
    hits.wait_for()
    with page.expect_response(f"**{reverse('impact:rule_hits')}"):
        page.locator("#c0").get_by_label("Then").select_option("BLOCK")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text(f"{RULE} is saved in the draft.").wait_for()
    hits.wait_for()
    page.goto(reverse("catalogue:draft"))
    page.get_by_role("link", name="What it changes").first.click()
    page.get_by_role("button", name="Try the draft").click()
    page.get_by_text("Waiting for the worker").wait_for()
    page.get_by_role("progressbar").wait_for()
    axe(page)
    runs.carry_out(Preview.objects.get().pk, size=0)

    page.get_by_role("heading", name="Open drafts 3").wait_for()  # the page asks by itself
    axe(page)
    words = page.locator("#content").inner_text()
    assert words.count("No protocol fits any more.") == 3
    assert f"Record {drafts[0].patient.record_number}" in words
    assert str(drafts[0].patient) not in words
    assert not ReviewItem.objects.exists()
    page.get_by_role("link", name="On to publishing").click()
    page.wait_for_url(f"**{reverse('catalogue:publish')}")
