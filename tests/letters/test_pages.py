"""The pages of the messages: what the desk sees, what the keeper of the words may write."""

import pytest
from django.urls import reverse

from clinic.letters import delivery, services
from clinic.letters.forms import WordingForm
from clinic.letters.kinds import Channel, Kind
from clinic.letters.models import ContactChoice, FeedLink, Message, Wording
from clinic.letters.wording import sms_length
from clinic.logs import PlainFormatter
from clinic.scheduling.models import Resource
from tests.factories import make_user
from tests.letters.making import (
    book,
    calendar_after,
    make_reachable,
    told,
    written,
)
from tests.scheduling.making import make_patient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def desk(client):
    client.force_login(make_user("front_desk"))
    return client


@pytest.fixture
def keeper(client):
    client.force_login(make_user("catalogue_admin"))
    return client


def page(answer) -> str:
    return answer.content.decode()


# --- the desk ------------------------------------------------------------------------------------


def test_the_desk_asks_records_and_is_told_of_a_record_changed_meanwhile(desk):
    patient = make_patient(email="", phone="+44 1632 960009")
    address = reverse("letters:patient", args=[patient.pk])
    assert "Until somebody has asked the patient, no message goes out" in page(desk.get(address))

    first = desk.post(address, {"email": "on", "seen": "0"}, follow=True)
    late = desk.post(address, {"sms": "on", "seen": "0"}, follow=True)

    assert "The record has no e-mail address." in page(first)
    assert "changed while this page was open" in page(late)
    choice = ContactChoice.objects.get()
    assert (choice.wants, choice.lacking) == ([Channel.EMAIL], [Channel.EMAIL])


def test_the_desk_sees_what_went_sends_it_again_and_stops_what_waits(desk, house, clock):
    patient = make_reachable(by_sms=True)
    book(house, patient=patient)
    by_email, by_sms = written(patient, clock)
    delivery.deliver(by_email.pk)

    seen = page(desk.get(reverse("letters:patient", args=[patient.pk])))
    assert "Confirmation" in seen
    assert "next try" in seen
    assert "Linnet" in page(desk.get(reverse("letters:outbox")))
    again = [desk.post(reverse("letters:again", args=[by_email.pk]), follow=True) for _ in "12"]
    stopped = desk.post(reverse("letters:stop", args=[by_sms.pk]), follow=True)
    refused = desk.post(reverse("letters:again", args=[by_sms.pk]), follow=True)

    assert "The message goes out once more." in page(again[1])
    assert Message.objects.filter(resends=by_email).count() == 1
    assert "it was stopped by hand" in page(stopped)
    assert "cannot be stopped or sent again now" in page(refused)
    assert written(patient, clock) == [], "stopped is not told anew"


@pytest.mark.parametrize("role", ["owner", "catalogue_admin"])
def test_who_meets_no_patient_reads_no_message(client, house, clock, role):
    patient = make_reachable()
    book(house, patient=patient)
    (one,) = written(patient, clock)
    client.force_login(make_user(role))

    for name, pk in (("patient", patient.pk), ("message", one.pk)):
        assert client.get(reverse(f"letters:{name}", args=[pk])).status_code == 403
    assert client.get(reverse("letters:outbox")).status_code == 403
    assert client.get(reverse("letters:words")).status_code == 200


# --- the words -----------------------------------------------------------------------------------


@pytest.fixture
def words(keeper):
    keeper.get(reverse("letters:words"))
    return Wording.objects.get(kind=Kind.CONFIRMATION, channel=Channel.EMAIL)


def typed(words, **fields):
    return {
        "subject": words.subject,
        "text": words.text,
        "active": "on",
        "seen": words.revision,
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text": "On {visits} at {hotel}"}, "There is no {hotel} in a message of this kind."),
        ({"text": "On {visits} {"}, "A brace stands alone."),
        ({"text": "On {visits.__class__}"}, "A brace stands alone."),
        ({"text": "On {visits!r:>9}"}, "A brace stands alone."),
        ({"text": "Come soon"}, "put {visits} into it"),
        ({"text": "Your acne session: {visits}"}, "tells what the patient is treated for"),
        ({"subject": "Ice pick day {clinic}"}, "tells what the patient is treated for"),
        ({"text": ""}, "Write the message."),
        ({"subject": ""}, "Give a subject."),
    ],
)
def test_words_that_cannot_go_out_are_refused_and_kept(keeper, words, fields, told):
    answer = keeper.post(words.get_absolute_url(), typed(words, **fields))

    assert answer.status_code == 422
    assert told in page(answer).replace("&#x27;", "'")
    for value in fields.values():
        assert value.replace(">", "&gt;") in page(answer)
    words.refresh_from_db()
    assert words.revision == 1


