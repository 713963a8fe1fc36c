"""What holds between two treatments in one field: together, apart, in which order, or never both.

The rows of the section `pairs` decide; an unlisted pair falls under the default rules d1 and d5.
One function for planning and for checking.
"""

from dataclasses import dataclass

from clinic.catalogue.terms import PairRelation
from planner.engine.catalogue import Catalogue, Pair, Treatment
from planner.engine.conditions import Facts, Spot, holds
from planner.engine.rows import at_least
from planner.engine.values import UNKNOWN

PRECEDENCE = (
    PairRelation.AVOID,
    PairRelation.SEPARATE_BY_WEEKS,
    PairRelation.ORDER_BEFORE,
    PairRelation.SAME_SESSION_OK,
    PairRelation.SAME_SESSION_SYNERGY,
)
TOGETHER = (PairRelation.SAME_SESSION_OK, PairRelation.SAME_SESSION_SYNERGY)
UNLISTED = "d1"
ONE_OF_A_KIND = "d5"
STAGES = "stages"


@dataclass(frozen=True)
class Between:
    """The rule between treatments a and b (a < b by code) in the fields they share.

    `gap_days` must lie between two sessions on different days, `least_days` is what a booking or a
    published protocol may go down to. `course_first` has its whole course before the other's first
    session (the same day counts as before where `together`); `starts_first` only starts before it.
    `never` keeps the two out of one block; `avoid`, a row's own word, out of one plan.

    Why these differ: d5 itself says "at most one per block", so that after a review another method
    of the same kind may take over. A row that says to avoid a pair speaks of the scar or the field
    ("two caustics in one scar", "two deep resurfacings in one course"), and no review changes that.
    Of rows that only say to choose one the stricter reading is taken too: where a change should be
    possible, the row says how many weeks it wants in between.
    """

    a: str
    b: str
    together: bool
    never: bool
    avoid: bool
    synergy: bool
    first: str
    named: bool  # whether a row itself says which goes first in a session
    course_first: str
    starts_first: str
    gap_days: int
    least_days: int
    scar_types: tuple[str, ...]
    rules: tuple[str, ...]
    text: str


