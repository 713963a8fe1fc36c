from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients import definitions, services
from patients.forms import PreviousTreatmentForm
from patients.history import HistoryForm, shown_answer
from patients.models import Patient, PreviousTreatment
from patients.questions import questions
from patients.seen import patient_of, status


def history(request, pk):
    patient = patient_of(request, pk)
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
    return render(request, "patients/history.html", context, status=status(form))


@require_POST
def history_confirm(request, pk):
    """Nothing has changed: every expired answer holds anew from today."""
    patient = patient_of(request, pk)
    today = timezone.localdate()
    expired = HistoryForm(patient=patient, on=today).expired()
    shown = [code for code in request.POST.getlist("question") if code in expired]
    services.record_answers(patient=patient, answers={}, confirmed=shown, on=today, by=request.user)
    messages.success(request, "Confirmed as unchanged today.")
    return redirect("patients:history", pk)


def previous(request, pk):
    patient = patient_of(request, pk)
    form = _previous_form(request, PreviousTreatment(patient=patient))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The treatment is noted.")
        return redirect("patients:previous", pk)
    context = {"form": form, "patient": patient, "previous": patient.previous_treatments.all()}
    return render(request, "patients/previous.html", context, status=status(form))


def previous_edit(request, pk):
    treatment = _previous(request, pk)
    form = _previous_form(request, treatment)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("patients:previous", treatment.patient_id)
    context = {"form": form, "patient": treatment.patient, "editing": treatment}
    return render(request, "patients/previous.html", context, status=status(form))


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
