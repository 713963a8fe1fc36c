"""The main door of the engine: a case and a catalogue in, a few explained protocols out.

Pure: no clock, no I/O, no randomness. A case is brought to one orientation before it is solved and
its answer turned back, so that a mirrored face gets the mirrored plan.
"""

from dataclasses import replace
from decimal import Decimal

from clinic.catalogue.terms import Effect
from planner.engine import explain, relax
from planner.engine.catalogue import Catalogue
from planner.engine.courses import Courses
from planner.engine.desk import Desk
from planner.engine.mirror import canonical, mirrored_suggestion
from planner.engine.output import digest_of
from planner.engine.proposal import Proposer
from planner.engine.protocols import fitting_protocols
from planner.engine.safety import clinic_lacks
from planner.engine.values import Case, Excluded, NoPlan, Possible, Proposal, Suggestion

PLANNER_VERSION = "1.4"
RECOMMENDED = "balanced"
BEST = "best_result"
ENOUGH = 3
# Our convention: less than this is inside what the figures themselves are uncertain by.
DAYS_THAT_MATTER = 3  # of downtime over a whole plan; of its longest, each day counts
COST_THAT_MATTERS = Decimal("0.1")  # of the dearer plan


def suggest(
    case: Case, catalogue: Catalogue, *, strategies: tuple[str, ...] | None = None
) -> Suggestion:
    """Explained protocols for one case; `strategies` narrows them to those codes."""
    upright, flipped = canonical(case)
    answer = _Suggesting(upright, catalogue).answer(strategies)
    answer = replace(answer, input_hash=digest_of(case))
    return mirrored_suggestion(answer) if flipped else answer


class _Suggesting:
    def __init__(self, case: Case, catalogue: Catalogue):
        self.case, self.catalogue = case, catalogue
        self.desk = Desk(case, catalogue)
        self.courses, self.proposer = Courses(self.desk), Proposer(self.desk)
        self.not_offered: list[str] = []
        self.few = ""

    def answer(self, wanted) -> Suggestion:
        proposals: tuple[Proposal, ...] = ()
        no_plan = self._no_need()
        if no_plan is None:
            proposals = self.proposals(wanted)
            if not proposals:
                no_plan = relax.no_plan(self.desk)
        treatments = self._spoken_of()
        places = self.desk.places or tuple(sorted({mark.place for mark in self.case.marks}))
        asked = sorted({name for p in proposals for name in p.ask})
        return Suggestion(
            case_id=self.case.id,
            planner_version=PLANNER_VERSION,
            catalogue_hash=self.catalogue.hash,
            input_hash="",
            proposals=proposals,
            possible_with_override=self._possible(proposals),
            flags=self.desk.safety.flags(treatments, places),
            excluded=self._excluded(treatments, places),
            no_plan=no_plan,
            ask=tuple(asked),
            notes=(*explain.unknowns(self.desk), *self.not_offered),
            few=self.few,
        )

    def _no_need(self) -> NoPlan | None:
        if self.case.findings:
            return None
        if self.case.marks:
            return NoPlan(
                "There are marks only, no palpable scar: marks are colour, not scars, and get no "
                "scar procedure. Sunscreen, time and treatment of the colour come first."
            )
        return NoPlan("No scar was recorded, so there is nothing to plan.")

    def _spoken_of(self) -> list[str]:
        return [code for code, row in self.catalogue.treatments.items() if row.is_procedure]

    # -- strategies -------------------------------------------------------------------

    def proposals(self, wanted) -> tuple[Proposal, ...]:
        """The strategies' proposals, the recommended one first, then the published protocols."""
        strategies = self.catalogue.strategies
        best = next((s for s in strategies if s.code == BEST), strategies[0])
        top = self.courses.firm(best, 0.0)
        courses = []
        for strategy in strategies:
            if wanted and strategy.code not in wanted:
                continue
            firm = top
            if strategy is not best:
                share = strategy.min_share if strategy.min_share < 1 else 0.0
                firm = self.courses.firm(strategy, share * top.gain if top else 0.0)
            if firm:
                courses.append(self.courses.course(strategy, firm))
        made = [self.proposer.of_course(course) for course in courses]
        made = [proposal for proposal in made if proposal.expected.middle > 0]
        found = _telling_apart(_distinct(made), self.catalogue.constant("plan.min_gain") / 100)
        if not wanted:
            self.few = _few(strategies, made, found)
            published, self.not_offered = fitting_protocols(self.desk, self.proposer.finish)
            found += published
        return _ranked(found)

    # -- what is out ------------------------------------------------------------------

    def _excluded(self, treatments, places) -> tuple[Excluded, ...]:
        safety, rows = self.desk.safety, []
        for code in sorted(treatments):
            verdicts = [safety.verdict(code, place) for place in places]
            kept_out = [v for v in verdicts if v.effect in (Effect.BLOCK, Effect.DELAY)]
            if verdicts and len(kept_out) == len(verdicts):
                rows.append(_excluded_row(self.catalogue, code, kept_out))
        return tuple(rows)

    def _possible(self, proposals) -> tuple[Possible, ...]:
        """What only a documented reason can bring in, with its gain on the recommended proposal."""
        base = next((p for p in proposals if p.recommended), None)
        rows = []
        for candidate in self.desk.candidates:
            held = {p: v for p, v in candidate.verdicts.items() if v.effect == Effect.OVERRIDE}
            if not held or clinic_lacks(self.case, self.catalogue, candidate.row):
                continue
            gain = relax.gain_of(self.desk, candidate, tuple(sorted(held)), base)
            hits = [h for v in held.values() for h in v.holding if h.effect == Effect.OVERRIDE]
            rules = tuple(sorted({hit.rule for hit in hits}))
            rows.append(Possible(candidate.code, candidate.row.name, rules, gain, hits[0].text))
        return tuple(sorted(rows, key=lambda row: (-row.gain[1], row.treatment)))


