"""A solved course, or somebody's visits, as a proposal with its reasons and its proof."""

from decimal import Decimal

from clinic.catalogue.terms import Effect
from planner.engine import explain
from planner.engine.beside import beside
from planner.engine.build import Builder, Given, totals, visits_of
from planner.engine.compose import Course
from planner.engine.desk import Desk
from planner.engine.effect import expectation
from planner.engine.values import Deferred, Proof, Proposal

COVERS = (
    "No other numbers of sessions of the treatments open here, with one method of a mechanism in a "
    "block, and no other sequence are better under this aim."
)
UNPROVEN = "Not proven: the best that was found; at most so many points could be better: "
LATER = " Later blocks are provisional and outside this proof."


class Proposer:
    """Writes proposals for one case."""

    def __init__(self, desk: Desk):
        self.desk = desk

    def of_course(self, course: Course) -> Proposal:
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
        return self.finish(
            course, visits_of(course), strategy.code, strategy.name, proof, by_protocol=False
        )

    def finish(
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
        expected = expectation(desk.case, desk.catalogue, course.doses, course.joints, desk.effect)
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
            pigment_risk=pigment_risk(desk, sessions),
            blocks=blocks,
            preparations=preparations,
            home_care=home_care,
            deferred=self._deferred(),
            untreated=explain.untreated(desk, course.doses),
            why_not=explain.why_not(desk, course, expected, sums["cost"]),
            top_ups=top_ups(desk, sessions),
            beside=() if by_protocol else beside(desk, sessions, visits),
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


def pigment_risk(desk: Desk, sessions) -> float:
    if not desk.pigment_counts:
        return 0.0
    rows = desk.catalogue.treatments
    return sum(
        float(rows[step.treatment].figure("pigment_risk").usual or 0)
        for session in sessions
        for step in session.steps
    )


def top_ups(desk: Desk, sessions) -> tuple[tuple[str, int, Decimal], ...]:
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
