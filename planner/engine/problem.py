"""The choice of one block, written down from the desk: options, lots of scars, limits.

What is settled before the choice comes along: what earlier blocks are expected to leave, and the
steps that a clinician has pinned in this one.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from planner.engine import limits
from planner.engine.desk import Candidate, Desk
from planner.engine.effect import MONTHS_LATE
from planner.engine.model import LOG, POINT, Lot, Option, Pinned, Problem
from planner.engine.rows import at_least, at_most
from planner.engine.scars import pair_word, worth
from planner.engine.sequence import Piece

FIRST_CHOICE, GOOD_CHOICE = 4, 3


@dataclass(frozen=True)
class Pin:
    """A step that stands: its places, its day after `on`; the planner fills in around it."""

    treatment: str
    places: tuple[str, ...]
    day: int


@dataclass(frozen=True)
class Settled:
    """What is settled before a block is chosen."""

    left: dict = field(default_factory=dict)  # group index -> share of its load that is left
    used: dict = field(default_factory=dict)  # treatment -> (sessions planned, last day)
    places: dict = field(default_factory=dict)  # treatment -> the places it was planned for
    spent: Decimal = Decimal(0)
    visits: int = 0
    after: int = 0  # the first possible day
    before: int | None = None  # the day by which the last procedure has healed
    pins: tuple[Pin, ...] = ()
    later: tuple[Pin, ...] = ()  # what is pinned in the blocks to come

    def pinned(self, treatment: str) -> int:
        return sum(pin.treatment == treatment for pin in self.pins)


FRESH = Settled()


def problem_of(desk: Desk, settled: Settled = FRESH) -> Problem:
    """The choice of one block."""
    options = tuple(
        option
        for candidate in desk.candidates
        if candidate.out is None and (option := _option(desk, candidate, settled))
    )
    places = {option.code: option.places for option in options}
    for pin in settled.pins:
        places[pin.treatment] = tuple(sorted({*places.get(pin.treatment, ()), *pin.places}))
    between = _between(desk, places)
    loose = _loose(desk, options, between)
    if settled.pins:
        binding = {pair: rule for pair, rule in between.items() if pair not in loose}
        options = tuple(o for one in options if (o := _around(one, binding, settled)))
    wishes, horizon = desk.case.wishes, 7 * desk.catalogue.constant("block.weeks")
    pinned = _pinned(desk, settled.pins)
    ends = [settled.before] if settled.before is not None else []
    if wishes.finish_by is not None:
        ends.append((wishes.finish_by - desk.case.on).days)
    budget = None if wishes.budget is None else int((wishes.budget - settled.spent) * 100)
    return Problem(
        options=options,
        lots=_lots(desk, options, between, settled),
        ceiling=desk.effect.ceiling,
        overlap=desk.effect.overlap,
        synergy=desk.effect.synergy,
        repeat=desk.effect.repeat,
        between=between,
        required=_required(desk, options, settled) if not settled.used else (),
        max_visits=None if wishes.max_visits is None else wishes.max_visits - settled.visits,
        budget_cents=None if budget is None else budget - pinned.cents,
        last_day=min(ends, default=None),
        other_visits=1 + pinned.other_visits,
        block_days=max(at_most(horizon), pinned.last),
        pinned=pinned,
        mechanism_of={code: desk.effect.mechanism_class(code) for code in places},
        loose=loose,
    )


def pin_pieces(desk: Desk, pins) -> tuple[Piece, ...]:
    """The pinned steps as pieces that do not move."""
    rows = desk.catalogue.treatments
    return tuple(
        Piece(
            key=f"{pin.treatment}@{number}",
            treatment=pin.treatment,
            places=pin.places,
            sessions=1,
            interval=0,
            longest=None,
            starts=pin.day,
            downtime=rows[pin.treatment].days("downtime_days"),
            minutes=rows[pin.treatment].days("duration_min"),
            milligrams=at_least(10 * limits.planned_mg(desk, rows[pin.treatment], pin.places)),
            stands=True,
            filler=at_least(100 * limits.filler_ml(desk, rows[pin.treatment], pin.places)[0]),
        )
        for number, pin in enumerate(pins, start=1)
    )


def _pinned(desk: Desk, pins) -> Pinned:
    """What the pinned steps take by themselves."""
    if not pins:
        return Pinned()
    rows = desk.catalogue.treatments
    days: dict = {}
    cents, extra, seen = 0, 0, set()
    for pin in pins:
        row = rows[pin.treatment]
        days[pin.day] = max(days.get(pin.day, 0), row.days("downtime_days"))
        again = pin.treatment in seen
        if not (again and row.price_unit == "course"):
            cents += int(desk.price(row, pin.places) * 100)
        extra += sum(1 for _ in desk.suture_days(row))
        extra += 0 if again else desk.reading_visits(pin.treatment, pin.places)
        seen.add(pin.treatment)
    first = min(days)
    return Pinned(
        steps=tuple(pins),
        sessions=len(pins),
        codes=tuple(sorted(seen)),
        cents=cents,
        pigment=sum(desk.pigment(rows[pin.treatment]) for pin in pins),
        other_visits=extra,
        visits=len(days),
        downtime=sum(days.values()),
        last=max(days) - first,
        healed=max(day + downtime for day, downtime in days.items()) - first,
    )


def _apart(desk: Desk, row, places, other: str, given: tuple[int, int]) -> int:
    """The first day that a pair rule leaves after a treatment of an earlier block."""
    if other == row.code:
        return 0
    rule = desk.rule_between(row.code, other, places)
    return 0 if rule.together else given[1] + rule.gap_days


def _is_barred(desk: Desk, treatment: str, place: str, settled: Settled) -> bool:
    """Whether a row says to avoid it beside what another block does in this field (Between)."""
    here = desk.catalogue.field_of(place)
    others = {code: set(used) for code, used in settled.places.items() if code != treatment}
    for pin in settled.later:
        if pin.treatment != treatment:
            others.setdefault(pin.treatment, set()).update(pin.places)
    for other, used in sorted(others.items()):
        common = [p for p in sorted(used) if desk.catalogue.field_of(p) == here]
        if common and desk.rule_between(treatment, other, [place, *common]).avoid:
            return True
    return False


def _option(desk: Desk, candidate: Candidate, settled: Settled) -> Option | None:
    row = candidate.row
    starts = {
        place: day
        for place, day in candidate.starts.items()
        if not _is_barred(desk, row.code, place, settled)
    }
    places = tuple(sorted(starts))
    least, usual, most = row.course
    given, last = settled.used.get(row.code, (0, None))
    pinned = settled.pinned(row.code)
    sessions = (1, most - given - pinned) if given else (max(1, least - pinned), usual - pinned)
    if not pinned and not given:
        sessions = (least, usual)
    if not places or sessions[1] < max(1, sessions[0]):
        return None
    again = 0 if last is None else last + desk.interval(row)
    apart = max((_apart(desk, row, places, *one) for one in settled.used.items()), default=0)
    cents = int(desk.price(row, places) * 100)
    return Option(
        row=row,
        places=places,
        sessions=sessions,
        interval_days=desk.interval(row),
        downtime=row.days("downtime_days"),
        pigment=desk.pigment(row),
        starts=max(*starts.values(), settled.after, again, apart),
        cents=0 if pinned and row.price_unit == "course" else cents,
        mechanism=desk.effect.mechanism_class(row.code),
        extra_visits=sum(1 for _ in desk.suture_days(row)),
        once_visits=0 if given or pinned else desk.reading_visits(row.code, places),
        pieces=len(limits.split(desk, row, list(places))),
        closed=candidate.closed,
    )


def _around(option: Option, between: dict, settled: Settled) -> Option | None:
    """An option with the sessions that the order towards the pinned steps leaves it, if any."""
    starts, ends = option.starts, None
    for pin in settled.pins:
        rule = between.get(tuple(sorted((option.code, pin.treatment))))
        if rule is None or pin.treatment == option.code:
            continue
        if rule.never:
            return None
        gap = 0 if rule.together else rule.gap_days
        if pin.treatment == rule.course_first:
            starts = max(starts, pin.day + gap)
        elif pin.treatment == rule.starts_first:
            first = min(p.day for p in settled.pins if p.treatment == pin.treatment)
            starts = max(starts, first)
        elif rule.course_first == option.code:
            ends = min(pin.day - gap, pin.day if ends is None else ends)
        elif rule.starts_first == option.code and starts > pin.day:
            return None
    least, most = option.sessions
    if ends is not None:
        room = 1 + (ends - starts) // option.interval_days if option.interval_days else most
        most = min(most, room if starts <= ends else 0)
    return replace(option, starts=starts, sessions=(least, most)) if least <= most else None


def _lots(desk: Desk, options, between: dict, settled: Settled) -> tuple[Lot, ...]:
    """Groups for which the options do the same, taken together."""
    classes = {desk.effect.mechanism_class(code) for code in settled.used}
    again = {
        o.code: desk.effect.overlap
        for o in options
        if o.code not in settled.used and o.mechanism in classes
    } | {code: desk.effect.repeat**given for code, (given, _) in settled.used.items()}
    total = sum(desk.loads) or 1.0
    table: dict = {}
    for index, group in enumerate(desk.case.findings):
        steps = {
            o.code: step
            for o in options
            if group.place in o.places
            and (step := round(_step(desk, o.code, group.scar_type) * again.get(o.code, 1)))
        }
        gains = tuple(
            pair
            for pair, rule in sorted(between.items())
            if rule.synergy
            and steps.keys() >= set(pair)
            and pair_word(group.scar_type) in rule.scar_types
        )
        given: dict = {}
        for pin in settled.pins:
            if group.place in pin.places:
                given[pin.treatment] = given.get(pin.treatment, 0) + 1
        done = tuple(
            (code, count, step)
            for code, count in sorted(given.items())
            if (step := round(_step(desk, code, group.scar_type)))
        )
        key = (tuple(steps.items()), gains, done)
        share = 100 * POINT * desk.loads[index] / total * settled.left.get(index, 1.0)
        table[key] = table.get(key, 0.0) + share
    return tuple(Lot(weight, *key) for key, weight in sorted(table.items()))


def _step(desk: Desk, treatment: str, scar_type: str) -> int:
    """Thousandths of a logarithm a session, between its effect soon and at a year."""
    late = desk.catalogue.constant("lasting.weight")
    lasting = 1 - late + late * desk.effect.lasting(treatment, MONTHS_LATE)
    return round(LOG * desk.effect.step(treatment, scar_type) * lasting)


def _between(desk: Desk, places: dict) -> dict:
    """The rule of every two treatments that share a field."""
    table = {}
    field_of = desk.catalogue.field_of
    fields = {code: {field_of(place) for place in where} for code, where in places.items()}
    codes = sorted(places)
    for i, one in enumerate(codes):
        for other in codes[i + 1 :]:
            common = fields[one] & fields[other]
            if common:
                where = [p for p in (*places[one], *places[other]) if field_of(p) in common]
                table[one, other] = desk.rule_between(one, other, where)
    return table


def _loose(desk: Desk, options, between: dict) -> frozenset:
    """Pairs whose rule does not bind all pieces: some lie in fields that the other has not."""
    fields: dict = {}
    for option in options:
        shares = limits.split(desk, option.row, list(option.places)) if option.pieces > 1 else ()
        for share in shares or (option.places,):
            row = frozenset(desk.catalogue.field_of(place) for place in share)
            fields.setdefault(option.code, []).append(row)
    return frozenset(
        (a, b)
        for a, b in between
        if a in fields and b in fields
        if any(one.isdisjoint(other) for one in fields[a] for other in fields[b])
    )


def _required(desk: Desk, options, settled: Settled) -> tuple[tuple[str, ...], ...]:
    """First choices that no plan leaves out: release of tethers, work on single deep scars.

    One method of a mechanism serves all its types in a block, so a type whose own first choice
    does not serve the others accepts a good method of that mechanism instead. A course that a
    pinned step has begun is carried to its least number of sessions.
    """
    first: dict = {}
    good: dict = {}
    triggers = set()
    for scar_type, spot in sorted({(g.scar_type, g.place) for g in desk.case.findings}):
        for option in (o for o in options if spot in o.places):
            rank, key = worth(option.row, scar_type), (option.mechanism, scar_type)
            if rank >= FIRST_CHOICE:
                first.setdefault(key, set()).add(option.code)
                if desk.catalogue.constant(f"first_choice.{option.row.mechanism}", 0):
                    triggers.add(key)
            if rank >= GOOD_CHOICE:
                good.setdefault(key, set()).add(option.code)
    wanted = {key: first[key] for key in triggers}
    pinned = {pin.treatment for pin in settled.pins}
    demands = {_demand(key, wanted, good) for key in wanted}
    begun = {
        (option.code,)
        for option in options
        if 0 < settled.pinned(option.code) < option.row.course[0]
    }
    return tuple(sorted({d for d in demands if pinned.isdisjoint(d)} | begun))


def _demand(key: tuple, first: dict, good: dict) -> tuple[str, ...]:
    others = [good[other] for other in first if other[0] == key[0] and other != key]
    serves_all = first[key].intersection(*others)
    return tuple(sorted(serves_all or good[key]))
