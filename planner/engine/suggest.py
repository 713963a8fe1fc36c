"""The one door of the engine: a case and a catalogue in, a few explained protocols out.

Pure: no clock, no I/O, no randomness. A case is brought to one orientation before it is solved and
its answer turned back, so that a mirrored face gets the mirrored plan.
"""

from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from clinic.catalogue.terms import Effect
from planner.engine import explain, relax
from planner.engine.build import Builder, Given, totals, visits_of
from planner.engine.catalogue import Catalogue, Strategy
from planner.engine.compose import Block, Course, Desk, solve_block
from planner.engine.effect import EffectModel, expectation, group_shares
from planner.engine.mirror import canonical, mirrored_suggestion
from planner.engine.model import POINT
from planner.engine.output import digest_of
from planner.engine.protocols import fitting_protocols
from planner.engine.values import (
    Case,
    Deferred,
    Excluded,
    NoPlan,
    Possible,
    Proof,
    Proposal,
    Suggestion,
)

PLANNER_VERSION = "1.0"
COVERS = (
    "No other numbers of sessions of the treatments open here, with one method of a mechanism in a "
    "block, and no other sequence are better under this aim."
)
UNPROVEN = "The best that was found; at most so many points could be better: "
LATER = " Later blocks are provisional and outside this proof."
RECOMMENDED = "balanced"
BEST = "best_result"


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
            notes=explain.unknowns(self.desk),
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
        top = self._firm(best, 0.0)
        courses = []
        for strategy in strategies:
            if wanted and strategy.code not in wanted:
                continue
            firm = top
            if strategy is not best:
                share = strategy.min_share if strategy.min_share < 1 else 0.0
                firm = self._firm(strategy, share * top.gain if top else 0.0)
            if firm:
                courses.append(self._course(strategy, firm))
        found = [self._proposal(course) for course in courses]
        found = _distinct([p for p in found if p.expected.middle > 0])
        if not wanted:
            found += fitting_protocols(self.desk, self._finish)
        return _ranked(found)

    def _course(self, strategy: Strategy, firm: Block) -> Course:
        """All blocks: the firm one, then the next on what it is expected to leave."""
        blocks = [firm]
        while len(blocks) < int(self.catalogue.constant("blocks.most")):
            following = self._next_block(strategy, blocks, self._without(strategy))
            if following is None:
                break
            blocks.append(following)
        return Course.of(strategy, blocks)

    def _without(self, strategy: Strategy) -> tuple[str, ...]:
        return self._devices if strategy.exclude_device else ()

    def _firm(self, strategy: Strategy, floor: float) -> Block | None:
        """The first block, with at least so much improvement (hundredths of a point)."""
        return self._solve(self._first_problem, strategy, floor, self._without(strategy))

    @cached_property
    def _first_problem(self):
        return self.desk.problem({}, {}, Decimal(0), 0, 0)

    def _solve(self, problem, strategy, floor, without) -> Block | None:
        block = solve_block(self.desk, problem, strategy, floor=floor, without=without)
        if block is None and problem.required:
            block = solve_block(
                self.desk, replace(problem, required=()), strategy, floor=floor, without=without
            )
        return block

    @cached_property
    def _devices(self) -> tuple[str, ...]:
        return tuple(c.code for c in self.desk.candidates if self.desk.is_device(c.row))

    def _next_block(self, strategy: Strategy, blocks, without) -> Block | None:
        course = Course.of(strategy, blocks)
        model = EffectModel(self.catalogue)
        review = blocks[-1].last_day + round(7 * self.catalogue.constant("review.weeks"))
        after = review + int(self.catalogue.constant("visits.least_days"))
        used: dict = {}
        for block in blocks:
            days = dict(block.placed.days)
            for code, count in block.choice.sessions:
                last = max(days[p.key][-1] for p in block.pieces if p.treatment == code)
                used[code] = (used.get(code, (0, 0))[0] + count, last)
        left = {i: 1 - share for i, share in enumerate(_shares(self.desk, model, course))}
        spent = sum((_cents(self.desk, b) for b in blocks), 0)
        visits = len(Builder(self.desk, visits_of(course)).sessions())
        problem = self.desk.problem(left, used, Decimal(spent) / 100, visits, after)
        if problem.max_visits is not None and problem.max_visits < 2:
            return None
        least = self.catalogue.constant("block.min_gain")
        block = solve_block(
            self.desk, problem, strategy, floor=round(least * POINT), without=without
        )
        return block if block and block.value > 0 else None

    # -- one proposal -----------------------------------------------------------------

    def _proposal(self, course: Course) -> Proposal:
        firm = course.blocks[0]
        gap = round(max(0.0, firm.bound - firm.value), 3)
        proof = Proof(
            optimal=firm.proven,
            value=round(firm.value, 3),
            bound=round(firm.bound, 3),
            gap=gap,
            covers=(COVERS if firm.proven else f"{UNPROVEN}{gap:g}.")
            + (LATER if len(course.blocks) > 1 else ""),
        )
        strategy = course.strategy
        return self._finish(
            course, visits_of(course), strategy.code, strategy.name, proof, by_protocol=False
        )

    def _finish(
        self,
        course: Course,
        visits: list[Given],
        code: str,
        name: str,
        proof,
        *,
        by_protocol,
        **more,
    ) -> Proposal:
        desk = self.desk
        builder = Builder(desk, visits, by_protocol=by_protocol)
        taken = {dose.treatment for dose in course.doses}
        sessions = explain.with_reasons(desk, builder.sessions(), taken)
        preparations, home_care = builder.preparations(sessions)
        expected = expectation(
            self.case, self.catalogue, course.doses, course.joints, self.desk.effect
        )
        sums = totals(sessions)
        blocks = tuple(
            (
                number,
                number == 1,
                sum(
                    (t.price for s in sessions if s.block == number for t in s.steps),
                    Decimal("0.00"),
                ),
            )
            for number in sorted({visit.block for visit in visits})
        )
        return Proposal(
            strategy=code,
            name=name,
            recommended=False,
            proof=proof,
            expected=expected,
            sessions=sessions,
            first_session_on=builder.first_on,
            **sums,
            pigment_risk=_pigment(desk, sessions),
            blocks=blocks,
            preparations=preparations,
            home_care=home_care,
            deferred=self._deferred(),
            untreated=explain.untreated(desk, course.doses),
            why_not=explain.why_not(desk, course, expected, sums["cost"]),
            top_ups=_top_ups(desk, sessions),
            text=explain.sentence(desk, sessions, expected, sums),
            ask=self._asks(builder, sessions),
            **more,
        )

    def _asks(self, builder: Builder, sessions) -> tuple[str, ...]:
        """Questions without an answer that could hold up one of this proposal's steps."""
        return tuple(
            sorted(
                {
                    name
                    for session in sessions
                    for step in session.steps
                    for hit in builder.hits(step.treatment, step.places, session.on)
                    if not hit.known
                    for name in hit.ask
                }
            )
        )

    def _deferred(self) -> tuple[Deferred, ...]:
        rows = []
        for candidate in self.desk.candidates:
            held = [v for v in candidate.verdicts.values() if v.effect is None and v.holding]
            waits = [v for v in candidate.verdicts.values() if v.effect == Effect.DELAY]
            for verdict in (held or waits)[:1]:
                hits = [h for v in (held or waits) for h in v.holding]
                rules = tuple(sorted({hit.rule for hit in hits}))
                until = verdict.earliest if held else None
                rows.append(Deferred(candidate.code, until, rules, verdict.holding[0].text))
        return tuple(rows)

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
            if not held:
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


