"""The states of a clinic's day, cancelling, and taking each of them back."""

from django.db import transaction
from django.utils import timezone

from clinic.scheduling import bridge, drafting, errors, gates, notices, tasks
from clinic.scheduling.calendar import Part, quarters
from clinic.scheduling.models import (
    MOVES,
    OF_HOLDS,
    OFF,
    Appointment,
    Change,
    Deed,
    State,
    VisitKind,
)
from clinic.scheduling.moving import undo_move
from clinic.scheduling.writing import in_clinic_time, locked
from planner import services as planning
from planner.models import ACTIVE, Plan
from planner.reviewing import confirmed_blocks


@in_clinic_time
@transaction.atomic
def change_state(
    *, appointment: Appointment, to: str, by, revision: int, note: str = "",
    historic: bool = False, now=None,
) -> Appointment:  # fmt: skip
    """The next state of a clinic's day: confirmed, arrived, in room, completed, no-show.

    A visit starts only when its gates are met, GatesOpen says which are not. `historic` is for
    bringing in what was done before: nobody could have noted its gates here.
    """
    if to == State.CANCELLED:
        raise errors.CannotChange("Say why the visit is cancelled.")
    fresh = locked(appointment, revision)
    now = now or timezone.now()
    if to in (State.ARRIVED, State.NO_SHOW) and fresh.day > timezone.localtime(now).date():
        raise errors.CannotChange(
            f"The visit is on {errors.day(fresh.day)}: it cannot be "
            f"{State(to).label.lower()} before that day."
        )
    if fresh.is_held and to == State.SCHEDULED:
        raise errors.CannotChange(
            "This time is held. Book the hold on the plan's booking page, all visits at once."
        )
    if not historic:
        gates.enforce(fresh, State(to), now=now)
    old = fresh.state
    stepped = _step(fresh, State(to), by=by, note=note)
    if to == State.COMPLETED:
        if fresh.session_id:
            planning.record_performed(
                session=fresh.session, performed_on=fresh.day, by=by, note=note
            )
        if not historic:
            tasks.after_visit(stepped, by=by)
    if to == State.NO_SHOW and not historic:
        tasks.after_no_show(stepped, by=by, now=now)
    booked = old == State.REQUESTED
    notices.tell(notices.Event.BOOKED if booked else notices.Event.STATE, [stepped], by)
    return stepped


@in_clinic_time
@transaction.atomic
def cancel(*, appointment: Appointment, reason: str, by, revision: int, note: str = ""):
    """Call a visit off; its time is free for others at once. `reason` is a CancelReason."""
    if not reason:
        raise errors.CannotChange("Say why the visit is cancelled.")
    fresh = locked(appointment, revision)
    fresh.cancel_reason = reason
    off = _step(fresh, State.CANCELLED, by=by, note=note, reason=reason)
    notices.tell(notices.Event.CANCELLED, [off], by)
    return off


def _step(row: Appointment, to: State, *, by, note="", reason="", deed=Deed.STATE) -> Appointment:
    allowed = MOVES[State(row.state)]
    if deed == Deed.STATE and to not in allowed:
        can = ", ".join(state.label.lower() for state in allowed) or "nothing but undo"
        raise errors.CannotChange(
            f"A visit that is {row.get_state_display().lower()} cannot be {to.label.lower()}. "
            f"Possible now: {can}."
        )
    old, row.state = row.state, to
    row.revision += 1
    row.sequence += to in OFF or old in OFF
    row.save(update_fields=["state", "cancel_reason", "revision", "sequence"])
    Change.objects.create(
        appointment=row,
        deed=deed,
        old_state=old,
        new_state=to,
        new_start=row.starts_at,
        reason=reason,
        note=note,
        by=by,
    )
    return row


@in_clinic_time
def undo(*, appointment: Appointment, by, revision: int, now=None) -> Appointment:
    """Take back the last change: a state, a cancellation, or a move with all that it moved."""
    drafts: list[drafting.Draft] = []
    with drafting.all_or_none(appointment.patient, drafts, [appointment]):
        fresh = locked(appointment, revision)
        last = last_undoable(fresh)
        if last is None:
            raise errors.CannotChange("There is nothing to undo on this visit.")
        if last.deed == Deed.MOVED:
            moved = undo_move(fresh, last, by=by, now=now)
            notices.tell(notices.Event.UNDONE, moved, by)
            return moved[0]
        _check_undo(fresh)
        drafts.append(_draft_as_is(fresh))
        drafting.lock(pk for pk, _ in drafts[0].holds)
        if fresh.is_off:
            drafting.check_free(drafts, besides=[fresh])
        fresh.cancel_reason = ""
        undone = _step(fresh, State(last.old_state), by=by, deed=Deed.UNDONE)
        notices.tell(notices.Event.UNDONE, [undone], by)
        return undone


