"""The solver against plain enumeration: on small problems both find the same best value.

The enumeration tries every number of sessions and every order of visits, each visit on its
earliest possible day; nothing of the search, its bounds or CP-SAT is used.
"""

import random
from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planner.engine import choose, ordering
from planner.engine.catalogue import Strategy, Treatment
from planner.engine.compose import arrange, score, search
from planner.engine.model import Choice, Lot, Option, Problem
from planner.engine.pairs import Between
from planner.engine.sequence import Bench, Piece, Rule, sequence
from planner.engine.solver import solve
from planner.engine.suggest import suggest
from tests.planner.shipped import catalogue, face, scars

WEIGHTS = ("improvement", "downtime", "cost", "visits", "weeks", "pigment")


def treatment(code: str) -> Treatment:
    return Treatment(
        code=code, name=code, kind="procedure", family="", mechanisms=("m",), performers=(),
        requires=(), needles=False, order=1, stage=1, skill="", price=None, price_unit="session",
        indications=(), contraindications=(), avoid_types=(), avoid_sources=(),
    )  # fmt: skip


def option(code: str, random_: random.Random) -> Option:
    least = random_.choice((1, 1, 2))
    return Option(
        row=treatment(code),
        places=("malar.L",),
        sessions=(least, random_.choice((2, 2, 3))),
        interval_days=7 * random_.randint(1, 4),
        downtime=random_.randint(0, 9),
        pigment=random_.randint(0, 2),
        starts=0,
        cents=100 * random_.randint(0, 900),
        mechanism=random_.randint(0, 2),
        extra_visits=random_.choice((0, 0, 1)),
        once_visits=0,
        pieces=1,
    )


def between(a: str, b: str, random_: random.Random) -> Between:
    together = random_.random() < 0.5
    first = random_.choice((a, b))
    order = random_.choice(("course", "starts", ""))
    return Between(
        a=a, b=b, together=together, never=not together and random_.random() < 0.2, avoid=False,
        synergy=together and random_.random() < 0.6, first=first, named=True,
        course_first=first if order == "course" else "",
        starts_first=first if order == "starts" else "",
        gap_days=7 * random_.randint(1, 4), least_days=7, scar_types=("rolling",), rules=("c1",),
        text="",
    )  # fmt: skip


def problem(seed: int) -> tuple[Problem, Strategy]:
    random_ = random.Random(seed)
    codes = ["a", "b", "c"][: random_.randint(1, 3)]
    options = tuple(option(code, random_) for code in codes)
    rules = {
        (a, b): between(a, b, random_) for a, b in combinations(codes, 2) if random_.random() < 0.8
    }
    rules = {
        pair: replace(rule, never=rule.never or (_alike(options, pair) and not rule.together))
        for pair, rule in rules.items()
    }
    lots = tuple(
        Lot(
            weight=random_.uniform(500, 6000),
            steps=tuple((code, random_.randint(0, 500)) for code in codes),
            gains=tuple(pair for pair, rule in rules.items() if rule.synergy),
        )
        for _ in range(random_.randint(1, 3))
    )
    weights = {name: random_.choice((0, 0.1, 0.5)) for name in WEIGHTS}
    weights["improvement"] = 1.0
    strategy = Strategy("s", "S", "", weights, 0.0, random_.choice((0.0, 0.5)), False, 1)
    return (
        Problem(
            options=options,
            lots=lots,
            ceiling=0.9,
            overlap=0.5,
            synergy=0.3,
            between=rules,
            required=random_.choice(((), (("a",),))),
            max_visits=random_.choice((None, 3, 5)),
            budget_cents=random_.choice((None, 90_000)),
            last_day=None,
            other_visits=1,
            block_days=random_.choice((84, 210)),
        ),
        strategy,
    )


def _alike(options, pair) -> bool:
    mechanism = {option.code: option.mechanism for option in options}
    return mechanism[pair[0]] == mechanism[pair[1]]


def best_by_enumeration(made: Problem, strategy: Strategy) -> float | None:
    counts = [(0, *range(o.sessions[0], o.sessions[1] + 1)) for o in made.options]
    values = [
        value
        for numbers in product(*counts)
        if any(numbers)
        and (value := best_of_choice(made, strategy, choice_of(made, numbers))) is not None
    ]
    return max(values, default=None)


def choice_of(made: Problem, numbers) -> Choice:
    codes = (option.code for option in made.options)
    return Choice(tuple((code, n) for code, n in zip(codes, numbers, strict=True) if n))


