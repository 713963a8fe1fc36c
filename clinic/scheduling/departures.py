"""Visits of a plan that stand outside their clinical windows, in words: they stay visible on it."""

from clinic.scheduling import bridge, errors
from clinic.scheduling.models import Appointment


def of_plan(plan) -> list[str]:
    rows = Appointment.objects.standing().of_plan(plan).exclude(deviation_reason="")
    zone = bridge.clinic_zone()
    return [in_words(row, zone) for row in rows.select_related("session").order_by("starts_at")]


def in_words(row: Appointment, zone) -> str:
    """ "Session 2 on Mon 08-Feb-2027 10:00 is outside its clinical window: the clinician …"."""
    why = row.get_deviation_reason_display().lower()
    said = f" ({row.deviation_note})" if row.deviation_note else ""
    when = errors.moment(row.starts_at, zone)
    return f"{row.session} on {when} is outside its clinical window: {why}{said}."
