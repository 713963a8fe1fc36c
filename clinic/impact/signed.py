"""What a catalogue says against signed plans and booked visits, and what of it is new.

By the judging that approval and booking use: planner.standing, planner.services.broken_by, and what
a visit needs by scheduling.bridge. Nothing is changed here.
"""

import logging
from dataclasses import dataclass
from traceback import extract_tb
from types import SimpleNamespace

from django.db import transaction
from django.utils import timezone

from clinic.impact.outcomes import Subject
from clinic.impact.reading import case_by_both
from clinic.impact.touching import Changes
from clinic.scheduling import bridge as house
from clinic.scheduling.models import Appointment, VisitKind
from planner import bridge, services, standing
from planner.engine.catalogue import Catalogue
from planner.engine.desk import Desk
from planner.models import ACTIVE, Plan

log = logging.getLogger(__name__)

CARRIED = ("performers", "requires", "skill")
MINUTES = ("numbing_min", "duration_min", "recovery_min", "cleanup_min")
UNJUDGED = "unjudged"
NOT_JUDGED = (
    "This plan could not be judged by the changed catalogue: a fault in the program stopped it. "
    "Look at it yourself, and tell the support."
)


@dataclass(frozen=True)
class Touched:
    """A signed plan, or a visit booked for it, that the new catalogue speaks against."""

    plan: Plan
    appointment: Appointment | None
    reasons: tuple[dict, ...]  # kind, rule, words


def active_plans():
    return Plan.objects.filter(state__in=ACTIVE).with_people().order_by("pk")


def subject_of(plan: Plan, changes: Changes) -> Subject:
    """What is still to be done under a signed plan, by today's answers."""
    case, anew = case_by_both(plan, changes)
    return Subject(case, bridge.given_plan(plan), anew=anew)


def touched_by(plan: Plan, changes: Changes) -> list[Touched]:
    """What stands against the plan, and against its booked visits, by the new catalogue alone."""
    subject = subject_of(plan, changes)
    visits = list(coming_visits(plan))
    if not changes.may_touch_plan(subject):
        return []
    told = _told_anew(plan, visits, changes)
    reasons = _new_against(plan, changes, subject) + _not_booked(plan, visits, told)
    found = [Touched(plan, None, reasons)] if reasons else []
    return found + _visits_against(plan, visits, told, changes)


def judged(plan: Plan, changes: Changes, and_then=None) -> list[Touched]:
    """`touched_by` as one of many: a plan that cannot be judged is told as such, and all others
    are judged. `and_then` is done with a plan that is touched, or is undone with it."""
    try:
        with transaction.atomic():
            found = touched_by(plan, changes)
            if found and and_then:
                and_then(plan)
            return found
    except Exception as fault:
        at = extract_tb(fault.__traceback__)[-1]
        what = type(fault).__name__  # its words may hold an answer of the patient
        log.error("The plan %s could not be judged: %s, %s:%s", plan.pk, what, at.name, at.lineno)
        return [Touched(plan, None, ({"kind": UNJUDGED, "rule": "", "words": NOT_JUDGED},))]


def coming_visits(plan: Plan):
    rows = Appointment.objects.coming().of_plan(plan).order_by("starts_at")
    return rows.select_related("session", "patient").prefetch_related(
        "session__steps", "parts__claims__resource"
    )


def _new_against(plan: Plan, changes: Changes, subject: Subject) -> tuple[dict, ...]:
    """What the new catalogue says that the old one does not say, or not of all these visits."""
    old, new = (
        standing.against(plan, Desk(side.case, catalogue))
        for side, catalogue in zip(subject.sides, changes.both, strict=True)
    )
    told: dict[tuple, set[int]] = {}
    for one in old:
        told.setdefault(_gist(one), set()).update(one.visits)
    return tuple(
        {
            "kind": "safety",
            "rule": one.rule,
            "words": f"{one.name}, {one.where}: {one.text}",
            "because": one.because,
        }
        for one in new
        if not told.get(_gist(one), set()).issuperset(one.visits)
    )


def _gist(one: standing.Against) -> tuple:
    return one.rule, one.name, _strength(one.text)


def _strength(words: str) -> str:
    """How strictly a rule speaks: a sentence of the check begins with its effect."""
    return words.partition(":")[0]


