"""Messages of the demo clinic, written and handed over by the services, and to nobody.

Some of the patients have agreed to messages. They heard of their visits when those were booked;
whoever comes soon has been reminded. Nothing leaves the house.
"""

import datetime as dt
from unittest.mock import patch

from django.db.models import Max
from django.utils import timezone

from clinic.letters import delivery, services, telling, timed
from clinic.letters.errors import Refused
from clinic.letters.kinds import Channel
from clinic.letters.models import Message
from clinic.scheduling.demo.story import clock
from clinic.staff.models import User
from patients.models import Patient

HOW_MANY = 30
SOON = dt.timedelta(minutes=6)
WRONG = "5"  # telephone numbers that end so do not exist


def tell() -> dict[str, int]:
    desk = User.objects.get(email="desk@demo.example")
    booked = Patient.objects.filter(appointments__isnull=False)
    booked = booked.annotate(last=Max("appointments__booked_at")).order_by("-last", "pk")
    with patch.object(delivery, "hand_over", _pretend), patch.object(delivery, "log"):
        for number, patient in enumerate(booked[:HOW_MANY]):
            with clock(patient.last + SOON):
                _ask(number, patient, desk)
                telling.look(patient.pk)
                _send_all()
        timed.make_due()
        _send_all()
    return {"messages": Message.objects.count()}


def _ask(number: int, patient, desk) -> None:
    """Most say e-mail, some both, some neither."""
    both, neither = number % 3 == 1, number % 10 == 9
    services.record_choice(patient=patient, email=not neither, sms=both and not neither, by=desk)


def _send_all() -> None:
    for message in Message.objects.due(timezone.now()).order_by("due_at"):
        delivery.deliver(message.pk)


def _pretend(message: Message) -> None:
    if message.channel == Channel.SMS and message.address.endswith(WRONG):
        raise Refused("unknown number")