def best_of_choice(made: Problem, strategy: Strategy, choice: Choice) -> float | None:
    if not is_allowed(made, choice):
        return None
    values = []
    pieces = tuple(piece_of(made, code, n) for code, n in choice.sessions)
    for days in all_sequences(made, dict(choice.sessions)):
        visits = len({day for row in days.values() for day in row}) + made.other_visits
        visits += sum(made.by_code[code].extra_visits * n for code, n in choice.sessions)
        start = min(row[0] for row in days.values())
        if max(row[-1] for row in days.values()) - start > made.block_days:
            continue
        if made.max_visits is not None and visits > made.max_visits:
            continue
        together = {
            pair: len(set(days[pair[0]]) & set(days[pair[1]]))
            for pair, rule in made.between.items()
            if rule.synergy and pair[0] in days and pair[1] in days
        }
        gain = made.gain(choice.count, together)
        values.append(score(made, strategy, choice, pieces, days, gain))
    return max(values, default=None)


def is_allowed(made: Problem, choice: Choice) -> bool:
    taken = choice.count
    if any(not set(demand) & set(taken) for demand in made.required):
        return False
    if made.budget_cents is not None and made.cents(choice.sessions) > made.budget_cents:
        return False
    mechanisms: dict = {}
    for code in taken:
        mechanisms.setdefault(made.by_code[code].mechanism, []).append(code)
    return all(len(codes) < 3 for codes in mechanisms.values()) and all(
        _compatible(made, a, b) for a, b in combinations(taken, 2)
    )


def _compatible(made: Problem, a: str, b: str) -> bool:
    rule = made.rule(a, b)
    alike = made.by_code[a].mechanism == made.by_code[b].mechanism
    return rule is None or (not rule.never and (rule.together or not alike))


def piece_of(made: Problem, code: str, sessions: int) -> Piece:
    o = made.by_code[code]
    return Piece(code, code, o.places, sessions, o.interval_days, None, 0, o.downtime, 30, 0)


def all_sequences(made: Problem, left: dict):
    """Every order of visits, each on its earliest day."""

    def go_on(done: dict, last_visit: int):
        rest = [code for code in left if len(done[code]) < left[code]]
        if not rest:
            yield {code: tuple(days) for code, days in done.items()}
            return
        for size in range(1, len(rest) + 1):
            for group in combinations(rest, size):
                if not _may_meet(made, group, done, left):
                    continue
                day = max(
                    [last_visit + 7 if last_visit >= 0 else 0]
                    + [_earliest(made, code, done) for code in group]
                )
                yield from go_on({c: [*d, day] if c in group else d for c, d in done.items()}, day)

    return go_on({code: [] for code in left}, -1)


def _may_meet(made: Problem, group, done: dict, left: dict) -> bool:
    for a, b in combinations(group, 2):
        rule = made.rule(a, b)
        if rule and not rule.together:
            return False
    for code in group:
        for other in left:
            rule = made.rule(code, other) if other != code else None
            if rule is None:
                continue
            now = len(done[other]) + (other in group)
            if (
                rule.course_first == other
                and (now if rule.together else len(done[other])) < left[other]
            ):
                return False
            if rule.starts_first == other and not now:
                return False
    return True


def _earliest(made: Problem, code: str, done: dict) -> int:
    days = [0]
    if done[code]:
        days.append(done[code][-1] + made.by_code[code].interval_days)
    for other, row in done.items():
        rule = made.rule(code, other) if other != code else None
        if rule and row:
            days.append(row[-1] + rule.gap_days)
    return max(days)


def solve_problem(made: Problem, strategy: Strategy):
    """(value, bound, proven) as the planner finds them."""

    def realise(choice, beat):
        pieces = tuple(piece_of(made, code, n) for code, n in choice.sessions)
        rules = {
            pair: Rule(rule.together, rule.gap_days, rule.course_first, rule.starts_first)
            for pair, rule in made.between.items()
            if set(pair) <= set(choice.count)
        }
        extra = sum(made.by_code[code].extra_visits * n for code, n in choice.sessions)
        visits = None if made.max_visits is None else made.max_visits - made.other_visits - extra
        bench = Bench(999, None, 7, visits, None, made.block_days)
        return arrange(made, strategy, choice, pieces, rules, bench, beat)

    best, bound, proven = search(made, strategy, realise)
    return (best.value if best else None), bound, proven


@given(seed=st.integers(0, 10**9))
@example(seed=409798117)  # two that may share a visit, because a course may be stretched for it
@example(seed=304954457)
@settings(max_examples=max(300, 2 * settings().max_examples))
def test_the_solver_finds_what_enumeration_finds(seed):
    made, strategy = problem(seed)
    expected = best_by_enumeration(made, strategy)

    value, bound, proven = solve_problem(made, strategy)

    if expected is None:
        assert value is None
    else:
        assert value == pytest.approx(expected, abs=2e-3) or not proven
        assert value <= expected + 2e-3
        assert bound >= expected - 2e-3


def test_few_small_problems_are_left_unproven():
    solved = [solve_problem(*problem(seed)) for seed in range(60)]

    assert sum(proven for value, _, proven in solved if value is not None) >= 0.95 * sum(
        value is not None for value, _, _ in solved
    )


