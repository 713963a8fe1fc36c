"""Hears from the calendar that visits have changed."""

from django.utils import timezone

from clinic.letters import queue
from clinic.letters.kinds import State
from clinic.letters.models import ContactChoice, Habits, Told
from clinic.scheduling import notices
from clinic.scheduling.demo import chapters


class Messenger(notices.Messenger):
    def was_told(self, appointments):
        rows = Told.objects.filter(appointment__in=[each.pk for each in appointments])
        return rows.exclude(message__state=State.DROPPED).exists()

    def why_untold(self, patient):
        choice = ContactChoice.objects.filter(patient=patient).select_related("patient").first()
        if choice is None:
            return "Nobody has asked the patient yet whether to write by e-mail or SMS."
        if not choice.wants:
            return "The patient wants no messages."
        if len(choice.lacking) == len(choice.wants):
            return "The record has no address or number for the messages that the patient wants."
        return ""


def start() -> None:
    notices.listen(heed)
    notices.employ(Messenger())
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
