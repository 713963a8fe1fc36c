"""What is chosen: how many sessions of which treatment, solved exactly by CP-SAT.

A treatment that is chosen treats every place where it is indicated and allowed; two that exclude
each other in a common field (rule d5, pairs to avoid) are never both in one block. The choice is
made in integers: improvement in hundredths of a percentage point, logarithms in thousandths,
money in cents. Visits, weeks and days of downtime enter as lower bounds here, so that the solver's
bound also bounds every real sequence (sequence.py), and no plan of this kind can beat it.
"""

from dataclasses import dataclass, field
from functools import cached_property
from math import exp

from ortools.sat.python import cp_model

from planner.engine.catalogue import Strategy, Treatment

POINT = 100  # hundredths of a percentage point
MICRO = 1_000_000  # the objective's units in one percentage point
CENTS_PER_UNIT = 10_000  # a strategy's cost weight is per hundred of the currency
LOG = 1000
CURVE = 1000
TENTHS = 10  # overlap and synergy are whole tenths
KNOTS = (0, 120, 240, 360, 480, 600, 740, 880, 1040, 1220, 1440, 1720, 2100, 2700, 3600)
EFFORT = 1.0  # deterministic seconds of the solver for one choice


@dataclass(frozen=True)
class Option:
    """A treatment that may be planned, and where."""

    row: Treatment
    places: tuple[str, ...]
    sessions: tuple[int, int]  # at least, at most in this block
    interval_days: int
    downtime: int
    pigment: int
    starts: int  # days after `on` before which it cannot be given
    cents: int  # a session (of a course: the whole)
    mechanism: int
    extra_visits: int  # visits that each session brings (suture removal)
    once_visits: int  # visits that the first session brings (a test area and its reading)
    pieces: int  # visits that one session fills, where the anaesthetic divides it

    @property
    def code(self) -> str:
        return self.row.code

    @property
    def by_course(self) -> bool:
        return self.row.price_unit == "course"


@dataclass(frozen=True)
class Lot:
    """Groups for which every treatment does the same: `steps` in thousandths of a logarithm."""

    weight: int  # hundredths of a percentage point
    steps: tuple[tuple[str, int], ...]
    gains: tuple[tuple[str, str], ...]  # pairs that are better together here

    @cached_property
    def step(self) -> dict:
        return dict(self.steps)


@dataclass(frozen=True)
class Problem:
    """A block's choice, the same for every strategy."""

    options: tuple[Option, ...]
    lots: tuple[Lot, ...]
    ceiling: float
    overlap: int  # tenths
    synergy: int  # tenths
    between: dict  # (code, code) sorted -> Between, where they share a field
    required: tuple[tuple[str, ...], ...]  # one of each
    max_visits: int | None
    budget_cents: int | None
    last_day: int | None  # latest day, counted from `on`, on which the last procedure has healed
    other_visits: int  # the review
    block_days: int  # from the first procedure of a block to its last, at most

    @cached_property
    def by_code(self) -> dict:
        return {option.code: option for option in self.options}

    @cached_property
    def curve(self) -> tuple[int, ...]:
        return tuple(round(self.ceiling * (1 - exp(-knot / LOG)) * CURVE) for knot in KNOTS)

    def kept(self, log: float) -> float:
        """Thousandths of a weight, for `log` in ten-thousandths; straight between the knots."""
        curve = self.curve
        return min(
            curve[i]
            + (curve[i + 1] - curve[i]) * (log / TENTHS - KNOTS[i]) / (KNOTS[i + 1] - KNOTS[i])
            for i in range(len(KNOTS) - 1)
        )

    def log(self, lot: Lot, sessions: dict, together: dict) -> int:
        """A lot's logarithm in ten-thousandths: one mechanism counts its strongest in full."""
        classes: dict = {}
        for code, count in sessions.items():
            step = lot.step.get(code)
            if step and count:
                classes.setdefault(self.by_code[code].mechanism, []).append(step * count)
        total = sum(
            TENTHS * max(parts) + self.overlap * (sum(parts) - max(parts))
            for parts in classes.values()
        )
        for pair in lot.gains:
            if together.get(pair):
                total += self.synergy * self.weaker(lot, pair) * together[pair]
        return total

    def weaker(self, lot: Lot, pair: tuple[str, str]) -> int:
        return min(lot.step.get(pair[0], 0), lot.step.get(pair[1], 0))

    def gain(self, sessions: dict, together: dict) -> float:
        """Improvement in hundredths of a point."""
        return sum(
            lot.weight * self.kept(self.log(lot, sessions, together)) / CURVE for lot in self.lots
        )


@dataclass(frozen=True)
class Choice:
    """Sessions by treatment; empty for nothing."""

    sessions: tuple[tuple[str, int], ...] = ()

    @cached_property
    def count(self) -> dict:
        return dict(self.sessions)


