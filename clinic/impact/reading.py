"""What a draft of the catalogue is tried on: every open plan, and the library's cases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from clinic.catalogue.models import Version
from clinic.impact.cases import library
from clinic.impact.outcomes import Subject
from clinic.impact.touching import Changes
from planner import bridge
from planner.engine.values import Case
from planner.judging import given_of
from planner.models import Plan


@dataclass(frozen=True)
class Read:
    """A subject with what it is known by: a plan's key, or a case's code and words."""

    subject: Subject
    plan: Plan | None = None
    code: str = ""
    about: str = ""


def read_everything(
    version: Version, changes: Changes, between: Callable[[], None]
) -> Iterator[Read]:
    for plan in Plan.objects.open_drafts().with_people().order_by("pk"):
        yield Read(subject_of(plan, changes), plan=plan)
        between()
    for row in library(version):
        yield Read(Subject(row.case), code=row.code, about=row.about)


def subject_of(plan: Plan, changes: Changes) -> Subject:
    """A draft with today's facts of its patient."""
    sessions = plan.content["sessions"]
    done = tuple(n for n, session in enumerate(sessions) if session.get("performed_on"))
    case, anew = case_by_both(plan, changes)
    return Subject(case, given_of(plan.content), done, anew)


def case_by_both(plan: Plan, changes: Changes) -> tuple[Case, Case | None]:
    """Today's facts by the old catalogue's questions, and by the new one's where that differs.

    How long an answer holds is applied here, so that the engine itself never sees it.
    """
    old, new = changes.both
    case = bridge.case_of(plan.assessment, on=timezone.localdate(), catalogue=old)
    if old.questions == new.questions:
        return case, None
    anew = bridge.case_of(plan.assessment, on=timezone.localdate(), catalogue=new)
    return case, anew if anew != case else None
