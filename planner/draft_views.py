"""Doormen of a draft in a clinician's hand: change, undo, redo; whole page or its part alone."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from planner import editing
from planner.draft_page import Desk, draft_page, form_for
from planner.errors import DraftChanged, PlannerError
from planner.views import draw_plan, may_change, plan_seen_by

DEEDS = {"undo": editing.undo, "redo": editing.redo, "fill": editing.fill}


@require_POST
def edit(request, pk):
    """One change of a draft; what is refused keeps what was typed and says what to do next."""
    plan = plan_seen_by(request, pk)
    desk = Desk(plan)
    op, at = request.POST.get("op", ""), request.POST.get("at", "")
    revision = request.POST.get("revision", "")
    seen = int(revision) if revision.isdigit() else -1
    form = None
    try:
        if op in DEEDS:
            draft = DEEDS[op](plan=plan, by=request.user, revision=seen)
        else:
            form = form_for(desk, at, op, request.POST)
            if not form.is_valid():
                return _refused(request, plan, at, form)
            draft = _change(desk, form, by=request.user, revision=seen)
    except PlannerError as error:
        messages.error(request, str(error))
        stale = isinstance(error, DraftChanged)
        return _refused(request, plan_seen_by(request, pk), at, form, stale)
    return _done(request, desk.after(draft))


def _change(desk, form, *, by, revision):
    return editing.edit(
        plan=desk.plan,
        by=by,
        revision=revision,
        change=form.change,
        words=form.words(),
        keeps_protocol=form.keeps_protocol,
        desk=desk.engine,
    )


def _done(request, desk):
    if not request.htmx:
        return redirect(reverse("planner:plan", args=[desk.plan.pk]) + "#visits")
    page = draft_page(desk.plan, desk=desk) | {"is_new": True}
    answer = render(request, "planner/_draft.html", page)
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
