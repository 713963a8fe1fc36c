"""Doormen of booking: who may enter is the table of doors, what is done is a service."""

import datetime as dt
import hashlib
import json
from uuid import uuid4

from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.scheduling import (
    bridge,
    desk,
    following,
    holds,
    marking,
    money,
    offers,
    openings,
    placing,
    services,
    spreading,
    today,
    unbooking,
)
from clinic.scheduling.calendar_views import (
    UNDO,
    clinic_today,
    safe_path,
)
from clinic.scheduling.errors import NothingFits, SchedulingError
from clinic.scheduling.forms import CancelForm, ReasonForm, VisitForm, WishesForm
from clinic.scheduling.live import live
from clinic.scheduling.models import COMING, MOVES, Appointment, State
from clinic.scheduling.offers import Choice
from patients.models import Patient
from planner.models import ACTIVE, Plan

EVERY = 1000  # openings of four weeks, before they are spread over the days
JUST_BOOKED = "just_booked"
"""The visits of the last booking by plan, which its result takes back as one deed."""

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
    reason = ReasonForm(request.POST if "reason" in request.POST else None)
    if request.POST.get("step") != "book" or (reason.is_bound and not reason.is_valid()):
        return _confirm_page(request, plan, choices, reason)
    hold = request.POST.get("minutes", "") if request.POST.get("hold") else ""
    minutes = int(hold) if hold.isdigit() and int(hold) in holds.LENGTHS else None
    try:
        booked = services.book_plan(
            plan=plan,
            choices=choices,
            by=request.user,
            key=request.POST.get("key", ""),
            hold_minutes=minutes,
            **(reason.cleaned_data if reason.is_bound else {}),
        )
    except SchedulingError as error:
        messages.error(request, f"Nothing was booked. {error}")
        return _offers_page(request, plan, status=409)
    if minutes:
        words = f"The times are held for {plan.patient}. They are not booked yet."
        messages.success(request, words)
        return redirect("scheduling:book_plan", plan.pk)
    request.session[JUST_BOOKED] = {str(plan.pk): [str(visit.pk) for visit in booked]}
    count = f"{len(booked)} visits are" if len(booked) > 1 else "One visit is"
    messages.success(request, f"{count} booked for {plan.patient}.")
    _warn_of_lapses(request, booked)
    return redirect("scheduling:book_plan", plan.pk)


def _offers_page(request, plan, status=200):
    asked = request.GET if request.GET else None
    form = WishesForm(asked)
    holds.release_expired()
    following.follow(plan)
    found, refused = [], None
    booked = Appointment.objects.visible_to(request.user).of_plan(plan).standing().with_people()
    wishes = form.wishes()
    provisional = bool(form.is_bound and form.cleaned_data.get("provisional"))
    if plan.state not in ("approved", "in_progress"):
        words = f"{plan} is {plan.get_state_display().lower()}: only a signed plan is booked."
        refused = NothingFits(words)
    elif not form.is_bound or form.is_valid():
        try:
            found = offers.offers_for(plan, wishes=wishes, provisional=provisional)
        except NothingFits as error:
            refused = error
    just = request.session.get(JUST_BOOKED, {}).get(str(plan.pk), [])
    context = {
        "plan": plan,
        "patient": plan.patient,
        "form": form,
        "offers": [(offer, _as_text(offer.choices)) for offer in found],
        "refused": refused,
        "way_out": _as_text(refused.offer.choices) if refused and refused.offer else "",
        "booked": booked,
        "wished": any(request.GET.values()),
        "moved_to_today": wishes.start_from and wishes.start_from < clinic_today(),
        "can_undo": unbooking.untouched(plan, just) if just else [],
    } | desk.about_plan(plan)
    return render(request, "scheduling/book_plan.html", context, status=status)


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


def _confirm_page(request, plan, choices, reason):
    """All visits once more, and a reason where one of them leaves its clinical window."""
    try:
        visits = offers.told_again(choices)
    except SchedulingError as error:
        messages.error(request, str(error))
        return _offers_page(request, plan, status=409)
    context = {
        "plan": plan,
        "patient": plan.patient,
        "visits": visits,
        "outside": [visit for visit in visits if visit.window_words],
        "may_leave_window": request.user.has_perm("scheduling.override_window"),
        "reason": reason,
        "choices": _as_text(choices),
        "key": request.POST.get("key") or uuid4().hex,
        "hold_lengths": holds.LENGTHS,
        "quote": money.quote_of(plan),
    }
    status = 422 if reason.is_bound else 200
    return render(request, "scheduling/confirm_plan.html", context, status=status)