class Pairs:
    """The pair rules of one catalogue for one case.

    `interval` says the usual days between two sessions of a row, or the patient's stricter figure.
    """

    def __init__(self, facts: Facts, catalogue: Catalogue, class_of, interval):
        self.facts, self.catalogue, self.class_of = facts, catalogue, class_of
        self.interval = interval
        self._cache: dict = {}

    def between(self, one: str, other: str, types: frozenset, areas: frozenset) -> Between:
        """`types` are pair words of the scars treated in the shared fields, `areas` the fields."""
        a, b = sorted((one, other))
        key = (a, b, types, areas)
        if key not in self._cache:
            left, right = self.catalogue.treatments[a], self.catalogue.treatments[b]
            rows = self._rows(self._rows_between(a, b), types, areas)
            self._cache[key] = (
                self._listed(left, right, rows) if rows else self._unlisted(left, right)
            )
        return self._cache[key]

    def _rows(self, rows, types: frozenset, areas: frozenset) -> list[Pair]:
        """The rows that decide, for each scar type by itself."""
        here = [r for r in rows if not r.regions or not areas.isdisjoint(r.regions)]
        deciding: dict = {}
        for scar_type in sorted(types) or [""]:
            fitting = [r for r in here if not (r.scar_types and types) or scar_type in r.scar_types]
            deciding.update((row.code, row) for row in self._deciding(fitting))
        return [deciding[code] for code in sorted(deciding)]

    def _deciding(self, fitting: list[Pair]) -> list[Pair]:
        """Rows whose condition holds beat those without one; words count as they are assumed."""
        spot = Spot(self.facts.case.on)
        truths = {pair.code: holds(pair.when, self.facts, spot) for pair in fitting}
        holding = [pair for pair in fitting if pair.when and truths[pair.code] is True]
        plain = [pair for pair in fitting if pair.is_plain]
        unsure = [
            pair
            for pair in fitting
            if pair.when and truths[pair.code] is UNKNOWN and pair.relation not in TOGETHER
        ]
        return holding or plain + unsure

    def _rows_between(self, a: str, b: str):
        rows = self.catalogue.pairs_of.get(frozenset((a, b)))
        if rows is not None:
            return rows
        inherited = [
            pair
            for one in (a, *self.catalogue.inherits.get(a, ()))
            for other in (b, *self.catalogue.inherits.get(b, ()))
            for pair in self.catalogue.pairs_of.get(frozenset((one, other)), ())
        ]
        return tuple(sorted(inherited, key=lambda pair: pair.code))

    def _listed(self, a: Treatment, b: Treatment, rows: list[Pair]) -> Between:
        row = min(rows, key=lambda pair: (PRECEDENCE.index(pair.relation), pair.code))
        together = row.relation in TOGETHER
        better = [p for p in rows if together and p.relation == PairRelation.SAME_SESSION_SYNERGY]
        same = better or [pair for pair in rows if pair.relation == row.relation]
        first = self._named(row.first, a, b)
        order = self._in_order(a, b, row, together, first)
        apart = row.typical_days if row.typical_days and not together else self._apart(a, b, row)
        least = min(self._least(a), self._least(b)) if together else _least_of(row, apart)
        one_of_a_kind = self._same_work(a, b) and not together
        return Between(
            a=a.code,
            b=b.code,
            together=together,
            never=row.relation == PairRelation.AVOID or one_of_a_kind,
            avoid=row.relation == PairRelation.AVOID,
            synergy=bool(better),
            first=first or self._by_order(a, b),
            named=bool(first),
            gap_days=max(apart, 1),
            least_days=max(least, 1),
            scar_types=tuple(sorted({t for pair in same for t in pair.scar_types})),
            rules=tuple(sorted({p.code for p in same}))
            + ((ONE_OF_A_KIND,) if one_of_a_kind else ()),
            text=row.why,
            **order,
        )

    def _named(self, first: str, a: Treatment, b: Treatment) -> str:
        """`first` of a row, which may name a part of a combined treatment."""
        for row in (a, b):
            if first and (first == row.code or first in self.catalogue.inherits.get(row.code, ())):
                return row.code
        return ""

    def _unlisted(self, a: Treatment, b: Treatment) -> Between:
        apart = max(self.interval(a), self.interval(b)) or self._default_gap()
        earlier = self._earlier_stage(a, b)
        one_of_a_kind = self._same_work(a, b)
        return Between(
            a=a.code,
            b=b.code,
            together=False,
            never=one_of_a_kind,
            avoid=False,
            synergy=False,
            first=self._by_order(a, b),
            named=False,
            course_first=earlier,
            starts_first="",
            gap_days=apart,
            least_days=apart,
            scar_types=(),
            rules=(ONE_OF_A_KIND,) if one_of_a_kind else (UNLISTED,),
            text="These two are not listed together: they are kept in separate sessions by the "
            "longer of the intervals that they keep in this patient.",
        )

    def _in_order(self, a: Treatment, b: Treatment, row: Pair, together: bool, first: str) -> dict:
        """Whose course comes first: the row's word where it goes against the stages, else these."""
        earlier = self._earlier_stage(a, b)
        if together:
            against = bool(first) and bool(earlier) and first != earlier
            return {
                "course_first": first if against else "",
                "starts_first": "" if against else earlier,
            }
        return {"course_first": first or earlier, "starts_first": ""}

    def _apart(self, a: Treatment, b: Treatment, row: Pair) -> int:
        """Days between two that may share a session when they do not: the shorter interval."""
        usual = [days for days in (self.interval(a), self.interval(b)) if days]
        return max(row.typical_days, min(usual) if usual else self._default_gap())

    def _least(self, row: Treatment) -> int:
        """What a booking may go down to; a stricter figure for the patient leaves no tolerance."""
        least, usual, _ = row.interval_days
        stricter = self.interval(row)
        return (stricter if stricter > usual else least) or self._default_gap()

    def _default_gap(self) -> int:
        return at_least(self.catalogue.constant("gap.default_days"))

    def _earlier_stage(self, a: Treatment, b: Treatment) -> str:
        """Acne, release and volume, focal, field; inside one stage the order of a session."""
        one, other = (a.stage, a.order), (b.stage, b.order)
        if one == other:
            return ""
        return a.code if one < other else b.code

    def _by_order(self, a: Treatment, b: Treatment) -> str:
        return min((a, b), key=lambda row: (row.order, row.code)).code

    def _same_work(self, a: Treatment, b: Treatment) -> bool:
        """d5, which speaks of devices, read for every method: one of a mechanism in a field."""
        return self.class_of(a.code) == self.class_of(b.code)


def _least_of(row: Pair, apart: int) -> int:
    """Days that a row asks for at the least; one that names no weeks leaves no tolerance."""
    return min(apart, row.min_days) if row.typical_days else apart
