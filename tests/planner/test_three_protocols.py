"""Three published protocols through the whole line: a case file, a record, a plan, its visits."""

import datetime as dt
import json
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from clinic.catalogue import services as catalogue
from clinic.catalogue.models import Clinic, Version
from clinic.scheduling import offers
from clinic.scheduling import services as booking
from clinic.scheduling.demo import house
from patients import services as records
from patients.questions import questions
from planner import services as planning
from planner.management.casework import Casework
from tests.factories import make_patient

CASES = Path(__file__).parents[1] / "cases"
PROTOCOLS = ("kang_triple", "subcision_fco2", "primed_cross")
ON = dt.datetime(2026, 11, 21, 10, 0, tzinfo=ZoneInfo("Europe/London"))
ASSUMED = {"pregnancy_excluded": True, "dcq": 0, "phq2": 0, "pih_care": "improving"}
"""What a signature waits for and no abstract reports; a no would be no answer to it."""


@pytest.fixture(scope="module")
def settled(django_db_setup, django_db_blocker):
    """A clinic that keeps every device, made once: each test's own rows are rolled back over it."""
    with django_db_blocker.unblock(), transaction.atomic():
        with patch("django.utils.timezone.now", lambda: ON):
            catalogue.load()
            people = with_everything(house.settle())
        yield people
        transaction.set_rollback(True)


@pytest.fixture
def people(settled, db):
    """That clinic, on the day of the case files."""
    with patch("django.utils.timezone.now", lambda: ON):
        yield settled


def with_everything(people):
    clinic = Clinic.current()
    clinic.lacks = []
    clinic.save()
    return people


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_published_protocol_goes_from_its_case_file_to_booked_visits(people, name):
    plan = approved_plan(name, by=people)
    visits = booked(plan, by=people)

    assert plan.state == "approved"
    firm = [session for session in plan.sessions.all() if session.block.firm]
    assert [visit.session for visit in visits] == firm
    for visit in visits:
        session = visit.session
        assert visit.minutes >= session.procedure_min
        needed = {word for step in session.steps.all() for word in step.performers}
        doing = {word for person in visit.people for word in person.capabilities}
        assert not needed or needed & doing
    for before, after in pairwise(visits):
        gap = (after.day - before.day).days
        assert after.session.gap_min_days <= gap <= after.session.gap_max_days


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_of_a_suggestion_can_be_taken_by_its_own_name(people, name):
    suggestion = suggested(name, by=people)
    codes = [proposal["strategy"] for proposal in suggestion.result["proposals"]]

    taken = [
        planning.draft_plan(suggestion=suggestion, strategy=code, by=people["doctor@demo.example"])
        for code in codes
    ]

    assert [plan.content for plan in taken] == suggestion.result["proposals"]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_record_says_to_the_planner_what_the_case_file_says(people, name, capsys):
    told = printed("suggest", name, capsys)

    asked = suggested(name, by=people, answers={}).result

    assert [one["strategy"] for one in asked["proposals"]] == [
        one["strategy"] for one in told["proposals"]
    ]
    assert [days_and_treatments(one) for one in asked["proposals"]] == [
        days_and_treatments(one) for one in told["proposals"]
    ]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_case_files_are_suggested_and_graded_from_the_command_line(people, name, capsys):
    suggestion, grades = printed("suggest", name, capsys), printed("grade", name, capsys)

    assert suggestion["id"] == grades["id"] == name
    assert [p["recommended"] for p in suggestion["proposals"]].count(True) == 1
    assert suggestion["grade"]["ecca"] == grades["ecca"]["value"]
    assert grades["goodman_baron_quantitative"]["value"] > 0


def printed(command, name, capsys):
    call_command(command, str(CASES / f"{name}.yaml"))
    return json.loads(capsys.readouterr().out)


def days_and_treatments(proposal):
    return [
        (session["day"], [step["treatment"] for step in session["steps"]])
        for session in proposal["sessions"]
    ]


# --- the line, by the services that the pages call


def booked_plan(name, *, by):
    with_everything(by)
    return booked(approved_plan(name, by=by), by=by)


def booked(plan, *, by):
    offer = offers.offers_for(plan)[0]
    return booking.book_plan(
        plan=plan, choices=offer.choices, by=by["desk@demo.example"], key=f"line-{plan.pk}"
    )


def approved_plan(name, *, by):
    """The published protocol itself where it is offered, else what is recommended."""
    doctor = by["doctor@demo.example"]
    suggestion = suggested(name, by=by, answers=ASSUMED)
    offered = {one["strategy"] for one in suggestion.result["proposals"]}
    first = suggestion.result["proposals"][0]["strategy"]
    plan = planning.draft_plan(
        suggestion=suggestion, strategy=name if name in offered else first, by=doctor
    )
    planning.propose(plan=plan, by=doctor)
    planning.approve(plan=plan, by=doctor)
    return plan


def suggested(name, *, by, answers=ASSUMED):
    doctor = by["doctor@demo.example"]
    return planning.suggest_for(assessment=recorded(name, answers=answers, by=doctor), by=doctor)


def recorded(name, *, answers, by):
    """The case file as a patient's record, its assessment signed."""
    today, work = timezone.localdate(), Casework()
    reader = work.reader(load_file(name))
    case = reader.case(today)
    assert reader.problems == []
    patient = make_patient(
        by=by,
        born=today.replace(year=today.year - case.patient.age),
        sex=case.patient.sex,
        fitzpatrick=case.patient.fitzpatrick,
        weight_kg=case.patient.weight_kg,
        height_cm=case.patient.height_cm,
    )
    everything = dict.fromkeys(questions(), False) | answers
    records.record_answers(patient=patient, answers=everything, on=today, by=by)
    draft = records.start_assessment(patient=patient, by=by, on=today)
    for group in case.findings:
        region, side = group.place.split(".")
        records.log_finding(
            assessment=draft,
            by=by,
            region=region,
            side=side,
            scar_type=group.scar_type,
            count=group.count,
            severity=group.severity,
        )
    return records.sign_assessment(assessment=draft, by=by)


def load_file(name):
    from planner.casefile import load

    return load((CASES / f"{name}.yaml").read_text())


def test_every_fact_that_a_source_does_not_report_is_said_to_be_assumed():
    for name in PROTOCOLS:
        assumed = load_file(name)["assumed"]
        assert any("history" in line for line in assumed), name
        assert any("age" in line for line in assumed), name


def test_the_sources_of_the_three_are_in_the_catalogue(people):
    document = Version.objects.in_force().document
    protocols = {row["code"]: row for row in document["protocols"]}
    sources = {row["code"] for row in document["sources"]}

    for name in PROTOCOLS:
        assert protocols[name]["reported"]["text"]
        assert set(protocols[name]["sources"]) <= sources
