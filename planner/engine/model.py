"""What is chosen: how many sessions of which treatment, found exactly by branch and bound.

A treatment that is chosen treats every place where it is indicated and allowed. Of each mechanism
a block takes one method, or two that a pair row lets share a session; so a choice is one way of
working for each mechanism. Gains fall as ways are added, which bounds what the mechanisms still
open can add; visits, weeks and days of downtime enter as lower bounds, so that no real sequence
(sequence.py) of a choice is better than its promise.

A CP-SAT model of the same choice was tried first: 0.3 to 0.8 s for a full face against some
hundredths here. The sequence, where days and orders matter, is CP-SAT's.
"""

from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappush, heappushpop
from itertools import combinations
from math import exp

from planner.engine.catalogue import Strategy, Treatment

POINT = 100  # hundredths of a percentage point
LOG = 1000
PER_LOG = -1 / LOG
NODES = 20_000  # after so many the search stops, and says that nothing was proven
KEPT = 6  # choices kept, the most promising first
UNITS = {"cost": 10_000}  # cents in a hundred of the currency, the unit of a cost weight


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
    closed: tuple[tuple[int, int], ...] = ()  # spans of days after `on` without a session

    @property
    def code(self) -> str:
        return self.row.code

    @property
    def by_course(self) -> bool:
        return self.row.price_unit == "course"

    def cost(self, sessions: int) -> int:
        return self.cents * (1 if self.by_course else sessions)


@dataclass(frozen=True)
class Lot:
    """Groups for which every treatment does the same: `steps` in thousandths of a logarithm."""

    weight: float  # hundredths of a percentage point
    steps: tuple[tuple[str, int], ...]
    gains: tuple[tuple[str, str], ...]  # pairs that are better together here

    @cached_property
    def step(self) -> dict:
        return dict(self.steps)


@dataclass(frozen=True)
class Way:
    """One way of using a mechanism: its treatments' sessions, and what they add to each lot.

    `helped` are (lot, treatment of another mechanism, what one session beside it adds, most).
    """

    sessions: tuple[tuple[str, int], ...]
    logs: tuple[float, ...]
    helped: tuple[tuple[int, str, float, int], ...] = ()


@dataclass(frozen=True)
class Choice:
    """Sessions by treatment, sorted by code; empty for nothing."""

    sessions: tuple[tuple[str, int], ...] = ()

    @cached_property
    def count(self) -> dict:
        return dict(self.sessions)


@dataclass(frozen=True)
class Promise:
    """A choice and the most its objective can be, in percentage points."""

    value: float
    choice: Choice


@dataclass(frozen=True)
class Found:
    """The most promising choices; `rest` bounds every other one."""

    promises: tuple[Promise, ...]
    rest: float
    complete: bool


