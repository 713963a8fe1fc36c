"""The desk's lists: what a filter brings out, when something is free, what is still to be done."""

import pytest
import time_machine
from django.utils import timezone

from clinic.scheduling import services, tasks
from clinic.scheduling.models import Appointment, Task
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
def day(house):
    """A procedure, a confirmed consultation and one that is not confirmed, on one Monday."""
    plan = make_plan(sessions=1, patient=make_patient(family_name="Cypress"))
    by = make_user()
    services.book_plan(
        plan=plan, choices=[choice(plan, 1, at(MONDAY, 9), house.doctor, house.theatre)],
        by=by, key="procedure",
    )  # fmt: skip
    for hour, name in ((13, "Heron"), (14, "Siskin")):
        visit = services.book_visit(
            patient=make_patient(family_name=name), kind="consultation", by=by, key=name,
            starts_at=at(MONDAY, hour), resources=(house.doctor.pk, house.talking.pk),
        )  # fmt: skip
    services.change_state(appointment=visit, to="confirmed", by=by, revision=1)
    return house


@pytest.mark.parametrize(
    ("show", "brought_out"),
    [
        ("", {"Cypress", "Heron", "Siskin"}),
        ("procedures", {"Cypress"}),
        ("talks", {"Heron", "Siskin"}),
        ("unconfirmed", {"Cypress", "Heron"}),
        ("here", set()),
        ("provisional", set()),
        ("no such filter", {"Cypress", "Heron", "Siskin"}),
    ],
)
def test_a_filter_brings_out_its_visits_and_leaves_the_others_as_taken_time(
    desk, day, show, brought_out
):
    address = f"/calendar/?on={MONDAY}&by=people&show={show}"

    board = desk.get(address).text
    listed = desk.get(f"{address}&by=list").text

    assert {name for name in ("Cypress", "Heron", "Siskin") if name in board} == brought_out
    assert board.count(" taken</span>") == 3 - len(brought_out)
    assert {name for name in ("Cypress", "Heron", "Siskin") if name in listed} == brought_out


def test_columns_are_narrowed_to_those_that_are_ticked(desk, day):
    shown = desk.get(f"/calendar/?on={MONDAY}&by=people&only={day.other.pk}")

    assert [column.name for column in shown.context["board"].columns] == ["Dr Ben"]
    assert "Filtered" in shown.text
    assert desk.get(f"/calendar/?on={MONDAY}&by=people&only=999999").context["narrowed"] is False


def test_openings_lead_from_a_free_time_to_the_patient_and_keep_the_wish(desk, day):
    asked = {"kind": "consultation", "person": day.doctor.pk, "start_from": "11-Jan-2027"}

    found = desk.get("/calendar/openings/", asked | {"at": "13:00"})
    starts = [timezone.localtime(each.starts_at) for each in found.context["openings"]]
    assert starts[0] == at(MONDAY, 13, 30)  # 13:00 and 14:00 are taken, 9:30 to 10:15 was before
    assert all(start.time() >= at(MONDAY, 13).time() for start in starts if start.day == 11)
    heron = desk.post("/calendar/openings/", asked | {"at": "13:00", "q": "Heron"}).text
    assert "kind=consultation" in heron
    assert "at=13%3A00" in heron
    assert "Nobody of that name" in desk.post("/calendar/openings/", asked | {"q": "Zzz"}).text
    refused = desk.get("/calendar/openings/", asked | {"start_from": "soon"})
    assert "soon is not a date" in refused.text


def test_tasks_are_mine_everybodys_or_done_the_longest_due_first(desk, day):
    me = make_user("front_desk")
    desk.force_login(me)
    visit = Appointment.objects.earliest("starts_at")
    late = tasks.add(title="Call the lab", due_on=days_later(-3), by=me)
    mine = tasks.add(title="Call Cypress", due_on=days_later(2), by=me, owner=me, appointment=visit)

    def titles(which=""):
        return [row.title for row in desk.get(f"/calendar/tasks/{which}").context["tasks"]]

    assert titles() == ["Call the lab", "Call Cypress"]
    assert titles("?which=mine") == ["Call Cypress"]
    assert ">late<" in desk.get("/calendar/tasks/").text
    done = desk.post(f"/calendar/tasks/{late.pk}/done/", {"revision": 1, "outcome": "Sent"})
    assert done.status_code == 302
    assert titles("?which=done") == ["Call the lab"]
    assert "Sent" in desk.get("/calendar/tasks/?which=done").text

    page = f"/calendar/tasks/{mine.pk}/"
    form = {"title": "", "kind": "other", "due_on": "32-Jan-2027", "note": "Her new number"}
    wrong = desk.post(page, form)
    assert wrong.status_code == 422
    assert "There is no 32-Jan-2027" in wrong.text
    assert "Her new number" in wrong.text
    tasks.change(task=mine, revision=1, by=me, note="Rang twice")
    stale = desk.post(page, form | {"title": "Call", "due_on": "14-Jan-2027", "revision": 1})
    assert "changed this task meanwhile" in stale.text
    assert Task.objects.get(pk=mine.pk).title == "Call Cypress"