def _cents(desk: Desk, block: Block) -> int:
    total = Decimal(0)
    for piece in block.pieces:
        row = desk.catalogue.treatments[piece.treatment]
        times = 1 if row.price_unit == "course" else piece.sessions
        total += desk.price(row, piece.places) * times
    return int(total * 100)


def _shares(desk: Desk, model: EffectModel, course: Course) -> list[float]:
    """The improvement of each group that a course is expected to bring."""
    return group_shares(desk.case, model, course.doses, course.joints)


def _pigment(desk: Desk, sessions) -> float:
    phototype = desk.case.patient.fitzpatrick
    if phototype is not None and phototype < 4:
        return 0.0
    rows = desk.catalogue.treatments
    return sum(
        float(rows[step.treatment].figure("pigment_risk").usual or 0)
        for session in sessions
        for step in session.steps
    )


def _top_ups(desk: Desk, sessions) -> tuple[tuple[str, int, Decimal], ...]:
    """Temporary effects: how often they want renewing, and what that costs a year."""
    prices: dict = {}
    for session in sessions:
        for step in session.steps:
            prices[step.treatment] = max(prices.get(step.treatment, Decimal(0)), step.price)
    rows = []
    for code, price in sorted(prices.items()):
        span = desk.catalogue.treatments[code].figure("results_last_months")
        if span.max is None:
            continue
        months = max(1, round(span.typical or ((span.min or span.max) + span.max) / 2))
        rows.append((code, months, (price * 12 / months).quantize(Decimal("0.01"))))
    return tuple(rows)


def _distinct(proposals: list[Proposal]) -> list[Proposal]:
    """Without duplicates and without what another proposal beats in every respect."""
    unique: list[Proposal] = []
    for proposal in proposals:
        if all(_shape(proposal) != _shape(other) for other in unique):
            unique.append(proposal)
    return [p for p in unique if not any(_beats(other, p) for other in unique if other is not p)]


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
