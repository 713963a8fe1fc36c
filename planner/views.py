"""Doormen of the planner: who may enter is the table of doors, what is done is a service."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from patients.models import Assessment, Patient
from planner import services
from planner.draft_page import draft_page
from planner.errors import NotApprovable, PlannerError
from planner.forms import ApproveForm, DiscontinueForm, RejectForm
from planner.models import Plan, State, Suggestion
from planner.presenting import lit_chart, plan_page, suggestion_page
from planner.revision import revise
from planner.waiting import marked

PLANS_A_PAGE = 40


@require_GET
def plan_list(request):
    """Plans by state; what waits for somebody comes first."""
    plans = Plan.objects.visible_to(request.user).with_people()
    state = request.GET.get("state", "")
    if state in State.values:
        plans = plans.filter(state=state)
    page = Paginator(plans, PLANS_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "plans": marked(page), "state": state, "states": State.choices}
    return render(request, "planner/plans.html", context)


@require_POST
def suggest(request, assessment):
    mine = Assessment.objects.filter(patient__in=Patient.objects.visible_to(request.user))
    found = get_object_or_404(mine.select_related("patient"), pk=assessment)
    try:
        made = services.suggest_for(assessment=found, by=request.user)
    except PlannerError as error:
        messages.error(request, str(error))
        return redirect(found)
    return redirect(made)


@require_GET
def suggestion(request, pk):
    found = _suggestion(request, pk)
    context = suggestion_page(found) | suggestion_face(request, found)
    context["face_url"] = reverse("planner:face", args=[pk])
    return render(request, "planner/suggestion.html", context)


@require_POST
def choose(request, pk):
    found = _suggestion(request, pk)
    chosen = {"suggestion": found, "strategy": request.POST.get("strategy", "")}
    active = found.patient.plans.active().first()
    try:
        if active:
            plan = revise(plan=active, by=request.user, **chosen)
        else:
            plan = services.draft_plan(by=request.user, **chosen)
    except PlannerError as error:
        messages.error(request, str(error))
        return redirect(found)
    messages.success(request, f"{plan} for {plan.patient} is a draft now. Nothing is signed yet.")
    return redirect(plan)


@require_GET
def plan(request, pk):
    """One plan; of a draft, for who may change it, with what is open for a change (`at`)."""
    found = plan_seen_by(request, pk)
    at = request.GET.get("at", "")
    if request.htmx and may_change(request, found):
        return render(request, "planner/_draft.html", draft_page(found, at=at))
    return draw_plan(request, found, at=at)


@require_GET
def lit(request, pk):
    """The face chart alone: lit by one visit or all, as logged or as expected after."""
    found = plan_seen_by(request, pk)
    return render(request, "planner/_lit.html", face_of(request, found.suggestion, found.content))


@require_GET
def face(request, pk):
    """The same for one protocol of a suggestion."""
    found = _suggestion(request, pk)
    return render(request, "planner/_lit.html", suggestion_face(request, found))


def face_of(request, suggestion, content) -> dict:
    asked = request.GET
    chart = lit_chart(
        suggestion, content, visit=asked.get("visit", ""), after=asked.get("when") == "after"
    )
    return {"face_url": request.path, **chart}


def suggestion_face(request, suggestion) -> dict:
    """The face of the protocol that was chosen, or of the recommended one."""
    proposals = suggestion.result["proposals"]
    if not proposals:
        return {}
    wanted = request.GET.get("strategy", "")
    found = next((one for one in proposals if one["strategy"] == wanted), proposals[0])
    named = [(one["strategy"], one["name"]) for one in proposals]
    return face_of(request, suggestion, found) | {"protocols": named, "shown": found["strategy"]}


@require_POST
def propose(request, pk):
    plan = plan_seen_by(request, pk)
    try:
        services.propose(plan=plan, by=request.user)
    except PlannerError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{plan} is ready to be signed.")
    return redirect(plan)


@require_POST
def take_back(request, pk):
    """A plan that waits for its signature is a draft again, to be changed."""
    plan = plan_seen_by(request, pk)
    try:
        services.take_back(plan=plan, by=request.user)
    except PlannerError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{plan} is a draft again and can be changed.")
    return redirect(plan)


@require_POST
def approve(request, pk):
    plan = plan_seen_by(request, pk)
    form = ApproveForm(request.POST, plan=plan, user=request.user)
    if not form.is_valid():
        return draw_plan(request, plan, approve_form=form)
    plan.revision = form.cleaned_data["revision"]
    try:
        services.approve(plan=plan, by=request.user, note=form.cleaned_data["note"])
    except NotApprovable as error:
        for reason in error.reasons:
            form.add_error(None, reason)
        return draw_plan(request, plan, approve_form=form)
    except PlannerError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"{plan} for {plan.patient} is signed. The front desk can book it."
        )
    return redirect(plan)


@require_POST
def reject(request, pk):
    return _end(request, pk, RejectForm, services.reject, "reject_form", "rejected")


@require_POST
def discontinue(request, pk):
    return _end(
        request, pk, DiscontinueForm, services.discontinue, "discontinue_form", "discontinued"
    )


def _end(request, pk, form_class, deed, name, done):
    plan = plan_seen_by(request, pk)
    form = form_class(request.POST, plan=plan)
    if not form.is_valid():
        return draw_plan(request, plan, **{name: form})
    given = form.cleaned_data
    plan.revision = given["revision"]
    try:
        deed(
            plan=plan,
            by=request.user,
            seen=given["seen"],
            reason_code=given["reason_code"],
            note=given["note"],
        )
    except PlannerError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{plan} for {plan.patient} is {done}.")
    return redirect(plan)


def plan_seen_by(request, pk):
    plans = Plan.objects.visible_to(request.user).with_people()
    plans = plans.select_related("suggestion", "revises")
    plans = plans.defer("suggestion__case", "suggestion__result", "revises__content")
    return get_object_or_404(plans, pk=pk)


def _suggestion(request, pk):
    mine = Suggestion.objects.filter(patient__in=Patient.objects.visible_to(request.user))
    return get_object_or_404(mine.select_related("patient", "assessment"), pk=pk)


def may_change(request, plan) -> bool:
    return plan.state == State.DRAFT and request.user.has_perm("planner.edit_plan")


def draw_plan(request, plan, *, at="", bound=None, **forms):
    """The plan's page; a form that was refused keeps what was typed."""
    context = plan_page(plan, request.user) | face_of(request, plan.suggestion, plan.content)
    context |= {
        "face_url": reverse("planner:lit", args=[plan.pk]),
        "approve_form": ApproveForm(plan=plan, user=request.user),
        "reject_form": RejectForm(plan=plan),
        "discontinue_form": DiscontinueForm(plan=plan),
        "may_change": may_change(request, plan),
    }
    if context["may_change"]:
        context |= draft_page(plan, at=at, bound=bound)
    refused = bool(forms) or bound is not None
    return render(request, "planner/plan.html", context | forms, status=422 if refused else 200)
