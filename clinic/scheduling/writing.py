"""Rows as they are written: once per key, parts with their claims, and the change told beside.

The dates in what a deed says and writes are those of the clinic's zone.
"""

import hashlib
import json
from functools import wraps

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.scheduling import bridge, drafting, errors
from clinic.scheduling.models import (
    Appointment,
    AppointmentPart,
    BookingRequest,
    Change,
    Claim,
    Deed,
)
from planner.models import Plan


def in_clinic_time(deed):
    """Dates in what a deed says and writes are those of the clinic's zone, whoever calls it."""

    @wraps(deed)
    def told_in_clinic_time(*args, **named):
        with timezone.override(bridge.clinic_zone()):
            return deed(*args, **named)

    return told_in_clinic_time


def fingerprint(deed: str, asked) -> str:
    text = json.dumps([deed, asked], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def once(key: str, fingerprint: str, by) -> tuple[BookingRequest, bool]:
    """Take the key for this transaction; (request, False) when it was carried out before.

    A second request with the same key waits here until the first has finished or failed.
    """
    made = BookingRequest(key=key, fingerprint=fingerprint, by=by)
    BookingRequest.objects.bulk_create([made], ignore_conflicts=True)
    request = BookingRequest.objects.get(key=key)
    fresh = not request.appointments.exists()
    if not fresh and request.fingerprint != fingerprint:
        raise errors.KeyReused
    return request, fresh


def write_parts(rows: list[tuple[Appointment, drafting.Draft]]):
    parts = [
        (
            AppointmentPart(
                appointment=appointment,
                order=order,
                kind=part.kind,
                during=DateTimeTZRange(start, end, "[)"),
            ),
            held,
        )
        for appointment, draft in rows
        for order, (part, start, end, held) in enumerate(draft.spans(), 1)
    ]
    AppointmentPart.objects.bulk_create([part for part, _ in parts])
    Claim.objects.bulk_create(
        [
            Claim(part=part, resource_id=pk, during=part.during)
            for part, held in parts
            for pk in dict.fromkeys(held)
        ]
    )


def new_row(draft: drafting.Draft, patient, by, **fields) -> Appointment:
    return Appointment(
        patient=patient,
        kind=draft.kind,
        session=draft.session,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        booked_by=by,
        **fields,
    )


def write(rows: list[tuple[Appointment, drafting.Draft]], by):
    Appointment.objects.bulk_create([appointment for appointment, _ in rows])
    write_parts(rows)
    batch = uuid7()
    Change.objects.bulk_create(
        [
            Change(
                appointment=appointment,
                deed=Deed.BOOKED,
                new_state=appointment.state,
                new_start=appointment.starts_at,
                batch=batch,
                reason=appointment.deviation_reason,
                note=appointment.note,
                by=by,
            )
            for appointment, _ in rows
        ]
    )


def locked(appointment: Appointment, revision: int) -> Appointment:
    """The row as it is now, held; StalePage when the page that asks shows an older one."""
    if appointment.session_id:  # one deed at a time on the visits of a plan
        Plan.objects.select_for_update(no_key=True).get(blocks__sessions=appointment.session_id)
    fresh = (
        Appointment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("patient", "session__block__plan")
        .get(pk=appointment.pk)
    )
    if fresh.revision != revision:
        raise errors.StalePage(fresh)
    return fresh
