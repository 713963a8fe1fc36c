"""What the planner says about one patient, as far as two catalogues are compared by it.

Words and sources are left out: they tell why, and change no plan.
"""

from dataclasses import dataclass, replace

from planner.engine.catalogue import Catalogue
from planner.engine.check import check
from planner.engine.desk import Desk
from planner.engine.suggest import suggest
from planner.engine.values import Case, Checked, GivenPlan, Proposal

FORMAT = "1"
"""Another one makes kept outcomes of the old one useless."""


@dataclass(frozen=True)
class Subject:
    """A case, and the draft plan that somebody took from it; `done` are its performed visits.

    `anew` is the case by the new catalogue's questions where that is another one: an answer may
    count for longer or shorter, or its question is gone.
    """

    case: Case
    given: GivenPlan | None = None
    done: tuple[int, ...] = ()
    anew: Case | None = None

    @property
    def sides(self) -> tuple["Subject", "Subject"]:
        """As the old catalogue knows it, and as the new one does."""
        return replace(self, anew=None), replace(self, case=self.anew or self.case, anew=None)

    @property
    def places(self) -> frozenset:
        """Where something is or may be treated."""
        here = {group.place for group in self.case.findings}
        return frozenset(here | {place for step in self.steps for place in step.places})

    @property
    def steps(self) -> list:
        sessions = self.given.sessions if self.given else ()
        return [step for session in sessions for step in session.steps]


def outcome_of(subject: Subject, catalogue: Catalogue) -> dict:
    """Proposals and what the rules say of the draft, as plain JSON."""
    proposals = suggest(subject.case, catalogue).proposals
    return {
        "proposals": [_proposal(proposal) for proposal in proposals],
        "plan": subject.given and plan_outcome(subject, catalogue),
    }


def _proposal(proposal: Proposal) -> dict:
    steps = [step for session in proposal.sessions for step in session.steps]
    return {
        "strategy": proposal.strategy,
        "recommended": proposal.recommended,
        "visits": proposal.visits,
        "weeks": proposal.weeks,
        "downtime": [proposal.downtime_longest, proposal.downtime_total],
        "cost": str(proposal.cost),
        "expected": [_share(one) for one in (proposal.expected.middle, *_range(proposal))],
        "sessions": [
            [session.kind, session.day, [[s.treatment, *s.places] for s in session.steps]]
            for session in proposal.sessions
        ],
        "starts": proposal.first_session_on.isoformat(),
        "notes": sorted({hit.rule for step in steps for hit in step.cautions}),
        "preparations": sorted({row.treatment for row in proposal.preparations}),
        "ask": list(proposal.ask),
    }


def _range(proposal: Proposal) -> tuple:
    return proposal.expected.improvement


def _share(value: float) -> float:
    return round(value, 4) + 0.0


def plan_outcome(subject: Subject, catalogue: Catalogue) -> dict:
    """What the rules say of the draft as it lies there, and what it comes to."""
    checked = check(subject.case, catalogue, subject.given, Desk(subject.case, catalogue))
    return {
        "breaks": sorted(_breaks(subject, checked)),
        "cost": str(checked.cost),
        "visits": checked.visits,
        "downtime": [checked.downtime_longest, checked.downtime_total],
        "expected": [_share(checked.expected.middle)],
        "ask": list(checked.ask),
    }


def _breaks(subject: Subject, checked: Checked) -> set[tuple]:
    """Kind, rule, effect, treatment and visit (counted from 1) of what breaks a rule."""
    found = set()
    for one in checked.findings:
        if not one.breaks or one.session in subject.done:
            continue
        steps = () if one.session is None else subject.given.sessions[one.session].steps
        treatment = "" if one.step is None else steps[one.step].treatment
        number = 0 if one.session is None else one.session + 1
        found.add((one.kind, one.rule, str(one.effect), treatment, number))
    return found
