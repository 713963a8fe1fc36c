"""What is chosen: how many sessions of which treatment in which zone, solved exactly by CP-SAT.

A zone is a set of places in the same situation: the same scar types, the same treatments allowed.
The choice is made in integers: improvement in hundredths of a percentage point, logarithms in
thousandths, money in cents. Visits, weeks and days of downtime enter as lower bounds here, so that
the solver's bound also bounds every real sequence (sequence.py), and no plan can beat it.
"""

from dataclasses import dataclass, field
from functools import cached_property
from math import exp

from ortools.sat.python import cp_model

from planner.engine.catalogue import Strategy, Treatment

POINT = 100  # hundredths of a percentage point
LOG = 1000
CURVE = 1000
MICRO = 1_000_000  # the objective's units in one percentage point
CENTS_PER_UNIT = 10_000  # a strategy's cost weight is per hundred of the currency
TENTHS = 10  # overlap and synergy are whole tenths
KNOTS = (0, 120, 240, 360, 480, 600, 740, 880, 1040, 1220, 1440, 1720, 2100, 2700, 3600)
EFFORT = 1.0  # deterministic seconds of the solver for one choice


@dataclass(frozen=True)
class Zone:
    places: tuple[str, ...]
    groups: tuple[int, ...]  # indices of the case's groups


@dataclass(frozen=True)
class Option:
    """A treatment that may be planned, and where."""

    row: Treatment
    zones: tuple[int, ...]
    sessions: tuple[int, int]  # at least, at most in this block
    steps: dict  # group index -> thousandths of a logarithm a session
    interval_days: int
    downtime: int
    pigment: int
    starts: int  # days after the first possible day on which it may first be given
    cents: int  # per unit of price
    units: dict  # zone -> units a session (places, scars, hundredths of a syringe)
    mechanism: int
    extra_visits: int  # visits that each session brings (suture removal)
    once_visits: int = 0  # visits that the first session brings (a test area and its reading)

    @property
    def code(self) -> str:
        return self.row.code


@dataclass(frozen=True)
class Problem:
    """A block's choice, the same for every strategy."""

    zones: tuple[Zone, ...]
    options: tuple[Option, ...]
    weights: tuple[int, ...]  # hundredths of a percentage point that a group's load is worth
    ceiling: float
    overlap: int  # tenths
    synergy: int  # tenths
    between: dict  # (code, code) sorted -> Between
    shared: dict  # (code, code) sorted -> pairs of zones with a common field
    synergies: dict  # (code, code) sorted -> indices of the groups that gain by both
    required: tuple[tuple[int, tuple[str, ...]], ...]  # zone, one of these treatments
    max_visits: int | None
    budget_cents: int | None
    last_day: int | None  # latest end of the last procedure's healing, from the first possible day
    other_visits: int  # the review
    block_days: int  # from the first procedure of a block to its last, at most

    @cached_property
    def by_code(self) -> dict:
        return {option.code: option for option in self.options}

    def kept(self, log: int) -> float:
        """What is kept of a weight, with `log` in ten-thousandths; straight between the knots."""
        curve, unit = self.curve, TENTHS
        return min(
            curve[i]
            + (curve[i + 1] - curve[i]) * (log / unit - KNOTS[i]) / (KNOTS[i + 1] - KNOTS[i])
            for i in range(len(KNOTS) - 1)
        )

    @cached_property
    def curve(self) -> tuple[int, ...]:
        return tuple(round(self.ceiling * (1 - exp(-knot / LOG)) * CURVE) for knot in KNOTS)


@dataclass(frozen=True)
class Choice:
    """Sessions by treatment and the zones each treats; empty for nothing."""

    sessions: tuple[tuple[str, int], ...] = ()
    zones: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @cached_property
    def count(self) -> dict:
        return dict(self.sessions)

    @cached_property
    def where(self) -> dict:
        return dict(self.zones)


@dataclass(frozen=True)
class Chosen:
    choice: Choice | None
    bound: float  # percentage points of the objective
    proven: bool


