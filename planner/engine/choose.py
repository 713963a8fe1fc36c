"""The most promising choices of a block for a strategy, found exactly by branch and bound.

Mechanism by mechanism, the most promising way first. Gains fall as ways are added, which bounds
what the mechanisms still open can add; visits, weeks and days of downtime enter as lower bounds, so
that no real sequence (sequence.py) of a choice is better than its promise.
"""

from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from operator import mul

from planner.engine.catalogue import Strategy
from planner.engine.least import Least
from planner.engine.model import POINT, UNITS, Choice, Problem, Way

NODES = 20_000  # after so many the search stops with what it has, and says so
NONE = float("-inf")


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


def choose(
    problem: Problem,
    strategy: Strategy,
    *,
    floor: float = 0.0,
    without=(),
    kept: int = 6,
    above: float = NONE,
) -> Found:
    """The `kept` most promising choices for a strategy, of those that promise more than `above`.

    `floor` is the least improvement (hundredths of a point), `without` treatments left out.
    """
    return _Search(problem, strategy, floor, frozenset(without), kept, above).run()


def alone(
    problem: Problem, strategy: Strategy, *, floor: float = 0.0, without=()
) -> tuple[Promise, ...]:
    """Every choice of one treatment, the most promising first.

    Where short days leave no room for what promises most, a part of what fits still fits.
    """
    search = _Search(problem, strategy, floor, frozenset(without), 1, NONE)
    return search.alone()


@dataclass(frozen=True)
class _Priced:
    """A way, what it costs by itself, and the most it can leave the better."""

    way: Way
    alone: float
    hoped: tuple[float, ...]
    hope: float  # its points from the start, after its own price: it never has more later
    most: float  # its gain from the start


