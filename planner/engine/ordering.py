"""The order of a block's visits, found exactly: which sessions share a visit, and what comes next.

Visits are added in order of time, each on its earliest day after the one before: with only least
intervals to keep that is never worse than later. What this leaves out (days on which a treatment
may begin, closed days, longest intervals, a day to be done by) can only make a sequence dearer; so
where `settle` finds real days for the best order at the same price, nothing is better, and where it
does not, the solver (solver.py) is asked.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

NODES = 4000  # visits tried, before the solver is asked
NEVER = float("inf")
TINY = 1e-9


@dataclass(frozen=True)
class Ordered:
    """The cheapest order: for each visit its day after the first one, and its pieces by index.

    `price` is what it costs, less what sessions together are worth; `complete` says whether every
    order was weighed. No visits: none costs at most what was asked for.
    """

    visits: tuple[tuple[int, tuple[int, ...]], ...]
    price: float
    complete: bool


def cheapest(pieces, rules: dict, bench, strategy, helping, worth, most: float) -> Ordered:
    """The cheapest order of the pieces' sessions that costs at most `most` points."""
    return _Orders(pieces, rules, bench, strategy, helping, worth).search(most)


class _Orders:
    def __init__(self, pieces, rules, bench, strategy, helping, worth):
        self.pieces, self.bench = pieces, bench
        self.size = range(len(pieces))
        self.sessions = tuple(piece.sessions for piece in pieces)
        self.interval = [piece.interval for piece in pieces]
        self.downtime = [piece.downtime for piece in pieces]
        weights = strategy.weights
        self.per_visit, self.per_day = weights["visits"], weights["downtime"]
        self.per_week_day = weights["weeks"] / 7
        index = {piece.key: i for i, piece in enumerate(pieces)}
        self._read(rules, index)
        self.helping = [(index[a], index[b]) for a, b in helping]
        self.worth, self._worth = worth, {}
        self._rest: dict = {}
        self.groups = self._groups()

    def _read(self, rules: dict, index: dict) -> None:
        """Gaps, who may meet, and who waits for whom, by the pieces' numbers."""
        least = self.bench.least_between_visits
        self.gap = [[least for _ in self.size] for _ in self.size]
        self.meets = [[True for _ in self.size] for _ in self.size]
        self.after_course: list = [[] for _ in self.size]  # (piece, days after its last session)
        self.after_start: list = [[] for _ in self.size]
        for (a, b), rule in rules.items():
            i, j = index[a], index[b]
            self.gap[i][j] = self.gap[j][i] = max(rule.gap, least)
            self.meets[i][j] = self.meets[j][i] = rule.together
            for first, second in ((i, j), (j, i)):
                key = self.pieces[first].key
                if rule.course_first == key:
                    self.after_course[second].append((first, 0 if rule.together else rule.gap))
                if rule.starts_first == key:
                    self.after_start[second].append(first)

    def _groups(self) -> list[tuple[int, ...]]:
        """Pieces that may share a visit, the largest groups first."""
        groups = []
        for count in range(len(self.pieces), 0, -1):
            for group in combinations(self.size, count):
                if all(self.meets[i][j] for i, j in combinations(group, 2)) and self._holds(group):
                    groups.append(group)
        return groups

    def _holds(self, group) -> bool:
        """Whether one visit holds these pieces together."""
        rows = [self.pieces[i] for i in group]
        return all(self.bench.holds(row, [*rows[:i], *rows[i + 1 :]]) for i, row in enumerate(rows))

    # -- the search -------------------------------------------------------------------

    def search(self, most: float) -> Ordered:
        self.best, self.best_price, self.nodes = (), most + TINY, 0
        self.seen: dict = {}
        nothing = (0,) * len(self.pieces)
        self._go_on((), nothing, (-NEVER,) * len(self.pieces), 0.0, (0,) * len(self.helping))
        return Ordered(self.best, self.best_price, self.nodes <= NODES)

    def _go_on(self, visits, done, last, price: float, met) -> None:
        """Every next visit, the most promising first."""
        self.nodes += 1
        if self.nodes > NODES:
            return
        if done == self.sessions:
            healed = max(map(int.__add__, last, self.downtime))
            whole = price + self.per_week_day * healed - self._worth_of(met)
            if whole < self.best_price - TINY:
                self.best, self.best_price = visits, whole
            return
        if self._is_beaten(done, last, len(visits), price, met):
            return
        rows = []
        for group in self.groups:
            if self._may_follow(group, done):
                row = self._visit(group, visits, done, last, price, met)
                if row and row[0] < self.best_price - TINY:
                    rows.append((row[0], len(rows), *row[1:]))
        for bound, _, visit, then, days, paid, now_met in sorted(rows):
            if bound >= self.best_price - TINY:
                break
            self._go_on((*visits, visit), then, days, paid, now_met)

    def _may_follow(self, group, done) -> bool:
        for i in group:
            if done[i] >= self.sessions[i]:
                return False
            if done[i]:
                continue
            for first, _ in self.after_course[i]:
                left = self.sessions[first] - done[first]
                if left and not (left == 1 and self.meets[first][i] and first in group):
                    return False
            for first in self.after_start[i]:
                if not done[first] and first not in group:
                    return False
        return True

    def _visit(self, group, visits, done, last, price, met):
        """(bound, visit, done, last days, price, met) with this visit next; None if too late."""
        day = visits[-1][0] + self.bench.least_between_visits if visits else 0
        for i in group:
            gap = self.gap[i]
            day = max(day, last[i] + self.interval[i], *map(_plus, last, gap))
        if self.bench.longest is not None and day > self.bench.longest:
            return None
        then, days = list(done), list(last)
        for i in group:
            then[i] += 1
            days[i] = day
        now_met = tuple(
            n + (a in group and b in group) for n, (a, b) in zip(met, self.helping, strict=True)
        )
        paid = price + self.per_visit + self.per_day * max(self.downtime[i] for i in group)
        then = tuple(then)
        more, burden = self._least_rest(then)
        if self.bench.max_visits is not None and len(visits) + 1 + more > self.bench.max_visits:
            return None
        healed, reach = self._least_days(then, days, day)
        if self.bench.longest is not None and reach > self.bench.longest:
            return None
        bound = paid + self.per_visit * more + self.per_day * burden + self.per_week_day * healed
        bound -= self._most_worth(then, now_met)
        return bound, (day, group), then, tuple(days), paid, now_met

    def _is_beaten(self, done, last, visits: int, price: float, met) -> bool:
        """Whether the same sessions were reached before, no later, no dearer, as often together."""
        rows = self.seen.setdefault(done, [])
        for other_last, other_visits, other_price, other_met in rows:
            if (
                other_price <= price + TINY
                and other_visits <= visits
                and all(map(_no_later, other_last, last))
                and all(map(_no_less, other_met, met))
            ):
                return True
        rows.append((last, visits, price, met))
        return False

    # -- bounds -----------------------------------------------------------------------

    def _least_rest(self, done) -> tuple[int, int]:
        """Visits, and days of downtime, that the sessions still to come take at the least."""
        known = self._rest.get(done)
        if known is None:
            left = [n - m for n, m in zip(self.sessions, done, strict=True)]
            burden = below = 0
            for level in self._levels:
                burden += (level - below) * self._most_apart(left, level)
                below = level
            known = self._rest[done] = (self._most_apart(left, 0), burden)
        return known

    @cached_property
    def _levels(self) -> list[int]:
        return sorted(set(self.downtime) - {0})

    def _most_apart(self, left, level: int) -> int:
        downtime = self.downtime
        return max(sum(left[i] for i in clique if downtime[i] >= level) for clique in self._cliques)

    @cached_property
    def _cliques(self) -> list[tuple[int, ...]]:
        """Pieces of which no two may share a visit: their visits add up."""
        found: list[tuple[int, ...]] = []

        def grow(group: tuple, rest) -> None:
            found.append(group)
            for k, i in enumerate(rest):
                if not any(self.meets[i][j] for j in group):
                    grow((*group, i), rest[k + 1 :])

        for i in self.size:
            grow((i,), list(self.size)[i + 1 :])
        return found

    def _least_days(self, done, last, now: int) -> tuple[int, int]:
        """(healed, last procedure): days after the first visit, at the least."""
        ends, starts = [0] * len(self.pieces), {}
        healed = reach = 0
        for i in self._first_come:
            left = self.sessions[i] - done[i]
            if left:
                start = max(now + self.bench.least_between_visits, last[i] + self.interval[i])
                for first, wait in self.after_course[i]:
                    start = max(start, ends[first] + wait)
                for first in self.after_start[i]:
                    if not done[first]:  # what has begun holds nobody up by its next session
                        start = max(start, starts.get(first, 0))
                starts[i] = start
                ends[i] = start + (left - 1) * self.interval[i]
            else:
                ends[i] = last[i]
            reach = max(reach, ends[i])
            healed = max(healed, ends[i] + self.downtime[i])
        return healed, reach

    @cached_property
    def _first_come(self) -> list[int]:
        """Pieces so that none stands before one that it waits for."""
        order: list[int] = []
        waiting = list(self.size)
        while waiting:
            free = [i for i in waiting if not self._waits_for(i, waiting)] or waiting[:1]
            order += free
            waiting = [i for i in waiting if i not in free]
        return order

    def _waits_for(self, i: int, others) -> bool:
        return any(j in others for j, _ in self.after_course[i]) or any(
            j in others for j in self.after_start[i]
        )

    def _most_worth(self, done, met) -> float:
        left = [n - m for n, m in zip(self.sessions, done, strict=True)]
        most = tuple(n + min(left[a], left[b]) for n, (a, b) in zip(met, self.helping, strict=True))
        return self._worth_of(most)

    def _worth_of(self, met) -> float:
        if met not in self._worth:
            self._worth[met] = self.worth(met)
        return self._worth[met]


