"""Booked visits that a changed catalogue would break: interval, person, device, time, a rule."""

from uuid import uuid4

import pytest
import time_machine

from clinic.impact.signed import touched_by
from clinic.impact.touching import Changes
from clinic.scheduling import services
from planner.engine.catalogue import catalogue_from
from tests.factories import make_user
from tests.scheduling.making import (
    MONDAY,
    NOW,
    TREATMENTS,
    at,
    choice,
    days_later,
    make_house,
    make_plan,
)

pytestmark = pytest.mark.django_db
FORBIDDEN = {
    "code": "X-1",
    "title": "A rule",
    "clauses": [{"when": None, "targets": ["subcision"], "effect": "BLOCK", "words": "Not now."}],
}


@pytest.fixture
def booked():
    """A plan of two visits of 45 minutes, four weeks apart, with a doctor."""
    with time_machine.travel(NOW, tick=False):
        house, plan = make_house(), make_plan()
        visits = [
            choice(plan, number, at(on, 9), house.doctor, house.theatre)
            for number, on in enumerate((MONDAY, days_later(28)), 1)
        ]
        services.book_plan(plan=plan, choices=visits, by=make_user(), key=uuid4().hex)
        yield plan


def told(plan, before=None, **sections) -> list[tuple[bool, str]]:
    """Whether a visit, and the kind of reason, of everything that the change speaks against."""
    old = plan.catalogue_version.document | (before or {})
    treatments = [row | sections.pop("row", {}) for row in TREATMENTS[:1]] + TREATMENTS[1:]
    new = old | {"treatments": treatments} | sections
    changes = Changes(catalogue_from(old), catalogue_from(new))
    return [
        (one.appointment is not None, reason["kind"])
        for one in touched_by(plan, changes)
        for reason in one.reasons
    ]


def figure(kind: str, number: int) -> dict:
    return {"kind": kind, "min": number, "typical": number, "max": number, "sources": ["gk"]}


def test_a_booked_visit_is_told_for_what_would_break(booked):
    weekly = figure("interval_weeks", 1)

    longer = told(booked, row={"figures": [figure("interval_weeks", 6)]})
    for_nurses = told(booked, row={"figures": [weekly], "performers": ["nurse"]})
    with_laser = told(booked, row={"figures": [weekly], "requires": ["co2_laser"],
                                   "performers": ["doctor"]})  # fmt: skip
    slower = told(booked, row={"figures": [weekly, figure("duration_min", 240)],
                               "performers": ["doctor"]})  # fmt: skip
    forbidden = told(booked, safety_rules=[FORBIDDEN])

    visit, plan = True, False
    assert longer == [(visit, "interval")], "the second one alone"
    assert for_nurses == [(visit, "resource")] * 2
    assert with_laser == [(visit, "resource")] * 2
    assert slower == [(visit, "time")] * 2
    assert forbidden == [(plan, "safety"), (visit, "safety"), (visit, "safety")]


def test_a_longer_interval_is_told_of_visits_that_are_not_booked_yet():
    with time_machine.travel(NOW, tick=False):
        make_house()
        plan = make_plan()

        assert told(plan, row={"figures": [figure("interval_weeks", 6)]}) == [(False, "interval")]
        assert told(plan, row={"figures": [figure("interval_weeks", 4)]}) == []


def test_a_rule_that_reaches_another_visit_is_told_of_the_plan(booked):
    """She becomes 30 between the first visit and the second."""
    type(booked.patient).objects.update(born=MONDAY.replace(year=MONDAY.year - 30, day=20))
    young = FORBIDDEN["clauses"][0] | {"when": {"fact": "patient.age", "lt": 30}}
    everybody = young | {"when": {"fact": "patient.age", "lt": 99}}
    before = {"safety_rules": [FORBIDDEN | {"clauses": [young]}]}

    assert told(booked, before, safety_rules=[FORBIDDEN | {"clauses": [everybody]}]) == [
        (False, "safety"),
        (True, "safety"),
    ]


def test_other_words_touch_no_visit(booked):
    assert told(booked, row={"name": "Subcision by needle"}) == []
