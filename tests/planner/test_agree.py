"""The patient's agreement: what it asks for, what it keeps, and what it holds back."""

import base64
import datetime as dt
import io

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageDraw

from clinic.catalogue.models import Clinic
from clinic.staff.roles import Role
from planner import agreement as agreements
from planner import services
from planner.agreed import Agreement, ConsentRule
from planner.agreement import Signer, agree, agreement_status
from planner.documents import CONSENT_FORM, consent_document, text_hash
from planner.errors import NotAgreeable, SignatureRefused
from planner.signatures import png_of
from tests.factories import (
    make_approved_plan,
    make_patient,
    make_proposed_plan,
    make_signed_assessment,
    make_user,
)

pytestmark = pytest.mark.django_db


def today():
    return timezone.localdate()


def drawing(width=900, height=300, stroke=True, kind="PNG") -> str:
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    if stroke:
        ImageDraw.Draw(picture).line([(40, 200), (300, 80), (700, 220)], "black", width=4)
    out = io.BytesIO()
    (picture if kind == "PNG" else picture.convert("RGB")).save(out, kind)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def signed(plan, **fields):
    fields = {
        "by": make_user(),
        "signed_on": today(),
        "options": ["balanced", "no_treatment"],
        "consents": ["tca_cross", "filler_ha"],
        "patient": Signer("Ada Example", png_of(drawing())),
        **fields,
    }
    return agree(plan=plan, **fields)


def rule(**fields):
    return ConsentRule.objects.create(**fields)


@pytest.fixture(autouse=True)
def no_rules_but_those_of_the_test():
    ConsentRule.objects.all().delete()


@pytest.fixture
def minor():
    born = today().replace(year=today().year - 16, day=1)
    return make_signed_assessment(patient=make_patient(born=born))


# ---- the quote


def test_a_signature_hands_over_a_quote_of_the_plan_s_prices():
    plan = make_approved_plan()

    quote = plan.quotes.get()

    assert (quote.version, quote.total, quote.currency) == (1, plan.cost, plan.currency)
    assert quote.expires_on == today() + dt.timedelta(days=agreements.QUOTE_DAYS)
    assert quote.number == f"{plan.patient.record_number}-{plan.number}-1"


def test_a_quote_issued_anew_is_the_next_version_at_the_same_prices():
    plan = make_approved_plan()

    quote = agreements.issue_quote(plan=plan, by=make_user())

    assert (quote.version, quote.total) == (2, plan.cost)


def test_an_expired_quote_cannot_be_agreed_to():
    with time_machine.travel(dt.datetime(2026, 12, 1, 12), tick=False):
        plan = make_approved_plan()
        last_day = plan.quotes.get().expires_on

    with (
        time_machine.travel(last_day + dt.timedelta(days=1), tick=False),
        pytest.raises(NotAgreeable, match="no quote that is good on that day"),
    ):
        signed(plan)


# ---- what is kept


def test_an_agreement_keeps_what_was_agreed_to_word_by_word():
    plan = make_approved_plan()

    agreement = signed(plan, options_note="Asked about brown marks.")

    assert agreement.plan_hash == plan.content_hash
    assert agreement.quote == plan.quotes.get()
    assert [one["name"] for one in agreement.options] == ["Balanced", "No treatment"]
    consent = agreement.consents.get(treatment="tca_cross")
    assert consent.text_hash == text_hash(consent_document(plan, "tca_cross"))
    assert consent.text_version == f"form {CONSENT_FORM}, catalogue {plan.catalogue_version.number}"
    assert bytes(agreement.signatures.get().image).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE planner_agreement SET assent = true",
        "DELETE FROM planner_agreement",
        "UPDATE planner_consent SET name = 'x'",
        "DELETE FROM planner_consent",
        "UPDATE planner_signature SET name = 'x'",
        "DELETE FROM planner_signature",
        "UPDATE planner_quote SET total = 1",
        "DELETE FROM planner_quote",
    ],
)
def test_the_database_refuses_to_change_what_was_agreed(statement):
    signed(make_approved_plan())

    with (
        pytest.raises(DatabaseError, match="append_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_agreement_that_is_withdrawn_stays_and_counts_no_longer():
    plan = make_approved_plan()
    agreement = signed(plan)

    agreements.withdraw(agreement=agreement, by=make_user(), on=today(), words="Changed my mind")

    assert Agreement.objects.count() == 1
    assert agreements.agreement_in_force(plan) is None
    assert not agreement_status(plan, today()).is_complete


def test_after_a_withdrawal_the_patient_can_agree_anew():
    plan = make_approved_plan()
    agreements.withdraw(agreement=signed(plan), by=make_user(), on=today())

    signed(plan)

    assert agreement_status(plan, today()).is_complete


# ---- what is refused


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"options": []}, "Say which options were discussed"),
        ({"options": ["nothing we know"]}, "Say which options were discussed"),
        ({"consents": []}, "at least one procedure"),
        ({"consents": ["phenol"]}, "at least one procedure of this plan"),
        ({"signed_on": dt.date(2999, 1, 1)}, "lies in the future"),
        ({"signed_on": dt.date(2020, 1, 1)}, "before the clinician has signed"),
    ],
)
def test_what_cannot_be_agreed_to_is_refused_in_words(fields, words):
    plan = make_approved_plan()

    with pytest.raises(NotAgreeable, match=words):
        signed(plan, **fields)

    assert not plan.agreements.exists()


