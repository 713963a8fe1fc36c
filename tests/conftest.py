"""Fixtures that many files share, and little else.

The browser's fixtures, for a test marked `browser`:
  `tablet` and `desktop` are pages of 1180x820 and 1440x900; `page` is either, by a parameter.
  `live_server.url` is where the clinic answers; `sign_in(page, user)` lets somebody in at once.
  `axe(page)` fails with every violation that axe-core finds.
"""

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from clinic.embedded.server import Server, is_alive
from clinic.system import BROWSERS

ROOT = Path(__file__).resolve().parent.parent
FULL = os.environ.get("CICATRIX_FULL") == "1"
TABLET = {"width": 1180, "height": 820}
DESKTOP = {"width": 1440, "height": 900}
CHROMIUM_WORDS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

ordinary = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("default", ordinary, derandomize=True)
settings.register_profile("full", ordinary, max_examples=2000, print_blob=True)
settings.load_profile("full" if FULL else "default")

# Playwright's synchronous face keeps an event loop in this thread, and Django takes any loop
# for a sign that its blocking calls would block others. Here they block nobody.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        sweep_runs_that_were_killed()


def pytest_collection_modifyitems(items):
    # The longest go first: begun last, one worker walks while the others have nothing left to do.
    items.sort(key=lambda item: item.path.name not in ("test_every_page.py", "test_kill.py"))
    for item in items:
        if "full" in item.keywords and not FULL:
            item.add_marker(pytest.mark.skip(reason="a long proof: make test-full"))


def pytest_unconfigure(config):
    """The controller, and no worker, takes the throw-away server away."""
    from clinic.settings.test import TEST_FOLDER

    if not hasattr(config, "workerinput"):
        take_away(TEST_FOLDER)


def sweep_runs_that_were_killed():
    from clinic.settings.test import TEST_FOLDER

    for folder in TEST_FOLDER.parent.glob("[0-9]*"):
        if not is_alive(int(folder.name)):
            take_away(folder)


def take_away(run: Path):
    Server(run / "postgres").remove()
    shutil.rmtree(run, ignore_errors=True)


# ---- the browser


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.fail("No Chromium here: `make browser` installs it on Debian, or says how.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=list(CHROMIUM_WORDS), headless=True
        )
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser):
    """A maker of pages: `new_page(width=…, height=…, color_scheme="dark", …)`.

    They ask for little motion: a colour half-way through its fade is nothing to judge by.
    """
    contexts = []

    def make(width=DESKTOP["width"], height=DESKTOP["height"], **options):
        options.setdefault("reduced_motion", "reduce")
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        return watched(context.new_page())

    yield make
    faults = [fault for context in contexts for page in context.pages for fault in faults_of(page)]
    for context in contexts:
        context.close()
    assert not faults, "\n".join(["The browser complained:", *faults])


def watched(page):
    """Keep what the browser complains of: a script that fell, a rule of the CSP that was broken."""
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(f"script: {error}"))
    page.on("console", lambda word: word.type == "error" and page.faults.append(word.text))
    return page


def faults_of(page):
    """All but an answer with a 4xx status, which many a test provokes on purpose."""
    answers = "Failed to load resource: the server responded with a status of 4"
    return [fault for fault in getattr(page, "faults", []) if not fault.startswith(answers)]


@pytest.fixture
def desktop(new_page, live_server):
    return new_page(**DESKTOP, base_url=live_server.url)


@pytest.fixture
def tablet(new_page, live_server):
    return new_page(**TABLET, base_url=live_server.url, has_touch=True)


@pytest.fixture(params=["tablet", "desktop"])
def page(request):
    """The test runs twice, once on each."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def sign_in(live_server, settings):
    """Let `user` in without the sign-in page, which has tests of its own."""

    def enter(page, user):
        from django.test import Client

        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return enter


@pytest.fixture(scope="session")
def axe():
    """Run axe-core on a page, or on the part that `within` selects; fail with what it finds.

    Evaluated by the debugger and not as a script of the page, so the page keeps its own CSP.
    """
    source = (ROOT / "node_modules/axe-core/axe.min.js").read_text()

    def check(page, within="html", without=()):
        page.evaluate(source)
        found = page.evaluate(
            "([within, without]) => axe.run({include: [within], exclude: without})",
            [within, [[selector] for selector in without]],
        )
        assert not found["violations"], in_words(page.url, found["violations"])

    return check


def in_words(url, violations):
    lines = [f"axe finds fault with {url}:"]
    for violation in violations:
        lines.append(f"- {violation['id']}: {violation['help']} ({violation['helpUrl']})")
        lines += [
            f"    {json.dumps(node['target'])}  {node['html']}" for node in violation["nodes"]
        ]
    return "\n".join(lines)
