"""What the database promises about people, and what the owner may do to them."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clinic.staff import services
from clinic.staff.errors import ChangedMeanwhile, LastOwner
from clinic.staff.models import User
from clinic.staff.roles import Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("broken", "constraint"),
    [
        ({"roles": ["owner", "surgeon"]}, "user_roles_are_known"),
        ({"roles": []}, "user_active_with_a_role"),
        ({"email": "Mixed@clinic.example"}, "user_email_in_lower_case"),
        ({"is_active": False}, "user_deactivated_when_not_active"),
        ({"deactivated_at": timezone.now()}, "user_deactivated_when_not_active"),
    ],
)
def test_the_database_refuses(broken, constraint):
    user = make_user()

    with pytest.raises(IntegrityError, match=constraint):
        User.objects.filter(pk=user.pk).update(**broken)


def test_an_address_is_one_person_however_it_is_written():
    make_user(email="Ann@Clinic.Example")

    with pytest.raises(ValidationError, match="on the list already"):
        make_user(email="ann@clinic.EXAMPLE")


def test_the_last_owner_cannot_be_deactivated():
    owner = make_user(Role.OWNER)

    with pytest.raises(LastOwner, match="only owner who can sign in"):
        services.deactivate(user=owner, by=owner)

    owner.refresh_from_db()
    assert owner.is_active


def test_the_last_owner_keeps_the_role():
    owner = make_user(Role.OWNER, Role.CLINICIAN)

    with pytest.raises(LastOwner):
        services.change(user=owner, seen_revision=owner.revision, roles=["clinician"])


def test_an_invited_owner_who_has_not_joined_does_not_count():
    owner = make_user(Role.OWNER)
    make_user(Role.OWNER, password=None, invited_at=timezone.now(), invited_by=owner)

    with pytest.raises(LastOwner):
        services.deactivate(user=owner, by=owner)


def test_the_database_itself_keeps_the_last_owner():
    owner = make_user(Role.OWNER)

    with pytest.raises(IntegrityError, match="last_owner_stays"):
        User.objects.filter(pk=owner.pk).update(roles=["clinician"])


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_turn_each_other_out_at_once_leave_one():
    one, other = make_user(Role.OWNER), make_user(Role.OWNER)
    refused, start = [], threading.Barrier(2)

    def turn_out(user, by):
        try:
            start.wait(timeout=10)
            with transaction.atomic():
                services.deactivate(user=user, by=by)
        except LastOwner as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=turn_out, args=pair) for pair in ((one, other), (other, one))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert len(refused) == 1
    assert User.objects.active().holding(Role.OWNER).count() == 1


def test_every_session_of_a_deactivated_person_ends_with_the_next_request(client):
    owner, gone = make_user(Role.OWNER), make_user()
    client.force_login(gone)
    assert client.get("/staff/profile/").status_code == 200

    services.deactivate(user=gone, by=owner)

    assert client.get("/staff/profile/").url.startswith("/account/login/")


def test_an_old_session_does_not_come_back_with_the_person(client):
    owner, gone = make_user(Role.OWNER), make_user()
    client.force_login(gone)
    services.deactivate(user=gone, by=owner)
    gone.refresh_from_db()

    words = {"address_of": str, "clinic_name": "Clinic"}
    services.invite_again(user=gone, by=owner, **words)
    services.join(token=services.token_for(gone), password="another long password")

    assert client.get("/staff/profile/").status_code == 302


def test_a_new_role_holds_from_the_next_request(client):
    user = make_user(Role.CLINICIAN)
    client.force_login(user)
    assert client.get("/staff/users/").status_code == 403

    services.change(user=user, seen_revision=1, roles=["clinician", "owner"])

    assert client.get("/staff/users/").status_code == 200


def test_a_stale_form_is_refused_with_what_changed():
    user = make_user(name="Ann")
    services.change(user=user, seen_revision=1, name="Anna")

    with pytest.raises(ChangedMeanwhile, match="name is now “Anna”"):
        services.change(user=user, seen_revision=1, name="Anne")

    user.refresh_from_db()
    assert user.name == "Anna"


def test_a_stale_page_keeps_what_was_typed_and_saves_when_sent_once_more(client):
    client.force_login(make_user(Role.OWNER))
    user = make_user(name="Ann")
    services.change(user=user, seen_revision=1, name="Anna")
    typed = {"name": "Anne", "email": user.email, "roles": ["front_desk"], "revision": 1}

    refused = client.post(user.get_absolute_url(), typed)

    assert refused.status_code == 422
    assert "name is now “Anna”" in refused.text
    assert 'value="Anne"' in refused.text

    saved = client.post(user.get_absolute_url(), {**typed, "revision": 2})

    assert saved.url == "/staff/users/"
    user.refresh_from_db()
    assert (user.name, user.roles) == ("Anne", ["front_desk"])


def test_the_owner_page_says_why_the_last_owner_stays(client):
    owner = make_user(Role.OWNER)
    client.force_login(owner)

    answer = client.post(f"/staff/users/{owner.pk}/deactivate/", follow=True)

    assert "Make somebody else an owner first" in answer.text


def test_who_changed_a_person_is_kept(client):
    owner, user = make_user(Role.OWNER), make_user(name="Ann")
    client.force_login(owner)
    typed = {"name": "Anna", "email": user.email, "roles": ["clinician"], "revision": 1}

    client.post(user.get_absolute_url(), typed)

    event = user.events.latest("pgh_id")
    assert (event.name, event.pgh_context.metadata["user"]) == ("Anna", str(owner.pk))
    assert not hasattr(event, "password")