def _excluded_row(catalogue: Catalogue, code: str, verdicts) -> Excluded:
    """All rules that keep it out, the strongest first, in the words of that one."""
    effect = min((v.effect for v in verdicts), key=lambda e: Effect(e).rank)
    held = sorted(
        {hit for v in verdicts for hit in v.holding},
        key=lambda hit: (Effect(hit.effect).rank, hit.rule, hit.text),
    )
    first = next(hit for hit in held if hit.effect == effect)
    until = f" Until {first.until:%d-%b-%Y}." if first.until else ""
    rules = tuple(dict.fromkeys(hit.rule for hit in held))
    return Excluded(code, catalogue.name_of(code), effect, rules, f"{first.text}{until}")


def _few(strategies, made: list[Proposal], shown: list[Proposal]) -> str:
    """Why fewer than three are shown, by the names of the aims; nothing where there is no plan."""
    if not shown or len(shown) >= ENOUGH:
        return ""
    seen, planned = ({proposal.strategy for proposal in rows} for rows in (shown, made))
    alike = [s.name for s in strategies if s.code in planned - seen]
    without = [s.name for s in strategies if s.code not in planned]
    said = ["Only one protocol" if len(shown) == 1 else "Only two protocols that truly differ"]
    said[0] += " can be shown for this face."
    if alike:
        ending = "s" if len(alike) == 1 else ""
        said.append(
            f"{explain.listed(alike)} come{ending} to the same plan, to one that hardly differs, "
            "or to one that is worse in every respect."
        )
    if without:
        said.append(f"No plan serves this aim: {explain.listed(without)}.")
    return " ".join(said)


def _distinct(proposals: list[Proposal]) -> list[Proposal]:
    """Without duplicates and without what another proposal beats in every respect."""
    unique: list[Proposal] = []
    for proposal in proposals:
        if all(_shape(proposal) != _shape(other) for other in unique):
            unique.append(proposal)
    return [p for p in unique if not any(_beats(other, p) for other in unique if other is not p)]


def _telling_apart(proposals: list[Proposal], gain: float) -> list[Proposal]:
    """Without those that hardly differ from another; of such two the recommended, the first stays.

    `gain` is the improvement below which there is no plan to speak of, nor a difference.
    """
    kept: list[Proposal] = []
    for proposal in sorted(proposals, key=lambda p: p.strategy != RECOMMENDED):
        if all(_differ(proposal, other, gain) for other in kept):
            kept.append(proposal)
    return [proposal for proposal in proposals if proposal in kept]


def _differ(one: Proposal, other: Proposal, gain: float) -> bool:
    """In a way that a clinician would choose by: see docs/planner.md."""
    return (
        _treatments(one) != _treatments(other)
        or one.visits != other.visits
        or one.downtime_longest != other.downtime_longest
        or abs(one.downtime_total - other.downtime_total) >= DAYS_THAT_MATTER
        or abs(one.cost - other.cost) > COST_THAT_MATTERS * max(one.cost, other.cost)
        or abs(one.expected.middle - other.expected.middle) >= gain
    )


def _treatments(proposal: Proposal) -> set[str]:
    return {step.treatment for session in proposal.sessions for step in session.steps}


def _shape(proposal: Proposal) -> tuple:
    return tuple(
        (s.day, tuple((t.treatment, t.places) for t in s.steps))
        for s in proposal.sessions
        if s.steps
    )


def _beats(one: Proposal, other: Proposal) -> bool:
    mine, theirs = _measures(one), _measures(other)
    return all(a <= b for a, b in zip(mine, theirs, strict=True)) and mine != theirs


def _measures(p: Proposal) -> tuple:
    return (
        -p.expected.middle,
        -p.expected.at_12_months[0],
        p.downtime_total,
        p.downtime_longest,
        p.cost,
        p.visits,
        p.weeks,
        p.pigment_risk,
    )


def _ranked(proposals: list[Proposal]) -> tuple[Proposal, ...]:
    """The recommended one first: the balanced proposal, else the first of the strategies."""
    if not proposals:
        return ()
    chosen = next((p for p in proposals if p.strategy == RECOMMENDED), proposals[0])
    rest = [p for p in proposals if p is not chosen]
    return (replace(chosen, recommended=True), *rest)
