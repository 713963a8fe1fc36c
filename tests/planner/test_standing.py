"""A signed plan is judged by today's answers, wherever somebody looks at it."""

import datetime as dt
from unittest.mock import patch

import pytest
from django.utils import timezone

from patients.services import record_answers
from planner import services
from planner.standing import against, troubled
from tests.factories import make_user
from tests.planner.drafts import ON, at_this_time, make_clinic, make_suggested, rolled_back

LATER = ON + dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def signed(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), at_this_time(), rolled_back():
        make_clinic()
        by = make_user()
        plan = services.draft_plan(suggestion=make_suggested(by), strategy="balanced", by=by)
        services.propose(plan=plan, by=by)
        with patch.object(services, "approval_obstacles", return_value=[]):
            services.approve(plan=plan, by=by)
        yield plan


@pytest.fixture
def now(db):
    with at_this_time():
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
    with patch("django.utils.timezone.now", lambda: LATER):
        record_answers(patient=signed.patient, answers=told, on=today, by=signed.drafted_by)

    page = page_of(client, signed)

    band = page[page.index("may no longer be done as signed") :]
    assert "Subcision (needle, Nokor or blunt cannula), visits 1 and 2</strong>: " in band
    assert "Are you pregnant, or do you think that you may be?” was answered on 23-Nov-2026" in band
    assert "Revise this plan" in band
    assert 'id="discontinue" open' in band
    assert troubled([signed]) == {signed.pk}
