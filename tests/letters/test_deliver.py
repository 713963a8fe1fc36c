"""Handing over: to a real mail server, by two workers at once, and when the line is bad."""

import datetime as dt
import email
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from email import policy
from uuid import uuid4

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from clinic.letters import delivery, queue, services, telling
from clinic.letters.errors import LettersError
from clinic.letters.kinds import BACK_OFF, Reason, State
from clinic.letters.models import Message
from clinic.scheduling import services as booking
from clinic.scheduling.models import Change
from tests.factories import make_user
from tests.letters.making import book, calendar_after, cancel, make_reachable, move, written
from tests.scheduling.making import MONDAY, NOW, at, choice, days_later, make_plan

THEN = NOW + dt.timedelta(minutes=7)


class MailServer:
    """Takes letters in over a socket; `answers` are given, in turn, before it takes any."""

    def __init__(self):
        self.letters, self.answers, self.pause = [], [], threading.Event()

    async def handle_DATA(self, server, session, envelope):
        if self.answers:
            answer = self.answers.pop(0)
            if answer == "hang up":
                server.transport.abort()
            return answer
        self.letters.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture(scope="module")
def listening():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    yield server, port
    controller.stop()


@pytest.fixture
def mail(listening, settings):
    server, settings.EMAIL_PORT = listening
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    server.letters.clear()
    server.answers.clear()
    return server


@pytest.fixture
def message(house):
    with time_machine.travel(NOW, tick=False) as clock:
        patient = make_reachable()
        book(house, patient=patient)
        return written(patient, clock)[0]


def files_of(letter):
    return [part.get_content().encode() for part in letter.iter_attachments()]


@pytest.mark.django_db
def test_a_calendar_program_takes_in_what_is_booked_moved_and_cancelled(house, mail):
    with time_machine.travel(NOW, tick=False) as clock:
        patient = make_reachable()
        first, second = book(house, patient=patient)
        messages = written(patient, clock)
    assert [delivery.deliver(one.pk, THEN) for one in messages] == [State.SENT]

    with time_machine.travel(THEN, tick=False) as clock:
        move(first, at(days_later(1), 14), house)
        cancel(second)
        messages += written(patient, clock)
    later = THEN + dt.timedelta(minutes=10)
    assert delivery.deliver(messages[1].pk, later) == State.SENT

    booked, changed = mail.letters
    assert booked["to"] == "robin@example.org"
    assert booked["from"] == "Linden Clinic <clinic@localhost>"
    assert booked["reply-to"] == "hello@linden.example"
    assert "Subcision" not in booked.as_string()
    types = [part["content-type"].params["method"] for part in changed.iter_attachments()]
    assert sorted(types) == ["CANCEL", "REQUEST"]
    before = {event["starts"]: event for event in calendar_after(files_of(booked))}
    assert list(before) == ["2027-01-11T09:00:00.000Z", "2027-02-08T09:00:00.000Z"]
    event = before["2027-01-11T09:00:00.000Z"]
    assert event["zone"] == "Europe/London"
    assert event["summary"] == "Appointment at Linden Clinic"
    assert event["organizer"] == "mailto:hello@linden.example"
    assert event["attendees"] == ["mailto:robin@example.org"]
    (after,) = calendar_after(files_of(booked) + files_of(changed))
    assert after["uid"] == event["uid"]
    assert after["starts"] == "2027-01-12T14:00:00.000Z"
    assert after["sequence"] > event["sequence"]
    (same,) = calendar_after(files_of(changed) + files_of(booked))
    assert same == after, "late post does not bring back what was changed"


@pytest.mark.django_db
def test_a_time_in_summer_is_told_by_the_clinics_clock(house, mail):
    with time_machine.travel(at(days_later(70), 8), tick=False) as clock:
        patient = make_reachable()
        plan_of(house, patient, starts_on=dt.date(2027, 3, 29))  # the clocks went forward
        (one,) = written(patient, clock)
        assert "Mon 29-Mar-2027 09:00–10:30" in one.text
        moment = timezone.now()
    delivery.deliver(one.pk, moment)

    (event,) = calendar_after(files_of(mail.letters[0]))
    assert event["starts"] == "2027-03-29T08:00:00.000Z"
    assert "TZID=Europe/London:20270329T090000" in event["text"].replace("\r\n ", "")


@pytest.mark.django_db
def test_a_server_that_is_away_is_tried_again_with_growing_pauses(message, settings, mail):
    settings.EMAIL_PORT = 1  # nobody listens there
    now, pauses = THEN, []
    Message.objects.filter(pk=message.pk).update(until=now + dt.timedelta(days=9))

    for _ in BACK_OFF:
        assert delivery.deliver(message.pk, now) == State.WAITING
        assert delivery.deliver(message.pk, now) is None, "not before its time"
        message.refresh_from_db()
        pauses.append(message.due_at - now)
        now = message.due_at

    assert pauses == sorted(BACK_OFF)
    assert delivery.deliver(message.pk, now) == State.FAILED
    message.refresh_from_db()
    assert message.reason == Reason.UNREACHABLE
    assert {one.answer for one in message.tries.all()} == {"ConnectionRefusedError"}
    assert ProcrastinateJob.objects.filter(task_name="letters.send").exists()
    assert list(Message.objects.undelivered()) == [message]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        ("451 later", State.WAITING, "451"),
        ("550 no such box", State.FAILED, "550"),
        ("hang up", State.UNCERTAIN, "SMTPServerDisconnected"),
    ],
)
def test_what_the_server_answers_decides_what_follows(message, mail, answer, state, told):
    mail.answers.append(answer)

    assert delivery.deliver(message.pk, THEN) == state

    message.refresh_from_db()
    assert message.state == state
    assert [one.answer for one in message.tries.all()] == [told]
    later = THEN + dt.timedelta(minutes=1)
    assert delivery.deliver(message.pk, later) == (State.SENT if answer[0] == "4" else None)
    assert len(mail.letters) == (answer[0] == "4")