def test_only_a_signed_plan_can_be_agreed_to():
    with pytest.raises(NotAgreeable, match="Plan 1 is proposed"):
        signed(make_proposed_plan())


def test_a_discontinued_plan_can_no_longer_be_agreed_to():
    plan, by = make_approved_plan(), make_user()
    services.discontinue(plan=plan, by=by, seen=plan.state, reason_code="new_risk")

    with pytest.raises(NotAgreeable, match="discontinued"):
        signed(plan)


# ---- minors


def test_below_the_country_s_age_a_guardian_signs_and_the_patient_assents(minor):
    rule(guardian_under=18)
    plan = make_approved_plan(assessment=minor)
    guardian = Signer("Mary Example", None, "mother")

    for fields in ({}, {"guardian": guardian}, {"assent": True}):
        with pytest.raises(NotAgreeable, match="too young to consent alone"):
            signed(plan, **fields)
    signed(plan, guardian=guardian, assent=True)

    assert agreement_status(plan, today()).is_complete


def test_on_the_day_of_the_birthday_one_consents_alone():
    rule(guardian_under=18)
    grown = today().replace(year=today().year - 18)
    plan = make_approved_plan(assessment=make_signed_assessment(patient=make_patient(born=grown)))

    assert not agreements.needs_guardian(plan, today())
    assert agreements.needs_guardian(plan, today() - dt.timedelta(days=1))


# ---- cooling off


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        ([], None),
        ([{"cooling_off_days": None}], None),
        ([{"cooling_off_days": 7}], 7),
        ([{"cooling_off_days": 7}, {"country": "GB", "cooling_off_days": 14}], 14),
        ([{"cooling_off_days": 7}, {"country": "FR", "cooling_off_days": 15}], 7),
        ([{"country": "GB-ENG", "cooling_off_days": 3}], 3),
        ([{"treatments": ["filler_ha"], "cooling_off_days": 7}], None),
        ([{"treatments": ["CROSS"], "cooling_off_days": 5}], 5),
        ([{"treatments": ["WOUND"], "cooling_off_days": 6}], 6),
    ],
)
def test_the_longest_period_that_a_row_asks_counts(rules, days):
    for fields in rules:
        rule(**fields)
    plan = make_approved_plan()

    (period,) = agreements.cooling_off(plan, ["tca_cross"])

    assert period.days == days


def test_the_first_session_waits_for_the_end_of_the_cooling_off_period():
    rule(cooling_off_days=14)
    plan = make_approved_plan()
    signed(plan)
    end = today() + dt.timedelta(days=14)

    before = agreement_status(plan, end - dt.timedelta(days=1))
    after = agreement_status(plan, end)

    assert before.missing == (f"The cooling-off period runs: not before {end:%d-%b-%Y}.",)
    assert (after.missing, after.earliest_on) == ((), end)


def test_another_country_s_rule_says_nothing_here():
    Clinic.objects.update_or_create(pk=1, defaults={"country": "DE"})
    rule(country="GB", cooling_off_days=14)

    assert agreements.cooling_off(make_approved_plan(), ["tca_cross"])[0].days is None


# ---- what is missing for a session


def test_without_an_agreement_the_first_session_lacks_it():
    status = agreement_status(make_approved_plan(), today())

    assert status.missing == (
        "The patient has not agreed to this plan, or has taken the agreement back.",
    )


