"""Open adverse events, and the visits that they hold up."""

from clinic.scheduling.models import TREATING, AdverseEvent, Appointment
from patients import chart


def open_events(patient) -> list[AdverseEvent]:
    return list(AdverseEvent.objects.open().filter(patient=patient))


def holding(visit: Appointment) -> list[AdverseEvent]:
    """The open events that keep this visit from starting."""
    if visit.kind not in TREATING:
        return []
    return [event for event in open_events(visit.patient) if _touches(event, visit)]


def _touches(event: AdverseEvent, visit: Appointment) -> bool:
    """Whether the visit treats the event's field; what names no place may be anywhere."""
    steps = visit.session.steps.all() if visit.session_id else ()
    treated = [set(step.places) for step in steps]
    anywhere = not event.places or not treated or not all(treated)
    return anywhere or any(places & set(event.places) for places in treated)


def in_words(event: AdverseEvent) -> str:
    """ "Burn or blister on the left cheek, seen 14-Mar-2027"."""
    names = chart.places()
    where = ", ".join(names.get(place, place).lower() for place in event.places)
    return f"{event.get_kind_display()}, {where or 'no place named'}, seen {event.seen_on:%d-%b-%Y}"


def flags(patient) -> list[str]:
    """What the banner over a patient's pages warns of."""
    return [f"Adverse event open: {in_words(event)}" for event in open_events(patient)]
