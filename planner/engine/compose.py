"""One block of a strategy: the choice and its sequence together, and what was proven.

The choice (choose.py) is made against lower bounds of visits, weeks and downtime, the sequence
(sequence.py) is the best for that choice. What the sequence really costs is compared with the
choice's promise: when another choice could still be better, it is tried, until none promises more.
"""

from dataclasses import dataclass, replace
from itertools import combinations

from planner.engine import limits
from planner.engine.catalogue import Strategy
from planner.engine.choose import NONE, alone, choose
from planner.engine.desk import Desk
from planner.engine.effect import Dose, Joint
from planner.engine.model import POINT, UNITS, Choice, Option, Problem
from planner.engine.problem import pin_pieces
from planner.engine.rows import at_least, at_most
from planner.engine.sequence import Bench, Piece, Placed, Rule, sequence

SAME = 1e-6  # points that do not matter
ROUNDS = (6, 30, 90)  # choices tried, and tried again where the first could not settle it


@dataclass(frozen=True)
class Block:
    """One solved block: what, where, when."""

    choice: Choice
    pieces: tuple[Piece, ...]
    placed: Placed
    value: float
    bound: float
    proven: bool
    first_day: int  # days after `on`
    last_day: int
    joints: tuple[Joint, ...] = ()
    doses: tuple[Dose, ...] = ()
    gain: float = 0.0  # hundredths of a point of improvement, in the choice's measure

    @property
    def sessions(self) -> tuple[tuple[str, int], ...]:
        """Sessions by treatment, the pinned ones too."""
        count = dict(self.choice.sessions)
        for piece in self.pieces:
            if piece.stands:
                count[piece.treatment] = count.get(piece.treatment, 0) + 1
        return tuple(sorted(count.items()))


@dataclass(frozen=True)
class Course:
    """All blocks of one strategy; a published protocol has doses and no blocks of ours."""

    strategy: Strategy | None
    blocks: tuple[Block, ...]
    gain: float
    doses: tuple[Dose, ...] = ()
    joints: tuple[Joint, ...] = ()

    @classmethod
    def of(cls, strategy: Strategy, blocks) -> "Course":
        return cls(
            strategy,
            tuple(blocks),
            sum(block.gain for block in blocks),
            tuple(dose for block in blocks for dose in block.doses),
            tuple(joint for block in blocks for joint in block.joints),
        )


def solve_block(
    desk: Desk, problem: Problem, strategy: Strategy, *, floor=0.0, without=()
) -> tuple[Block | None, bool]:
    """The best block of a strategy, None where nothing was found, and whether that is proven."""

    def realise(choice: Choice, beat: float | None) -> Block | None:
        return _realise(desk, problem, strategy, choice, beat, floor)

    best, bound, proven = search(problem, strategy, realise, floor=floor, without=without)
    return best and replace(best, bound=bound, proven=proven), proven


def search(problem: Problem, strategy: Strategy, realise, *, floor=0.0, without=()):
    """(best, bound, proven): choices are sequenced by `realise` until no promise is better.

    `realise` gives something with a value, a gain and a placement, or None if no sequence beats the
    value it is told.
    """
    best, unsettled, tried = None, NONE, set()
    for kept in ROUNDS:
        above = best.value if best else NONE
        found = choose(problem, strategy, floor=floor, without=without, kept=kept, above=above)
        promises = found.promises
        if best is None and tried and found.rest > NONE:  # the days are short: less may fit
            promises += alone(problem, strategy, floor=floor, without=without)
        for promise in promises:
            if best and best.value >= promise.value - SAME:
                continue
            if promise.choice in tried:
                continue
            tried.add(promise.choice)
            block = realise(promise.choice, best.value if best else None)
            if block and not block.placed.proven:
                unsettled = max(unsettled, promise.value)
            if block and block.gain >= floor - SAME and (not best or block.value > best.value):
                best = block
        if not found.complete or max(found.rest, unsettled) <= (best.value if best else NONE):
            break
    bound = min(max(found.rest, unsettled), 100.0 * strategy.weights["improvement"])
    if best is None:
        return None, bound, bound == NONE
    return best, max(bound, best.value), found.complete and best.value >= bound - SAME


@dataclass(frozen=True)
class Arranged:
    """A choice with its days: what it gains and what it is worth to the strategy."""

    placed: Placed
    gain: float  # hundredths of a point
    value: float  # points of the objective


