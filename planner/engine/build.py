"""From solved blocks to a proposal: dated visits with steps, preparations, home care, costs."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from clinic.catalogue.terms import Effect, TreatmentKind
from planner.engine import limits
from planner.engine.compose import Course
from planner.engine.desk import Desk
from planner.engine.rows import at_least, at_most, least_days
from planner.engine.safety import clinic_lacks
from planner.engine.scars import WORTH_A_STEP, worth
from planner.engine.values import (
    HomeCare,
    Preparation,
    Session,
    Step,
)

CENT = Decimal("0.01")


FIRST = ("test_reading", "review", "suture_removal", "test_spot", "procedure")
"""Which of two visits on one day comes first: what decides before what is done."""


@dataclass(frozen=True)
class Given:
    """A procedure visit before it has its steps' details: `uses` are (treatment, places)."""

    day: int  # counted from the case's `on`
    block: int
    uses: tuple[tuple[str, tuple[str, ...]], ...]


def visits_of(course: Course) -> list[Given]:
    """The procedure visits of a course, in order of time."""
    table: dict = {}
    for number, block in enumerate(course.blocks, start=1):
        days = dict(block.placed.days)
        for piece in block.pieces:
            for day in days[piece.key]:
                table.setdefault((day, number), {}).setdefault(piece.treatment, set()).update(
                    piece.places
                )
    return [
        Given(day, number, tuple((t, tuple(sorted(p))) for t, p in sorted(uses.items())))
        for (day, number), uses in sorted(table.items())
    ]


