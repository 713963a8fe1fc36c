"""In a real browser: lower a rule with a second person, then bring last month's version back."""

import datetime as dt
from unittest.mock import patch

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.catalogue import drafting, services
from clinic.catalogue.models import Version
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_user
from tests.sizes import tablet_first

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULE = ("safety_rules", "ISO-1")


@pytest.fixture
def last_month(tmp_path):
    earlier = timezone.now() - dt.timedelta(days=30)
    with patch("django.utils.timezone.now", lambda: earlier):
        return services.load(write_small(tmp_path))


def make_milder():
    row = drafting.read(*RULE)
    milder = [clause | {"effect": "CAUTION"} for clause in row["clauses"]]
    drafting.save(*RULE[:1], row | {"clauses": milder}, seen=drafting.token(row))


@tablet_first
def test_lower_safety_takes_two_and_last_months_version_comes_back(page, sign_in, axe, last_month):
    admin = make_user(Role.CATALOGUE_ADMIN, name="Ada Keller")
    clinician = make_user(Role.CLINICIAN, name="Dr Chandra")
    make_milder()

    ask_a_second_person(sign_in(page, admin), axe)
    confirm_as_the_second(sign_in(page, clinician), axe)
    restore_last_month(sign_in(page, admin), axe)

    third, second, first = Version.objects.all()
    assert third.hash == first.hash
    assert (second.published_by, second.lowering.answer.answered_by) == (admin, clinician)
    assert third.lowering is None


def ask_a_second_person(page, axe):
    page.goto("/catalogue/safety/")
    page.get_by_role("link", name="See the draft").click()
    expect(page.get_by_text("Clause 2: effect")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Check and publish").click()
    expect(page.get_by_text("“Contraindicated” becomes “Note”")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Ask a second person to confirm").click()
    expect(page.get_by_text("Say why safety may be lowered here.")).to_be_visible()
    page.get_by_label("What changed, and why").fill("Milder after the consensus.")
    page.get_by_label("Why safety may be lowered").fill("Consensus of 2017.")
    page.get_by_role("button", name="Ask a second person to confirm").click()
    expect(page.get_by_text("You asked for this yourself.")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm and publish")).to_have_count(0)


def confirm_as_the_second(page, axe):
    page.goto("/catalogue/")
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_text("Consensus of 2017.")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Confirm and publish").click()
    expect(page.get_by_text("Confirmed. Version 2 is in force.")).to_be_visible()


def restore_last_month(page, axe):
    page.goto("/catalogue/versions/")
    expect(page.get_by_text("Lower safety, confirmed by Dr Chandra")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Restore as draft version 1").click()
    axe(page)
    page.get_by_role("button", name="Restore as draft").click()
    expect(page.get_by_text("The draft is now as version 1 was.")).to_be_visible()
    page.get_by_role("link", name="Check and publish").click()
    page.get_by_label("What changed, and why").fill("Back to last month's rule.")
    page.get_by_role("button", name="Publish version 3").click()
    expect(page.get_by_text("Version 3 is in force.")).to_be_visible()
    page.get_by_role("link", name="What changed in version 3").click()
    expect(page.get_by_role("cell", name="Contraindicated")).to_be_visible()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("Isotretinoin").first).to_be_visible()