def _check_undo(row: Appointment):
    if row.session_id is None:
        return
    if row.is_off and row.session.plan.state not in ACTIVE:
        raise errors.NotApproved(row.session.plan)
    if row.state == State.COMPLETED and bridge.performed_on(row.session):
        raise errors.CannotChange(
            "This session is on record as performed: the plan and the windows of its later "
            "sessions count from it, so it is not undone. Write what is wrong into the visit's "
            "notes and tell the clinician, who revises the plan if the later sessions must change."
        )
    if row.cancel_reason in OF_HOLDS:
        raise errors.CannotChange("The hold is over. Book the time anew from the plan's offers.")
    others = Appointment.objects.standing().filter(session=row.session_id).exclude(pk=row.pk)
    if row.is_off and (other := others.first()):
        raise errors.CannotChange(
            f"The session was booked anew meanwhile, for {errors.moment(other.starts_at)}. "
            f"Cancel that visit before you undo this one."
        )


def last_undoable(appointment: Appointment) -> Change | None:
    """The last change that stands: each undo takes one back, and undoing is not undone."""
    depth = 0
    for change in appointment.changes.order_by("-at", "-pk"):
        if change.deed == Deed.UNDONE:
            depth += 1
        elif depth:
            depth -= 1
        elif change.deed in (Deed.BOOKED, Deed.FIRM, Deed.FOLLOWED):
            return None
        else:
            return change
    return None


def _draft_as_is(row: Appointment) -> drafting.Draft:
    parts = list(row.parts.prefetch_related("claims"))
    holds: dict[int, set] = {}
    for part in parts:
        for claim in part.claims.all():
            holds.setdefault(claim.resource_id, set()).add(part.kind)
    return drafting.Draft(
        VisitKind(row.kind),
        row.starts_at,
        tuple(Part(part.kind, quarters(part.minutes)) for part in parts),
        tuple((pk, frozenset(kinds)) for pk, kinds in holds.items()),
        row.session,
    )


@in_clinic_time
@transaction.atomic
def set_pinned(*, appointment: Appointment, pinned: bool, by, revision: int) -> Appointment:
    """Pin a visit as the patient's fixed date: moving others leaves it where it is."""
    fresh = locked(appointment, revision)
    fresh.pinned, fresh.revision = pinned, fresh.revision + 1
    fresh.save(update_fields=["pinned", "revision"])
    return fresh


@in_clinic_time
@transaction.atomic
def confirm_provisional(*, appointment: Appointment, by, revision: int) -> Appointment:
    """What the review decided: a provisional date is now firm."""
    fresh = locked(appointment, revision)
    if not fresh.provisional:
        raise errors.CannotChange("This date is firm already.")
    _may_be_firm(fresh.session)
    _make_firm(fresh, by)
    notices.tell(notices.Event.FIRM, [fresh], by)
    return fresh


@in_clinic_time
@transaction.atomic
def confirm_block(*, plan: Plan, number: int, by) -> list[Appointment]:
    """All provisional dates of a block at once, once its review has said to continue."""
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    rows = list(
        Appointment.objects.coming()
        .of_plan(plan)
        .filter(provisional=True, session__block__number=number)
        .select_related("session__block__plan", "patient")
        .select_for_update(of=("self",), no_key=True)
    )
    for row in rows:
        _may_be_firm(row.session)
        _make_firm(row, by)
    notices.tell(notices.Event.FIRM, rows, by)
    return rows


def _may_be_firm(session):
    if session.block.number not in confirmed_blocks(session.plan):
        raise errors.CannotChange(
            f"{session} belongs to block {session.block.number}, which its review has not "
            "confirmed. A clinician decides there whether the plan continues."
        )


def _make_firm(row: Appointment, by):
    row.provisional, row.revision = False, row.revision + 1
    row.save(update_fields=["provisional", "revision"])
    Change.objects.create(
        appointment=row,
        deed=Deed.FIRM,
        old_state=row.state,
        new_state=row.state,
        new_start=row.starts_at,
        by=by,
    )
