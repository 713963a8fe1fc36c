"""The clinical windows of a plan's sessions, judged on dates."""

import datetime as dt

from clinic.scheduling import bridge
from clinic.scheduling.errors import OutOfOrder, TooLate, TooSoon, WindowMissed


def window_dates(session, before: dt.date | None) -> tuple[dt.date, dt.date | None]:
    """Earliest and latest day of a session after the one `before`; no latest without a window."""
    window = bridge.window_of(session)
    if window is None or before is None:
        return session.target_on, None
    return before + dt.timedelta(days=window.least), before + dt.timedelta(days=window.most)


def target_date(session, before: dt.date | None) -> dt.date:
    window = bridge.window_of(session)
    if window is None or before is None:
        return session.target_on
    return before + dt.timedelta(days=window.typical)


def session_before(session, sessions, dates: dict):
    """The one that is held before it; `sessions` are in the order of `bridge.in_order`.

    One that was missed counts only once it has a day again.
    """
    place = [each.pk for each in sessions].index(session.pk)
    counts = (
        each
        for each in reversed(sessions[:place])
        if dates.get(each.pk) or not hasattr(each, "counts_like")
    )
    return next(counts, None)


def sessions_after(session, sessions) -> list:
    return sessions[[each.pk for each in sessions].index(session.pk) + 1 :]


def target_in(session, dates: dict, sessions) -> dt.date:
    """The session's target day, counted from the day that the session before it has in `dates`."""
    previous = session_before(session, sessions, dates)
    return target_date(session, dates.get(previous.pk) if previous else None)


def is_passed_over(session, sessions) -> bool:
    """A session that was not held though a later one was."""
    return bridge.performed_on(session) is None and any(
        bridge.performed_on(each) for each in sessions if each.number > session.number
    )


def window_problem(session, dates: dict, sessions) -> WindowMissed | None:
    """Why the session's day is outside its window, counted from the day of the session before it.

    `dates` holds the day of each session, as performed or as it is (to be) booked. OutOfOrder is
    raised when the session before has none.
    """
    on = dates[session.pk]
    previous = session_before(session, sessions, dates)
    before = dates.get(previous.pk) if previous else None
    if previous and before is None:
        raise OutOfOrder(session, previous)
    earliest, latest = window_dates(session, before)
    if on < earliest:
        return TooSoon(session, on, before, earliest, latest)
    if latest and on > latest:
        return TooLate(session, on, before, earliest, latest)
    return None
