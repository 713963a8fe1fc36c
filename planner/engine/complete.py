"""The other door: steps that a clinician pinned stand, and the planner fills in the rest."""

from dataclasses import replace
from datetime import timedelta

from planner.engine.build import weeks
from planner.engine.catalogue import Catalogue, Strategy
from planner.engine.check import check, first_possible
from planner.engine.compose import Block, Course, fits, standing_block
from planner.engine.courses import Courses
from planner.engine.desk import Desk
from planner.engine.explain import listed
from planner.engine.mirror import canonical, turned
from planner.engine.problem import FRESH, Pin, problem_of
from planner.engine.proposal import Proposer
from planner.engine.rows import at_least, at_most, least_days
from planner.engine.values import Case, Completed, GivenPlan, GivenSession, GivenStep, Proposal

REVIEW = "review"


def complete(
    case: Case, catalogue: Catalogue, pinned: GivenPlan, *, strategy: str = "balanced"
) -> Completed:
    """The best plan for a strategy's aim among those that hold every pinned step.

    `pinned` is a plan of the pinned steps alone: each stands on its session's date (`on`, else
    `first_session_on` plus `day`) in its places, and is neither moved nor judged. What is added
    keeps every rule towards the pinned steps and among itself: safety, intervals, order, pairs,
    chair time, anaesthetic, the patient's wishes. Added sessions of a pinned treatment count as
    one course with it. The search is as exact as `suggest`'s, and `proposal.proof` says so; it
    leaves out only what sharing a visit with a pinned step might add to the effect.

    A review in `pinned` ends a block; without one, a block ends where the next pinned step is
    further away than a block may last. What stands against a rule is told by `checked`. Raises
    ValueError where no step of the catalogue is pinned or the strategy is not in the catalogue.
    """
    upright, flipped = canonical(case)
    plan = turned(pinned) if flipped else pinned
    aim = next((s for s in catalogue.strategies if s.code == strategy), None)
    if aim is None:
        raise ValueError(f"the catalogue has no strategy {strategy}")
    answer = _Completing(upright, catalogue, plan, aim).answer()
    return turned(answer) if flipped else answer


class _Completing:
    def __init__(self, case: Case, catalogue: Catalogue, pinned: GivenPlan, strategy: Strategy):
        self.case, self.catalogue, self.strategy = case, catalogue, strategy
        self.desk = Desk(case, catalogue)
        self.courses = Courses(self.desk)
        self.pinned = pinned
        self.pins = self._pins()
        if not self.pins:
            raise ValueError("no step of the catalogue is pinned")

    def answer(self) -> Completed:
        blocks: list[Block] = []
        parts = self._parts()
        for number, pins in enumerate(parts):
            blocks.append(self._block(blocks, pins, parts[number + 1 :]))
        course = self.courses.extended(self.strategy, blocks)
        proposal = Proposer(self.desk).of_course(course)
        added = any(block.choice.sessions for block in course.blocks)
        checked = check(self.case, self.catalogue, self._as_given(proposal))
        return Completed(proposal, checked, added, self._text(course, added))

    def _pins(self) -> list[Pin]:
        """The pinned steps by their days, in order."""
        first_on = self.pinned.first_session_on or first_possible(self.desk, self.pinned)
        pins = []
        for session in self.pinned.sessions:
            on = session.on or first_on + timedelta(days=session.day)
            for step in session.steps:
                if step.treatment in self.catalogue.treatments and step.places:
                    places = tuple(sorted(step.places))
                    pins.append(Pin(step.treatment, places, (on - self.case.on).days))
        self._reviews = sorted(
            ((s.on or first_on + timedelta(days=s.day)) - self.case.on).days
            for s in self.pinned.sessions
            if s.kind == REVIEW
        )
        return sorted(pins, key=lambda pin: (pin.day, pin.treatment, pin.places))

    def _parts(self) -> list[tuple[Pin, ...]]:
        """The pins of each block."""
        longest = at_most(7 * self.catalogue.constant("block.weeks"))
        parts: list[list[Pin]] = []
        for pin in self.pins:
            here = parts[-1] if parts else None
            ended = here and any(here[-1].day < review <= pin.day for review in self._reviews)
            if here is None or ended or pin.day - here[0].day > longest:
                parts.append([])
            parts[-1].append(pin)
        return [tuple(part) for part in parts]

    def _block(self, blocks, pins, following) -> Block:
        """The best block around its pins; they alone where nothing fits beside them."""
        settled = self.courses.settled(self.strategy, blocks) if blocks else FRESH
        before = None
        later = tuple(pin for part in following for pin in part)
        if later:
            review = least_days(self.catalogue.constant("review.weeks"))
            before = later[0].day - review - at_least(self.catalogue.constant("visits.least_days"))
        settled = replace(settled, pins=pins, before=before, later=later)
        problem = problem_of(self.desk, settled)
        fitting = tuple(o for o in problem.options if fits(self.desk, problem, self.strategy, o))
        problem = replace(problem, options=fitting, known={})
        block = self.courses.solve(problem, self.strategy)
        return block or standing_block(self.desk, problem, self.strategy)

    def _as_given(self, proposal: Proposal) -> GivenPlan:
        reasons = {
            step.treatment: step.reason
            for session in self.pinned.sessions
            for step in session.steps
            if step.reason
        }
        return GivenPlan(
            tuple(
                GivenSession(
                    session.day,
                    tuple(
                        GivenStep(s.treatment, s.places, reason=reasons.get(s.treatment, ""))
                        for s in session.steps
                    ),
                    session.kind,
                )
                for session in proposal.sessions
            ),
            proposal.first_session_on,
        )

    def _text(self, course: Course, added: bool) -> str:
        if not added:
            return "Nothing was added: nothing more fits, or is worth its sessions, under this aim."
        counts: dict = {}
        for block in course.blocks:
            for code, count in block.choice.sessions:
                counts[code] = counts.get(code, 0) + count
        names = (f"{self.catalogue.name_of(code)} ×{n}" for code, n in sorted(counts.items()))
        days = course.blocks[-1].last_day - course.blocks[0].first_day
        return f"Added around the pinned steps: {listed(names)}, over {weeks(days)} in all."
