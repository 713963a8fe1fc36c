"""The paper of an assessment: what was signed, in words and tables, with nothing fetched."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.urls import reverse
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError

from clinic.catalogue.models import Clinic
from patients import paper, photos, reported, services
from patients.paper import HERE, StaticFilesOnly, assessment_document
from tests.factories import (
    make_assessment,
    make_finding,
    make_mark,
    make_patient,
    make_user,
    make_version,
    shipped,
)
from tests.patients.test_photos import picture

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 11, 1)


@pytest.fixture
def clinician():
    make_version()
    return make_user(name="Dr Vera Example", title="Dermatologist", registration_number="4711-X")


def signed_assessment(by, patient=None, **fields):
    draft = make_assessment(
        patient=patient or make_patient(given_name="Zoë", family_name="Łukasiewicz"),
        by=by,
        on=DAY,
        obvious_at_50cm=True,
        easily_covered=False,
        flattens_on_stretch=True,
        **fields,
    )
    make_finding(assessment=draft, count=7, width_mm="1.5")
    make_finding(assessment=draft, scar_type="rolling", count=12, severity="moderate")
    make_finding(
        assessment=draft,
        scar_type="keloid",
        region="ear_lobule",
        side="R",
        count=1,
        area_cm2=4,
        note="After a piercing",
    )
    make_mark(assessment=draft, mark_type="pie", count=None, count_band="5-10")
    return services.sign_assessment(assessment=draft, by=by)


def drawn(assessment):
    """The laid-out pages and their text, as WeasyPrint places it."""
    document = assessment_document(assessment)
    document["pictures"] = [(one, photos.data_url(one)) for one in document["photos"]]
    html = render_to_string("patients/paper/assessment.html", document)
    pages = HTML(string=html, base_url=HERE, url_fetcher=StaticFilesOnly()).render().pages
    return pages, [" ".join(words(page._page_box)) for page in pages]


def words(box):
    """Every piece of text in a laid-out box; WeasyPrint shows no other way to it."""
    if hasattr(box, "text"):
        yield box.text
    for child in getattr(box, "children", ()):
        yield from words(child)
    for margin in getattr(box, "margin_boxes", ()):
        yield from words(margin)


def test_the_paper_holds_all_that_was_signed(clinician):
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Harbour Skin Clinic"})

    _, pages = drawn(signed_assessment(clinician))

    text = " ".join(" ".join(pages).split())
    for expected in (
        "Harbour Skin Clinic",
        "Zoë Łukasiewicz",
        "01-Nov-2026",
        "Left malar cheek",
        "Ice pick",
        "1.5 mm wide",
        "After a piercing",
        "4 cm²",
        "5-10",
        "Obvious at 50 cm",
        "Goodman-Baron score, row by row",
        "Dr Vera Example",
        "Dermatologist",
        "registration number 4711-X",
        f"Page 1 of {len(pages)}",
    ):
        assert expected in text, expected


def test_every_view_with_something_in_it_is_drawn(clinician):
    assessment = signed_assessment(clinician)

    codes = {one.view.code for one in assessment_document(assessment)["chart"]["views"]}

    assert codes == {"F", "L45", "R45", "R90"}  # the earlobe is seen from the side alone


def test_the_page_number_stands_on_every_page(clinician):
    assessment = signed_assessment(clinician)

    pages, texts = drawn(assessment)

    assert len(pages) >= 2
    for number, text in enumerate(texts, 1):
        assert f"Page {number} of {len(pages)}" in text


def test_unverified_scales_and_rows_are_marked(clinician):
    _, pages = drawn(signed_assessment(clinician))

    assert "†" in " ".join(pages)


def test_photos_are_on_paper_only_with_consent(clinician, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    assessment = signed_assessment(clinician)
    file = SimpleUploadedFile("x.jpg", picture())
    photos.add_photo(
        patient=assessment.patient, by=clinician, file=file, view="front", taken_on=DAY
    )

    without = assessment_document(assessment)["photos"]
    photos.give_consent(patient=assessment.patient, purpose="record", given_on=DAY, by=clinician)
    _, pages = drawn(assessment)

    assert without == []
    assert "Photos" in " ".join(pages)
    assert "Front" in " ".join(pages)


def test_a_correction_and_what_it_corrects_say_so(clinician):
    wrong = signed_assessment(clinician)
    right = services.correct_assessment(assessment=wrong, by=clinician, reason="Sides swapped")
    services.sign_assessment(assessment=right, by=clinician)
    wrong.refresh_from_db()

    _, old = drawn(wrong)
    _, new = drawn(right)

    assert "No longer in force." in " ".join(old)
    assert "Sides swapped" in " ".join(old)
    assert "Correction" in " ".join(new)
    assert "No longer in force." not in " ".join(new)


def test_a_draft_is_called_one(clinician):
    _, pages = drawn(make_assessment(by=clinician))

    assert "Nobody has signed this assessment yet" in " ".join(pages)


def test_no_screening_result_is_on_paper(clinician):
    make_version(instruments=shipped("instruments"))
    assessment = signed_assessment(clinician)
    reported.record_total(
        patient=assessment.patient,
        by=clinician,
        instrument="dcq",
        total=14,
        answered_on=DAY,
        manner="self",
        administered_by=clinician,
    )

    _, pages = drawn(assessment)

    assert "DCQ" not in " ".join(pages)


def test_the_view_answers_with_a_pdf_to_clinicians_alone(client, clinician):
    assessment = signed_assessment(clinician)
    url = reverse("patients:paper_pdf", args=[assessment.pk])
    client.force_login(clinician)

    answer = client.get(url)
    page = client.get(reverse("patients:paper", args=[assessment.pk]))
    client.force_login(make_user("front_desk"))

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert answer["Cache-Control"] == "no-store"
    assert assessment.patient.record_number.lower() in answer["Content-Disposition"]
    assert page.status_code == 200
    assert client.get(url).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/patients/",
        "https://example.com/x.png",
        "file:///etc/passwd",
        f"{HERE}/patients/",
        f"{HERE}/static/../../etc/passwd",
        f"{HERE}/media/photos/x.jpg",
    ],
)
def test_a_document_fetches_nothing_but_our_static_files(address):
    with pytest.raises(FatalURLFetchingError, match="may not ask"):
        StaticFilesOnly().fetch(address)


def test_our_own_style_is_found():
    assert paper.StaticFilesOnly().fetch(f"{HERE}/static/css/document.css")
