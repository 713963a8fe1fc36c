"""Coming to the clinic: by a letter from its owner, and in no other way."""

import datetime as dt
import re

import pytest
from django.conf import settings
from django.utils import timezone

from clinic.staff.models import User
from clinic.staff.roles import Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "new brooms sweep quietly"
TYPED = {"name": "Priya Nair", "email": "Priya@Clinic.Example", "roles": ["clinician"]}


@pytest.fixture
def owner(client):
    user = make_user(Role.OWNER)
    client.force_login(user)
    return user


def link_in(letter) -> str:
    return re.search(r"http://testserver(/\S+)", letter.body).group(1)


def passwords(word=PASSWORD):
    return {"password1": word, "password2": word}


def test_an_invited_person_chooses_a_password_and_signs_in(client, owner, mailoutbox):
    client.post("/staff/users/invite/", TYPED)
    client.logout()
    (letter,) = mailoutbox
    assert letter.to == ["priya@clinic.example"]

    client.post(link_in(letter), passwords())
    signed_in = client.post("/account/login/", {"login": TYPED["email"], "password": PASSWORD})

    assert signed_in.url == "/"
    assert User.objects.get(email="priya@clinic.example").invited_by == owner


def test_a_link_works_once(client, owner, mailoutbox):
    client.post("/staff/users/invite/", TYPED)
    link = link_in(mailoutbox[0])
    client.post(link, passwords())

    again = client.post(link, passwords("somebody else found this link"))

    assert again.status_code == 410
    assert User.objects.get(email="priya@clinic.example").check_password(PASSWORD)


@pytest.mark.parametrize(("late", "status"), [(-1, 200), (1, 410)])
def test_a_link_works_for_some_days(client, owner, mailoutbox, time_machine, late, status):
    client.post("/staff/users/invite/", TYPED)
    link = link_in(mailoutbox[0])

    time_machine.move_to(timezone.now() + dt.timedelta(days=settings.INVITATION_DAYS, minutes=late))

    assert client.get(link).status_code == status


def test_a_new_letter_makes_the_old_link_worthless(client, owner, mailoutbox):
    client.post("/staff/users/invite/", TYPED)
    person = User.objects.invited().get()
    client.post(f"/staff/users/{person.pk}/invite-again/")

    old, new = (link_in(letter) for letter in mailoutbox)

    assert client.get(old).status_code == 410
    assert client.get(new).status_code == 200


def test_a_withdrawn_link_is_over_and_says_so(client, owner, mailoutbox):
    client.post("/staff/users/invite/", TYPED)
    client.post(f"/staff/users/{User.objects.invited().get().pk}/withdraw/")

    answer = client.get(link_in(mailoutbox[0]))

    assert answer.status_code == 410
    assert "Ask the owner of the clinic to send a new one" in answer.text


def test_a_made_up_link_is_over_too(client):
    assert client.get("/staff/join/ImEi:1abc:xyz/").status_code == 410


def test_who_waits_for_an_invitation_cannot_get_in_by_a_forgotten_password(
    client, owner, mailoutbox
):
    client.post("/staff/users/invite/", TYPED)
    client.logout()

    client.post("/account/password/reset/", {"email": TYPED["email"]})

    assert "/password/reset/key/" not in mailoutbox[-1].body


def test_a_refusing_mail_server_is_told_and_the_person_can_be_written_to_again(
    client, owner, mocker_mail_refuses
):
    answer = client.post("/staff/users/invite/", TYPED, follow=True)

    assert "the mail server did not take the letter" in answer.text
    assert User.objects.invited().count() == 1


@pytest.fixture
def mocker_mail_refuses(monkeypatch):
    def refuse(self, messages):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)


@pytest.mark.parametrize(
    ("broken", "field", "words"),
    [
        ({"roles": []}, "roles", "Choose at least one role."),
        ({"roles": ["surgeon"]}, "roles", "surgeon is not one of"),
        ({"email": "no address"}, "email", "valid email address"),
        ({"email": "taken@clinic.example"}, "email", "on the list already"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_keeps_what_was_typed(
    client, owner, mailoutbox, broken, field, words
):
    make_user(email="taken@clinic.example")

    answer = client.post("/staff/users/invite/", TYPED | broken)

    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert 'value="Priya Nair"' in answer.text
    assert mailoutbox == []


@pytest.mark.parametrize("password", ["short", "password1234", "987654321987", "Priya Nair Priya"])
def test_a_weak_password_is_refused(client, owner, mailoutbox, password):
    client.post("/staff/users/invite/", TYPED)

    answer = client.post(link_in(mailoutbox[0]), passwords(password))

    assert answer.status_code == 422
    assert User.objects.invited().count() == 1
