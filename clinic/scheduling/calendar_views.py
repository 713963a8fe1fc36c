"""Doormen of the calendar's screens: day, list, week, what to do with a visit, what waits."""

import datetime as dt
from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.scheduling import board, bridge, placing, services, today, worklist
from clinic.scheduling.calendar_forms import DayForm, OpeningsForm, PlaceForm
from clinic.scheduling.live import live
from clinic.scheduling.models import COMING, Appointment, Resource, State, VisitKind
from patients.models import Patient

SHOWN = {
    "": ("All visits", lambda visit: True),
    "unconfirmed": ("Not confirmed yet", lambda visit: visit.state in COMING[:2]),
    "here": ("In the house", lambda visit: visit.state in (State.ARRIVED, State.IN_ROOM)),
    "procedures": ("Procedures", lambda visit: visit.kind == VisitKind.PROCEDURE),
    "talks": ("Consultations and reviews", lambda visit: visit.kind != VisitKind.PROCEDURE),
    "provisional": ("Provisional dates", lambda visit: visit.provisional),
}
"""What the filter can bring out; the rest stays on the board as time that is taken."""

WISH = ("kind", "minutes", "person", "start_from", "at")
MANY = 60  # openings searched, so that a time late on the first day is among them
PINBOARD = "pinboard"  # in the session: the visits that this person has put aside
UNDO = "calendar_undo"  # in the session: the visit that was changed last, said once


def clinic_today() -> dt.date:
    return timezone.localtime(timezone.now(), bridge.clinic_zone()).date()


def day_asked(request) -> tuple[dt.date, DayForm]:
    """The day in the address, or today; the form says what was wrong with another one."""
    form = DayForm({"on": request.GET.get("on", "")})
    return (form.cleaned_data["on"] if form.is_valid() else None) or clinic_today(), form


# --- the day and the week ----------------------------------------------------------------------


@require_GET
@live
def day(request):
    """One day: a column for each person, room or device, or the list of the day."""
    on, jump = day_asked(request)
    by = request.GET.get("by", "")
    by = by if by == "list" or by in board.COLUMNS else "people"
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in SHOWN else ""
    keep = [("by", by), *([("show", chosen)] if chosen else [])]
    keep += [("only", pk) for pk in request.GET.getlist("only")]
    context = {
        "on": on,
        "by": by,
        "jump": jump,
        "keep": keep,
        "kept": "&" + urlencode(keep),
        "ways": [*((code, words) for code, (_, words) in board.COLUMNS.items()), ("list", "List")],
        "show": chosen,
        "shown": [(code, words) for code, (words, _) in SHOWN.items()],
        "before": on - dt.timedelta(days=1),
        "after": on + dt.timedelta(days=1),
        "today": clinic_today(),
        "back": request.get_full_path(),
    }
    if by == "list":
        visits = today.whole_day(request.user, on)
        context |= today.as_list([visit for visit in visits if SHOWN[chosen][1](visit)])
    else:
        context |= _columns_of(request, on, by, SHOWN[chosen][1])
    return render(request, "scheduling/day.html", context | beside(request))


def _columns_of(request, on, by, matches) -> dict:
    kind, _ = board.COLUMNS[by]
    everyone = list(Resource.objects.bookable().of_kind(kind))
    asked = set(request.GET.getlist("only"))
    some = [each for each in everyone if str(each.pk) in asked] or everyone
    drawn = board.day_board(request.user, on, some).showing(matches)
    today.with_marks(drawn.visits)
    return {
        "board": drawn,
        "marked": sum(bool(visit.marks) for visit in drawn.visits),
        "everyone": [(each, each in some) for each in everyone],
        "narrowed": len(some) < len(everyone),
    }


@require_GET
@live
def week(request):
    on, jump = day_asked(request)
    monday = on - dt.timedelta(days=on.weekday())
    resources = list(Resource.objects.bookable())
    mine = next((each for each in resources if each.user_id == request.user.pk), None)
    asked = request.GET.get("resource", "")
    chosen = next((each for each in resources if str(each.pk) == asked), mine)
    chosen = chosen or next(iter(sorted(resources, key=lambda r: r.kind != "person")), None)
    drawn = board.week_board(request.user, monday, chosen) if chosen else None
    if drawn:
        drawn.showing(SHOWN[""][1])
        today.with_marks(drawn.visits)
    return render(
        request,
        "scheduling/week.html",
        {
            "on": on,
            "jump": jump,
            "keep": [("resource", chosen.pk)] if chosen else [],
            "monday": monday,
            "sunday": monday + dt.timedelta(days=6),
            "resource": chosen,
            "groups": [
                (label, [each for each in resources if each.kind == kind])
                for kind, label in board.COLUMNS.values()
            ],
            "board": drawn,
            "before": monday - dt.timedelta(days=7),
            "after": monday + dt.timedelta(days=7),
            "today": clinic_today(),
            "back": request.get_full_path(),
        }
        | beside(request),
    )


