"""Doormen of impact: what a draft would change, what clinicians look at, the overrides."""

import csv

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.catalogue import drafting
from clinic.catalogue.exchange_cells import guarded
from clinic.catalogue.models import Version
from clinic.impact import presenting, review, runs
from clinic.impact.forms import LedgerForm, LookForm
from clinic.impact.ledger import ledger
from clinic.impact.models import Preview, ReviewItem, State

LISTED_AT_ONCE = 50


# ---- the preview


@require_GET
def preview(request):
    """The latest one: its progress while it is computed, then what it found."""
    latest = Preview.objects.select_related("version", "asked_by", "ended_by")
    latest = latest.defer("draft", "version__document").first()
    context = {"preview": latest, "in_force": Version.objects.in_force()}
    if latest and latest.is_open:
        context["is_silent"] = runs.is_silent(latest)
    else:
        context |= _standing_of_draft(latest, context["in_force"])
    if latest and latest.state == State.DONE:
        context |= {
            "sections": presenting.sections_of(latest, request.user),
            "counts": presenting.counts_of(latest),
            "prices": presenting.prices_of(latest),
            "listable": bool(latest.result["signed"]),
            "publish": _address("catalogue:publish"),
        }
    return render(request, "impact/preview.html", context)


def _standing_of_draft(latest: Preview | None, in_force: Version | None) -> dict:
    """Whether the draft differs from the version in force, and from the one that was tried."""
    digest = drafting.draft_state().hash if in_force else ""
    return {
        "nothing_changed": in_force is not None and digest == in_force.hash,
        "is_stale": latest is not None
        and (latest.draft_hash != digest or latest.version_id != in_force.pk),
    }


def _address(page: str) -> str:
    try:
        return reverse(page)
    except NoReverseMatch:
        return ""


@require_POST
def start(request):
    try:
        runs.start(by=request.user)
    except runs.NothingToPreview as error:
        messages.info(request, str(error))
    return redirect("impact:preview")


@require_POST
def cancel(request, pk):
    if not runs.cancel(preview=get_object_or_404(Preview, pk=pk), by=request.user):
        messages.info(request, "It had ended already.")
    return redirect("impact:preview")


@require_POST
def go_on(request, pk):
    if not runs.go_on(preview=get_object_or_404(Preview, pk=pk), by=request.user):
        messages.info(request, "It is being computed, or done: there is nothing to take up.")
    return redirect("impact:preview")


@require_POST
def list_touched(request, pk):
    try:
        new = review.list_touched(preview=get_object_or_404(Preview, pk=pk), by=request.user)
    except review.NotListed as error:
        messages.error(request, str(error))
    else:
        words = f"{new} new on the clinicians’ list." if new else "All of it was listed already."
        messages.success(request, words)
    return redirect("impact:preview")


# ---- the clinicians' list


@require_GET
def review_list(request):
    mine = ReviewItem.objects.visible_to(request.user).with_people()
    settled = mine.exclude(pk__in=mine.open()).order_by("-listed_at")
    return render(
        request,
        "impact/review.html",
        {
            "waiting": review.open_items(request.user)[:LISTED_AT_ONCE],
            "settled": settled[:LISTED_AT_ONCE],
        },
    )


@require_http_methods(["GET", "POST"])
def review_item(request, pk):
    """Why it is listed, who looked at it; and a look of one's own."""
    item = get_object_or_404(ReviewItem.objects.visible_to(request.user).with_people(), pk=pk)
    form = LookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        review.look(item=item, by=request.user, **form.cleaned_data)
        messages.success(request, f"Kept, with your name, for {item.plan.patient}.")
        return redirect("impact:review")
    context = {"item": item, "patient": item.plan.patient, "form": form}
    return render(request, "impact/review_item.html", context)


# ---- the ledger of overrides


@require_GET
def override_ledger(request):
    form = LedgerForm(request.GET if request.GET else None)
    entries = ledger(**form.asked())
    return render(
        request,
        "impact/ledger.html",
        {
            "form": form,
            "entries": entries,
            "steps": sum(entry.steps for entry in entries),
            "sees_words": request.user.has_perm("planner.approve_plan"),
            "edit_rule": request.user.has_perm("catalogue.edit_catalogue"),
            "query": request.GET.urlencode(),
        },
    )


COLUMNS = ("rule", "title", "treatment", "reason", "steps", "plans with the rule overridden",
           "plans with its treatments", "share in %")  # fmt: skip


@require_GET
def ledger_csv(request):
    """A row for each rule, treatment and reason; no patient, no words. Safe in a spreadsheet."""
    form = LedgerForm(request.GET if request.GET else None)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"overrides-{timezone.localdate():%Y-%m-%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(answer)
    writer.writerow(COLUMNS)
    for entry in ledger(**form.asked()):
        for treatment, reason, steps in entry.by_treatment_and_reason:
            row = (entry.rule, entry.title, treatment, reason, steps, entry.plans,
                   entry.plans_with, "" if entry.rate is None else entry.rate)  # fmt: skip
            writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return answer
