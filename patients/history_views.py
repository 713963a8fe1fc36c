from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients import definitions, services
from patients.errors import RemovedMeanwhile, Stale
from patients.facts import ALLERGY
from patients.forms import PreviousTreatmentForm
from patients.history import HistoryForm, shown_answer
from patients.models import Patient, PreviousTreatment
from patients.questions import questions
from patients.seen import (
    as_typed,
    name_stale_fields,
    patient_of,
    status,
    tell_of_denied_allergies,
)


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
        tell_of_denied_allergies(request, patient)
        return redirect(patient)
    expired = [
        (questions()[code], shown_answer(questions()[code], form.stored[code][0]))
        for code in form.expired()
    ]
    context = {"form": form, "patient": patient, "expired": expired, "today": today}
    return render(request, "patients/history.html", context, status=status(form))


@require_POST
def history_confirm(request, pk):
    """Nothing has changed: every expired answer holds anew from today.

    So does a no to allergies beside the record's text, if that text is still the one shown.
    """
    patient = patient_of(request, pk)
    today = timezone.localdate()
    form = HistoryForm(patient=patient, on=today)
    known = form.expired()
    if form.denied and _same_words(request.POST.get("record", ""), form.denied):
        known.append(ALLERGY)
    shown = [code for code in request.POST.getlist("question") if code in known]
    services.record_answers(patient=patient, answers={}, confirmed=shown, on=today, by=request.user)
    messages.success(request, "Confirmed as unchanged today.")
    return redirect("patients:history", pk)


def _same_words(one: str, other: str) -> bool:
    return one.split() == other.split()


def previous(request, pk):
    patient = patient_of(request, pk)
    return _previous_page(request, PreviousTreatment(patient=patient), "The treatment is noted.")


def previous_edit(request, pk):
    return _previous_page(request, _previous(request, pk), "Saved.")


def _previous_page(request, treatment, words):
    """The list with a form for one more, or the form of one that is changed."""
    patient, adding = treatment.patient, treatment._state.adding
    form, stale = _previous_form(request.POST or None, treatment), None
    if request.method == "POST" and form.is_valid():
        try:
            services.note_previous_treatment(
                row=treatment,
                by=request.user,
                revision=form.cleaned_data["revision"],
                **form.columns(),
            )
        except Stale as error:
            stale = error
            treatment.refresh_from_db()
            form = _previous_form(as_typed(request, treatment.revision), treatment)
            name_stale_fields(form, error)
        except RemovedMeanwhile as error:
            messages.error(request, str(error))
            return redirect("patients:previous", patient.pk)
        else:
            messages.success(request, words)
            return redirect("patients:previous", patient.pk)
    context = {"form": form, "patient": patient, "stale": stale}
    context |= {"previous": patient.previous_treatments.all()} if adding else {"editing": treatment}
    return render(request, "patients/previous.html", context, status=status(form, stale))


@require_POST
def previous_remove(request, pk):
    treatment = _previous(request, pk)
    services.remove_previous_treatment(treatment=treatment, by=request.user)
    messages.success(request, f"{treatment} is removed from the list.")
    return redirect("patients:previous", treatment.patient_id)


def _previous(request, pk) -> PreviousTreatment:
    mine = PreviousTreatment.objects.filter(patient__in=Patient.objects.visible_to(request.user))
    return get_object_or_404(mine.select_related("patient"), pk=pk)


def _previous_form(data, instance):
    return PreviousTreatmentForm(
        data,
        instance=instance,
        treatments=definitions.in_force().treatments,
        cancel=reverse("patients:previous", args=[instance.patient_id]),
    )
