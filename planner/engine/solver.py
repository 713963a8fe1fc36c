"""When, by CP-SAT: what the search over orders (ordering.py) leaves open.

Closed days, longest intervals, a day to be done by and steps that stand on their day bind here; a
sequence that is known already is its first hint.
"""

from itertools import product
from math import floor

from ortools.sat.python import cp_model

from planner.engine.ordering import NEVER
from planner.engine.sequence import Bench, Piece, Placed, Rule

UNIT = 70_000  # in a point: a day's part of a weekly price is a whole number too
TIDY = 1000  # more than any day: of equally good sequences the one that is soonest done
EFFORT = 0.6  # deterministic seconds
DAY_LIMIT = 900
SLACK = UNIT // 1000  # a thousandth of a point, for what rounding to whole numbers loses


def solve(
    pieces, rules: dict, bench: Bench, strategy, helping, worth, most: float, known: Placed | None
) -> Placed | None:
    """The best sequence that costs at most `most`; where there is none, `known`, then proven."""
    model = cp_model.CpModel()
    horizon = bench.last_day if bench.last_day is not None else DAY_LIMIT
    if any(piece.starts > horizon for piece in pieces if not piece.stands) or horizon < 0:
        return None
    latest = max(horizon, *(piece.starts + piece.downtime for piece in pieces))
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
            if by_key[one[0]].stands and by_key[other[0]].stands:
                meet = by_key[one[0]].starts == by_key[other[0]].starts
                same[one, other] = model.new_constant(meet)
            elif one[0] != other[0]:
                _between(model, day, same, one, other, rules, bench)
    for (first, second), rule in sorted(rules.items()):
        _order(model, day, by_key[first], by_key[second], rule)
    visits, downtime = _visits(model, items, same, by_key)
    _load(model, items, same, by_key, bench)
    last = model.new_int_var(0, latest, "last")
    earliest = min(0, *(piece.starts for piece in pieces))
    start = model.new_int_var(earliest, latest, "start")
    for piece in pieces:
        model.add(last >= day[piece.key, piece.sessions - 1] + piece.downtime)
        model.add(start <= day[piece.key, 0])
        if bench.longest is not None:
            model.add(day[piece.key, piece.sessions - 1] - start <= bench.longest)
    if bench.max_visits is not None:
        model.add(visits <= bench.max_visits)
    points = _met(model, same, by_key, helping, worth)
    if points is None:
        return None
    price = _price(strategy, visits, downtime, last, start) - points
    if most != NEVER:
        model.add(price <= floor(most * UNIT) + SLACK)
    model.minimize(TIDY * price + last)
    for key, days in known.days if known else ():
        for k, value in enumerate(days):
            model.add_hint(day[key, k], value)
    return _answer(model, pieces, day, known)


def _open_days(piece: Piece, horizon: int):
    """From its start to the horizon, without the spans that are closed."""
    if piece.stands:
        return cp_model.Domain(piece.starts, piece.starts)
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
    if not piece.stands:
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
    """The points of how often the helping pairs share a visit: a table, exact. None: never enough.

    A number of meetings that is worth minus infinity is not allowed.
    """
    counts, most = [], []
    for a, b in helping:
        times = [literal for (one, other), literal in same.items() if {one[0], other[0]} == {a, b}]
        most.append(min(by_key[a].sessions, by_key[b].sessions))
        count = model.new_int_var(0, most[-1], f"met_{a}_{b}")
        model.add(count == sum(times))
        counts.append(count)
    rows = product(*(range(limit + 1) for limit in most))
    table = [(*row, round(value * UNIT)) for row in rows if (value := worth(row)) != -NEVER]
    if not table:
        return None
    values = [row[-1] for row in table]
    points = model.new_int_var(min(values), max(values), "points")
    model.add_allowed_assignments([*counts, points], table)
    return points


def _load(model, items, same, by_key, bench: Bench) -> None:
    """Chair time, local anaesthetic, filler and areas of whatever shares a visit."""
    for i, item in enumerate(items):
        mates = [
            (by_key[other[0]], same.get((item, other), same.get((other, item))))
            for j, other in enumerate(items)
            if j != i and other[0] != item[0]
        ]
        mine = by_key[item[0]]
        if mine.stands:
            continue
        here = [s for _, s in mates]
        for most, own, others in bench.loads(mine, [piece for piece, _ in mates]):
            shared = sum(load * s for load, s in zip(others, here, strict=True))
            model.add(own + shared <= max(most, own))
        if bench.areas is not None:
            _areas(model, mine, mates, bench.areas)


def _areas(model, mine: Piece, mates, most: int) -> None:
    """Each place counts once, whatever shares the visit in it."""
    more = []
    for place in sorted({p for piece, _ in mates for p in piece.places} - set(mine.places)):
        treated = model.new_bool_var("")
        for piece, same in mates:
            if place in piece.places:
                model.add_implication(same, treated)
        more.append(treated)
    model.add(len(mine.places) + sum(more) <= max(most, len(mine.places)))


def _price(strategy, visits, downtime, last, start):
    micro = {name: round(value * UNIT) for name, value in strategy.weights.items()}
    return (
        micro["visits"] * visits
        + micro["downtime"] * downtime
        + micro["weeks"] // 7 * (last - start)
    )


def _answer(model, pieces, day, known: Placed | None) -> Placed | None:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 7
    solver.parameters.max_deterministic_time = EFFORT
    solver.parameters.cp_model_probing_level = 0  # a quarter of the time, for nothing here
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return known and Placed(known.days, True)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return known or Placed((), False)
    return Placed(
        tuple(
            (piece.key, tuple(solver.value(day[piece.key, k]) for k in range(piece.sessions)))
            for piece in pieces
        ),
        status == cp_model.OPTIMAL,
    )
