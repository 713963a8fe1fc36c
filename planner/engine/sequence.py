"""When: the visits of a block, placed exactly by CP-SAT.

Every session of every treatment gets a day. Sessions of one treatment keep its usual interval
(at most its longest one), two treatments in a common field keep their pair's rule, a visit holds
what its chair time and the local anaesthetic allow. Few visits, few days, little downtime.
"""

from dataclasses import dataclass
from itertools import product
from math import floor

from ortools.sat.python import cp_model

from planner.engine.catalogue import Strategy

MICRO = 1_000_000
EFFORT = 0.6  # deterministic seconds
DAY_LIMIT = 900
SLACK = 1000  # a thousandth of a point, for what rounding to whole numbers loses


@dataclass(frozen=True)
class Piece:
    """A treatment, or the part of its places that one visit can hold."""

    key: str  # the treatment's code, with a number where it is split
    treatment: str
    places: tuple[str, ...]
    sessions: int
    interval: int
    longest: int | None
    starts: int  # first possible day
    downtime: int
    minutes: int
    milligrams: int  # local anaesthetic a session, in tenths
    closed: tuple[tuple[int, int], ...] = ()  # spans of days without a session


@dataclass(frozen=True)
class Rule:
    """What holds between two pieces; a missing rule lets them share a visit freely."""

    together: bool
    gap: int
    course_first: str = ""  # key of the piece whose whole course comes first
    starts_first: str = ""


@dataclass(frozen=True)
class Bench:
    """What a visit can hold, and the plan's own limits."""

    minutes: int
    milligrams: int | None
    least_between_visits: int
    max_visits: int | None = None  # procedure visits
    last_day: int | None = None
    longest: int | None = None  # days from the first procedure to the last


@dataclass(frozen=True)
class Placed:
    """Days by (piece key, number of the session), counted from the first possible day."""

    days: tuple[tuple[str, tuple[int, ...]], ...]
    proven: bool


def sequence(
    pieces, rules: dict, bench: Bench, strategy: Strategy, helping=(), worth=None, most=None
) -> Placed | None:
    """The best sequence of these pieces; None if there is none that costs at most `most` points.

    `helping` are pairs of keys that are better in one session, `worth` the points of meeting so
    many times, one number a pair. A solver that ran out of time gives no days and no proof.
    """
    if not pieces:
        return Placed((), True)
    model = cp_model.CpModel()
    horizon = bench.last_day if bench.last_day is not None else DAY_LIMIT
    if horizon < 0:
        return None
    if any(piece.starts > horizon for piece in pieces):
        return None
    day = {
        (piece.key, k): model.new_int_var_from_domain(_open_days(piece, horizon), "")
        for piece in pieces
        for k in range(piece.sessions)
    }
    for piece in pieces:
        _space(model, day, piece, horizon)
    items = sorted(day)
    by_key = {piece.key: piece for piece in pieces}
    same: dict = {}
    for i, one in enumerate(items):
        for other in items[i + 1 :]:
            if one[0] != other[0]:
                _between(model, day, same, one, other, rules, bench)
    for (first, second), rule in sorted(rules.items()):
        _order(model, day, by_key[first], by_key[second], rule)
    visits, downtime = _visits(model, items, same, by_key)
    _load(model, items, same, by_key, bench)
    last = model.new_int_var(0, horizon, "last")
    start = model.new_int_var(0, horizon, "start")
    for piece in pieces:
        model.add(last >= day[piece.key, piece.sessions - 1] + piece.downtime)
        model.add(start <= day[piece.key, 0])
        if bench.longest is not None:
            model.add(day[piece.key, piece.sessions - 1] - start <= bench.longest)
    if bench.max_visits is not None:
        model.add(visits <= bench.max_visits)
    met = _met(model, same, by_key, helping, worth)
    price = _price(strategy, visits, downtime, last, start) - met
    if most is not None:
        model.add(price <= floor(most * MICRO) + SLACK)
    # Of equally good sequences the one that is soonest done.
    tidy = 100 * last + sum(day[item] for item in items)
    model.minimize(price + tidy)
    return _solve(model, pieces, day)


def _open_days(piece: Piece, horizon: int):
    """From its start to the horizon, without the spans that are closed."""
    days = cp_model.Domain(piece.starts, horizon)
    for first, last in piece.closed:
        days = days.intersection_with(cp_model.Domain(first, last).complement())
    return days


