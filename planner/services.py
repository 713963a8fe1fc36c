"""The deeds of planning: suggest, draft, propose, approve, reject; each all or nothing.

A plan changes its state in one place, `_move`, and only from the state that the person saw.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from clinic.catalogue.models import Clinic, Version
from planner import bridge
from planner.agreement import issue_quote
from planner.asking import missing
from planner.engine.check import check
from planner.engine.suggest import suggest
from planner.errors import (
    ActivePlanExists,
    NoSuchProposal,
    NotApprovable,
    NothingToPlan,
    PerformedMeanwhile,
    PlanMoved,
)
from planner.judging import judged
from planner.models import (
    ACTIVE,
    Block,
    Decision,
    Performance,
    Plan,
    PlannedSession,
    State,
    Step,
    Suggestion,
)
from planner.spacing import chain, late_of
from planner.stored import digest, plain, solver_version


@transaction.atomic
def suggest_for(*, assessment, by, on=None) -> Suggestion:
    """Run the planner on a signed assessment and keep what it was given and what it said.

    `on` is the planner's today (default: the clinic's). Raises NothingToPlan for an assessment
    that is not signed: a plan must rest on something that can no longer change.
    """
    if not assessment.is_signed:
        raise NothingToPlan(
            "Sign the assessment first: a plan rests on findings that can no longer change."
        )
    version = Version.objects.in_force()
    case = bridge.case_of(assessment, on=on or timezone.localdate())
    result = suggest(case, bridge.catalogue_of(version))
    return Suggestion.objects.create(
        patient=assessment.patient,
        assessment=assessment,
        catalogue_version=version,
        planner_version=result.planner_version,
        solver_version=solver_version(),
        input_hash=result.input_hash,
        case=plain(case),
        result=plain(result),
        created_by=by,
    )


@transaction.atomic
def draft_plan(*, suggestion, strategy, by) -> Plan:
    """Take one protocol of `suggestion` as a draft; NoSuchProposal if it holds no such one."""
    content = proposal_of(suggestion, strategy)
    patient = type(suggestion.patient).objects.select_for_update().get(pk=suggestion.patient_id)
    last = patient.plans.aggregate(last=Max("number"))["last"] or 0
    plan = Plan.objects.create(
        patient=patient,
        assessment=suggestion.assessment,
        suggestion=suggestion,
        strategy=strategy,
        number=last + 1,
        catalogue_version=suggestion.catalogue_version,
        planner_version=suggestion.planner_version,
        starts_on=date.fromisoformat(content["first_session_on"]),
        currency=Clinic.current().currency,
        cost=Decimal(content["cost"]),
        content=content,
        content_hash=digest(content),
        drafted_by=by,
    )
    write_sessions(plan, content)
    Decision.objects.create(plan=plan, new_state=State.DRAFT, decided_by=by)
    return plan


def proposal_of(suggestion, strategy) -> dict:
    for proposal in suggestion.result["proposals"]:
        if proposal["strategy"] == strategy:
            return proposal
    raise NoSuchProposal(strategy)


def write_sessions(plan, content) -> None:
    blocks = {
        number: Block.objects.create(plan=plan, number=number, firm=firm)
        for number, firm, _cost in content["blocks"]
    }
    links = chain(content["sessions"], late_of(bridge.catalogue_of(plan.catalogue_version)))
    sessions, steps = [], []
    for number, (stored, link) in enumerate(zip(content["sessions"], links, strict=True), 1):
        row = session_row(blocks[stored["block"]], number, stored, link)
        sessions.append(row)
        steps += [step_row(row, place, step) for place, step in enumerate(stored["steps"], 1)]
    PlannedSession.objects.bulk_create(sessions)
    Step.objects.bulk_create(steps)


def session_row(block, number, stored, link) -> PlannedSession:
    return PlannedSession(
        block=block,
        number=number,
        continues_id=stored.get("continues"),
        kind=stored["kind"],
        day=stored["day"],
        target_on=stored["on"],
        gap_min_days=link.least,
        gap_typical_days=link.typical,
        gap_max_days=link.most,
        numbing_min=stored["numbing_min"],
        procedure_min=stored["procedure_min"],
        recovery_min=stored["recovery_min"],
        cleanup_min=stored["cleanup_min"],
    )


def step_row(session, place, step) -> Step:
    return Step(
        session=session,
        key=step.get("key") or uuid.uuid4(),
        order=place,
        treatment=step["treatment"],
        name=step["name"],
        places=step["places"],
        scar_types=step["scar_types"],
        performers=step["performers"],
        requires=step["requires"],
        skill=step["skill"],
        duration_min=step["duration_min"],
        downtime_days=step["downtime_days"],
        price=Decimal(step["price"]),
        needs_override=step["needs_override"],
        override_reason=step.get("override_reason", ""),
        override_words=step.get("override_words", ""),
        cautions=step["cautions"],
        why=step["why"] or {},
    )


def propose(*, plan, by, note="") -> None:
    _move(plan, State.DRAFT, State.PROPOSED, by=by, note=note)


def take_back(*, plan, by, note="") -> None:
    """Make a proposed plan a draft again, so that it can be changed."""
    _move(plan, State.PROPOSED, State.DRAFT, by=by, note=note)


def reject(*, plan, by, seen, reason_code, note="") -> None:
    """Turn down a plan that the person saw in the state `seen`, and say why."""
    _move(plan, seen, State.REJECTED, by=by, reason_code=reason_code, note=note)


def discontinue(*, plan, by, seen, reason_code, note="") -> None:
    """End a signed plan before its time, and say why."""
    _move(plan, seen, State.DISCONTINUED, by=by, reason_code=reason_code, note=note)


def approve(*, plan, by, note="") -> None:
    """Sign a proposed plan: from now on the database refuses to change it.

    The plan is judged anew, on today's answers and by the catalogue in force; NotApprovable says
    in whole sentences what stands in the way, ActivePlanExists names the patient's other plan.
    A revision takes the place of the plan that it revises in the same breath. The prices are
    handed over as a quote.
    """
    if reasons := approval_obstacles(plan):
        raise NotApprovable(reasons)
    try:
        with transaction.atomic():
            if plan.revises_id:
                _supersede(plan, by=by)
            stamp = {"approved_by": by, "approved_at": timezone.now()}
            _move(plan, State.PROPOSED, State.APPROVED, by=by, note=note, **stamp)
            issue_quote(plan=plan, by=by)
            if plan.sessions.exclude(performance=None).exists():
                _move(plan, State.APPROVED, State.IN_PROGRESS, by=by)
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != "one_active_plan_per_patient":
            raise
        other = Plan.objects.get(patient=plan.patient_id, state__in=ACTIVE)
        raise ActivePlanExists(other) from error


def _supersede(plan, *, by) -> None:
    """End the plan that `plan` revises, if nothing happened under it that `plan` does not know."""
    old = Plan.objects.select_for_update(of=("self",)).get(pk=plan.revises_id)
    if old.state not in ACTIVE:
        plan.refresh_from_db()
        raise PlanMoved(old if plan.state == State.PROPOSED else plan)
    known = plan.sessions.exclude(performance=None).values("continues")
    if since := list(old.sessions.exclude(performance=None).exclude(pk__in=known)):
        raise PerformedMeanwhile(since)
    _move(old, old.state, State.SUPERSEDED, by=by, note=f"{plan} takes its place.")


def approval_obstacles(plan) -> list[str]:
    """What stands between this plan and its approval today, in whole sentences."""
    version = Version.objects.in_force()
    desk = bridge.desk_of(plan.assessment, version, on=timezone.localdate())
    found = judged(plan.content, desk)
    names = bridge.names(version)
    reasons = [finding.text for finding in found.breaking]
    reasons += missing(found.ask, plan.patient, timezone.localdate(), names)
    return list(dict.fromkeys(reasons))


INTERVALS = ("interval", "order", "same_session")
LIMITS = ("wish", "unknown")


@dataclass(frozen=True)
class Broken:
    """What the planner's rules say against the days of a booking, in whole sentences.

    `intervals` may be departed from for a documented reason; `rules` of safety never. `told` says
    the same by the visit's number: (number, kind, rule, sentence).
    """

    intervals: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    told: tuple[tuple[int, str, str, str], ...] = ()


def broken_by(plan, dates, catalogue=None) -> Broken:
    """Judge the sessions of a signed plan on the days that they are, or are to be, held on.

    `dates` maps the key of a planned session to its day; a session without one counts on its
    target day. What the plan itself departs from by the answers that it was signed on is not told
    again; what an answer given since then says against it is. Another `catalogue` than the one
    that the plan was signed with says what would be told by it, and how long answers hold.
    """
    own = bridge.catalogue_of(plan.catalogue_version)

    def findings(case, days, catalogue) -> dict[tuple, str]:
        found = check(case, catalogue, bridge.dated_plan(plan, days)).findings
        return {
            (one.kind, one.rule, one.session, one.step): one.text
            for one in found
            if one.breaks and one.kind not in LIMITS
        }

    today = bridge.case_of(plan.assessment, on=timezone.localdate(), catalogue=catalogue)
    signed_on, at = timezone.localdate(plan.approved_at), plan.approved_at
    signed = findings(bridge.case_of(plan.assessment, on=signed_on, recorded_by=at), {}, own)
    found = findings(today, dates, catalogue or own)
    new = {key: text for key, text in found.items() if key not in signed}
    return Broken(
        intervals=tuple(text for (kind, *_), text in new.items() if kind in INTERVALS),
        rules=tuple(text for (kind, *_), text in new.items() if kind not in INTERVALS),
        told=tuple(
            (session + 1, kind, rule, text)
            for (kind, rule, session, _), text in new.items()
            if session is not None
        ),
    )


@transaction.atomic
def record_performed(*, session, performed_on, by, note="") -> Performance:
    """Scheduling reports a session as performed; the first one starts the plan."""
    plan = session.plan
    performance = Performance.objects.create(
        session=session, performed_on=performed_on, recorded_by=by, note=note
    )
    if plan.state == State.APPROVED:
        _move(plan, State.APPROVED, State.IN_PROGRESS, by=by)
    if not plan.sessions.filter(performance=None).exists():
        _move(plan, State.IN_PROGRESS, State.COMPLETED, by=by)
    return performance


@transaction.atomic
def _move(plan, old, new, *, by, reason_code="", note="", **fields) -> None:
    """The one place a plan changes state: only from `old`, and never twice."""
    moved = Plan.objects.filter(pk=plan.pk, state=old, revision=plan.revision).update(
        state=new, **fields
    )
    if not moved:
        plan.refresh_from_db()
        raise PlanMoved(plan)
    Decision.objects.create(
        plan=plan,
        old_state=old,
        new_state=new,
        decided_by=by,
        reason_code=reason_code,
        note=note,
    )
    plan.refresh_from_db()
