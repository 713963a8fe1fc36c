"""Doormen of what happens to a plan that runs: its reviews and its revisions."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from planner import reviewing, revision
from planner.agreement_forms import ReviewForm
from planner.difference import difference
from planner.errors import PlannerError
from planner.models import Plan, PlannedSession, SessionKind


@require_POST
def revise(request, pk):
    """Begin a revision of the plan as it stands; the clinician changes the draft from there."""
    plan = _plan(request, pk)
    try:
        draft = revision.revise(plan=plan, by=request.user)
    except PlannerError as error:
        messages.error(request, str(error))
        return redirect(plan)
    messages.success(request, f"{draft} is a draft. {plan} stays in force until it is signed.")
    return redirect(draft)


@require_GET
def show_difference(request, pk):
    plan = _plan(request, pk)
    if plan.revises is None:
        messages.info(request, f"{plan} revises no other plan.")
        return redirect(plan)
    context = {
        "plan": plan,
        "patient": plan.patient,
        "old": plan.revises,
        "difference": difference(plan.revises, plan),
    }
    return render(request, "planner/difference.html", context)


@require_http_methods(["GET", "POST"])
def review(request, pk, session):
    """Continue, change or stop, on what was seen at the review."""
    plan = _plan(request, pk)
    reviews = PlannedSession.objects.filter(block__plan=plan, kind=SessionKind.REVIEW)
    found = get_object_or_404(reviews, pk=session)
    form = ReviewForm(request.POST or None, assessments=reviewing.assessments_for(plan))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            reviewing.decide(session=found, by=request.user, **given)
        except PlannerError as error:
            form.add_error(None, str(error))
        else:
            return _after_review(request, plan, given)
    context = {
        "plan": plan,
        "patient": plan.patient,
        "session": found,
        "form": form,
        "decision": found.decisions.select_related("decided_by", "assessment").first(),
        "has_assessments": form.fields["assessment"].queryset.exists(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "planner/review.html", context, status=status)


def _after_review(request, plan, given):
    if given["verdict"] == reviewing.CHANGE:
        messages.success(
            request, "Recorded. Ask for protocols on the new assessment and take one as a revision."
        )
        return redirect(given["assessment"])
    messages.success(request, "The decision is recorded.")
    return redirect(plan)


def _plan(request, pk):
    plans = Plan.objects.visible_to(request.user).with_people()
    return get_object_or_404(plans.select_related("suggestion", "revises__suggestion"), pk=pk)
