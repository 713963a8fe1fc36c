"""A stored plan made again from what was stored with it: its content, to the same bytes.

A draft as it was taken is a protocol of its suggestion, or what a revision made of one; a draft
that a clinician changed is built again from the outline, the facts and the catalogue of its last
change.
"""

from dataclasses import dataclass

from planner.editing import arranged_by
from planner.engine.catalogue import catalogue_from
from planner.engine.desk import Desk
from planner.engine.suggest import PLANNER_VERSION
from planner.judging import judged
from planner.models import Performance
from planner.outline import outline_of
from planner.revision import as_it_stands, replanned, stored_visits
from planner.stored import canonical, case_from_plain


@dataclass(frozen=True)
class Again:
    """`content` beside `stored`; `broken` is what the rules said of it at its last change."""

    stored: dict
    content: dict
    how: str
    planner_version: str
    broken: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        return canonical(self.stored) == canonical(self.content)

    @property
    def by_another_planner(self) -> bool:
        return self.planner_version != PLANNER_VERSION


def made_again(plan, result: dict) -> Again:
    """The plan's content, made again; `result` is its suggestion, computed again."""
    last = plan.edits.filter(undone=False, number__gt=0).last()
    if last is not None:
        return _changed_again(plan, last)
    stored = _without_keys(plan.content)
    proposals = (row for row in result["proposals"] if row["strategy"] == plan.strategy)
    proposal = next(proposals, {})
    if plan.revises is None:
        return Again(stored, proposal, "as it was taken", plan.planner_version)
    visits = stored_visits(plan.revises)
    ways = [_without_keys(as_it_stands(plan.revises, visits))]
    if proposal:
        ways.append(_without_keys(replanned(plan.revises, visits, proposal)))
    made = next((way for way in ways if canonical(way) == canonical(stored)), ways[-1])
    how = f"as it was taken to revise {plan.revises}"
    return Again(stored, made, how, plan.planner_version)


def _changed_again(plan, last) -> Again:
    document = plan.catalogue_version.document
    desk = Desk(case_from_plain(last.case, document), catalogue_from(document))
    before = plan.edits.get(number=last.number - 1).content
    outline = outline_of(last.content["sessions"])
    kept = bool(last.content["protocol"])
    made = arranged_by(before, outline, desk, plan.assessment, by_protocol=kept)
    broken = tuple(dict.fromkeys(finding.text for finding in judged(made, desk).breaking))
    how = f"after change {last.number}, “{last.words}”"
    return Again(plan.content, made, how, last.planner_version, broken)


def performed_since(plan) -> bool:
    """Whether more was performed under the plan that it revises than the draft knows of."""
    done = Performance.objects.filter(session__block__plan=plan.revises_id)
    return plan.revises_id is not None and done.filter(recorded_at__gt=plan.drafted_at).exists()


def _without_keys(content: dict) -> dict:
    """A draft's steps get their keys when it is taken or first changed: no part of a protocol."""
    return content | {
        "sessions": [
            session
            | {"steps": [{k: v for k, v in one.items() if k != "key"} for one in session["steps"]]}
            for session in content["sessions"]
        ]
    }
