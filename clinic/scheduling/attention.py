"""Marks on visits that somebody must look at again: why, since when, and who did."""

from django.db import transaction
from django.utils import timezone

from clinic.scheduling import bridge, errors, gates
from clinic.scheduling.models import Appointment, Attention, VisitKind, Why
from clinic.scheduling.writing import in_clinic_time
from planner.models import ACTIVE

OF_ITS_TIME = (Why.AWAY, Why.HOURS, Why.LAPSED)
"""Marks that another time settles."""

CLINICAL = (Why.SAFETY, Why.ADVERSE)
"""Marks that only a clinician takes away."""


def open_marks(appointments=None):
    """Open marks on visits that still stand, of these visits or of all."""
    rows = Attention.objects.open().filter(appointment__in=Appointment.objects.standing())
    if appointments is not None:
        rows = rows.filter(appointment__in=appointments)
    return rows.select_related("appointment__patient").order_by("appointment__starts_at", "pk")


def mark(appointment: Appointment, why: str, words: str) -> Attention:
    """Raise a mark, or say an open one of its kind in the words of now."""
    row, made = Attention.objects.get_or_create(
        appointment=appointment, why=why, cleared_at=None, defaults={"words": words}
    )
    if not made and row.words != words:
        row.words = words
        row.save(update_fields=["words"])
    return row


@in_clinic_time
@transaction.atomic
def clear(*, mark: Attention, by, note: str = "", now=None) -> Attention:
    """Somebody has looked, and the visit stands as it is."""
    row = Attention.objects.select_for_update(of=("self",)).get(pk=mark.pk)
    if row.why in CLINICAL and not by.has_perm("scheduling.override_window"):
        raise errors.NotAllowed(f"{row.get_why_display()}: a clinician looks at it.")
    if row.cleared_at is None:
        row.cleared_at, row.cleared_by = now or timezone.now(), by
        row.cleared_note = note.strip()
        row.save()
    return row


def settle(appointments, *, whys=OF_ITS_TIME, by=None) -> None:
    """The marks that a deed has made pointless."""
    rows = Attention.objects.open().filter(appointment__in=appointments, why__in=whys)
    rows.update(cleared_at=timezone.now(), cleared_by=by)


# --- raised safety rules -----------------------------------------------------------------------


@in_clinic_time
@transaction.atomic
def recheck(plan) -> list[Attention]:
    """Judge the coming visits of a plan by the rules and answers of today; mark what they hit."""
    zone = bridge.clinic_zone()
    rows = Appointment.objects.coming().of_plan(plan).filter(kind__in=gates.GATED)
    rows = {row.session_id: row for row in rows}
    if not rows:
        return []
    days = {pk: timezone.localtime(row.starts_at, zone).date() for pk, row in rows.items()}
    found = gates.safety_by_session(plan, days)
    settle([rows[pk] for pk, each in found.items() if not each.against], whys=[Why.SAFETY])
    return [
        mark(rows[pk], Why.SAFETY, " ".join(each.against))
        for pk, each in found.items()
        if each.against
    ]


def recheck_all() -> int:
    """Every plan with coming visits; for a worker, after a rule or an answer has changed."""
    coming = Appointment.objects.coming().filter(
        kind=VisitKind.PROCEDURE, session__block__plan__state__in=ACTIVE
    )
    plans = {
        row.session.block.plan_id: row.session.block.plan
        for row in coming.select_related("session__block__plan__assessment__patient")
    }
    return sum(len(recheck(plan)) for plan in plans.values())
