"""What is written to patients, by which road, and what may become of it."""

import datetime as dt

from django.db import models


class Kind(models.TextChoices):
    CONFIRMATION = "confirmation", "Confirmation"
    CHANGE = "change", "Change"
    CANCELLATION = "cancellation", "Cancellation"
    REMINDER = "reminder", "Reminder"
    PRE_CARE = "pre_care", "Before a visit"
    AFTER_CARE = "after_care", "After a visit"


TELLING = (Kind.CONFIRMATION, Kind.CHANGE, Kind.CANCELLATION)
"""Kinds that say when the visits are: what was told last is compared with what is true now."""

TIMED = (Kind.REMINDER, Kind.PRE_CARE, Kind.AFTER_CARE)


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"

    @property
    def road(self) -> str:
        """As it stands within a sentence."""
        return "e-mail" if self == Channel.EMAIL else self.label


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNCERTAIN = "uncertain", "Not known whether it went"
    DROPPED = "dropped", "Not sent"


STEPS = {
    State.WAITING: (State.SENDING, State.DROPPED),
    State.SENDING: (State.SENT, State.WAITING, State.FAILED, State.UNCERTAIN, State.DROPPED),
    State.SENT: (),
    State.FAILED: (),
    State.UNCERTAIN: (),
    State.DROPPED: (),
}
"""Which state may follow which; the database holds the same table."""


class Reason(models.TextChoices):
    OVERTAKEN = "overtaken", "the visits changed again before it went"
    WITHDRAWN = "withdrawn", "the patient wants no such messages"
    PAST = "past", "its time had passed"
    DAY_PASSED = "day_passed", "its day had passed when the visit was booked"
    SWITCHED_OFF = "switched_off", "the clinic has switched off messages of this kind"
    STOPPED = "stopped", "it was stopped by hand"
    REFUSED = "refused", "the other side refused it"
    UNREACHABLE = "unreachable", "the other side could not be reached"
    CUT_OFF = "cut_off", "the line was cut while it was being handed over"


UNTOLD = (Reason.OVERTAKEN, Reason.WITHDRAWN)
"""Dropped for one of these, a message counts as never written."""

BACK_OFF = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
"""How long to wait after each try that reached nobody; after the last one it has failed."""
