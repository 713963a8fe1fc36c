"""What patients report: totals within range, what they mean, and one truth with the history."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from patients import reported, services
from patients.errors import TotalRefused
from patients.facts import answers_in_force
from patients.models import FollowUp, ReportedTotal
from planner.bridge import case_of
from tests.factories import make_assessment, make_patient, make_user, make_version, shipped

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 11, 1)


@pytest.fixture
def patient():
    make_version(instruments=shipped("instruments"), safety_rules=shipped("safety_rules"))
    return make_patient()


def record(patient, instrument="dcq", total=9, **fields):
    by = make_user()
    fields = {"answered_on": DAY, "manner": "self", "administered_by": by, **fields}
    return reported.record_total(
        patient=patient, by=by, instrument=instrument, total=total, **fields
    )


def answer(patient, code):
    """Value and day of the answer in force."""
    found = answers_in_force(patient, timezone.localdate()).get(code)
    return found and found[:2]


def rules(patient):
    return [(one["rule"], one["effect"].value) for one in reported.leads_to(patient, DAY)]


# --- what a total means


@pytest.mark.parametrize(
    ("instrument", "total", "band", "leads_to"),
    [
        ("dlqi", 0, "No effect", ""),
        ("dlqi", 1, "No effect", ""),
        ("dlqi", 2, "Small effect", ""),
        ("dlqi", 5, "Small effect", ""),
        ("dlqi", 6, "Moderate effect", ""),
        ("dlqi", 10, "Moderate effect", ""),
        ("dlqi", 11, "Very large effect", ""),
        ("dlqi", 20, "Very large effect", ""),
        ("dlqi", 21, "Extremely large effect", ""),
        ("dlqi", 30, "Extremely large effect", ""),
        ("cadi", 4, "", ""),
        ("cadi", 5, "Moderate", ""),
        ("cadi", 10, "Severe", ""),
        ("phq_2", 2, "", ""),
        ("phq_2", 3, "", "Ask the PHQ-9"),
        ("phq_9", 9, "", ""),
        ("phq_9", 10, "", "contact the patient"),
        ("dcq", 8, "", ""),
        ("dcq", 9, "Discuss", "never a block"),
        ("dcq", 13, "Discuss", "never a block"),
        ("dcq", 14, "Assess before treating", "Mental-health assessment before elective"),
        ("fasqol", 40, "", ""),
    ],
)
def test_a_total_is_read_by_the_bands_and_thresholds_of_the_catalogue(
    patient, instrument, total, band, leads_to
):
    reading = reported.read(reported.instruments()[instrument], total=total)

    assert reading.band == band
    assert leads_to in " ".join(reading.leads_to)
    assert bool(reading.leads_to) is bool(leads_to)


@pytest.mark.parametrize(
    ("instrument", "total"),
    [("dlqi", 31), ("dlqi", -1), ("phq_2", 7), ("phq_9", 28), ("dcq", 22), ("cadi", 16)],
)
def test_a_total_outside_the_range_is_refused(patient, instrument, total):
    with pytest.raises(TotalRefused) as refused:
        record(patient, instrument, total, self_harm=False)

    assert refused.value.field == "total"
    assert not ReportedTotal.objects.exists()


def test_a_phq_9_is_not_taken_without_a_word_on_self_harm(patient):
    with pytest.raises(TotalRefused, match="self-harm"):
        record(patient, "phq_9", 4)


# --- one truth with the history


@pytest.mark.parametrize(
    ("instrument", "fields", "question", "value"),
    [
        ("dcq", {"total": 12}, "dcq", 12),
        ("phq_2", {"total": 0}, "phq2", 0),
        ("bddq", {"total": None, "positive": True}, "bddq", True),
    ],
)
def test_a_total_is_the_answer_that_the_planner_reads(patient, instrument, fields, question, value):
    record(patient, instrument, **fields)

    assert answer(patient, question) == (value, DAY)


def test_the_case_that_the_planner_gets_holds_the_total(patient):
    record(patient, "dcq", 15)

    case = case_of(make_assessment(patient=patient), on=DAY)

    assert dict(case.answers)["dcq"] == 15


def test_the_same_total_later_renews_the_answer(patient):
    record(patient, "dcq", 12)
    record(patient, "dcq", 12, answered_on=DAY + dt.timedelta(days=5))

    assert answer(patient, "dcq") == (12, DAY + dt.timedelta(days=5))


def test_an_older_sheet_entered_later_does_not_overrule_a_newer_one(patient):
    record(patient, "dcq", 15)
    record(patient, "dcq", 4, answered_on=dt.date(2026, 6, 1))

    assert answer(patient, "dcq") == (15, DAY)


def test_a_word_of_self_harm_is_a_concern_from_today_and_a_no_is_none(patient):
    record(patient, "phq_9", 4, self_harm=False)
    assert answer(patient, "self_harm") is None

    record(patient, "phq_9", 4, self_harm=True)

    assert answer(patient, "self_harm") == ({"concern": True}, timezone.localdate())


def test_withdrawing_a_total_brings_the_one_before_back(patient):
    record(patient, "dcq", 8, answered_on=dt.date(2026, 6, 1))
    wrong = record(patient, "dcq", 18)

    reported.withdraw_total(row=wrong, by=make_user(), reason="Wrong patient")

    assert answer(patient, "dcq")[0] == 8


def test_withdrawing_the_only_total_makes_the_answer_unknown(patient):
    wrong = record(patient, "dcq", 18)

    reported.withdraw_total(row=wrong, by=make_user(), reason="Wrong patient")

    assert answer(patient, "dcq")[0] == "unknown"


def test_withdrawing_a_total_leaves_a_newer_answer_alone(patient):
    wrong = record(patient, "dcq", 18)
    services.record_answers(
        patient=patient, answers={"dcq": 5}, on=DAY + dt.timedelta(days=1), by=make_user()
    )

    reported.withdraw_total(row=wrong, by=make_user(), reason="Wrong patient")

    assert answer(patient, "dcq")[0] == 5


def test_a_total_is_never_changed_in_the_database(patient):
    row = record(patient, "dcq", 18)

    with pytest.raises(IntegrityError, match="only_withdrawn"), transaction.atomic():
        ReportedTotal.objects.filter(pk=row.pk).update(total=3)


# --- what follows


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ({"dcq": 8}, []),
        ({"dcq": 9}, [("PSY-1", "CAUTION")]),
        ({"dcq": 13}, [("PSY-1", "CAUTION")]),
        ({"dcq": 14}, [("PSY-2", "DELAY")]),
        ({"phq_2": 2}, []),
        ({"phq_2": 3}, [("PSY-3", "CAUTION")]),
        ({"dcq": 14, "phq_2": 5}, [("PSY-2", "DELAY"), ("PSY-3", "CAUTION")]),
    ],
)
def test_what_follows_is_said_by_the_safety_rules(patient, totals, expected):
    for instrument, total in totals.items():
        record(patient, instrument, total)

    assert rules(patient) == expected


def test_an_assessment_after_a_positive_screen_turns_postponing_into_a_reason(patient):
    record(patient, "dcq", 16)
    services.record_answers(
        patient=patient, answers={"bdd_assessment": True}, on=DAY, by=make_user()
    )

    assert rules(patient) == [("PSY-2", "OVERRIDE")]


# --- the page


def post(client, patient, **fields):
    me = make_user()
    client.force_login(me)
    fields = {
        "instrument": "dcq",
        "answered_on": "01-Nov-2026",
        "manner": "self",
        "administered_by": me.pk,
        **fields,
    }
    return client.post(reverse("patients:reported", args=[patient.pk]), fields)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"total": "22"}, "total", "This is 0 to 21."),
        ({"total": ""}, "total", "Enter the total."),
        ({"total": "nine"}, "total", "Write a whole number. This is 0 to 21."),
        ({"total": "9", "answered_on": "01-Jan-2199"}, "answered_on", "in the future"),
        ({"instrument": "phq_9", "total": "9"}, "self_harm", "speaks of self-harm"),
        ({"instrument": "bddq"}, "positive", "Say whether the screen is positive."),
    ],
)
def test_a_wrong_entry_is_refused_beside_its_field_and_kept(client, patient, fields, field, words):
    response = post(client, patient, **fields)

    assert response.status_code == 422
    assert words in str(response.context["form"].errors[field])
    for typed in fields.values():
        assert typed in response.text


def test_the_page_words_what_comes_next_in_the_clinics_words(client, patient):
    post(client, patient, total="14", language="English", edition="2003")

    page = client.get(reverse("patients:reported", args=[patient.pk])).text

    assert "Postpone until a mental-health professional has assessed the patient" in page
    assert "DELAY" not in page
    assert "alert-danger" not in page
    assert "2003" in page


def test_no_page_that_faces_the_patient_shows_a_result(client, patient):
    post(client, patient, total="14")
    client.post(reverse("patients:hand_over", args=[patient.pk]), {"pin": "4711"})

    pages = [client.get(reverse("patients:pad"), follow=True).text]
    pages.append(client.get(reverse("patients:reported", args=[patient.pk]), follow=True).text)

    assert not any("DCQ" in page or "Dysmorphic" in page for page in pages)


@pytest.mark.parametrize("role", ["front_desk", "owner", "catalogue_admin"])
def test_only_clinicians_read_results(client, patient, role):
    client.force_login(make_user(role))

    assert client.get(reverse("patients:reported", args=[patient.pk])).status_code == 403


# --- follow-up


def test_impressions_and_pain_are_kept_with_the_assessment_until_it_is_signed(client, patient):
    me = make_user()
    client.force_login(me)
    draft = make_assessment(patient=patient, by=me)
    url = reverse("patients:follow_up", args=[draft.pk])
    said = {"clinician_impression": "26_50", "patient_impression": "worse"}

    refused = client.post(url, {**said, "last_session_pain": "11"})
    client.post(url, {**said, "last_session_pain": "4"})
    signed = services.sign_assessment(assessment=draft, by=me)

    assert "This is 0 to 10" in str(refused.context["form"].errors["last_session_pain"])
    kept = FollowUp.objects.get()
    assert (kept.clinician_impression, kept.patient_impression) == ("26_50", "worse")
    assert kept.last_session_pain == 4
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        FollowUp.objects.update(last_session_pain=0)
    correction = services.correct_assessment(assessment=signed, by=me, reason="A slip")
    assert correction.follow_up.patient_impression == "worse"
