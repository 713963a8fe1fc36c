"""The questionnaire, its answers over time, and what the banner makes of them."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from patients import services
from patients.facts import answers_in_force, history_status, red_flags
from patients.history import HistoryForm
from patients.models import Answer
from tests.factories import make_assessment, make_mark, make_patient, make_user, make_version

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 11, 1)


def question(code, *parts, **fields):
    parts = list(parts) or [{"code": "", "kind": "yes_no"}]
    return {
        "code": code,
        "order": 1,
        "group": "Medicines",
        "text": f"{code}?",
        "parts": parts,
        "expires_days": 90,
        **fields,
    }


TABLETS = question(
    "isotretinoin",
    {"code": "taking", "kind": "yes_no", "label": "Taking it now"},
    {
        "code": "last_dose",
        "kind": "date",
        "label": "Last dose",
        "show_if": {"fact": "isotretinoin.taking", "eq": False},
    },
    flag="Isotretinoin now",
)
PREGNANT = question(
    "pregnant", applies={"fact": "patient.sex", "eq": "F"}, flag="Pregnant", expires_days=30
)
HERPES = question("herpes", regional=True)
INR = question("inr", {"code": "", "kind": "number", "unit": "INR", "min": 0.5, "max": 20})


@pytest.fixture
def patient():
    make_version(questions=[TABLETS, PREGNANT, HERPES, INR])
    return make_patient()


@pytest.fixture
def desk(client):
    client.force_login(make_user("front_desk"))
    return client


def answer(patient, on=DAY, **answers):
    return services.record_answers(patient=patient, answers=answers, on=on, by=make_user())


def post(client, patient, **fields):
    return client.post(reverse("patients:history", args=[patient.pk]), {"seen": "0", **fields})


def values(patient):
    found = answers_in_force(patient, timezone.localdate())
    return {code: value for code, (value, _, _) in found.items()}


def test_the_latest_answer_is_in_force_and_the_older_ones_stay(patient):
    answer(patient, pregnant=False, on=DAY)
    answer(patient, pregnant=True, on=DAY + dt.timedelta(days=3))

    assert answers_in_force(patient, DAY)["pregnant"] == (False, DAY, False)
    assert answers_in_force(patient, DAY + dt.timedelta(days=3))["pregnant"][0] is True
    assert patient.answers.count() == 2


@pytest.mark.parametrize(("days", "expired"), [(30, False), (31, True)])
def test_an_answer_expires_after_its_days(patient, days, expired):
    answer(patient, pregnant=False)

    found = answers_in_force(patient, DAY + dt.timedelta(days=days))

    assert found["pregnant"][2] is expired


@pytest.mark.parametrize(
    "sql", ["UPDATE patients_answer SET value = 'true'", "DELETE FROM patients_answer"]
)
def test_an_answer_is_never_changed_or_removed(patient, sql):
    answer(patient, pregnant=False)

    with (
        pytest.raises(IntegrityError, match="append_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_only_changed_answers_are_appended(patient):
    answer(patient, pregnant=False, herpes=True)

    written = answer(patient, pregnant=False, herpes=False)

    assert [row.question for row in written] == ["herpes"]


def test_the_form_keeps_answers_in_the_shape_of_the_catalogue(desk, patient):
    response = post(
        desk,
        patient,
        isotretinoin="yes",
        isotretinoin__taking="no",
        isotretinoin__last_dose="Aug-2026",
        pregnant="unknown",
        herpes="yes",
        herpes__regions=["malar.L"],
        inr="2.50",
    )

    assert response.status_code == 302
    assert values(patient) == {
        "isotretinoin": {"taking": False, "last_dose": "2026-08"},
        "pregnant": "unknown",
        "herpes": {"": True, "regions": ["malar.L"]},
        "inr": 2.5,
    }


def test_a_plain_no_answers_every_part(desk, patient):
    post(desk, patient, isotretinoin="no", herpes="no")

    assert values(patient) == {"isotretinoin": False, "herpes": False}


def test_a_part_that_no_longer_shows_is_not_kept(desk, patient):
    post(
        desk,
        patient,
        isotretinoin="yes",
        isotretinoin__taking="yes",
        isotretinoin__last_dose="Aug-2026",
    )

    assert values(patient)["isotretinoin"] == {"taking": True}


def test_a_question_that_does_not_apply_is_neither_asked_nor_read(desk, patient):
    man = make_patient(sex="M")

    post(desk, man, pregnant="yes")

    assert values(man) == {}
    assert history_status(man, DAY).asked == history_status(patient, DAY).asked - 1


@pytest.mark.parametrize(
    ("fields", "field", "refusal"),
    [
        (
            {"isotretinoin": "yes", "isotretinoin__last_dose": "31-Jun-2026"},
            "isotretinoin__last_dose",
            "There is no 31-Jun-2026.",
        ),
        ({"inr": "99"}, "inr", "This is 0.5 to 20 INR."),
        ({"inr": "high"}, "inr", "Write a number."),
        ({"isotretinoin": "yes"}, "isotretinoin", "Say which"),
        ({"herpes": "perhaps"}, "herpes", "Select a valid choice."),
    ],
)
def test_a_bad_answer_is_refused_beside_it_and_kept(desk, patient, fields, field, refusal):
    response = post(desk, patient, **fields)

    assert response.status_code == 422
    assert refusal in " ".join(response.context["form"].errors[field])
    assert fields[field] in response.content.decode()
    assert not Answer.objects.exists()


def test_an_answer_given_by_somebody_else_meanwhile_is_shown_first(desk, patient):
    answer(patient, on=timezone.localdate(), herpes=True)

    refused = post(desk, patient, herpes="no")
    assert "since the page was opened: yes" in refused.content.decode()
    assert values(patient) == {"herpes": True}

    post(desk, patient, herpes="no", seen=refused.context["form"]["seen"].value())
    assert values(patient) == {"herpes": False}


def test_expired_answers_are_confirmed_in_one_step(desk, patient):
    today = timezone.localdate()
    answer(patient, on=today - dt.timedelta(days=40), pregnant=False, herpes=False)
    url = reverse("patients:history", args=[patient.pk])

    page = desk.get(url).content.decode()
    desk.post(reverse("patients:history_confirm", args=[patient.pk]), {"question": ["pregnant"]})

    assert "Nothing has changed" in page
    found = answers_in_force(patient, today)
    assert found["pregnant"] == (False, today, False)
    assert patient.answers.filter(question="herpes").count() == 1
    assert "Nothing has changed" not in desk.get(url).content.decode()


def test_the_banner_warns_of_what_was_answered_with_yes(patient):
    answer(patient, isotretinoin={"taking": True}, pregnant=False, herpes=True)

    assert red_flags(patient, DAY) == ["Isotretinoin now"]


def test_the_status_counts_what_is_open(patient):
    answer(patient, pregnant="unknown", herpes=True)

    status = history_status(patient, DAY + dt.timedelta(days=91))

    assert [one.code for one in status.missing] == ["inr", "isotretinoin"]
    assert [one.code for one in status.unknown] == ["pregnant"]
    assert [one.code for one in status.expired] == ["herpes"]


def test_every_shipped_question_can_be_asked(client):
    client.force_login(make_user())
    make_version()
    patient = make_patient()

    page = client.get(reverse("patients:history", args=[patient.pk]))

    assert page.status_code == 200
    assert len(HistoryForm(patient=patient, on=DAY).asked) > 30


def test_a_treatment_given_elsewhere_is_noted_with_its_year(desk, patient):
    url = reverse("patients:previous", args=[patient.pk])

    refused = desk.post(url, {"name": "", "performed_on": "2030", "result": "better"})
    given = {"treatment": "subcision", "performed_on": "2024", "result": "better", "revision": "0"}
    desk.post(url, given)

    assert "2030 is in the future" in refused.content.decode()
    noted = patient.previous_treatments.get()
    assert (noted.name, noted.when, noted.treatment) == ("Subcision", "2024", "subcision")


def test_a_previous_treatment_changed_meanwhile_is_shown_and_not_overwritten(desk, patient):
    given = {"name": "Peel", "result": "better", "revision": "0"}
    desk.post(reverse("patients:previous", args=[patient.pk]), given)
    noted = patient.previous_treatments.get()
    url = reverse("patients:previous_edit", args=[noted.pk])
    desk.post(url, given | {"result": "worse", "revision": "1"})

    late = desk.post(url, given | {"name": "A peel", "revision": "1"})
    noted.delete()
    gone = desk.post(url, given | {"revision": "2"})

    assert late.status_code == 422
    assert "result is now Worse" in late.content.decode()
    assert 'value="A peel"' in late.content.decode()
    assert gone.status_code == 404


def test_no_such_day_is_an_answer_and_not_both(client):
    client.force_login(make_user())
    make_version()
    patient = make_patient()
    url = reverse("patients:history", args=[patient.pk])

    both = client.post(url, {"seen": "0", "event_date": "1-Jun-2030", "event_date__none": "on"})
    client.post(url, {"seen": "0", "event_date__none": "on"})

    assert "Give the day, or say that there is none." in both.content.decode()
    assert patient.answers.get(question="event_date").value is False
    assert "event_date" not in [q.code for q in history_status(patient, DAY).unknown]


def test_care_of_brown_marks_is_asked_once_there_are_some():
    make_version()
    patient = make_patient()

    def is_asked():
        groups = HistoryForm(patient=patient, on=DAY).groups()
        return {one["question"].code: not one["hidden"] for _, asked in groups for one in asked}

    assert is_asked()["pih_care"] is False
    make_mark(assessment=make_assessment(patient=patient), mark_type="pih")
    assert is_asked()["pih_care"] is True
