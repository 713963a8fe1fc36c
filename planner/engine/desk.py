"""The desk of one suggestion: what is known of the case, and which treatments are open where.

Everything here is worked out once and asked by all the others: the choice, the sequence, the
check, the explanations.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from math import ceil

from clinic.catalogue.terms import Effect
from planner.engine import limits
from planner.engine.catalogue import Catalogue, Treatment
from planner.engine.effect import EffectModel
from planner.engine.pairs import Pairs
from planner.engine.rows import at_least, least_days
from planner.engine.safety import Safety, clinic_lacks
from planner.engine.scars import WORTH_A_STEP, count_of, is_raised, load_of, pair_word, worth
from planner.engine.values import Case


@dataclass(frozen=True)
class Out:
    """Why a treatment with an indication here is not open to the planner."""

    kind: str  # rule, skin_type, clinic, wish, late
    text: str
    rules: tuple[str, ...] = ()
    effect: str = ""


@dataclass(frozen=True)
class Candidate:
    """A procedure with an indication here: where and from which day it is open, or why not."""

    row: Treatment
    starts: dict  # place -> days after `on`
    verdicts: dict  # place -> Verdict
    closed: tuple[tuple[int, int], ...] = ()  # spans of days without a session, after `on`
    out: Out | None = None

    @property
    def code(self) -> str:
        return self.row.code


@dataclass(eq=False)
class Desk:
    """Everything that the steps of one suggestion share; values are worked out once."""

    case: Case
    catalogue: Catalogue
    safety: Safety = field(init=False)
    effect: EffectModel = field(init=False)
    pairs: Pairs = field(init=False)

    def __post_init__(self):
        self.safety = Safety(self.case, self.catalogue)
        known = self.catalogue.memo
        self.effect = known.get("effect") or known.setdefault("effect", EffectModel(self.catalogue))
        self.pairs = Pairs(
            self.safety.facts, self.catalogue, self.effect.mechanism_class, self.interval
        )

    @cached_property
    def loads(self) -> tuple[float, ...]:
        """Loads as the choice weighs them: one keloid does not drown two cheeks."""
        raw = [load_of(group, self.catalogue) for group in self.case.findings]
        raised = [is_raised(group.scar_type) for group in self.case.findings]
        high = sum(load for load, up in zip(raw, raised, strict=True) if up)
        flat = sum(raw) - high
        most = self.catalogue.constant("raised.most")
        scale = 1.0
        if high and flat and high > (high + flat) * most:
            scale = flat * most / (1 - most) / high
        return tuple(load * scale if up else load for load, up in zip(raw, raised, strict=True))

    @cached_property
    def places(self) -> tuple[str, ...]:
        return tuple(sorted({group.place for group in self.case.findings}))

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        rows = (row for row in self.catalogue.treatments.values() if row.is_procedure)
        return tuple(
            candidate
            for row in sorted(rows, key=lambda r: r.code)
            if (candidate := self._candidate(row))
        )

    @cached_property
    def lidocaine_mg(self) -> float | None:
        return limits.lidocaine_mg(self.case, self.catalogue, self.safety.facts)

    def worth(self, row: Treatment, place: str) -> int:
        """The best effectiveness it has on a scar of this place."""
        return max(
            (worth(row, g.scar_type) for g in self.case.findings if g.place == place), default=0
        )

    def _candidate(self, row: Treatment) -> Candidate | None:
        places = [place for place in self.places if self.worth(row, place) >= WORTH_A_STEP]
        if not places:
            return None
        verdicts = {place: self.safety.verdict(row.code, place) for place in places}
        starts = {
            place: self._start(row, place, verdict)
            for place, verdict in verdicts.items()
            if verdict.effect is None
        }
        horizon = 7 * self.catalogue.constant("horizon.weeks")
        in_time = {place: days for place, days in starts.items() if days <= horizon}
        closed = {
            ((first - self.case.on).days, (last - self.case.on).days)
            for place in in_time
            for first, last in self.safety.closed_days(row.code, place)
        }
        out = self._out(row, verdicts, starts, in_time)
        return Candidate(row, in_time, verdicts, tuple(sorted(closed)), out)

    def _start(self, row: Treatment, place: str, verdict) -> int:
        earliest = (verdict.earliest - self.case.on).days
        return max(earliest, self.lead_days(row.code, place), self._since_earlier(row, place))

    def lead_days(self, treatment: str, place: str) -> int:
        """Days that preparations and a test area with its reading take before the first session."""
        ahead = self.catalogue.constant("test_spot.ahead_days")
        days = [0]
        for hit in self.safety.hits(treatment, place, self.case.on):
            if hit.known:
                days.append(hit.lead_days)
                if hit.reading_days:
                    days.append(at_least(hit.reading_days + ahead))
        return max(days)

    def _since_earlier(self, row: Treatment, place: str) -> int:
        """Days until skin treated before this plan, here or elsewhere, may be treated again."""
        waits = [0]
        for past in self.case.previous:
            other = self.catalogue.treatments.get(past.treatment)
            if not other or not past.performed_on or not other.is_procedure:
                continue
            if past.places and place not in past.places:
                continue
            rest = (
                self.interval(row)
                if other is row
                else self.rule_between(row.code, other.code, [place]).gap_days
            )
            waits.append(rest - (self.case.on - past.performed_on).days)
        return max(waits)

    def interval(self, row: Treatment) -> int:
        """Usual days between two sessions, or the stricter figure for this patient."""
        return max(row.interval_days[1], self._stricter.get(row.code, 0))

    @cached_property
    def _stricter(self) -> dict:
        """Rows like stricter_interval.FABL.4-6: least weeks for a family in these skin types."""
        table: dict = {}
        for code, weeks in self.catalogue.calibration.items():
            name, _, rest = code.partition(".")
            if name != "stricter_interval" or self.case.patient.fitzpatrick is None:
                continue
            family, _, types = rest.rpartition(".")
            low, _, high = types.partition("-")
            if int(low) <= self.case.patient.fitzpatrick <= int(high):
                for member in self.catalogue.families.get(family, {family}):
                    table[member] = max(table.get(member, 0), least_days(weeks))
        return table

    def rule_between(self, a: str, b: str, places):
        """The pair rule of two treatments over the fields that these places lie in."""
        here = [g.scar_type for g in self.case.findings if g.place in places]
        by_a = {pair_word(t) for t in here if self.effect.step(a, t)}
        by_b = {pair_word(t) for t in here if self.effect.step(b, t)}
        areas = frozenset(self.catalogue.area_of(place) for place in places)
        return self.pairs.between(a, b, frozenset(by_a & by_b or by_a | by_b), areas)

    def _out(self, row: Treatment, verdicts: dict, starts: dict, in_time: dict) -> Out | None:
        lacking = clinic_lacks(self.case, self.catalogue, row)
        if not starts:
            return self._held(verdicts)
        if lacking:
            return Out("clinic", f"Not offered: {lacking}.")
        if not in_time:
            first = min(verdicts.values(), key=lambda verdict: verdict.earliest)
            rules = tuple(sorted({hit.rule for hit in first.holding}))
            return Out(
                "late", f"Not before {first.earliest:%d-%b-%Y}: left for a later plan.", rules
            )
        return self._unwished(row)

    def _held(self, verdicts: dict) -> Out:
        """Every rule that holds it somewhere, the strongest first, in the words of that one."""
        held = sorted(
            {hit for verdict in verdicts.values() for hit in verdict.holding},
            key=lambda hit: (Effect(hit.effect).rank, hit.rule, hit.text),
        )
        effect = min((v.effect for v in verdicts.values()), key=lambda e: Effect(e).rank)
        first = next(hit for hit in held if hit.effect == effect)
        rules = tuple(dict.fromkeys(hit.rule for hit in held))
        kind = "skin_type" if rules == ("skin_type",) else "rule"
        return Out(kind, first.text, rules, effect)

    def _unwished(self, row: Treatment) -> Out | None:
        """Every wish that keeps it out."""
        wishes, reasons = self.case.wishes, {}
        if wishes.no_needles and row.needles:
            reasons["no_needles"] = "It works with needles, which the patient does not want."
        days, most = row.days("downtime_days"), wishes.max_downtime_days
        if most is not None and days > most:
            reasons["max_downtime_days"] = (
                f"It usually takes {days} days of downtime; the patient can take {most}."
            )
        if wishes.budget is not None and row.price is not None and row.price > wishes.budget:
            reasons["budget"] = "One session costs more than the budget."
        if not reasons:
            return None
        return Out("wish", " ".join(reasons.values()), tuple(reasons))

    # -- one block's problem ----------------------------------------------------------

    def is_device(self, row: Treatment) -> bool:
        """Needs a machine; a hand-held pen that a calibration row names does not count."""
        return any(
            self.catalogue.requirements.get(code) == "device"
            and not self.catalogue.constant(f"simple_device.{code}", 0)
            for code in row.requires
        )

    # -- what a treatment takes --------------------------------------------------------

    def price(self, row: Treatment, places) -> Decimal:
        """What one session in these places costs; nothing where no price is set."""
        if row.price is None:
            return Decimal(0)
        return row.price * self._units(row, places)

    def _units(self, row: Treatment, places) -> int:
        """What one session is priced by: places, scars, syringes."""
        if row.price_unit == "scar":
            return sum(
                round(count_of(group, self.catalogue)[0])
                for group in self.case.findings
                if group.place in places and worth(row, group.scar_type) >= WORTH_A_STEP
            )
        if row.price_unit == "syringe":
            return max(1, ceil(sum(self.region(p).filler_ml for p in places)))
        return len(places) if row.price_unit == "region" else 1

    @property
    def pigment_counts(self) -> bool:
        """Whether the risk of pigment change counts in this skin; it does where that is unknown."""
        phototype = self.case.patient.fitzpatrick
        least = self.catalogue.constant("pigment.from_skin_type", 1)
        return phototype is None or phototype >= least

    def pigment(self, row: Treatment) -> int:
        if not self.pigment_counts:
            return 0
        return int(row.figure("pigment_risk").usual or 0)

    def suture_days(self, row: Treatment):
        """Days until stitches come out, for each requirement that leaves some."""
        for code in row.requires:
            days = self.catalogue.constant(f"suture_removal.{code}", 0)
            if days:
                yield int(days)

    def reading_visits(self, treatment: str, places) -> int:
        hits = (h for p in places for h in self.safety.hits(treatment, p, self.case.on))
        return 2 if any(hit.known and hit.reading_days for hit in hits) else 0

    def region(self, place: str):
        return self.catalogue.regions[place.partition(".")[0]]
