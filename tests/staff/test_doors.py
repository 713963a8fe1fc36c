"""Every address with every role and with nobody, held against the one table."""

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from uuid_utils.compat import uuid7

from clinic.staff.roles import ANY_ROLE, DOORS, NOBODY, PUBLIC, ROLES, Role, door_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db

SAMPLES = {"uuid": str(uuid7()), "int": 1, "uidb36": "1", "key": "x-y", "app_label": "account"}
LEAD_TO_THE_SIGN_IN = {"staff:unlock", "account_logout"}


def named_pages(resolver=None, namespaces=(), given=None):
    """Each page's name, and arguments of the right kind for things that do not exist."""
    for entry in (resolver or get_resolver()).url_patterns:
        arguments = {**(given or {}), **arguments_of(entry.pattern)}
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from named_pages(entry, inner, arguments)
        elif entry.name:
            yield ":".join((*namespaces, entry.name)), arguments


def arguments_of(pattern) -> dict:
    kinds = {name: type(kind).__name__ for name, kind in getattr(pattern, "converters", {}).items()}
    names = kinds or getattr(pattern.regex, "groupindex", {})
    return {name: sample(name, kinds.get(name, "")) for name in names}


def sample(name, kind):
    return SAMPLES.get(name) or SAMPLES.get(kind.removesuffix("Converter").lower(), "x")


def pages():
    return list(dict(named_pages()).items())


def what_happens(client, page, arguments) -> str:
    """Where one ends up; nothing exists yet, so a page that lets in may find nothing."""
    answer = client.get(reverse(page, kwargs=arguments))
    if answer.status_code == 302 and answer.url.startswith(reverse("account_login")):
        return "to the sign-in"
    return {403: "refused", 404: "not found", 500: "broke"}.get(answer.status_code, "in")


def what_should_happen(page, roles) -> set[str]:
    door = door_of(page)
    if door == NOBODY:
        return {"not found"}
    if door == PUBLIC:
        return {"in", "to the sign-in"} if page in LEAD_TO_THE_SIGN_IN else {"in", "not found"}
    if not roles:
        return {"to the sign-in"}
    if door == ANY_ROLE or set(roles) & set(ROLES[door]):
        # A table that nobody edits by hand is refused by the admin itself.
        return {"in", "not found", "refused"} if page.startswith("admin:") else {"in", "not found"}
    return {"refused"}


@pytest.mark.parametrize("roles", [(), *((role,) for role in Role)], ids=lambda r: "".join(r))
def test_every_page_opens_to_those_whom_the_table_names_and_to_nobody_else(roles):
    client = Client(raise_request_exception=False)
    if roles:
        user = make_user(*roles)
    wrong = []
    for page, arguments in pages():
        if roles:
            client.force_login(user)  # anew: one of the pages signs out
        happened = what_happens(client, page, arguments)
        if happened not in what_should_happen(page, roles):
            wrong.append(f"{page}: {happened}")

    assert wrong == []


def test_every_page_is_in_the_table():
    """A page that is not in DOORS is closed to everybody; this says so on the day it is written."""
    assert [page for page, _ in pages() if door_of(page) is None] == []


def test_every_line_of_the_table_is_a_page_and_a_permission_that_exist():
    names = {page for page, _ in pages()}

    assert [page for page in DOORS if page not in names and not page.endswith("*")] == []
    assert {*DOORS.values()} - {PUBLIC, ANY_ROLE, NOBODY} - {*ROLES} == set()


def test_a_page_that_nobody_listed_is_closed_even_to_somebody_with_every_role(monkeypatch, client):
    monkeypatch.delitem(DOORS, "staff:profile")
    client.force_login(make_user(*Role))

    assert client.get("/staff/profile/").status_code == 403


def test_a_refusal_is_in_plain_words(client):
    client.force_login(make_user(Role.FRONT_DESK))

    answer = client.get("/staff/users/")

    assert answer.status_code == 403
    assert "Your role at the clinic does not open this page" in answer.text


def test_a_door_is_judged_before_the_thing_behind_it(client):
    """Whoever may not enter cannot learn what exists."""
    somebody = make_user(Role.CLINICIAN)
    client.force_login(make_user(Role.FRONT_DESK))

    known = client.get(f"/staff/users/{somebody.pk}/")
    unknown = client.get(f"/staff/users/{uuid7()}/")

    assert known.status_code == unknown.status_code == 403
    assert without_token(known) == without_token(unknown)


def without_token(answer):
    return answer.text.replace(str(answer.context["csrf_token"]), "")


def test_a_part_of_a_page_gets_a_clear_401_and_no_other_page(client):
    answer = client.get("/staff/users/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.text) == (401, "Sign in again to go on.")


def test_after_signing_in_one_is_back_at_the_page_that_was_asked_for(client):
    answer = client.get("/staff/users/?page=2")

    assert answer.url == "/account/login/?next=%2Fstaff%2Fusers%2F%3Fpage%3D2"


def test_a_form_sent_without_a_session_leads_back_to_the_page_it_stood_on(client):
    form = {"HTTP_REFERER": "http://testserver/staff/profile/"}

    ours = client.post("/staff/users/invite/", {"name": "x"}, **form)
    theirs = client.post("/staff/lock/", HTTP_REFERER="https://elsewhere.example/staff/")

    assert ours.url == "/account/login/?next=%2Fstaff%2Fprofile%2F"
    assert theirs.url == "/account/login/?next=%2F"


@pytest.mark.parametrize(
    ("roles", "shown", "hidden"),
    [
        ([Role.OWNER], {"Today", "Clinic"}, {"Patients", "Plans"}),
        ([Role.OWNER, Role.CLINICIAN], {"Today", "Clinic", "Patients", "Plans"}, set()),
        ([Role.FRONT_DESK], {"Today", "Patients", "Calendar"}, {"Clinic"}),
        ([Role.CATALOGUE_ADMIN], {"Today", "Catalogue", "Clinic"}, {"Patients", "Calendar"}),
    ],
)
def test_the_side_shows_only_what_opens(client, roles, shown, hidden):
    client.force_login(make_user(*roles))

    side = client.get("/staff/profile/").text.partition("</nav>")[0]

    assert {place for place in shown | hidden if f"</i>{place}</a>" in side} == shown