def arrange(
    problem: Problem,
    strategy: Strategy,
    choice: Choice,
    pieces,
    rules: dict,
    bench: Bench,
    beat: float | None = None,
    floor: float = 0.0,
) -> Arranged | None:
    """The best sequence of a choice that gains `floor`, if one is worth more than `beat`.

    Sessions that help each other count as they really meet.
    """
    helping = _helping_pieces(problem, pieces, rules)

    def gain_of(counts) -> float:
        together: dict = {}
        for (pair, _), count in zip(helping, counts, strict=True):
            together[pair] = max(together.get(pair, 0), count)
        return problem.gain(choice.count, together)

    def worth(counts) -> float:
        gain = gain_of(counts)
        return strategy.weights["improvement"] * gain / POINT if gain >= floor - SAME else NONE

    most = None if beat is None else -fixed_price(problem, strategy, choice) - beat
    keys = tuple(keys for _, keys in helping)
    placed = sequence(pieces, rules, bench, strategy, keys, worth, most)
    if placed is None:
        return None
    if not placed.days:
        return Arranged(placed, NONE, NONE)
    days = dict(placed.days)
    met = [len(set(days[a]) & set(days[b])) for _, (a, b) in helping]
    gain = gain_of(met)
    return Arranged(placed, gain, score(problem, strategy, choice, pieces, days, gain))


def _helping_pieces(problem: Problem, pieces, rules: dict) -> list:
    """(pair, (key, key)) of pieces that are better in one session, where rules let them meet."""
    helping = []
    for a, b in combinations(pieces, 2):
        pair = tuple(sorted((a.treatment, b.treatment)))
        rule = problem.between.get(pair)
        if rule and rule.synergy and (a.key, b.key) in rules and not (a.stands or b.stands):
            helping.append((pair, (a.key, b.key)))
    return helping


def _realise(desk: Desk, problem: Problem, strategy, choice: Choice, beat, floor):
    pieces = _pieces(desk, problem, choice) + pin_pieces(desk, problem.pinned.steps)
    rules = _rules(desk, problem, pieces)
    bench = _bench(desk, problem, choice)
    arranged = arrange(problem, strategy, choice, pieces, rules, bench, beat, floor)
    if arranged is None or not arranged.placed.days:
        return arranged
    return _block(desk, choice, pieces, arranged)


def fits(desk: Desk, problem: Problem, strategy: Strategy, option: Option) -> bool:
    """Whether the least course of an option alone has days beside the pinned steps."""
    choice = Choice(((option.code, option.sessions[0]),))
    return _realise(desk, problem, strategy, choice, None, 0.0) is not None


def standing_block(desk: Desk, problem: Problem, strategy: Strategy) -> Block:
    """The pinned steps and nothing else, whatever they break."""
    pieces = pin_pieces(desk, problem.pinned.steps)
    days = {piece.key: (piece.starts,) for piece in pieces}
    gain = problem.gain({}, {})
    value = score(problem, strategy, Choice(), pieces, days, gain)
    return _block(desk, Choice(), pieces, Arranged(Placed(tuple(days.items()), False), gain, value))


def _block(desk: Desk, choice: Choice, pieces, arranged: Arranged) -> Block:
    days = dict(arranged.placed.days)
    by_place: dict = {}
    for piece in pieces:
        for where in piece.places:
            by_place.setdefault((piece.treatment, where), set()).update(days[piece.key])
    every = sorted(day for row in days.values() for day in row)
    return Block(
        choice=choice,
        pieces=pieces,
        placed=arranged.placed,
        value=arranged.value,
        bound=arranged.value,
        proven=False,
        first_day=every[0],
        last_day=every[-1],
        joints=joints_of(desk, by_place),
        doses=tuple(Dose(p.treatment, where, p.sessions) for p in pieces for where in p.places),
        gain=arranged.gain,
    )


def _pieces(desk: Desk, problem: Problem, choice: Choice) -> tuple[Piece, ...]:
    options = [problem.by_code[code] for code, _ in choice.sessions]
    leads = (desk.lead_days(o.code, place) for o in options for place in o.places)
    lead = max(leads, default=0)
    pieces = []
    for option in options:
        shares = limits.split(desk, option.row, list(option.places))
        for number, share in enumerate(shares, start=1):
            pieces.append(
                Piece(
                    key=option.code if len(shares) == 1 else f"{option.code}/{number}",
                    treatment=option.code,
                    places=tuple(share),
                    sessions=choice.count[option.code],
                    interval=option.interval_days,
                    longest=option.row.interval_days[2],
                    starts=max(lead, option.starts),
                    downtime=option.downtime,
                    minutes=option.row.days("duration_min"),
                    milligrams=at_least(10 * limits.planned_mg(desk, option.row, share)),
                    closed=option.closed,
                    filler=at_least(100 * limits.filler_ml(desk, option.row, share)[0]),
                )
            )
    return tuple(pieces)


