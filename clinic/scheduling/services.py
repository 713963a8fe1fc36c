"""Deeds: book, move, cancel, go through a day's states, and undo each of them.

All of a booking is one transaction. The resources are locked first, by advisory locks in one order,
so that whole plans booked at once wait for one another instead of deadlocking; the exclusion
constraint over the claims has the last word.
"""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, replace
from functools import wraps

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.scheduling import bridge, drafting, errors, offers, windows
from clinic.scheduling.calendar import Part, quarters
from clinic.scheduling.models import (
    COMING,
    MOVES,
    OFF,
    Appointment,
    AppointmentPart,
    BookingRequest,
    Change,
    Claim,
    Deed,
    ResourceKind,
    State,
    VisitKind,
)
from clinic.scheduling.offers import Choice
from planner import services as planning
from planner.models import ACTIVE, Plan
from planner.models import State as PlanState

HISTORIC = (*ACTIVE, PlanState.COMPLETED)


def in_clinic_time(deed):
    """Dates in what a deed says and writes are those of the clinic's zone, whoever calls it."""

    @wraps(deed)
    def told_in_clinic_time(*args, **named):
        with timezone.override(bridge.clinic_zone()):
            return deed(*args, **named)

    return told_in_clinic_time


# --- once per key ------------------------------------------------------------------------------


