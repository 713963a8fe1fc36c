"""Nothing that was logged is lost: by a dead network, a closed tab, an expired login."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from tests.factories import make_assessment, make_user, make_version

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough phrase for tests"


@pytest.fixture
def clinician():
    make_version()
    return make_user(name="Dr Example", password=PASSWORD)


@pytest.fixture
def draft(clinician):
    return make_assessment(by=clinician)


@pytest.fixture
def log_page(tablet, live_server, sign_in, clinician, draft):
    """The page of a draft on a tablet; what a dead network makes the browser say is no fault."""
    sign_in(tablet, clinician)
    tablet.goto(address(live_server, draft))
    yield tablet
    tablet.faults = [one for one in tablet.faults if "ERR_INTERNET_DISCONNECTED" not in one]


def address(live_server, draft):
    return f"{live_server.url}/patients/assessments/{draft.pk}/"


def choose(page, place, keys):
    page.locator(f"[data-view=F] [data-place='{place}']").focus()
    for key in keys:
        page.keyboard.press(key)


def logged(page, count):
    expect(page.locator("#h-logged")).to_have_text(f"Logged ({count})")
    expect(page.locator("[data-waiting='0']")).to_be_attached()


def in_words(draft):
    return sorted(
        (row.scar_type, row.place, row.how_many, row.severity) for row in draft.findings.all()
    )


def test_a_dead_network_keeps_the_entries_and_sends_them_when_it_is_back(log_page, draft):
    log_page.context.set_offline(True)

    choose(log_page, "temple.L", "r2ws")
    choose(log_page, "malar.L", "i3")
    expect(log_page.locator(".lg-unsaved")).to_contain_text("4 entries are not saved yet")
    expect(log_page.locator(".lg-unsaved")).to_contain_text("Trying again")
    assert not draft.findings.exists()
    log_page.locator("#bedside label", has_text="Yes").first.tap()
    expect(log_page.locator(".lg-unsaved")).to_contain_text("5 entries are not saved yet")
    log_page.get_by_role("button", name="Sign", exact=True).click()
    draft.refresh_from_db()
    assert draft.state == "draft"
    log_page.context.set_offline(False)

    logged(log_page, 3)
    draft.refresh_from_db()
    assert draft.obvious_at_50cm is True
    assert in_words(draft) == [
        ("ice_pick", "malar.L", "11-20", ""),
        ("rolling", "temple.L", "5-10", "moderate"),
        ("rolling", "temple.R", "5-10", "moderate"),
    ]


def test_an_entry_whose_answer_was_lost_is_saved_once(log_page, draft):
    def lose(route):
        route.fetch()  # the server does it, and nobody hears
        route.abort()

    log_page.route("**/log/", lose, times=1)
    choose(log_page, "malar.L", "r2")

    logged(log_page, 1)
    assert draft.findings.count() == 1
    log_page.faults = [one for one in log_page.faults if "ERR_FAILED" not in one]


def test_entries_of_a_closed_tab_are_sent_when_the_draft_is_opened_again(
    log_page, live_server, draft
):
    log_page.context.set_offline(True)
    choose(log_page, "malar.L", "r2")
    expect(log_page.locator(".lg-unsaved")).to_contain_text("1 entry is not saved yet")
    context = log_page.context
    log_page.close()
    context.set_offline(False)

    again = context.new_page()
    again.goto(f"{live_server.url}/patients/{draft.patient_id}/")
    expect(again.get_by_text("This browser still holds entries")).to_be_visible()
    again.goto(address(live_server, draft))

    logged(again, 1)
    assert draft.findings.get().scar_type == "rolling"


def test_an_expired_login_asks_for_the_password_and_the_entries_go_on(log_page, draft):
    Session.objects.all().delete()

    choose(log_page, "malar.L", "r2")
    expect(log_page.locator("[data-lock]")).to_be_visible()
    log_page.locator("[data-lock] input[type=password]").fill(PASSWORD)
    log_page.keyboard.press("Enter")

    logged(log_page, 1)
    assert draft.findings.get().assessment == draft


def test_a_refused_entry_says_why_and_stands_in_the_form_again(log_page, draft):
    choose(log_page, "malar.L", "r")
    log_page.locator("#id_count").fill("900")
    log_page.keyboard.press("Enter")

    expect(log_page.locator("[data-refused]")).to_contain_text("1 to 500")
    expect(log_page.locator("#id_count")).to_have_value("900")
    expect(log_page.locator("[name=kind]:checked")).to_have_value("rolling")
    log_page.locator("#id_count").fill("9")
    log_page.keyboard.press("Enter")
    logged(log_page, 1)
    assert draft.findings.get().count == 9


def test_an_entry_for_a_draft_that_is_gone_is_told_and_not_tried_for_ever(log_page, draft):
    draft.delete()

    choose(log_page, "malar.L", "r2")

    words = re.compile("Not saved: Rolling, Left malar cheek, 5-10, because this assessment")
    expect(log_page.locator(".alert-danger").first).to_contain_text(words)
    expect(log_page.locator("#unsaved")).to_be_empty()
