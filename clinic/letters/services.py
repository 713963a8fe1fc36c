"""Deeds of the desk and of who keeps the words: choose, stop, send again, renew a link."""

import hashlib
import hmac
import secrets

from django.db import transaction
from django.utils import timezone

from clinic.letters import queue, telling
from clinic.letters.errors import (
    ChangedMeanwhile,
    NoAddress,
    NotWanted,
    OnItsWay,
    OutOfDate,
    PartlyPast,
    TooLate,
)
from clinic.letters.kinds import TELLING, Channel, Kind, Reason, State
from clinic.letters.models import ContactChoice, FeedLink, Message, Told

AGAIN = (State.SENT, State.FAILED, State.UNCERTAIN)
"""States from which a message can be sent again."""


# --- whom and how ------------------------------------------------------------------------------


@transaction.atomic
def record_choice(*, patient, email: bool, sms: bool, by, revision: int = 0) -> ContactChoice:
    """What the patient has agreed to; from then on the coming visits are told, or no more."""
    now = ContactChoice.objects.select_for_update().filter(patient=patient).first()
    if (now.revision if now else 0) != revision:
        raise ChangedMeanwhile("The patient’s choice")
    choice = now or ContactChoice(patient=patient, revision=0)
    choice.email, choice.sms = email, sms
    choice.recorded_by, choice.recorded_at = by, timezone.now()
    choice.revision += 1
    choice.save()
    _drop(patient, [channel for channel in Channel if channel not in choice.wants])
    # What was booked before is told now; a change that was just made keeps its delay.
    if choice.wants and (again := telling.look(patient.pk, choice.recorded_at)):
        queue.look_at(patient.pk, again)
    return choice


def _drop(patient, channels) -> None:
    waiting = Message.objects.filter(patient=patient, channel__in=channels, state=State.WAITING)
    waiting.update(state=State.DROPPED, reason=Reason.WITHDRAWN)


# --- one message -------------------------------------------------------------------------------


@transaction.atomic
def stop(*, message: Message) -> None:
    """Keep a waiting message from going; the patient is taken to have been told otherwise."""
    stopped = Message.objects.filter(pk=message.pk, state=State.WAITING).update(
        state=State.DROPPED, reason=Reason.STOPPED
    )
    message.refresh_from_db()
    if not stopped:
        raise OnItsWay(message)


@transaction.atomic
def send_again(*, message: Message, by, now=None) -> Message:
    """The same words once more, to the address on record now; one press of the button, one message.

    Refused for what is no longer true, for visits that are over, and against the patient's choice.
    """
    now = now or timezone.now()
    message = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if message.state not in AGAIN:
        raise OnItsWay(message)
    if again := message.resent.first():
        return again
    choice = ContactChoice.objects.select_related("patient").filter(patient=message.patient_id)
    choice, channel = choice.first(), Channel(message.channel)
    if choice is None or channel not in choice.wants:
        raise NotWanted(channel)
    if not choice.address(channel):
        raise NoAddress(channel)
    _check_true(message, now)
    copy = Message(
        patient=message.patient,
        kind=message.kind,
        channel=message.channel,
        key=f"again:{message.pk}",
        address=choice.address(channel),
        subject=message.subject,
        text=message.text,
        made_at=now,
        due_at=now,
        until=message.until,
        resends=message,
        asked_by=by,
    )
    return telling.keep(copy, list(message.told.all()))


def can_repeat(message: Message, now=None) -> bool:
    """Whether sending it again is worth offering; what else stands against it is said then."""
    now = now or timezone.now()
    fresh = message.until > now and not _tells_of_past(message, now)
    return message.state in AGAIN and fresh and not message.resent.exists()


def _tells_of_past(message: Message, now) -> bool:
    past = message.told.filter(on=True, appointment__starts_at__lte=now)
    return message.kind != Kind.AFTER_CARE and past.exists()


def _check_true(message: Message, now) -> None:
    if message.until <= now:
        raise TooLate
    if _tells_of_past(message, now):
        raise PartlyPast
    for told in message.told.select_related("appointment"):
        visit = told.appointment
        if telling.is_on(visit) != told.on or (told.on and visit.starts_at != told.starts_at):
            raise OutOfDate
    newer = Told.objects.that_counts().filter(
        appointment__in=message.told.values("appointment"), message__made_at__gt=message.made_at
    )
    if message.kind in TELLING and newer.exclude(message__resends=message).exists():
        raise OutOfDate


# --- words and habits --------------------------------------------------------------------------


@transaction.atomic
def save_if_unchanged(row, seen_revision: int, what: str) -> None:
    """Write the row, unless somebody else did since `seen_revision`."""
    model = type(row)
    now = model.objects.select_for_update().filter(pk=row.pk).first()
    if now and now.revision != seen_revision:
        raise ChangedMeanwhile(what)
    row.revision = seen_revision + 1
    row.save()


# --- calendar links ----------------------------------------------------------------------------


@transaction.atomic
def renew_link(*, resource) -> tuple[FeedLink, str]:
    """A new secret, which makes the older link worthless; it is shown this once and not kept."""
    secret = secrets.token_urlsafe(32)
    fields = {"digest": digest(secret), "made_at": timezone.now(), "read_at": None}
    link, _ = FeedLink.objects.update_or_create(resource=resource, defaults=fields)
    return link, secret


def revoke_link(*, resource) -> None:
    FeedLink.objects.filter(resource=resource).delete()


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def link_by_secret(pk, secret: str) -> FeedLink | None:
    """The link that this secret opens, while its owner may see the calendar; compared in the same
    time whether the link exists or not."""
    links = FeedLink.objects.select_related("resource__user")
    link = links.filter(pk=pk).first()
    right = hmac.compare_digest(link.digest if link else digest(""), digest(secret))
    owner = link.resource.user if link else None
    if not right or owner is None:
        return None
    return link if owner.is_active and owner.has_perm("letters.own_feed") else None
