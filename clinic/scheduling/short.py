"""Why no sequence of visits fits, in the words of who has to do something about it."""

from dataclasses import replace

from django.utils import timezone

from clinic.scheduling import bridge, lapses, sequences, windows
from clinic.scheduling.calendar import Offer, Shortfall
from clinic.scheduling.errors import NothingFits, days
from clinic.scheduling.errors import day as day_words


def nothing_fits(search, shortfall: Shortfall, wishes) -> NothingFits:
    """Which visit, which days, what is short, and the least that would help."""
    session, grid = search.by_key[shortfall.key], search.diary.grid
    over = _window_over(search, session, wishes)
    first, last = (day_words(grid.date(on)) for on in (shortfall.first_day, shortfall.last_day))
    words = over or f"{session} fits nowhere {f'on {first}' if first == last else ''}"
    if not over:
        words += "." if first == last else f"between {first} and {last}."
        words += (
            _lapsed(search, shortfall)
            or _too_long(search, shortfall, wishes)
            or _missing(search, shortfall)
        )
        words += _without_wishes(search, wishes)
    if booked := search.standing.get(shortfall.key):
        words = f"{booked} is booked already and stands in the way: move it to a later day first."
    if shortfall.widen:
        least = " and ".join(
            f"{search.by_key[each.key]} {days(abs(each.days))} "
            f"{'later' if each.days > 0 else 'earlier'} than its window"
            for each in shortfall.widen
        )
        words += f" The smallest step that helps: {least}, which needs a documented reason."
    offer = shortfall.offer if shortfall.widen else None
    told = search.told("widened", "Outside a window", offer) if offer else None
    ask = "over" if over else "full" if wishes.any_time and wishes.person is None else ""
    return NothingFits(words, offer=told, ask=ask, session=session)


def _window_over(search, session, wishes) -> str:
    """That the session's window ended before it was booked; empty when it did not."""
    dates = bridge.dates_of(search.sessions, search.standing, search.zone)
    previous = windows.session_before(session, search.sessions, dates)
    before = dates[previous.pk] if previous else None
    _, latest = windows.window_dates(session, before)
    today = timezone.localtime(search.now, search.zone).date()
    if latest is None or latest > today or (latest == today and not wishes.any_time):
        return ""
    ends = "ends today" if latest == today else "is over"
    return (
        f"The window of {str(session).lower()} {ends}: it belongs by {day_words(latest)}, and "
        "no time is left in it. A clinician has to revise the plan, or allow a later day with a "
        "documented reason."
    )


def _lapsed(search, shortfall: Shortfall) -> str:
    """That whoever or whatever could be had may not be booked any more by then."""
    last = search.diary.grid.date(shortfall.last_day)
    for need in _visit(search, shortfall.key).needs:
        pool = search.house.named(need.pool)
        until = lapses.last_days(pool)
        if pool and all(until.get(each.pk, last) < last for each in pool):
            return f" {' '.join(lapses.words_of(each) for each in pool)}"
    return ""


def _too_long(search, shortfall: Shortfall, wishes) -> str:
    """That the visit is longer than the hours, were everything free in them."""
    visit, wish = _visit(search, shortfall.key), search.wish(wishes)
    diary = bridge.read_diary(
        search.first_day,
        search.diary.grid.days,
        resources=[*search.house.resources.values(), search.patient],
        zone=search.zone,
        bookings=False,
    )
    starts = diary.everywhere if wish.starts is None else wish.starts
    for need in visit.needs:
        if need.pool and not any(diary.starts_of(pk, visit, need) & starts for pk in need.pool):
            asked = "" if wishes.any_time else " in the hours and on the weekdays asked for"
            return (
                f" The visit takes {visit.quarters * 15} minutes: that is longer than "
                f"{need.what} is there without a break{asked}."
            )
    return ""


def _missing(search, shortfall: Shortfall) -> str:
    if not shortfall.short_of:
        return " Several are missing at once in those days: no single free resource would do."
    short = " or ".join(need.what for need in shortfall.short_of)
    minutes = _visit(search, shortfall.key).quarters * 15
    return (
        f" What is missing in those days is {short}, free at the right time "
        f"of a visit of {minutes} minutes."
    )


def _visit(search, key):
    return next(visit for visit in search.visits if visit.key == key)


def _without_wishes(search, wishes) -> str:
    """The one wish whose giving up is enough, if there is one."""
    lighter = {
        "the practitioner asked for": replace(wishes, person=None),
        "the hours asked for": replace(wishes, from_time=None, to_time=None),
        "the weekdays asked for": replace(wishes, weekdays=frozenset()),
        "the date to be done by": replace(wishes, finish_by=None),
    }
    for words, without in lighter.items():
        if without == wishes:
            continue
        offer = sequences.best_offer(
            search.diary, search.visits, wish=search.wish(without), after=search.after
        )
        if isinstance(offer, Offer):
            finish = day_words(search.diary.grid.date(offer.finishes))
            return f" Without {words} it fits, and would finish on {finish}."
    return ""
