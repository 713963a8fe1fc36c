"""How people come to the clinic, what they may do there, and how they leave."""

import smtplib
from contextlib import contextmanager

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from clinic.staff.errors import (
    ChangedMeanwhile,
    InvitationOver,
    LastOwner,
    LetterNotSent,
    NotWaiting,
)
from clinic.staff.models import User

SALT = "clinic.staff.invitation"


# ---- coming


def invite(*, by, address_of, clinic_name, **fields) -> User:
    """Put somebody on the list and write to them; `address_of` makes a web address of a token.

    LetterNotSent if the mail server refuses: then the person is on the list all the same.
    """
    user = User.objects.create_user(invited_at=timezone.now(), invited_by=by, **fields)
    _write_to(user, address_of=address_of, clinic_name=clinic_name)
    return user


def invite_again(*, user, by, address_of, clinic_name) -> None:
    """A new link, which makes every older one worthless; for a deactivated person a new start."""
    if user.is_active and user.joined_at:
        raise NotWaiting(user)
    user.is_active, user.deactivated_at, user.deactivated_by = True, None, None
    user.joined_at, user.invited_at, user.invited_by = None, timezone.now(), by
    user.revision += 1
    user.save()
    _write_to(user, address_of=address_of, clinic_name=clinic_name)


def token_for(user) -> str:
    return signing.dumps([str(user.pk), user.invited_at.isoformat()], salt=SALT)


def invited_by_token(token: str) -> User:
    """The person whom a link invites; InvitationOver for a link used, replaced or too old."""
    try:
        pk, invited_at = signing.loads(
            token, salt=SALT, max_age=settings.INVITATION_DAYS * 24 * 60 * 60
        )
        user = User.objects.invited().get(pk=pk)
    except (signing.BadSignature, User.DoesNotExist, ValueError, ValidationError) as error:
        raise InvitationOver from error
    if user.invited_at.isoformat() != invited_at:
        raise InvitationOver
    return user


@transaction.atomic
def join(*, token: str, password: str) -> User:
    """Use the invitation up; of two who press at once the second is told that it is over."""
    user = invited_by_token(token)
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.joined_at:
        raise InvitationOver
    user.set_password(password)
    user.joined_at = timezone.now()
    user.save()
    return user


def _write_to(user, *, address_of, clinic_name) -> None:
    words = {
        "user": user,
        "clinic_name": clinic_name,
        "address": address_of(token_for(user)),
        "days": settings.INVITATION_DAYS,
    }
    text = render_to_string("staff/invitation.txt", words)
    letter = EmailMessage(f"Your log-in at {clinic_name}", text, to=[user.email])
    try:
        letter.send()
    except (OSError, smtplib.SMTPException) as error:
        raise LetterNotSent(user) from error


# ---- being there


def change(*, user, seen_revision: int, **fields) -> None:
    """Write `fields`, unless somebody else did since `seen_revision`: then ChangedMeanwhile."""
    with _one_owner_left(user), transaction.atomic():
        now = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if now.revision != seen_revision:
            raise ChangedMeanwhile(now, _differences(now, fields))
        for name, value in fields.items():
            setattr(now, name, value)
        now.revision += 1
        now.save()


def _differences(user, fields) -> list[str]:
    """What is on record where it is not what was typed, in words."""
    names = {"roles": "roles are now " + ", ".join(user.role_names)}
    return [
        names.get(name) or f"{name.replace('_', ' ')} is now “{getattr(user, name)}”"
        for name, value in fields.items()
        if getattr(user, name) != value
    ] or ["to what you have typed too"]


# ---- leaving


def deactivate(*, user, by) -> None:
    """Out at once: every session ends with the next request, and the old password is gone.

    Withdrawing an invitation is the same. Coming back takes a new invitation.
    """
    with _one_owner_left(user), transaction.atomic():
        now = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        now.is_active, now.deactivated_at, now.deactivated_by = False, timezone.now(), by
        now.set_unusable_password()
        now.revision += 1
        now.save()


@contextmanager
def _one_owner_left(user):
    try:
        yield
    except IntegrityError as error:
        if "last_owner_stays" not in str(error):
            raise
        raise LastOwner(user) from error
