"""A page as PDF. Nothing is fetched: what it needs are our own static files, read from disk."""

import mimetypes

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.text import slugify
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from clinic.catalogue.models import Clinic
from patients import chart, definitions, photos, services
from patients.models import Photo
from patients.panel import chart_of, panel
from patients.templatetags.patient_facts import plain_number

HERE = "https://clinic.invalid"
"""An address that cannot exist, so that an address relative to it is one of ours."""

BY_ROW = {"goodman_baron_quantitative": "Goodman-Baron score", "ecca": "ECCA"}
ALWAYS_DRAWN = ("F", "R45", "L45")


class StaticFilesOnly(URLFetcher):
    """Serves static files and what is written into the page itself; refuses every other address."""

    def __init__(self):
        super().__init__(allowed_protocols=("data",), allow_redirects=False)

    def fetch(self, url, headers=None):
        if url.startswith("data:"):
            return super().fetch(url, headers)
        ours = HERE + settings.STATIC_URL
        name = url.removeprefix(ours).partition("?")[0]
        path = _on_disk(name) if url.startswith(ours) else None
        if path is None:
            raise FatalURLFetchingError(f"A document may not ask for {url}")
        with open(path, "rb") as file:
            body = file.read()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, body, {"Content-Type": kind})


def _on_disk(name: str) -> str | None:
    """Collected files first; in development, where nothing is collected, where they come from."""
    try:
        if staticfiles_storage.exists(name):
            return staticfiles_storage.path(name)
        return finders.find(name)
    except SuspiciousFileOperation:
        return None


def pdf(template: str, context: dict, **options) -> bytes:
    """`options` are WeasyPrint's own, such as `uncompressed_pdf`."""
    page = render_to_string(template, context)
    document = HTML(string=page, base_url=HERE, url_fetcher=StaticFilesOnly())
    return document.write_pdf(**options)


def pdf_response(template: str, context: dict, *, name: str) -> HttpResponse:
    """The PDF, shown in the browser; `name` is what a saved file is called."""
    response = HttpResponse(pdf(template, context), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{slugify(name)}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


# --- an assessment ------------------------------------------------------------------------------


def assessment_document(assessment, *, with_photos=True) -> dict:
    """What the paper of one assessment shows: as signed, with the scales it was signed with."""
    version = assessment.catalogue_version
    known = definitions.of_version(version.pk) if version else definitions.in_force()
    findings, marks = _rows(assessment)
    grades = services.grades_of(assessment) if known.scales else None
    codes = _views_with_loads(assessment)
    pictures = (
        photos.photos_for_documents(assessment.patient, assessment).order_by("view", "id")
        if with_photos
        else Photo.objects.none()
    )
    return {
        "assessment": assessment,
        "patient": assessment.patient,
        "clinic": Clinic.current(),
        "version": version,
        "findings": findings,
        "symbols_used": [
            symbol
            for code, symbol in chart.SYMBOLS.items()
            if code in {one["code"] for one in [*findings, *marks]}
        ],
        "marks": marks,
        "grades": grades,
        "graded_by_row": [(name, grades[code]) for code, name in BY_ROW.items()] if grades else [],
        "scales": known.scales,
        "follow_up": getattr(assessment, "follow_up", None),
        "correction": getattr(assessment, "correction", None),
        "photos": list(pictures),
        "title": "Assessment of acne scars",
        **chart_of(assessment, mode="print", uid="paper-chart", codes=codes),
    }


def _rows(assessment):
    """Findings and marks as the page about them shows them, from the forehead downwards."""
    order = {place: number for number, place in enumerate(chart.places())}
    rows = sorted(
        panel(assessment)["rows"], key=lambda one: order.get(one["row"].place, len(order))
    )
    findings = [one | {"details": _details(one["row"])} for one in rows if not one["is_mark"]]
    return findings, [one for one in rows if one["is_mark"]]


def _details(finding) -> str:
    """What is known of a finding besides its number."""
    stretched = {True: "flattens when stretched", False: "does not flatten when stretched"}
    words = [
        finding.severity,
        _measure(finding.width_mm, "mm wide"),
        _measure(finding.depth_mm, "mm deep"),
        _measure(finding.area_cm2, "cm²"),
        _measure(finding.age_months, "months old"),
        stretched.get(finding.distensible, ""),
        "broad area" if finding.broad else "",
        "significant" if finding.significant else "",
        "inflamed" if finding.active_inflammation else "",
        f"counted in row {finding.gb_row}" if finding.gb_row else "",
        finding.note,
    ]
    return "; ".join(filter(None, words))


def _measure(value, unit) -> str:
    return "" if value is None else f"{plain_number(value)} {unit}"


def _views_with_loads(assessment) -> list[str]:
    """The front and both three-quarter views, and others that alone show something logged."""
    logged = {row.place for row in [*assessment.findings.all(), *assessment.marks.all()]}
    codes, seen = [], set()
    for view in sorted(chart.views(), key=lambda view: view.code not in ALWAYS_DRAWN):
        places = {shape.key for shape in view.shapes} & logged
        if view.code in ALWAYS_DRAWN or places - seen:
            codes.append(view.code)
            seen |= places
    return codes
