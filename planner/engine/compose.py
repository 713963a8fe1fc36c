"""From a case to the blocks of one strategy: candidates, the choice, its sequence, the next block.

The choice (model.py) is made against lower bounds of visits, weeks and downtime, the sequence
(sequence.py) is the best for that choice. What the sequence really costs is compared with the
choice's bound: when another choice could still be better, it is tried, until the bound is met.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from math import ceil

from clinic.catalogue.terms import Effect
from planner.engine import limits
from planner.engine.catalogue import Catalogue, Strategy, Treatment
from planner.engine.effect import MONTHS_LATE, Dose, EffectModel, Joint
from planner.engine.model import LOG, POINT, UNITS, Choice, Lot, Option, Problem, choose
from planner.engine.pairs import Pairs
from planner.engine.safety import Safety, clinic_lacks
from planner.engine.scars import (
    WORTH_A_STEP,
    count_of,
    is_raised,
    load_of,
    pair_word,
    worth,
)
from planner.engine.sequence import Bench, Piece, Placed, Rule, sequence
from planner.engine.values import Case

FIRST_CHOICE, GOOD_CHOICE = 4, 3
SAME = 1e-6  # points that do not matter


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


@dataclass(frozen=True)
class Block:
    """One solved block: what, where, when."""

    choice: Choice
    pieces: tuple[Piece, ...]
    placed: Placed
    value: float
    bound: float
    proven: bool
    first_day: int  # days after `on`
    last_day: int
    joints: tuple[Joint, ...] = ()
    doses: tuple[Dose, ...] = ()
    gain: float = 0.0  # hundredths of a point of improvement, in the choice's measure


@dataclass(frozen=True)
class Course:
    """All blocks of one strategy; a published protocol has doses and no blocks of ours."""

    strategy: Strategy | None
    blocks: tuple[Block, ...]
    gain: float
    doses: tuple[Dose, ...] = ()
    joints: tuple[Joint, ...] = ()

    @classmethod
    def of(cls, strategy: Strategy, blocks) -> "Course":
        return cls(
            strategy,
            tuple(blocks),
            sum(block.gain for block in blocks),
            tuple(dose for block in blocks for dose in block.doses),
            tuple(joint for block in blocks for joint in block.joints),
        )


@dataclass
class Desk:
    """Everything that the steps of one suggestion share; values are worked out once."""

    case: Case
    catalogue: Catalogue
    safety: Safety = field(init=False)
    effect: EffectModel = field(init=False)
    pairs: Pairs = field(init=False)

    def __post_init__(self):
        self.safety = Safety(self.case, self.catalogue)
        self.effect = EffectModel(self.catalogue)
        self.pairs = Pairs(self.safety.facts, self.catalogue, self.effect.mechanism_class)

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
                    days.append(int(hit.reading_days + ahead))
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
                    table[member] = max(table.get(member, 0), round(weeks * 7))
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

    def problem(self, left: dict, used: dict, spent: Decimal, visits: int, after: int) -> Problem:
        """The choice of one block.

        `left` is group index -> share of the load that earlier blocks leave, `used` treatment ->
        (sessions already planned, last day), `after` the first possible day.
        """
        options = tuple(
            option
            for candidate in self.candidates
            if candidate.out is None and (option := self._option(candidate, used, after))
        )
        between = self._between(options)
        wishes = self.case.wishes
        return Problem(
            options=options,
            lots=self._lots(options, between, left, used),
            ceiling=self.effect.ceiling,
            overlap=self.effect.overlap,
            synergy=self.effect.synergy,
            between=between,
            required=self._required(options) if not used else (),
            max_visits=None if wishes.max_visits is None else wishes.max_visits - visits,
            budget_cents=None if wishes.budget is None else int((wishes.budget - spent) * 100),
            last_day=None if wishes.finish_by is None else (wishes.finish_by - self.case.on).days,
            other_visits=1,
            block_days=round(7 * self.catalogue.constant("block.weeks")),
        )

    def _option(self, candidate: Candidate, used: dict, after: int) -> Option | None:
        row = candidate.row
        places = tuple(sorted(candidate.starts))
        least, usual, most = row.course
        given, last = used.get(row.code, (0, None))
        sessions = (1, most - given) if given else (least, usual)
        if sessions[1] < 1:
            return None
        again = 0 if last is None else last + self.interval(row)
        return Option(
            row=row,
            places=places,
            sessions=sessions,
            interval_days=self.interval(row),
            downtime=row.days("downtime_days"),
            pigment=self._pigment(row),
            starts=max(*candidate.starts.values(), after, again),
            cents=int(self.price(row, places) * 100),
            mechanism=self.effect.mechanism_class(row.code),
            extra_visits=sum(1 for _ in self.suture_days(row)),
            once_visits=0 if given else self._test_visits(row.code, places),
            pieces=len(limits.split(self, row, list(places))),
            closed=candidate.closed,
        )

    def price(self, row: Treatment, places) -> Decimal:
        """What one session in these places costs; nothing where no price is set."""
        if row.price is None:
            return Decimal(0)
        return row.price * self._units(row, places)

    def _lots(self, options, between: dict, left: dict, used: dict) -> tuple[Lot, ...]:
        """Groups for which the options do the same, taken together."""
        again = {
            o.code: self.effect.overlap
            for o in options
            if o.code not in used and o.mechanism in {self.effect.mechanism_class(c) for c in used}
        }
        total = sum(self.loads) or 1.0
        table: dict = {}
        for index, group in enumerate(self.case.findings):
            steps = tuple(
                (o.code, step)
                for o in options
                if group.place in o.places
                and (step := round(self._step(o.code, group.scar_type) * again.get(o.code, 1)))
            )
            codes = {code for code, _ in steps}
            gains = tuple(
                pair
                for pair, rule in sorted(between.items())
                if rule.synergy
                and codes.issuperset(pair)
                and pair_word(group.scar_type) in rule.scar_types
            )
            share = 100 * POINT * self.loads[index] / total * left.get(index, 1.0)
            table[steps, gains] = table.get((steps, gains), 0.0) + share
        return tuple(Lot(weight, steps, gains) for (steps, gains), weight in sorted(table.items()))

    def _step(self, treatment: str, scar_type: str) -> int:
        """Thousandths of a logarithm a session, between its effect soon and at a year."""
        late = self.catalogue.constant("lasting.weight")
        lasting = 1 - late + late * self.effect.lasting(treatment, MONTHS_LATE)
        return round(LOG * self.effect.step(treatment, scar_type) * lasting)

    def _pigment(self, row: Treatment) -> int:
        phototype = self.case.patient.fitzpatrick
        if phototype is not None and phototype < 4:
            return 0
        return int(row.figure("pigment_risk").usual or 0)

    def suture_days(self, row: Treatment):
        """Days until stitches come out, for each requirement that leaves some."""
        for code in row.requires:
            days = self.catalogue.constant(f"suture_removal.{code}", 0)
            if days:
                yield int(days)

    def _test_visits(self, treatment: str, places) -> int:
        hits = (h for p in places for h in self.safety.hits(treatment, p, self.case.on))
        return 2 if any(hit.known and hit.reading_days for hit in hits) else 0

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

    def region(self, place: str):
        return self.catalogue.regions[place.partition(".")[0]]

    def _between(self, options) -> dict:
        """The rule of every two options that share a field."""
        table = {}
        fields = {o.code: {self.catalogue.field_of(p) for p in o.places} for o in options}
        for i, one in enumerate(options):
            for other in options[i + 1 :]:
                common = fields[one.code] & fields[other.code]
                if common:
                    pair = (one.code, other.code)
                    places = [
                        p
                        for p in (*one.places, *other.places)
                        if self.catalogue.field_of(p) in common
                    ]
                    table[pair] = self.rule_between(*pair, places)
        return table

    def _required(self, options) -> tuple[tuple[str, ...], ...]:
        """First choices that no plan leaves out: release of tethers, work on single deep scars.

        One method of a mechanism serves all its types in a block, so a type whose own first choice
        does not serve the others accepts a good method of that mechanism instead.
        """
        first: dict = {}
        good: dict = {}
        triggers = set()
        for scar_type, spot in sorted({(g.scar_type, g.place) for g in self.case.findings}):
            for option in (o for o in options if spot in o.places):
                rank, key = worth(option.row, scar_type), (option.mechanism, scar_type)
                if rank >= FIRST_CHOICE:
                    first.setdefault(key, set()).add(option.code)
                    if self.catalogue.constant(f"first_choice.{option.row.mechanism}", 0):
                        triggers.add(key)
                if rank >= GOOD_CHOICE:
                    good.setdefault(key, set()).add(option.code)
        wanted = {key: first[key] for key in triggers}
        return tuple(sorted({self._demand(key, wanted, good) for key in wanted}))

    def _demand(self, key: tuple, first: dict, good: dict) -> tuple[str, ...]:
        others = [good[other] for other in first if other[0] == key[0] and other != key]
        serves_all = first[key].intersection(*others)
        return tuple(sorted(serves_all or good[key]))


# --- one strategy -------------------------------------------------------------------


def solve_block(
    desk: Desk, problem: Problem, strategy: Strategy, *, floor=0.0, without=()
) -> Block | None:
    """The best block of a strategy; None where nothing fits."""

    def realise(choice: Choice, beat: float | None) -> Block | None:
        return _realise(desk, problem, strategy, choice, beat)

    best, bound, proven = search(problem, strategy, realise, floor=floor, without=without)
    return best and replace(best, bound=bound, proven=proven)


def search(problem: Problem, strategy: Strategy, realise, *, floor=0.0, without=()):
    """(best, bound, proven): choices are sequenced by `realise` until no promise is better.

    `realise` gives something with a value, a gain and a placement, or None if no sequence beats the
    value it is told.
    """
    found = choose(problem, strategy, floor=floor, without=without)
    best, exact = None, True
    for promise in found.promises:
        if best and best.value >= promise.value - SAME:
            break
        block = realise(promise.choice, best.value if best else None)
        exact = exact and (block is None or block.placed.proven)
        better = block and block.gain >= floor - SAME
        if better and (best is None or block.value > best.value):
            best = block
    else:
        exact = exact and found.complete
    if best is None:
        return None, found.rest, exact and found.rest == float("-inf")
    bound = best.value if exact and best.value >= found.rest - SAME else found.rest
    if bound == float("inf"):
        bound = strategy.weights["improvement"] * 100.0
    bound = max(bound, best.value)
    return best, bound, exact and found.complete and best.value >= bound - SAME


@dataclass(frozen=True)
class Arranged:
    """A choice with its days: what it gains and what it is worth to the strategy."""

    placed: Placed
    gain: float  # hundredths of a point
    value: float  # points of the objective


def arrange(
    problem: Problem,
    strategy: Strategy,
    choice: Choice,
    pieces,
    rules: dict,
    bench: Bench,
    beat: float | None = None,
) -> Arranged | None:
    """The best sequence of a choice, if one is worth more than `beat`.

    Sessions that help each other count as they really meet.
    """
    helping = _helping_pieces(problem, pieces, rules)

    def gain_of(counts) -> float:
        together: dict = {}
        for (pair, _), count in zip(helping, counts, strict=True):
            together[pair] = max(together.get(pair, 0), count)
        return problem.gain(choice.count, together)

    def worth(counts) -> float:
        return strategy.weights["improvement"] * gain_of(counts) / POINT

    most = None
    if beat is not None:
        most = worth((0,) * len(helping)) - fixed_price(problem, strategy, choice) - beat
    keys = tuple(keys for _, keys in helping)
    placed = sequence(pieces, rules, bench, strategy, keys, worth, most)
    if placed is None:
        return None
    if not placed.days:
        return Arranged(placed, float("-inf"), float("-inf"))
    days = dict(placed.days)
    met = [len(set(days[a]) & set(days[b])) for _, (a, b) in helping]
    gain = gain_of(met)
    return Arranged(placed, gain, score(problem, strategy, choice, pieces, days, gain))


def _helping_pieces(problem: Problem, pieces, rules: dict) -> list:
    """(pair, (key, key)) of pieces that are better in one session, where rules let them meet."""
    helping = []
    for a, b in combinations(pieces, 2):
        pair = tuple(sorted((a.treatment, b.treatment)))
        rule = problem.between.get(pair)
        if rule and rule.synergy and (a.key, b.key) in rules:
            helping.append((pair, (a.key, b.key)))
    return helping


def _realise(desk: Desk, problem: Problem, strategy: Strategy, choice: Choice, beat):
    pieces = _pieces(desk, problem, choice)
    rules = _rules(desk, problem, pieces)
    bench = _bench(desk, problem, choice)
    arranged = arrange(problem, strategy, choice, pieces, rules, bench, beat)
    if arranged is None or not arranged.placed.days:
        return arranged
    days = dict(arranged.placed.days)
    by_place: dict = {}
    for piece in pieces:
        for where in piece.places:
            by_place.setdefault((piece.treatment, where), set()).update(days[piece.key])
    every = sorted(day for row in days.values() for day in row)
    return Block(
        choice=choice,
        pieces=pieces,
        placed=arranged.placed,
        value=arranged.value,
        bound=arranged.value,
        proven=False,
        first_day=every[0],
        last_day=every[-1],
        joints=joints_of(desk, by_place),
        doses=tuple(Dose(p.treatment, where, p.sessions) for p in pieces for where in p.places),
        gain=arranged.gain,
    )


def _pieces(desk: Desk, problem: Problem, choice: Choice) -> tuple[Piece, ...]:
    options = [problem.by_code[code] for code, _ in choice.sessions]
    lead = max(desk.lead_days(o.code, place) for o in options for place in o.places)
    pieces = []
    for option in options:
        shares = limits.split(desk, option.row, list(option.places))
        for number, share in enumerate(shares, start=1):
            pieces.append(
                Piece(
                    key=option.code if len(shares) == 1 else f"{option.code}/{number}",
                    treatment=option.code,
                    places=tuple(share),
                    sessions=choice.count[option.code],
                    interval=option.interval_days,
                    longest=option.row.interval_days[2],
                    starts=max(lead, option.starts),
                    downtime=option.downtime,
                    minutes=option.row.days("duration_min"),
                    milligrams=round(10 * limits.planned_mg(desk, option.row, share)),
                    closed=option.closed,
                )
            )
    return tuple(pieces)


def _rules(desk: Desk, problem: Problem, pieces) -> dict:
    rules = {}
    for i, one in enumerate(pieces):
        for other in pieces[i + 1 :]:
            if one.treatment == other.treatment:
                rules[one.key, other.key] = Rule(together=False, gap=0)
                continue
            pair = tuple(sorted((one.treatment, other.treatment)))
            between = problem.between.get(pair)
            if between is None or not _share_a_field(desk, one, other):
                continue
            keys = {one.treatment: one.key, other.treatment: other.key}
            rules[one.key, other.key] = Rule(
                together=between.together,
                gap=between.gap_days,
                course_first=keys.get(between.course_first, ""),
                starts_first=keys.get(between.starts_first, ""),
            )
    return rules


def _share_a_field(desk: Desk, one: Piece, other: Piece) -> bool:
    fields = {desk.catalogue.field_of(p) for p in one.places}
    return any(desk.catalogue.field_of(p) in fields for p in other.places)


def _bench(desk: Desk, problem: Problem, choice: Choice) -> Bench:
    mg = desk.lidocaine_mg
    visits = problem.max_visits
    if visits is not None:
        options = [(problem.by_code[code], n) for code, n in choice.sessions]
        visits -= problem.other_visits + sum(o.extra_visits * n + o.once_visits for o, n in options)
    return Bench(
        minutes=int(desk.catalogue.constant("visit.minutes")),
        milligrams=None if mg is None else int(mg * 10),
        least_between_visits=int(desk.catalogue.constant("visits.least_days")),
        max_visits=visits,
        last_day=problem.last_day,
        longest=problem.block_days,
    )


def joints_of(desk: Desk, days: dict) -> tuple[Joint, ...]:
    """Sessions together of treatments that help each other; `days` by (treatment, place)."""
    by_place: dict = {}
    for code, where in sorted(days):
        by_place.setdefault(where, []).append(code)
    joints = []
    for where, codes in sorted(by_place.items()):
        for code, other in combinations(codes, 2):
            together = len(days[code, where] & days[other, where])
            if together and (rule := desk.rule_between(code, other, [where])).synergy:
                joints.append(Joint(rule.a, rule.b, where, together, rule.scar_types))
    return tuple(joints)


def score(problem: Problem, strategy: Strategy, choice: Choice, pieces, days, gain: float) -> float:
    """The objective of a sequenced choice, in points: what the solver's bound bounds."""
    weights = strategy.weights
    burdens: dict = {}
    for piece in pieces:
        for day in days[piece.key]:
            burdens[day] = max(burdens.get(day, 0), piece.downtime)
    healed = max(days[p.key][-1] + p.downtime for p in pieces)
    start = min(days[p.key][0] for p in pieces)
    return (
        weights["improvement"] * gain / POINT
        - fixed_price(problem, strategy, choice)
        - weights["downtime"] * sum(burdens.values())
        - weights["visits"] * len(burdens)
        - weights["weeks"] * (healed - start) / 7
    )


def fixed_price(problem: Problem, strategy: Strategy, choice: Choice) -> float:
    """What a choice costs in every sequence: effort, money, pigment risk, visits besides."""
    weights = strategy.weights
    options = [(problem.by_code[code], n) for code, n in choice.sessions]
    extra = sum(o.extra_visits * n + o.once_visits for o, n in options)
    return (
        strategy.min_gain * sum(n for _, n in options)
        + weights["cost"] * problem.cents(choice.sessions) / UNITS["cost"]
        + weights["visits"] * (problem.other_visits + extra)
        + weights["pigment"] * sum(o.pigment * n for o, n in options)
    )
