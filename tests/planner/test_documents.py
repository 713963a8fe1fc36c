"""What the patient takes home: from what was signed, at the prices that were signed."""

import datetime as dt
import json

import pytest
from django.urls import reverse
from weasyprint.urls import FatalURLFetchingError

from clinic.catalogue.reading import Book
from clinic.staff.roles import Role
from patients.paper import HERE, StaticFilesOnly
from planner.calendar_months import months
from planner.documents import (
    care_document,
    consent_document,
    plan_document,
    procedures_of,
    scars_in_words,
    text_hash,
)
from planner.plain_words import glossary_of, statements
from tests.factories import (
    TREATMENTS,
    make_approved_plan,
    make_draft_plan,
    make_proposal,
    make_session,
    make_small_catalogue,
    make_user,
)
from tests.planner.shipped import load_document_from_yaml

pytestmark = pytest.mark.django_db
SHIPPED = Book(load_document_from_yaml())


def dearer_catalogue():
    """A newer version in which everything reads and costs otherwise."""
    changed = json.loads(json.dumps(TREATMENTS).replace("scabs", "crusts").replace("joining", "no"))
    return make_small_catalogue(changed)


# ---- the plan


def test_the_plan_names_every_visit_with_its_date_price_and_days_to_keep_free():
    document = plan_document(make_approved_plan())

    assert [(v["number"], v["on"], v["price"], v["downtime_days"]) for v in document["visits"]] == [
        (1, dt.date(2026, 12, 7), "EUR 180", 5),
        (2, dt.date(2027, 1, 4), "EUR 180", 5),
        (3, dt.date(2027, 3, 29), "no charge", 0),
        (4, dt.date(2027, 4, 12), "EUR 320", 1),
    ]
    assert [block["firm"] for block in document["blocks"]] == [True, False]


def test_a_note_of_a_safety_rule_is_printed_on_the_plan():
    assert [note["rule"] for note in plan_document(make_approved_plan())["notes"]] == ["FST-8"]


def test_what_has_to_wait_is_told_once_with_its_day():
    plan = make_approved_plan()
    waits = {"until": "2027-01-16", "rules": ["PIH-1"], "text": "Marks are fading first."}
    plan.content["deferred"] = [
        {"treatment": code} | waits for code in ("punch_excision", "tca_cross")
    ]

    (told,) = plan_document(plan)["deferred"]

    assert told["names"] == "Punch excision and TCA CROSS"
    assert told["until"] == dt.date(2027, 1, 16)


def test_a_temporary_effect_is_called_temporary():
    document = plan_document(make_approved_plan())

    lasting = {one["name"]: one for one in document["lasting"]}
    assert (lasting["Hyaluronic acid filler"]["months"]["max"]) == 18
    assert lasting["TCA CROSS"]["months"] is None
    assert document["top_ups"][0]["a_year"] == "EUR 320"


def test_a_quote_keeps_its_prices_and_words_when_the_catalogue_changes():
    plan = make_approved_plan()
    before = (plan_document(plan), consent_document(plan, "tca_cross"), care_document(plan))

    dearer_catalogue()
    plan.refresh_from_db()

    assert (plan_document(plan), consent_document(plan, "tca_cross"), care_document(plan)) == before
    assert plan.quotes.get().total == plan.cost


def test_what_nobody_checked_is_marked():
    care = {one["code"]: one for one in care_document(make_approved_plan())}

    assert not care["tca_cross"]["after"][0]["unverified"]
    assert care["filler_ha"]["after"][0]["unverified"]


# ---- a patient's words


def said(text, *, kind="pre_care", skin=None):
    row = {"statements": [{"kind": kind, "text": text, "verification": "V"}]}
    return [one["text"] for one in statements(row, kind, SHIPPED, skin)]


def test_no_code_of_a_source_or_a_treatment_reaches_a_patient():
    assert said("permanent (lim_cross); one of 12 lost some (bhardwaj2010)") == [
        "Permanent; one of 12 lost some."
    ]
    assert said("long-lasting (seed_001: several years)") == ["Long-lasting (several years)."]
    assert said("antiviral prophylaxis, see hsv_prophylaxis") == [
        "Antiviral prophylaxis, see Antiviral prophylaxis for resurfacing."
    ]


def test_a_reference_to_other_treatments_becomes_what_is_said_of_them():
    row = SHIPPED.row("treatments", "microneedling_prp")

    told = [one["text"] for one in statements(row, "pre_care", SHIPPED)]

    assert "Numbing 30-45 min." in told
    assert len(told) > 2


def test_no_document_of_the_catalogue_holds_a_code():
    kinds = ("pre_care", "after_care", "side_effect", "permanence", "anaesthesia")
    told = [
        one["text"]
        for row in SHIPPED.rows("treatments").values()
        for kind in kinds
        for one in statements(row, kind, SHIPPED)
    ]

    assert [text for text in told if "_" in text] == []


@pytest.mark.parametrize(("skin", "told"), [(3, False), (4, True), (5, True), (6, False)])
def test_advice_for_some_skin_types_is_told_to_those(skin, told):
    assert bool(said("two weeks of priming in types IV-V", skin=skin)) is told
    assert said("two weeks of priming", skin=skin) == ["Two weeks of priming."]


