"""A small clinic and approved plans, for the tests of booking."""

import datetime as dt
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.catalogue.models import Version
from clinic.scheduling import gates, resources
from clinic.scheduling.offers import Choice
from patients.models import Assessment, Patient
from planner.agreed import Agreement, Consent, Quote
from planner.models import Block, Plan, PlannedSession, State, Step, Suggestion
from tests.factories import bare_treatment, make_user, make_version

LONDON = ZoneInfo("Europe/London")  # the zone that a new clinic starts with
MONDAY = dt.date(2027, 1, 11)
NOW = dt.datetime(2027, 1, 11, 7, 0, tzinfo=LONDON)
numbers = count(1)


def at(on: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(hour, minute), LONDON)


def days_later(days: int) -> dt.date:
    return MONDAY + dt.timedelta(days=days)


def make_house():
    """Open on weekdays from nine to five: two doctors, a nurse, two rooms, a laser."""
    resources.set_hours(
        resource=None, weekly={day: [(dt.time(9), dt.time(17))] for day in range(5)}
    )
    return SimpleNamespace(
        doctor=resources.add_person(
            code="ada", name="Dr Ada", capabilities=["doctor", "LASER", "SUBC"]
        ),
        other=resources.add_person(code="ben", name="Dr Ben", capabilities=["doctor", "SUBC"]),
        nurse=resources.add_person(code="cleo", name="Nurse Cleo", capabilities=["nurse", "MN"]),
        talking=resources.add_room(code="r1", name="Room 1", room_kind="consultation"),
        theatre=resources.add_room(code="r2", name="Room 2", room_kind="procedure"),
        laser=resources.add_device(code="d1", name="Laser A", capabilities=["co2_laser"]),
    )


def make_patient(**fields):
    number = next(numbers)
    return Patient.objects.create(
        **{
            "record_number": f"S{number:05}",
            "given_name": f"Robin{number}",
            "family_name": "Linnet",
            "born": dt.date(1995, 5, 5),
            "sex": "F",
            "registered_by": make_user(),
            **fields,
        }
    )


DULL = {"treatment": "subcision", "name": "Subcision", "performers": ["doctor"], "skill": "SUBC"}
LASER = {
    "treatment": "fractional_ablative_co2",
    "name": "Fractional CO2",
    "performers": ["doctor"],
    "skill": "LASER",
    "requires": ["co2_laser"],
}
NEEDLING = {"treatment": "mn", "name": "Needling", "performers": ["nurse"], "skill": "MN"}

WEEKLY = [{"kind": "interval_weeks", "min": 1, "typical": 1, "max": None, "sources": ["gk"]}]
TREATMENTS = [
    bare_treatment(one["treatment"], one["name"], figures=WEEKLY) for one in (DULL, LASER, NEEDLING)
]
"""No interval of theirs is longer than the windows that the plans below are given."""


