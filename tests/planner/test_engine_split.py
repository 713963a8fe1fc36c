"""Treatments that the anaesthetic divides over visits: the search against plain enumeration.

A part of a divided treatment lies in fields that another does not touch, so the rule of the two
binds only some of its parts (`Problem.loose`), and bounds that forget it are too tight.
"""

import random
from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planner.engine.compose import arrange, score, search
from planner.engine.desk import Desk
from planner.engine.model import Choice, Problem
from planner.engine.problem import problem_of
from planner.engine.sequence import Bench, Piece, Rule
from tests.planner.shipped import catalogue, face, scars
from tests.planner.test_engine_optimum import is_allowed, problem

LEAST = 7  # days between two visits
HERE, THERE = frozenset((1,)), frozenset((2,))
BOTH = HERE | THERE
WHOLE = ((BOTH,), (HERE,), (THERE,))


def divided(seed: int):
    """A small problem whose first treatment takes two visits a session, in two fields.

    Last comes how many areas a visit treats at most.
    """
    made, strategy = problem(seed)
    random_ = random.Random(seed)
    a, *others = made.options[:2]
    a = replace(a, pieces=2, sessions=(1, random_.randint(1, 2)))
    fields = {a.code: (HERE, THERE)} | {o.code: random_.choice(WHOLE) for o in others}
    codes = set(fields)
    between = {pair: rule for pair, rule in made.between.items() if codes.issuperset(pair)}
    lots = tuple(
        replace(
            lot,
            steps=tuple(row for row in lot.steps if row[0] in codes),
            gains=tuple(pair for pair in lot.gains if pair in between),
        )
        for lot in made.lots
    )
    loose = frozenset(
        pair
        for pair in between
        if any(x.isdisjoint(y) for x in fields[pair[0]] for y in fields[pair[1]])
    )
    options = (a, *others)
    made = replace(made, options=options, between=between, lots=lots, loose=loose)
    return made, strategy, fields, 1 if seed % 3 == 1 else None


def parts_of(made: Problem, choice: Choice, fields: dict) -> tuple[Piece, ...]:
    return tuple(
        Piece(
            f"{code}/{number}", code, tuple(map(str, sorted(where))), count,
            made.by_code[code].interval_days, None, 0, made.by_code[code].downtime, 30, 0,
        )
        for code, count in choice.sessions
        for number, where in enumerate(fields[code], start=1)
    )  # fmt: skip


def rules_of(made: Problem, parts) -> dict:
    """What holds between two parts: nothing where they lie in different fields."""
    rules = {}
    for one, other in combinations(parts, 2):
        rule = made.rule(one.treatment, other.treatment) if one.treatment != other.treatment else 0
        if rule == 0:
            rules[one.key, other.key] = Rule(together=False, gap=0)
        elif rule and not set(one.places).isdisjoint(other.places):
            keys = {one.treatment: one.key, other.treatment: other.key}
            rules[one.key, other.key] = Rule(
                rule.together,
                rule.gap_days,
                keys.get(rule.course_first, ""),
                keys.get(rule.starts_first, ""),
            )
    return rules


def visits_left(made: Problem, choice: Choice) -> int | None:
    extra = sum(made.by_code[code].extra_visits * n for code, n in choice.sessions)
    return None if made.max_visits is None else made.max_visits - made.other_visits - extra


def found_by_search(made: Problem, strategy, fields, areas):
    def realise(choice, beat):
        parts = parts_of(made, choice, fields)
        visits = visits_left(made, choice)
        bench = Bench(999, None, LEAST, visits, None, made.block_days, areas=areas)
        return arrange(made, strategy, choice, parts, rules_of(made, parts), bench, beat)

    best, bound, proven = search(made, strategy, realise)
    return (best.value if best else None), bound, proven


def found_by_enumeration(made: Problem, strategy, fields, areas) -> float | None:
    counts = [(0, *option.counts) for option in made.options]
    values = []
    for numbers in product(*counts):
        codes = (option.code for option in made.options)
        choice = Choice(tuple((code, n) for code, n in zip(codes, numbers, strict=True) if n))
        if choice.sessions and is_allowed(made, choice):
            values += values_of(made, strategy, choice, fields, areas)
    return max(values, default=None)


