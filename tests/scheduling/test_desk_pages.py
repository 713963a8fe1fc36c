"""The desk's pages: each deed by its form, twice, stale, and with something wrong in it."""

import json
from uuid import uuid4

import pytest
import time_machine

from clinic.scheduling import attention, gates, holds, money, offers, services, waiting
from clinic.scheduling.models import (
    Appointment,
    Attention,
    Charge,
    State,
    Task,
    VisitType,
    Waiting,
)
from tests.factories import make_user
from tests.scheduling.making import (
    MONDAY,
    NOW,
    at,
    choice,
    days_later,
    make_house,
    make_patient,
    make_plan,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def desk(client):
    client.force_login(make_user("front_desk"))
    return client


@pytest.fixture
def course(house):
    plan = make_plan()
    visits = [
        choice(plan, number, at(days_later(35 * number - 35), 9), house.doctor, house.theatre)
        for number in (1, 2)
    ]
    return services.book_plan(plan=plan, choices=visits, by=make_user(), key=uuid4().hex)


def text(answer) -> str:
    return answer.content.decode()


def test_a_plan_of_six_sessions_is_booked_in_three_clicks(desk, house):
    plan = make_plan(sessions=6)
    page = f"/calendar/plans/{plan.pk}/"
    chosen = json.dumps([each.as_json() for each in offers.offers_for(plan)[0].choices])

    assert "Choose" in text(desk.get(page))  # Book, on the plan's page
    assert "Book all 6 visits" in text(desk.post(page, {"choices": chosen}))  # Choose
    desk.post(page, {"choices": chosen, "step": "book", "key": "k"})  # Book all 6 visits

    assert Appointment.objects.of_plan(plan).count() == 6


def test_a_hold_is_taken_from_the_offer_and_decided_on_the_same_page(desk, house):
    plan = make_plan()
    page = f"/calendar/plans/{plan.pk}/"
    chosen = json.dumps([each.as_json() for each in offers.offers_for(plan)[0].choices])
    form = {"choices": chosen, "step": "book", "key": "k", "hold": "yes", "minutes": 20}

    answer = desk.post(page, form, follow=True)

    assert "Held until Mon 11-Jan-2027 07:20" in text(answer)
    assert holds.held(plan).count() == 2
    desk.post(f"{page}hold/", {"decided": "yes"})
    desk.post(f"{page}hold/", {"decided": "yes"})
    assert {visit.state for visit in Appointment.objects.of_plan(plan)} == {State.SCHEDULED}
    assert "nothing is booked" not in text(desk.get(page))


def test_the_visits_page_says_what_is_missing_and_takes_what_was_found(desk, course):
    visit = course[0]
    page = f"/calendar/visits/{visit.pk}/"
    answer = text(desk.get(page))
    assert "The patient has not agreed to this plan" in answer
    assert "A clinician" in answer

    desk.post(f"{page}gate/", {"gate": "reconfirmed", "answer": "done", "words": "on the phone"})
    desk.post(f"{page}gate/", {"gate": "agreement_0", "answer": "done"})
    desk.post(f"{page}gate/", {"gate": "photos", "answer": "waived"})

    assert [check.gate for check in visit.checks.all()] == ["reconfirmed"]
    desk.post(f"{page}state/", {"to": "arrived", "revision": 1})
    refused = desk.post(f"{page}state/", {"to": "in_room", "revision": 2}, follow=True)
    assert "cannot start yet" in text(refused)
    visit.refresh_from_db()
    assert visit.state == State.ARRIVED


def test_a_session_waits_by_the_words_of_the_patient(desk, course):
    visit = course[1]
    page = f"/calendar/patients/{visit.patient_id}/wait/"
    form = {"session": str(visit.session_id), "weekdays": ["1"], "not_before": "14-Mar-2027"}

    wrong = desk.post(page, {**form, "not_after": "13-Mar-2027", "note": "late shifts"})
    assert wrong.status_code == 422
    assert "This day comes before the first one" in text(wrong)
    assert "late shifts" in text(wrong)
    desk.post(page, form)
    twice = desk.post(page, form)

    assert "on the waiting list already" in text(twice)
    entry = Waiting.objects.get()
    assert "not before 14-Mar-2027, Tuesdays" in text(desk.get("/calendar/waiting/"))
    desk.post(f"/calendar/waiting/{entry.pk}/stop/", {"revision": 7})
    assert Waiting.objects.open().exists()
    desk.post(f"/calendar/waiting/{entry.pk}/stop/", {"revision": 1})
    assert not Waiting.objects.open().exists()


def test_a_freed_time_is_given_on_its_page(desk, house, course):
    by, late = make_user(), course[1]
    waiting.add(patient=late.patient, session=late.session, by=by)
    other = make_plan(sessions=1, starts_on=days_later(28))
    gone = services.book_plan(
        plan=other, by=by, key="o",
        choices=[choice(other, 1, at(days_later(28), 14), house.doctor, house.theatre)],
    )[0]  # fmt: skip
    page = f"/calendar/visits/{gone.pk}/freed/"
    assert "has left no time" in text(desk.get(page, follow=True))
    services.cancel(appointment=gone, reason="patient_ill", by=by, revision=1)

    shown = desk.get(page)
    assert "on its target day, 7 days sooner than booked" in text(shown)
    fit = shown.context["fits"][0]
    slot = f"{fit.starts_at.isoformat()}|{','.join(map(str, fit.resources))}"
    form = {"entry": str(fit.entry.pk), "revision": 1, "key": "k", "slot": slot}
    assert "out of date" in text(desk.post(page, {**form, "slot": "never"}, follow=True))
    desk.post(page, form)

    late.refresh_from_db()
    assert late.starts_at == at(days_later(28), 14)
    assert "does not wait any more" in text(desk.post(page, form, follow=True))


def test_a_task_is_noted_given_to_somebody_and_done(desk, course):
    colleague = make_user("front_desk")
    page = f"/calendar/tasks/new/?visit={course[0].pk}"
    wrong = desk.post(page, {"title": "Call", "kind": "other", "due_on": "31-Feb-2027"})
    assert wrong.status_code == 422
    form = {"title": "Call", "kind": "other", "due_on": "12-Jan-2027", "owner": colleague.pk}
    desk.post(page, form)
    desk.post(page, form)

    task = Task.objects.get()
    assert (task.owner, task.appointment) == (colleague, course[0])
    assert "Call" in text(desk.get("/calendar/tasks/"))
    assert "Call" not in text(desk.get("/calendar/tasks/?which=mine"))
    desk.post(f"/calendar/tasks/{task.pk}/done/", {"revision": 1, "outcome": "well"})
    assert "well" in text(desk.get("/calendar/tasks/?which=done"))


def test_a_deposit_is_asked_and_paid_on_the_page(desk, course):
    page = f"/calendar/visits/{course[0].pk}/"
    bad = desk.post(f"{page}charge/", {"kind": "deposit", "amount": "much"}, follow=True)
    assert "write an amount" in text(bad)
    desk.post(f"{page}charge/", {"kind": "no_show_fee", "amount": "20"})
    assert not Charge.objects.exists()
    desk.post(f"{page}charge/", {"kind": "deposit", "amount": "50.00"})
    charge = Charge.objects.get()

    desk.post(f"/calendar/charges/{charge.pk}/settle/", {"to": "paid", "revision": 1})

    assert money.charges_of(appointment=course[0]).get().state == "paid"
    assert "50.00" in text(desk.get(page))


def test_who_takes_part_is_changed_at_the_same_time(desk, house, course):
    visit = course[0]
    page = f"/calendar/visits/{visit.pk}/people/"
    form = {"room": house.theatre.pk, "revision": 1}

    refused = desk.post(page, {**form, "people": [house.nurse.pk]})
    assert refused.status_code == 409
    assert "may not perform" in text(refused)
    desk.post(page, {**form, "people": [house.other.pk, house.nurse.pk]})

    visit = Appointment.objects.with_people().get(pk=visit.pk)
    assert set(visit.people) == {house.other, house.nurse}
    assert visit.starts_at == at(MONDAY, 9)


def test_visits_to_look_at_lead_to_another_time(desk, house, course, client):
    from clinic.scheduling import rebooking

    rebooking.add_absence(
        resource=house.doctor, starts_at=at(days_later(35), 0), ends_at=at(days_later(36), 0),
        kind="leave", note="ill",
    )  # fmt: skip
    page = desk.get("/calendar/to-look-at/")
    assert "Dr Ada is away: leave, ill." in text(page)
    assert "Dr Ben" in text(page)

    mark = Attention.objects.get()
    desk.post(f"/calendar/marks/{mark.pk}/clear/", {"note": "she comes in for it"})

    assert "Every booked visit stands" in text(desk.get("/calendar/to-look-at/"))
    assert not attention.open_marks().exists()


def test_a_kind_of_visit_is_edited_by_who_keeps_the_house(client, house):
    client.force_login(make_user("owner"))
    form = {"minutes": 45, "seen_by": ["nurse"], "revision": 1, "call_after_days": ""}

    assert client.post("/calendar/kinds/review/", {**form, "minutes": 50}).status_code == 422
    client.post("/calendar/kinds/review/", form)
    stale = client.post("/calendar/kinds/review/", {**form, "minutes": 60})

    assert "changed this kind of visit meanwhile" in text(stale)
    assert VisitType.objects.get().minutes == 45
    assert "45 min" in text(client.get("/calendar/kinds/"))


def test_what_a_note_says_is_written_out_and_never_run(desk, house):
    patient = make_patient(given_name="<script>alert(1)</script>")
    waiting.add(patient=patient, kind="consultation", by=make_user(), note="<b>soon</b>")

    shown = text(desk.get("/calendar/waiting/"))

    assert "<script>alert" not in shown
    assert "<b>soon" not in shown
    assert gates.gates_of(Appointment(kind="consultation", patient=patient)) == []