@dataclass(frozen=True)
class Problem:
    """A block's choice, the same for every strategy."""

    options: tuple[Option, ...]
    lots: tuple[Lot, ...]
    ceiling: float
    overlap: float
    synergy: float
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

    def rule(self, a: str, b: str):
        return self.between.get((a, b) if a < b else (b, a))

    def gain(self, sessions: dict, together: dict) -> float:
        """Improvement in hundredths of a point; `together` are joint sessions by pair."""
        classes: dict = {}
        for code, count in sessions.items():
            classes.setdefault(self.by_code[code].mechanism, []).append((code, count))
        logs = [0.0] * len(self.lots)
        for members in classes.values():
            for index, log in enumerate(self.logs_of(members)):
                logs[index] += log
        for index, lot in enumerate(self.lots):
            for pair in lot.gains:
                logs[index] += self.synergy * self.weaker(lot, pair) * together.get(pair, 0)
        return self.kept(logs)

    def kept(self, logs) -> float:
        """Improvement of logarithms: this sum is what the search spends its time on."""
        left = 0.0
        for weight, log in zip(self._weights, logs):  # noqa: B905 - the hottest line there is
            left += weight * exp(log * PER_LOG)
        return self._full - left

    @cached_property
    def _weights(self) -> tuple[float, ...]:
        return tuple(lot.weight * self.ceiling for lot in self.lots)

    @cached_property
    def _full(self) -> float:
        return sum(self._weights)

    def logs_of(self, members) -> tuple[float, ...]:
        """What treatments of one mechanism add to each lot: the strongest counts in full."""
        logs = []
        for lot in self.lots:
            parts = [lot.step.get(code, 0) * count for code, count in members]
            strongest = max(parts, default=0)
            logs.append(strongest + self.overlap * (sum(parts) - strongest))
        return tuple(logs)

    def weaker(self, lot: Lot, pair: tuple[str, str]) -> int:
        return min(lot.step.get(pair[0], 0), lot.step.get(pair[1], 0))

    @cached_property
    def mechanisms(self) -> tuple[tuple[Way, ...], ...]:
        """The ways of each mechanism; the first is to leave it out."""
        table: dict = {}
        for option in self.options:
            table.setdefault(option.mechanism, []).append(option)
        return tuple(self._ways(options) for _, options in sorted(table.items()))

    def _ways(self, options) -> tuple[Way, ...]:
        nothing = Way((), (0.0,) * len(self.lots))
        singles = [((o.code, n),) for o in options for n in _counts(o)]
        doubles = [
            ((a.code, n), (b.code, m))
            for a, b in combinations(options, 2)
            if self._goes_with(a, b)
            for n in _counts(a)
            for m in _counts(b)
        ]
        codes = {option.code for option in options}
        demands = [set(demand) for demand in self.required if codes.issuperset(demand)]
        ways = [
            self._way(sessions)
            for sessions in singles + doubles
            if all(demand & {code for code, _ in sessions} for demand in demands)
        ]
        return tuple(ways) if demands else (nothing, *ways)

    def _way(self, sessions) -> Way:
        logs, count = list(self.logs_of(sessions)), dict(sessions)
        helped = []
        for index, lot in enumerate(self.lots):
            for pair in lot.gains:
                mine = [code for code in pair if code in count]
                more = self.synergy * self.weaker(lot, pair)
                if len(mine) == 2:
                    logs[index] += more * min(count[code] for code in pair)
                elif mine and more:
                    other = pair[0] if pair[1] == mine[0] else pair[1]
                    helped.append((index, other, more, count[mine[0]]))
        return Way(sessions, tuple(logs), tuple(helped))

    def _goes_with(self, a: Option, b: Option) -> bool:
        rule = self.rule(a.code, b.code)
        return rule is None or (rule.together and not rule.never)

    # -- what a choice takes, at the least --------------------------------------------

    def cents(self, sessions) -> int:
        return sum(self.by_code[code].cost(count) for code, count in sessions)

    def least(self, sessions) -> tuple[int, int, int, int]:
        """Least visits, days of downtime, days to the last procedure and to the last healed."""
        key = frozenset(sessions)
        if key not in self._leasts:
            visits, downtime = self._least_visits_and_downtime(sessions)
            last, healed = self._least_days(sessions)
            self._leasts[key] = (visits, downtime, last, healed)
        return self._leasts[key]

    @cached_property
    def _leasts(self) -> dict:
        """What was worked out before: every strategy asks about the same choices."""
        return {}

    def _least_visits_and_downtime(self, sessions) -> tuple[int, int]:
        """Of treatments that never share a visit, visits and days of downtime add up."""
        items = [(self.by_code[code], count) for code, count in sessions]
        extra = sum(o.extra_visits * n + o.once_visits for o, n in items)
        cliques = list(self._apart(items, self._ordered_apart(items)))
        downtime = below = 0
        # Visits with at least so many days of downtime, level by level.
        for level in sorted({option.downtime for option, _ in items}):
            downtime += (level - below) * self._most_apart(cliques, level)
            below = level
        return self._most_apart(cliques, 0) + extra + self.other_visits, downtime

    def _most_apart(self, cliques, level: int) -> int:
        return max(
            (sum(o.pieces * n for o, n in clique if o.downtime >= level) for clique in cliques),
            default=0,
        )

    def _apart(self, items, ordered: set):
        """All groups of treatments of which no two may share a visit."""

        def meet(a: Option, b: Option) -> bool:
            return not self._never_meet(a, b) and (a.code, b.code) not in ordered

        def grow(group: list, rest: list):
            if group:
                yield group
            for index, item in enumerate(rest):
                if not any(meet(item[0], other[0]) for other in group):
                    yield from grow([*group, item], rest[index + 1 :])

        return grow([], items)

    def _ordered_apart(self, items) -> set:
        """Pairs of which one must have ended before the other begins, through others between."""
        length = {o.code: o.interval_days * (n - 1) for o, n in items}
        codes = list(length)
        far = {(a, b): self._wait(a, b, length) for a in codes for b in codes if a != b}
        for middle in codes:
            for a in codes:
                for b in codes:
                    if a != b and middle not in (a, b):
                        through = far[a, middle] + far[middle, b]
                        far[a, b] = max(far[a, b], through)
        pairs = {(a, b) for (a, b), days in far.items() if days > length[a]}
        return pairs | {(b, a) for a, b in pairs}

    def _wait(self, a: str, b: str, length: dict) -> float:
        """Days from the first session of a to that of b, at the least; minus infinity if none."""
        rule = self.rule(a, b)
        if rule is None or a not in (rule.course_first, rule.starts_first):
            return float("-inf")
        gap = 0 if rule.together else rule.gap_days
        return gap + (length[a] if rule.course_first == a else 0)

    def _never_meet(self, a: Option, b: Option) -> bool:
        rule = self.rule(a.code, b.code)
        return rule is not None and not rule.together

    def _least_days(self, sessions) -> tuple[int, int]:
        """Days from the first procedure to the last, and to the last healed, laid end to end."""
        items = [(self.by_code[code], count) for code, count in sessions]
        start = {option.code: 0 for option, _ in items}
        length = {option.code: option.interval_days * (n - 1) for option, n in items}
        for _ in items:
            for a, b in combinations(start, 2):
                self._push(start, length, a, b)
        last = max((start[code] + length[code] for code in start), default=0)
        healed = max((start[o.code] + length[o.code] + o.downtime for o, _ in items), default=0)
        return last, healed

    def _push(self, start: dict, length: dict, a: str, b: str) -> None:
        rule = self.rule(a, b)
        if rule is None:
            return
        first = rule.course_first or rule.starts_first
        if not first:
            return
        other = b if first == a else a
        wait = 0 if rule.together else rule.gap_days
        reach = start[first] + (length[first] if rule.course_first else 0) + wait
        start[other] = max(start[other], reach)

    def may(self, sessions) -> bool:
        """Whether nothing rules a (part of a) choice out, as far as the lower bounds tell."""
        codes = [code for code, _ in sessions]
        if any((r := self.rule(a, b)) and r.never for a, b in combinations(codes, 2)):
            return False
        if self.budget_cents is not None and self.cents(sessions) > self.budget_cents:
            return False
        visits, _, last, _ = self.least(sessions)
        if last > self.block_days:
            return False
        if self.last_day is not None and not self._in_time(sessions):
            return False
        return not sessions or self.max_visits is None or visits <= self.max_visits

    def _in_time(self, sessions) -> bool:
        items = [(self.by_code[code], count) for code, count in sessions]
        return all(
            o.starts + o.interval_days * (n - 1) + o.downtime <= self.last_day for o, n in items
        )