def test_consent_is_judged_for_what_is_done_at_that_session():
    plan = make_approved_plan()
    signed(plan, consents=["tca_cross"])
    first, *_, filler = plan.sessions

    assert agreement_status(plan, today(), first).is_complete
    assert agreement_status(plan, today(), filler).missing == (
        "Consent to Hyaluronic acid filler is missing.",
    )


def test_a_review_asks_for_no_consent_of_its_own():
    plan = make_approved_plan()
    signed(plan, consents=["tca_cross"])

    assert agreement_status(plan, today(), plan.sessions.get(kind="review")).is_complete


# ---- the drawing


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("", "Sign in the field, or choose: signed on paper"),
        ("javascript:alert(1)", "did not arrive as a drawing"),
        ("data:image/png;base64,****", "arrived damaged"),
        ("data:image/png;base64," + base64.b64encode(b"no picture").decode(), "arrived damaged"),
        (drawing(stroke=False), "empty or holds only a dot"),
        (drawing(kind="JPEG"), "arrived damaged"),
        (drawing(width=3000), "too large"),
        ("data:image/png;base64," + "A" * 300_000, "too large"),
    ],
)
def test_what_is_no_signature_is_refused(sent, words):
    with pytest.raises(SignatureRefused, match=words):
        png_of(sent)


# ---- the page


def typed(plan, **fields):
    return {
        "options": ["balanced"],
        "consents": ["tca_cross", "filler_ha"],
        "signed_on": today().isoformat(),
        "how": "tablet",
        "patient_name": "Ada Example",
        "patient_signature": drawing(),
        "options_note": "Asked about brown marks.",
        **fields,
    }


@pytest.fixture
def clinician(client):
    user = make_user()
    client.force_login(user)
    return user


def test_the_page_records_an_agreement(client, clinician):
    plan = make_approved_plan()

    client.post(reverse("planner:agreement", args=[plan.pk]), typed(plan))

    agreement = plan.agreements.get()
    assert agreement.witnessed_by == clinician
    page = client.get(reverse("planner:agreement", args=[plan.pk])).content.decode()
    assert 'alt="Signature of Ada Example"' in page
    assert "data:image/png;base64," in page


def test_a_refused_form_keeps_what_was_typed_and_drawn(client, clinician):
    plan = make_approved_plan()
    drawn = drawing()

    answer = client.post(
        reverse("planner:agreement", args=[plan.pk]),
        typed(plan, consents=[], patient_signature=drawn),
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Tick at least one procedure." in page
    assert "Asked about brown marks." in page
    assert drawn.removeprefix("data:image/png;base64,")[:200] in page.replace("&#x2B;", "+")
    assert not plan.agreements.exists()


def test_a_signature_on_paper_needs_no_drawing(client, clinician):
    plan = make_approved_plan()

    client.post(
        reverse("planner:agreement", args=[plan.pk]),
        typed(plan, how="paper", patient_signature=""),
    )

    assert plan.agreements.get().signatures.get().on_paper


def test_a_later_agreement_adds_the_consent_that_was_left_out(client, clinician):
    plan = make_approved_plan()
    address = reverse("planner:agreement", args=[plan.pk])
    client.post(address, typed(plan, consents=["tca_cross"]))
    assert "Not consented to: Hyaluronic acid filler" in client.get(address).content.decode()

    client.post(address, typed(plan))

    filler = plan.sessions.last()
    assert agreement_status(plan, today(), filler).is_complete


def test_a_minor_s_form_asks_for_guardian_and_assent(client, clinician, minor):
    rule(guardian_under=18)
    plan = make_approved_plan(assessment=minor)

    answer = client.post(reverse("planner:agreement", args=[plan.pk]), typed(plan))

    page = answer.content.decode()
    assert "record the assent, or do not treat" in page
    assert "a guardian signs too" in page
    assert not plan.agreements.exists()


def test_the_front_desk_takes_no_consent(client):
    client.force_login(make_user(Role.FRONT_DESK))

    answer = client.get(reverse("planner:agreement", args=[make_approved_plan().pk]))

    assert answer.status_code == 403


def test_the_plan_s_page_says_what_is_missing(client, clinician):
    plan = make_approved_plan()

    page = client.get(plan.get_absolute_url()).content.decode()

    assert "The patient has not agreed to this plan" in page
