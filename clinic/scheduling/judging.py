"""A plan's visits against their windows and the planner's own rules, on the days they are to be."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from clinic.scheduling import bridge, errors, gates, windows
from planner import services as planning


@dataclass(frozen=True)
class Judged:
    """A session's day against its window: where it best would be, and what it misses if allowed."""

    target: dt.date | None = None
    latest: dt.date | None = None
    missed: errors.WindowMissed | None = None


def check_sessions(plan, drafts, zone, *, reason: str, by, historic: bool) -> dict[object, Judged]:
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
            judged[session.pk] = judge(session, dates, sessions, reason=reason, by=by)
    check_rules(plan, dates, set() if historic else new, reason=reason)
    return judged


def check_rules(plan, dates, booked: set, *, reason: str):
    """The planner's own rules on the very days: windows count from the visit before alone.

    A documented reason may depart from an interval, as it may from a window; never from safety.
    The visits that are `booked` now are judged by the rules and answers of today besides.
    """
    today = gates.safety_by_session(plan, {key: dates[key] for key in booked})
    if against := [words for found in today.values() for words in found.against]:
        raise errors.AgainstTheRules(dict.fromkeys(against))
    broken = planning.broken_by(plan, {key: on for key, on in dates.items() if on})
    reasons = broken.rules if reason else (*broken.rules, *broken.intervals)
    if reasons:
        raise errors.AgainstTheRules(reasons)


def judge(session, dates, sessions, *, reason: str, by) -> Judged:
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


def judge_moved(rows, *, reason: str, by) -> dict[object, Judged]:
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
        judged[row.pk] = judge(session, dates, sessions, reason=reason or own, by=by)
    check_rules(plan, dates, moved, reason=reason or reasons_given(standing))
    return judged


def reasons_given(standing) -> str:
    """A deviation that was documented before does not hold up another move."""
    return next((row.deviation_reason for row in standing.values() if row.deviation_reason), "")
