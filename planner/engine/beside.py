"""What may be given beside the steps of a plan: what it would add, and what it would cost.

Adjuncts are offered, never chosen: most stand on one trial, and their effect is counted by the
same model as a method's own. A clinician decides, with the gain and the price before the eyes.
"""

from decimal import Decimal

from planner.engine.build import CENT, Given
from planner.engine.desk import Desk
from planner.engine.effect import middle_of
from planner.engine.protocols import doses_of
from planner.engine.values import Beside


def beside(desk: Desk, sessions, visits: list[Given]) -> tuple[Beside, ...]:
    """One row for each adjunct that may go with a step; `visits` are the procedures, in order."""
    procedures = [session for session in sessions if session.steps]
    rows = []
    for code in sorted({a for s in procedures for step in s.steps for a in step.adjuncts}):
        given = [_places(session, code) for session in procedures]
        rows.append(_row(desk, code, procedures, visits, given))
    return tuple(rows)


def _places(session, code: str) -> tuple[str, ...]:
    steps = (step for step in session.steps if code in step.adjuncts)
    return tuple(sorted({place for step in steps for place in step.places}))


def _row(desk: Desk, code: str, procedures, visits, given) -> Beside:
    row = desk.catalogue.treatments[code]
    more = [
        Given(visit.day, visit.block, (*visit.uses, (code, places))) if places else visit
        for visit, places in zip(visits, given, strict=True)
    ]
    before, after = (middle_of(desk.case, desk.effect, *doses_of(desk, v)) for v in (visits, more))
    prices = [desk.price(row, places) for places in given if places]
    cost = max(prices) if row.price_unit == "course" else sum(prices, Decimal(0))
    with_ = {s.name for p in procedures for s in p.steps if code in s.adjuncts}
    return Beside(
        treatment=code,
        name=row.name,
        with_names=tuple(sorted(with_)),
        times=len(prices),
        gain=round(after - before, 3),
        cost=cost.quantize(CENT),
    )