def test_medical_words_are_explained_where_they_stand():
    assert glossary_of(["Ecchymosis and nodules after Nokor needle."]) == [
        ("ecchymosis", "a bruise"),
        ("nodules", "small lumps"),
        ("Nokor", "a needle with a cutting tip"),
    ]
    assert glossary_of(["It may hurt."]) == []


def test_scars_are_named_as_one_speaks():
    assert scars_in_words(["boxcar_deep", "boxcar_shallow", "rolling"]) == (
        "deep boxcar, shallow boxcar and rolling"
    )
    assert scars_in_words([]) == ""


# ---- consent


def test_a_consent_form_holds_risks_notes_and_alternatives_of_its_procedure():
    document = consent_document(make_approved_plan(), "tca_cross")

    assert [one["text"] for one in document["risks"]] == [
        "Joining of neighbouring scars, permanent hypopigmentation."
    ]
    assert [(note["rule"], note["standing"]) for note in document["notes"]] == [("FST-8", True)]
    assert [visit["number"] for visit in document["visits"]] == [1, 2]


def test_alternatives_are_what_serves_the_same_scars_and_is_not_contraindicated():
    plan = make_approved_plan()
    assert consent_document(plan, "tca_cross")["alternatives"] == ["Punch excision"]
    assert consent_document(plan, "filler_ha")["alternatives"] == []

    plan.suggestion.result["excluded"] = [{"treatment": "punch_excision", "effect": "BLOCK"}]

    assert consent_document(plan, "tca_cross")["alternatives"] == []


def test_another_wording_has_another_hash():
    plan = make_approved_plan()
    document = consent_document(plan, "tca_cross")

    assert text_hash(document) != text_hash(document | {"form": 99})
    assert text_hash(document) == text_hash(consent_document(plan, "tca_cross"))


def test_a_review_needs_no_consent_form():
    assert list(procedures_of(make_approved_plan())) == ["tca_cross", "filler_ha"]


# ---- the calendar


def test_the_calendar_shows_visits_and_healing_and_only_months_that_have_some():
    found = months(
        starts={dt.date(2026, 12, 30): 1}, healing={dt.date(2026, 12, 31), dt.date(2027, 1, 1)}
    )

    assert [month.first for month in found] == [dt.date(2026, 12, 1), dt.date(2027, 1, 1)]
    days = {day.on: day for month in found for week in month.weeks for day in week if day.inside}
    assert days[dt.date(2026, 12, 30)].visit == 1
    assert [day.day for day in sorted(days) if days[day].healing] == [31, 1]
    assert len(days) == 62


# ---- paper


@pytest.fixture
def clinician(client):
    user = make_user()
    client.force_login(user)
    return user


KINDS = [
    ("plan", []),
    ("care", []),
    ("consent", ["tca_cross"]),
]


@pytest.mark.parametrize(("kind", "more"), KINDS)
def test_each_document_is_a_pdf_too(client, clinician, kind, more):
    plan = make_approved_plan()

    answer = client.get(reverse(f"planner:{kind}_pdf", args=[plan.pk, *more]))

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) > 5_000


@pytest.mark.parametrize(("kind", "more"), KINDS)
def test_each_document_is_a_page_with_the_clinic_s_disclaimer(client, clinician, kind, more):
    plan = make_approved_plan()

    answer = client.get(reverse(f"planner:{kind}_paper", args=[plan.pk, *more]))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "No treatment erases a scar completely" in page
    assert "No clinician has signed" not in page


def test_a_draft_is_called_a_draft(client, clinician):
    plan = make_draft_plan()

    page = client.get(reverse("planner:plan_paper", args=[plan.pk])).content.decode()

    assert "No clinician has signed this plan." in page
    assert "No quote yet" in page


def test_a_procedure_that_is_not_in_the_plan_has_no_form(client, clinician):
    plan = make_approved_plan()

    answer = client.get(reverse("planner:consent_paper", args=[plan.pk, "dermabrasion"]))

    assert answer.status_code == 404


def test_the_front_desk_prints_a_signed_plan_and_no_draft(client):
    client.force_login(make_user(Role.FRONT_DESK))
    signed, draft = make_approved_plan(), make_draft_plan()

    assert client.get(reverse("planner:plan_paper", args=[signed.pk])).status_code == 200
    assert client.get(reverse("planner:plan_paper", args=[draft.pk])).status_code == 404


def test_a_visit_that_was_performed_stands_on_its_own_day():
    session = make_session(0)
    plan = make_draft_plan(proposals=(make_proposal(sessions=(session,)),))
    plan.content["sessions"][0]["performed_on"] = "2026-12-09"

    (visit,) = plan_document(plan)["visits"]

    assert (visit["on"], visit["performed"]) == (dt.date(2026, 12, 9), True)


# ---- nothing is fetched


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/tracker.png",
        "http://127.0.0.1/secret",
        "file:///etc/passwd",
        f"{HERE}/static/../clinic/settings/base.py",
        f"{HERE}/static/no-such-file.css",
        f"{HERE}/media/photos/1.jpg",
    ],
)
def test_a_document_can_ask_for_nothing_but_our_static_files(address):
    with pytest.raises(FatalURLFetchingError):
        StaticFilesOnly().fetch(address)


def test_our_stylesheet_is_served_from_disk():
    answer = StaticFilesOnly().fetch(f"{HERE}/static/css/document.css")

    assert b"@page" in answer.read()
