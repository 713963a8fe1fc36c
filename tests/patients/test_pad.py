"""The tablet in a patient's hands: the patient's questions and nothing else, until the PIN."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.staff import lock
from patients import pad as tablet
from patients import services
from patients.facts import answers_in_force
from patients.models import Answer, Pad
from patients.questions import questions
from tests.factories import (
    PASSWORD,
    make_patient,
    make_signed_assessment,
    make_user,
    make_version,
)
from tests.staff.test_doors import pages

pytestmark = pytest.mark.django_db

PIN = "4711"


@pytest.fixture
def patient(client):
    make_version()
    client.force_login(make_user())
    return make_patient(sex="M")


@pytest.fixture
def pad(client, patient):
    client.post(reverse("patients:hand_over", args=[patient.pk]), {"pin": PIN})
    return Pad.objects.get()


def screen_url(slug):
    return reverse("patients:pad", args=[slug])


def slugs(patient):
    return [screen.slug for screen in tablet.screens_for(patient, timezone.localdate())]


def back(client, **fields):
    return client.post(reverse("patients:pad_back"), fields)


def answer_screen(client, slug, **typed):
    """Send a screen as the page does; `seen` is the newest answer that it showed."""
    return client.post(screen_url(slug), {"seen": 0, "go": "on", **typed})


def is_in_hand(client):
    return tablet.SESSION_KEY in client.session


# --- nothing else


def test_every_other_address_leads_back_to_the_pad(client, patient, pad):
    signed = make_signed_assessment(patient=patient)
    named = [
        reverse(name, kwargs=kwargs)
        for name, kwargs in pages()
        if name not in tablet.OPEN_ON_THE_PAD
    ]
    addresses = [*named, signed.get_absolute_url(), "/admin/", "/nowhere/at/all/"]

    for address in addresses:
        for ask in (client.get, client.post):
            answer = ask(address)
            assert (address, answer.status_code) == (address, 302)
            assert (address, answer.url) == (address, "/patients/pad/")

    assert len(addresses) > 100
    assert client.get("/patients/", headers={"HX-Request": "true"}).url == "/patients/pad/"
    assert is_in_hand(client)


def test_the_pad_names_no_other_page_and_no_other_patient(client, patient, pad):
    page = client.get("/patients/pad/", follow=True).text

    assert "data-lock" not in page
    assert "cx-rail" not in page
    links = {part.split('"')[0] for part in page.partition("<body")[2].split('href="')[1:]}
    assert links == {"/patients/pad/back/"}


def test_pages_from_before_are_kept_by_no_browser(client, patient):
    before = client.get(patient.get_absolute_url())
    handed = client.post(reverse("patients:hand_over", args=[patient.pk]), {"pin": PIN})

    assert before["Cache-Control"] == "no-store"
    assert handed["Clear-Site-Data"] == '"cache"'


def test_without_a_pad_there_are_no_pad_pages(client, patient):
    assert client.get("/patients/pad/").status_code == 404
    assert client.get(reverse("patients:pad_back")).status_code == 404


def test_the_idle_lock_waits_while_the_patient_reads(client, patient, pad):
    session = client.session
    session[lock.SEEN] = timezone.now().timestamp() - 3 * 3600
    session.save()

    assert client.get("/patients/pad/").status_code == 200
    home = back(client, pin=PIN)
    assert client.get(home.url).status_code == 200


@pytest.mark.parametrize("role", ["owner", "catalogue_admin"])
def test_only_those_who_take_histories_hand_the_tablet_over(client, patient, role):
    client.force_login(make_user(role))

    response = client.post(reverse("patients:hand_over", args=[patient.pk]), {"pin": PIN})

    assert response.status_code == 403
    assert not is_in_hand(client)


# --- the questions


def test_only_questions_for_patients_are_asked_and_all_of_them(patient):
    asked = {code for s in tablet.screens_for(patient, timezone.localdate()) for code in s.codes}
    mine = {question.code for question in questions().values() if not question.clinician_only}
    groups_shown = {questions()[code].group for code in asked}

    assert asked == {code for code in mine if questions()[code].group in groups_shown}
    assert "Well-being" not in groups_shown
    assert "Pregnancy" not in groups_shown  # a man of 27


def test_answers_of_the_pad_come_from_the_patient(client, patient, pad):
    first = slugs(patient)[0]

    response = answer_screen(
        client, first, topical_retinoid="yes", topical_acids="unknown", isotretinoin="no"
    )

    assert response.url == screen_url(slugs(patient)[1])
    rows = {row.question: row for row in Answer.objects.all()}
    assert rows["topical_retinoid"].value is True
    assert rows["topical_acids"].value == "unknown"
    assert {row.source for row in rows.values()} == {"patient"}
    assert {row.answered_by for row in rows.values()} == {pad.handed_by}


def test_a_clinicians_question_cannot_be_answered_through_the_pad(client, patient, pad):
    answer_screen(client, slugs(patient)[0], dcq="3", self_harm="no", topical_acids="no")

    assert [row.question for row in Answer.objects.all()] == ["topical_acids"]


def test_i_dont_know_is_always_possible(client, patient, pad):
    """Every question of every screen, answered with it, is stored as not known."""
    for screen in tablet.screens_for(patient, timezone.localdate()):
        form = tablet.PadForm(patient=patient, on=timezone.localdate(), only=screen.codes)
        words = {"seen": 10**9}  # as if nobody had answered since
        for code in screen.codes:
            dont_know = f"{code}__{tablet.DONT_KNOW}"
            if dont_know in form.fields:
                words[dont_know] = "on"
            elif code in form.fields:
                words[code] = "unknown"
            else:
                words[f"{code}__{questions()[code].parts[0].code}"] = "unknown"
        assert answer_screen(client, screen.slug, **words).status_code == 302

    stored = {row.question: row.value for row in Answer.objects.all()}
    asked = {code for s in tablet.screens_for(patient, timezone.localdate()) for code in s.codes}
    assert set(stored.values()) == {"unknown"}
    assert asked - set(stored) <= {code for code in asked if questions()[code].applies is not None}


def test_a_wrong_answer_is_refused_beside_it_and_kept(client, patient, pad):
    hopes = next(
        s.slug for s in tablet.screens_for(patient, timezone.localdate()) if "event_date" in s.codes
    )

    response = answer_screen(client, hopes, event_date="the wedding")

    assert response.status_code == 422
    assert "is not a date" in response.text
    assert "the wedding" in response.text


def test_going_back_saves_too(client, patient, pad):
    first, second = slugs(patient)[:2]
    code = tablet.screens_for(patient, timezone.localdate())[1].codes
    yes_no = next(one for one in code if len(questions()[one].parts) == 1)

    response = answer_screen(client, second, go="back", **{yes_no: "no"})

    assert response.url == screen_url(first)
    assert Answer.objects.get().question == yes_no


def test_the_tablet_picks_up_where_the_patient_was(client, patient, pad):
    first, second = slugs(patient)[:2]
    answer_screen(client, first)

    page = client.get("/patients/pad/")

    assert page.context["screen"].slug == second


def test_the_last_screen_thanks_the_patient(client, patient, pad):
    response = client.get(answer_screen(client, slugs(patient)[-1]).url)

    pad.refresh_from_db()
    assert "Thank you, Ada" in response.text
    assert pad.finished_at is not None
    assert is_in_hand(client)


def test_an_answer_that_is_out_of_date_is_asked_anew_and_counts_once_given(client, patient):
    long_ago = timezone.localdate() - dt.timedelta(days=3000)
    services.record_answers(
        patient=patient, answers={"topical_retinoid": False}, on=long_ago, by=make_user()
    )
    client.post(reverse("patients:hand_over", args=[patient.pk]), {"pin": PIN})
    first = slugs(patient)[0]

    page = client.get(screen_url(first))
    untouched = answers_in_force(patient, timezone.localdate())["topical_retinoid"]
    answer_screen(client, first, seen=10**9, topical_retinoid="no")

    assert page.context["form"]["topical_retinoid"].value() is None
    assert untouched[2] is True
    assert answers_in_force(patient, timezone.localdate())["topical_retinoid"] == (
        False,
        timezone.localdate(),
        False,
    )


# --- coming back


def test_the_pin_brings_the_clinic_back(client, patient, pad):
    response = back(client, pin=PIN)

    assert response.url == reverse("patients:history", args=[patient.pk])
    assert not is_in_hand(client)
    assert client.get("/patients/").status_code == 200


def test_the_pin_is_stored_hashed(pad):
    assert PIN not in pad.pin
    assert not hasattr(pad.events.first(), "pin")


def test_after_five_wrong_pins_only_the_password_opens(client, pad):
    said = [back(client, pin="0000") for _ in range(5)]
    right_pin_now = back(client, pin=PIN)
    wrong_password = back(client, password="not this one")
    still_held = is_in_hand(client)
    home = back(client, password=PASSWORD)

    assert "4 tries left" in said[0].text
    assert "1 try left" in said[3].text
    assert "give your password" in said[4].text
    assert right_pin_now.status_code == 422
    assert "This is not your password" in wrong_password.text
    assert still_held
    assert home.status_code == 302
    assert not is_in_hand(client)


def test_reloading_or_a_new_screen_gives_no_new_tries(client, patient, pad):
    for _ in range(4):
        back(client, pin="0000")
        client.get("/patients/pad/")
    answer_screen(client, slugs(patient)[0])

    assert "give your password" in back(client, pin="0000").text


def test_another_persons_password_does_not_open(client, pad):
    make_user(password="quite another password")
    for _ in range(5):
        back(client, pin="0000")

    assert back(client, password="quite another password").status_code == 422
    assert is_in_hand(client)


@pytest.mark.parametrize(
    ("pin", "words"),
    [
        ("", "Choose a PIN."),
        ("12", "4 to 8 figures"),
        ("12ab", "4 to 8 figures"),
        ("1111", "guessed at once"),
        ("1234", "guessed at once"),
        ("9876", "guessed at once"),
        ("123456789", "4 to 8 figures"),
    ],
)
def test_a_pin_that_is_none_is_refused(client, patient, pin, words):
    response = client.post(reverse("patients:hand_over", args=[patient.pk]), {"pin": pin})

    assert words in str(response.context["form"].errors["pin"])
    assert not Pad.objects.exists()


def test_once_the_tablet_is_back_a_late_screen_changes_nothing(client, patient, pad):
    tablet.take_back(pad=pad)

    response = answer_screen(client, slugs(patient)[0], topical_retinoid="yes")

    assert response.status_code == 302
    assert not Answer.objects.exists()
