"""What a choice takes at the least: visits, days of downtime, days. No real sequence takes less."""

from functools import cached_property
from itertools import combinations

from planner.engine.model import Option, Problem


class Least:
    """The lower bounds of one problem; every strategy asks about the same choices."""

    def __init__(self, problem: Problem):
        self.problem = problem
        self._known = problem.known

    def of(self, sessions) -> tuple[int, int, int, int]:
        """Least visits, days of downtime, days to the last procedure and to the last healed."""
        key = frozenset(sessions)
        if key not in self._known:
            visits, downtime = self._visits_and_downtime(sessions)
            last, healed = self._days(sessions)
            pinned = self.problem.pinned
            self._known[key] = (
                max(visits, pinned.visits) + self._besides(sessions),
                max(downtime, pinned.downtime),
                max(last, pinned.last),
                max(healed, pinned.healed),
            )
        return self._known[key]

    def may(self, sessions) -> bool:
        """Whether nothing rules a (part of a) choice out, as far as the lower bounds tell."""
        problem = self.problem
        codes = [code for code, _ in sessions]
        if any(pair in self._never for pair in combinations(sorted(codes), 2)):
            return False
        if problem.budget_cents is not None and problem.cents(sessions) > problem.budget_cents:
            return False
        visits, _, last, _ = self.of(sessions)
        if last > problem.block_days:
            return False
        if problem.last_day is not None and not self._in_time(sessions):
            return False
        return not sessions or problem.max_visits is None or visits <= problem.max_visits

    @cached_property
    def _never(self) -> frozenset:
        return frozenset(pair for pair, rule in self.problem.between.items() if rule.never)

    def _in_time(self, sessions) -> bool:
        items = self._items(sessions)
        return all(
            o.starts + o.interval_days * (n - 1) + o.downtime <= self.problem.last_day
            for o, n in items
        )

    def _items(self, sessions) -> list[tuple[Option, int]]:
        return [(self.problem.by_code[code], count) for code, count in sessions]

    def _besides(self, sessions) -> int:
        """The visits that are no procedures."""
        extra = sum(o.extra_visits * n + o.once_visits for o, n in self._items(sessions))
        return extra + self.problem.other_visits

    def _rule(self, a: str, b: str):
        """The rule that holds between all pieces of two treatments."""
        pair = (a, b) if a < b else (b, a)
        return None if pair in self.problem.loose else self.problem.between.get(pair)

    # -- visits and downtime ----------------------------------------------------------

    def _visits_and_downtime(self, sessions) -> tuple[int, int]:
        """Of treatments that never share a visit, visits and days of downtime add up."""
        items = self._items(sessions)
        cliques = list(self._apart(items, self._ordered_apart(items)))
        downtime = below = 0
        # Visits with at least so many days of downtime, level by level.
        for level in sorted({option.downtime for option, _ in items}):
            downtime += (level - below) * _most_apart(cliques, level)
            below = level
        return _most_apart(cliques, 0), downtime

    def _apart(self, items, ordered: set):
        """All groups of treatments of which no two may share a visit."""

        def meet(a: Option, b: Option) -> bool:
            rule = self._rule(a.code, b.code)
            return (rule is None or rule.together) and (a.code, b.code) not in ordered

        def grow(group: list, rest: list):
            if group:
                yield group
            for index, item in enumerate(rest):
                if not any(meet(item[0], other[0]) for other in group):
                    yield from grow([*group, item], rest[index + 1 :])

        return grow([], items)

    def _ordered_apart(self, items) -> set:
        """Pairs of which one must have ended before the other begins, through others between.

        A course may be longer than its intervals make it: so from the last session of the one on.
        """
        length = {o.code: o.interval_days * (n - 1) for o, n in items}
        far = self._far(length)
        if not far:
            return set()
        single = {o.code for o, n in items if n == 1}
        pairs = {pair for pair, days in far.items() if pair[0] in single and days > 0}
        for a, middle in far:
            rule = self._rule(a, middle)
            if rule is None or rule.course_first != a:
                continue
            gap = 0 if rule.together else rule.gap_days
            after = {b: gap + far[middle, b] for b in length if b != a and (middle, b) in far}
            pairs |= {(a, b) for b, days in (after | {middle: gap}).items() if days > 0}
        return pairs | {(b, a) for a, b in pairs}

    def _far(self, length: dict) -> dict:
        """Days from one treatment's first session to another's, at the least, where it is first."""
        far = {
            (a, b): wait
            for a in length
            for b in length
            if a != b and (wait := self._wait(a, b, length)) is not None
        }
        for middle in length if far else ():
            for a in length:
                for b in length:
                    if a != b and (a, middle) in far and (middle, b) in far:
                        through = far[a, middle] + far[middle, b]
                        far[a, b] = max(far.get((a, b), through), through)
        return far

    def _wait(self, a: str, b: str, length: dict) -> int | None:
        """Days from the first session of a to that of b, at the least; None: in any order."""
        rule = self._rule(a, b)
        if rule is None or a not in (rule.course_first, rule.starts_first):
            return None
        gap = 0 if rule.together else rule.gap_days
        return gap + (length[a] if rule.course_first == a else 0)

    # -- days -------------------------------------------------------------------------

    def _days(self, sessions) -> tuple[int, int]:
        """Days from the first procedure to the last, and to the last healed, laid end to end."""
        items = self._items(sessions)
        start = {option.code: 0 for option, _ in items}
        length = {option.code: option.interval_days * (n - 1) for option, n in items}
        for _ in items:
            for a, b in combinations(start, 2):
                self._push(start, length, a, b)
        last = max((start[code] + length[code] for code in start), default=0)
        healed = max((start[o.code] + length[o.code] + o.downtime for o, _ in items), default=0)
        return last, healed

    def _push(self, start: dict, length: dict, a: str, b: str) -> None:
        rule = self._rule(a, b)
        first = rule and (rule.course_first or rule.starts_first)
        if not first:
            return
        other = b if first == a else a
        wait = 0 if rule.together else rule.gap_days
        reach = start[first] + (length[first] if rule.course_first else 0) + wait
        start[other] = max(start[other], reach)


def _most_apart(cliques, level: int) -> int:
    return max(
        (sum(o.pieces * n for o, n in clique if o.downtime >= level) for clique in cliques),
        default=0,
    )
