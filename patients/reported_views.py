"""Doormen of what patients report: totals of questionnaires, and the follow-up."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from patients import reported as deeds
from patients.errors import PatientsError, TotalRefused
from patients.models import Assessment, FollowUp, Patient, ReportedTotal
from patients.photo_forms import ReasonForm
from patients.reported_forms import FollowUpForm, ReportedForm


def reported(request, pk):
    """The results by instrument; the form of one instrument once it is chosen."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    known = deeds.instruments()
    chosen = known.get(request.POST.get("instrument") or request.GET.get("instrument"))
    form = chosen and ReportedForm(request.POST or None, instrument=chosen, by=request.user)
    if request.method == "POST" and form and form.is_valid():
        try:
            deeds.record_total(
                patient=patient, by=request.user, instrument=chosen.code, **form.cleaned_data
            )
        except TotalRefused as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, f"{chosen.name} is recorded.")
            return redirect("patients:reported", pk)
    context = {
        "patient": patient,
        "rows": deeds.overview(patient),
        "leads_to": deeds.leads_to(patient, timezone.localdate()),
        "chosen": chosen,
        "form": form,
        "withdrawn": patient.reported_totals.exclude(withdrawn_at=None),
    }
    return render(request, "patients/reported.html", context, status=_status(form))


def withdraw(request, pk):
    mine = ReportedTotal.objects.visible_to(request.user).standing()
    found = get_object_or_404(mine.select_related("patient"), pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            deeds.withdraw_total(row=found, by=request.user, reason=form.cleaned_data["reason"])
        except PatientsError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "The result is withdrawn.")
        return redirect("patients:reported", found.patient_id)
    instrument = deeds.instruments().get(found.instrument)
    context = {"form": form, "found": found, "instrument": instrument, "patient": found.patient}
    return render(request, "patients/reported_withdraw.html", context, status=_status(form))


def follow_up(request, pk):
    mine = Assessment.objects.visible_to(request.user).select_related("patient")
    assessment = get_object_or_404(mine, pk=pk)
    said = FollowUp.objects.filter(assessment=assessment).first()
    if assessment.is_signed:
        return redirect(assessment)
    form = FollowUpForm(request.POST or None, instance=said)
    if request.method == "POST" and form.is_valid():
        try:
            deeds.record_follow_up(assessment=assessment, by=request.user, **form.cleaned_data)
        except PatientsError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "The follow-up is recorded.")
        return redirect(assessment)
    context = {"form": form, "assessment": assessment, "patient": assessment.patient}
    return render(request, "patients/reported_follow_up.html", context, status=_status(form))


def _status(form) -> int:
    return 422 if form and form.is_bound and form.errors else 200