class Builder:
    """Builds the visits of one plan; day 0 is its first procedure, on `first_on`."""

    def __init__(self, desk: Desk, visits: list[Given], *, by_protocol: bool = False):
        self.desk, self.catalogue, self.case = desk, desk.catalogue, desk.case
        self.by_protocol = by_protocol
        self.start = visits[0].day
        self.first_on = self.case.on + timedelta(days=self.start)
        self.visits = [replace(visit, day=visit.day - self.start) for visit in visits]
        self.first_of: dict = {}
        for index, visit in enumerate(self.visits):
            for treatment, _ in visit.uses:
                self.first_of.setdefault(treatment, index)

    def on(self, day: int) -> date:
        return self.first_on + timedelta(days=day)

    def sessions(self) -> tuple[Session, ...]:
        procedures = [self._procedure(index) for index in range(len(self.visits))]
        extra = [*self._tests(), *self._sutures(), *self._reviews()]
        return tuple(sorted([*procedures, *extra], key=lambda s: (s.day, FIRST.index(s.kind))))

    def minutes(self, kind: str) -> int:
        """How long a visit without a procedure takes."""
        return int(self.catalogue.constant(f"minutes.{kind}"))

    # -- procedures -------------------------------------------------------------------

    def _procedure(self, index: int) -> Session:
        visit = self.visits[index]
        codes = self._in_order([treatment for treatment, _ in visit.uses], visit)
        places = dict(visit.uses)
        steps = tuple(
            self._step(code, places[code], number, index) for number, code in enumerate(codes, 1)
        )
        rows = [self.catalogue.treatments[code] for code in codes]
        return Session(
            kind="procedure",
            day=visit.day,
            on=self.on(visit.day),
            block=visit.block,
            steps=steps,
            **self._gaps(index),
            numbing_min=max(row.days("numbing_min") for row in rows),
            procedure_min=sum(row.days("duration_min") for row in rows),
            recovery_min=max(row.days("recovery_min") for row in rows),
            cleanup_min=max(row.days("cleanup_min") for row in rows),
            downtime_days=max(step.downtime_days for step in steps),
            lidocaine_mg=round(
                sum(limits.planned_mg(self.desk, row, places[row.code]) for row in rows), 1
            ),
        )

    def _step(self, code: str, places, number: int, index: int) -> Step:
        row = self.catalogue.treatments[code]
        day = self.on(self.visits[index].day)
        hits = self.hits(code, places, day)
        first = self.first_of[code] == index
        price = self.desk.price(row, places)
        if row.price_unit == "course" and not first:
            price = Decimal(0)
        return Step(
            order=number,
            treatment=code,
            name=row.name,
            places=tuple(places),
            scar_types=self.types(code, places),
            performers=row.performers,
            requires=row.requires,
            skill=row.skill,
            duration_min=row.days("duration_min"),
            price=price.quantize(CENT),
            downtime_days=row.days("downtime_days"),
            needs_override=any(h.known and h.effect == Effect.OVERRIDE for h in hits),
            cautions=tuple(h for h in hits if h.known and h.effect == Effect.CAUTION),
            adjuncts=self.adjuncts(code, places),
        )

    def hits(self, code: str, places, day: date) -> tuple:
        """The hits of all places of a step, one for each clause."""
        table: dict = {}
        for place in places:
            for hit in self.desk.safety.hits(code, place, day):
                table.setdefault((hit.rule, hit.effect, hit.text, hit.known), []).append(hit)
        return tuple(
            replace(rows[0], places=tuple(p for hit in rows for p in hit.places))
            for rows in table.values()
        )

    def types(self, code: str, places) -> tuple[str, ...]:
        """The scar types a step is for: those it is worth a step for, else those it touches."""
        row = self.catalogue.treatments[code]
        here = {g.scar_type for g in self.case.findings if g.place in places}
        meant = {t for t in here if worth(row, t) >= WORTH_A_STEP}
        return tuple(sorted(meant or {t for t in here if worth(row, t)}))

    def adjuncts(self, code: str, places) -> tuple[str, ...]:
        """What may go with a step: adjuncts that a pair row ties to it and nothing forbids."""
        found = []
        for row in self.catalogue.treatments.values():
            if row.kind != TreatmentKind.ADJUNCT or clinic_lacks(self.case, self.catalogue, row):
                continue
            if frozenset((code, row.code)) not in self.catalogue.pairs_of:
                continue
            between = self.desk.rule_between(code, row.code, places)
            listed = "d1" not in between.rules and not between.avoid
            verdicts = [self.desk.safety.verdict(row.code, place).effect for place in places]
            if listed and not any(verdicts):
                found.append(row.code)
        return tuple(sorted(found))

    def _in_order(self, codes: list[str], visit: Given) -> list[str]:
        """The order inside one session: pairs' own word first, else vascular to filler (d6)."""
        places = dict(visit.uses)
        rows = self.catalogue.treatments
        left = sorted(codes, key=lambda code: (rows[code].order, code))
        ordered: list[str] = []
        while left:
            ready = next(
                (
                    c
                    for c in left
                    if not any(self._goes_before(o, c, places) for o in left if o != c)
                ),
                left[0],
            )
            ordered.append(ready)
            left.remove(ready)
        return ordered

    def _goes_before(self, one: str, other: str, places: dict) -> bool:
        fields = {self.catalogue.field_of(p) for p in places[one]}
        common = [p for p in places[other] if self.catalogue.field_of(p) in fields]
        return bool(common) and self.desk.rule_between(one, other, common).first == one

    # -- intervals --------------------------------------------------------------------

    def _gaps(self, index: int) -> dict:
        """The visit's distance from the one before: what booking may go down and up to, and why."""
        if index == 0:
            return {}
        visit, before = self.visits[index], self.visits[index - 1]
        least, most, rules = 1, None, []
        for earlier in self.visits[:index]:
            for treatment, places in visit.uses:
                for other, their_places in earlier.uses:
                    found = self._rule(treatment, places, other, their_places)
                    if found is None:
                        continue
                    days, longest, rule = found
                    needed = earlier.day + days - before.day
                    if earlier.day + days > before.day:
                        rules.append((-(earlier.day + days), rule))
                    least = max(least, needed)
                    if longest is not None and earlier is self._last_with(treatment, index):
                        limit = earlier.day + longest - before.day
                        most = limit if most is None else min(most, limit)
        typical = visit.day - before.day
        return {
            "gap_min_days": min(least, typical),
            "gap_typical_days": typical,
            "gap_max_days": None if most is None else max(most, typical),
            "gap_rules": tuple(dict.fromkeys(rule for _, rule in sorted(rules))),
        }

    def _last_with(self, treatment: str, index: int):
        earlier = [v for v in self.visits[:index] if any(t == treatment for t, _ in v.uses)]
        return earlier[-1] if earlier else None

    def _rule(self, treatment, places, other, their_places):
        """(least days, most days, words) that hold between a step and an earlier one."""
        row = self.catalogue.treatments[treatment]
        if treatment == other:
            if set(places).isdisjoint(their_places):
                return None
            least, usual, longest = row.interval_days
            usual = self.desk.interval(row)
            least = max(least, usual if usual > row.interval_days[1] else 0)
            spans = f"{weeks(usual)} usually, {weeks(least)} at least"
            words = f"{row.name} again in the same place: {spans}"
            return least, longest, words
        fields = {self.catalogue.field_of(p) for p in places}
        common = [p for p in their_places if self.catalogue.field_of(p) in fields]
        if not common:
            return None
        between = self.desk.rule_between(treatment, other, common)
        names = f"{self.catalogue.name_of(other)}, then {row.name}"
        words = f"{names}: {weeks(between.gap_days)} apart ({', '.join(between.rules)})"
        return between.least_days, None, words

    # -- visits besides procedures ----------------------------------------------------

    def _reviews(self):
        weeks_after = self.catalogue.constant("review.weeks")
        early = at_most(self.catalogue.constant("review.early_days", 0))
        for number in sorted({visit.block for visit in self.visits}):
            last = max(visit.day for visit in self.visits if visit.block == number)
            day = last + least_days(weeks_after)
            yield Session(
                "review",
                day,
                self.on(day),
                number,
                gap_min_days=max(0, day - last - early),
                gap_typical_days=day - last,
                gap_rules=(f"Review {weeks_after:g} weeks after a block's last procedure (p08)",),
                procedure_min=self.minutes("review"),
                text="Review: continue, change or stop, on a new assessment.",
            )

    def _sutures(self):
        window = at_most(self.catalogue.constant("suture_removal.window_days", 0))
        for visit in self.visits:
            for code, _ in visit.uses:
                row = self.catalogue.treatments[code]
                for days in self.desk.suture_days(row):
                    day = visit.day + days
                    yield Session(
                        "suture_removal",
                        day,
                        self.on(day),
                        visit.block,
                        gap_min_days=max(0, days - window),
                        gap_typical_days=days,
                        gap_max_days=days + window,
                        procedure_min=self.minutes("suture_removal"),
                        text=f"Stitches out after {row.name}.",
                    )

    def _tests(self):
        """A test area and its reading before the first session of what asks for one."""
        ahead = at_least(self.catalogue.constant("test_spot.ahead_days"))
        for code, index in sorted(self.first_of.items()):
            visit = self.visits[index]
            places = dict(visit.uses)[code]
            hits = self.hits(code, places, self.on(visit.day))
            readings = [hit for hit in hits if hit.known and hit.reading_days]
            if not readings:
                continue
            hit = max(readings, key=lambda h: h.reading_days)
            name = self.catalogue.name_of(code)
            where = self.catalogue.place_name(places[0])
            read = visit.day - ahead
            placed = read - hit.reading_days
            yield Session(
                "test_spot",
                placed,
                self.on(placed),
                visit.block,
                procedure_min=self.minutes("test_spot"),
                text=f"Test area for {name} ({where}); note place and settings ({hit.rule}).",
            )
            yield Session(
                "test_reading",
                read,
                self.on(read),
                visit.block,
                gap_min_days=hit.reading_days,
                gap_typical_days=hit.reading_days,
                procedure_min=self.minutes("test_reading"),
                text=f"Reading of the test area for {name} ({hit.rule}).",
            )

    # -- preparation and home care ----------------------------------------------------

    def preparations(self, sessions) -> tuple[tuple[Preparation, ...], tuple[HomeCare, ...]]:
        """Dated preparations by session, and home care from its earliest start on."""
        steps: dict = {}
        home: dict = {}
        for number, session in enumerate(sessions, start=1):
            for step in session.steps:
                for hit in self.hits(step.treatment, step.places, session.on):
                    if not (hit.known and hit.preparation):
                        continue
                    row = self.catalogue.treatments.get(hit.preparation)
                    start = session.day - hit.lead_days
                    if row and row.kind == TreatmentKind.HOME_CARE:
                        home.setdefault(row.code, []).append((start, hit))
                    elif _each_time(hit) or self.first_of[step.treatment] == self._index(session):
                        steps.setdefault((number, hit.preparation), []).append(
                            (start, session, hit)
                        )
        prepared = tuple(
            self._preparation(number, code, rows) for (number, code), rows in sorted(steps.items())
        )
        return prepared, tuple(self._home_care(code, rows) for code, rows in sorted(home.items()))

    def _index(self, session: Session) -> int:
        return next(i for i, visit in enumerate(self.visits) if visit.day == session.day)

    def _preparation(self, number: int, code: str, rows: list) -> Preparation:
        start = min(start for start, _, _ in rows)
        _, session, hit = rows[0]
        ends = [s.day + h.course_days - h.lead_days for _, s, h in rows if h.course_days]
        return Preparation(
            treatment=code,
            name=self.catalogue.name_of(code),
            before_session=number,
            from_day=start,
            to_day=max(ends) if ends else session.day,
            rules=tuple(sorted({h.rule for _, _, h in rows})),
            text=hit.text,
        )

    def _home_care(self, code: str, rows: list) -> HomeCare:
        start, hit = min(rows, key=lambda row: (row[0], row[1].rule))
        return HomeCare(
            code,
            self.catalogue.name_of(code),
            start // 7,
            hit.text,
            tuple(sorted({h.rule for _, h in rows})),
        )


def _each_time(hit) -> bool:
    """A course that goes on after the session is given with every session."""
    return bool(hit.course_days and hit.course_days > hit.lead_days)


def weeks(days: int) -> str:
    """An interval as a clinic says it."""
    if days % 7:
        return f"{days} days"
    count = days // 7
    return "1 week" if count == 1 else f"{count} weeks"


def totals(sessions) -> dict:
    """Cost, downtime, visits and weeks of a plan's sessions."""
    procedures = [session for session in sessions if session.steps]
    healed = max((s.day + s.downtime_days for s in procedures), default=0)
    return {
        "cost": sum((step.price for s in procedures for step in s.steps), Decimal("0.00")),
        "downtime_longest": max((s.downtime_days for s in procedures), default=0),
        "downtime_total": sum(s.downtime_days for s in procedures),
        "visits": len(sessions),
        "weeks": -(-healed // 7),
    }