def make_plan(*, patient=None, sessions=2, kinds=None, gap=(21, 28, 42), steps=None, blocks=None,
              approved=True, starts_on=MONDAY, numbing=30, procedure=45, cleanup=15,
              revises=None):  # fmt: skip
    """An approved plan of `sessions` visits that follow one another by `gap` days.

    `kinds`, `steps` and `blocks` (block number of each session) are lists by session. With
    `revises` it takes the place of that plan, and each session continues the one of its number.
    """
    patient = revises.patient if revises else patient or make_patient()
    by, continued = make_user(), list(revises.sessions) if revises else []
    version = Version.objects.in_force() or make_version(treatments=TREATMENTS)
    assessment = revises.assessment if revises else None
    assessment = assessment or Assessment.objects.create(
        patient=patient, assessed_on=starts_on, assessed_by=by
    )
    suggestion = Suggestion.objects.create(
        patient=patient,
        assessment=assessment,
        catalogue_version=version,
        planner_version="1",
        input_hash="0",
        case={},
        result={},
        created_by=by,
    )
    plan = Plan.objects.create(
        patient=patient,
        assessment=assessment,
        suggestion=suggestion,
        strategy="balanced",
        number=revises.number + 1 if revises else 1,
        revises=revises,
        catalogue_version=version,
        planner_version="1",
        starts_on=starts_on,
        currency="EUR",
        cost=Decimal("100.00"),
        content={"protocol": "", "sessions": _stored(kinds or ["procedure"] * sessions, steps)},
        content_hash="0",
        drafted_by=by,
    )
    of_block = blocks or [1] * sessions
    made = {
        number: Block.objects.create(plan=plan, number=number, firm=number == 1)
        for number in sorted(set(of_block))
    }
    day = 0
    for place in range(sessions):
        kind = (kinds or ["procedure"] * sessions)[place]
        treats = kind == "procedure"
        day += gap[1] if place else 0
        session = PlannedSession.objects.create(
            block=made[of_block[place]],
            number=place + 1,
            continues=continued[place] if place < len(continued) else None,
            kind=kind,
            day=day,
            target_on=starts_on + dt.timedelta(days=day),
            gap_min_days=gap[0] if place else None,
            gap_typical_days=gap[1] if place else None,
            gap_max_days=gap[2] if place else None,
            numbing_min=numbing if treats else 0,
            procedure_min=procedure if treats else 30,
            cleanup_min=cleanup if treats else 0,
        )
        for order, step in enumerate((steps or [[DULL]] * sessions)[place] if treats else [], 1):
            Step.objects.create(
                session=session,
                key=uuid4(),
                order=order,
                places=["malar.L"],
                scar_types=["rolling"],
                duration_min=procedure,
                downtime_days=2,
                price=Decimal("50.00"),
                **step,
            )
    if approved:
        if revises:
            Plan.objects.filter(pk=revises.pk).update(state=State.SUPERSEDED)
        Plan.objects.filter(pk=plan.pk).update(state=State.PROPOSED)
        Plan.objects.filter(pk=plan.pk).update(
            state=State.APPROVED, approved_by=by, approved_at=timezone.now()
        )
        plan.refresh_from_db()
    return plan


def _stored(kinds, steps) -> list[dict]:
    """The sessions as the plan's content holds them, as far as consent reads them."""
    rows = steps or [[DULL]] * len(kinds)
    return [
        {"kind": kind, "steps": [dict(step) for step in row] if kind == "procedure" else []}
        for kind, row in zip(kinds, rows, strict=True)
    ]


def agree_to(plan, on=None, **fields):
    """The patient agrees to every procedure of the plan, without the page that asks for it."""
    by, on = make_user(), on or plan.starts_on
    quote = Quote.objects.create(
        plan=plan,
        version=plan.quotes.count() + 1,
        issued_on=on,
        expires_on=on + dt.timedelta(days=90),
        currency="EUR",
        total=plan.cost,
        tax_percent=0,
        issued_by=by,
    )
    agreement = Agreement.objects.create(
        plan=plan,
        plan_hash=plan.content_hash,
        quote=quote,
        options=[],
        signed_on=on,
        witnessed_by=by,
        **fields,
    )
    for code in {step.treatment for step in Step.objects.filter(session__block__plan=plan)}:
        Consent.objects.create(
            agreement=agreement, treatment=code, name=code, text_version="1", text_hash="0"
        )
    return agreement


def note_gates(visit, by=None, now=None):
    """Everything that a person notes on a visit before it starts, each with its first answer."""
    for gate in gates.missing(visit, now=now):
        if gate.answers:
            gates.note(
                appointment=visit,
                gate=gate.code,
                answer=gate.answers[0],
                by=by or make_user(),
                now=now or visit.starts_at,
            )


def choice(plan, number: int, starts_at, *chosen) -> Choice:
    session = PlannedSession.objects.get(block__plan=plan, number=number)
    return Choice(session, starts_at, tuple(each.pk for each in chosen))
