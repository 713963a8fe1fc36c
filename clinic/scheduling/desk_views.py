"""Doormen of the desk: holds, gates, waiting list, freed times, marks, money, tasks, people."""

from functools import partial
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.scheduling import (
    asking,
    attention,
    bridge,
    following,
    gates,
    holds,
    money,
    rebooking,
    services,
    tasks,
    unbooking,
    visit_types,
    waiting,
)
from clinic.scheduling.calendar_views import safe_path
from clinic.scheduling.desk_forms import (
    ChargeForm,
    GateForm,
    PeopleForm,
    TaskForm,
    VisitTypeForm,
    WaitingForm,
)
from clinic.scheduling.errors import SchedulingError
from clinic.scheduling.models import (
    Appointment,
    Attention,
    Charge,
    ChargeState,
    Task,
    VisitKind,
    Waiting,
)
from clinic.scheduling.views import JUST_BOOKED, slot_from
from patients.models import Patient
from planner.models import Plan

MOST_REBOOKED = 20
"""Visits to be moved on one page: each is searched for, which takes its time."""


def _visit(request, pk) -> Appointment:
    visits = Appointment.objects.visible_to(request.user).with_people()
    return get_object_or_404(visits, pk=pk)


def _revision(request) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isdigit() else -1


def _done(request, deed, words: str, to):
    """Do it and go to `to`; a refusal is said there."""
    try:
        deed()
    except SchedulingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return redirect(to)


# --- a plan: holds, provisional dates, plans that ended -------------------------------------------


def _plan(request, pk) -> Plan:
    return get_object_or_404(Plan.objects.visible_to(request.user).with_people(), pk=pk)


@require_POST
def hold(request, pk):
    """The patient has decided: the held times are booked, or given back."""
    plan, to = _plan(request, pk), redirect("scheduling:book_plan", pk).url
    if request.POST.get("decided") == "yes":
        deed = partial(_confirm_hold, request, plan)
        return _done(request, deed, f"The held visits of {plan.patient} are booked.", to)
    deed = partial(holds.give_back, plan=plan, by=request.user)
    return _done(request, deed, "The held times are free again.", to)


def _confirm_hold(request, plan):
    kept = [str(visit.pk) for visit in holds.held(plan)]
    holds.confirm(plan=plan, by=request.user)
    if kept:  # pressed twice, it booked nothing more
        request.session[JUST_BOOKED] = {str(plan.pk): kept}


@require_POST
def ask_clinician(request, pk):
    """What the desk cannot decide becomes a task of whoever signed the plan."""
    plan, to = _plan(request, pk), safe_path(request.POST.get("next"))
    to = to or redirect("scheduling:book_plan", pk).url
    session = _of(plan.sessions.all(), request.POST.get("session"))
    visit = _of(Appointment.objects.of_plan(plan), request.POST.get("visit"))
    what = request.POST.get("what", "")
    try:
        task = asking.ask(plan=plan, what=what, session=session, appointment=visit, by=request.user)
    except SchedulingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{task.owner} is asked: {task.title}. It is among the tasks.")
    return redirect(to)


def _of(rows, pk):
    try:
        return rows.filter(pk=pk).first() if pk else None
    except ValidationError:
        return None


@require_POST
def unbook(request, pk):
    """Undo of a whole booking, from its result."""
    plan, to = _plan(request, pk), redirect("scheduling:book_plan", pk).url
    ids = request.session.pop(JUST_BOOKED, {}).get(str(plan.pk), [])
    deed = partial(unbooking.unbook, plan=plan, ids=ids, by=request.user)
    return _done(request, deed, "Undone: the visits just booked are cancelled.", to)


@require_POST
def confirm_block(request, pk):
    plan, number = _plan(request, pk), request.POST.get("block", "")
    number = int(number) if number.isdigit() else 0
    deed = partial(services.confirm_block, plan=plan, number=number, by=request.user)
    to = redirect("scheduling:book_plan", pk).url
    return _done(request, deed, f"The dates of block {number} are firm now.", to)


@require_POST
def cancel_ended(request, pk):
    plan = _plan(request, pk)
    deed = partial(following.cancel_ended, plan=plan, by=request.user)
    to = redirect("scheduling:book_plan", pk).url
    return _done(request, deed, f"The coming visits of {plan} are cancelled.", to)


# --- one visit -----------------------------------------------------------------------------------


@require_POST
def confirm_provisional(request, pk):
    visit = _visit(request, pk)
    deed = partial(
        services.confirm_provisional,
        appointment=visit,
        by=request.user,
        revision=_revision(request),
    )
    return _done(request, deed, "This date is firm now.", visit)


@require_POST
def note_gate(request, pk):
    """What was found about one gate of a visit."""
    visit, form = _visit(request, pk), GateForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose what you found, and keep the words short.")
        return redirect(visit)
    deed = partial(gates.note, appointment=visit, by=request.user, **form.cleaned_data)
    return _done(request, deed, "Noted.", f"{visit.get_absolute_url()}#gates")