def _told_anew(plan: Plan, visits, changes: Changes) -> list[tuple[int, dict]]:
    """By visit number, what the plan breaks by the new catalogue alone: on the day that a visit is
    booked for, else on its target day."""
    zone = house.clinic_zone()
    days = {v.session_id: timezone.localtime(v.starts_at, zone).date() for v in visits}
    old, new = (services.broken_by(plan, days, catalogue) for catalogue in changes.both)
    known = {(number, rule, _strength(words)) for number, _, rule, words in old.told}
    return [
        (number, {"kind": _kind(kind), "rule": rule, "words": words})
        for number, kind, rule, words in new.told
        if (number, rule, _strength(words)) not in known
    ]


def _kind(kind: str) -> str:
    return "interval" if kind in services.INTERVALS else "safety"


def _not_booked(plan: Plan, visits, told) -> tuple[dict, ...]:
    """Intervals of the visits still to be booked; what a rule says of them is told of the plan."""
    booked = {visit.session_id for visit in visits}
    ahead = plan.sessions.filter(performance=None).exclude(pk__in=booked)
    numbers = set(ahead.values_list("number", flat=True))
    return tuple(
        reason | {"words": f"Visit {number}, not booked yet: {reason['words']}"}
        for number, reason in told
        if number in numbers and reason["kind"] == "interval"
    )


def _visits_against(plan: Plan, visits, told, changes: Changes) -> list[Touched]:
    reasons = {visit.pk: [] for visit in visits}
    by_number = {visit.session.number: visit for visit in visits}
    for number, reason in told:
        if number in by_number:
            reasons[by_number[number].pk].append(reason)
    building = house.House()
    for visit in visits:
        reasons[visit.pk] += _wanting(visit, changes, building)
    return [Touched(plan, v, tuple(reasons[v.pk])) for v in visits if reasons[v.pk]]


def _wanting(visit: Appointment, changes: Changes, building: house.House) -> list[dict]:
    """People, devices and time that the new rows ask for and the booking does not have."""
    if visit.session is None or not _asks_for_more(visit, changes):
        return []
    session = _as_planned_by(visit.session, changes.both[1])
    booked = {c.resource_id for part in visit.parts.all() for c in part.claims.all()}
    patient = house.patient_resource(visit.patient)
    needs = house.needs_of_session(session, building, patient)
    wanting = [
        {"kind": "resource", "rule": "", "words": f"It needs {need.what}, which is not booked."}
        for need in needs
        if not booked.intersection(need.pool)
    ]
    asked, given = session.total_min, visit.session.total_min
    if asked > given:
        words = f"It takes {asked} minutes; {given} are booked."
        wanting.append({"kind": "time", "rule": "", "words": words})
    return wanting


def _asks_for_more(visit: Appointment, changes: Changes) -> bool:
    """Whether a treatment of the visit has other people, devices or minutes in the new rows."""
    old, new = changes.both
    return visit.kind == VisitKind.PROCEDURE and any(
        _of_the_house(old, step.treatment) != _of_the_house(new, step.treatment)
        for step in visit.session.steps.all()
        if step.treatment in new.treatments
    )


def _of_the_house(catalogue: Catalogue, code: str):
    row = catalogue.treatments.get(code)
    if row is None:
        return None
    minutes = tuple(row.days(kind) for kind in MINUTES)
    return tuple(getattr(row, name) for name in CARRIED) + minutes


def _as_planned_by(session, catalogue: Catalogue) -> SimpleNamespace:
    """The session with what a catalogue's rows ask for, as booking reads one."""
    steps = []
    for step in session.steps.all():
        row = catalogue.treatments.get(step.treatment) or step
        carried = {name: getattr(row, name) for name in CARRIED}
        steps.append(SimpleNamespace(name=step.name, **carried))
    rows = [
        catalogue.treatments[step.treatment]
        for step in session.steps.all()
        if step.treatment in catalogue.treatments
    ]
    times = {
        "numbing_min": max((row.days("numbing_min") for row in rows), default=0),
        "procedure_min": sum(row.days("duration_min") for row in rows),
        "recovery_min": max((row.days("recovery_min") for row in rows), default=0),
        "cleanup_min": max((row.days("cleanup_min") for row in rows), default=0),
    }
    return SimpleNamespace(
        kind=session.kind,
        steps=SimpleNamespace(all=lambda: steps),
        total_min=sum(times.values()),
        **times,
    )
