"""Registering, finding and editing a patient."""

import datetime as dt

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from patients import services
from patients.errors import RecordNumberTaken, Stale
from patients.models import Patient
from tests.factories import make_patient, make_signed_assessment, make_user, make_version

pytestmark = pytest.mark.django_db

FORM = {
    "record_number": "r-17",
    "given_name": "Zoë",
    "family_name": "Müller",
    "born": "14-Aug-1980",
    "sex": "F",
    "fitzpatrick": "4",
    "weight_kg": "61.5",
}

SOMEBODY = {"given_name": "Ivo", "family_name": "Kranz", "born": "2-Feb-1971"}


@pytest.fixture
def desk(client):
    client.force_login(make_user("front_desk"))
    return client


def found(text):
    return [patient.given_name for patient in Patient.objects.matching(text)]


def test_the_front_desk_registers_a_patient(desk):
    response = desk.post(reverse("patients:register"), FORM)

    patient = Patient.objects.get()
    assert response.url == patient.get_absolute_url()
    assert (patient.record_number, patient.born) == ("R-17", dt.date(1980, 8, 14))


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"born": "31-Feb-1990"}, "There is no 31-Feb-1990."),
        ({"born": "1990-13-01"}, "There is no 1990-13-01."),
        ({"born": "05/06/1990"}, "Which is the month? Write it as 05-Jun-1990 or 06-May-1990."),
        ({"born": "soon"}, "soon is not a date."),
        ({"born": "14-Aug-80"}, "Write the year with four figures."),
        ({"born": "14-Aug-2090"}, "14-Aug-2090 is in the future."),
        ({"born": "31-Dec-1899"}, "A date before 01-Jan-1900 is not accepted."),
        ({"born": "Aug-1980"}, "This is not exact enough."),
        ({"born": ""}, "Enter the date of birth."),
        ({"weight_kg": "-4"}, "This is 2 to 400 kg."),
        ({"height_cm": "1.7"}, "Write a whole number."),
        ({"given_name": ""}, "Enter the given name."),
        ({"email": "nobody"}, "Enter a valid email address."),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_kept(desk, fields, refusal):
    response = desk.post(reverse("patients:register"), {**FORM, **fields})

    (name, typed) = next(iter(fields.items()))
    words = response.content.decode()
    assert response.status_code == 422
    assert refusal in " ".join(response.context["form"].errors[name])
    assert refusal in words
    assert f'value="{typed}"' in words or typed == ""
    assert 'value="Müller"' in words
    assert not Patient.objects.exists()


def test_today_is_no_future_birth_date(desk):
    today = timezone.localdate()

    desk.post(reverse("patients:register"), {**FORM, "born": f"{today:%d-%b-%Y}"})

    assert Patient.objects.get().born == today


@pytest.mark.parametrize(
    ("typed", "day"),
    [("14/08/1980", (14, 8)), ("05/05/1980", (5, 5)), ("05.06.1980", (5, 6))],
)
def test_a_date_that_reads_in_one_way_is_taken(desk, typed, day):
    desk.post(reverse("patients:register"), {**FORM, "born": typed})

    assert Patient.objects.get().born == dt.date(1980, day[1], day[0])


def test_a_record_number_in_use_is_refused_beside_its_field(desk):
    make_patient(record_number="R-17")

    response = desk.post(reverse("patients:register"), FORM)

    refusals = response.context["form"].errors["record_number"]
    assert refusals == ["Another patient already has this record number."]


def test_an_address_in_the_record_is_no_leave_to_write(desk):
    told = desk.post(reverse("patients:register"), FORM | {"phone": "020 1"}, follow=True)
    silent = desk.post(reverse("patients:register"), FORM | {"record_number": "R-18"} | SOMEBODY)

    asks = reverse("letters:patient", args=[Patient.objects.get(record_number="R-17").pk])
    assert "No message goes out to this patient before" in told.content.decode()
    assert f'<a href="{asks}">Record what they choose</a>' in told.content.decode()
    assert len(list(get_messages(silent.wsgi_request))) == 1


@pytest.mark.parametrize("typed", ["1e9", "1000000000", "0.001"])
def test_an_impossible_budget_is_refused_in_one_sentence(desk, typed):
    url = reverse("patients:wishes", args=[make_patient().pk])

    refused = desk.post(url, {"budget": typed, "revision": "0"})

    assert len(refused.context["form"].errors["budget"]) == 1


def test_a_record_number_taken_meanwhile_is_told():
    make_patient(record_number="R-17")

    with pytest.raises(RecordNumberTaken, match="R-17"):
        make_patient(record_number="r-17 ")


def test_people_much_alike_are_shown_before_saving(desk):
    make_patient(given_name="Zoe", family_name="Mueller", born=dt.date(1980, 8, 14))

    shown = desk.post(reverse("patients:register"), FORM)
    saved = desk.post(reverse("patients:register"), {**FORM, "not_the_same": "1"})

    assert "Is this one of them?" in shown.content.decode()
    assert saved.status_code == 302
    assert Patient.objects.count() == 2


@pytest.mark.parametrize(
    "text",
    [
        *("Müller", "muller", "mull", "mueller", "Muler", "Zoe", "zeo", "Zoë Müller", "muller zoe"),
        *("R-00017", "r00017", "R.00017"),
        *("00017", "14-Aug-1980", "1980-08-14", "14.08.1980", "1980-08", "+44 20 7946"),
        *("020 7946", "79460", "muller 1980", "  zoe  "),
    ],
)
def test_a_patient_is_found_by_any_part_with_small_slips(text):
    make_patient(
        record_number="R-00017",
        given_name="Zoë",
        family_name="Müller",
        born=dt.date(1980, 8, 14),
        phone="+44 20 7946 0123",
    )
    make_patient(record_number="X-9", given_name="Bo", family_name="Vance", phone="+33 1 55")

    assert found(text) == ["Zoë"]


