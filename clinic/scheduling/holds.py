"""Times kept for a while, until the patient at the desk has decided.

A hold is a visit that is requested and has an expiry. It claims its resources like any other, so
nobody is promised the same time twice. When it runs out it is given back by whoever looks for free
time next, and by the worker: no clock has to tick for a booking to be right.
"""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from clinic.scheduling import errors, notices
from clinic.scheduling.models import Appointment, CancelReason, Change, Deed, State
from clinic.scheduling.writing import in_clinic_time
from planner.models import ACTIVE, Plan

USUAL_MINUTES = 20
LENGTHS = (10, 20, 30, 60, 24 * 60)
"""What the desk may choose, in minutes: the clinic's own, while somebody thinks it over."""


def held(plan=None):
    """Visits that are held, those of `plan` alone when it is given."""
    rows = Appointment.objects.filter(state=State.REQUESTED, held_until__isnull=False)
    return rows.of_plan(plan) if plan else rows


@in_clinic_time
@transaction.atomic
def release_expired(now: dt.datetime | None = None) -> int:
    """Give back every time whose hold has run out; one that somebody is deciding on is left."""
    late = held().filter(held_until__lte=now or timezone.now())
    rows = list(late.select_for_update(skip_locked=True, of=("self",), no_key=True))
    if rows:
        _give_back(rows, CancelReason.HOLD_RAN_OUT, None)
    return len(rows)


@in_clinic_time
@transaction.atomic
def confirm(*, plan: Plan, by, now: dt.datetime | None = None) -> list[Appointment]:
    """The patient said yes: every held visit of the plan is booked. Said twice, it is done once."""
    now = now or timezone.now()
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    if plan.state not in ACTIVE:
        raise errors.NotApproved(plan)
    rows = list(_locked(plan))
    if not rows:
        return _confirmed_before(plan)
    if past := next((row for row in rows if row.starts_at <= now), None):
        raise errors.InThePast(past.starts_at, now)
    batch = _write(rows, State.SCHEDULED, by=by, deed=Deed.BOOKED)
    notices.tell(notices.Event.BOOKED, batch, by)
    return batch


def _confirmed_before(plan) -> list[Appointment]:
    standing = Appointment.objects.standing().of_plan(plan)
    if not standing.exists():
        raise errors.CannotChange(
            "The hold ran out, and nothing is booked. The times may be free still: choose an "
            "offer again."
        )
    return list(standing.order_by("starts_at"))


@in_clinic_time
@transaction.atomic
def give_back(*, plan: Plan, by) -> list[Appointment]:
    """The patient said no, or later: the held times of the plan are free again."""
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    return _give_back(list(_locked(plan)), CancelReason.NOT_TAKEN, by)


def _locked(plan):
    rows = held(plan).select_for_update(of=("self",), no_key=True)
    return rows.select_related("patient", "session__block__plan").order_by("starts_at")


def _give_back(rows, reason: CancelReason, by) -> list[Appointment]:
    for row in rows:
        row.cancel_reason = reason
    _write(rows, State.CANCELLED, by=by, deed=Deed.STATE, reason=reason)
    notices.tell(notices.Event.RELEASED, rows, by)
    return rows


def _write(rows, to: State, *, by, deed: Deed, reason: str = "") -> list[Appointment]:
    changes = []
    for row in rows:
        changes.append(
            Change(
                appointment=row,
                deed=deed,
                old_state=row.state,
                new_state=to,
                new_start=row.starts_at,
                reason=reason,
                by=by or row.booked_by,
            )
        )
        row.state, row.revision = to, row.revision + 1
        row.held_until = None if to == State.SCHEDULED else row.held_until
        row.save(update_fields=["state", "revision", "held_until", "cancel_reason"])
    Change.objects.bulk_create(changes)
    return rows
