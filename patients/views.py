from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET

from clinic.catalogue.models import Clinic
from patients import definitions, services
from patients.errors import RecordNumberTaken, Stale
from patients.facts import history_status
from patients.forms import PatientForm, SearchForm, WishesForm
from patients.models import Patient, Wishes
from patients.seen import (
    as_typed,
    name_stale_fields,
    patient_of,
    status,
    tell_of_denied_allergies,
)

SHOWN_AT_ONCE = 50


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
    part = request.htmx
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
                _tell_of_messages(request, patient)
                return redirect(patient)
    context = {"form": form, "alike": alike}
    return render(request, "patients/register.html", context, status=status(form, alike))


def _tell_of_messages(request, patient):
    """An address in the record is no leave to write to it."""
    if not (patient.email or patient.phone):
        return
    words = "No message goes out to this patient before they were asked whether they want any."
    if request.user.has_perm("letters.send_messages"):
        address = reverse("letters:patient", args=[patient.pk])
        words = format_html('{} <a href="{}">Record what they choose</a>', words, address)
    messages.info(request, words)


def overview(request, pk) -> dict:
    """What the page about one patient shows of this app; `assessments` with their grades."""
    patient = patient_of(request, pk)
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
    patient = patient_of(request, pk)
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
            patient.refresh_from_db()
            data, cancel = as_typed(request, patient.revision), patient.get_absolute_url()
            form = PatientForm(data, instance=patient, cancel=cancel)
            name_stale_fields(form, error)
        else:
            messages.success(request, "Saved.")
            tell_of_denied_allergies(request, patient)
            return redirect(patient)
    patient = patient_of(request, pk)  # the banner shows what is saved, not what is typed
    context = {"form": form, "patient": patient, "stale": stale}
    return render(request, "patients/edit.html", context, status=status(form, stale))


def wishes(request, pk):
    patient = patient_of(request, pk)
    form, stale = _wishes_form(request, patient, request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            services.record_wishes(
                patient=patient,
                by=request.user,
                revision=form.cleaned_data["revision"],
                **form.columns(),
            )
        except Stale as error:
            stale = error
            now = Wishes.objects.filter(patient=patient).first()
            form = _wishes_form(request, patient, as_typed(request, now.revision if now else 0))
            name_stale_fields(form, error)
        else:
            messages.success(request, "The wishes are saved.")
            return redirect(patient)
    context = {"form": form, "patient": patient, "stale": stale}
    return render(request, "patients/wishes.html", context, status=status(form, stale))


def _wishes_form(request, patient, data):
    stored = Wishes.objects.filter(patient=patient).first() or Wishes(patient=patient)
    currency, cancel = Clinic.current().currency, patient.get_absolute_url()
    return WishesForm(data, instance=stored, currency=currency, cancel=cancel)
