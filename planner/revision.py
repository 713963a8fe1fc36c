"""A plan that takes the place of a signed one: it keeps what was performed and says what differs.

A revision is a draft like any other until it is signed; then the plan that it revises is
superseded in the same breath (`services.approve`).
"""

from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from django.db import IntegrityError, transaction
from django.db.models import Max

from planner.errors import NotRevisable
from planner.models import ACTIVE, Decision, Performance, Plan, State
from planner.services import proposal_of, write_sessions
from planner.stored import digest

WEEK = 7


@transaction.atomic
def revise(*, plan, by, suggestion=None, strategy=None) -> Plan:
    """A new draft in place of `plan`: as it stands, or with a protocol of a newer suggestion.

    What was performed stays as it was done. A step that stays keeps its key, and its visit points
    back to the one that it continues. NotRevisable if the plan does not run, or is being revised.
    """
    old = Plan.objects.select_for_update(of=("self",)).select_related("suggestion").get(pk=plan.pk)
    if old.state not in ACTIVE:
        raise NotRevisable(
            f"{old} is {old.get_state_display().lower()}: only a plan that runs can be revised."
        )
    visits = stored_visits(old)
    proposal = proposal_of(suggestion, strategy) if suggestion else None
    content = replanned(old, visits, proposal) if proposal else as_it_stands(old, visits)
    draft = _create(old, content, by=by, suggestion=suggestion or old.suggestion, strategy=strategy)
    write_sessions(draft, content)
    _carry_over(draft)
    Decision.objects.create(
        plan=draft, new_state=State.DRAFT, decided_by=by, note=f"Revises {old}."
    )
    return draft


def _create(old, content, *, by, suggestion, strategy) -> Plan:
    number = old.patient.plans.aggregate(last=Max("number"))["last"] + 1
    try:
        with transaction.atomic():
            return Plan.objects.create(
                patient=old.patient,
                assessment=suggestion.assessment,
                suggestion=suggestion,
                strategy=strategy or old.strategy,
                number=number,
                revises=old,
                catalogue_version=suggestion.catalogue_version,
                planner_version=suggestion.planner_version,
                starts_on=starts_on(old),
                currency=old.currency,
                cost=Decimal(content["cost"]),
                content=content,
                content_hash=digest(content),
                drafted_by=by,
            )
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != "one_revision_of_a_plan":
            raise
        other = old.revisions.exclude(state=State.REJECTED).get()
        raise NotRevisable(f"{old} is being revised already: see {other}.") from error


def _carry_over(draft) -> None:
    """What was performed under the old plan was performed under its revision too."""
    for session in draft.sessions.filter(continues__performance__isnull=False):
        done = session.continues.performance
        Performance.objects.create(
            session=session,
            performed_on=done.performed_on,
            recorded_by=done.recorded_by,
            note=done.note,
        )


def starts_on(plan) -> date:
    """Day 0: the first procedure as it was performed, else as planned."""
    first = plan.sessions.filter(kind="procedure").order_by("number").first()
    performance = getattr(first, "performance", None)
    return performance.performed_on if performance else plan.starts_on


# --- content ---------------------------------------------------------------------------------


def stored_visits(old) -> list[dict]:
    """The stored visits of `old`, each with what binds it to its rows."""
    rows = old.sessions.select_related("performance").prefetch_related("steps")
    return [_visit(row, old.content["sessions"][row.number - 1], starts_on(old)) for row in rows]


def _visit(row, stored: dict, day_0: date) -> dict:
    performance = getattr(row, "performance", None)
    on = performance.performed_on if performance else row.target_on
    steps = [
        step | {"key": str(kept.key)}
        for step, kept in zip(stored["steps"], row.steps.all(), strict=True)
    ]
    return stored | {
        "continues": str(row.pk),
        "performed_on": on.isoformat() if performance else None,
        "on": on.isoformat(),
        "day": (on - day_0).days,
        "steps": steps,
    }


def as_it_stands(old, visits: list[dict]) -> dict:
    """The old content; what is still to come moves on by as much as the last visit came late."""
    late = _days_late(old)
    moved = [visit if visit["performed_on"] else _moved(visit, late) for visit in visits]
    return old.content | {"sessions": moved, "revises": old.content_hash}


def _days_late(old) -> int:
    last = old.sessions.exclude(performance=None).select_related("performance").last()
    return max(0, (last.performance.performed_on - last.target_on).days) if last else 0


def _moved(visit: dict, days: int) -> dict:
    on = date.fromisoformat(visit["on"]) + timedelta(days=days)
    return visit | {"on": on.isoformat(), "day": visit["day"] + days}


def replanned(old, visits: list[dict], proposal: dict) -> dict:
    """What was performed, then the new protocol; blocks, numbers and sums count over both."""
    done = [visit for visit in visits if visit["performed_on"]]
    ahead = _continued([v for v in visits if not v["performed_on"]], proposal["sessions"])
    blocks_before = max((visit["block"] for visit in done), default=0)
    shift = (date.fromisoformat(proposal["first_session_on"]) - starts_on(old)).days
    sessions = done + [
        visit | {"day": visit["day"] + shift, "block": visit["block"] + blocks_before}
        for visit in ahead
    ]
    spent = {number: _cost(done, number) for number in sorted({visit["block"] for visit in done})}
    healed = max(visit["day"] + visit["downtime_days"] for visit in sessions)
    return proposal | {
        "sessions": sessions,
        "blocks": [[number, True, str(cost)] for number, cost in spent.items()]
        + [[number + blocks_before, firm, cost] for number, firm, cost in proposal["blocks"]],
        "cost": str(sum(spent.values(), Decimal(proposal["cost"]))),
        "visits": len(sessions),
        "weeks": ceil(healed / WEEK),
        "downtime_total": sum(visit["downtime_days"] for visit in sessions),
        "downtime_longest": max(visit["downtime_days"] for visit in sessions),
        "preparations": [_later(one, len(done), shift) for one in proposal["preparations"]],
        "home_care": [
            one | {"from_week": one["from_week"] + shift // WEEK} for one in proposal["home_care"]
        ],
        "first_session_on": starts_on(old).isoformat(),
        "revises": old.content_hash,
    }


def _later(preparation: dict, visits: int, days: int) -> dict:
    to_day = preparation["to_day"]
    return preparation | {
        "before_session": preparation["before_session"] + visits,
        "from_day": preparation["from_day"] + days,
        "to_day": None if to_day is None else to_day + days,
    }


def _cost(visits: list[dict], block: int) -> Decimal:
    steps = (step for visit in visits if visit["block"] == block for step in visit["steps"])
    return sum((Decimal(step["price"]) for step in steps), Decimal("0.00"))


def _continued(old_visits: list[dict], new_visits: list[dict]) -> list[dict]:
    """New visits with the keys of the old steps that they repeat: same treatment, same places."""
    waiting = [(visit, step) for visit in old_visits for step in visit["steps"]]
    taken: set[str] = set()
    found = []
    for visit in new_visits:
        steps, continues = [], None
        for step in visit["steps"]:
            match = next((pair for pair in waiting if _is_same(pair[1], step)), None)
            if match is None:
                steps.append(step)
                continue
            waiting.remove(match)
            steps.append(step | {"key": match[1]["key"]})
            if continues is None and match[0]["continues"] not in taken:
                continues = match[0]["continues"]
                taken.add(continues)
        found.append(visit | {"steps": steps, "continues": continues, "performed_on": None})
    return found


def _is_same(old_step: dict, new_step: dict) -> bool:
    return old_step["treatment"] == new_step["treatment"] and set(old_step["places"]) == set(
        new_step["places"]
    )
