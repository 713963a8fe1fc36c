"""What each plan of a list waits for, or what stands against it: a few queries for a whole page."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from planner.agreed import Agreement
from planner.asking import still_open
from planner.models import (
    ACTIVE,
    UNSIGNED,
    Decision,
    Performance,
    Plan,
    PlannedSession,
    SessionKind,
    State,
)
from planner.standing import troubled


@dataclass(frozen=True)
class Mark:
    """`tone` is that of its badge: danger, warn or info."""

    words: str
    tone: str = "warn"


def marked(plans) -> list[Plan]:
    """The plans of one page, each with its `marks`, the gravest first."""
    plans = list(plans)
    against, facts = troubled(plans), _facts(plans)
    for plan in plans:
        plan.marks = tuple(_marks(plan, facts[plan.pk], plan.pk in against))
    return plans


def _facts(plans) -> dict:
    """What the marks of a page need beyond its rows, in one query."""
    of_plan = {"block__plan": OuterRef("pk")}
    done = Performance.objects.filter(session=OuterRef("pk"))
    decided = Decision.objects.filter(review=OuterRef("pk"))
    due = PlannedSession.objects.filter(
        **of_plan, kind=SessionKind.REVIEW, target_on__lte=timezone.localdate()
    )
    revisions = Plan.objects.filter(revises=OuterRef("pk"), state__in=UNSIGNED)
    agreed = Agreement.objects.filter(plan=OuterRef("pk"), withdrawal=None)
    ahead = PlannedSession.objects.filter(~Exists(done), **of_plan).order_by("number")
    rows = Plan.objects.filter(pk__in=[plan.pk for plan in plans]).annotate(
        agreed=Exists(agreed),
        review_due=Exists(due.filter(~Exists(decided))),
        revised=Exists(revisions),
        next_on=Subquery(ahead.values("target_on")[:1]),
    )
    found = rows.values("pk", "agreed", "review_due", "revised", "next_on")
    return {row["pk"]: row for row in found}


def _marks(plan, facts: dict, against: bool):
    if against:
        yield Mark("Today’s answers stand against it", "danger")
    if plan.state in UNSIGNED:
        yield from _before_signing(plan)
    if plan.state in ACTIVE:
        yield from _on_the_way(facts)


def _before_signing(plan):
    if waiting := still_open(plan.content["ask"], plan.patient, timezone.localdate()):
        yield Mark(f"Waits for {len(waiting)} answer{'s' if waiting[1:] else ''}")
    if plan.state == State.PROPOSED:
        yield Mark("Waits for a signature", "info")


def _on_the_way(facts: dict):
    if not facts["agreed"]:
        yield Mark("Waits for the patient’s agreement")
    if facts["review_due"]:
        yield Mark("Review to be decided")
    if facts["revised"]:
        yield Mark("Being revised", "info")
    if facts["next_on"] and facts["next_on"] < timezone.localdate():
        yield Mark(f"Next visit was planned for {facts['next_on']:%d-%b-%Y}")
