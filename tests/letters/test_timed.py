"""What the clock brings: reminders, preparation on its day, care after a visit."""

import datetime as dt

import pytest
from django.utils import timezone

from clinic.letters import delivery, timed, wording
from clinic.letters.kinds import Kind, Reason, State
from clinic.letters.models import Habits, Message, Wording
from clinic.scheduling import services
from tests.factories import make_user
from tests.letters.making import book, cancel, make_reachable, move, told
from tests.scheduling.making import agree_to, at, days_later, note_gates

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PRIMING = {
    "treatment": "priming",
    "name": "Skin priming",
    "before_session": 2,
    "from_day": 14,
    "to_day": 28,
    "text": "Every evening.",
}


def due(kind) -> list[Message]:
    """What a round of the clock adds of this kind."""
    before = set(Message.objects.values_list("pk", flat=True))
    timed.make_due()
    return list(Message.objects.filter(kind=kind).exclude(pk__in=before).order_by("channel"))


def test_a_reminder_goes_once_at_its_time_by_the_road_agreed(house, clock):
    patient = make_reachable(by_sms=True)
    _, second = book(house, patient=patient)
    told(patient, clock)
    assert due(Kind.REMINDER) == [], "told the day before, nobody is reminded of it"

    clock.move_to(second.starts_at - dt.timedelta(hours=24 * 7, minutes=-1))
    (by_email,) = due(Kind.REMINDER)
    clock.move_to(second.starts_at - dt.timedelta(hours=24, minutes=-1))
    (by_sms,) = due(Kind.REMINDER)

    assert "Mon 08-Feb-2027 at 09:00" in by_email.text
    assert by_sms.text.startswith("Linden Clinic: we expect you on Mon 08-Feb-2027 at 09:00.")
    assert due(Kind.REMINDER) == []


def test_a_moved_visit_is_reminded_of_anew_and_a_cancelled_one_never(house, clock):
    patient = make_reachable()
    _, second = book(house, patient=patient)
    told(patient, clock)
    clock.move_to(second.starts_at - dt.timedelta(days=6))
    assert len(due(Kind.REMINDER)) == 1

    move(second, at(days_later(56), 9), house)
    told(patient, clock)
    assert due(Kind.REMINDER) == []
    clock.move_to(at(days_later(50), 9))
    (again,) = due(Kind.REMINDER)
    cancel(second)

    assert "08-Mar-2027" in again.text
    assert delivery.deliver(again.pk) == State.DROPPED
    again.refresh_from_db()
    assert again.reason == Reason.OVERTAKEN


def test_reminders_keep_to_the_hours_of_the_day(house, clock):
    patient = make_reachable(by_email=False, by_sms=True)
    _, second = book(house, patient=patient)
    told(patient, clock)
    Habits(not_before=dt.time(10), not_after=dt.time(19)).save()

    clock.move_to(second.starts_at - dt.timedelta(hours=23, minutes=30))
    assert due(Kind.REMINDER) == []
    clock.move_to(second.starts_at - dt.timedelta(hours=23))

    assert len(due(Kind.REMINDER)) == 1


@pytest.fixture
def prepared(house, clock):
    """A patient whose second session wants two weeks of preparation."""
    patient = make_reachable()
    _, second = book(house, patient=patient, preparations=[PRIMING])
    told(patient, clock)
    return patient, second


def test_preparation_is_told_on_the_day_that_the_booked_visit_wants(house, prepared, clock):
    clock.move_to(at(days_later(13), 20))
    assert due(Kind.PRE_CARE) == []

    clock.move_to(at(days_later(14), 8))
    (one,) = due(Kind.PRE_CARE)

    assert "Your preparation begins on Mon 25-Jan-2027" in one.text
    assert "the sheet" in one.text
    assert "priming" not in one.text
    assert due(Kind.PRE_CARE) == []


def test_the_clinic_may_choose_to_write_the_care_out(house, prepared, clock):
    Habits(care_by_email=True).save()
    clock.move_to(at(days_later(14), 8))

    (one,) = due(Kind.PRE_CARE)

    assert "- Skin priming: Every evening." in one.text


def test_preparation_moves_with_its_visit_and_one_too_late_is_shown_not_sent(
    house, prepared, clock
):
    _, second = prepared
    move(second, at(days_later(35), 9), house)
    clock.move_to(at(days_later(14), 9))
    assert due(Kind.PRE_CARE) == []
    clock.move_to(at(days_later(30), 9))

    (late,) = due(Kind.PRE_CARE)

    assert (late.state, late.reason) == (State.DROPPED, Reason.DAY_PASSED)
    assert due(Kind.PRE_CARE) == []


def test_after_care_follows_a_completed_procedure(house, clock):
    patient = make_reachable()
    first, _ = book(house, patient=patient)
    told(patient, clock)
    clock.move_to(first.starts_at)
    agree_to(first.session.plan)
    note_gates(first)
    for state in ("arrived", "in_room", "completed"):
        first.refresh_from_db()
        services.change_state(appointment=first, to=state, by=make_user(), revision=first.revision)
    clock.move_to(first.ends_at + dt.timedelta(minutes=119))
    assert due(Kind.AFTER_CARE) == []

    clock.move_to(first.ends_at + dt.timedelta(minutes=121))
    (one,) = due(Kind.AFTER_CARE)

    assert "the sheet" in one.text
    clock.move_to(first.ends_at + dt.timedelta(days=9))
    assert due(Kind.AFTER_CARE) == []


def test_another_lead_time_is_a_row_and_no_change_of_code(house, clock):
    patient = make_reachable()
    _, second = book(house, patient=patient)
    told(patient, clock)
    wording.settle()
    words = Wording.objects.get(kind=Kind.REMINDER, channel="email")
    words.hours = 48
    words.save()

    clock.move_to(second.starts_at - dt.timedelta(days=7))
    assert due(Kind.REMINDER) == []
    clock.move_to(second.starts_at - dt.timedelta(hours=47))

    (one,) = due(Kind.REMINDER)
    assert one.until == second.starts_at
    assert one.made_at == timezone.now()
    assert words.events.count() == 2, "the older words are kept"
