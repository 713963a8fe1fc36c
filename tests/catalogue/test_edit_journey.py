"""A catalogue admin opens a pair from the matrix by keyboard, and raises a rule by choices."""

import pytest

from clinic.catalogue import drafting, services
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_user
from tests.sizes import tablet_first

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@tablet_first
def test_a_pair_by_keyboard_and_a_rule_by_choices(page, live_server, sign_in, tmp_path, axe):
    services.load(write_small(tmp_path))
    sign_in(page, make_user(Role.CATALOGUE_ADMIN))

    # The matrix: two cells to walk over, and the pair opens with Enter.
    page.goto("/catalogue/pairs/matrix/")
    axe(page)
    first = page.locator("td.self").first
    first.focus()
    page.keyboard.press("ArrowRight")
    said = page.locator("#mx-say")
    assert "One before the other" in said.inner_text()
    assert "Subcision first" in said.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/catalogue/pairs/c1/edit/")
    axe(page)
    page.get_by_label("At least, weeks").fill("9")
    page.get_by_role("button", name="Save in the draft").click()
    assert "is above the usual 4" in page.locator("#content").inner_text()
    page.get_by_label("Usually, weeks").fill("12")
    page.get_by_role("button", name="Save in the draft").click()
    page.wait_for_url("**/catalogue/pairs/matrix/#c1")
    assert "c1 is changed in the draft" in said.inner_text()
    assert drafting.read("pairs", "c1")["weeks"] == {"min": 9, "typical": 12}

    # The rule: a choice changes what is asked, the sentence and the hits follow by themselves.
    page.goto("/catalogue/safety/ISO-1/edit/")
    hits = page.locator("#rule-hits")
    hits.get_by_text("No treatment is ruled out").wait_for()
    axe(page)
    page.locator("#c0-when-v").fill("neun")
    page.locator("#c0-when-v").press("Tab")
    fault = page.locator("#c0-when-v-fault")
    fault.wait_for()
    page.locator("#c0-when-v").fill("12")
    page.locator("#c0-when-v").press("Tab")
    fault.wait_for(state="detached")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="All safety rules").click()
    assert asked == ["beforeunload"]
    page.locator("#rule-said").get_by_text("last dose within 12 months").wait_for()
    page.locator("#rule-said").get_by_text("Lowers nothing").wait_for()
    page.get_by_label("Then").first.select_option("BLOCK")
    hits.get_by_text("Subcision is ruled out in").first.wait_for()
    page.locator("#c0").get_by_role("button", name="And another condition").click()
    added = page.locator("#c0-when-1-fact")
    added.select_option("patient.age")
    how = page.locator("#c0-when-1-op")
    how.select_option("ge")
    page.locator("#c0-when-1-v").fill("200")
    page.get_by_role("button", name="Save in the draft").click()
    refusal = page.locator("#c0-when-1-v-fault")
    assert refusal.inner_text().endswith("This is asked from 0 to 120 years.")
    page.locator("#c0-when-1-v").fill("18")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text("ISO-1 is saved in the draft.").wait_for()
    assert drafting.read("safety_rules", "ISO-1")["clauses"][0]["when"] == {
        "all": [
            {"fact": "isotretinoin.last_dose", "within": {"months": 12}},
            {"fact": "patient.age", "ge": 18},
        ]
    }
