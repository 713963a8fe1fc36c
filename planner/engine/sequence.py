"""When: the visits of a block, placed exactly.

Every session of every treatment gets a day. Sessions of one treatment keep its usual interval
(at most its longest one), two treatments in a common field keep their pair's rule, a visit holds
what its chair time, the local anaesthetic, the filler and the areas allow. Few visits, few days,
little downtime.

A search over the order of visits (ordering.py) finds most sequences and their proof; the solver
(solver.py) is asked for what it leaves open.
"""

from dataclasses import dataclass

from planner.engine.catalogue import Strategy
from planner.engine.ordering import NEVER, cheapest, settle


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
    stands: bool = False  # on its day, whatever the rules say
    filler: int = 0  # a session, in hundredths of a millilitre


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
    filler: int | None = None
    areas: int | None = None  # places, each once whatever is done there

    def holds(self, one: Piece, others) -> bool:
        """Whether a visit holds a piece and what shares it; what no visit holds stands alone."""
        if self.areas is not None:
            places = set(one.places).union(*(other.places for other in others))
            if len(places) > max(self.areas, len(one.places)):
                return False
        return all(
            mine + sum(theirs) <= max(most, mine) for most, mine, theirs in self.loads(one, others)
        )

    def loads(self, one: Piece, others):
        """(most, the piece's own, the others') of all that a visit holds, where the piece counts.

        Chair time counts for every piece, anaesthetic and filler for those that need some.
        """
        yield self.minutes, one.minutes, [other.minutes for other in others]
        if self.milligrams is not None and one.milligrams:
            yield self.milligrams, one.milligrams, [other.milligrams for other in others]
        if self.filler is not None and one.filler:
            yield self.filler, one.filler, [other.filler for other in others]


@dataclass(frozen=True)
class Placed:
    """Days by (piece key, number of the session), counted from the first possible day."""

    days: tuple[tuple[str, tuple[int, ...]], ...]
    proven: bool


def sequence(
    pieces, rules: dict, bench: Bench, strategy: Strategy, helping=(), worth=None, most=None
) -> Placed | None:
    """The best sequence of these pieces; None if there is none that costs at most `most` points.

    `helping` are pairs of keys that are better in one session, `worth` the points that the choice
    brings where they meet so many times, one number a pair: what is left of the price. A search
    that ran out of time gives no days and no proof.
    """
    if not pieces:
        return Placed((), True)
    most = NEVER if most is None else most
    worth = worth or (lambda counts: 0.0)
    known = None
    if not any(piece.stands for piece in pieces):
        ordered = cheapest(pieces, rules, bench, strategy, helping, worth, most)
        if ordered.complete and not ordered.visits:
            return None
        days = settle(ordered.visits, pieces, rules, bench) if ordered.visits else None
        if days is not None:
            known = Placed(_by_piece(pieces, ordered.visits, days), ordered.complete)
            if ordered.complete:
                return known
            most = ordered.price
    from planner.engine.solver import solve  # seldom needed, and slow to load

    return solve(pieces, rules, bench, strategy, helping, worth, most, known)


def _by_piece(pieces, visits, days) -> tuple[tuple[str, tuple[int, ...]], ...]:
    table: dict = {piece.key: [] for piece in pieces}
    for (_, group), day in zip(visits, days, strict=True):
        for i in group:
            table[pieces[i].key].append(day)
    return tuple((key, tuple(row)) for key, row in table.items())
