"""Doorman of a move: another time, what it does to every later visit, one confirmation."""

import datetime as dt
import json

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.scheduling import bridge, openings, placing, services, verdicts, windows
from clinic.scheduling.calendar_forms import ColumnForm, PlaceForm
from clinic.scheduling.calendar_views import (
    UNDO,
    came_from,
    clinic_today,
    day_asked,
    menu_page,
    safe_path,
    take_off_pinboard,
)
from clinic.scheduling.errors import SchedulingError, moment
from clinic.scheduling.errors import day as day_words
from clinic.scheduling.forms import ReasonForm
from clinic.scheduling.models import Absence
from clinic.scheduling.views import hash_of, revision_of, slot_from, visit_asked


@require_http_methods(["GET", "POST"])
def move(request, pk):
    """Choose another time, see what it does to every later visit, then move.

    A board asks for the verdict alone, by htmx, and shows it over itself.
    """
    visit = visit_asked(request, pk)
    form = PlaceForm(
        request.POST if "on" in request.POST and "column" not in request.POST else None, visit=visit
    )
    try:
        place = _place_asked(request, visit, form)
        if place is None and request.htmx and form.errors:
            return menu_page(request, visit, form.cleaned_data.get("on") or visit.day, form, 422)
        if place is None:
            return _times_page(request, visit, form, status=422 if form.errors else 200)
        verdict = verdicts.verdict_on_move(visit, place.starts_at, place.resources)
    except SchedulingError as error:
        return _refused_place(request, visit, form, error)
    reason = ReasonForm(request.POST if "reason" in request.POST else None)
    if request.POST.get("step") == "move":
        done = _move(request, visit, verdict, reason)
        if done is not None:
            return done
    return _verdict_page(request, visit, verdict, reason, place.swapped)


def _place_asked(request, visit, form) -> placing.Place | None:
    """Where the visit is to go: a free time chosen, a place on a board, or a time typed."""
    if slot := request.POST.get("slot", ""):
        starts_at, resources = slot_from(slot)
        return placing.Place(starts_at, resources) if starts_at else None
    if "column" in request.POST:
        dropped = ColumnForm(request.POST)
        if not dropped.is_valid():
            return None
        asked, column = dropped.cleaned_data, dropped.cleaned_data["column"]
        starts_at = dt.datetime.combine(asked["on"], asked["at"], bridge.clinic_zone())
        wanted = placing.asked_by_column(visit, column) if column else ()
        return placing.place(visit, starts_at, wanted=wanted)
    if form.is_bound and form.is_valid() and form.cleaned_data.get("starts_at"):
        return placing.place(visit, form.cleaned_data["starts_at"], wanted=form.wanted)
    return None


def _day_of(request, form) -> dt.date | None:
    """The day that was asked for, however it was."""
    if slot := request.POST.get("slot", ""):
        starts_at, _ = slot_from(slot)
        return timezone.localtime(starts_at, bridge.clinic_zone()).date() if starts_at else None
    if form.is_bound:
        return form.cleaned_data.get("on")
    dropped = ColumnForm(request.POST)
    return dropped.cleaned_data.get("on") if dropped.is_valid() else None


def _refused_place(request, visit, form, error):
    if request.htmx:
        on = _day_of(request, form) or visit.day
        context = {"visit": visit, "refusal": error, "on": on, "back": came_from(request)}
        context["times"] = placing.times_on(visit, on, limit=12)
        return render(request, "scheduling/_refused.html", context)
    messages.error(request, str(error))
    return _times_page(request, visit, form, status=409)


def _move(request, visit, verdict, reason):
    """The move itself, if the page that asks showed what would happen now; else None."""
    if request.POST.get("seen") != verdict_print(verdict):
        messages.warning(request, "Meanwhile something changed. This is what would happen now.")
        return None
    given = {}
    if verdict.needs_reason:
        if not reason.is_valid():
            return None
        given = reason.cleaned_data
    try:
        moved = services.move(
            appointment=visit,
            starts_at=verdict.starts_at,
            resources=verdict.resources,
            by=request.user,
            revision=revision_of(request),
            later=tuple(verdict.moves),
            **given,
        )
    except SchedulingError as error:
        messages.error(request, f"Nothing was moved. {error}")
        return _times_page(request, visit, PlaceForm(visit=visit), status=409)
    also = f", and {len(moved) - 1} later with it" if len(moved) > 1 else ""
    to = moment(verdict.starts_at)
    messages.success(request, f"The visit is moved to {to}{also}. Undo takes all of it back.")
    take_off_pinboard(request, visit)
    back = safe_path(request.POST.get("next"))
    if back:
        request.session[UNDO] = str(visit.pk)
    return redirect(back or visit)