def test_a_visit_holds_no_more_than_its_time_its_anaesthetic_its_filler_and_its_areas():
    pieces = [
        Piece(code, code, ("malar.L",), 1, 28, None, 0, 3, 90, 1500, filler=ml)
        for code, ml in (("a", 200), ("b", 150))
    ]
    free = {("a", "b"): Rule(together=True, gap=7)}
    strategy = Strategy("s", "S", "", dict.fromkeys(WEIGHTS, 1.0), 0, 0, False, 1)

    def days(minutes, milligrams, filler=350, areas=None, there="malar.L"):
        bench = Bench(minutes, milligrams, 7, filler=filler, areas=areas)
        placed = sequence([pieces[0], replace(pieces[1], places=(there,))], free, bench, strategy)
        return len({day for _, days in placed.days for day in days})

    assert days(180, 3000) == 1
    assert days(180, 3000, 349) == 2
    assert days(150, 3000) == 2
    assert days(180, 2900) == 2
    assert days(180, 3000, areas=1) == 1
    assert days(180, 3000, areas=2, there="temple.R") == 1
    assert days(180, 3000, areas=1, there="temple.R") == 2


def pieces_and_rules(random_: random.Random):
    codes = ["a", "b", "c", "d"][: random_.randint(2, 4)]
    pieces = tuple(
        Piece(
            code, code, ("malar.L",), random_.randint(1, 3), 7 * random_.randint(1, 4),
            random_.choice((None, None, 42)), random_.choice((0, 0, 10, 30)),
            random_.randint(0, 9), random_.choice((20, 60, 90)), random_.choice((0, 900, 1500)),
            random_.choice(((), (), ((20, 40),))), filler=random_.choice((0, 0, 150, 250)),
        )
        for code in codes
    )  # fmt: skip
    rules = {}
    for a, b in combinations(codes, 2):
        first = random_.choice((a, b))
        order = random_.choice(("course", "starts", "", ""))
        rules[a, b] = Rule(
            random_.random() < 0.6, 7 * random_.randint(1, 4),
            first if order == "course" else "", first if order == "starts" else "",
        )  # fmt: skip
    bench = Bench(
        150, random_.choice((None, 2000)), 7, random_.choice((None, None, 6)),
        random_.choice((None, None, 90)), random_.choice((None, 84)), filler=400,
        areas=random_.choice((None, None, 1, 2)),
    )  # fmt: skip
    fields = ("malar.L", "malar.R", "temple.L")
    pieces = tuple(
        replace(piece, places=tuple(sorted(random_.sample(fields, random_.choice((1, 1, 2))))))
        for piece in pieces
    )
    return pieces, rules, bench


def price_of(placed, pieces, strategy) -> float:
    days, burdens, weights = dict(placed.days), {}, strategy.weights
    for piece in pieces:
        for day in days[piece.key]:
            burdens[day] = max(burdens.get(day, 0), piece.downtime)
    healed = max(days[p.key][-1] + p.downtime for p in pieces)
    start = min(row[0] for row in days.values())
    return (
        weights["visits"] * len(burdens)
        + weights["downtime"] * sum(burdens.values())
        + weights["weeks"] * (healed - start) / 7
    )


@given(seed=st.integers(0, 10**9))
@settings(max_examples=max(60, settings().max_examples // 4))
def test_the_search_over_orders_costs_what_the_solver_costs(seed):
    random_ = random.Random(seed)
    pieces, rules, bench = pieces_and_rules(random_)
    weights = {name: random_.choice((0.1, 0.5, 1.0)) for name in WEIGHTS}
    strategy = Strategy("s", "S", "", weights, 0.0, 0.0, False, 1)

    ours = sequence(pieces, rules, bench, strategy)
    theirs = solve(pieces, rules, bench, strategy, (), lambda counts: 0.0, ordering.NEVER, None)

    assert (ours is None) == (theirs is None)
    if ours and ours.proven and theirs.proven:
        paid, least = (price_of(placed, pieces, strategy) for placed in (ours, theirs))
        assert paid == pytest.approx(least, abs=2e-3)


def test_a_limit_that_is_reached_gives_the_best_found_marked_as_not_proven(monkeypatch):
    case = face(
        *(
            scars(place, kind)
            for place in ("malar.L", "temple.R")
            for kind in ("rolling", "ice_pick")
        )
    )
    [best] = suggest(case, catalogue(), strategies=("best_result",)).proposals
    monkeypatch.setattr(choose, "NODES", 3)

    [found] = suggest(case, catalogue(), strategies=("best_result",)).proposals

    assert best.proof.optimal
    assert not found.proof.optimal
    assert found.sessions
    assert found.proof.value <= best.proof.value <= found.proof.bound
    assert found.proof.gap > 0
    assert found.proof.covers.startswith("Not proven: the best that was found")
