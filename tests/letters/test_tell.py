"""What a patient is told: the difference between what they know and what is true."""

import datetime as dt

import pytest
from django.db import IntegrityError, ProgrammingError
from procrastinate.contrib.django.models import ProcrastinateJob

from clinic.letters import delivery, services, tasks, telling, wording
from clinic.letters.kinds import Channel, Kind, Reason, State
from clinic.letters.models import Habits, Message, Wording
from clinic.scheduling.models import Appointment
from tests.factories import make_user
from tests.letters.making import (
    book,
    cancel,
    make_reachable,
    move,
    told,
    undo,
    written,
)
from tests.scheduling.making import MONDAY, at, days_later, make_patient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_a_whole_plan_booked_is_one_message(house, clock):
    patient = make_reachable()
    visits = book(house, patient=patient, sessions=3)

    assert written(patient) == [], "the delay is not over"
    (one,) = written(patient, clock)

    assert (one.kind, one.channel, one.state) == (Kind.CONFIRMATION, Channel.EMAIL, State.WAITING)
    assert one.address == "robin@example.org"
    assert one.text.count("Mon ") == one.told.count() == len(visits)
    assert "Mon 11-Jan-2027 09:00–10:30" in one.text
    assert "Mon 08-Mar-2027 09:00–10:30" in one.text
    assert "Subcision" not in one.text + one.subject
    assert written(patient, clock) == [], "told once"


def test_moved_and_moved_back_tells_nobody(house, clock):
    patient = make_reachable()
    first, _ = book(house, patient=patient)
    told(patient, clock)

    move(first, at(days_later(1), 9), house)
    undo(first)

    assert written(patient, clock) == []
    cancel(first)
    undo(first)
    assert written(patient, clock) == []


def test_a_move_that_takes_others_along_is_one_message_with_a_rising_sequence(house, clock):
    patient = make_reachable()
    first, second = book(house, patient=patient)
    (confirmed,) = told(patient, clock)

    move(first, at(days_later(1), 9), house)
    clock.shift(60)
    move(second, at(days_later(29), 9), house)
    (change,) = written(patient, clock)

    assert change.kind == Kind.CHANGE
    assert "Tue 12-Jan-2027 09:00–10:30 (instead of Mon 11-Jan-2027 09:00)" in change.text
    assert "instead of Mon 08-Feb-2027 09:00" in change.text
    before = dict(confirmed.told.values_list("appointment", "sequence"))
    after = dict(change.told.values_list("appointment", "sequence"))
    assert all(after[visit] > before[visit] for visit in before)


def test_each_change_waits_for_the_last_one(house, clock):
    patient = make_reachable()
    first, _ = book(house, patient=patient)
    clock.shift(4 * 60)
    cancel(first)
    clock.shift(2 * 60)

    again = telling.look(patient.pk)

    assert again > dt.datetime.now(dt.UTC)
    assert not Message.objects.exists()
    (one,) = written(patient, clock)
    assert one.told.count() == 1, "the visit called off meanwhile was never told"


def test_a_visit_called_off_is_told_by_the_time_that_the_patient_knows(house, clock):
    patient = make_reachable(by_sms=True)
    first, _ = book(house, patient=patient)
    told(patient, clock)

    move(first, at(days_later(1), 9), house)
    cancel(first)
    by_email, by_sms = written(patient, clock)

    assert {by_email.kind, by_sms.kind} == {Kind.CANCELLATION}
    assert "Mon 11-Jan-2027 09:00: cancelled" in by_email.text
    assert by_sms.address == "+441632960001"
    assert [told.on for told in by_sms.told.all()] == [False]


def test_a_message_on_its_way_gives_way_to_what_is_true_now(house, clock):
    patient = make_reachable()
    first, _ = book(house, patient=patient)
    (never_went,) = written(patient, clock)

    move(first, at(days_later(1), 9), house)
    (one,) = written(patient, clock)

    never_went.refresh_from_db()
    assert (never_went.state, never_went.reason) == (State.DROPPED, Reason.OVERTAKEN)
    assert one.kind == Kind.CONFIRMATION, "the patient has heard of neither day yet"
    assert "Tue 12-Jan-2027 09:00" in one.text
    assert "instead of" not in one.text


