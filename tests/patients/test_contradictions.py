"""What cannot be true together is said at once, and waits until somebody has settled it."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from patients import services
from patients.facts import answers_in_force, denied_allergies, history_status, red_flags
from patients.models import Answer
from tests.factories import (
    make_assessment,
    make_finding,
    make_mark,
    make_patient,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate
SAID = "The record says: Lidocaine. The history says no allergy."


@pytest.fixture
def patient():
    make_version()
    return make_patient(allergies="Lidocaine", sex="F", born=dt.date(1990, 4, 2))


@pytest.fixture
def desk(client):
    client.force_login(make_user("front_desk"))
    return client


def history_url(patient):
    return reverse("patients:history", args=[patient.pk])


def post(client, patient, **fields):
    url = history_url(patient)
    seen = client.get(url).context["form"]["seen"].value()
    return client.post(url, {"seen": seen, **fields}, follow=True)


def settle(client, patient, record="Lidocaine"):
    url = reverse("patients:history_confirm", args=[patient.pk])
    return client.post(url, {"question": ["allergy"], "record": record}, follow=True)


def allergy_counts(patient) -> bool:
    return not answers_in_force(patient, TODAY())["allergy"][2]


def test_a_no_beside_an_allergy_in_the_record_is_told_and_does_not_count(desk, patient):
    page = desk.get(history_url(patient)).content.decode()
    saved = post(desk, patient, allergy="no").content.decode()
    again = desk.get(history_url(patient)).content.decode()

    assert "The record says: <strong>Lidocaine</strong>" in page
    assert SAID in saved
    assert SAID in again
    assert not allergy_counts(patient)
    assert "allergy" in [one.code for one in history_status(patient, TODAY()).expired]
    assert "Has anything changed?" not in again  # it is not nodded through with the others


def test_an_allergy_written_into_the_record_after_a_no_is_told(desk, patient):
    other = make_patient(allergies="None known")
    post(desk, other, allergy="no")
    assert allergy_counts(other)
    data = {
        **{"record_number": other.record_number, "given_name": "A", "family_name": "B"},
        **{"born": "14-Aug-1980", "sex": "F", "allergies": "Lidocaine", "revision": "1"},
    }

    saved = desk.post(reverse("patients:edit", args=[other.pk]), data, follow=True)

    assert SAID in saved.content.decode()
    other.refresh_from_db()
    assert not allergy_counts(other)


def test_only_a_clinician_who_has_read_the_text_settles_the_no(desk, patient):
    post(desk, patient, allergy="no")
    services.record_answers(
        **{"patient": patient, "answers": {}, "confirmed": ["allergy"], "on": TODAY()},
        **{"by": make_user(), "source": Answer.Source.PATIENT},
    )
    assert not allergy_counts(patient)

    settle(desk, patient, record="Pollen")
    assert not allergy_counts(patient)

    settle(desk, patient)
    assert allergy_counts(patient)
    assert SAID not in desk.get(history_url(patient)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_another_text_in_the_record_opens_the_question_again():
    make_version()
    patient, by = make_patient(allergies="Pollen"), make_user()
    for confirmed in ([], ["allergy"]):
        services.record_answers(
            patient=patient, answers={"allergy": False}, confirmed=confirmed, on=TODAY(), by=by
        )
    assert denied_allergies(patient, TODAY()) == ""
    then = timezone.now()

    patient.allergies = "Lidocaine"
    patient.save()

    assert denied_allergies(patient, TODAY()) == "Lidocaine"
    assert denied_allergies(patient, TODAY(), recorded_by=then) == ""


def test_a_yes_is_no_contradiction(desk, patient):
    post(desk, patient, allergy="yes", allergy__lidocaine="yes")

    assert allergy_counts(patient)


def test_the_list_that_a_question_speaks_of_is_shown_before_the_answer(desk, patient):
    page = desk.get(history_url(patient)).content.decode()

    assert '<ul class="pt-listed" data-until-yes="allergy"><li>Severe allergies' in page


def test_no_event_of_the_past_lies_in_the_future(desk, patient):
    form = desk.get(history_url(patient)).context["form"]
    days = {
        (question.code, part.code): f"{question.code}__{part.code}"
        for question in form.asked.values()
        for part in question.parts
        if part.kind == "date" and part.code
    }
    assert len(days) > 8

    leads = {code: "yes" for code, _ in days}
    shown = {  # what has to be said for each day to be asked
        **{"isotretinoin__taking": "no", "photosensitiser__taking": "no"},
        **{"blood_thinners__anticoagulant": "yes", "blood_thinners__warfarin": "yes"},
        **{"painkillers_supplements__nsaid": "yes", "systemic_steroid__taking": "no"},
        **{"vitiligo__diagnosed": "yes", "nodular_acne__active": "no"},
    }
    refused = post(desk, patient, **leads, **shown, **dict.fromkeys(days.values(), "Jul-2099"))

    errors = refused.context["form"].errors
    assert {name for name in errors if "future" in errors[name][0]} == set(days.values())


def test_a_slip_in_what_is_no_longer_asked_refuses_nothing(desk, patient):
    post(
        **{"client": desk, "patient": patient, "isotretinoin": "yes"},
        **{"isotretinoin__taking": "yes", "isotretinoin__last_dose": "Jul-2099"},
    )

    assert patient.answers.get(question="isotretinoin").value == {"taking": True}


def test_pregnant_and_ruled_out_is_refused_beside_the_second(desk, patient):
    refused = post(desk, patient, pregnancy="yes", pregnancy_excluded="yes")

    assert refused.status_code == 422
    assert "cannot be ruled out" in refused.context["form"].errors["pregnancy_excluded"][0]
    assert not patient.answers.exists()


@pytest.mark.parametrize(("months_ago", "flagged"), [(7, True), (11, True), (14, False)])
def test_isotretinoin_of_the_last_year_stays_in_the_banner(patient, months_ago, flagged):
    stopped = (TODAY().replace(day=1) - dt.timedelta(days=30 * months_ago)).isoformat()
    services.record_answers(
        **{"patient": patient, "on": TODAY(), "by": make_user()},
        answers={"isotretinoin": {"taking": False, "last_dose": stopped}, "herpes_history": True},
    )

    flags = red_flags(patient, TODAY())

    assert ("Isotretinoin, last capsule" in " ".join(flags)) is flagged
    assert "Cold sores before" in flags


def test_a_type_logged_twice_in_a_place_is_said_on_the_second(client, patient):
    client.force_login(make_user())
    draft = make_assessment(patient=patient)
    for band in ("5-10", "1-4"):
        make_finding(assessment=draft, scar_type="rolling", count=None, count_band=band)
    make_mark(assessment=draft)
    make_finding(assessment=draft, scar_type="ice_pick", distensible=True)

    page = client.get(draft.get_absolute_url())

    said = {one["row"].how_many: one["warnings"] for one in page.context["rows"]}
    assert "Already logged here: 5-10" in " ".join(said["1-4"])
    assert page.content.decode().count("data-doubt=") == 2  # both are read before signing


def test_the_chart_names_what_was_answered_and_what_a_score_lies_between(client, patient):
    client.force_login(make_user())
    draft = make_assessment(patient=patient)
    make_finding(assessment=draft, scar_type="rolling", count=None, count_band="5-10")
    services.record_answers(
        **{"patient": patient, "on": TODAY(), "by": make_user()},
        answers={"diabetes": "uncontrolled", "smoking": "none", "vitiligo": "unknown"},
    )

    chart = client.get(patient.get_absolute_url()).content.decode()
    page = client.get(draft.get_absolute_url())

    score = page.context["grades"]["goodman_baron_quantitative"]
    shown = score["value"] or "–".join(map(str, score["range"]))
    assert f"<td>{shown}" in chart
    assert "Poorly controlled" in chart
    assert "Do you smoke?" not in chart
    assert chart.count("Do you have vitiligo?") == 1
