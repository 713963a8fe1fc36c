from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from clinic.catalogue.models import Clinic
from patients import definitions, services
from patients.errors import (
    AlreadyCorrected,
    DraftOpen,
    PatientsError,
    RecordNumberTaken,
    Stale,
)
from patients.facts import history_status
from patients.forms import (
    CorrectForm,
    PatientForm,
    PreviousTreatmentForm,
    SearchForm,
    StartForm,
    WishesForm,
)
from patients.history import HistoryForm, shown_answer
from patients.models import Assessment, Finding, Mark, Patient, PreviousTreatment, Wishes
from patients.panel import (
    DETAIL_KEYS,
    bedside_form,
    chart_of,
    finding_form,
    log_form,
    mark_form,
    mirrored,
    panel,
)
from patients.questions import questions

SHOWN_AT_ONCE = 50


def _patient(request, pk) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)


def _assessment(request, pk) -> Assessment:
    mine = Assessment.objects.visible_to(request.user)
    return get_object_or_404(mine.select_related("patient", "assessed_by", "signed_by"), pk=pk)


def _wants_part(request) -> bool:
    return bool(request.htmx)


# --- patients -----------------------------------------------------------------------------------


def patient_list(request):
    """Everybody, or who matches; what is searched for is posted, so that no address holds it."""
    form = SearchForm(request.POST or None)
    text = form.cleaned_data["q"].strip() if form.is_bound and form.is_valid() else ""
    seen = Patient.objects.visible_to(request.user)
    found = seen.matching(text) if text else seen.order_by("-registered_at")
    rows = list(found.with_last_assessed()[: SHOWN_AT_ONCE + 1])
    context = {
        "form": form,
        "text": text,
        "patients": rows[:SHOWN_AT_ONCE],
        "more": len(rows) > SHOWN_AT_ONCE,
        "shown": SHOWN_AT_ONCE,
    }
    part = _wants_part(request)
    return render(request, "patients/_found.html" if part else "patients/list.html", context)


def register(request):
    """A number in use is refused beside its field; people much alike are shown before saving."""
    form = PatientForm(request.POST or None, cancel=reverse("patients:list"))
    alike = []
    if request.method == "POST" and form.is_valid():
        columns = form.columns()
        known = Patient.objects.visible_to(request.user)
        alike = list(
            known.like(**{name: columns[name] for name in ("given_name", "family_name", "born")})
        )
        if not alike or request.POST.get("not_the_same"):
            try:
                patient = services.register(by=request.user, **columns)
            except RecordNumberTaken as error:
                form.add_error("record_number", str(error))
            else:
                messages.success(request, f"{patient} is registered.")
                return redirect(patient)
    context = {"form": form, "alike": alike}
    return render(request, "patients/register.html", context, status=_status(form, alike))


def _status(form, refused=False) -> int:
    return 422 if form.is_bound and (form.errors or refused) else 200


def overview(request, pk) -> dict:
    """What the page about one patient shows of this app; `assessments` with their grades."""
    patient = _patient(request, pk)
    today = timezone.localdate()
    may_read = request.user.has_perm("patients.view_assessment")
    assessments = patient.assessments.newest_first().select_related("assessed_by", "correction")
    return {
        "patient": patient,
        "history": history_status(patient, today),
        "wishes": Wishes.objects.filter(patient=patient).first(),
        "currency": Clinic.current().currency,
        "previous": patient.previous_treatments.all(),
        "draft": patient.assessments.drafts().first() if may_read else None,
        "assessments": [
            {"assessment": one, "grades": services.grades_of(one)} for one in assessments
        ]
        if may_read and definitions.in_force().scales
        else [],
    }


@require_GET
def patient(request, pk):
    return render(request, "patients/patient.html", overview(request, pk))


