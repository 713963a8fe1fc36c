"""What waits in PostgreSQL for the worker. A job is written with the rows that it is about."""

import datetime as dt

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

LOOK, SEND = "letters.look", "letters.send"


def look_at(patient_id, at: dt.datetime) -> None:
    """Have the worker see then what this patient has to be told."""
    _put(LOOK, f"look-{patient_id}", at, patient=str(patient_id))


def send(message_id, at: dt.datetime) -> None:
    _put(SEND, f"send-{message_id}", at, message=str(message_id))


def _put(task: str, lock: str, at: dt.datetime, **words) -> None:
    """One job waits for each lock: a second one would find nothing left to do."""
    try:
        with transaction.atomic():
            app.configure_task(task, queueing_lock=lock, schedule_at=at).defer(**words)
    except AlreadyEnqueued:
        return
