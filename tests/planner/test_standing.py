"""A signed plan is judged by today's answers, wherever somebody looks at it."""

import datetime as dt
from unittest.mock import patch

import pytest
from django.urls import reverse
from django.utils import timezone

from patients.models import Patient
from patients.services import record_answers
from planner import services
from planner.models import Plan
from planner.revision import revise
from planner.standing import against, troubled
from tests.factories import make_user
from tests.planner.drafts import ON, make_clinic, make_suggested, rolled_back

SIGNED = ON.replace(year=2020)  # before the database's own clock, which dates its events
LATER = SIGNED + dt.timedelta(hours=1)


def at(moment):
    return patch("django.utils.timezone.now", lambda: moment)


@pytest.fixture(scope="module")
def signed(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), at(SIGNED), rolled_back():
        make_clinic()
        by = make_user()
        plan = services.draft_plan(suggestion=make_suggested(by), strategy="balanced", by=by)
        services.propose(plan=plan, by=by)
        with patch.object(services, "approval_obstacles", return_value=[]):
            services.approve(plan=plan, by=by)
        yield plan


@pytest.fixture
def now(db):
    with at(SIGNED):
        yield


def page_of(client, plan):
    client.force_login(plan.drafted_by)
    return client.get(plan.get_absolute_url()).content.decode()


def test_nothing_stands_against_a_plan_whose_answers_are_the_same(signed, now, client):
    page = page_of(client, signed)

    assert against(signed) == ()
    assert "may no longer be done as signed" not in page
    assert "Discontinue it" not in page


def test_a_pregnancy_told_after_the_signature_stands_above_the_plan(signed, now, client):
    told = {"pregnancy": True, "pregnancy_excluded": False}
    today = timezone.localdate()
    with at(LATER):
        record_answers(patient=signed.patient, answers=told, on=today, by=signed.drafted_by)

    page = page_of(client, signed)

    band = page[page.index("may no longer be done as signed") :]
    assert "Subcision (needle, Nokor or blunt cannula), visits 1 and 2</strong>: " in band
    assert "Are you pregnant, or do you think that you may be?” was answered on 23-Nov-2020" in band
    assert "Revise this plan" in band
    assert 'id="discontinue" open' in band
    assert troubled([signed]) == {signed.pk}


def test_a_weight_too_small_for_the_planned_anaesthetic_stands_above_the_plan(signed, now, client):
    assert troubled([signed]) == set()
    Patient.objects.filter(pk=signed.patient_id).update(weight_kg=12)
    plan = Plan.objects.get(pk=signed.pk)

    [told] = against(plan)

    page = page_of(client, plan)
    assert told.name == "Local anaesthetic"
    assert "mg of lidocaine planned; this patient may have " in told.text
    assert f"Because {told.because}" in page
    assert told.because == "the weight on the record is 12.0 kg"
    assert troubled([plan]) == {plan.pk}


def test_answers_that_expired_are_to_be_confirmed_before_the_next_visit(signed, now, client):
    assert "Ask before the next visit" not in page_of(client, signed)

    with at(SIGNED + dt.timedelta(days=400)):
        page = page_of(client, signed)
        [listed] = marks(client)

    band = page[: page.index("Ask before the next visit")]
    assert "answers matter to the visits to come and are open today" in band
    assert "To be confirmed, last answered on 23-Nov-2020: " in page
    assert "Next visit was planned for " in listed


def marks(client) -> list[str]:
    """What stands in the list of plans beside each state."""
    page = client.get(reverse("planner:plans")).content.decode()
    return [part.partition("</td>")[0] for part in page.split('<td class="plan-marks">')[1:]]


def test_the_list_says_what_a_plan_waits_for_and_what_stands_against_it(signed, now, client):
    client.force_login(signed.drafted_by)
    assert "Waits for the patient’s agreement" in marks(client)[0]
    assert "Today’s answers" not in marks(client)[0]
    draft = revise(plan=signed, by=signed.drafted_by)
    with at(LATER):
        told = {"pregnancy": True, "isotretinoin": "unknown"}
        today = timezone.localdate()
        record_answers(patient=signed.patient, answers=told, on=today, by=signed.drafted_by)
        services.propose(plan=draft, by=signed.drafted_by)
        client.logout()
        client.force_login(signed.drafted_by)
        newer, older = marks(client)

    assert "Waits for a signature" in newer
    assert "Being revised" in older
    assert "Today’s answers stand against it" in older
    assert "Today’s answers stand against it" not in newer
