"""Adverse events: recorded and closed by a clinician; an open one holds procedures in its field."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from clinic.scheduling import adverse, attention, errors
from clinic.scheduling.models import (
    TREATING,
    AdverseEntry,
    AdverseEvent,
    AdverseStep,
    Appointment,
    Why,
)
from clinic.scheduling.writing import in_clinic_time
from patients import chart
from patients.models import Patient

PERMISSION = "scheduling.record_adverse_event"


@in_clinic_time
@transaction.atomic
def record(
    *, patient: Patient, kind: str, places: list[str], seen_on: dt.date, words: str, by,
    appointment: Appointment | None = None, now=None,
) -> AdverseEvent:  # fmt: skip
    """Write down what went wrong, and mark the coming visits that it holds up."""
    now = now or timezone.now()
    _may(by)
    if not words.strip():
        raise errors.CannotChange("Say in words what was seen.")
    if seen_on > timezone.localtime(now).date():
        raise errors.CannotChange("It is recorded once it was seen: give a day up to today.")
    if unknown := set(places) - chart.places().keys():
        raise errors.CannotChange(f"These places are not on the chart: {', '.join(unknown)}.")
    if appointment and (appointment.patient_id != patient.pk or appointment.starts_at > now):
        raise errors.CannotChange("Choose a visit that this patient has had.")
    event = AdverseEvent.objects.create(
        patient=patient,
        appointment=appointment,
        kind=kind,
        places=sorted(set(places)),
        seen_on=seen_on,
        words=words.strip(),
        recorded_by=by,
        recorded_at=now,
    )
    _mark_coming(patient, now)
    return event


@in_clinic_time
@transaction.atomic
def write(*, event: AdverseEvent, step: str, words: str, by, now=None) -> AdverseEntry:
    """How it went on: a note, its closing, or that it is opened again."""
    now = now or timezone.now()
    _may(by)
    Patient.objects.select_for_update(no_key=True).get(pk=event.patient_id)
    is_open = AdverseEvent.objects.open().filter(pk=event.pk).exists()
    if step == AdverseStep.CLOSED and not is_open:
        raise errors.CannotChange("It is closed already.")
    if step == AdverseStep.REOPENED and is_open:
        raise errors.CannotChange("It is open.")
    if not words.strip():
        raise errors.CannotChange("Say it in words.")
    entry = AdverseEntry.objects.create(event=event, step=step, words=words.strip(), by=by, at=now)
    _mark_coming(event.patient, now, by=by)
    return entry


def _may(by):
    if not by.has_perm(PERMISSION):
        raise errors.NotAllowed("An adverse event is recorded and closed by a clinician.")


def _mark_coming(patient, now, by=None):
    """Coming visits in the field of an open event are marked, and the others are so no more."""
    coming = Appointment.objects.coming(now).filter(patient=patient, kind__in=TREATING)
    for visit in coming.select_related("session").prefetch_related("session__steps"):
        held = adverse.holding(visit)
        if held:
            attention.mark(
                visit, Why.ADVERSE, " ".join(f"{adverse.in_words(each)}." for each in held)
            )
        else:
            attention.settle([visit], whys=[Why.ADVERSE], by=by)
