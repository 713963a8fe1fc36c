"""Handing messages over: claimed by one worker, tried again with growing pauses, never twice.

What was handed over when the line was cut may have arrived: it is not tried again by itself. The
desk sees it, and decides.
"""

import datetime as dt
import logging
import smtplib
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import timezone

from clinic.catalogue.models import Clinic
from clinic.letters import ics, queue, sms
from clinic.letters.errors import CutOff, NotDelivered, Refused, Unreachable
from clinic.letters.kinds import BACK_OFF, TELLING, Channel, Reason, State
from clinic.letters.models import ContactChoice, Message, Told, Try
from clinic.scheduling.models import OFF
from clinic.scheduling.models import State as Visit

log = logging.getLogger(__name__)

HELD_TOO_LONG = dt.timedelta(minutes=10)
"""After so long a message that is "being sent" was left behind by a worker that died."""


def deliver(message_id, now=None) -> str | None:
    """Send one message that is due; its state then, or None where somebody else has it."""
    now = now or timezone.now()
    message = _claim(message_id, now)
    if message is None:
        return None
    if reason := _why_not(message, now):
        return _end(message, State.DROPPED, reason, now)
    try:
        hand_over(message)
    except Refused as error:
        return _end(message, State.FAILED, Reason.REFUSED, now, error.answer)
    except CutOff as error:
        return _end(message, State.UNCERTAIN, Reason.CUT_OFF, now, error.answer)
    except Unreachable as error:
        return _later(message, now, error)
    return _end(message, State.SENT, "", now)


@transaction.atomic
def _claim(message_id, now) -> Message | None:
    """Committed before anything is sent: no other worker takes the message from here on."""
    found = (
        Message.objects.due(now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("patient")
        .filter(pk=message_id)
        .first()
    )
    if found:
        found.state, found.tried_at = State.SENDING, now
        found.save(update_fields=["state", "tried_at"])
    return found


def _why_not(message: Message, now) -> str:
    """Judged at the last moment: what was true when the message was written may be so no more."""
    choice = ContactChoice.objects.filter(patient=message.patient_id).first()
    if choice is None or message.channel not in choice.wants:
        return Reason.WITHDRAWN
    if message.until <= now:
        return Reason.PAST
    if message.kind not in TELLING and not all(map(_still_so, message.told.all())):
        return Reason.OVERTAKEN
    return ""


def _still_so(told: Told) -> bool:
    visit = told.appointment
    return visit.starts_at == told.starts_at and visit.state not in (*OFF, Visit.REQUESTED)


@transaction.atomic
def _end(message, state, reason, now, answer="") -> str:
    message.state, message.reason = state, reason
    message.sent_at = now if state == State.SENT else None
    message.save(update_fields=["state", "reason", "sent_at"])
    if state != State.DROPPED:
        Try.objects.create(message=message, at=now, state=state, answer=answer)
    if state in (State.FAILED, State.UNCERTAIN):
        log.warning("Message %s is %s (%s)", message.pk, state, answer)
    return state


@transaction.atomic
def _later(message: Message, now, error: NotDelivered) -> str:
    tries = message.tries.filter(state=State.WAITING).count()
    if tries >= len(BACK_OFF):
        return _end(message, State.FAILED, Reason.UNREACHABLE, now, error.answer)
    message.state, message.due_at = State.WAITING, now + BACK_OFF[tries]
    message.save(update_fields=["state", "due_at"])
    Try.objects.create(message=message, at=now, state=State.WAITING, answer=error.answer)
    queue.send(message.pk, message.due_at)
    return State.WAITING


def look_after(now=None) -> int:
    """Messages whose job was lost get a new one; those a dead worker held are told as uncertain."""
    now = now or timezone.now()
    for message in Message.objects.filter(state=State.SENDING, tried_at__lt=now - HELD_TOO_LONG):
        _let_go(message.pk, now)
    due = list(Message.objects.due(now).values_list("pk", flat=True)[:500])
    for pk in due:
        queue.send(pk, now)
    return len(due)


@transaction.atomic
def _let_go(pk, now) -> None:
    held = Message.objects.select_for_update().filter(pk=pk, state=State.SENDING).first()
    if held:
        _end(held, State.UNCERTAIN, Reason.CUT_OFF, now, "worker ended")


# --- the roads ---------------------------------------------------------------------------------


def hand_over(message: Message) -> None:
    if message.channel == Channel.EMAIL:
        _send_email(message)
        return
    gateway = sms.gateway()
    if gateway is None:
        raise Refused("no SMS gateway")
    gateway.send(message.address, message.text, str(message.pk))


def _send_email(message: Message) -> None:
    """Connecting may be tried again; once the letter is in the line a cut leaves it unknown."""
    letter, line = _letter(message), get_connection()
    try:
        line.open()
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(_code(error)) from None
    try:
        line.send_messages([letter])
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()), (0, b""))[0]
        raise (Refused if code >= 500 else Unreachable)(code) from None
    except smtplib.SMTPResponseException as error:
        raise (Refused if error.smtp_code >= 500 else Unreachable)(error.smtp_code) from None
    except (OSError, smtplib.SMTPException) as error:
        raise CutOff(_code(error)) from None
    finally:
        _hang_up(line)


def _hang_up(line) -> None:
    try:
        line.close()
    except (OSError, smtplib.SMTPException):
        return  # the letter is handed over; that the line broke afterwards changes nothing


def _code(error: Exception) -> str:
    return str(getattr(error, "smtp_code", "") or type(error).__name__)


def _letter(message: Message) -> EmailMessage:
    clinic = Clinic.current()
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    letter = EmailMessage(
        subject=message.subject,
        body=message.text,
        from_email=f'"{clinic.name.replace(chr(34), "")}" <{sender}>',
        to=[message.address],
        reply_to=[clinic.email] if clinic.email else None,
        headers={"Message-ID": _message_id(message, sender), "Auto-Submitted": "auto-generated"},
    )
    if message.kind in TELLING:
        for number, told in enumerate(message.told.all(), 1):
            letter.attach(_calendar_file(message, told, clinic, number))
    return letter


def _message_id(message: Message, sender: str) -> str:
    """The same however often it is handed over: a mail server that has it knows it again."""
    domain = sender.partition("@")[2] or "localhost"
    return f"<{message.pk}@{domain}>"


def _calendar_file(message: Message, told: Told, clinic, number: int) -> MIMEBase:
    method, content = ics.invitation(
        told, clinic=clinic, patient_email=message.address, made_at=message.made_at
    )
    name = f"appointment-{number}.ics"
    part = MIMEBase("text", "calendar", method=method, charset="utf-8", name=name)
    part.set_payload(content)
    part.add_header("Content-Disposition", "attachment", filename=name)
    encode_base64(part)
    return part
