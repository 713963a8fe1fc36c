"""Signing in tells a stranger nothing, and lets nobody try for long."""

import pytest
from django.core.cache import cache

from clinic.staff import services
from clinic.staff.roles import Role
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_earlier_tries():
    cache.clear()


def sign_in(client, email, password=PASSWORD, **options):
    return client.post("/account/login/", {"login": email, "password": password}, **options)


def without(text, *words):
    for word in words:
        text = text.replace(word, "")
    return text


def page_of(answer, email):
    """The page without what differs by itself: the token, and what the reader typed."""
    return without(answer.text, str(answer.context["csrf_token"]), email)


def test_letters_of_any_size_sign_in(client):
    make_user(email="ann@clinic.example")

    assert sign_in(client, "ANN@Clinic.example").url == "/"


def test_a_known_and_an_unknown_address_get_the_same_answer(client):
    make_user(email="known@clinic.example")

    known = sign_in(client, "known@clinic.example", "a wrong password")
    unknown = sign_in(client, "nobody@clinic.example", "a wrong password")

    assert known.status_code == unknown.status_code == 200
    assert page_of(known, "known@clinic.example") == page_of(unknown, "nobody@clinic.example")
    assert "do not belong together" in known.text


def test_a_forgotten_password_gets_the_same_answer_too(client, mailoutbox):
    make_user(email="known@clinic.example")

    answers = [
        client.post("/account/password/reset/", {"email": email})
        for email in ("known@clinic.example", "nobody@clinic.example")
    ]

    assert len({(answer.status_code, answer.url) for answer in answers}) == 1
    assert len(mailoutbox) == 2


def test_after_five_wrong_tries_the_right_password_has_to_wait(client):
    make_user(email="ann@clinic.example")
    for _ in range(5):
        sign_in(client, "ann@clinic.example", "a wrong password")

    answer = sign_in(client, "ann@clinic.example")

    assert "Wait five minutes" in answer.text
    assert client.get("/staff/profile/").status_code == 302


def test_a_deactivated_person_is_not_let_in(client):
    owner, gone = make_user(Role.OWNER), make_user()
    services.deactivate(user=gone, by=owner)

    sign_in(client, gone.email)

    assert client.get("/staff/profile/").status_code == 302


def test_nobody_signs_up(client):
    assert client.get("/account/signup/").status_code == 404
    assert client.post("/account/signup/", {"email": "x@y.example"}).status_code == 404


def test_a_forgotten_password_is_set_anew_by_a_letter(client, mailoutbox):
    make_user(email="ann@clinic.example")
    client.post("/account/password/reset/", {"email": "ann@clinic.example"})
    link = next(w for w in mailoutbox[0].body.split() if "/reset/key/" in w)

    form = client.get(link, follow=True).request["PATH_INFO"]
    new = "new brooms sweep quietly"
    client.post(form, {"password1": new, "password2": new})

    assert sign_in(client, "ann@clinic.example", new).url == "/"


def test_a_new_password_signs_out_everywhere(client, client_elsewhere):
    user = make_user()
    client.force_login(user)
    client_elsewhere.force_login(user)
    new = {"password1": "new brooms sweep quietly", "password2": "new brooms sweep quietly"}

    client.post("/account/password/change/", {"oldpassword": PASSWORD, **new})

    assert client_elsewhere.get("/staff/profile/").status_code == 302


@pytest.fixture
def client_elsewhere():
    from django.test import Client

    return Client()


def test_no_page_lets_a_script_or_a_style_in_that_is_not_a_file_of_ours(client):
    policy = client.get("/account/login/").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in f"{policy};"


def test_a_form_from_before_the_sign_in_is_told_in_plain_words():
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())

    answer = client.post(
        "/staff/profile/", {"name": "x"}, HTTP_REFERER="http://testserver/staff/profile/"
    )

    assert answer.status_code == 403
    assert "This form was too old to be taken" in answer.text
    assert 'href="/staff/profile/"' in answer.text
    assert "data-turned-away" in answer.text
