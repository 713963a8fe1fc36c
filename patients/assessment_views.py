from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from patients import services
from patients.errors import AlreadyCorrected, DraftOpen, PatientsError
from patients.forms import CorrectForm, StartForm
from patients.seen import assessment_of, patient_of, status


def start(request, pk):
    patient = patient_of(request, pk)
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
    return render(request, "patients/start.html", context, status=status(form))


@require_POST
def sign(request, pk):
    found = assessment_of(request, pk)
    try:
        services.sign_assessment(assessment=found, by=request.user)
    except PatientsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Signed. From now on only a correction can change it.")
    return redirect(found)


def correct(request, pk):
    found = assessment_of(request, pk)
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
    return render(request, "patients/correct.html", context, status=status(form))


@require_POST
def discard(request, pk):
    found = assessment_of(request, pk)
    try:
        services.discard_draft(assessment=found, by=request.user)
    except PatientsError as error:
        messages.error(request, str(error))
        return redirect(found)
    messages.success(request, "The draft is discarded.")
    return redirect(found.patient)