def test_nobody_is_told_who_has_not_agreed_or_has_no_address(house, clock):
    unasked, without = make_patient(email="a@example.org"), make_reachable()
    type(without).objects.filter(pk=without.pk).update(email="")
    book(house, patient=unasked)
    for visit in Appointment.objects.all():
        cancel(visit)
    book(house, patient=without)

    assert written(unasked, clock) == written(without, clock) == []
    assert telling.patients_to_tell(dt.datetime.now(dt.UTC)) == [without.pk]
    without.email = "late@example.org"
    without.save()
    assert [one.address for one in written(without, clock)] == ["late@example.org"]


def test_consent_withdrawn_stops_what_waits_and_given_again_tells_anew(house, clock):
    patient = make_reachable()
    book(house, patient=patient)
    (waiting,) = written(patient, clock)

    services.record_choice(patient=patient, email=False, sms=False, by=make_user(), revision=1)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == (State.DROPPED, Reason.WITHDRAWN)
    assert written(patient, clock) == []

    services.record_choice(patient=patient, email=True, sms=False, by=make_user(), revision=2)
    again = Message.objects.get(patient=patient, state=State.WAITING)
    assert again.key == waiting.key, "told at once: the visits were booked long ago"


def test_the_past_is_never_told(house, clock):
    patient = make_reachable()
    _, second = book(house, patient=patient)
    clock.move_to(at(MONDAY, 12))

    (one,) = written(patient, clock)

    assert [told.appointment_id for told in one.told.all()] == [second.pk]
    clock.move_to(at(days_later(60), 12))
    assert delivery.deliver(one.pk) == State.DROPPED
    one.refresh_from_db()
    assert one.reason == Reason.PAST


def test_a_kind_switched_off_is_on_record_and_sends_nothing(house, clock):
    patient = make_reachable()
    book(house, patient=patient)
    wording.settle()
    Wording.objects.filter(kind=Kind.CONFIRMATION).update(active=False)

    (one,) = written(patient, clock)

    assert (one.state, one.reason, one.text) == (State.DROPPED, Reason.SWITCHED_OFF, "")
    Wording.objects.update(active=True)
    assert written(patient, clock) == [], "switched on, it does not tell what is old"


def test_the_database_makes_a_message_once_and_keeps_its_words(house, clock):
    patient = make_reachable()
    book(house, patient=patient)
    (one,) = written(patient, clock)

    with pytest.raises(IntegrityError, match="a_message_is_made_once"):
        Message.objects.bulk_create([Message(**fields_of(one))])


def test_the_words_of_a_message_stay(house, clock):
    patient = make_reachable()
    book(house, patient=patient)
    (one,) = written(patient, clock)

    with pytest.raises(ProgrammingError, match="Cannot update"):
        Message.objects.filter(pk=one.pk).update(text="Something else")


def fields_of(message):
    left_out = {"id", "resends", "asked_by"}
    fields = {field.name: field.value_from_object(message) for field in Message._meta.fields}
    patient = {"patient_id": fields.pop("patient")}
    return {name: value for name, value in fields.items() if name not in left_out} | patient


def test_a_booking_puts_a_look_into_the_queue_and_the_round_does_without(house, clock):
    patient = make_reachable()
    book(house, patient=patient)

    jobs = ProcrastinateJob.objects.filter(task_name="letters.look", args__patient=str(patient.pk))
    assert len(jobs) == 1
    assert jobs[0].scheduled_at == dt.datetime.now(dt.UTC) + Habits.current().delay
    clock.shift(6 * 60)
    tasks.go_round(int(dt.datetime.now(dt.UTC).timestamp()))
    one = Message.objects.get()
    assert ProcrastinateJob.objects.filter(args={"message": str(one.pk)}).count() == 1