def _fingerprint(deed: str, asked) -> str:
    text = json.dumps([deed, asked], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _once(key: str, fingerprint: str, by) -> tuple[BookingRequest, bool]:
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


# --- writing -----------------------------------------------------------------------------------


def _write_parts(rows: list[tuple[Appointment, drafting.Draft]]):
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


def _appointment(draft: drafting.Draft, patient, by, **fields) -> Appointment:
    return Appointment(
        patient=patient,
        kind=draft.kind,
        session=draft.session,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        booked_by=by,
        **fields,
    )


def _write(rows: list[tuple[Appointment, drafting.Draft]], by):
    Appointment.objects.bulk_create([appointment for appointment, _ in rows])
    _write_parts(rows)
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


# --- booking -----------------------------------------------------------------------------------


@in_clinic_time
def book_plan(
    *, plan: Plan, choices: list[Choice], by, key: str, reason: str = "", note: str = "",
    historic: bool = False, now: dt.datetime | None = None,
) -> list[Appointment]:  # fmt: skip
    """Book the chosen sessions of an approved plan, all of them or none.

    Sessions of firm blocks are booked firmly, later ones as provisional dates. Sent again with the
    same `key` it books nothing more and returns what it booked. `reason` (a DeviationReason) lets
    who may leave a clinical window. `historic` is for bringing in past visits: they must be past,
    and all else is checked as ever.

    Raises NotApproved, SlotTaken, TooSoon, TooLate, NotQualified and the rest of the family.
    """
    now, zone = now or timezone.now(), bridge.clinic_zone()
    drafts: list[drafting.Draft] = []
    with drafting.all_or_none(plan.patient, drafts):
        asked = [str(plan.pk), [choice.as_json() for choice in choices], reason]
        request, fresh = _once(key, _fingerprint("plan", asked), by)
        if not fresh:
            return list(request.appointments.order_by("starts_at"))
        plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        if plan.state not in (HISTORIC if historic else ACTIVE):
            raise errors.NotApproved(plan)
        if not choices:
            raise errors.CannotChange("Choose at least one session to book.")
        house, who = bridge.House(), bridge.patient_resource(plan.patient)
        drafts += [
            drafting.draft_for_session(each.session, each.starts_at, each.resources, house, who)
            for each in sorted(choices, key=lambda choice: choice.session.number)
        ]
        drafting.lock(pk for draft in drafts for pk, _ in draft.holds)
        judged = _check_sessions(plan, drafts, zone, reason=reason, by=by)
        drafts[:] = [replace(each, latest=judged[each.session.pk].latest) for each in drafts]
        for draft in drafts:
            drafting.check_time(draft, now=now, historic=historic)
            drafting.check_hours(draft, house, zone)
        drafting.check_free(drafts)
        rows = [
            (
                _appointment(
                    draft,
                    plan.patient,
                    by,
                    provisional=not draft.session.block.firm,
                    target_on=judged[draft.session.pk].target,
                    deviation_reason=reason if judged[draft.session.pk].missed else "",
                    deviation_note=note if judged[draft.session.pk].missed else "",
                ),
                draft,
            )
            for draft in drafts
        ]
        _write(rows, by)
        request.appointments.set([appointment for appointment, _ in rows])
        return [appointment for appointment, _ in rows]


@dataclass(frozen=True)
class Judged:
    """A session's day against its window: where it best would be, and what it misses if allowed."""

    target: dt.date | None = None
    latest: dt.date | None = None
    missed: errors.WindowMissed | None = None


def _check_sessions(plan, drafts, zone, *, reason: str, by) -> dict[object, Judged]:
    """Each session judged; refuses what may not be booked."""
    sessions = bridge.sessions_of(plan)
    standing = bridge.standing_by_session(plan)
    mine = {each.pk for each in sessions}
    dates = {each.pk: bridge.date_of(each, standing, zone) for each in sessions}
    for draft in drafts:
        if draft.session.pk not in mine:
            raise errors.CannotChange(f"{draft.session} is not a session of {plan}.")
        if draft.session.pk in standing:
            raise errors.AlreadyBooked(draft.session, standing[draft.session.pk])
        if bridge.performed_on(draft.session):
            raise errors.CannotChange(f"{draft.session} is performed already.")
        dates[draft.session.pk] = timezone.localtime(draft.starts_at, zone).date()
    new = {draft.session.pk for draft in drafts}
    judged = {}
    for session in sessions:
        previous = windows.session_before(session, sessions)
        follows_a_new_one = session.pk in standing and previous and previous.pk in new
        if session.pk in new or follows_a_new_one:
            judged[session.pk] = _judge(session, dates, sessions, reason=reason, by=by)
    _check_rules(plan, dates, reason=reason)
    return judged


def _check_rules(plan, dates, *, reason: str):
    """The planner's own rules on the very days: windows count from the visit before alone.

    A documented reason may depart from an interval, as it may from a window; never from safety.
    """
    broken = planning.broken_by(plan, {key: on for key, on in dates.items() if on})
    reasons = broken.rules if reason else (*broken.rules, *broken.intervals)
    if reasons:
        raise errors.AgainstTheRules(reasons)


def _judge(session, dates, sessions, *, reason: str, by) -> Judged:
    """Raises the window that is missed, unless a reason is given by somebody who may."""
    previous = windows.session_before(session, sessions)
    before = dates.get(previous.pk) if previous else None
    problem = windows.window_problem(session, dates, sessions)
    if problem and not reason:
        raise problem
    if problem and not by.has_perm("scheduling.override_window"):
        raise errors.NotAllowed(f"{problem} Only a clinician may book outside the window.")
    _, latest = windows.window_dates(session, before)
    return Judged(windows.target_date(session, before), latest, problem)


@in_clinic_time
def book_visit(
    *, patient, kind: str, starts_at: dt.datetime, resources: tuple[int, ...], by, key: str,
    minutes: int | None = None, note: str = "", state: str = State.SCHEDULED,
    historic: bool = False, now: dt.datetime | None = None,
) -> Appointment:  # fmt: skip
    """Book a visit without a plan. A procedure is refused here: it comes from an approved plan."""
    now, zone, kind = now or timezone.now(), bridge.clinic_zone(), VisitKind(kind)
    if kind == VisitKind.PROCEDURE:
        raise errors.CannotChange(
            "A procedure is booked from an approved plan: open the patient's plan, book it there."
        )
    drafts: list[drafting.Draft] = []
    with drafting.all_or_none(patient, drafts):
        asked = [str(patient.pk), kind, starts_at, list(resources), minutes, note]
        request, fresh = _once(key, _fingerprint("visit", asked), by)
        if not fresh:
            return request.appointments.get()
        house, who = bridge.House(), bridge.patient_resource(patient)
        needs = bridge.needs_of_kind(kind, house, who)
        what = f"a {kind.label.lower()}"
        holds = drafting.fill_needs(needs, drafting.named(resources, house), house, what)
        length = minutes or bridge.USUAL_MINUTES[kind]
        drafts.append(drafting.Draft(kind, starts_at, bridge.parts_of(procedure=length), holds))
        drafting.lock(pk for pk, _ in holds)
        drafting.check_time(drafts[0], now=now, historic=historic)
        drafting.check_hours(drafts[0], house, zone)
        drafting.check_free(drafts)
        row = _appointment(drafts[0], patient, by, note=note, state=state)
        _write([(row, drafts[0])], by)
        request.appointments.set([row])
        return row


# --- moving ------------------------------------------------------------------------------------


@in_clinic_time
def move(
    *, appointment: Appointment, starts_at: dt.datetime, resources: tuple[int, ...], by,
    revision: int, later: tuple[offers.Later, ...] = (), reason: str = "", note: str = "",
    historic: bool = False, now: dt.datetime | None = None, deed: str = Deed.MOVED,
) -> list[Appointment]:  # fmt: skip
    """Move a visit, and with it the later ones given in `later` (from `offers.verdict_on_move`).

    All or none. Every visit of the plan is judged again by its window; one that would be outside
    needs a `reason`, a DeviationReason, and somebody who may.
    """
    now = now or timezone.now()
    drafts: list[drafting.Draft] = []
    besides: list[Appointment] = []
    with drafting.all_or_none(appointment.patient, drafts, besides):
        fresh = _locked(appointment, revision)
        if fresh.state not in COMING:
            raise errors.CannotChange(
                f"The visit is {fresh.get_state_display().lower()}: only a coming visit moves."
            )
        house, who = bridge.House(), bridge.patient_resource(fresh.patient)
        rows = _rows_to_move(fresh, starts_at, resources, later, house, who)
        besides += [row for row, _ in rows]
        drafts += [draft for _, draft in rows]
        drafting.lock(_resources_of(rows))
        _check_moves(rows, house, now=now, historic=historic)
        judged = _judge_moved(rows, reason=reason, by=by)
        _rewrite(rows, judged, by=by, reason=reason, note=note, deed=deed)
        return [row for row, _ in rows]


def _rows_to_move(fresh, starts_at, resources, later, house, who):
    rows = [(fresh, _moved_draft(fresh, starts_at, resources, house, who))]
    for each in later:
        other = (
            Appointment.objects.select_for_update(no_key=True, of=("self",))
            .select_related("patient", "session__block__plan")
            .get(pk=each.appointment.pk)
        )
        if other.revision != each.appointment.revision:
            raise errors.StalePage(other)
        if other.pinned:
            raise errors.CannotChange(f"{other} is the patient's fixed date and stays.")
        choice = each.choice
        rows.append((other, _moved_draft(other, choice.starts_at, choice.resources, house, who)))
    return rows


def _resources_of(rows) -> list[int]:
    """Everything held before and after the move."""
    held = Claim.objects.filter(part__appointment__in=[row.pk for row, _ in rows])
    before = held.values_list("resource", flat=True)
    return [pk for _, draft in rows for pk, _ in draft.holds] + list(before)


def _check_moves(rows, house, *, now, historic: bool):
    zone = bridge.clinic_zone()
    for _, draft in rows:
        drafting.check_time(draft, now=now, historic=historic)
        drafting.check_hours(draft, house, zone)
    drafting.check_free([draft for _, draft in rows], besides=[row for row, _ in rows])


def _locked(appointment: Appointment, revision: int) -> Appointment:
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


def _moved_draft(appointment, starts_at, resources, house, who) -> drafting.Draft:
    if appointment.session_id:
        return drafting.draft_for_session(appointment.session, starts_at, resources, house, who)
    visit = offers.visit_of_appointment(appointment, house, who)
    kind = VisitKind(appointment.kind)
    holds = drafting.fill_needs(
        visit.needs, drafting.named(resources, house), house, f"a {kind.label.lower()}"
    )
    return drafting.Draft(kind, starts_at, visit.parts, holds)


def _judge_moved(rows, *, reason: str, by) -> dict[object, Judged]:
    """The moved visits and every later one of their plan; a deviation of before may stay."""
    first = rows[0][0]
    if first.session_id is None:
        return {}
    plan, zone = first.session.block.plan, bridge.clinic_zone()
    sessions, standing = bridge.sessions_of(plan), bridge.standing_by_session(plan)
    dates = {each.pk: bridge.date_of(each, standing, zone) for each in sessions}
    moved = {row.session_id for row, _ in rows}
    for row, draft in rows:
        dates[row.session_id] = timezone.localtime(draft.starts_at, zone).date()
    judged = {}
    for session in sessions:
        row = standing.get(session.pk)
        if row is None or row.session.number < first.session.number:
            continue
        own = "" if session.pk in moved else row.deviation_reason
        judged[row.pk] = _judge(session, dates, sessions, reason=reason or own, by=by)
    _check_rules(plan, dates, reason=reason or _reasons_given(standing))
    return judged


def _reasons_given(standing) -> str:
    """A deviation that was documented before does not hold up another move."""
    return next((row.deviation_reason for row in standing.values() if row.deviation_reason), "")


def _rewrite(rows, judged, *, by, reason: str, note: str, deed: str):
    batch = uuid7()
    changes = [
        Change(
            appointment=row,
            deed=deed,
            old_state=row.state,
            new_state=row.state,
            old_start=row.starts_at,
            new_start=draft.starts_at,
            old_resources=_resource_ids(row),
            batch=batch,
            reason=reason,
            note=note,
            by=by,
        )
        for row, draft in rows
    ]
    moved = {row.pk for row, _ in rows}
    for pk, each in judged.items():
        if pk not in moved:
            fields = {"deviation_reason": reason} if each.missed and reason else {}
            Appointment.objects.filter(pk=pk).update(target_on=each.target, **fields)
    for row, draft in rows:
        verdict = judged.get(row.pk, Judged())
        row.target_on = verdict.target
        row.deviation_reason = reason if verdict.missed else ""
        row.deviation_note = note if verdict.missed else ""
        row.starts_at, row.ends_at = draft.starts_at, draft.ends_at
        row.sequence, row.revision = row.sequence + 1, row.revision + 1
        row.parts.all().delete()
        row.save()
    _write_parts(rows)
    Change.objects.bulk_create(changes)


def _resource_ids(row: Appointment) -> list[int]:
    claims = Claim.objects.filter(part__appointment=row)
    claims = claims.exclude(resource__kind=ResourceKind.PATIENT).order_by("resource")
    return list(claims.values_list("resource", flat=True).distinct())


# --- states ------------------------------------------------------------------------------------


@in_clinic_time
@transaction.atomic
def change_state(
    *, appointment: Appointment, to: str, by, revision: int, note: str = "", now=None
) -> Appointment:
    """The next state of a clinic's day: confirmed, arrived, in room, completed, no-show."""
    if to == State.CANCELLED:
        raise errors.CannotChange("Say why the visit is cancelled.")
    fresh = _locked(appointment, revision)
    now = now or timezone.now()
    if to in (State.ARRIVED, State.NO_SHOW) and fresh.day > timezone.localtime(now).date():
        raise errors.CannotChange(
            f"The visit is on {errors.day(fresh.day)}: it cannot be "
            f"{State(to).label.lower()} before that day."
        )
    stepped = _step(fresh, State(to), by=by, note=note)
    if to == State.COMPLETED and fresh.session_id:
        planning.record_performed(session=fresh.session, performed_on=fresh.day, by=by, note=note)
    return stepped


@in_clinic_time
@transaction.atomic
def cancel(*, appointment: Appointment, reason: str, by, revision: int, note: str = ""):
    """Call a visit off; its time is free for others at once. `reason` is a CancelReason."""
    if not reason:
        raise errors.CannotChange("Say why the visit is cancelled.")
    fresh = _locked(appointment, revision)
    fresh.cancel_reason = reason
    return _step(fresh, State.CANCELLED, by=by, note=note, reason=reason)


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
        fresh = _locked(appointment, revision)
        last = last_undoable(fresh)
        if last is None:
            raise errors.CannotChange("There is nothing to undo on this visit.")
        if last.deed == Deed.MOVED:
            return _undo_move(fresh, last, by=by, now=now)
        _check_undo(fresh)
        drafts.append(_draft_as_is(fresh))
        drafting.lock(pk for pk, _ in drafts[0].holds)
        if fresh.is_off:
            drafting.check_free(drafts, besides=[fresh])
        fresh.cancel_reason = ""
        return _step(fresh, State(last.old_state), by=by, deed=Deed.UNDONE)


def _check_undo(row: Appointment):
    if row.session_id is None:
        return
    if row.state == State.COMPLETED and bridge.performed_on(row.session):
        raise errors.CannotChange(
            "The plan counts this session as performed, and the windows of the later ones from "
            "it. What was recorded of a session is amended, not undone."
        )
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
        elif change.deed == Deed.BOOKED:
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


def _undo_move(row: Appointment, last: Change, *, by, now) -> Appointment:
    """Back to the time before, with the visits that the move took along and that stand as it left
    them."""
    together = Change.objects.filter(batch=last.batch).exclude(appointment=row)
    together = together.select_related("appointment__session__block__plan")
    later = tuple(
        offers.Later(change.appointment, "moved", _choice_before(change))
        for change in together
        if change.appointment.starts_at == change.new_start and not change.appointment.is_off
    )
    back = _choice_before(last)
    moved = move(
        appointment=row,
        starts_at=back.starts_at,
        resources=back.resources,
        by=by,
        revision=row.revision,
        later=later,
        reason=row.deviation_reason,
        now=now,
        deed=Deed.UNDONE,
    )
    return moved[0]


def _choice_before(change: Change) -> Choice:
    session = change.appointment.session
    return Choice(session, change.old_start, tuple(change.old_resources))


@in_clinic_time
@transaction.atomic
def set_pinned(*, appointment: Appointment, pinned: bool, by, revision: int) -> Appointment:
    """Pin a visit as the patient's fixed date: moving others leaves it where it is."""
    fresh = _locked(appointment, revision)
    fresh.pinned, fresh.revision = pinned, fresh.revision + 1
    fresh.save(update_fields=["pinned", "revision"])
    return fresh


@in_clinic_time
@transaction.atomic
def confirm_provisional(*, appointment: Appointment, by, revision: int) -> Appointment:
    """What the review decided: a provisional date is now firm."""
    fresh = _locked(appointment, revision)
    fresh.provisional, fresh.revision = False, fresh.revision + 1
    fresh.save(update_fields=["provisional", "revision"])
    return fresh