def verdict_print(verdict) -> str:
    """What a verdict says, in short: a second look must come to the same before a move is made."""
    told = [
        [str(later.appointment.pk), later.verdict, later.choice.as_json() if later.choice else None]
        for later in verdict.later
    ]
    return hash_of(json.dumps([verdict.starts_at.isoformat(), list(verdict.resources), told]))


def _times_page(request, visit, form, status=200):
    window = _window_of(visit)
    on = day_asked(request)[0] if request.GET.get("on") else _first_day(visit, window)
    found = openings.openings_for_visit(visit, start_from=on, within_days=LOOK_DAYS, limit=400)
    found = [each for each in found if each.starts_at != visit.starts_at]
    inside, outside = _by_day(found, window)
    may_leave = request.user.has_perm("scheduling.override_window")
    return render(
        request,
        "scheduling/move.html",
        {
            "visit": visit,
            "patient": visit.patient,
            "form": form,
            "on": on,
            "days": inside,
            "outside": outside if may_leave else [],
            "left_out": bool(outside) and not may_leave,
            "may_leave_window": may_leave,
            "closed": _closed_days(window, on),
            "later": on + dt.timedelta(days=7),
            "earlier": max(on - dt.timedelta(days=7), clinic_today()),
            "window": window,
        },
        status=status,
    )


LOOK_DAYS = 14
A_DAY_SHOWS = 8


def _first_day(visit, window) -> dt.date:
    """Some days before the visit, but no day on which it could not be."""
    earliest, latest = window or (dt.date.min, None)
    on = max(visit.day - dt.timedelta(days=3), clinic_today(), earliest)
    return max(clinic_today(), earliest) if latest and on > latest else on


def _by_day(openings, window) -> tuple[list, list]:
    """Free times by day, some over all of a day that is wide open: inside the window, outside."""
    zone = bridge.clinic_zone()
    days: dict[dt.date, list] = {}
    for opening in openings:
        days.setdefault(timezone.localtime(opening.starts_at, zone).date(), []).append(opening)
    earliest, latest = window or (dt.date.min, None)
    inside, outside = [], []
    for day, found in days.items():
        side = inside if earliest <= day <= (latest or dt.date.max) else outside
        side.append((day, found[:: -(-len(found) // A_DAY_SHOWS)]))
    return inside, outside


def _closed_days(window, on) -> list[str]:
    """When the whole clinic is closed within the window, or within the days that are shown."""
    zone, last = bridge.clinic_zone(), on + dt.timedelta(days=LOOK_DAYS)
    first, last = (window[0], window[1] or last) if window else (on, last)
    starts = dt.datetime.combine(first, dt.time(0), zone)
    ends = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(0), zone)
    rows = Absence.objects.filter(resource=None, during__overlap=(starts, ends)).order_by("during")
    return [_closed(row, zone) for row in rows]


def _closed(row: Absence, zone) -> str:
    first = timezone.localtime(row.during.lower, zone).date()
    last = timezone.localtime(row.during.upper - dt.timedelta(seconds=1), zone).date()
    days = day_words(first) if first == last else f"{day_words(first)} to {day_words(last)}"
    return f"The clinic is closed {days}{f' ({row.note})' if row.note else ''}."


def _window_of(visit) -> tuple[dt.date, dt.date | None] | None:
    """The days between which the visit belongs, as the visits before it stand now."""
    if visit.session_id is None:
        return None
    plan, zone = visit.session.block.plan, bridge.clinic_zone()
    sessions, standing = bridge.sessions_of(plan), bridge.standing_by_session(plan)
    dates = bridge.dates_of(sessions, standing, zone)
    own = next(each for each in sessions if each.pk == visit.session_id)
    before = windows.session_before(own, sessions, dates)
    return windows.window_dates(own, dates[before.pk] if before else None)


def _verdict_page(request, visit, verdict, reason, swapped=()):
    slot = f"{verdict.starts_at.isoformat()}|{','.join(str(pk) for pk in verdict.resources)}"
    house = bridge.House()
    return render(
        request,
        "scheduling/_verdict.html" if request.htmx else "scheduling/verdict.html",
        {
            "visit": visit,
            "patient": visit.patient,
            "verdict": verdict,
            "named": house.named(verdict.resources),
            "swapped": swapped,
            "slot": slot,
            "seen": verdict_print(verdict),
            "reason": reason,
            "back": safe_path(request.POST.get("next")) or came_from(request),
            "may_leave_window": request.user.has_perm("scheduling.override_window"),
        },
    )
