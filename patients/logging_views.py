"""The page of an assessment: reading it, and logging into it, one saved entry at a time."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from patients import definitions, services
from patients.errors import PatientsError
from patients.models import Assessment, Finding, Mark
from patients.panel import (
    DETAIL_KEYS,
    asks,
    bedside_form,
    chart_of,
    finding_form,
    log_form,
    mark_form,
    mirrored,
    panel,
)
from patients.receipts import made_by, once
from patients.seen import assessment_of, status


@require_GET
def assessment(request, pk):
    found = assessment_of(request, pk)
    may_log = request.user.has_perm("patients.log_assessment")
    if found.is_signed or not may_log:
        context = {**panel(found), **chart_of(found, mode="read"), "patient": found.patient}
        return render(request, "patients/assessment_read.html", context)
    return _log_page(request, found)


def _log_page(request, found, form=None, bedside=None, status=200):
    form = form or log_form(initial={"place": request.GET.get("place", "")})
    context = {
        **panel(found),
        **chart_of(found, selected=form["place"].value() or None),
        "patient": found.patient,
        "form": form,
        "chosen_kind": request.GET.get("kind", ""),
        "bedside": bedside or bedside_form(found),
    }
    return render(request, "patients/assessment.html", context, status=status)


@require_GET
def assessment_chart(request, pk):
    """The chart alone, drawn anew after something was logged."""
    found = assessment_of(request, pk)
    tab, place = request.GET.get("face-chart-view", "F"), request.GET.get("place") or None
    context = chart_of(found, selected=place, tab=tab)
    return render(request, "patients/_face_chart.html", context)


# --- what is logged, done once for each request -------------------------------------------------


@require_POST
def log(request, pk):
    """One finding or mark, saved at once."""
    found, known = assessment_of(request, pk), definitions.in_force()
    form = log_form(request.POST, known=known)
    if not form.is_valid():
        return _log_refused(request, found, form)
    try:
        row = _once(request, found, lambda: form.log(assessment=found, by=request.user))
    except PatientsError as error:
        form.add_error(None, str(error))
        return _log_refused(request, found, form)
    return _logged(request, found, last=row, known=known)


def _once(request, found, deed):
    return once(assessment=found, key=_key(request, "key"), deed=deed)


def _key(request, name) -> UUID | None:
    """The key that the page gave a request of its own; a page without scripts gives none."""
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        return None


def _log_refused(request, found, form):
    if not request.htmx:
        return _log_page(request, found, form=form, status=422)
    words = [error for errors in form.errors.values() for error in errors]
    context = {**panel(found), "refused": words}
    return render(request, "patients/_logged.html", context)


def _logged(request, found, last=None, refused=(), known=None):
    """The list and the grades as they now are; the chart fetches itself on "logged"."""
    if not request.htmx:
        for words in refused:
            messages.error(request, words)
        return redirect(found)
    context = {**panel(found, last=last, known=known), "refused": refused}
    response = render(request, "patients/_logged.html", context)
    response["HX-Trigger"] = "logged"
    return response


def _done(request, found, deed):
    """The panel after `deed`, which gives the row it is about, or with the reason it refused."""
    try:
        row = _once(request, found, deed)
    except PatientsError as error:
        return _logged(request, found, refused=[str(error)])
    return _logged(request, found, last=row if isinstance(row, Finding | Mark) else None)


@require_POST
def undo(request, pk):
    found = assessment_of(request, pk)
    return _done(request, found, lambda: services.undo(assessment=found, by=request.user))


@require_POST
def redo(request, pk):
    found = assessment_of(request, pk)
    return _done(request, found, lambda: services.redo(assessment=found, by=request.user))


@require_POST
def entry(request, pk):
    """A detail, or the other side, of what an earlier request of the same page logged.

    The page may ask before it has heard what row came of that request, and names the request.
    """
    found = assessment_of(request, pk)
    row = made_by(assessment=found, key=_key(request, "of"))
    if row is None:
        words = "The entry that this belongs to is not there, so nothing was added to it."
        return _logged(request, found, refused=[words])
    if request.POST.get("deed") == "mirror":
        return _mirror(request, row)
    return _detail(request, row)


@require_POST
def finding_detail(request, pk):
    """One detail of one finding, as the keys of fast logging set it."""
    return _detail(request, _row(request, Finding, pk))


def _detail(request, row):
    name = request.POST.get("name")
    change = DETAIL_KEYS.get((name, request.POST.get("value")))
    if change is None:
        return HttpResponse("This detail is not known.", status=400)
    if name not in asks(row):
        words = "This detail does not belong to this type. Nothing was changed."
        return _logged(request, row.assessment, refused=[words])
    deed = lambda: services.change_finding(finding=row, by=request.user, **change)  # noqa: E731
    return _done(request, row.assessment, deed)


@require_POST
def finding_mirror(request, pk):
    return _mirror(request, _row(request, Finding, pk))


@require_POST
def mark_mirror(request, pk):
    return _mirror(request, _row(request, Mark, pk))


def _mirror(request, row):
    """The same again on the other side."""
    fields = mirrored(row)
    if fields is None:
        words = "This place lies in the middle: it has no other side."
        return _logged(request, row.assessment, refused=[words])
    deed = services.log_mark if isinstance(row, Mark) else services.log_finding
    return _done(
        request,
        row.assessment,
        lambda: deed(assessment=row.assessment, by=request.user, **fields),
    )


@require_POST
def finding_remove(request, pk):
    row = _row_or_none(request, Finding, pk)
    return _remove(request, row, lambda: services.remove_finding(finding=row, by=request.user))


@require_POST
def mark_remove(request, pk):
    row = _row_or_none(request, Mark, pk)
    return _remove(request, row, lambda: services.remove_mark(mark=row, by=request.user))


def _remove(request, row, deed):
    if row is not None:
        return _done(request, row.assessment, deed)
    if request.htmx:  # somebody removed it, or this request did and its answer was lost
        return HttpResponse(status=204)
    messages.info(request, "This entry has been removed already.")
    return redirect("patients:list")


# --- the bedside questions ----------------------------------------------------------------------


@require_POST
def bedside(request, pk):
    found = assessment_of(request, pk)
    form = bedside_form(found, request.POST)
    if form.is_valid():
        try:
            _once(request, found, lambda: _save_bedside(request, found, form))
        except PatientsError as error:
            form.add_error(None, str(error))
    found = assessment_of(request, pk)
    if not request.htmx:
        return (
            _log_page(request, found, bedside=form, status=422) if form.errors else redirect(found)
        )
    shown = form if form.errors else bedside_form(found)
    context = {**panel(found), "bedside": shown, "redrawn": True}
    return render(request, "patients/_bedside.html", context)


def _save_bedside(request, found, form):
    services.update_assessment(
        assessment=found,
        by=request.user,
        revision=form.cleaned_data["revision"],
        **form.columns(),
    )


# --- one finding or mark ------------------------------------------------------------------------


def _rows(request, model):
    mine = model.objects.filter(assessment__in=Assessment.objects.visible_to(request.user))
    return mine.select_related("assessment__patient")


def _row(request, model, pk):
    return get_object_or_404(_rows(request, model), pk=pk)


def _row_or_none(request, model, pk):
    return _rows(request, model).filter(pk=pk).first()


def finding(request, pk):
    return _edit_row(request, _row(request, Finding, pk), finding_form, services.change_finding)


def mark(request, pk):
    return _edit_row(request, _row(request, Mark, pk), mark_form, services.change_mark)


def _edit_row(request, row, make_form, change):
    form = make_form(request.POST or None, instance=row)
    table = "mark" if isinstance(row, Mark) else "finding"
    if request.method == "POST" and form.is_valid():
        try:
            change(
                **{table: row},
                by=request.user,
                revision=form.cleaned_data["revision"],
                **form.columns(),
            )
        except PatientsError as error:
            form.add_error(None, str(error))
        else:
            return redirect(row.assessment)
    context = {
        "form": form,
        "row": type(row).objects.get(pk=row.pk),
        "table": table,
        "assessment": row.assessment,
        "patient": row.assessment.patient,
    }
    return render(request, "patients/finding.html", context, status=status(form))
