"""What went wrong holds procedures in its field; what the house has ready holds fillers."""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import Error, transaction

from clinic.scheduling import adverse_events, attention, errors, gates, house_checks, services
from clinic.scheduling.models import AdverseEvent, AdverseStep, DayCheck, State
from tests.factories import bare_treatment, make_user, make_version
from tests.scheduling.making import (
    DULL,
    MONDAY,
    NOW,
    TREATMENTS,
    agree_to,
    at,
    choice,
    days_later,
    make_house,
    make_plan,
    note_gates,
)

pytestmark = pytest.mark.django_db

HA = {"treatment": "ha_filler", "name": "Hyaluronic acid", "performers": ["doctor"]}


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def by():
    return make_user("clinician")


def book(house, *, sessions=2, **fields):
    plan = make_plan(sessions=sessions, **fields)
    chosen = [
        choice(plan, number, at(days_later(28 * number - 28), 9), house.doctor, house.theatre)
        for number in range(1, sessions + 1)
    ]
    agree_to(plan)
    return services.book_plan(plan=plan, choices=chosen, by=make_user(), key=uuid4().hex)


def record(visit, by, **fields):
    given = {"kind": "burn", "places": ["malar.L"], "seen_on": MONDAY, "words": "Two blisters."}
    return adverse_events.record(patient=visit.patient, by=by, **given | fields)


def missing(visit):
    return {gate.label: gate for gate in gates.missing(visit)}


def test_an_open_adverse_event_holds_procedures_in_its_field_until_it_is_closed(house, by):
    visit, later = book(house)
    event = record(visit, by)
    note_gates(visit, by)

    gate = missing(visit)["Adverse event"]
    assert "Burn or blister, left" in gate.words
    assert (gate.who, gate.where) == (gates.CLINICIAN, event.get_absolute_url())
    services.change_state(appointment=visit, to=State.ARRIVED, by=by, revision=1)
    with pytest.raises(errors.GatesOpen):
        services.change_state(appointment=visit, to=State.IN_ROOM, by=by, revision=2)
    assert [mark.why for mark in attention.open_marks([later.pk])] == ["adverse"]

    adverse_events.write(event=event, step=AdverseStep.NOTED, words="Dry.", by=by)
    assert "Adverse event" in missing(visit)
    adverse_events.write(event=event, step=AdverseStep.CLOSED, words="Healed.", by=by)
    assert "Adverse event" not in missing(visit)
    assert not attention.open_marks([later.pk]).exists()
    adverse_events.write(event=event, step=AdverseStep.REOPENED, words="Flared up.", by=by)
    assert "Adverse event" in missing(later)


@pytest.mark.parametrize(("places", "holds"), [(["malar.R"], False), ([], True)])
def test_it_holds_its_own_field_and_without_one_everything(house, by, places, holds):
    visit, _ = book(house)

    record(visit, by, places=places)

    assert ("Adverse event" in missing(visit)) == holds


def test_only_a_clinician_records_and_closes_it_and_nobody_rewrites_it(house, by):
    visit, _ = book(house)
    desk, event = make_user("front_desk"), record(visit, by)

    with pytest.raises(errors.NotAllowed, match="by a clinician"):
        record(visit, desk)
    with pytest.raises(errors.NotAllowed, match="by a clinician"):
        adverse_events.write(event=event, step=AdverseStep.CLOSED, words="Fine.", by=desk)
    with pytest.raises(errors.CannotChange, match="a day up to today"):
        record(visit, by, seen_on=days_later(1))
    with pytest.raises(errors.CannotChange, match="has had"):
        record(visit, by, appointment=visit)
    adverse_events.write(event=event, step=AdverseStep.CLOSED, words="Healed.", by=by)
    with pytest.raises(errors.CannotChange, match="closed already"):
        adverse_events.write(event=event, step=AdverseStep.CLOSED, words="Again.", by=by)
    for rows in (AdverseEvent.objects.all(), event.entries.all()):
        with pytest.raises(Error), transaction.atomic():
            rows.update(words="Nothing was seen.")


