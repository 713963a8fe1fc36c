"""A plan's visits against their windows and the planner's own rules, on the days they are to be."""

import datetime as dt
from dataclasses import dataclass, replace

from django.utils import timezone

from clinic.scheduling import bridge, errors, gates, windows
from planner import bridge as planner_bridge
from planner import services as planning
from planner.engine.check import check


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
        previous = windows.session_before(session, sessions, dates)
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
    days = {key: on for key, on in dates.items() if on}
    broken = planning.broken_by(plan, days)
    intervals = () if reason else _intervals(plan, days, broken)
    if reasons := (*broken.rules, *intervals):
        raise errors.AgainstTheRules(reasons)


def _intervals(plan, days, broken) -> tuple[str, ...]:
    """The intervals that the days break. The planner counts them by the plan's own order, which a
    session that was missed has left: then they are counted in the order of the days."""
    sessions = [each for each in bridge.sessions_of(plan) if each.pk in days]
    if [each.number for each in sessions] == sorted(each.number for each in sessions):
        return broken.intervals
    given = planner_bridge.dated_plan(plan, days)
    held = [
        replace(each, day=(each.on - plan.starts_on).days) for each in given.sessions if each.on
    ]
    given = replace(given, sessions=tuple(held))
    case = planner_bridge.case_of(plan.assessment, on=timezone.localdate())
    findings = check(case, planner_bridge.catalogue_of(plan.catalogue_version), given).findings
    return tuple(one.text for one in findings if one.breaks and one.kind in planning.INTERVALS)


def judge(session, dates, sessions, *, reason: str, by) -> Judged:
    """Raises the window that is missed, unless a reason is given by somebody who may."""
    previous = windows.session_before(session, sessions, dates)
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
    later = windows.sessions_after(first.session, sessions)
    for session in [each for each in sessions if each.pk == first.session_id] + later:
        row = standing.get(session.pk)
        if row is None:
            continue
        own = "" if session.pk in moved else row.deviation_reason
        judged[row.pk] = judge(session, dates, sessions, reason=reason or own, by=by)
    check_rules(plan, dates, moved, reason=reason or reasons_given(standing))
    return judged


def reasons_given(standing) -> str:
    """A deviation that was documented before does not hold up another move."""
    return next((row.deviation_reason for row in standing.values() if row.deviation_reason), "")