@require_http_methods(["GET", "POST"])
def people(request, pk):
    """Who takes part in a visit, where and with what, at the time that it has."""
    visit = _visit(request, pk)
    form = PeopleForm(request.POST or None, visit=visit)
    status = 422 if form.is_bound and not form.is_valid() else 200
    if form.is_bound and form.is_valid():
        try:
            services.move(
                appointment=visit,
                starts_at=visit.starts_at,
                resources=form.chosen(),
                by=request.user,
                revision=_revision(request),
                reason=visit.deviation_reason,
                note=visit.deviation_note,
            )
        except SchedulingError as error:
            form.add_error(None, str(error))
            status = 409
        else:
            messages.success(request, "Who takes part is saved.")
            return redirect(visit)
    context = {"visit": visit, "patient": visit.patient, "form": form}
    return render(request, "scheduling/people.html", context, status=status)


@require_POST
def clear_mark(request, pk):
    mark = get_object_or_404(Attention.objects.select_related("appointment"), pk=pk)
    deed = partial(
        attention.clear, mark=mark, by=request.user, note=request.POST.get("note", "")[:300]
    )
    return _done(request, deed, "Looked at: the visit stands.", mark.appointment)


@require_GET
def to_look_at(request):
    """Visits that somebody must look at again; those that lost their time with where to go."""
    following.follow_all()
    visible = Appointment.objects.visible_to(request.user)
    marks = list(attention.open_marks(visible.filter(starts_at__gt=timezone.now())))
    rows: dict = {}
    for mark in marks:
        rows.setdefault(mark.appointment_id, []).append(mark)
    visits = {row.pk: row for row in visible.with_people().filter(pk__in=rows)}
    displaced = [
        pk for pk, own in rows.items() if any(mark.why in attention.OF_ITS_TIME for mark in own)
    ]
    searched = {pk: rebooking.displaced(visits[pk]) for pk in displaced[:MOST_REBOOKED]}
    return render(
        request,
        "scheduling/to_look_at.html",
        {
            "rows": [(visits[pk], own, searched.get(pk)) for pk, own in rows.items()],
            "more": max(0, len(displaced) - MOST_REBOOKED),
        },
    )


# --- money ---------------------------------------------------------------------------------------


@require_POST
def charge_visit(request, pk):
    visit = _visit(request, pk)
    form = ChargeForm(request.POST, visit=visit)
    return _charge(request, form, visit, appointment=visit)


@require_POST
def charge_plan(request, pk):
    plan = _plan(request, pk)
    to = redirect("scheduling:book_plan", pk).url
    return _charge(request, ChargeForm(request.POST), to, plan=plan)


def _charge(request, form, to, **whose):
    if not form.is_valid():
        messages.error(request, "Nothing was asked: write an amount like 50.00.")
        return redirect(to)
    deed = partial(money.ask, by=request.user, **whose, **form.cleaned_data)
    return _done(request, deed, "The amount is noted as asked.", to)


@require_POST
def settle_charge(request, pk):
    charges = Charge.objects.filter(patient__in=Patient.objects.visible_to(request.user))
    charge = get_object_or_404(charges, pk=pk)
    to = charge.appointment or redirect("scheduling:book_plan", charge.plan_id).url
    state = request.POST.get("to", "")
    if state not in ChargeState.values:
        raise Http404
    deed = partial(
        money.settle,
        charge=charge,
        to=state,
        by=request.user,
        revision=_revision(request),
        note=request.POST.get("note", "")[:300],
    )
    return _done(request, deed, f"Noted: {ChargeState(state).label.lower()}.", to)


# --- the waiting list ----------------------------------------------------------------------------


@require_GET
def waiting_list(request):
    rows = waiting.open_entries().filter(patient__in=Patient.objects.visible_to(request.user))
    return render(request, "scheduling/waiting.html", {"entries": rows})