def _counts(option: Option):
    return range(option.sessions[0], option.sessions[1] + 1)


def choose(problem: Problem, strategy: Strategy, *, floor: float = 0.0, without=()) -> Found:
    """The most promising choices for a strategy.

    `floor` is the least improvement (hundredths of a point), `without` treatments left out.
    """
    return _Search(problem, strategy, floor, frozenset(without)).run()


@dataclass
class _Search:
    problem: Problem
    strategy: Strategy
    floor: float
    without: frozenset
    kept: list = field(default_factory=list)  # heap of (value, order, choice)
    nodes: int = 0
    cut: float = float("-inf")  # the best bound that was cut off

    def run(self) -> Found:
        ways = [self._open(mechanism) for mechanism in self.problem.mechanisms]
        self.zero = [0.0] * len(self.problem.lots)
        order = sorted(range(len(ways)), key=lambda i: (-self._potential(ways[i]), i))
        self._branch([ways[i] for i in order], (), list(self.zero), 0.0, 0.0)
        complete = self.nodes < NODES
        best = sorted(self.kept, key=lambda item: (-item[0], item[2].sessions))
        rest = self.cut if complete else float("inf")
        return Found(tuple(Promise(value, choice) for value, _, choice in best), rest, complete)

    def _open(self, mechanism) -> tuple[Way, ...]:
        return tuple(w for w in mechanism if self.without.isdisjoint(c for c, _ in w.sessions))

    def _potential(self, ways) -> float:
        return max((self.problem.kept(way.logs) for way in ways), default=0.0)

    def _branch(self, mechanisms, sessions, logs, alone: float, paid: float) -> None:
        """Every way of the first mechanism, the most promising first.

        `alone` is what the sessions so far cost by themselves, `paid` what they take in visits,
        downtime and weeks at the least, both in points; more sessions never take less.
        """
        self.nodes += 1
        if self.nodes > NODES:
            return
        if not mechanisms:
            self._keep(sessions, logs, alone + paid)
            return
        here, rest = mechanisms[0], mechanisms[1:]
        count = dict(sessions)
        hope_gain, hope = self._hope(rest, logs, count)
        rows = []
        for way in here:
            added = self._added(logs, way, count)
            price = alone + self._alone(way)
            gain = self.problem.kept(added)
            if gain + hope_gain < self.floor - 1e-6:
                continue
            bound = self._points(gain) - price - paid + hope
            rows.append((bound, way, added, price))
        rows.sort(key=lambda row: (-row[0], row[1].sessions))
        for bound, way, added, price in rows:
            if bound <= self._least_kept():
                self.cut = max(self.cut, bound)
                break
            taken = sessions + way.sessions
            if not self.problem.may(taken):
                continue
            together = self._together_price(taken)
            bound += paid - together
            if bound <= self._least_kept():
                self.cut = max(self.cut, bound)
                continue
            self._branch(rest, taken, added, price, together)

    def _hope(self, mechanisms, logs, count: dict) -> tuple[float, float]:
        """The most that mechanisms still open can add: gain, and points after their own price."""
        base = self.problem.kept(logs)
        gain = points = 0.0
        for ways in mechanisms:
            most_gain = most = 0.0 if not ways or not ways[0].sessions else float("-inf")
            for way in ways:
                more = self.problem.kept(self._added(logs, way, count, hoping=True)) - base
                most_gain = max(most_gain, more)
                most = max(most, self._points(more) - self._alone(way))
            gain += most_gain
            points += most
        return gain, points

    def _added(self, logs, way: Way, count: dict, hoping: bool = False) -> list[float]:
        """Logs with a way and the sessions together it makes possible (any at all, `hoping`)."""
        added = [log + more for log, more in zip(logs, way.logs)]  # noqa: B905 - hot
        for index, other, more, most in way.helped:
            if other in count:
                added[index] += more * min(most, count[other])
            elif hoping and other not in self.without:
                added[index] += more * most
        return added

    def _points(self, gain: float) -> float:
        return self.strategy.weights["improvement"] * gain / POINT

    def _alone(self, way: Way) -> float:
        """What a way costs by itself: effort, money, pigment risk."""
        weights, price = self.strategy.weights, 0.0
        for code, count in way.sessions:
            option = self.problem.by_code[code]
            price += self.strategy.min_gain * count
            price += weights["cost"] * option.cost(count) / UNITS["cost"]
            price += weights["pigment"] * option.pigment * count
        return price

    def _together_price(self, sessions) -> float:
        """What a choice takes in visits, downtime and weeks, at the least."""
        if not sessions:
            return 0.0
        weights = self.strategy.weights
        visits, downtime, _, healed = self.problem.least(sessions)
        return (
            weights["visits"] * visits
            + weights["downtime"] * downtime
            + weights["weeks"] * healed / 7
        )

    def _least_kept(self) -> float:
        return self.kept[0][0] if len(self.kept) >= KEPT else float("-inf")

    def _keep(self, sessions, logs, price: float) -> None:
        if not sessions or self.problem.kept(logs) < self.floor - 1e-6:
            return
        value = self._points(self.problem.kept(logs)) - price
        item = (value, -self.nodes, Choice(tuple(sorted(sessions))))
        if len(self.kept) < KEPT:
            heappush(self.kept, item)
        else:
            self.cut = max(self.cut, heappushpop(self.kept, item)[0])
