"""Doormen of booking: who may enter is the table of doors, what is done is a service."""

import datetime as dt
import hashlib
import json
from uuid import uuid4

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.scheduling import (
    bridge,
    desk,
    following,
    holds,
    offers,
    placing,
    services,
    today,
    windows,
)
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
from clinic.scheduling.errors import NothingFits, SchedulingError, moment
from clinic.scheduling.forms import CancelForm, ReasonForm, VisitForm, WishesForm
from clinic.scheduling.live import live
from clinic.scheduling.models import COMING, MOVES, Appointment, State
from clinic.scheduling.offers import Choice
from patients.models import Patient
from planner.models import Plan, PlannedSession

# --- a whole plan ------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def book_plan(request, pk):
    """Offers, then one of them to confirm, then booked."""
    plan = get_object_or_404(Plan.objects.visible_to(request.user).with_people(), pk=pk)
    if request.method == "GET":
        return _offers_page(request, plan)
    choices = _choices_from(request.POST.get("choices", ""), plan)
    if choices is None:
        messages.error(request, "This offer is out of date. Choose one of these.")
        return _offers_page(request, plan)
    if request.POST.get("step") != "book":
        return _confirm_page(request, plan, choices, uuid4().hex)
    hold = request.POST.get("minutes", "") if request.POST.get("hold") else ""
    minutes = int(hold) if hold.isdigit() and int(hold) in holds.LENGTHS else None
    try:
        booked = services.book_plan(
            plan=plan,
            choices=choices,
            by=request.user,
            key=request.POST.get("key", ""),
            hold_minutes=minutes,
        )
    except SchedulingError as error:
        messages.error(request, f"Nothing was booked. {error}")
        return _offers_page(request, plan, status=409)
    if minutes:
        messages.success(request, f"The times are held for {plan.patient}. Nothing is booked yet.")
        return redirect("scheduling:book_plan", plan.pk)
    count = f"{len(booked)} visits are" if len(booked) > 1 else "One visit is"
    messages.success(request, f"{count} booked for {plan.patient}.")
    return redirect("scheduling:book_plan", plan.pk)


def _offers_page(request, plan, status=200):
    asked = request.GET if request.GET else None
    form = WishesForm(asked)
    holds.release_expired()
    following.follow(plan)
    found, refusal, way_out = [], "", None
    booked = Appointment.objects.visible_to(request.user).of_plan(plan).standing().with_people()
    wishes = form.wishes()
    provisional = bool(form.is_bound and form.cleaned_data.get("provisional"))
    if plan.state not in ("approved", "in_progress"):
        refusal = f"{plan} is {plan.get_state_display().lower()}: only a signed plan is booked."
    elif not form.is_bound or form.is_valid():
        try:
            found = offers.offers_for(plan, wishes=wishes, provisional=provisional)
        except NothingFits as error:
            refusal, way_out = str(error), error.offer
    context = {
        "plan": plan,
        "patient": plan.patient,
        "form": form,
        "offers": [(offer, _as_text(offer.choices)) for offer in found],
        "refusal": refusal,
        "way_out": way_out,
        "booked": booked,
        "waiting": _waiting(plan, booked),
        "wished": any(request.GET.values()),
    } | desk.about_plan(plan)
    return render(request, "scheduling/book_plan.html", context, status=status)


def _waiting(plan, booked) -> list[PlannedSession]:
    held = {visit.session_id for visit in booked}
    sessions = plan.sessions.filter(performance=None).select_related("block")
    return [session for session in sessions if session.pk not in held]


def _as_text(choices) -> str:
    return json.dumps([choice.as_json() for choice in choices])


def _choices_from(text: str, plan) -> list[Choice] | None:
    """What a form sent, as choices for sessions of this plan; None if it makes no sense."""
    try:
        rows = json.loads(text)
        sessions = {str(each.pk): each for each in bridge.sessions_of(plan)}
        return [
            Choice(
                sessions[row["session"]],
                _aware(row["starts_at"]),
                tuple(int(pk) for pk in row["resources"]),
            )
            for row in rows
        ] or None
    except (ValueError, KeyError, TypeError):
        return None