def beside(request) -> dict:
    """What lies beside every calendar: the pinboard, and the deed that can be taken back."""
    ids = request.session.get(PINBOARD, [])
    visits = Appointment.objects.visible_to(request.user).filter(pk__in=ids, state__in=COMING)
    found = {str(visit.pk): visit for visit in visits.with_people()}
    pinned = [found[pk] for pk in ids if pk in found]
    for visit in pinned:
        visit.quarters_long = visit.minutes // 15
    context = {"pinboard": pinned}
    if "X-Background" not in request.headers:
        last = request.session.pop(UNDO, None)
        visit = Appointment.objects.visible_to(request.user).filter(pk=last).first()
        if visit and services.last_undoable(visit):
            context["undo"] = visit
    return context


# --- what to do with a visit, without leaving the board ----------------------------------------


@require_GET
def menu(request, pk):
    """All that dragging does and more, by buttons; a part of the calendar's page."""
    visit = get_object_or_404(Appointment.objects.visible_to(request.user).with_people(), pk=pk)
    if not request.htmx:
        return redirect(visit)
    on, _ = day_asked(request)
    form = PlaceForm(initial={"on": on, "at": visit.starts_at}, visit=visit)
    return menu_page(request, visit, on, form)


def menu_page(request, visit, on, form, status=200):
    may_move = visit.state in COMING and request.user.has_perm("scheduling.change_appointment")
    today.as_list([visit])
    visit.missing = today.missing(visit)
    return render(
        request,
        "scheduling/_menu.html",
        {
            "visit": visit,
            "on": on,
            "back": came_from(request),
            "may_move": may_move,
            "times": placing.times_on(visit, on) if may_move else [],
            "form": form,
            "on_pinboard": str(visit.pk) in request.session.get(PINBOARD, []),
            "last": services.last_undoable(visit),
        },
        status=status,
    )


@require_GET
def missing(request, pk):
    """What still keeps a visit from starting; a part of a day's list."""
    visit = get_object_or_404(Appointment.objects.visible_to(request.user).with_people(), pk=pk)
    if not request.htmx:
        return redirect(visit)
    visit.missing = today.missing(visit)
    return render(request, "scheduling/_missing.html", {"visit": visit})


def came_from(request) -> str:
    """The page of ours that a part was asked from, to come back to."""
    return safe_path(request.htmx.current_url_abs_path if request.htmx else "")


def safe_path(path: str | None) -> str:
    return path if path and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""


@require_POST
def pinboard(request, pk):
    """Put a visit aside while changing days, or take it off again; its booking stays as it is."""
    visit = get_object_or_404(Appointment.objects.visible_to(request.user), pk=pk)
    ids = [each for each in request.session.get(PINBOARD, []) if each != str(visit.pk)]
    if request.POST.get("to") == "on":
        ids.append(str(visit.pk))
        messages.success(
            request, f"{visit.patient} is on your pinboard. The booking stays for now."
        )
    request.session[PINBOARD] = ids
    return redirect(safe_path(request.POST.get("next")) or "scheduling:day")


def take_off_pinboard(request, visit):
    ids = request.session.get(PINBOARD, [])
    if str(visit.pk) in ids:
        request.session[PINBOARD] = [each for each in ids if each != str(visit.pk)]


# --- what waits, and when something is free ----------------------------------------------------


@require_GET
def to_book(request):
    """Plans signed and not booked, and sessions of running plans that are due and not booked."""
    return render(
        request,
        "scheduling/to_book.html",
        {
            "plans": worklist.plans_to_book(request.user),
            "due": worklist.sessions_due(request.user, clinic_today()),
        },
    )


@require_http_methods(["GET", "POST"])
def openings(request):
    """The next times for a kind of visit, before one knows for whom; then whom, by a POST."""
    asked = request.POST if request.method == "POST" else request.GET
    form = OpeningsForm(asked if "kind" in asked else None)
    found, patients, query = [], [], request.POST.get("q", "").strip()
    if form.is_bound and form.is_valid():
        wanted = form.cleaned_data
        found = placing.openings_for_anybody(
            wanted["kind"],
            minutes=form.length,
            person=int(wanted["person"]) if wanted["person"] else None,
            start_from=wanted["start_from"],
            limit=MANY,
        )
        found = placing.not_before(found, asked.get("at", ""))
        if query:
            patients = Patient.objects.visible_to(request.user).matching(query)[:8]
    wish = [(name, asked.get(name, "")) for name in WISH]
    return render(
        request,
        "scheduling/openings.html",
        {
            "form": form,
            "openings": found,
            "patients": patients,
            "query": query,
            "wish": wish,
            "wish_query": urlencode([pair for pair in wish if pair[1]]),
            "searched": form.is_bound and form.is_valid(),
        },
    )
