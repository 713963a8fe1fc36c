"""Doormen of a draft in a clinician's hand: change, undo, redo; whole page or its part alone."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from planner import editing
from planner.draft_page import draft_page, form_for
from planner.errors import DraftChanged, PlannerError
from planner.views import draw_plan, may_change, plan_seen_by

DEEDS = {"undo": editing.undo, "redo": editing.redo, "fill": editing.fill}


@require_POST
def edit(request, pk):
    """One change of a draft; what is refused keeps what was typed and says what to do next."""
    plan = plan_seen_by(request, pk)
    op, at = request.POST.get("op", ""), request.POST.get("at", "")
    revision = request.POST.get("revision", "")
    seen = int(revision) if revision.isdigit() else -1
    form = None
    try:
        if op in DEEDS:
            DEEDS[op](plan=plan, by=request.user, revision=seen)
        else:
            form = form_for(plan, at, op, request.POST)
            if not form.is_valid():
                return _refused(request, plan, at, form)
            _change(plan, form, by=request.user, revision=seen)
    except PlannerError as error:
        messages.error(request, str(error))
        stale = isinstance(error, DraftChanged)
        return _refused(request, plan_seen_by(request, pk), at, form, stale)
    return _done(request, pk)


def _change(plan, form, *, by, revision):
    editing.edit(
        plan=plan,
        by=by,
        revision=revision,
        change=form.change,
        words=form.words(),
        keeps_protocol=form.keeps_protocol,
    )


def _done(request, pk):
    if not request.htmx:
        return redirect(reverse("planner:plan", args=[pk]) + "#visits")
    plan = plan_seen_by(request, pk)
    answer = render(request, "planner/_draft.html", draft_page(plan) | {"is_new": True})
    return trigger_client_event(answer, "draft-changed")


def _refused(request, plan, at, form, stale=False):
    if not may_change(request, plan):
        return redirect(plan) if not request.htmx else _leave(plan)
    if not request.htmx:
        return draw_plan(request, plan, at=at, bound=form)
    context = draft_page(plan, at=at, bound=form) | {"is_new": stale, "tell": True}
    return render(request, "planner/_draft.html", context, status=422)


def _leave(plan):
    """An answer that sends the browser to the plan as it is now."""
    return HttpResponseClientRedirect(plan.get_absolute_url())