@dataclass(frozen=True)
class Chosen:
    choice: Choice | None
    bound: float  # percentage points of the objective
    proven: bool


@dataclass
class _Variables:
    sessions: dict = field(default_factory=dict)
    chosen: dict = field(default_factory=dict)
    joint: dict = field(default_factory=dict)  # pair -> sessions together
    gains: list = field(default_factory=list)


def choose(
    problem: Problem, strategy: Strategy, *, floor: int = 0, without=(), ruled_out=(), hint=None
) -> Chosen:
    """The best choice for a strategy.

    `floor` is the least improvement (hundredths of a point), `without` treatments left out,
    `ruled_out` choices that are already known, `hint` a good choice to start from.
    """
    model = cp_model.CpModel()
    v = _Variables()
    options = [option for option in problem.options if option.code not in without]
    for option in options:
        _add_option(model, v, option)
    _add_pairs(model, v, problem)
    for codes in problem.required:
        if open_ones := [v.chosen[code] for code in codes if code in v.chosen]:
            model.add_bool_or(open_ones)
    for index, lot in enumerate(problem.lots):
        _add_gain(model, v, problem, lot, index)
    costs = _add_costs(model, v, problem, options)
    if floor:
        model.add(sum(v.gains) >= floor)
    for choice in ruled_out:
        _rule_out(model, v, choice)
    for code, count in (hint.sessions if hint else ()):
        if code in v.sessions:
            model.add_hint(v.sessions[code], count)
    model.maximize(_objective(v, strategy, options, costs))
    return _solve(model, v, options)


def _add_option(model, v: _Variables, option: Option) -> None:
    least, most = option.sessions
    domain = cp_model.Domain.from_intervals([[0, 0], [least, most]])
    sessions = model.new_int_var_from_domain(domain, f"n_{option.code}")
    chosen = model.new_bool_var(f"y_{option.code}")
    model.add(sessions >= least * chosen)
    model.add(sessions <= most * chosen)
    v.sessions[option.code], v.chosen[option.code] = sessions, chosen


def _add_pairs(model, v: _Variables, problem: Problem) -> None:
    for (a, b), between in sorted(problem.between.items()):
        if a not in v.chosen or b not in v.chosen:
            continue
        if between.never:
            model.add_at_most_one([v.chosen[a], v.chosen[b]])
        elif between.synergy:
            most = min(problem.by_code[a].sessions[1], problem.by_code[b].sessions[1])
            joint = model.new_int_var(0, most, f"j_{a}_{b}")
            model.add(joint <= v.sessions[a])
            model.add(joint <= v.sessions[b])
            v.joint[a, b] = joint


def _add_gain(model, v: _Variables, problem: Problem, lot: Lot, index: int) -> None:
    """The improvement of one lot, under the straight lines of its curve."""
    classes: dict = {}
    for code, step in lot.steps:
        if code in v.sessions:
            classes.setdefault(problem.by_code[code].mechanism, []).append((code, step))
    if not classes or not lot.weight:
        return
    terms = []
    for members in classes.values():
        parts = [(v.sessions[c], s, s * problem.by_code[c].sessions[1]) for c, s in members]
        if len(parts) == 1:
            terms.append(TENTHS * parts[0][1] * parts[0][0])
            continue
        terms.append(problem.overlap * sum(step * given for given, step, _ in parts))
        terms.append((TENTHS - problem.overlap) * _strongest(model, parts, index))
    for pair in lot.gains:
        if pair in v.joint and problem.weaker(lot, pair):
            terms.append(problem.synergy * problem.weaker(lot, pair) * v.joint[pair])
    log = sum(terms)
    gain = model.new_int_var(0, lot.weight, f"u_{index}")
    for i in range(len(KNOTS) - 1):
        width = (KNOTS[i + 1] - KNOTS[i]) * TENTHS
        rise = problem.curve[i + 1] - problem.curve[i]
        # gain / weight <= (curve_i + rise * (log - knot_i) / width) / CURVE
        start = problem.curve[i] * width - rise * KNOTS[i] * TENTHS
        model.add(gain * (CURVE * width) <= log * (lot.weight * rise) + lot.weight * start)
    v.gains.append(gain)


def _strongest(model, parts, index: int):
    top = max(most for _, _, most in parts)
    strongest = model.new_int_var(0, top, f"m_{index}")
    picks = []
    for given, step, _ in parts:
        pick = model.new_bool_var("")
        model.add(strongest <= step * given).only_enforce_if(pick)
        picks.append(pick)
    model.add_exactly_one(picks)
    return strongest