def _aware(text: str) -> dt.datetime:
    at = parse_datetime(text)
    if at is None or timezone.is_naive(at):
        raise ValueError("an instant names its offset")
    return at


def _confirm_page(request, plan, choices, key):
    context = {
        "plan": plan,
        "patient": plan.patient,
        "visits": offers.told_again(choices),
        "choices": _as_text(choices),
        "key": key,
    }
    context["hold_lengths"] = holds.LENGTHS
    return render(request, "scheduling/confirm_plan.html", context)


# --- a visit without a plan --------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def new_visit(request, pk):
    """Search the next times for a kind of visit, and book one of them."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    form = VisitForm(request.POST or request.GET or None)
    found, refusal = [], ""
    if form.is_bound and form.is_valid():
        if request.method == "POST" and "slot" in request.POST:
            booked, refusal = _book_visit(request, patient, form)
            if booked:
                messages.success(request, f"Booked: {booked}.")
                return redirect(booked)
        found = offers.openings_for_kind(
            patient,
            form.cleaned_data["kind"],
            minutes=form.length,
            person=int(form.cleaned_data["person"]) if form.cleaned_data["person"] else None,
            start_from=form.cleaned_data["start_from"],
        )
    return render(
        request,
        "scheduling/new_visit.html",
        {
            "patient": patient,
            "form": form,
            "openings": found,
            "searched": form.is_bound and form.is_valid(),
            "refusal": refusal,
            "key": request.POST.get("key") or uuid4().hex,
        },
        status=409 if refusal else 200,
    )


def _book_visit(request, patient, form):
    starts_at, resources = _slot_from(request.POST["slot"])
    if starts_at is None:
        return None, "This time is out of date. Choose one of these."
    try:
        booked = services.book_visit(
            patient=patient,
            kind=form.cleaned_data["kind"],
            starts_at=starts_at,
            resources=resources,
            by=request.user,
            key=f"{request.POST.get('key', '')[:32]}{hash_of(request.POST['slot'])}",
            minutes=form.length,
            note=form.cleaned_data["note"],
        )
    except SchedulingError as error:
        return None, str(error)
    return booked, ""


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _slot_from(text: str) -> tuple[dt.datetime | None, tuple[int, ...]]:
    """ "2027-01-11T09:00:00+00:00|3,7" as a start and resources; (None, ()) for anything else."""
    starts, _, ids = text.partition("|")
    try:
        return _aware(starts), tuple(int(pk) for pk in ids.split(",") if pk)
    except ValueError:
        return None, ()


# --- one visit ---------------------------------------------------------------------------------


def _visit(request, pk) -> Appointment:
    visits = Appointment.objects.visible_to(request.user).with_people()
    return get_object_or_404(visits, pk=pk)


@require_GET
@live
def appointment(request, pk):
    visit = _visit(request, pk)
    return _visit_page(request, visit, CancelForm())


def _visit_page(request, visit, cancel_form, status=200):
    state = State(visit.state)
    last = services.last_undoable(visit)
    today.with_marks([visit])
    about = desk.about_visit(request.user, visit)
    asked = about["gates"]
    siblings = []
    if visit.session_id:
        siblings = (
            Appointment.objects.visible_to(request.user)
            .of_plan(visit.session.block.plan)
            .with_people()
            .order_by("starts_at")
        )
    return render(
        request,
        "scheduling/appointment.html",
        {
            "visit": visit,
            "patient": visit.patient,
            "steps": today.steps_of(visit),
            "can_move": state in COMING,
            "can_cancel": State.CANCELLED in MOVES[state],
            "last": last,
            "changes": visit.changes.select_related("by").order_by("-at", "-pk"),
            "siblings": siblings,
            "open_gates": sum(not gate.met for gate in asked),
            "cancel_form": cancel_form,
        }
        | about,
        status=status,
    )


def _revision(request) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isdigit() else -1


def _deed(request, visit, deed, words, **fields):
    """Do one thing to a visit and go back to where it was asked; a refusal is said there."""
    back = safe_path(request.POST.get("next"))
    try:
        deed(appointment=visit, by=request.user, revision=_revision(request), **fields)
    except SchedulingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{visit.patient}: {words}" if back else words)
        if back and deed is not services.undo:
            request.session[UNDO] = str(visit.pk)
    return redirect(back or visit)


@require_POST
def change_state(request, pk):
    visit, to = _visit(request, pk), request.POST.get("to", "")
    if to not in today.STEP_WORDS:
        messages.error(request, "That is no state of a visit.")
        return redirect(visit)
    words = f"The visit is now {State(to).label.lower()}."
    return _deed(request, visit, services.change_state, words, to=to)


@require_POST
def undo(request, pk):
    return _deed(request, _visit(request, pk), services.undo, "Undone.")


@require_POST
def pin(request, pk):
    visit = _visit(request, pk)
    pinned = request.POST.get("pinned") == "yes"
    words = "This date is fixed now." if pinned else "This date may move again."
    return _deed(request, visit, services.set_pinned, words, pinned=pinned)


@require_POST
def cancel(request, pk):
    visit, form = _visit(request, pk), CancelForm(request.POST)
    if not form.is_valid():
        return _visit_page(request, visit, form, status=422)
    return _deed(
        request,
        visit,
        services.cancel,
        "The visit is cancelled and its time is free.",
        reason=form.cleaned_data["reason"],
        note=form.cleaned_data["note"],
    )


@require_http_methods(["GET", "POST"])
def move(request, pk):
    """Choose another time, see what it does to every later visit, then move.

    A board asks for the verdict alone, by htmx, and shows it over itself.
    """
    visit = _visit(request, pk)
    form = PlaceForm(
        request.POST if "on" in request.POST and "column" not in request.POST else None, visit=visit
    )
    try:
        place = _place_asked(request, visit, form)
        if place is None and request.htmx and form.errors:
            return menu_page(request, visit, form.cleaned_data.get("on") or visit.day, form, 422)
        if place is None:
            return _times_page(request, visit, form, status=422 if form.errors else 200)
        verdict = offers.verdict_on_move(visit, place.starts_at, place.resources)
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
        starts_at, resources = _slot_from(slot)
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
        starts_at, _ = _slot_from(slot)
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
            revision=_revision(request),
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
    on, _ = day_asked(request)
    if not request.GET.get("on"):
        on = max(visit.day - dt.timedelta(days=3), clinic_today())
    return render(
        request,
        "scheduling/move.html",
        {
            "visit": visit,
            "patient": visit.patient,
            "form": form,
            "on": on,
            "days": _by_day(
                offers.openings_for_visit(visit, start_from=on, within_days=14, limit=400)
            ),
            "later": on + dt.timedelta(days=7),
            "earlier": max(on - dt.timedelta(days=7), clinic_today()),
            "window": _window_of(visit),
        },
        status=status,
    )


A_DAY_SHOWS = 8


def _by_day(openings) -> list[tuple[dt.date, list]]:
    """Free times by day; of a day that is wide open, some over all of it."""
    zone = bridge.clinic_zone()
    days: dict[dt.date, list] = {}
    for opening in openings:
        days.setdefault(timezone.localtime(opening.starts_at, zone).date(), []).append(opening)
    return [(day, found[:: -(-len(found) // A_DAY_SHOWS)]) for day, found in days.items()]


def _window_of(visit) -> tuple[dt.date, dt.date | None] | None:
    """The days between which the visit belongs, as the visits before it stand now."""
    if visit.session_id is None:
        return None
    plan, zone = visit.session.block.plan, bridge.clinic_zone()
    sessions, standing = bridge.sessions_of(plan), bridge.standing_by_session(plan)
    before = windows.session_before(visit.session, sessions)
    return windows.window_dates(
        visit.session, bridge.date_of(before, standing, zone) if before else None
    )


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