def _space(model, day: dict, piece: Piece, horizon: int) -> None:
    for k in range(1, piece.sessions):
        gap = day[piece.key, k] - day[piece.key, k - 1]
        model.add(gap >= piece.interval)
        if piece.longest is not None:
            model.add(gap <= max(piece.longest, piece.interval))
    if piece.sessions:
        model.add(day[piece.key, piece.sessions - 1] + piece.downtime <= horizon)


def _between(model, day, same, one, other, rules, bench) -> None:
    """Two sessions of different pieces: on one day, or apart in one order or the other."""
    rule = rules.get((one[0], other[0])) or rules.get((other[0], one[0]))
    gap = max(rule.gap if rule else 0, bench.least_between_visits)
    here, before = model.new_bool_var(""), model.new_bool_var("")
    after = model.new_bool_var("")
    model.add_exactly_one([here, before, after])
    model.add(day[one] == day[other]).only_enforce_if(here)
    model.add(day[other] >= day[one] + gap).only_enforce_if(before)
    model.add(day[one] >= day[other] + gap).only_enforce_if(after)
    if rule and not rule.together:
        model.add(here == 0)
    same[one, other] = here


def _order(model, day, one: Piece, other: Piece, rule: Rule) -> None:
    for first, second in ((one, other), (other, one)):
        if rule.course_first == first.key:
            gap = 0 if rule.together else rule.gap
            model.add(day[second.key, 0] >= day[first.key, first.sessions - 1] + gap)
        if rule.starts_first == first.key:
            model.add(day[second.key, 0] >= day[first.key, 0])


def _visits(model, items, same, by_key):
    """Visits, and the sum over visits of their longest downtime."""
    opens, burdens = [], []
    for i, item in enumerate(items):
        earlier = [same[other, item] for other in items[:i] if (other, item) in same]
        opener = model.new_bool_var("")
        model.add_bool_or([opener, *earlier])
        for literal in earlier:
            model.add_implication(literal, opener.negated())
        opens.append(opener)
        burden = model.new_int_var(0, 99, "")
        longest = by_key[item[0]].downtime
        model.add(burden >= longest).only_enforce_if(opener)
        for other in items[i + 1 :]:
            if (item, other) in same and by_key[other[0]].downtime > longest:
                model.add(burden >= by_key[other[0]].downtime).only_enforce_if(
                    opener, same[item, other]
                )
        burdens.append(burden)
    return sum(opens), sum(burdens)


def _met(model, same, by_key, helping, worth):
    """The points, in millionths, of how often the helping pairs share a visit: a table, exact."""
    if not helping:
        return 0
    counts, most = [], []
    for a, b in helping:
        times = [literal for (one, other), literal in same.items() if {one[0], other[0]} == {a, b}]
        most.append(min(by_key[a].sessions, by_key[b].sessions))
        count = model.new_int_var(0, most[-1], f"met_{a}_{b}")
        model.add(count == sum(times))
        counts.append(count)
    rows = list(product(*(range(limit + 1) for limit in most)))
    base = worth(rows[0])
    values = [round((worth(row) - base) * MICRO) for row in rows]
    points = model.new_int_var(0, max(0, *values), "points")
    table = [(*row, value) for row, value in zip(rows, values, strict=True)]
    model.add_allowed_assignments([*counts, points], table)
    return points


def _load(model, items, same, by_key, bench: Bench) -> None:
    """Chair time and local anaesthetic of whatever shares a visit."""
    for i, item in enumerate(items):
        mates = [
            (by_key[other[0]], same.get((item, other), same.get((other, item))))
            for j, other in enumerate(items)
            if j != i and other[0] != item[0]
        ]
        mine = by_key[item[0]]
        model.add(
            mine.minutes + sum(p.minutes * s for p, s in mates) <= max(bench.minutes, mine.minutes)
        )
        if bench.milligrams is not None and mine.milligrams:
            limit = max(bench.milligrams, mine.milligrams)
            model.add(mine.milligrams + sum(p.milligrams * s for p, s in mates) <= limit)


def _price(strategy, visits, downtime, last, start):
    micro = {name: round(value * MICRO) for name, value in strategy.weights.items()}
    return (
        micro["visits"] * visits
        + micro["downtime"] * downtime
        + micro["weeks"] // 7 * (last - start)
    )


def _solve(model, pieces, day) -> Placed | None:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 7
    solver.parameters.max_deterministic_time = EFFORT
    solver.parameters.cp_model_probing_level = 0  # a quarter of the time, for nothing here
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Placed((), False)
    return Placed(
        tuple(
            (piece.key, tuple(solver.value(day[piece.key, k]) for k in range(piece.sessions)))
            for piece in pieces
        ),
        status == cp_model.OPTIMAL,
    )