def _add_costs(model, v: _Variables, problem: Problem, options) -> dict:
    """Cents, visits, days of downtime and of the course; the last three are lower bounds."""
    cents = sum(
        option.cents * (v.chosen if option.by_course else v.sessions)[option.code]
        for option in options
    )
    if problem.budget_cents is not None:
        model.add(cents <= problem.budget_cents)
    most = problem.max_visits if problem.max_visits is not None else 99
    visits = model.new_int_var(0, max(0, most), "visits")
    downtime = model.new_int_var(0, 999, "downtime")
    extra = sum(
        option.extra_visits * v.sessions[option.code] + option.once_visits * v.chosen[option.code]
        for option in options
    )
    for clique in _cliques(problem, options):
        given = [(problem.by_code[code], v.sessions[code]) for code in clique]
        model.add(visits >= sum(o.pieces * n for o, n in given) + extra + problem.other_visits)
        model.add(downtime >= sum(o.downtime * o.pieces * n for o, n in given))
    days = _add_days(model, v, problem, options)
    return {"cents": cents, "visits": visits, "downtime": downtime, "days": days}


def _cliques(problem: Problem, options) -> list[tuple[str, ...]]:
    """Each treatment alone, and the groups of two and three that never share a visit."""
    codes = [option.code for option in options]

    def apart(a: str, b: str) -> bool:
        between = problem.between.get((a, b) if a < b else (b, a))
        return between is not None and not between.together and not between.never

    pairs = [(a, b) for i, a in enumerate(codes) for b in codes[i + 1 :] if apart(a, b)]
    threes = [
        (a, b, c)
        for a, b in pairs
        for c in codes[codes.index(b) + 1 :]
        if apart(a, c) and apart(b, c)
    ]
    return [(code,) for code in codes] + pairs + threes


def _add_days(model, v: _Variables, problem: Problem, options):
    """A lower bound of the course's length in days, from its first procedure to the last healed.

    Every treatment has a first day; courses that come one after the other are laid end to end.
    """
    days = model.new_int_var(0, 2000, "days")
    start = {o.code: model.new_int_var(0, problem.block_days, f"s_{o.code}") for o in options}
    length = {o.code: o.interval_days * (v.sessions[o.code] - v.chosen[o.code]) for o in options}
    for option in options:
        code, chosen = option.code, v.chosen[option.code]
        model.add(start[code] + length[code] <= problem.block_days)
        model.add(days >= start[code] + length[code] + option.downtime * chosen)
        if problem.last_day is not None:
            over = length[code] + (option.starts + option.downtime) * chosen
            model.add(over <= problem.last_day)
    for (a, b), between in sorted(problem.between.items()):
        if a not in start or b not in start or between.never:
            continue
        first = between.course_first or between.starts_first
        if not first:
            continue
        other = b if first == a else a
        wait = 0 if between.together else between.gap_days
        reach = start[first] + (length[first] if between.course_first else 0) + wait
        model.add(start[other] >= reach).only_enforce_if(v.chosen[a], v.chosen[b])
    return days


def _rule_out(model, v: _Variables, choice: Choice) -> None:
    """Not this choice again."""
    differs = []
    for code, sessions in v.sessions.items():
        wanted = choice.count.get(code, 0)
        if not wanted:
            differs.append(v.chosen[code])
            continue
        same = model.new_bool_var("")
        model.add(sessions == wanted).only_enforce_if(same)
        model.add(sessions != wanted).only_enforce_if(same.negated())
        differs.append(same.negated())
    model.add_bool_or(differs)


def _objective(v: _Variables, strategy: Strategy, options, costs: dict):
    """The strategy's weights in MICRO-points: improvement less its price in every sense."""
    micro = {name: round(value * MICRO) for name, value in strategy.weights.items()}
    pigment = sum(option.pigment * v.sessions[option.code] for option in options)
    return (
        micro["improvement"] // POINT * sum(v.gains)
        - round(strategy.min_gain * MICRO) * sum(v.sessions.values())
        - micro["downtime"] * costs["downtime"]
        - micro["cost"] // CENTS_PER_UNIT * costs["cents"]
        - micro["visits"] * costs["visits"]
        - micro["pigment"] * pigment
        - micro["weeks"] // 7 * costs["days"]
    )


def _solve(model, v: _Variables, options) -> Chosen:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 7
    solver.parameters.max_deterministic_time = EFFORT
    status = solver.solve(model)
    if status == cp_model.MODEL_INVALID:
        raise ValueError(model.validate())
    if status == cp_model.INFEASIBLE:
        return Chosen(None, float("-inf"), True)
    bound = solver.best_objective_bound / MICRO
    if status == cp_model.UNKNOWN:
        return Chosen(None, bound, False)
    counts = ((option.code, solver.value(v.sessions[option.code])) for option in options)
    choice = Choice(tuple((code, count) for code, count in counts if count))
    return Chosen(choice, bound, status == cp_model.OPTIMAL)
