"""A plan that a clinician arranged, built by the functions that build the planner's own.

Nothing is moved and nothing judged: what is wrong with it says `check`.
"""

from dataclasses import dataclass
from decimal import Decimal

from planner.engine import explain
from planner.engine.beside import beside
from planner.engine.build import Builder, Given, totals
from planner.engine.compose import Course
from planner.engine.desk import Desk
from planner.engine.effect import expectation, middle_of
from planner.engine.proposal import pigment_risk, top_ups
from planner.engine.protocols import doses_of
from planner.engine.values import (
    Beside,
    Expectation,
    HomeCare,
    Preparation,
    Session,
    Untreated,
    WhyNot,
)


@dataclass(frozen=True)
class Arranged:
    """The parts of a proposal that follow from its visits."""

    sessions: tuple[Session, ...]
    expected: Expectation
    preparations: tuple[Preparation, ...]
    home_care: tuple[HomeCare, ...]
    untreated: tuple[Untreated, ...]
    why_not: tuple[WhyNot, ...]
    top_ups: tuple[tuple[str, int, Decimal], ...]
    beside: tuple[Beside, ...]
    pigment_risk: float
    text: str


def arranged(desk: Desk, visits: list[Given], counted: list[Given], *, by_protocol) -> Arranged:
    """Visits with their steps, tests, readings, stitches and reviews, and what they may bring.

    `visits` are in order of time, one a day; `counted` are those whose effect the case's findings
    do not show yet.
    """
    builder = Builder(desk, visits, by_protocol=by_protocol)
    taken = {treatment for visit in visits for treatment, _ in visit.uses}
    sessions = explain.with_reasons(desk, builder.sessions(), taken)
    preparations, home_care = builder.preparations(sessions)
    doses, joints = doses_of(desk, counted)
    expected = expectation(desk.case, desk.catalogue, doses, joints, desk.effect)
    course = Course(None, (), 0, doses, joints)
    sums = totals(sessions)
    return Arranged(
        sessions=sessions,
        expected=expected,
        preparations=preparations,
        home_care=home_care,
        untreated=explain.untreated(desk, doses),
        why_not=explain.why_not(desk, course, expected, sums["cost"]),
        top_ups=top_ups(desk, sessions),
        beside=() if by_protocol else beside(desk, sessions, visits),
        pigment_risk=pigment_risk(desk, sessions),
        text=explain.sentence(desk, sessions, expected, sums),
    )


@dataclass(frozen=True)
class Open:
    """A treatment that could stand in a place: `effect` is "" where nothing holds it back."""

    treatment: str
    name: str
    effect: str
    text: str
    gain: float  # change of the expected improvement, as a share of the load


def open_for(desk: Desk, places, counted: list[Given], instead_of=None, times: int = 1):
    """Every treatment with an indication in `places`, with what it would change; best first.

    `instead_of` is the (treatment, places) that it would take the place of, `times` times.
    """
    doses, joints = doses_of(desk, counted)
    before = middle_of(desk.case, desk.effect, doses, joints)
    rows = []
    for candidate in desk.candidates:
        here = tuple(place for place in places if place in candidate.verdicts)
        if not here or (instead_of and candidate.code == instead_of[0]):
            continue
        visits = _with(counted, candidate.code, here, instead_of, times)
        after = middle_of(desk.case, desk.effect, *doses_of(desk, visits))
        effect, text = _held(candidate, here)
        gain = round(after - before, 3)
        rows.append(Open(candidate.code, candidate.row.name, effect, text, gain))
    return sorted(rows, key=lambda row: (bool(row.effect), -row.gain, row.treatment))


def _with(visits, code, places, instead_of, times):
    """The visits with `code` put in: where `instead_of` stood, or in so many new ones."""
    if instead_of is None:
        last = max((visit.day for visit in visits), default=0)
        new = [Given(last + 28 * (n + 1), 1, ((code, places),)) for n in range(times)]
        return [*visits, *new]
    changed, left = [], times
    for visit in visits:
        uses = []
        for treatment, at in visit.uses:
            swap = left and treatment == instead_of[0] and set(at) & set(instead_of[1])
            left -= bool(swap)
            uses.append((code, places) if swap else (treatment, at))
        changed.append(Given(visit.day, visit.block, tuple(uses)))
    return changed


def _held(candidate, places) -> tuple[str, str]:
    """The strongest effect that holds it back in one of the places, and its words."""
    if candidate.out is not None:
        return candidate.out.effect or candidate.out.kind, candidate.out.text
    closed = [candidate.verdicts[p] for p in places if p not in candidate.starts]
    if not closed:
        return "", ""
    hits = closed[0].holding
    return closed[0].effect or "BLOCK", hits[0].text if hits else ""