def test_words_are_seen_before_they_are_saved_and_older_ones_are_kept(keeper, words, house, clock):
    text = "Hello {given_name}\n\n{visits}\n\n{clinic}"
    address = words.get_absolute_url()

    part = keeper.post(address, typed(words, text=text), headers={"HX-Request": "true"})
    shown = keeper.post(address, typed(words, text=text, preview="yes"))
    assert "Hello Robin" in page(part)
    assert "<html" not in page(part)
    assert "Hello Robin" in page(shown)
    words.refresh_from_db()
    assert words.text != text
    assert keeper.post(address, typed(words, text=text)).status_code == 302
    stale = keeper.post(address, typed(words, text="Old {visits}"))

    assert stale.status_code == 422
    assert "changed while this page was open" in page(stale)
    assert "Thank you for booking" in page(keeper.get(address)), "the words before"
    patient = make_reachable()
    book(house, patient=patient)
    (one,) = written(patient, clock)
    assert one.text.startswith("Hello Robin")
    assert one.text.endswith("Linden Clinic")


def test_one_more_reminder_is_added_at_another_time_only(keeper, words):
    address = reverse("letters:new_reminder") + "?by=sms"
    fields = {"text": "{date} {time}", "active": "on", "seen": "0"}

    twice = keeper.post(address, {**fields, "hours": "24"})
    added = keeper.post(address, {**fields, "hours": "2"})

    assert "There is a message of this kind at this time already." in page(twice)
    assert added.status_code == 302
    assert Wording.objects.get(hours=2, kind=Kind.REMINDER).channel == Channel.SMS
    habits = reverse("letters:habits")
    odd = {"delay_minutes": "0", "not_before": "20:00", "not_after": "08:00", "seen": "1"}
    refused = keeper.post(habits, odd)
    assert refused.status_code == 422
    fine = {"delay_minutes": "9", "not_before": "09:00", "not_after": "18:00", "seen": "1"}
    assert keeper.post(habits, fine).status_code == 302
    assert keeper.post(habits, fine).status_code == 422, "the page is stale now"


@pytest.mark.parametrize(
    ("text", "parts"), [("a" * 160, 1), ("a" * 161, 2), ("ш" * 70, 1), ("ш" * 71, 2)]
)
def test_an_sms_is_counted_as_a_network_counts_it(text, parts):
    assert sms_length(text).parts == parts


def test_a_form_for_an_sms_asks_for_no_subject():
    words = Wording(kind=Kind.CHANGE, channel=Channel.SMS)

    assert list(WordingForm(instance=words).fields) == ["text", "active", "seen"]


# --- a practitioner's calendar -------------------------------------------------------------------


@pytest.fixture
def practitioner(house):
    user = make_user("clinician")
    Resource.objects.filter(pk=house.doctor.pk).update(user=user)
    return user


def secret_address(client) -> str:
    shown = page(client.post(reverse("letters:link")))
    return shown.partition('letter-secret">')[2].partition("<")[0].removeprefix("http://testserver")


def test_a_calendar_link_shows_when_and_where_and_nobodys_name(client, practitioner, house, clock):
    patient = make_reachable()
    book(house, patient=patient)
    told(patient, clock)
    client.force_login(practitioner)
    address = secret_address(client)
    assert address not in page(client.get(reverse("letters:link"))), "it is shown once"
    client.logout()

    answer = client.get(address)

    assert answer["Cache-Control"] == "no-store"
    events = calendar_after([answer.content])
    assert [event["starts"] for event in events] == [
        "2027-01-11T09:00:00.000Z",
        "2027-02-08T09:00:00.000Z",
    ]
    assert {event["summary"] for event in events} == {"Procedure"}
    assert {event["location"] for event in events} == {"Room 2"}
    for secret in ("Linnet", "Robin", "Subcision", patient.record_number, "rolling"):
        assert secret not in answer.content.decode()
    assert FeedLink.objects.get().read_at is not None
    assert address.split("/")[-1].removesuffix(".ics") not in str(FeedLink.objects.values())


def test_a_link_renewed_revoked_or_of_somebody_who_left_opens_nothing(client, practitioner):
    client.force_login(practitioner)
    first, second = secret_address(client), secret_address(client)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200

    type(practitioner).objects.filter(pk=practitioner.pk).update(roles=["front_desk"])
    assert client.get(second).status_code == 404
    type(practitioner).objects.filter(pk=practitioner.pk).update(roles=["clinician"])
    client.post(reverse("letters:link"), {"revoke": "yes"})

    assert client.get(second).status_code == 404
    client.force_login(make_user("clinician"))
    assert "You have no calendar here" in page(client.get(reverse("letters:link")))


def test_no_log_holds_the_secret_of_a_link(caplog, client):
    client.get("/messages/feeds/019a0000-0000-7000-8000-000000000000/not-a-real-secret.ics")

    lines = [PlainFormatter().format(record) for record in caplog.records]
    assert lines == ["Not Found: /messages/feeds/019a0000-0000-7000-8000-000000000000/…"]


def test_guessing_is_slowed_down_and_the_owner_still_reads(client, practitioner, house):
    link, secret = services.renew_link(resource=house.doctor)
    wrong = reverse("letters:feed", args=[link.pk, "wrong"])

    codes = [client.get(wrong).status_code for _ in range(25)]

    assert codes == [404] * 20 + [429] * 5
    assert client.get(reverse("letters:feed", args=[link.pk, secret])).status_code == 200