# --- a visit without a plan --------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def new_visit(request, pk):
    """Search the next times for a kind of visit, and book one of them."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    form = VisitForm(request.POST or request.GET or None)
    found, refusal = None, ""
    if form.is_bound and form.is_valid():
        if request.method == "POST":
            booked, refusal = _book_visit(request, patient, form)
            if booked:
                messages.success(request, f"Booked: {booked}.")
                _warn_of_lapses(request, [booked])
                return redirect(booked)
        found = _times_of(form, request.GET.get("at", ""), patient)
    start = form.cleaned_data.get("start_from") if found else None
    return render(
        request,
        "scheduling/new_visit.html",
        {
            "patient": patient,
            "form": form,
            "found": found,
            "moved_to_today": start and start < clinic_today(),
            "refusal": refusal,
            "later": _later_days(form.data, found),
            "key": request.POST.get("key") or uuid4().hex,
        },
        status=409 if refusal else 200,
    )


def _times_of(form, at: str, patient) -> spreading.Spread:
    asked = form.cleaned_data
    found = openings.openings_for_kind(
        patient,
        asked["kind"],
        minutes=form.length,
        person=int(asked["person"]) if asked["person"] else None,
        start_from=asked["start_from"],
        limit=EVERY,
    )
    found = placing.not_before(found, at, limit=EVERY)
    return spreading.over_days(found, weekdays=asked["weekdays"], **form.hours)


def _later_days(asked, found) -> str:
    """The same search from the day after those that are shown; it names nobody."""
    if not (found and found.later):
        return ""
    query = QueryDict(mutable=True)
    for name in ("kind", "minutes", "person", "part_of_day", "weekdays"):
        query.setlist(name, [value for value in asked.getlist(name) if value])
    query["start_from"] = date_format(found.later, "d-M-Y")
    return query.urlencode()


def _book_visit(request, patient, form):
    if not request.POST.get("slot"):
        return None, "No time is chosen: choose one of these, then book."
    starts_at, resources = slot_from(request.POST["slot"])
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


def _warn_of_lapses(request, visits):
    for words in marking.lapsed_words(visits):
        messages.warning(request, f"{words} The visits after that are marked to be looked at.")


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def slot_from(text: str) -> tuple[dt.datetime | None, tuple[int, ...]]:
    """ "2027-01-11T09:00:00+00:00|3,7" as a start and resources; (None, ()) for anything else."""
    starts, _, ids = text.partition("|")
    try:
        return _aware(starts), tuple(int(pk) for pk in ids.split(",") if pk)
    except ValueError:
        return None, ()


# --- one visit ---------------------------------------------------------------------------------


def visit_asked(request, pk) -> Appointment:
    visits = Appointment.objects.visible_to(request.user).with_people()
    return get_object_or_404(visits, pk=pk)


@require_GET
@live
def appointment(request, pk):
    visit = visit_asked(request, pk)
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
            "book_again": _book_again(request.user, visit),
            "open_gates": sum(not gate.met for gate in asked),
            "cancel_form": cancel_form,
        }
        | about,
        status=status,
    )


def _book_again(user, visit) -> str:
    """Where a visit that was called off is booked anew; nowhere when it has been already."""
    if not (visit.is_off and user.has_perm("scheduling.book")):
        return ""
    if visit.session_id is None:
        page = reverse("scheduling:new_visit", args=[visit.patient_id])
        kinds = [kind.value for kind in VisitForm.KINDS]
        return f"{page}?kind={visit.kind}" if visit.kind in kinds else page
    again = Appointment.objects.standing().filter(session=visit.session_id).exists()
    plan = visit.session.block.plan
    if again or plan.state not in ACTIVE:
        return ""
    return reverse("scheduling:book_plan", args=[plan.pk])


def revision_of(request) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isdigit() else -1


def _deed(request, visit, deed, words, **fields):
    """Do one thing to a visit and go back to where it was asked; a refusal is said there."""
    back = safe_path(request.POST.get("next"))
    try:
        deed(appointment=visit, by=request.user, revision=revision_of(request), **fields)
    except SchedulingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{visit.patient}: {words}" if back else words)
        if back and deed is not services.undo:
            request.session[UNDO] = str(visit.pk)
    return redirect(back or visit)


@require_POST
def change_state(request, pk):
    visit, to = visit_asked(request, pk), request.POST.get("to", "")
    if to not in today.STEP_WORDS:
        messages.error(request, "That is no state of a visit.")
        return redirect(visit)
    words = f"The visit is now {State(to).label.lower()}."
    return _deed(request, visit, services.change_state, words, to=to)


@require_POST
def undo(request, pk):
    return _deed(request, visit_asked(request, pk), services.undo, "Undone.")


@require_POST
def pin(request, pk):
    visit = visit_asked(request, pk)
    pinned = request.POST.get("pinned") == "yes"
    words = "This date is fixed now." if pinned else "This date may move again."
    return _deed(request, visit, services.set_pinned, words, pinned=pinned)


@require_POST
def cancel(request, pk):
    visit, form = visit_asked(request, pk), CancelForm(request.POST)
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
