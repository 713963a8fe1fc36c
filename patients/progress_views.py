"""Doormen of the progress of a patient: over time, and place by place."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from patients import progress
from patients.models import Patient


@require_GET
def timeline(request, pk):
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    context = {"patient": patient, **progress.story(patient)}
    return render(request, "patients/timeline.html", context)


@require_GET
def regions(request, pk):
    """Two assessments on the face chart; without a choice the first and the last."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    found = list(patient.assessments.in_force().order_by("assessed_on", "id"))
    if not found:
        raise Http404
    before = _chosen(request, "before", found, default=0)
    after = _chosen(request, "after", found, default=-1)
    context = {
        "patient": patient,
        "assessments": found,
        "before": before,
        "after": after,
        **progress.compared(before, after),
    }
    return render(request, "patients/timeline_regions.html", context)


def _chosen(request, name, found, default):
    wanted = request.GET.get(name)
    return next((one for one in found if str(one.pk) == wanted), found[default])
