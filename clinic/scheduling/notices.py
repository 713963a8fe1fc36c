"""News of visits, for the apps above: they register a listener, so booking imports none of them.

A deed tells at its end, inside its own transaction: what a listener writes (a message into the
queue) is kept or lost together with the visit, and a kill between the two loses neither. A listener
that fails takes back only what it wrote itself; the visit stands.
"""

import logging
from collections.abc import Callable, Iterable

from django.db import models, transaction

log = logging.getLogger(__name__)


class Event(models.TextChoices):
    HELD = "held", "Held while the patient decides"
    BOOKED = "booked", "Booked"  # a hold that became firm too
    MOVED = "moved", "Moved"
    CANCELLED = "cancelled", "Cancelled"
    RELEASED = "released", "A hold ran out or was given back"
    FIRM = "firm", "A provisional date is confirmed"
    STATE = "state", "Another state of the day"  # confirmed, arrived, in room, completed, no-show
    UNDONE = "undone", "The last change is taken back"


_listeners: list[Callable] = []


def listen(listener: Callable) -> Callable:
    """Register `listener(event, appointments, by)`; an app above does so in its `ready()`."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def tell(event: Event, appointments: Iterable, by) -> None:
    """What happened to these visits, all of them by one deed of one person (None: the clinic)."""
    told = list(appointments)
    if not told:
        return
    for listener in _listeners:
        try:
            with transaction.atomic():
                listener(event, told, by)
        except Exception:  # whatever a listener does wrong, the visit is booked
            log.exception("A listener failed on %s", event)


class Messenger:
    """What booking asks of the app that writes to patients; without one, nobody is told."""

    def was_told(self, appointments) -> bool:
        """Whether a message about one of these visits went out, or is on its way."""
        return False

    def why_untold(self, patient) -> str:
        """Why no message goes to this patient, as a sentence; empty where messages go."""
        return ""


messenger = Messenger()


def employ(another: Messenger) -> None:
    global messenger
    messenger = another