def test_its_pages_keep_what_was_typed_and_the_banner_warns_everybody(house, by, client):
    visit, _ = book(house)
    page = f"/calendar/patients/{visit.patient_id}/adverse-events/"
    client.force_login(by)

    refused = client.post(page, {"kind": "burn", "seen_on": "12-Jan-2027", "words": "Blisters"})
    assert refused.status_code == 422
    assert "is in the future" in refused.text
    assert "Blisters" in refused.text
    form = {"kind": "burn", "seen_on": "11-Jan-2027", "words": "Blisters", "places": ["malar.L"]}
    recorded = client.post(page, form, follow=True)
    event = AdverseEvent.objects.get()
    assert "Procedures in its field wait" in recorded.text
    client.force_login(make_user("front_desk"))
    at_the_desk = client.get(visit.get_absolute_url()).text
    assert "Adverse event open: Burn or blister" in at_the_desk
    assert client.get(event.get_absolute_url()).status_code == 403
    client.force_login(by)
    closed = client.post(event.get_absolute_url(), {"step": "closed", "words": "ok"}, follow=True)
    assert "It holds no procedure any more" in closed.text
    assert "Adverse event open" not in closed.text


def fillers(house):
    make_version(
        treatments=[*TREATMENTS, bare_treatment("ha_filler", "Hyaluronic acid", families=["HA"])],
        families=[
            {"code": "FILL", "name": "Fillers", "members": ["HA"]},
            {"code": "HA", "name": "Hyaluronic acid", "members": ["ha_filler"]},
        ],
    )
    return book(house, steps=[[HA], [DULL]])


def test_a_filler_waits_for_what_the_house_must_have_ready_that_day(house, by):
    filler, other = fillers(house)
    ready = {"Hyaluronidase in date", "Emergency kit", "Trained person in the house"}
    assert ready <= set(missing(filler))
    assert not ready & set(missing(other))

    with pytest.raises(errors.NotAllowed, match="A clinician confirms"):
        house_checks.note(item="emergency_kit", answer="done", by=make_user("front_desk"))
    with pytest.raises(errors.CannotChange, match="Give the expiry date"):
        house_checks.note(item="hyaluronidase", answer="done", by=by)
    with pytest.raises(errors.CannotChange, match="ran out on Sun 10-Jan-2027"):
        house_checks.note(item="hyaluronidase", answer="done", by=by, expires_on=days_later(-1))
    with pytest.raises(errors.CannotChange, match="Name who"):
        house_checks.note(item="trained_person", answer="done", by=by)
    house_checks.note(item="hyaluronidase", answer="done", by=by, expires_on=days_later(0))
    house_checks.note(item="emergency_kit", answer="not_in_order", by=by)
    house_checks.note(item="trained_person", answer="done", by=by, words="Dr Ada")
    assert ready & set(missing(filler)) == {"Emergency kit"}
    house_checks.note(item="emergency_kit", answer="done", by=by)
    assert not ready & set(missing(filler))

    with time_machine.travel(NOW + dt.timedelta(days=1), tick=False):
        assert house_checks.found_on(days_later(1)) == {}
    house_checks.note(item="trained_person", answer="taken_back", by=by)
    assert "Trained person in the house" in missing(filler)


def test_the_house_is_confirmed_on_one_page_for_every_visit_of_the_day(house, by, client):
    filler, _ = fillers(house)
    client.force_login(by)
    page = "/calendar/house/"

    shown = client.get(page).text
    assert shown.count("to be confirmed") == 3
    assert str(filler.patient) in shown
    refused = client.post(page, {"item": "hyaluronidase", "answer": "done", "words": "lot 7"})
    assert "Give the expiry date" in refused.text
    assert "lot 7" in refused.text
    client.post(page, {"item": "hyaluronidase", "answer": "done", "expires_on": "11-Jan-2028"})

    assert DayCheck.objects.get().expires_on == dt.date(2028, 1, 11)
    assert "Expires 11-Jan-2028" in client.get(page).text
