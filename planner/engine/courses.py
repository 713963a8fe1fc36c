"""All blocks of one strategy: the firm one, then the next on what it is expected to leave."""

from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from itertools import combinations

from planner.engine.build import Builder, visits_of
from planner.engine.catalogue import Strategy
from planner.engine.compose import Block, Course, solve_block
from planner.engine.desk import Desk
from planner.engine.effect import group_shares
from planner.engine.model import POINT, Problem
from planner.engine.problem import Settled, problem_of
from planner.engine.rows import at_least, least_days


class Courses:
    """Solves blocks for one case; what several strategies share is worked out once."""

    def __init__(self, desk: Desk):
        self.desk, self.catalogue = desk, desk.catalogue

    def firm(self, strategy: Strategy, floor: float) -> Block | None:
        """The first block, with at least so much improvement (hundredths of a point)."""
        return self.solve(self._first_problem, strategy, floor)

    def course(self, strategy: Strategy, firm: Block) -> Course:
        """A firm block and those that follow it."""
        return self.extended(strategy, [firm])

    def extended(self, strategy: Strategy, blocks) -> Course:
        """These blocks, and those that follow them."""
        blocks = list(blocks)
        while len(blocks) < int(self.catalogue.constant("blocks.most")):
            following = self._next_block(strategy, blocks)
            if following is None:
                break
            blocks.append(following)
        return Course.of(strategy, blocks)

    def solve(self, problem: Problem, strategy: Strategy, floor: float = 0.0) -> Block | None:
        """The best block with all first choices, or with the most of them that can be had."""
        without, sure = self._without(strategy), True
        for count in range(len(problem.required), -1, -1):
            tried = [
                solve_block(self.desk, asked, strategy, floor=floor, without=without)
                for required in combinations(problem.required, count)
                for asked in [_requiring(problem, required)]
            ]
            sure = sure and all(proven for _, proven in tried)
            blocks = [block for block, _ in tried if block]
            if blocks:
                best = max(blocks, key=lambda block: (block.value, block.sessions))
                bound = max(block.bound for block in blocks)
                return replace(best, bound=bound, proven=sure)
        return None

    def settled(self, strategy: Strategy, blocks) -> Settled:
        """What these blocks leave, take and have used: where the next one starts."""
        course = Course.of(strategy, blocks)
        review = blocks[-1].last_day + least_days(self.catalogue.constant("review.weeks"))
        used: dict = {}
        places: dict = {}
        for block in blocks:
            days = dict(block.placed.days)
            for piece in block.pieces:
                places.setdefault(piece.treatment, set()).update(piece.places)
                count, last = used.get(piece.treatment, (0, 0))
                used[piece.treatment] = (count, max(last, days[piece.key][-1]))
            for code, count in block.sessions:
                used[code] = (used[code][0] + count, used[code][1])
        shares = group_shares(self.desk.case, self.desk.effect, course.doses, course.joints)
        return Settled(
            left={i: 1 - share for i, share in enumerate(shares)},
            used=used,
            places=places,
            spent=sum((_cost(self.desk, block) for block in blocks), Decimal(0)),
            visits=len(Builder(self.desk, visits_of(course)).sessions()),
            after=review + at_least(self.catalogue.constant("visits.least_days")),
        )

    def _next_block(self, strategy: Strategy, blocks) -> Block | None:
        problem = problem_of(self.desk, self.settled(strategy, blocks))
        if problem.max_visits is not None and problem.max_visits < 2:
            return None
        least = self.catalogue.constant("block.min_gain")
        without = self._without(strategy)
        block, _ = solve_block(
            self.desk, problem, strategy, floor=round(least * POINT), without=without
        )
        return block if block and block.value > 0 else None

    def _without(self, strategy: Strategy) -> tuple[str, ...]:
        return self._devices if strategy.exclude_device else ()

    @cached_property
    def _first_problem(self):
        return problem_of(self.desk)

    @cached_property
    def _devices(self) -> tuple[str, ...]:
        return tuple(c.code for c in self.desk.candidates if self.desk.is_device(c.row))


def _requiring(problem: Problem, required: tuple) -> Problem:
    """The problem itself where nothing differs: it keeps what it has worked out."""
    return problem if required == problem.required else replace(problem, required=required)


def _cost(desk: Desk, block: Block) -> Decimal:
    total = Decimal(0)
    for piece in block.pieces:
        row = desk.catalogue.treatments[piece.treatment]
        times = 1 if row.price_unit == "course" else piece.sessions
        total += desk.price(row, piece.places) * times
    return total