def values_of(made: Problem, strategy, choice: Choice, fields, areas):
    """The objective of every order of visits that keeps every rule."""
    parts, most = parts_of(made, choice, fields), visits_left(made, choice)
    for days in orders(parts, rules_of(made, parts), areas):
        every = {day for row in days.values() for day in row}
        if max(every) - min(every) > made.block_days or (most is not None and len(every) > most):
            continue
        together: dict = {}
        for one, other in combinations(parts, 2):
            pair = (one.treatment, other.treatment)
            if pair in made.between and made.between[pair].synergy and _touch(one, other):
                met = len(set(days[one.key]) & set(days[other.key]))
                together[pair] = max(together.get(pair, 0), met)
        yield score(made, strategy, choice, parts, days, made.gain(choice.count, together))


def _touch(one: Piece, other: Piece) -> bool:
    return not set(one.places).isdisjoint(other.places)


def orders(parts, rules: dict, areas: int | None):
    """Every order of visits, each on its earliest day."""

    def rule(one: Piece, other: Piece):
        return rules.get((one.key, other.key)) or rules.get((other.key, one.key))

    def may_meet(group, done) -> bool:
        if any((r := rule(x, y)) and not r.together for x, y in combinations(group, 2)):
            return False
        treated = len({place for part in group for place in part.places})
        if areas and any(treated > max(areas, len(part.places)) for part in group):
            return False
        for part, other in product(group, parts):
            r = rule(part, other) if part is not other else None
            if r is None or other.key not in (r.course_first, r.starts_first):
                continue
            given_ = len(done[other.key])
            now = given_ + (other in group)
            if r.course_first == other.key and (now if r.together else given_) < other.sessions:
                return False
            if r.starts_first == other.key and not now:
                return False
        return True

    def earliest(part: Piece, done) -> int:
        days = [done[part.key][-1] + part.interval] if done[part.key] else [0]
        for other in parts:
            r = rule(part, other) if part is not other else None
            if r and done[other.key]:
                days.append(done[other.key][-1] + r.gap)
        return max(days)

    def go_on(done: dict, last: int):
        rest = [part for part in parts if len(done[part.key]) < part.sessions]
        if not rest:
            yield {key: tuple(days) for key, days in done.items()}
        for size in range(1, len(rest) + 1):
            for group in combinations(rest, size):
                if may_meet(group, done):
                    day = max([last, *(earliest(part, done) for part in group)])
                    keys = {part.key for part in group}
                    then = {k: [*row, day] if k in keys else row for k, row in done.items()}
                    yield from go_on(then, day + LEAST)

    return go_on({part.key: [] for part in parts}, 0)


@given(seed=st.integers(0, 10**9))
@example(seed=4788539)  # a part that had begun held another up, so that the proof was not one
@example(seed=615825678)  # here a bound over all parts is too tight
@settings(max_examples=max(200, 2 * settings().max_examples))
def test_the_search_finds_what_enumeration_finds_where_a_treatment_is_divided(seed):
    made, strategy, fields, areas = divided(seed)
    expected = found_by_enumeration(made, strategy, fields, areas)

    value, bound, proven = found_by_search(made, strategy, fields, areas)

    if expected is None:
        assert value is None
    else:
        assert value == pytest.approx(expected, abs=2e-3) or not proven
        assert value <= expected + 2e-3
        assert bound >= expected - 2e-3


def test_a_light_patient_s_subcision_is_divided_and_its_pairs_are_loose():
    places = ("malar.L", "malar.R", "lateral_cheek.L", "lateral_cheek.R", "temple.L", "temple.R")
    case = face(*(scars(place, "rolling") for place in places), scars("chin.M", "ice_pick"))
    light = replace(case, patient=replace(case.patient, weight_kg=12.0))

    made = problem_of(Desk(light, catalogue()))

    assert made.by_code["subcision"].pieces > 1
    assert any("subcision" in pair for pair in made.loose)
    assert problem_of(Desk(case, catalogue())).by_code["subcision"].pieces == 1