def _plus(day, gap):
    return day + gap


def _no_later(day, other) -> bool:
    return day <= other


def _no_less(count, other) -> bool:
    return count >= other


# -- real days ---------------------------------------------------------------------------


def settle(visits, pieces, rules: dict, bench) -> list[int] | None:
    """Days after `on` for these visits, no longer from first to last than they were; soonest.

    None where no days are free in this order at the same price.
    """
    return _Days(visits, pieces, rules, bench).found()


class _Days:
    def __init__(self, visits, pieces, rules, bench):
        self.visits, self.pieces, self.bench = visits, pieces, bench
        self.groups = [group for _, group in visits]
        self.length = max(day + max(pieces[i].downtime for i in group) for day, group in visits)
        self.horizon = bench.last_day if bench.last_day is not None else NEVER
        self.least, self.most = self._spans(rules)

    def _spans(self, rules) -> tuple[list, list]:
        """(visit, earlier visit, days) that lie between them at the least, and at the most."""
        least, most, before = [], [], {}
        gaps = {frozenset(keys): rule.gap for keys, rule in rules.items()}
        for k, group in enumerate(self.groups):
            for i in group:
                piece = self.pieces[i]
                for j, earlier in before.items():
                    if j == i:
                        least.append((k, earlier, piece.interval))
                        if piece.longest is not None:
                            longest = max(piece.longest, piece.interval)
                            most.append((k, earlier, longest))
                    elif earlier != k:
                        gap = gaps.get(frozenset((piece.key, self.pieces[j].key)), 0)
                        least.append((k, earlier, max(gap, self.bench.least_between_visits)))
            before.update(dict.fromkeys(group, k))
        return sorted(set(least)), sorted(set(most))

    def found(self) -> list[int] | None:
        first = min(self.pieces[i].starts for i in self.groups[0])
        for _ in range(400):
            days = self._earliest(first)
            if days is None:
                return None
            healed = max(
                day + max(self.pieces[i].downtime for i in group)
                for day, group in zip(days, self.groups, strict=True)
            )
            if healed > self.horizon:
                return None
            if healed - days[0] <= self.length:
                longest = self.bench.longest
                return days if longest is None or days[-1] - days[0] <= longest else None
            first = healed - self.length
        return None

    def _earliest(self, first: int) -> list[int] | None:
        """The earliest days with the first visit on `first` or later; None beyond the horizon."""
        days = [0] * len(self.groups)
        days[0] = first
        while True:
            before = list(days)
            for k, group in enumerate(self.groups):
                days[k] = self._open(max(days[k], *(self.pieces[i].starts for i in group)), group)
                if k:
                    days[k] = max(days[k], days[k - 1] + self.bench.least_between_visits)
            for k, earlier, span in self.least:
                days[k] = max(days[k], days[earlier] + span)
            for k, earlier, span in self.most:
                days[earlier] = max(days[earlier], days[k] - span)
            if days == before:
                return days
            if max(days) > min(self.horizon, 10_000):
                return None

    def _open(self, day: int, group) -> int:
        """The first day from `day` on that is closed for none of the group."""
        closed = [span for i in group for span in self.pieces[i].closed]
        while True:
            later = [last + 1 for first, last in closed if first <= day <= last]
            if not later:
                return day
            day = max(later)
