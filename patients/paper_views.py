"""The paper of an assessment: on the screen as it prints, and as PDF to file."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from patients import photos
from patients.models import Assessment
from patients.paper import assessment_document, pdf_response


@require_GET
def paper(request, pk):
    document = _document(request, pk)
    document["pictures"] = [
        (one, reverse("patients:photo", args=[one.pk])) for one in document["photos"]
    ]
    return render(request, "patients/paper/page.html", document)


@require_GET
def paper_pdf(request, pk):
    document = _document(request, pk)
    document["pictures"] = [(one, photos.data_url(one)) for one in document["photos"]]
    assessment = document["assessment"]
    name = f"{assessment.patient.record_number} assessment {assessment.assessed_on:%Y-%m-%d}"
    return pdf_response("patients/paper/assessment.html", document, name=name)


def _document(request, pk) -> dict:
    """Photos only for those who may see them, whatever the patient agreed to."""
    mine = Assessment.objects.visible_to(request.user)
    people = ("patient", "assessed_by", "signed_by", "corrects", "follow_up", "catalogue_version")
    assessment = get_object_or_404(mine.select_related(*people), pk=pk)
    with_photos = request.user.has_perm("patients.view_photo")
    return assessment_document(assessment, with_photos=with_photos)