@dataclass
class _Variables:
    sessions: dict = field(default_factory=dict)
    chosen: dict = field(default_factory=dict)
    here: dict = field(default_factory=dict)  # (code, zone) -> bool
    given: dict = field(default_factory=dict)  # (code, zone) -> sessions there
    both: dict = field(default_factory=dict)  # pair -> treated in a common field
    joint: dict = field(default_factory=dict)  # (pair, zone) -> sessions together
    gains: list = field(default_factory=list)


def choose(
    problem: Problem, strategy: Strategy, *, floor: int = 0, without=(), ruled_out=()
) -> Chosen:
    """The best choice for a strategy.

    `floor` is the least improvement (hundredths of a point), `without` treatments left out,
    `ruled_out` choices that turned out to have no sequence as good as promised.
    """
    model = cp_model.CpModel()
    v = _Variables()
    options = [option for option in problem.options if option.code not in without]
    for option in options:
        _add_option(model, v, option)
    _add_pairs(model, v, problem, options)
    _add_required(model, v, problem, options)
    for index in range(len(problem.weights)):
        _add_gain(model, v, problem, options, index)
    costs = _add_costs(model, v, problem, options)
    if floor:
        model.add(sum(v.gains) >= floor)
    for choice in ruled_out:
        _rule_out(model, v, choice)
    model.maximize(_objective(v, strategy, options, costs))
    return _solve(model, v, options)


def _add_option(model, v: _Variables, option: Option) -> None:
    least, most = option.sessions
    domain = cp_model.Domain.from_intervals([[0, 0], [least, most]])
    sessions = model.new_int_var_from_domain(domain, f"n_{option.code}")
    chosen = model.new_bool_var(f"y_{option.code}")
    model.add(sessions >= least).only_enforce_if(chosen)
    model.add(sessions == 0).only_enforce_if(chosen.negated())
    v.sessions[option.code], v.chosen[option.code] = sessions, chosen
    heres = []
    for zone in option.zones:
        here = model.new_bool_var(f"x_{option.code}_{zone}")
        given = model.new_int_var(0, most, f"k_{option.code}_{zone}")
        model.add(given == sessions).only_enforce_if(here)
        model.add(given == 0).only_enforce_if(here.negated())
        model.add_implication(here, chosen)
        v.here[option.code, zone], v.given[option.code, zone] = here, given
        heres.append(here)
    model.add_bool_or([*heres, chosen.negated()])


def _add_pairs(model, v: _Variables, problem: Problem, options) -> None:
    codes = {option.code for option in options}
    for pair, between in sorted(problem.between.items()):
        if not codes.issuperset(pair):
            continue
        a, b = pair
        common = problem.shared[pair]
        if between.never:
            for zone, other in common:
                model.add_bool_or([v.here[a, zone].negated(), v.here[b, other].negated()])
            continue
        both = model.new_bool_var(f"both_{a}_{b}")
        for zone, other in common:
            model.add_bool_or([v.here[a, zone].negated(), v.here[b, other].negated(), both])
        v.both[pair] = both
        if between.synergy:
            _add_joint(model, v, problem, pair)


def _add_joint(model, v: _Variables, problem: Problem, pair) -> None:
    a, b = pair
    for zone, other in problem.shared[pair]:
        if zone != other:
            continue
        most = min(problem.by_code[a].sessions[1], problem.by_code[b].sessions[1])
        joint = model.new_int_var(0, most, f"j_{a}_{b}_{zone}")
        model.add(joint <= v.given[a, zone])
        model.add(joint <= v.given[b, zone])
        v.joint[pair, zone] = joint


def _add_required(model, v: _Variables, problem: Problem, options) -> None:
    codes = {option.code for option in options}
    for zone, treatments in problem.required:
        heres = [v.here[code, zone] for code in treatments if code in codes]
        if heres:
            model.add_bool_or(heres)


