"""Bookings follow their plan: along to the plan that takes its place, or marked when it ends.

The planner knows nothing of bookings, so it tells nobody. Whoever opens a page of bookings, and the
worker besides, has them follow first; a plan that runs costs one query.
"""

from django.db import transaction

from clinic.scheduling import attention, bridge, drafting, errors, notices, windows
from clinic.scheduling.models import (
    Appointment,
    CancelReason,
    Change,
    Deed,
    State,
    Why,
)
from clinic.scheduling.writing import in_clinic_time
from planner.models import ACTIVE, Plan, PlannedSession
from planner.models import State as PlanState
from planner.reviewing import confirmed_blocks


def left_behind(now=None):
    """Coming visits whose plan does not run any more."""
    rows = Appointment.objects.coming(now).filter(session__isnull=False)
    return rows.exclude(session__block__plan__state__in=ACTIVE)


@in_clinic_time
@transaction.atomic
def follow_all(now=None) -> int:
    """Every coming visit goes along with its plan, or is marked; how many were touched."""
    lost = left_behind(now).exclude(
        attentions__why__in=[Why.PLAN_REVISED, Why.PLAN_ENDED], attentions__cleared_at=None
    )
    plans = Plan.objects.filter(pk__in=lost.values("session__block__plan"))
    return sum(len(follow(plan, now=now)) for plan in plans)


@in_clinic_time
@transaction.atomic
def follow(plan: Plan, now=None) -> list[Appointment]:
    """The coming visits of a plan that ended or was revised, each carried along or marked."""
    rows = list(
        left_behind(now)
        .of_plan(plan)
        .select_related("patient", "session__block__plan")
        .prefetch_related("parts__claims__resource")
        .select_for_update(of=("self",), no_key=True)
    )
    if not rows:
        return []
    heir = _heir(plan)
    if heir is None:
        for row in rows:
            words = f"{plan} is {plan.get_state_display().lower()}: this visit is to be cancelled."
            attention.mark(row, Why.PLAN_ENDED, words)
        return rows
    carried = {row.pk: session for row in rows if (session := _same_visit(row.session, heir))}
    firm = confirmed_blocks(heir)
    for row in rows:
        if row.pk in carried:
            _carry(row, carried[row.pk], firm)
    for row in rows:
        attention.mark(row, Why.PLAN_REVISED, _what_differs(row, plan, heir, row.pk in carried))
    return rows


def _heir(plan: Plan) -> Plan | None:
    """The plan that runs in place of this one, through every revision since."""
    while plan.state == PlanState.SUPERSEDED:
        plan = plan.revisions.exclude(state=PlanState.REJECTED).first()
        if plan is None:
            return None
    return plan if plan.state in ACTIVE else None


def _same_visit(session: PlannedSession, heir: Plan) -> PlannedSession | None:
    """The visit of `heir` that continues this one, if it is still to be held and not booked."""
    while session is not None and session.block.plan_id != heir.pk:
        session = (
            session.continuations.select_related("block__plan")
            .exclude(block__plan__state__in=[PlanState.REJECTED])
            .first()
        )
    if session is None or bridge.performed_on(session):
        return None
    taken = Appointment.objects.standing().filter(session=session).exists()
    return None if taken else session


def _carry(row: Appointment, session: PlannedSession, firm: set[int]):
    row.session = session
    row.provisional = session.block.number not in firm
    row.target_on, row.revision = session.target_on, row.revision + 1
    row.save(update_fields=["session", "provisional", "target_on", "revision"])
    Change.objects.create(
        appointment=row,
        deed=Deed.FOLLOWED,
        old_state=row.state,
        new_state=row.state,
        new_start=row.starts_at,
        note=f"{session.block.plan}, {str(session).lower()}",
        by=session.block.plan.approved_by,
    )


def _what_differs(row: Appointment, plan: Plan, heir: Plan, carried: bool) -> str:
    told = f"{heir} took the place of {plan}."
    if not carried:
        return f"{told} It has no visit like this one: cancel it, and book what is new."
    differs = [*_length(row), *_unfit(row), *_out_of_window(row, heir)]
    return " ".join([told, *(differs or ["The visit itself is as it was."])])


def _length(row):
    needed = sum(part.quarters for part in bridge.parts_of_session(row.session)) * 15
    if needed != row.minutes:
        yield f"It takes {needed} minutes now and {row.minutes} are booked: move it to be so long."


def _unfit(row):
    house, who = bridge.House(), bridge.patient_resource(row.patient)
    chosen = [each for each in [*row.people, row.room, *row.devices] if each]
    needs = bridge.needs_of_session(row.session, house, who)
    try:
        drafting.fill_needs(needs, chosen, house, str(row.session))
    except errors.SchedulingError as refusal:
        yield str(refusal)


def _out_of_window(row, heir):
    zone = bridge.clinic_zone()
    sessions, standing = bridge.sessions_of(heir), bridge.standing_by_session(heir)
    dates = {each.pk: bridge.date_of(each, standing, zone) for each in sessions}
    own = next(each for each in sessions if each.pk == row.session_id)
    try:
        problem = windows.window_problem(own, dates, sessions)
    except errors.OutOfOrder as refusal:
        problem = refusal
    if problem:
        yield str(problem)


@in_clinic_time
@transaction.atomic
def cancel_ended(*, plan: Plan, by, note: str = "") -> list[Appointment]:
    """Call off every coming visit of a plan that does not run any more, in one go."""
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    if plan.state in ACTIVE:
        raise errors.CannotChange(f"{plan} still runs: cancel its visits one by one.")
    rows = list(left_behind().of_plan(plan).select_for_update(of=("self",), no_key=True))
    for row in rows:
        old, row.state = row.state, State.CANCELLED
        row.cancel_reason = CancelReason.PLAN_CHANGED
        row.revision, row.sequence = row.revision + 1, row.sequence + 1
        row.save(update_fields=["state", "cancel_reason", "revision", "sequence"])
        Change.objects.create(
            appointment=row,
            deed=Deed.STATE,
            old_state=old,
            new_state=row.state,
            new_start=row.starts_at,
            reason=row.cancel_reason,
            note=note,
            by=by,
        )
    attention.settle(rows, whys=[Why.PLAN_ENDED, Why.PLAN_REVISED], by=by)
    notices.tell(notices.Event.CANCELLED, rows, by)
    return rows
