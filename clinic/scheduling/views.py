"""Doormen of the calendar: who may enter is the table of doors, what is done is a service."""

import datetime as dt
import hashlib
import json
from uuid import uuid4

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.scheduling import board, bridge, offers, services
from clinic.scheduling.errors import NothingFits, SchedulingError
from clinic.scheduling.forms import CancelForm, MoveForm, ReasonForm, VisitForm, WishesForm
from clinic.scheduling.models import (
    COMING,
    MOVES,
    Appointment,
    Resource,
    State,
    unbooked_plans,
)
from clinic.scheduling.offers import Choice
from patients.models import Patient
from planner.models import Plan, PlannedSession

# --- the calendar ------------------------------------------------------------------------------


def _day_asked(request) -> dt.date:
    """The day in the address, or today; a day that is none is today too."""
    try:
        asked = parse_date(request.GET.get("on", ""))
    except ValueError:
        asked = None
    return asked or timezone.localtime(timezone.now(), bridge.clinic_zone()).date()


@require_GET
def day(request):
    on, by = _day_asked(request), request.GET.get("by", "")
    by = by if by in board.COLUMNS else "people"
    one = dt.timedelta(days=1)
    return render(
        request,
        "scheduling/day.html",
        {
            "on": on,
            "by": by,
            "columns": [(code, words) for code, (_, words) in board.COLUMNS.items()],
            "board": board.day_board(request.user, on, by),
            "before": on - one,
            "after": on + one,
            "today": timezone.localtime(timezone.now(), bridge.clinic_zone()).date(),
        },
    )


@require_GET
def week(request):
    on = _day_asked(request)
    monday = on - dt.timedelta(days=on.weekday())
    resources = list(Resource.objects.bookable())
    mine = next((each for each in resources if each.user_id == request.user.pk), None)
    asked = request.GET.get("resource", "")
    chosen = next((each for each in resources if str(each.pk) == asked), mine)
    chosen = chosen or next(iter(sorted(resources, key=lambda r: r.kind != "person")), None)
    return render(
        request,
        "scheduling/week.html",
        {
            "on": on,
            "monday": monday,
            "sunday": monday + dt.timedelta(days=6),
            "resource": chosen,
            "groups": [
                (label, [each for each in resources if each.kind == kind])
                for kind, label in board.COLUMNS.values()
            ],
            "board": board.week_board(request.user, monday, chosen) if chosen else None,
            "before": monday - dt.timedelta(days=7),
            "after": monday + dt.timedelta(days=7),
            "today": timezone.localtime(timezone.now(), bridge.clinic_zone()).date(),
        },
    )


@require_GET
def to_book(request):
    """Signed plans with a firm session that is not booked, the longest waiting first."""
    visible = Plan.objects.visible_to(request.user)
    plans = unbooked_plans().filter(pk__in=visible.values("pk"))
    return render(request, "scheduling/to_book.html", {"plans": plans})


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
    try:
        booked = services.book_plan(
            plan=plan, choices=choices, by=request.user, key=request.POST.get("key", "")
        )
    except SchedulingError as error:
        messages.error(request, f"Nothing was booked. {error}")
        return _offers_page(request, plan, status=409)
    count = f"{len(booked)} visits are" if len(booked) > 1 else "One visit is"
    messages.success(request, f"{count} booked for {plan.patient}.")
    return redirect("scheduling:book_plan", plan.pk)


def _offers_page(request, plan, status=200):
    asked = request.GET if request.GET else None
    form = WishesForm(asked)
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
    }
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


NEXT_WORDS = {
    State.SCHEDULED: "Schedule",
    State.CONFIRMED: "Confirm",
    State.ARRIVED: "Arrived",
    State.IN_ROOM: "In room",
    State.COMPLETED: "Completed",
    State.NO_SHOW: "No-show",
}


@require_GET
def appointment(request, pk):
    visit = _visit(request, pk)
    return _visit_page(request, visit, CancelForm())


def _visit_page(request, visit, cancel_form, status=200):
    state = State(visit.state)
    last = services.last_undoable(visit)
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
            "steps": [(to, NEXT_WORDS[to]) for to in MOVES[state] if to != State.CANCELLED],
            "can_move": state in COMING,
            "can_cancel": State.CANCELLED in MOVES[state],
            "last": last,
            "changes": visit.changes.select_related("by").order_by("-at", "-pk"),
            "siblings": siblings,
            "cancel_form": cancel_form,
        },
        status=status,
    )


def _revision(request) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isdigit() else -1


def _deed(request, visit, deed, words, **fields):
    """Do one thing to a visit and go back to it; a refusal is said there."""
    try:
        deed(appointment=visit, by=request.user, revision=_revision(request), **fields)
    except SchedulingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return redirect(visit)


@require_POST
def change_state(request, pk):
    visit, to = _visit(request, pk), request.POST.get("to", "")
    if to not in NEXT_WORDS:
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
    """Choose another time, see what it does to every later visit, then move."""
    visit = _visit(request, pk)
    form = MoveForm(request.POST if "on" in request.POST else None)
    slot = request.POST.get("slot", "")
    starts_at, resources = _slot_from(slot) if slot else (None, ())
    if form.is_bound and form.is_valid():
        starts_at = form.cleaned_data["starts_at"]
        resources = tuple(each.pk for each in [*visit.people, visit.room, *visit.devices] if each)
    if starts_at is None:
        return _times_page(request, visit, form)
    try:
        verdict = offers.verdict_on_move(visit, starts_at, resources)
    except SchedulingError as error:
        messages.error(request, str(error))
        return _times_page(request, visit, form, status=409)
    reason = ReasonForm(request.POST if "reason" in request.POST else None)
    if request.POST.get("step") == "move":
        done = _move(request, visit, verdict, reason)
        if done is not None:
            return done
    return _verdict_page(request, visit, verdict, reason)


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
        return _times_page(request, visit, MoveForm(), status=409)
    also = f", and {len(moved) - 1} later with it" if len(moved) > 1 else ""
    messages.success(request, f"The visit is moved{also}. Undo takes all of it back.")
    return redirect(visit)


def verdict_print(verdict) -> str:
    """What a verdict says, in short: a second look must come to the same before a move is made."""
    told = [
        [str(later.appointment.pk), later.verdict, later.choice.as_json() if later.choice else None]
        for later in verdict.later
    ]
    return hash_of(json.dumps([verdict.starts_at.isoformat(), list(verdict.resources), told]))


def _times_page(request, visit, form, status=200):
    on = (
        _day_asked(request)
        if request.GET.get("on")
        else max(visit.day - dt.timedelta(days=3), timezone.localdate())
    )
    return render(
        request,
        "scheduling/move.html",
        {
            "visit": visit,
            "patient": visit.patient,
            "form": form,
            "on": on,
            "openings": offers.openings_for_visit(visit, start_from=on, within_days=14, limit=24),
            "later": on + dt.timedelta(days=7),
            "earlier": on - dt.timedelta(days=7),
        },
        status=status,
    )


def _verdict_page(request, visit, verdict, reason):
    slot = f"{verdict.starts_at.isoformat()}|{','.join(str(pk) for pk in verdict.resources)}"
    house = bridge.House()
    return render(
        request,
        "scheduling/verdict.html",
        {
            "visit": visit,
            "patient": visit.patient,
            "verdict": verdict,
            "named": house.named(verdict.resources),
            "slot": slot,
            "seen": verdict_print(verdict),
            "reason": reason,
            "may_leave_window": request.user.has_perm("scheduling.override_window"),
        },
    )