@pytest.mark.django_db
def test_what_a_dead_worker_held_is_told_and_not_sent_again(message, mail):
    assert delivery._claim(message.pk, THEN)

    delivery.look_after(THEN + dt.timedelta(minutes=5))
    message.refresh_from_db()
    assert message.state == State.SENDING
    delivery.look_after(THEN + dt.timedelta(minutes=11))

    message.refresh_from_db()
    assert (message.state, message.reason) == (State.UNCERTAIN, Reason.CUT_OFF)
    assert mail.letters == []


@pytest.mark.django_db
def test_a_message_goes_out_once_more_when_the_desk_asks(message, mail, house):
    delivery.deliver(message.pk, THEN)
    message.patient.email = "new@example.org"
    message.patient.save()
    desk = make_user("front_desk")

    again = services.send_again(message=message, by=desk, now=THEN)
    assert services.send_again(message=message, by=desk, now=THEN) == again, "pressed twice"
    delivery.deliver(again.pk, THEN)

    assert [letter["to"] for letter in mail.letters] == ["robin@example.org", "new@example.org"]
    assert len(calendar_after(files_of(mail.letters[0]) + files_of(mail.letters[1]))) == 2
    first = message.told.order_by("starts_at").first()
    with pytest.raises(LettersError, match="has begun or is past"):
        services.send_again(message=again, by=desk, now=first.starts_at)
    with time_machine.travel(THEN, tick=False):
        cancel(message.told.first().appointment)
    with pytest.raises(LettersError, match="changed since"):
        services.send_again(message=again, by=desk, now=THEN)
    with pytest.raises(LettersError, match="nothing left to tell"):
        services.send_again(message=again, by=desk, now=THEN + dt.timedelta(days=99))


@pytest.mark.django_db
def test_an_sms_is_a_file_where_no_gateway_is_set_up(house, settings, tmp_path):
    settings.SMS_FOLDER = tmp_path / "sms"
    with time_machine.travel(NOW, tick=False) as clock:
        patient = make_reachable(by_email=False, by_sms=True)
        book(house, patient=patient)
        (one,) = written(patient, clock)

    assert delivery.deliver(one.pk, THEN) == State.SENT

    (sheet,) = (tmp_path / "sms").iterdir()
    assert json.loads(sheet.read_text())["to"] == "+441632960001"
    settings.SMS_GATEWAY = ""
    with time_machine.travel(THEN, tick=False) as clock:
        cancel(one.told.first().appointment)
        (two,) = written(patient, clock)
    assert delivery.deliver(two.pk, THEN + dt.timedelta(minutes=9)) == State.FAILED


# --- several at once -----------------------------------------------------------------------------


def together(deeds):
    gun = threading.Barrier(len(deeds), timeout=60)

    def run(deed):
        try:
            connection.ensure_connection()
            gun.wait()
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_jobs_send_each_message_once(house, mail):
    with time_machine.travel(NOW, tick=False):
        patients = [make_reachable(email=f"p{number}@example.org") for number in range(4)]
        for number, patient in enumerate(patients):
            plan_of(house, patient, hour=9 + 2 * (number % 4))
    looked = together([lambda p=p: telling.look(p.pk, THEN) for p in patients * 2])
    assert looked == [None] * 8
    assert Message.objects.count() == 4
    pks = list(Message.objects.values_list("pk", flat=True))
    states = together([lambda pk=pk: delivery.deliver(pk, THEN) for pk in pks * 2])

    assert sorted(letter["to"] for letter in mail.letters) == [p.email for p in patients]
    assert sorted(states, key=str) == [None] * 4 + [State.SENT] * 4


@pytest.mark.django_db(transaction=True)
def test_the_worker_of_the_queue_sends_what_was_booked(house, mail):
    today = timezone.now()
    patient = make_reachable(email="worker@example.org")
    plan_of(house, patient, starts_on=next_monday(today.date()))
    assert Change.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE scheduling_change DISABLE TRIGGER USER")
        cursor.execute("UPDATE scheduling_change SET at = at - interval '1 hour'")
        cursor.execute("ALTER TABLE scheduling_change ENABLE TRIGGER USER")
    ProcrastinateJob.objects.all().delete()
    queue.look_at(patient.pk, today)
    queue.look_at(patient.pk, today)

    together([work, work])

    assert [letter["to"] for letter in mail.letters] == ["worker@example.org"]
    jobs = ProcrastinateJob.objects.filter(task_name__in=[queue.LOOK, queue.SEND])
    assert sorted(job.status for job in jobs) == ["succeeded", "succeeded"]


def work():
    """A worker as `make run` starts it, until nothing waits any more."""
    own = app.with_connector(app.connector.get_worker_connector())
    own.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)


def next_monday(day):
    return day + dt.timedelta(days=14 - day.weekday())


def plan_of(house, patient, *, hour=9, starts_on=None):
    day = starts_on or MONDAY
    plan = make_plan(patient=patient, sessions=1, starts_on=day)
    return booking.book_plan(
        plan=plan,
        choices=[choice(plan, 1, at(day, hour), house.doctor, house.theatre)],
        by=make_user(),
        key=uuid4().hex,
    )
