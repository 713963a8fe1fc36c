"""What the worker does, by the names that the queue knows."""

import logging
import time

from django.utils import timezone
from procrastinate.contrib.django import app

from clinic.letters import delivery, queue, telling, timed
from clinic.scheduling import upkeep

log = logging.getLogger(__name__)


@app.task(name=queue.LOOK)
def look(patient):
    again = telling.look(patient)
    if again:
        queue.look_at(patient, again)


@app.task(name=queue.SEND)
def send(message):
    delivery.deliver(message)


@app.periodic(cron="* * * * *")
@app.task(name="letters.round", lock="letters.round", queueing_lock="letters.round")
def go_round(timestamp):
    """Once a minute: what the clock brings, and what a lost job or a dead worker left behind."""
    if time.time() - timestamp > 60:
        return  # a round from while no worker ran: the next one does the same
    now = timezone.now()
    for patient in telling.patients_to_tell(now):
        try:
            look(str(patient))
        except Exception:  # one patient's trouble keeps no message from the others
            log.exception("The messages of patient %s could not be written", patient)
    timed.make_due(now)
    delivery.look_after(now)


@app.periodic(cron="* * * * *")
@app.task(name="booking.minute", lock="booking.minute", queueing_lock="booking.minute")
def keep_bookings_up(timestamp):
    """Holds that ran out are given back, and visits follow a revised plan."""
    upkeep.every_minute()


@app.periodic(cron="17 3 * * *")
@app.task(name="booking.night", lock="booking.night", queueing_lock="booking.night")
def judge_bookings(timestamp):
    """Every coming procedure is judged by the rules and answers of the day."""
    upkeep.every_night()