def _add_gain(model, v: _Variables, problem: Problem, options, index: int) -> None:
    """The improvement of one group, under the straight lines of its curve."""
    log = _logarithm(model, v, problem, options, index)
    if log is None:
        return
    weight = problem.weights[index]
    gain = model.new_int_var(0, weight, f"u_{index}")
    for i in range(len(KNOTS) - 1):
        width = (KNOTS[i + 1] - KNOTS[i]) * TENTHS
        rise = problem.curve[i + 1] - problem.curve[i]
        # gain / weight <= (curve_i + rise * (log - knot_i) / width) / CURVE
        start = problem.curve[i] * width - rise * KNOTS[i] * TENTHS
        model.add(gain * (CURVE * width) <= log * (weight * rise) + weight * start)
    v.gains.append(gain)


def _logarithm(model, v: _Variables, problem: Problem, options, index: int):
    """A group's logarithm in ten-thousandths: one mechanism counts its strongest in full."""
    zone = next(i for i, z in enumerate(problem.zones) if index in z.groups)
    classes: dict = {}
    for option in options:
        step = option.steps.get(index)
        if step and zone in option.zones:
            classes.setdefault(option.mechanism, []).append((option, step))
    if not classes:
        return None
    terms = []
    for members in classes.values():
        parts = [(v.given[o.code, zone], step, step * o.sessions[1]) for o, step in members]
        if len(parts) == 1:
            terms.append(TENTHS * parts[0][1] * parts[0][0])
            continue
        strongest = _strongest(model, parts, index)
        terms.append(problem.overlap * sum(step * given for given, step, _ in parts))
        terms.append((TENTHS - problem.overlap) * strongest)
    for (pair, where), joint in v.joint.items():
        if where == zone:
            weaker = _weaker(problem, pair, index)
            if weaker:
                terms.append(problem.synergy * weaker * joint)
    return sum(terms)


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


def _weaker(problem: Problem, pair, index: int) -> int:
    if index not in problem.synergies[pair]:
        return 0
    a, b = (problem.by_code[code] for code in pair)
    return min(a.steps.get(index, 0), b.steps.get(index, 0))


def _add_costs(model, v: _Variables, problem: Problem, options) -> dict:
    """Cents, visits, days of downtime and of the course; the last three are lower bounds."""
    cents = sum(_cents(model, v, option) for option in options)
    limit = problem.budget_cents
    if limit is not None:
        model.add(cents <= limit)
    alone = _cliques(problem, options)
    visits = model.new_int_var(
        0, problem.max_visits if problem.max_visits is not None else 99, "visits"
    )
    downtime = model.new_int_var(0, 999, "downtime")
    some = model.new_bool_var("some")
    model.add_max_equality(some, [v.chosen[option.code] for option in options] or [0])
    extra = sum(
        option.extra_visits * v.sessions[option.code] + option.once_visits * v.chosen[option.code]
        for option in options
    )
    for clique in alone:
        together = [problem.by_code[code] for code in clique]
        apart = _apart(model, v, problem, clique)
        model.add(
            visits >= sum(v.sessions[o.code] for o in together) + extra + problem.other_visits
        ).only_enforce_if(some, *apart)
        model.add(
            downtime >= sum(o.downtime * v.sessions[o.code] for o in together)
        ).only_enforce_if(apart)
    days = _add_days(model, v, problem, options)
    return {"cents": cents, "visits": visits, "downtime": downtime, "days": days}


def _apart(model, v: _Variables, problem: Problem, clique) -> list:
    """Literals under which no two of a clique can share a visit."""
    return [
        v.both[pair]
        for pair in sorted(problem.between)
        if pair[0] in clique and pair[1] in clique and pair in v.both
    ]


def _cliques(problem: Problem, options) -> list[tuple[str, ...]]:
    """Each treatment alone, and the groups of two and three that never share a visit."""
    codes = [option.code for option in options]

    def apart(a: str, b: str) -> bool:
        between = problem.between.get(tuple(sorted((a, b))))
        return between is not None and not between.together and not between.never

    pairs = [(a, b) for i, a in enumerate(codes) for b in codes[i + 1 :] if apart(a, b)]
    threes = [
        (a, b, c)
        for a, b in pairs
        for c in codes[codes.index(b) + 1 :]
        if apart(a, c) and apart(b, c)
    ]
    return [(code,) for code in codes] + pairs + threes