@dataclass
class _Search:
    problem: Problem
    strategy: Strategy
    floor: float
    without: frozenset
    most_kept: int
    above: float
    kept: list = field(default_factory=list)  # heap of (value, order, choice)
    nodes: int = 0
    cut: float = NONE  # the best bound that was cut off

    def __post_init__(self):
        self.least = Least(self.problem)
        self.worth = self.strategy.weights["improvement"] / POINT

    def run(self) -> Found:
        mechanisms = [self._open(ways) for ways in self.problem.mechanisms]
        mechanisms.sort(key=lambda ways: -max((way.most for way in ways), default=0.0))
        paid = self._together_price(())
        self._branch(mechanisms, (), list(self.problem.weights), self._pinned_price(), paid)
        complete = self.nodes < NODES
        best = sorted(self.kept, key=lambda item: (-item[0], item[2].sessions))
        rest = max(self.cut, self.above if self.cut > NONE else NONE) if complete else float("inf")
        return Found(tuple(Promise(value, choice) for value, _, choice in best), rest, complete)

    def alone(self) -> tuple[Promise, ...]:
        mechanisms = [self._open(ways) for ways in self.problem.mechanisms]
        found = []
        for here, ways in enumerate(mechanisms):
            others = mechanisms[:here] + mechanisms[here + 1 :]
            if all(any(not one.way.sessions for one in other) for other in others):
                found += [one for one in ways if len(one.way.sessions) == 1]
        promises = [
            Promise(one.hope - self._together_price(one.way.sessions), Choice(one.way.sessions))
            for one in found
            if one.most >= self.floor - 1e-6 and self.least.may(one.way.sessions)
        ]
        return tuple(sorted(promises, key=lambda one: (-one.value, one.choice.sessions)))

    def _open(self, ways) -> list[_Priced]:
        """The ways that the strategy leaves open, those that hold most hope first."""
        open_ones = [w for w in ways if self.without.isdisjoint(c for c, _ in w.sessions)]
        return sorted(
            (self._priced(way) for way in open_ones), key=lambda p: (-p.hope, p.way.sessions)
        )

    def _priced(self, way: Way) -> _Priced:
        hoped = list(way.leaves)
        for index, other, table in way.helped:
            if other not in self.without:
                hoped[index] *= table[-1]
        most = self.problem.full - sum(map(mul, self.problem.weights, hoped))
        alone = self._alone(way)
        return _Priced(way, alone, tuple(hoped), self.worth * most - alone, most)

    def _pinned_price(self) -> float:
        weights, pinned = self.strategy.weights, self.problem.pinned
        return (
            self.strategy.min_gain * pinned.sessions
            + weights["cost"] * pinned.cents / UNITS["cost"]
            + weights["pigment"] * pinned.pigment
        )

    def _alone(self, way: Way) -> float:
        """What a way costs by itself: effort, money, pigment risk."""
        weights, price = self.strategy.weights, 0.0
        for code, count in way.sessions:
            option = self.problem.by_code[code]
            price += self.strategy.min_gain * count
            price += weights["cost"] * option.cost(count) / UNITS["cost"]
            price += weights["pigment"] * option.pigment * count
        return price

    def _branch(self, mechanisms, sessions, left, alone: float, paid: float) -> None:
        """Every way of the first mechanism, the most promising first.

        `left` is what may still be gained of each lot, `alone` what the sessions so far cost by
        themselves, `paid` what they take in visits, downtime and weeks at the least, both in
        points; more sessions never take less.
        """
        self.nodes += 1
        if self.nodes > NODES and self.kept:
            return  # something was found: the rest is told as a gap
        if not mechanisms:
            self._keep(sessions, left, alone + paid)
            return
        here, rest = mechanisms[0], mechanisms[1:]
        count = dict(sessions)
        hope_gain, hope = self._hope(rest, left)
        rows = []
        for priced in here:
            after = self._after(left, priced.way, count)
            gain = self.problem.full - sum(after)
            if gain + hope_gain < self.floor - 1e-6:
                continue
            price = alone + priced.alone
            bound = self.worth * gain - price - paid + hope
            rows.append((bound, priced.way.sessions, after, price))
        rows.sort(key=lambda row: (-row[0], row[1]))
        for bound, more, after, price in rows:
            if bound <= self._least_kept():
                self.cut = max(self.cut, bound)
                break
            taken = sessions + more
            if not self.least.may(taken):
                continue
            together = self._together_price(taken)
            bound += paid - together
            if bound <= self._least_kept():
                self.cut = max(self.cut, bound)
                continue
            self._branch(rest, taken, after, price, together)

    def _hope(self, mechanisms, left) -> tuple[float, float]:
        """The most that mechanisms still open can add: gain, and points after their own price."""
        total, gain, points = sum(left), 0.0, 0.0
        for ways in mechanisms:
            most_gain = most = NONE
            for priced in ways:
                if priced.hope <= most and (not self.floor or priced.most <= most_gain):
                    if not self.floor:
                        break  # the ways that follow held less hope from the start
                    continue
                more = total - sum(map(mul, left, priced.hoped))
                most_gain = max(most_gain, more)
                most = max(most, self.worth * more - priced.alone)
            gain += most_gain
            points += most
        return (gain if self.floor else float("inf")), points

    def _after(self, left, way: Way, count: dict) -> list[float]:
        """What is left of each lot after a way, with the sessions together it makes possible."""
        after = list(map(mul, left, way.leaves))
        for index, other, table in way.helped:
            if other in count:
                after[index] *= table[min(len(table) - 1, count[other])]
        return after

    def _together_price(self, sessions) -> float:
        """What a choice takes in visits, downtime and weeks, at the least."""
        if not sessions and not self.problem.pinned.sessions:
            return 0.0
        weights = self.strategy.weights
        visits, downtime, _, healed = self.least.of(sessions)
        return (
            weights["visits"] * visits
            + weights["downtime"] * downtime
            + weights["weeks"] * healed / 7
        )

    def _least_kept(self) -> float:
        return max(self.above, self.kept[0][0] if len(self.kept) >= self.most_kept else NONE)

    def _keep(self, sessions, left, price: float) -> None:
        gain = self.problem.full - sum(left)
        if gain < self.floor - 1e-6 or not (sessions or self.problem.pinned.sessions):
            return
        value = self.worth * gain - price
        item = (value, -self.nodes, Choice(tuple(sorted(sessions))))
        if value <= self.above:
            self.cut = max(self.cut, value)
        elif len(self.kept) < self.most_kept:
            heappush(self.kept, item)
        else:
            self.cut = max(self.cut, heappushpop(self.kept, item)[0])
