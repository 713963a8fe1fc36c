"""Logging, undoing, signing and correcting an assessment."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from patients import services
from patients.errors import AlreadyCorrected, AlreadySigned, DraftOpen, NoSuchPlace, Stale
from patients.models import Assessment, Finding, Mark
from tests.factories import (
    make_assessment,
    make_finding,
    make_mark,
    make_patient,
    make_signed_assessment,
    make_user,
)

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
KEYS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(3)]


def log_in(client, *roles):
    user = make_user(*roles)
    client.force_login(user)
    return user


def post_log(client, draft, **fields):
    fields = {"place": "malar.L", "kind": "ice_pick", "count_band": "1-4", **fields}
    return client.post(reverse("patients:log", args=[draft.pk]), fields)


# --- what the database refuses


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"width_mm": Decimal(50)}, "finding_width_is_at_most_30_mm_or_unknown"),
        ({"width_mm": Decimal(0)}, "finding_width_is_at_most_30_mm_or_unknown"),
        ({"depth_mm": Decimal("10.1")}, "finding_depth_is_at_most_10_mm_or_unknown"),
        ({"count": 0}, "finding_count_is_1_to_500_or_unknown"),
        ({"count": 501}, "finding_count_is_1_to_500_or_unknown"),
        ({"count_band": "5-10"}, "finding_has_a_count_or_a_band_but_not_both"),
        ({"count": None, "count_band": "7"}, "finding_count_band_is_a_band_or_empty"),
        ({"area_cm2": Decimal(0)}, "finding_area_is_above_zero_or_unknown"),
        ({"scar_type": "pih"}, "finding_type_is_a_scar_type"),
        ({"secondary_type": "ice_pick"}, "finding_secondary_type_is_another_scar_type_or_empty"),
        ({"severity": "awful"}, "finding_severity_is_a_term_or_empty"),
    ],
)
def test_an_impossible_finding_is_refused_by_the_database(columns, constraint):
    finding = make_finding()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(**columns)


@pytest.mark.parametrize("side", ["X", ""])
def test_a_side_is_left_middle_or_right(side):
    finding = make_finding()

    with pytest.raises(IntegrityError, match="finding_side_is_l_m_or_r"), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(side=side)


@pytest.mark.parametrize("kind", ["keloid", "ice_pick"])
def test_a_mark_is_never_a_scar(kind):
    mark = make_mark()

    with pytest.raises(Exception, match=r"mark_type_is_a_mark_type|too long"), transaction.atomic():
        Mark.objects.filter(pk=mark.pk).update(mark_type=kind)


def test_a_region_has_only_its_own_sides():
    with pytest.raises(NoSuchPlace, match="choose M"):
        make_finding(region="glabella", side="L")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE patients_assessment SET note = 'changed' WHERE id = %s",
        "DELETE FROM patients_assessment WHERE id = %s",
        "UPDATE patients_finding SET count = 99 WHERE assessment_id = %s",
        "DELETE FROM patients_finding WHERE assessment_id = %s",
        "DELETE FROM patients_mark WHERE assessment_id = %s",
        "INSERT INTO patients_mark (id, lineage, region, side, count_band, note, revision,"
        " mark_type, assessment_id) SELECT gen_random_uuid(), gen_random_uuid(), 'malar', 'L', '',"
        " '', 1, 'pie', id FROM patients_assessment WHERE id = %s",
    ],
)
def test_a_signed_assessment_is_frozen_by_the_database(sql):
    draft = make_assessment()
    make_finding(assessment=draft)
    make_mark(assessment=draft)
    signed = services.sign_assessment(assessment=draft, by=draft.assessed_by)

    with (
        pytest.raises(IntegrityError, match="signed_assessment_is_frozen"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, [signed.pk])


def test_a_finding_cannot_be_moved_out_of_a_signed_assessment():
    signed = make_signed_assessment()
    other = make_assessment()

    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        signed.findings.update(assessment=other)


def test_a_patient_has_one_draft():
    draft = make_assessment()

    with pytest.raises(DraftOpen):
        services.start_assessment(patient=draft.patient, by=draft.assessed_by, on=draft.assessed_on)


# --- services


def test_signing_keeps_the_grades_as_they_were_computed():
    signed = make_signed_assessment(
        findings=[{"scar_type": "ice_pick", "count": 12}],
        obvious_at_50cm=True,
        easily_covered=False,
        flattens_on_stretch=False,
    )

    signed.refresh_from_db()
    assert signed.is_signed
    assert signed.grades["goodman_baron_quantitative"]["value"] == 6
    assert signed.grades["goodman_baron_qualitative"]["value"] == 4
    assert signed.grades["ecca"]["value"] == 30


def test_a_signed_assessment_takes_no_more_findings():
    signed = make_signed_assessment()

    with pytest.raises(AlreadySigned):
        make_finding(assessment=signed)


def test_a_new_assessment_copies_the_last_one_with_its_lineages():
    signed = make_signed_assessment()
    make = services.start_assessment

    draft = make(
        patient=signed.patient, by=signed.assessed_by, on=signed.assessed_on, copy_last=True
    )

    assert draft.findings.get().lineage == signed.findings.get().lineage
    assert draft.findings.get().pk != signed.findings.get().pk


def test_a_correction_starts_with_everything_and_stands_in_its_place_once_signed():
    signed = make_signed_assessment(obvious_at_50cm=True)
    by = signed.assessed_by

    draft = services.correct_assessment(assessment=signed, by=by, reason="Wrong side")
    assert Assessment.objects.in_force().get() == signed
    services.sign_assessment(assessment=draft, by=by)

    assert draft.obvious_at_50cm is True
    assert draft.findings.count() == 1
    assert Assessment.objects.in_force().get() == draft
    with pytest.raises(AlreadyCorrected):
        services.correct_assessment(assessment=signed, by=by, reason="Again")


def test_each_step_of_logging_can_be_undone_and_done_again():
    draft = make_assessment()
    by = draft.assessed_by
    finding = make_finding(assessment=draft, width_mm=Decimal("1.5"))
    services.change_finding(finding=finding, by=by, count=9)
    services.remove_finding(finding=finding, by=by)

    seen = []
    for _ in range(3):
        services.undo(assessment=draft, by=by)
        seen.append(list(draft.findings.values_list("count", "width_mm")))
    for _ in range(2):
        services.redo(assessment=draft, by=by)

    width = Decimal("1.50")
    assert seen == [[(9, width)], [(3, width)], []]
    assert draft.findings.get().count == 9
    assert draft.findings.get().pk == finding.pk


def test_a_new_step_forgets_what_was_undone():
    draft = make_assessment()
    make_finding(assessment=draft)
    services.undo(assessment=draft, by=draft.assessed_by)

    make_mark(assessment=draft)

    assert not draft.changes.filter(undone=True).exists()


def test_a_finding_changed_by_somebody_else_is_not_overwritten():
    finding = make_finding()
    by = finding.assessment.assessed_by
    services.change_finding(finding=finding, by=by, revision=1, count=5)

    with pytest.raises(Stale, match="exact number is now 5"):
        services.change_finding(finding=finding, by=by, revision=1, count=7)


def test_the_history_keeps_who_and_what_was_removed():
    finding = make_finding()
    services.remove_finding(finding=finding, by=finding.assessment.assessed_by)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pgh_label FROM patients_findingevent WHERE pgh_obj_id = %s ORDER BY pgh_id",
            [finding.pk],
        )
        labels = [label for (label,) in cursor.fetchall()]
    assert labels == ["insert", "delete"]


# --- pages


def test_a_finding_is_logged_without_scripts(client):
    draft = make_assessment(by=log_in(client))

    response = post_log(client, draft, kind="rolling", count_band="5-10", severity="moderate")

    assert response.status_code == 302
    finding = draft.findings.get()
    assert (finding.place, finding.count_band, finding.severity) == ("malar.L", "5-10", "moderate")


def test_a_mark_is_logged_apart_from_scars(client):
    draft = make_assessment(by=log_in(client))

    post_log(client, draft, kind="mark_pie", count_band="", count="12")

    assert draft.marks.get().count == 12
    assert not draft.findings.exists()


def test_an_entry_by_htmx_answers_with_the_list_and_the_grades(client):
    draft = make_assessment(by=log_in(client))
    url = reverse("patients:log", args=[draft.pk])
    data = {"place": "chin.M", "kind": "ice_pick", "count": "12"}

    response = client.post(url, data, headers=HTMX)

    words = response.content.decode()
    assert response.headers["HX-Trigger"] == "logged"
    assert "<html" not in words
    assert "Middle of the chin" in words
    assert "<strong>6</strong>" in words


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"width_mm": "50"}, "This is more than 0 and at most 30 mm."),
        ({"count_band": "", "count": "-1"}, "This is 1 to 500."),
        ({"count_band": "", "count": "many"}, "Write a whole number."),
        ({"count": "3"}, "Give an exact number or a band, not both."),
        ({"place": ""}, "Say where"),
        ({"place": "moon.L"}, "Choose one of the listed regions."),
        ({"kind": ""}, "Choose a type."),
        ({"kind": "mark_scar"}, "Choose one of the listed marks."),
    ],
)
def test_a_refused_entry_says_why_and_keeps_what_was_typed(client, fields, refusal):
    draft = make_assessment(by=log_in(client))

    response = post_log(client, draft, note="seen by lamp", **fields)

    words = response.content.decode()
    assert response.status_code == 422
    assert refusal in words
    assert not draft.findings.exists()
    if not fields.get("kind", "x").startswith("mark_"):
        assert "seen by lamp" in words


def test_bedside_answers_change_the_grade_at_once(client):
    draft = make_assessment(by=log_in(client))
    make_finding(assessment=draft, scar_type="rolling", severity="moderate")
    url = reverse("patients:bedside", args=[draft.pk])
    data = {
        "obvious_at_50cm": "yes",
        "easily_covered": "no",
        "flattens_on_stretch": "yes",
        "scar_s_face": "3",
        "revision": draft.revision,
    }

    response = client.post(url, data, headers=HTMX)

    assert "<strong>3</strong>" in response.content.decode()
    draft.refresh_from_db()
    assert (draft.obvious_at_50cm, draft.easily_covered, draft.scar_s_face) == (True, False, 3)


def test_a_stale_bedside_form_overwrites_nothing(client):
    draft = make_assessment(by=log_in(client))
    services.update_assessment(assessment=draft, by=draft.assessed_by, note="from the other desk")

    response = client.post(
        reverse("patients:bedside", args=[draft.pk]), {"note": "mine", "revision": 1}
    )

    words = response.content.decode()
    assert "Somebody else saved" in words
    assert "mine" in words
    draft.refresh_from_db()
    assert draft.note == "from the other desk"


def test_sign_and_correct_by_the_pages(client):
    draft = make_assessment(by=log_in(client))
    make_finding(assessment=draft)

    client.post(reverse("patients:sign", args=[draft.pk]))
    page = client.get(draft.get_absolute_url()).content.decode()
    refused = client.post(reverse("patients:correct", args=[draft.pk]), {"reason": ""})
    done = client.post(reverse("patients:correct", args=[draft.pk]), {"reason": "Wrong side"})

    assert "Signed by" in page
    assert "Log number" not in page
    assert "Say why the assessment is corrected." in refused.content.decode()
    correction = Assessment.objects.get(corrects=draft)
    assert done.url == correction.get_absolute_url()
    assert "Wrong side" in client.get(done.url).content.decode()


def test_logging_into_a_signed_assessment_is_refused_in_words(client):
    log_in(client)
    signed = make_signed_assessment()

    response = post_log(client, signed)

    assert response.status_code in (302, 422)
    assert signed.findings.count() == 1


def test_an_entry_is_changed_on_its_own_page_and_a_stale_one_is_not(client):
    log_in(client)
    finding = make_finding()
    url = reverse("patients:finding", args=[finding.pk])
    data = {"place": "chin.M", "scar_type": "boxcar_deep", "count": "4", "width_mm": "2.5"}

    client.post(url, {**data, "revision": 1})
    stale = client.post(url, {**data, "count": "9", "revision": 1})

    finding.refresh_from_db()
    assert (finding.place, finding.scar_type, finding.count) == ("chin.M", "boxcar_deep", 4)
    assert "Somebody else saved" in stale.content.decode()
    assert 'value="9"' in stale.content.decode()


def test_the_same_on_the_other_side(client):
    log_in(client)
    finding = make_finding(scar_type="rolling", severity="mild", count=7)

    client.post(reverse("patients:finding_mirror", args=[finding.pk]))

    other = finding.assessment.findings.get(side="R")
    assert (other.region, other.severity, other.count) == ("malar", "mild", 7)
    assert other.lineage != finding.lineage


def test_a_contradiction_warns_and_is_kept(client):
    draft = make_assessment(by=log_in(client))

    post_log(client, draft, width_mm="4")
    page = client.get(draft.get_absolute_url()).content.decode()

    assert "narrower than 2 mm" in page
    assert draft.findings.get().scar_type == "ice_pick"


def test_the_chart_is_drawn_with_what_is_logged(client):
    log_in(client)
    finding = make_finding(count=12)

    url = reverse("patients:assessment_chart", args=[finding.assessment.pk])
    words = client.get(url, {"place": "malar.L"}).content.decode()

    assert "Left malar cheek: 12 ice pick" in words


def test_the_front_desk_reads_no_assessment(client):
    log_in(client, "front_desk")
    draft = make_assessment()

    assert client.get(draft.get_absolute_url()).status_code == 403
    page = client.get(make_patient().get_absolute_url()).content.decode()
    assert "Assessments" not in page


def test_a_request_that_comes_twice_is_done_once(client):
    client.force_login(make_user())
    draft = make_assessment()
    log, entry = (reverse(f"patients:{name}", args=[draft.pk]) for name in ("log", "entry"))
    sent = {"place": "malar.L", "kind": "rolling", "count_band": "5-10", "key": KEYS[0]}
    detail = {"of": KEYS[0], "deed": "detail", "name": "severity", "value": "mild", "key": KEYS[1]}
    mirror = {"of": KEYS[0], "deed": "mirror", "key": KEYS[2]}

    for address, data in ((log, sent), (entry, detail), (entry, mirror)):
        first, second = (client.post(address, data, headers=HTMX) for _ in range(2))
        assert first.status_code == second.status_code == 200
        assert "data-refused" not in second.content.decode()

    assert [(row.place, row.severity) for row in draft.findings.all()] == [
        ("malar.L", "mild"),
        ("malar.R", "mild"),
    ]
    assert draft.changes.count() == 3


@pytest.mark.parametrize(
    ("of", "words"),
    [(0, "does not belong to this type"), (1, "is not there, so nothing was added")],
)
def test_a_detail_that_fits_nothing_is_refused_in_words(client, of, words):
    client.force_login(make_user())
    draft = make_assessment()
    sent = {"place": "malar.L", "kind": "ice_pick", "count_band": "1-4", "key": KEYS[0]}
    client.post(reverse("patients:log", args=[draft.pk]), sent, headers=HTMX)

    detail = {"of": KEYS[of], "deed": "detail", "name": "severity", "value": "mild"}
    answer = client.post(reverse("patients:entry", args=[draft.pk]), detail, headers=HTMX)

    assert words in answer.content.decode()
    assert draft.findings.get().severity == ""


def test_a_detail_put_away_for_the_type_is_not_kept(client):
    client.force_login(make_user())
    draft = make_assessment()
    typed = {"place": "chin.M", "kind": "keloid", "count": "1", "width_mm": "4", "area_cm2": "2"}

    client.post(reverse("patients:log", args=[draft.pk]), typed)

    logged = draft.findings.get()
    assert (logged.width_mm, logged.area_cm2) == (None, 2)
