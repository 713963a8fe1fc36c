"""In the browser: the lock covers the page and keeps it, and forms outlive their session."""

import pytest
from playwright.sync_api import expect

from clinic.catalogue.models import Clinic
from clinic.staff.roles import Role
from tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

INVITE = "/staff/users/invite/"


@pytest.fixture
def owner():
    return make_user(Role.OWNER, name="Ingrid Solheim")


@pytest.fixture
def at_the_form(desktop, sign_in, owner):
    """An owner in the middle of a form."""
    page = sign_in(desktop, owner)
    page.goto(INVITE)
    page.get_by_label("Name").fill("Priya Nair")
    page.get_by_label("Registration number").fill("NMC 1")
    page.get_by_label("Clinician").check()
    return page


def lock(page):
    page.get_by_text("Your account").locator("..").click()
    page.get_by_role("button", name="Lock the screen").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def expect_what_was_typed(page):
    expect(page.get_by_label("Name")).to_have_value("Priya Nair")
    expect(page.get_by_label("Registration number")).to_have_value("NMC 1")
    expect(page.get_by_label("Clinician")).to_be_checked()


def unlock(page, password=PASSWORD):
    page.get_by_role("dialog").get_by_label("Password").fill(password)
    page.get_by_role("button", name="Unlock").click()


def test_the_lock_hides_the_page_and_the_password_gives_it_back_as_it_was(at_the_form, axe):
    page = at_the_form
    lock(page)
    expect(page.locator("h1")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page, "dialog")

    unlock(page, "a wrong password")
    expect(page.get_by_role("alert")).to_have_text("This is not your password.")
    unlock(page)

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect_what_was_typed(page)


def test_a_form_goes_on_after_the_lock(at_the_form):
    page = at_the_form
    lock(page)
    unlock(page)
    expect(page.get_by_role("dialog")).to_be_hidden()

    page.get_by_label("E-mail").fill("priya@clinic.example")
    page.get_by_role("button", name="Send the invitation").click()

    expect(page.get_by_text("An invitation is on its way")).to_be_visible()


def test_an_idle_page_locks_by_itself(desktop, sign_in, owner):
    Clinic.current()
    Clinic.objects.update(idle_minutes=2)
    page = sign_in(desktop, owner)
    page.clock.install()
    page.goto(INVITE)
    page.get_by_label("Name").fill("Priya Nair")

    page.clock.fast_forward("01:50")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.clock.fast_forward("00:30")

    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Priya Nair")


def test_every_tab_is_locked_and_unlocked_together(at_the_form, new_page):
    page = at_the_form
    other = page.context.new_page()
    other.goto("/staff/profile/")
    lock(other)
    expect(page.get_by_role("dialog")).to_be_visible()

    unlock(page)

    expect(other.get_by_role("dialog")).to_be_hidden()
    expect_what_was_typed(page)


def test_a_form_sent_into_a_session_that_ended_is_filled_again_after_signing_in(
    at_the_form, owner, settings
):
    page = at_the_form
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Send the invitation").click()

    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(f"{page.url.partition('/staff')[0]}{INVITE}")
    expect(page.get_by_text("What you typed was put back")).to_be_visible()
    expect_what_was_typed(page)


def test_what_one_person_typed_is_not_put_back_for_another(at_the_form, settings):
    page = at_the_form
    other = make_user(Role.OWNER)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Send the invitation").click()

    page.get_by_label("E-mail").fill(other.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Invite somebody")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("")


def test_a_form_from_before_another_sign_in_is_filled_again(at_the_form, settings):
    page = at_the_form
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("heading", name="This form was too old")).to_be_visible()

    page.get_by_role("link", name="Back to the form").click()

    expect_what_was_typed(page)


def test_the_page_of_a_session_that_ended_asks_for_the_password_and_goes_on(
    at_the_form, owner, settings
):
    """A script of the page hears 401; the same overlay begins a new session."""
    page = at_the_form
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.evaluate("htmx.ajax('GET', '/staff/users/', {target: '#content', swap: 'none'})")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.faults.clear()  # htmx writes every 401 to the console

    unlock(page)
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_label("E-mail").fill("priya@clinic.example")
    page.get_by_role("button", name="Send the invitation").click()

    expect(page.get_by_text("An invitation is on its way")).to_be_visible()


def test_signing_out_leaves_nothing_in_the_tab(at_the_form):
    page = at_the_form
    page.get_by_role("button", name="Send the invitation").click()  # refused: no e-mail
    page.get_by_text("Your account").locator("..").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    assert page.evaluate("JSON.stringify(sessionStorage)").find("Priya") == -1
