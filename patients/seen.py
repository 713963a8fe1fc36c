"""What a request may see of the patients, and how its page answers."""

from django.shortcuts import get_object_or_404

from patients.models import Assessment, Patient


def patient_of(request, pk) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)


def assessment_of(request, pk) -> Assessment:
    mine = Assessment.objects.visible_to(request.user)
    return get_object_or_404(mine.select_related("patient", "assessed_by", "signed_by"), pk=pk)


def status(form, refused=False) -> int:
    return 422 if form and form.is_bound and (form.errors or refused) else 200
