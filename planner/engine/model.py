"""What a block chooses from: options, lots of scars, ways of using each mechanism.

A treatment that is chosen treats every place where it is indicated and allowed. Of each mechanism
a block takes one method, or two that a pair row lets share a session; so a choice is one way of
working for each mechanism.
"""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from math import exp

from planner.engine.catalogue import Treatment
from planner.engine.effect import amount

POINT = 100  # hundredths of a percentage point
LOG = 1000
PER_LOG = -1 / LOG
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

    @property
    def counts(self) -> range:
        return range(self.sessions[0], self.sessions[1] + 1)

    def cost(self, sessions: int) -> int:
        return self.cents * (1 if self.by_course else sessions)


@dataclass(frozen=True)
class Lot:
    """Groups for which every treatment does the same: `steps` in thousandths of a logarithm."""

    weight: float  # hundredths of a percentage point
    steps: tuple[tuple[str, int], ...]
    gains: tuple[tuple[str, str], ...]  # pairs that are better together here
    given: tuple[tuple[str, int, int], ...] = ()  # pinned here: treatment, sessions, step

    @cached_property
    def step(self) -> dict:
        return dict(self.steps)

    def weaker(self, pair: tuple[str, str]) -> int:
        return min(self.step.get(pair[0], 0), self.step.get(pair[1], 0))


@dataclass(frozen=True)
class Pinned:
    """What the steps that stand take by themselves: nothing, where none is pinned."""

    steps: tuple = ()  # problem.Pin
    sessions: int = 0
    codes: tuple[str, ...] = ()
    cents: int = 0
    pigment: int = 0
    other_visits: int = 0  # suture removals, test areas and their readings
    visits: int = 0
    downtime: int = 0
    last: int = 0  # days from the first pinned procedure to the last
    healed: int = 0


@dataclass(frozen=True)
class Way:
    """One way of using a mechanism: its treatments' sessions, and what they leave of each lot.

    `helped` are (lot, treatment of another mechanism, what is left of the lot by so many sessions
    beside that one): a list by the number of sessions.
    """

    sessions: tuple[tuple[str, int], ...]
    leaves: tuple[float, ...]
    helped: tuple[tuple[int, str, tuple[float, ...]], ...] = ()


@dataclass(frozen=True)
class Choice:
    """Sessions by treatment, sorted by code; empty for nothing."""

    sessions: tuple[tuple[str, int], ...] = ()

    @cached_property
    def count(self) -> dict:
        return dict(self.sessions)


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
    other_visits: int  # the review, and what pinned steps bring
    block_days: int  # from the first procedure of a block to its last, at most
    pinned: Pinned = Pinned()
    mechanism_of: dict = field(default_factory=dict)  # of pinned treatments
    repeat: float = 1.0  # what another session adds, as a share of the one before
    loose: frozenset = frozenset()  # pairs whose rule does not bind all of their pieces
    known: dict = field(default_factory=dict, compare=False)  # what least.py worked out before

    @cached_property
    def by_code(self) -> dict:
        return {option.code: option for option in self.options}

    def rule(self, a: str, b: str):
        return self.between.get((a, b) if a < b else (b, a))

    def gain(self, sessions: dict, together: dict) -> float:
        """Improvement in hundredths of a point; `together` are joint sessions by pair."""
        classes: dict = {self.mechanism_of[code]: [] for code in self.pinned.codes}
        for code, count in sessions.items():
            classes.setdefault(self.by_code[code].mechanism, []).append((code, count))
        logs = [0.0] * len(self.lots)
        for mechanism, members in classes.items():
            for index, log in enumerate(self.logs_of(members, mechanism)):
                logs[index] += log
        for index, lot in enumerate(self.lots):
            for pair in lot.gains:
                logs[index] += self.synergy * lot.weaker(pair) * self.amount(together.get(pair, 0))
        left = (weight * exp(log * PER_LOG) for weight, log in zip(self.weights, logs, strict=True))
        return self.full - sum(left)

    def amount(self, sessions: int) -> float:
        return amount(sessions, self.repeat)

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """What can be gained of each lot."""
        return tuple(lot.weight * self.ceiling for lot in self.lots)

    @cached_property
    def full(self) -> float:
        return sum(self.weights)

    def logs_of(self, members, mechanism: int) -> tuple[float, ...]:
        """What treatments of one mechanism add to each lot: the strongest counts in full."""
        mine = [code for code in self.pinned.codes if self.mechanism_of[code] == mechanism]
        logs, chosen = [], dict(members)
        for lot in self.lots:
            parts = {code: lot.step.get(code, 0) * self.amount(count) for code, count in members}
            for code, count, step in lot.given if mine else ():
                if code in mine:
                    parts[code] = step * self.amount(count + chosen.get(code, 0))
            strongest = max(parts.values(), default=0)
            logs.append(strongest + self.overlap * (sum(parts.values()) - strongest))
        return tuple(logs)

    @cached_property
    def mechanisms(self) -> tuple[tuple[Way, ...], ...]:
        """The ways of each mechanism; the first is to leave it out, where that is allowed."""
        table: dict = {self.mechanism_of[code]: [] for code in self.pinned.codes}
        for option in self.options:
            table.setdefault(option.mechanism, []).append(option)
        return tuple(self._ways(options, mechanism) for mechanism, options in sorted(table.items()))

    def _ways(self, options, mechanism: int) -> tuple[Way, ...]:
        beside = [code for code in self.pinned.codes if self.mechanism_of[code] == mechanism]
        options = [o for o in options if all(self._goes_with(o.code, code) for code in beside)]
        singles = [((o.code, n),) for o in options for n in o.counts]
        doubles = [
            ((a.code, n), (b.code, m))
            for a, b in combinations(options, 2)
            if self._goes_with(a.code, b.code)
            for n in a.counts
            for m in b.counts
        ]
        codes = {option.code for option in options}
        demands = [set(demand) for demand in self.required if codes.issuperset(demand)]
        ways = [
            self._way(sessions, mechanism)
            for sessions in singles + doubles
            if all(demand & {code for code, _ in sessions} for demand in demands)
        ]
        return tuple(ways) if demands else (self._way((), mechanism), *ways)

    def _way(self, sessions, mechanism: int) -> Way:
        logs, count = list(self.logs_of(sessions, mechanism)), dict(sessions)
        helped = []
        for index, lot in enumerate(self.lots):
            for pair in lot.gains:
                mine = [code for code in pair if code in count]
                more = self.synergy * lot.weaker(pair)
                if len(mine) == 2:
                    logs[index] += more * self.amount(min(count[code] for code in pair))
                elif mine and more:
                    other = pair[0] if pair[1] == mine[0] else pair[1]
                    most = range(count[mine[0]] + 1)
                    table = tuple(exp(more * self.amount(n) * PER_LOG) for n in most)
                    helped.append((index, other, table))
        return Way(sessions, tuple(exp(log * PER_LOG) for log in logs), tuple(helped))

    def _goes_with(self, a: str, b: str) -> bool:
        rule = self.rule(a, b) if a != b else None
        return rule is None or (rule.together and not rule.never)

    def cents(self, sessions) -> int:
        return sum(self.by_code[code].cost(count) for code, count in sessions)
