"""Hears from the calendar that visits have changed."""

from django.utils import timezone

from clinic.letters import queue
from clinic.letters.models import ContactChoice, Habits
from clinic.scheduling import notices
from clinic.scheduling.demo import chapters


def start() -> None:
    notices.listen(heed)
    chapters.CHAPTERS.append(in_the_demo)


def in_the_demo() -> dict[str, int]:
    from clinic.letters import demo  # it is needed once, and never by a server

    return demo.tell()


def heed(event, appointments, by) -> None:
    """Look at these patients once the delay is over, if they may be written to at all.

    The worker's own round would find them too: what is lost here is told a minute later.
    """
    patients = {each.patient_id for each in appointments}
    choices = ContactChoice.objects.filter(patient__in=patients).only("patient_id", "email", "sms")
    written_to = [choice.patient_id for choice in choices if choice.wants]
    if written_to:
        at = timezone.now() + Habits.current().delay
        for patient in written_to:
            queue.look_at(patient, at)