def edit(request, pk):
    patient = _patient(request, pk)
    form = PatientForm(request.POST or None, instance=patient, cancel=patient.get_absolute_url())
    stale = None
    if request.method == "POST" and form.is_valid():
        try:
            services.update_patient(
                patient=patient,
                changes=form.columns(),
                revision=form.cleaned_data["revision"],
                by=request.user,
            )
        except RecordNumberTaken as error:
            form.add_error("record_number", str(error))
        except Stale as error:
            stale = error
            form = _with_current_revision(request, PatientForm, patient)
            _name_stale_fields(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect(patient)
    patient = _patient(request, pk)  # the banner shows what is saved, not what is typed
    context = {"form": form, "patient": patient, "stale": stale}
    return render(request, "patients/edit.html", context, status=_status(form, stale))


def _with_current_revision(request, form_class, patient):
    """The form as typed, but standing on the record as it is now, so that a second save counts."""
    patient.refresh_from_db()
    data = request.POST.copy()
    data["revision"] = patient.revision
    return form_class(data, instance=patient, cancel=patient.get_absolute_url())


def _name_stale_fields(form, error):
    for name, label, shown in error.changed:
        if name in form.fields:
            form.add_error(name, f"Somebody else changed this meanwhile: {label} is now {shown}.")


def wishes(request, pk):
    patient = _patient(request, pk)
    stored = Wishes.objects.filter(patient=patient).first() or Wishes(patient=patient)
    form = WishesForm(
        request.POST or None,
        instance=stored,
        currency=Clinic.current().currency,
        cancel=patient.get_absolute_url(),
    )
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The wishes are saved.")
        return redirect(patient)
    context = {"form": form, "patient": patient}
    return render(request, "patients/wishes.html", context, status=_status(form))


# --- history ------------------------------------------------------------------------------------


def history(request, pk):
    patient = _patient(request, pk)
    today = timezone.localdate()
    form = HistoryForm(request.POST or None, patient=patient, on=today)
    if request.method == "POST" and form.is_valid():
        written = services.record_answers(
            patient=patient, answers=form.changed(), on=today, by=request.user
        )
        count = len(written)
        messages.success(
            request, f"{count} answer{'' if count == 1 else 's'} saved." if count else "No change."
        )
        return redirect(patient)
    expired = [
        (questions()[code], shown_answer(questions()[code], form.stored[code][0]))
        for code in form.expired()
    ]
    context = {"form": form, "patient": patient, "expired": expired, "today": today}
    return render(request, "patients/history.html", context, status=_status(form))


@require_POST
def history_confirm(request, pk):
    """Nothing has changed: every expired answer holds anew from today."""
    patient = _patient(request, pk)
    today = timezone.localdate()
    expired = HistoryForm(patient=patient, on=today).expired()
    shown = [code for code in request.POST.getlist("question") if code in expired]
    services.record_answers(patient=patient, answers={}, confirmed=shown, on=today, by=request.user)
    messages.success(request, "Confirmed as unchanged today.")
    return redirect("patients:history", pk)


def previous(request, pk):
    patient = _patient(request, pk)
    form = _previous_form(request, PreviousTreatment(patient=patient))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The treatment is noted.")
        return redirect("patients:previous", pk)
    context = {"form": form, "patient": patient, "previous": patient.previous_treatments.all()}
    return render(request, "patients/previous.html", context, status=_status(form))


def previous_edit(request, pk):
    treatment = _previous(request, pk)
    form = _previous_form(request, treatment)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("patients:previous", treatment.patient_id)
    context = {"form": form, "patient": treatment.patient, "editing": treatment}
    return render(request, "patients/previous.html", context, status=_status(form))


@require_POST
def previous_remove(request, pk):
    treatment = _previous(request, pk)
    treatment.delete()
    messages.success(request, f"{treatment} is removed from the list.")
    return redirect("patients:previous", treatment.patient_id)


def _previous(request, pk) -> PreviousTreatment:
    mine = PreviousTreatment.objects.filter(patient__in=Patient.objects.visible_to(request.user))
    return get_object_or_404(mine.select_related("patient"), pk=pk)


def _previous_form(request, instance):
    return PreviousTreatmentForm(
        request.POST or None,
        instance=instance,
        treatments=definitions.in_force().treatments,
        cancel=reverse("patients:previous", args=[instance.patient_id]),
    )


# --- assessments --------------------------------------------------------------------------------


def start(request, pk):
    patient = _patient(request, pk)
    last = patient.assessments.in_force().newest_first().first()
    form = StartForm(request.POST or None, can_copy=last is not None)
    if request.method == "POST" and form.is_valid():
        try:
            draft = services.start_assessment(
                patient=patient,
                by=request.user,
                on=form.cleaned_data["assessed_on"],
                copy_last=form.cleaned_data.get("copy_last", False),
            )
        except DraftOpen as error:
            messages.info(request, str(error))
            draft = error.draft
        return redirect(draft)
    context = {"form": form, "patient": patient, "last": last}
    return render(request, "patients/start.html", context, status=_status(form))


@require_GET
def assessment(request, pk):
    found = _assessment(request, pk)
    may_log = request.user.has_perm("patients.log_assessment")
    if found.is_signed or not may_log:
        context = {**panel(found), **chart_of(found, mode="read"), "patient": found.patient}
        return render(request, "patients/assessment_read.html", context)
    return _log_page(request, found)


def _log_page(request, found, form=None, bedside=None, status=200):
    place = form["place"].value() if form else ""
    context = {
        **panel(found),
        **chart_of(found, selected=place or None),
        "patient": found.patient,
        "form": form or log_form(),
        "bedside": bedside or bedside_form(found),
    }
    return render(request, "patients/assessment.html", context, status=status)


@require_GET
def assessment_chart(request, pk):
    """The chart alone, drawn anew after something was logged."""
    found = _assessment(request, pk)
    tab, place = request.GET.get("face-chart-view", "F"), request.GET.get("place") or None
    context = chart_of(found, selected=place, tab=tab)
    return render(request, "patients/_face_chart.html", context)


@require_POST
def log(request, pk):
    """One finding or mark, saved at once."""
    found = _assessment(request, pk)
    form = log_form(request.POST)
    if not form.is_valid():
        return _log_refused(request, found, form)
    try:
        row = form.log(assessment=found, by=request.user)
    except PatientsError as error:
        form.add_error(None, str(error))
        return _log_refused(request, found, form)
    return _logged(request, found, last=row)


def _log_refused(request, found, form):
    if not _wants_part(request):
        return _log_page(request, found, form=form, status=422)
    words = [error for errors in form.errors.values() for error in errors]
    context = {**panel(found), "refused": words}
    return render(request, "patients/_logged.html", context)


def _logged(request, found, last=None, refused=()):
    """The list and the grades as they now are; the chart fetches itself on "logged"."""
    if not _wants_part(request):
        for words in refused:
            messages.error(request, words)
        return redirect(found)
    found.refresh_from_db()
    context = {**panel(found, last=last), "refused": refused}
    response = render(request, "patients/_logged.html", context)
    response["HX-Trigger"] = "logged"
    return response


@require_POST
def undo(request, pk):
    return _step(request, pk, services.undo)


@require_POST
def redo(request, pk):
    return _step(request, pk, services.redo)


def _step(request, pk, deed):
    found = _assessment(request, pk)
    try:
        deed(assessment=found, by=request.user)
    except PatientsError as error:
        return _logged(request, found, refused=[str(error)])
    return _logged(request, found)


@require_POST
def bedside(request, pk):
    found = _assessment(request, pk)
    form = bedside_form(found, request.POST)
    if form.is_valid():
        try:
            services.update_assessment(
                assessment=found,
                by=request.user,
                revision=form.cleaned_data["revision"],
                **form.columns(),
            )
        except PatientsError as error:
            form.add_error(None, str(error))
    found = _assessment(request, pk)
    if not _wants_part(request):
        return (
            _log_page(request, found, bedside=form, status=422) if form.errors else redirect(found)
        )
    shown = form if form.errors else bedside_form(found)
    context = {**panel(found), "bedside": shown, "redrawn": True}
    return render(request, "patients/_bedside.html", context)


@require_POST
def sign(request, pk):
    found = _assessment(request, pk)
    try:
        services.sign_assessment(assessment=found, by=request.user)
    except PatientsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Signed. From now on only a correction can change it.")
    return redirect(found)


def correct(request, pk):
    found = _assessment(request, pk)
    form = CorrectForm(request.POST or None, cancel=found.get_absolute_url())
    if request.method == "POST" and form.is_valid():
        try:
            draft = services.correct_assessment(
                assessment=found, by=request.user, reason=form.cleaned_data["reason"]
            )
        except (DraftOpen, AlreadyCorrected) as error:
            messages.error(request, str(error))
            return redirect(getattr(error, "draft", None) or error.correction)
        except PatientsError as error:
            messages.error(request, str(error))
            return redirect(found)
        return redirect(draft)
    context = {"form": form, "patient": found.patient, "assessment": found}
    return render(request, "patients/correct.html", context, status=_status(form))


@require_POST
def discard(request, pk):
    found = _assessment(request, pk)
    try:
        services.discard_draft(assessment=found, by=request.user)
    except PatientsError as error:
        messages.error(request, str(error))
        return redirect(found)
    messages.success(request, "The draft is discarded.")
    return redirect(found.patient)


# --- one finding or mark ------------------------------------------------------------------------


def _row(request, model, pk):
    mine = model.objects.filter(assessment__in=Assessment.objects.visible_to(request.user))
    return get_object_or_404(mine.select_related("assessment__patient"), pk=pk)


def finding(request, pk):
    return _edit_row(request, _row(request, Finding, pk), finding_form, "finding")


def mark(request, pk):
    return _edit_row(request, _row(request, Mark, pk), mark_form, "mark")


def _edit_row(request, row, make_form, table):
    form = make_form(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        change = getattr(services, f"change_{table}")
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
    return render(request, "patients/finding.html", context, status=_status(form))


@require_POST
def finding_detail(request, pk):
    """One detail of one finding, as the keys of fast logging set it."""
    row = _row(request, Finding, pk)
    change = DETAIL_KEYS.get((request.POST.get("name"), request.POST.get("value")))
    if change is None:
        return HttpResponse("This detail is not known.", status=400)
    try:
        row = services.change_finding(finding=row, by=request.user, **change)
    except PatientsError as error:
        return _logged(request, row.assessment, refused=[str(error)])
    return _logged(request, row.assessment, last=row)


@require_POST
def finding_remove(request, pk):
    return _remove_row(request, _row(request, Finding, pk), "finding")


@require_POST
def mark_remove(request, pk):
    return _remove_row(request, _row(request, Mark, pk), "mark")


def _remove_row(request, row, table):
    try:
        getattr(services, f"remove_{table}")(**{table: row}, by=request.user)
    except PatientsError as error:
        return _logged(request, row.assessment, refused=[str(error)])
    return _logged(request, row.assessment)


@require_POST
def finding_mirror(request, pk):
    return _mirror_row(request, _row(request, Finding, pk), services.log_finding)


@require_POST
def mark_mirror(request, pk):
    return _mirror_row(request, _row(request, Mark, pk), services.log_mark)


def _mirror_row(request, row, deed):
    """The same again on the other side."""
    fields = mirrored(row)
    if fields is None:
        words = "This place lies in the middle: it has no other side."
        return _logged(request, row.assessment, refused=[words])
    try:
        other = deed(assessment=row.assessment, by=request.user, **fields)
    except PatientsError as error:
        return _logged(request, row.assessment, refused=[str(error)])
    return _logged(request, row.assessment, last=other)