@pytest.mark.parametrize("text", ["Quill", "R-99999", "15-Aug-1980", "muller 1999", "%", "zoe_"])
def test_what_nobody_has_finds_nobody(text):
    make_patient(given_name="Zoë", family_name="Müller", born=dt.date(1980, 8, 14))

    assert found(text) == []


def test_the_closest_name_comes_first():
    make_patient(given_name="Anna", family_name="Schmitt")
    make_patient(given_name="Ada", family_name="Schmidt")

    assert found("schmidt")[0] == "Ada"


def test_a_search_is_posted_and_no_address_holds_it(desk):
    make_patient(given_name="Zoë", family_name="Müller")
    make_patient(given_name="Bo", family_name="Vance")

    page = desk.post(reverse("patients:list"), {"q": "muler"}).content.decode()
    part = desk.post(reverse("patients:list"), {"q": "muler"}, headers={"HX-Request": "true"})

    assert "Müller, Zoë" in page
    assert "Vance" not in page
    assert "<html" not in part.content.decode()
    assert 'method="post" role="search"' in page


def test_the_list_shows_when_each_was_last_assessed(desk):
    signed = make_signed_assessment()

    rows = {row.pk: row.last_assessed_on for row in Patient.objects.with_last_assessed()}

    assert rows == {signed.patient_id: signed.assessed_on}
    assert not Patient.objects.never_assessed().exists()


def test_somebody_without_a_clinical_role_sees_no_patient():
    make_patient()

    assert not Patient.objects.visible_to(make_user("catalogue_admin")).exists()


def test_an_edit_is_saved_with_its_author(desk):
    patient = make_patient()
    by = make_user()

    changed = services.update_patient(
        patient=patient, changes={"phone": "12345"}, revision=1, by=by
    )

    assert changed.revision == 2
    event = changed.events.order_by("-pgh_id").first()
    assert event.pgh_context.metadata["user"] == str(by.pk)


def test_a_stale_form_is_refused_with_what_changed_and_loses_nothing(desk):
    patient = make_patient(phone="111")
    form = {**FORM, "record_number": patient.record_number, "phone": "333", "revision": "1"}
    services.update_patient(patient=patient, changes={"phone": "222"}, revision=1, by=make_user())

    refused = desk.post(reverse("patients:edit", args=[patient.pk]), form)
    words = refused.content.decode()

    patient.refresh_from_db()
    assert patient.phone == "222"
    assert "phone is now 222" in words
    assert 'value="333"' in words
    again = refused.context["form"].data
    desk.post(reverse("patients:edit", args=[patient.pk]), again)
    patient.refresh_from_db()
    assert patient.phone == "333"


def test_the_service_says_what_changed():
    patient = make_patient(fitzpatrick=3)
    by = make_user()
    services.update_patient(patient=patient, changes={"fitzpatrick": 5}, revision=1, by=by)

    with pytest.raises(Stale) as refusal:
        services.update_patient(patient=patient, changes={"note": "x"}, revision=1, by=by)

    assert refusal.value.changed == [("fitzpatrick", "skin type (Fitzpatrick)", "V")]


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"born": dt.date(1899, 12, 31)}, "patient_born_since_1900"),
        ({"record_number": "r-1"}, "patient_record_number_in_capitals"),
        ({"family_name": ""}, "patient_has_both_names"),
        ({"fitzpatrick": 7}, "patient_fitzpatrick_is_i_to_vi_or_unknown"),
        ({"weight_kg": 1}, "patient_weight_is_2_to_400_kg_or_unknown"),
        ({"height_cm": 3}, "patient_height_is_40_to_260_cm_or_unknown"),
        ({"sex": "Q"}, "patient_sex_is_a_term"),
    ],
)
def test_an_impossible_patient_is_refused_by_the_database(columns, constraint):
    patient = make_patient()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Patient.objects.filter(pk=patient.pk).update(**columns)


def test_wishes_are_kept_and_nothing_means_no_limit(desk):
    make_version()
    patient = make_patient()
    url = reverse("patients:wishes", args=[patient.pk])

    refused = desk.post(url, {"max_downtime_days": "-1", "budget": "0"})
    desk.post(url, {"max_downtime_days": "5", "budget": "1200.50", "revision": "0"})

    assert "This is 0 to 365." in refused.content.decode()
    patient.refresh_from_db()
    assert (patient.wishes.max_downtime_days, patient.wishes.max_visits) == (5, None)


def test_wishes_that_somebody_else_changed_are_not_overwritten_in_silence(desk):
    make_version()
    patient = make_patient()
    url = reverse("patients:wishes", args=[patient.pk])
    desk.post(url, {"max_visits": "4", "revision": "0"})
    desk.post(url, {"max_visits": "6", "revision": "1"})

    late = desk.post(url, {"max_visits": "9", "revision": "1"})
    again = desk.post(url, {"max_visits": "9", "revision": "2"})

    assert late.status_code == 422
    assert "most visits is now 6" in late.content.decode()
    assert 'value="9"' in late.content.decode()
    assert 'name="revision" value="2"' in late.content.decode()
    assert again.status_code == 302
    patient.refresh_from_db()
    assert patient.wishes.max_visits == 9


def test_a_birthday_counts_from_its_day():
    patient = make_patient(born=dt.date(2000, 2, 29))

    assert patient.age_on(dt.date(2018, 2, 28)) == 17
    assert patient.age_on(dt.date(2018, 3, 1)) == 18