def _cents(model, v: _Variables, option: Option):
    unit = option.row.price_unit
    code, cents = option.code, option.cents
    if not cents:
        return 0
    if unit == "course":
        return cents * v.chosen[code]
    if unit in ("region", "scar"):
        return cents * sum(option.units[zone] * v.given[code, zone] for zone in option.zones)
    if unit == "syringe":
        most = -(-sum(option.units.values()) // 100)
        syringes = model.new_int_var(0, most, f"s_{code}")
        volume = sum(option.units[zone] * v.here[code, zone] for zone in option.zones)
        model.add(100 * syringes >= volume)
        total = model.new_int_var(0, most * option.sessions[1], f"t_{code}")
        model.add_multiplication_equality(total, [syringes, v.sessions[code]])
        return cents * total
    return cents * v.sessions[code]


def _add_days(model, v: _Variables, problem: Problem, options):
    """A lower bound of the course's length in days, from its first procedure to the last healed."""
    horizon = problem.last_day if problem.last_day is not None else 2000
    days = model.new_int_var(0, max(0, horizon), "days")
    for option in options:
        n, chosen = v.sessions[option.code], v.chosen[option.code]
        course = option.interval_days * (n - 1) + option.downtime
        model.add(days >= course).only_enforce_if(chosen)
        model.add(option.interval_days * (n - 1) <= problem.block_days).only_enforce_if(chosen)
        if problem.last_day is not None:
            model.add(course + option.starts <= problem.last_day).only_enforce_if(chosen)
    for (a, b), both in v.both.items():
        between = problem.between[a, b]
        first = between.course_first
        if not first or between.together:
            continue
        one, other = problem.by_code[first], problem.by_code[b if first == a else a]
        model.add(
            days
            >= one.interval_days * (v.sessions[one.code] - 1)
            + between.gap_days
            + other.interval_days * (v.sessions[other.code] - 1)
            + other.downtime
        ).only_enforce_if(both, v.chosen[a], v.chosen[b])
    return days


def _rule_out(model, v: _Variables, choice: Choice) -> None:
    """Not this choice again."""
    differs = []
    for code, sessions in v.sessions.items():
        same = model.new_bool_var("")
        wanted = choice.count.get(code, 0)
        model.add(sessions == wanted).only_enforce_if(same)
        model.add(sessions != wanted).only_enforce_if(same.negated())
        differs.append(same.negated())
    for (code, zone), here in v.here.items():
        wanted = zone in choice.where.get(code, ())
        differs.append(here.negated() if wanted else here)
    model.add_bool_or(differs)


def _objective(v: _Variables, strategy: Strategy, options, costs: dict):
    """The strategy's weights in MICRO-points: improvement less its price in every sense."""
    micro = {name: round(value * MICRO) for name, value in strategy.weights.items()}
    pigment = sum(option.pigment * v.sessions[option.code] for option in options)
    sessions = sum(v.sessions.values())
    return (
        micro["improvement"] // POINT * sum(v.gains)
        - round(strategy.min_gain * MICRO) * sessions
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
    solver.parameters.cp_model_presolve = True
    status = solver.solve(model)
    if status in (cp_model.INFEASIBLE, cp_model.MODEL_INVALID):
        if status == cp_model.MODEL_INVALID:
            raise ValueError(model.validate())
        return Chosen(None, float("-inf"), True)
    bound = solver.best_objective_bound / MICRO
    if status == cp_model.UNKNOWN:
        return Chosen(None, bound, False)
    return Chosen(_read(solver, v, options), bound, status == cp_model.OPTIMAL)


def _read(solver, v: _Variables, options) -> Choice:
    sessions, zones = [], []
    for option in options:
        count = solver.value(v.sessions[option.code])
        if count:
            here = tuple(z for z in option.zones if solver.value(v.here[option.code, z]))
            sessions.append((option.code, count))
            zones.append((option.code, here))
    return Choice(tuple(sessions), tuple(zones))