@require_http_methods(["GET", "POST"])
def wait(request, pk):
    """Put a patient on the list."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    plan = Plan.objects.visible_to(request.user).active().filter(patient=patient).first()
    sessions = (
        [each for each in bridge.sessions_of(plan) if not bridge.performed_on(each)] if plan else []
    )
    form = WaitingForm(
        request.POST or None,
        sessions=sessions,
        booked=list(Appointment.objects.coming().filter(patient=patient).order_by("starts_at")),
        initial={"session": request.GET.get("session", "")},
    )
    if form.is_bound and form.is_valid():
        try:
            waiting.add(patient=patient, by=request.user, **form.said())
        except SchedulingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{patient} is on the waiting list.")
            return redirect("scheduling:waiting")
    status = 422 if form.is_bound else 200
    context = {"patient": patient, "form": form}
    return render(request, "scheduling/wait.html", context, status=status)


@require_POST
def stop_waiting(request, pk):
    rows = Waiting.objects.filter(patient__in=Patient.objects.visible_to(request.user))
    entry = get_object_or_404(rows, pk=pk)
    deed = partial(waiting.close, entry=entry, by=request.user, revision=_revision(request))
    return _done(request, deed, f"{entry.patient} does not wait any more.", "scheduling:waiting")


@require_http_methods(["GET", "POST"])
def freed(request, pk):
    """A time that a visit has left: who of the waiting list truly fits, best first."""
    visit = _visit(request, pk)
    time = waiting.freed_by(visit)
    if time is None:
        messages.error(request, "This visit has left no time: it stands where it was booked.")
        return redirect(visit)
    if request.method == "POST":
        return _give(request, visit)
    context = {
        "visit": visit,
        "freed": time,
        "fits": waiting.fitting(time),
        "is_past": time.starts_at <= timezone.now(),
        "waiting": waiting.open_entries().count(),
        "key": uuid4().hex,
    }
    return render(request, "scheduling/freed.html", context)


def _give(request, visit):
    rows = Waiting.objects.filter(patient__in=Patient.objects.visible_to(request.user))
    entry = rows.filter(pk=request.POST.get("entry") or uuid4()).first()
    starts_at, resources = slot_from(request.POST.get("slot", ""))
    if entry is None or starts_at is None:
        messages.error(request, "This choice is out of date. Choose again.")
        return redirect("scheduling:freed", visit.pk)
    try:
        given = waiting.give(
            entry=entry,
            starts_at=starts_at,
            resources=resources,
            by=request.user,
            key=request.POST.get("key", "")[:64],
            revision=_revision(request),
        )
    except SchedulingError as error:
        messages.error(request, f"Nothing was changed. {error}")
        return redirect("scheduling:freed", visit.pk)
    came = "moved there from its old time" if given.changes.last().old_start else "booked there"
    words = f"The time is given to {given.patient}: {given.what.lower()} is {came}."
    messages.success(request, words)
    return redirect(given)


# --- tasks ---------------------------------------------------------------------------------------


@require_GET
def task_list(request):
    """Open tasks, the longest due first: mine, everybody's, or what was done."""
    which = request.GET.get("which", "")
    which = which if which in ("mine", "done") else ""
    rows = Task.objects.filter(done_at__isnull=False) if which == "done" else tasks.open_tasks()
    rows = rows.select_related("patient", "owner", "appointment", "done_by")
    if which == "mine":
        rows = rows.filter(owner=request.user)
    if which == "done":
        rows = rows.order_by("-done_at")[:100]
    context = {"tasks": rows, "which": which, "today": timezone.localdate()}
    return render(request, "scheduling/tasks.html", context)


@require_http_methods(["GET", "POST"])
def new_task(request):
    """A task of its own, or of a patient or visit named in the address."""
    visit = patient = None
    try:
        if asked := request.GET.get("visit"):
            visit = _visit(request, asked)
        elif asked := request.GET.get("patient"):
            patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=asked)
    except (ValueError, TypeError) as error:
        raise Http404 from error
    form = TaskForm(request.POST or None)
    if form.is_bound and form.is_valid():
        tasks.add(by=request.user, appointment=visit, patient=patient, **form.given())
        messages.success(request, "The task is noted.")
        return redirect(visit or "scheduling:tasks")
    return _task_page(request, form, visit=visit, about=visit.patient if visit else patient)


@require_http_methods(["GET", "POST"])
def task(request, pk):
    row = get_object_or_404(Task.objects.select_related("patient", "appointment", "owner"), pk=pk)
    form = TaskForm(request.POST or None, task=row)
    if form.is_bound and form.is_valid():
        try:
            tasks.change(task=row, revision=_revision(request), by=request.user, **form.given())
        except SchedulingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The task is saved.")
            return redirect("scheduling:tasks")
    return _task_page(request, form, task=row, about=row.patient, visit=row.appointment)


def _task_page(request, form, **context):
    status = 422 if form.is_bound else 200
    return render(request, "scheduling/task.html", context | {"form": form}, status=status)


@require_POST
def finish_task(request, pk):
    """Done, or open again: each takes the other back."""
    row = get_object_or_404(Task, pk=pk)
    given = {"task": row, "by": request.user, "revision": _revision(request)}
    if request.POST.get("again"):
        return _done(request, partial(tasks.reopen, **given), "Open again.", "scheduling:tasks")
    outcome = request.POST.get("outcome", "")[:300]
    deed = partial(tasks.finish, outcome=outcome, **given)
    return _done(request, deed, f"Done: {row.title}.", "scheduling:tasks")


# --- kinds of visit ------------------------------------------------------------------------------


@require_GET
def kinds(request):
    return render(request, "scheduling/kinds.html", {"types": visit_types.all_types().values()})


@require_http_methods(["GET", "POST"])
def kind(request, kind):
    if kind not in VisitKind.values:
        raise Http404
    row = visit_types.type_of(kind)
    form = VisitTypeForm(request.POST or None, instance=row)
    if form.is_bound and form.is_valid():
        try:
            defaults = visit_types.DEFAULTS[VisitKind(kind)]
            kept = {name: getattr(row, name) for name in defaults} | form.cleaned_data
            visit_types.change(kind=kind, revision=_revision(request), **kept)
        except SchedulingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{row} is saved. Visits that are booked stay as they are.")
            return redirect("scheduling:kinds")
    status = 422 if form.is_bound else 200
    return render(request, "scheduling/kind.html", {"type": row, "form": form}, status=status)