def _rules(desk: Desk, problem: Problem, pieces) -> dict:
    rules = {}
    for i, one in enumerate(pieces):
        for other in pieces[i + 1 :]:
            if one.stands and other.stands:
                continue
            if one.treatment == other.treatment:
                if not (one.stands or other.stands):
                    rules[one.key, other.key] = Rule(together=False, gap=0)
                elif not set(one.places).isdisjoint(other.places):
                    gap = max(one.interval, other.interval)
                    rules[one.key, other.key] = Rule(together=False, gap=gap)
                continue
            pair = tuple(sorted((one.treatment, other.treatment)))
            between = problem.between.get(pair)
            if between is None or not _share_a_field(desk, one, other):
                continue
            keys = {one.treatment: one.key, other.treatment: other.key}
            rules[one.key, other.key] = Rule(
                together=between.together,
                gap=between.gap_days,
                course_first=keys.get(between.course_first, ""),
                starts_first=keys.get(between.starts_first, ""),
            )
    return rules


def _share_a_field(desk: Desk, one: Piece, other: Piece) -> bool:
    fields = {desk.catalogue.field_of(p) for p in one.places}
    return any(desk.catalogue.field_of(p) in fields for p in other.places)


def _bench(desk: Desk, problem: Problem, choice: Choice) -> Bench:
    mg = desk.lidocaine_mg
    visits = problem.max_visits
    if visits is not None:
        options = [(problem.by_code[code], n) for code, n in choice.sessions]
        visits -= problem.other_visits + sum(o.extra_visits * n + o.once_visits for o, n in options)
    return Bench(
        minutes=at_most(desk.catalogue.constant("visit.minutes")),
        milligrams=None if mg is None else at_most(mg * 10),
        least_between_visits=at_least(desk.catalogue.constant("visits.least_days")),
        max_visits=visits,
        last_day=problem.last_day,
        longest=problem.block_days,
        filler=at_most(100 * desk.catalogue.constant("filler_session.ml")),
        areas=limits.areas(desk.catalogue),
    )


def joints_of(desk: Desk, days: dict) -> tuple[Joint, ...]:
    """Sessions together of treatments that help each other; `days` by (treatment, place)."""
    by_place: dict = {}
    for code, where in sorted(days):
        by_place.setdefault(where, []).append(code)
    joints = []
    for where, codes in sorted(by_place.items()):
        for code, other in combinations(codes, 2):
            together = len(days[code, where] & days[other, where])
            if together and (rule := desk.rule_between(code, other, [where])).synergy:
                joints.append(Joint(rule.a, rule.b, where, together, rule.scar_types))
    return tuple(joints)


def score(problem: Problem, strategy: Strategy, choice: Choice, pieces, days, gain: float) -> float:
    """The objective of a sequenced choice, in points: what the solver's bound bounds."""
    weights = strategy.weights
    burdens: dict = {}
    for piece in pieces:
        for day in days[piece.key]:
            burdens[day] = max(burdens.get(day, 0), piece.downtime)
    healed = max(days[p.key][-1] + p.downtime for p in pieces)
    start = min(days[p.key][0] for p in pieces)
    return (
        weights["improvement"] * gain / POINT
        - fixed_price(problem, strategy, choice)
        - weights["downtime"] * sum(burdens.values())
        - weights["visits"] * len(burdens)
        - weights["weeks"] * (healed - start) / 7
    )


def fixed_price(problem: Problem, strategy: Strategy, choice: Choice) -> float:
    """What a choice costs in every sequence: effort, money, pigment risk, visits besides."""
    weights = strategy.weights
    options = [(problem.by_code[code], n) for code, n in choice.sessions]
    extra = sum(o.extra_visits * n + o.once_visits for o, n in options)
    cents = problem.cents(choice.sessions) + problem.pinned.cents
    pigment = sum(o.pigment * n for o, n in options) + problem.pinned.pigment
    return (
        strategy.min_gain * (sum(n for _, n in options) + problem.pinned.sessions)
        + weights["cost"] * cents / UNITS["cost"]
        + weights["visits"] * (problem.other_visits + extra)
        + weights["pigment"] * pigment
    )
