"""An admin at work on one treatment and its price, in a real browser."""

import pytest

from clinic.catalogue import drafting, services
from clinic.staff.roles import Role
from tests.catalogue.small import SMALL, write_small
from tests.catalogue.test_edit_treatment import OWN, figure, marks, subcision
from tests.factories import make_user
from tests.sizes import tablet_first

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@tablet_first
def test_an_admin_changes_a_treatment_from_end_to_end(page, sign_in, axe, tmp_path):
    services.load(write_small(tmp_path, SMALL.replace("sources:\n", OWN, 1)))
    sign_in(page, make_user(Role.CATALOGUE_ADMIN))
    page.goto("/catalogue/treatments/subcision/")
    page.get_by_role("link", name="Edit the draft").click()

    # A changed number lets go of its verification at once, and takes it again with the old one.
    most, rests_on = (
        page.get_by_label("Sessions, most", exact=True),
        page.locator("[name=f-sessions-verification]"),
    )
    most.fill("1")
    assert rests_on.input_value() == "clinic_default"
    assert page.get_by_text("Changes not saved yet").is_visible()
    most.fill("3")
    assert rests_on.input_value() == "V"
    assert page.get_by_text("Changes not saved yet").is_hidden()

    # The grid by keyboard: arrows move, digits choose.
    page.focus("[name=i-boxcar-any-worth]")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("2")
    assert page.locator("[name=i-rolling-deep-worth]").input_value() == "2"

    # Rows: one more, the second above the first, and one taken out.
    page.get_by_role("button", name="Add words").click()
    page.locator("[data-rows=s] textarea").last.fill("rest for a day")
    page.locator("[data-rows=s] [data-up]").nth(1).click()
    page.locator("[data-rows=c] [data-remove]").first.click()

    # A refusal stands beside its field, takes the focus, and nothing is lost or saved.
    most.fill("1")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text("Usual 2 is above most 1.").wait_for()
    assert page.evaluate("document.activeElement.name") == "f-sessions-typical"
    assert page.locator("[data-rows=s] textarea").last.input_value() == "rest for a day"
    assert figure(subcision(), "sessions")["max"] == 3
    axe(page, within=".ed-figures")  # the whole page is read on the walk over all pages

    most.fill("5")
    page.locator("tr", has=most).locator("summary").click()
    page.locator("[name=f-sessions-read_in]").fill("smith2020")
    page.locator("[name=f-sessions-verification]").select_option("V")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text("Subcision is saved in the draft").wait_for()
    now = subcision()
    assert marks(figure(now, "sessions")) == ("V", ["smith2020"])
    assert [one["text"] for one in now["statements"]] == ["another", "first", "rest for a day"]
    assert now["contraindications"] == []
    assert [one["depth"] for one in now["indications"]] == ["any", "deep"]

    # The price list of all treatments, and a package.
    page.locator(".cx-actions").get_by_role("link", name="Price list").click()
    page.get_by_label("Laser, usual", exact=True).fill("120")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text("1 price saved in the draft").wait_for()
    page.locator(".cx-actions").get_by_role("link", name="Packages").click()
    for label, words in (
        ("Code", "three"),
        ("Name, as on the quote", "Three"),
        ("Reduction, %", "10"),
    ):
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_label("Laser", exact=True).check()
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text("360.00 becomes 324.00").wait_for()
    assert drafting.read("packages", "three")["percent"] == 10
