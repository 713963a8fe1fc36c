"""In the browser: no rule of accessibility broken, by light and by dark, on both screens."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.staff.roles import Role
from tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENS = {
    "tablet, light": (1180, 820, "light"),
    "tablet, dark": (1180, 820, "dark"),
    "desktop, light": (1440, 900, "light"),
    "desktop, dark": (1440, 900, "dark"),
    "telephone": (390, 844, "light"),
}


IN_FULL = {"tablet, dark", "desktop, light"}  # each size and each theme is seen once without them


@pytest.fixture(
    params=[pytest.param(n, marks=pytest.mark.full) if n in IN_FULL else n for n in SCREENS]
)
def screen(request, new_page, live_server):
    width, height, theme = SCREENS[request.param]
    return new_page(width, height, color_scheme=theme, base_url=live_server.url)


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_pages_before_the_sign_in(screen, axe):
    for address in ("/account/login/", "/account/password/reset/", "/no/such/page/"):
        screen.goto(address)

        axe(screen)
        assert fits(screen), address


def test_the_pages_of_an_owner(screen, axe, sign_in):
    owner = make_user(Role.OWNER, name="Ingrid Solheim", title="Dr")
    make_user(Role.CLINICIAN, password=None, invited_at=timezone.now(), invited_by=owner)
    sign_in(screen, owner)
    for address in (
        "/staff/users/",
        "/staff/users/invite/",
        owner.get_absolute_url(),
        "/catalogue/clinic/",
        "/staff/profile/",
        "/account/password/change/",
    ):
        screen.goto(address)

        axe(screen)
        assert fits(screen), address


def test_a_refused_form_is_as_clear(page, axe, sign_in):
    sign_in(page, make_user(Role.OWNER))
    page.goto("/staff/users/invite/")

    page.get_by_role("button", name="Send the invitation").click()

    expect(page.get_by_text("Choose at least one role.")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()
    axe(page)


def test_the_menu_and_the_choice_of_a_theme(desktop, axe, sign_in):
    page = sign_in(desktop, make_user(Role.OWNER))
    page.goto("/staff/profile/")
    page.get_by_text("Your account").locator("..").click()
    axe(page)

    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert 'data-bs-theme="dark"' in page.request.get("/staff/profile/").text()


def test_everything_works_by_the_keyboard(desktop, live_server):
    make_user(Role.OWNER, email="ann@clinic.example")
    page = desktop
    page.goto("/account/login/?next=/staff/users/")
    page.keyboard.type("ann@clinic.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Working here")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#content")).to_be_focused()


@pytest.mark.parametrize("address", ["/staff/profile/", "/account/password/change/"])
def test_the_pages_work_without_scripts(new_page, live_server, sign_in, address):
    page = new_page(base_url=live_server.url, java_script_enabled=False)
    sign_in(page, make_user())
    page.goto(address)

    page.locator("summary").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_paper_shows_the_content_without_the_frame(desktop, sign_in):
    page = sign_in(desktop, make_user(Role.OWNER))
    page.goto("/staff/users/")

    page.emulate_media(media="print", color_scheme="dark")

    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("heading", name="Working here")).to_be_visible()
    assert page.evaluate(
        "getComputedStyle(document.querySelector('.cx-card')).backgroundColor"
    ) in (
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    )
