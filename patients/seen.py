"""What a request may see of the patients, and how its page answers."""

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.utils import timezone

from patients.facts import denied_allergies
from patients.models import Assessment, Patient


def patient_of(request, pk) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)


def assessment_of(request, pk) -> Assessment:
    mine = Assessment.objects.visible_to(request.user)
    return get_object_or_404(mine.select_related("patient", "assessed_by", "signed_by"), pk=pk)


def as_typed(request, revision):
    """What was typed, standing on the record as it is now, so that a second save counts."""
    data = request.POST.copy()
    data["revision"] = revision
    return data


def name_stale_fields(form, error) -> None:
    """Beside each field that somebody else changed: what it is now."""
    for name, label, shown in error.changed:
        if name in form.fields:
            form.add_error(name, f"Somebody else changed this meanwhile: {label} is now {shown}.")


def status(form, refused=False) -> int:
    return 422 if form and form.is_bound and (form.errors or refused) else 200


def tell_of_denied_allergies(request, patient) -> None:
    """After a save on either side: what the record says against what the history says."""
    patient = patient_of(request, patient.pk)
    if said := denied_allergies(patient, timezone.localdate()):
        messages.warning(
            request,
            f"The record says: {said}. The history says no allergy. Until this is settled on the "
            "history page, allergies count as not answered.",
        )
