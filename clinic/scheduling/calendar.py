"""Free time and offers, as plain functions over values: no Django, no clock, no database.

Time is cut into quarter hours counted from the local midnight of a first day. What a resource has
free is one integer with a bit for each quarter, so nine months of one room are a few kilobytes and
"free for 90 minutes from here" is a handful of shifts. The quarters are counted in UTC, so a day of
daylight saving simply has 92 or 100 of them.
"""

import itertools
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
MINUTES = 15

# The units of cost, each worth more than all below it can add up to; a day off the target is 1.
CHANGE_OF_PERSON = 10_000
MOVED = 1_000_000
DAY_OUTSIDE_WINDOW = 1_000_000

MOST_DAYS_OUTSIDE = 90  # how far a window is widened in the search for the smallest relaxation


# --- local time --------------------------------------------------------------------------------


def instant(day: date, at: time, zone: ZoneInfo, *, ends: bool = False) -> datetime:
    """The UTC instant of a wall-clock time; 24:00 is said as time.max.

    A time that comes twice (clocks set back) is the first one for a start and the second for an
    end; a time that is skipped (clocks set forward) is as many minutes after the jump.
    """
    if at == time.max:
        day, at = day + timedelta(days=1), time(0)
    return datetime.combine(day, at, zone).replace(fold=int(ends)).astimezone(UTC)


def exists(day: date, at: time, zone: ZoneInfo) -> bool:
    """False for a wall-clock time that daylight saving skips on that day."""
    back = datetime.combine(day, at, zone).astimezone(UTC).astimezone(zone)
    return back.replace(tzinfo=None) == datetime.combine(day, at)


@dataclass(frozen=True, slots=True)
class Grid:
    """Consecutive local days cut into quarter hours; `bounds[i]` is the first quarter of day i."""

    first: date
    origin: datetime
    bounds: tuple[int, ...]
    zone: ZoneInfo

    @classmethod
    def over(cls, first: date, days: int, zone: ZoneInfo) -> "Grid":
        midnights = [instant(first + timedelta(days=n), time(0), zone) for n in range(days + 1)]
        origin = midnights[0]
        return cls(first, origin, tuple((m - origin) // QUARTER for m in midnights), zone)

    @property
    def days(self) -> int:
        return len(self.bounds) - 1

    @property
    def size(self) -> int:
        return self.bounds[-1]

    def date(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def day(self, on: date) -> int:
        """The day's place on the grid; negative or beyond `days` when it lies outside."""
        return (on - self.first).days

    def day_of(self, slot: int) -> int:
        return bisect_right(self.bounds, slot) - 1

    def instant(self, slot: int) -> datetime:
        return self.origin + slot * QUARTER

    def slot(self, at: datetime) -> int:
        """The quarter that holds this instant, also outside the grid."""
        return (at - self.origin) // QUARTER

    def span(self, starts: datetime, ends: datetime) -> tuple[int, int]:
        """Every quarter that the interval touches, cut to the grid."""
        last = -((self.origin - ends) // QUARTER)
        return max(0, self.slot(starts)), min(self.size, last)


# --- bitsets -----------------------------------------------------------------------------------


def bits(size: int, spans: Iterable[tuple[int, int]]) -> int:
    """An integer with the bits of every [start, end) set; overlaps are welcome."""
    cells = bytearray(b"0") * size
    for start, end in spans:
        if start < end:
            cells[size - end : size - start] = b"1" * (end - start)
    return int(cells, 2) if size else 0


def spans(of: int) -> list[tuple[int, int]]:
    """The [start, end) runs of set bits, in order."""
    found, at = [], 0
    while of:
        skip = (of & -of).bit_length() - 1
        of >>= skip
        length = (~of & (of + 1)).bit_length() - 1
        found.append((at + skip, at + skip + length))
        of >>= length
        at += skip + length
    return found


def starts(free: int, length: int) -> int:
    """Where `length` quarters in a row are free; every free quarter for a length of 0."""
    have = 1
    while have < length:
        step = min(have, length - have)
        free &= free >> step
        have += step
    return free


def quarters(minutes: int) -> int:
    """Whole quarter hours that hold so many minutes."""
    return -(-minutes // MINUTES)


@dataclass(frozen=True, slots=True)
class Hours:
    """Open from `opens` to `closes` on a weekday, Monday being 0; a break is two of these."""

    weekday: int
    opens: time
    closes: time


def working(grid: Grid, weekly: Iterable[Hours]) -> int:
    by_weekday: dict[int, list[Hours]] = {}
    for hours in weekly:
        by_weekday.setdefault(hours.weekday, []).append(hours)
    open_spans = []
    for day in range(grid.days):
        on = grid.date(day)
        for hours in by_weekday.get(on.weekday(), ()):
            first = instant(on, hours.opens, grid.zone)
            last = instant(on, hours.closes, grid.zone, ends=True)
            # Only whole quarters count as open: a start is rounded up and an end down.
            open_spans.append((-((grid.origin - first) // QUARTER), grid.slot(last)))
    return bits(grid.size, open_spans)


def between(grid: Grid, opens: time, closes: time, weekdays: Iterable[int] = range(7)) -> int:
    """The quarters of a part of the day, as a wish: mornings, or Tuesdays after four."""
    return working(grid, [Hours(weekday, opens, closes) for weekday in weekdays])


def free_time(
    grid: Grid,
    *,
    hours: int,
    away: Iterable[tuple[datetime, datetime]] = (),
    taken: Iterable[tuple[int, int]] = (),
) -> int:
    """Working hours less absences (instants) and bookings (quarters, already on the grid)."""
    shut = bits(grid.size, itertools.chain((grid.span(*pair) for pair in away), taken))
    return hours & ~shut


# --- what is to be placed ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    kind: str
    quarters: int


@dataclass(frozen=True, slots=True)
class Need:
    """One resource out of a pool, held through the named parts; `what` is said to a reader."""

    kind: str
    what: str
    pool: tuple[int, ...]  # preferred first
    parts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Window:
    """Days after the visit before it."""

    least: int
    typical: int
    most: int

    def __post_init__(self):
        if not 1 <= self.least <= self.typical <= self.most:
            raise ValueError(f"A window runs from least to most, a day at least: {self}")

    def misses(self, gap: int) -> int:
        """Days by which a gap lies outside; 0 inside."""
        return max(0, self.least - gap, gap - self.most)


@dataclass(frozen=True, slots=True)
class Visit:
    key: Hashable
    parts: tuple[Part, ...]
    needs: tuple[Need, ...]
    window: Window | None = None  # None: counted from nothing, the sooner the better
    not_before: int = 0  # a day of the grid
    pinned: int | None = None  # stays at this quarter

    @property
    def quarters(self) -> int:
        return sum(part.quarters for part in self.parts)

    def holds(self, need: Need) -> list[tuple[int, int]]:
        """(offset, length) of each unbroken stretch of the visit that the need covers."""
        stretches: list[tuple[int, int]] = []
        at = 0
        for part in self.parts:
            if part.kind in need.parts and part.quarters:
                if stretches and sum(stretches[-1]) == at:
                    offset, length = stretches.pop()
                    stretches.append((offset, length + part.quarters))
                else:
                    stretches.append((at, part.quarters))
            at += part.quarters
        return stretches

    @property
    def lead(self) -> Need | None:
        """The practitioner: the first person the visit needs."""
        return next((need for need in self.needs if need.kind == "person"), None)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the patient would like besides; each None asks nothing."""

    starts: int | None = None  # only at these quarters
    last_day: int | None = None  # every visit on or before this day of the grid
    with_person: int | None = None  # wherever this person may perform


@dataclass(frozen=True, slots=True)
class Placement:
    visit: Visit
    slot: int
    day: int
    target: int  # the day it would best be on
    resources: tuple[int, ...]  # one for each of the visit's needs, in their order

    @property
    def off_target(self) -> int:
        """Days after the target day; negative when before."""
        return self.day - self.target


@dataclass(frozen=True, slots=True)
class Offer:
    placements: tuple[Placement, ...]
    cost: int  # days waited for the first visit, and days off the target of each later one

    @property
    def finishes(self) -> int:
        return self.placements[-1].day

    @property
    def slots(self) -> tuple[int, ...]:
        return tuple(placement.slot for placement in self.placements)


@dataclass(frozen=True, slots=True)
class Widened:
    key: Hashable
    days: int  # negative: earlier than the window opens


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why nothing fits: the first visit that cannot be placed, and the least that would help."""

    key: Hashable
    first_day: int  # the days it could have been on
    last_day: int
    short_of: tuple[Need, ...]  # were any one of these free, it would fit
    widen: tuple[Widened, ...] = ()  # the fewest days outside windows with which all fits
    offer: Offer | None = None  # the sequence which that gives


# --- the search --------------------------------------------------------------------------------


@dataclass
class Diary:
    """What is free, and the answers already worked out for it."""

    grid: Grid
    free: Mapping[int, int]
    now: int = 0  # no visit starts before this quarter
    _starts: dict[tuple[int, int], int] = field(default_factory=dict)
    _offers: dict[tuple, dict[int, int]] = field(default_factory=dict)

    def starts_of(self, resource: int, visit: Visit, need: Need) -> int:
        """Where the visit may start as far as this resource goes."""
        fits = -1
        for offset, length in visit.holds(need):
            key = (resource, length)
            if key not in self._starts:
                self._starts[key] = starts(self.free.get(resource, 0), length)
            fits &= self._starts[key] >> offset
        return fits if fits != -1 else self.everywhere

    @property
    def everywhere(self) -> int:
        return (1 << self.grid.size) - 1

    def teams(self, visit: Visit, wish: Wish, ignoring: Need | None = None):
        """For each kind of resource, the ways to fill its needs: (resources, where they may start).

        Two needs of one kind are never filled by the same resource.
        """
        for kind in dict.fromkeys(need.kind for need in visit.needs):
            needs = [need for need in visit.needs if need.kind == kind]
            pools = [self._pool(visit, need, wish, ignoring) for need in needs]
            ways = []
            for team in itertools.product(*pools):
                named = [resource for resource in team if resource is not None]
                if len(set(named)) < len(named):
                    continue
                fits = self.everywhere
                for need, resource in zip(needs, team, strict=True):
                    if resource is not None:
                        fits &= self.starts_of(resource, visit, need)
                if fits:
                    ways.append((team, fits))
            yield needs, ways

    @staticmethod
    def _pool(visit: Visit, need: Need, wish: Wish, ignoring: Need | None):
        if need is ignoring:
            return (None,)
        if need is visit.lead and wish.with_person in need.pool:
            return (wish.with_person,)
        return need.pool

    def fits(self, visit: Visit, wish: Wish = Wish(), ignoring: Need | None = None) -> int:
        """Every quarter at which the visit may start."""
        fits = self.everywhere if wish.starts is None else wish.starts
        fits = fits >> self.now << self.now
        for _, ways in self.teams(visit, wish, ignoring):
            any_way = 0
            for _, where in ways:
                any_way |= where
            fits &= any_way
        return fits

    def days(self, visit: Visit, wish: Wish = Wish(), ignoring: Need | None = None):
        """{day: its first possible start}, for every day on which the visit fits."""
        if visit.pinned is not None:
            return {self.grid.day_of(visit.pinned): visit.pinned}
        fits = self.fits(visit, wish, ignoring)
        bounds = self.grid.bounds
        last = (
            self.grid.days - 1 if wish.last_day is None else min(wish.last_day, self.grid.days - 1)
        )
        found = {}
        for day in range(max(0, visit.not_before), last + 1):
            first = bounds[day]
            today = (fits >> first) & ((1 << (bounds[day + 1] - first)) - 1)
            if today:
                found[day] = first + (today & -today).bit_length() - 1
        return found

    def staff(self, visit: Visit, slot: int, wish: Wish = Wish(), rather: int | None = None):
        """A resource for each need at this start, `rather` that one if it can be; None if none."""
        chosen: dict[Need, int] = {}
        for needs, ways in self.teams(visit, wish):
            able = [team for team, where in ways if where >> slot & 1]
            if not able:
                return None
            team = next((team for team in able if rather in team), able[0])
            chosen |= dict(zip(needs, team, strict=True))
        return tuple(chosen[need] for need in visit.needs)


def best_offer(
    diary: Diary, visits: Sequence[Visit], *, wish: Wish = Wish(), after: int | None = None
) -> Offer | Shortfall:
    """The sequence with the fewest days off its targets, then the one that finishes first: exact.

    `after` is the day of the visit before the first of these, from which its window counts. Cost is
    in days: the wait for the first visit and each later visit's distance from its typical gap. Only
    whole days matter to windows, so the programme runs over days and takes each day's first start.
    """
    layers = [diary.days(visit, wish) for visit in visits]
    nodes = [dict.fromkeys(layer, 0) for layer in layers]
    chain = _cheapest(nodes, visits, after)
    if isinstance(chain, int):
        return _shortfall(diary, visits, chain, wish=wish, after=after)
    cost, days = chain
    return Offer(_place(diary, visits, layers, days, wish, after), cost)


def fewest_changes(
    diary: Diary, visits: Sequence[Visit], *, wish: Wish = Wish(), after: int | None = None
) -> Offer | None:
    """The sequence with the fewest changes of practitioner, then as `best_offer`: exact."""
    choices = []
    for visit in visits:
        people = visit.lead.pool if visit.lead else (None,)
        choices.append(
            {person: diary.days(visit, _with(wish, person)) for person in people},
        )
    found = _cheapest_with_people(choices, visits, after)
    if found is None:
        return None
    cost, steps = found
    placements, before = [], after
    for visit, (day, person), days in zip(visits, steps, choices, strict=True):
        slot = days[person][day]
        team = diary.staff(visit, slot, _with(wish, person))
        placements.append(Placement(visit, slot, day, _target(diary, visit, before, day), team))
        before = day
    return Offer(tuple(placements), cost % CHANGE_OF_PERSON)


def same_person(
    diary: Diary, visits: Sequence[Visit], *, wish: Wish = Wish(), after: int | None = None
) -> Offer | None:
    """The best sequence in which one practitioner performs whatever they may perform.

    Only people who may perform the most visits are considered; None if it fits with none of them.
    """
    reach: dict[int, int] = {}
    for visit in visits:
        for person in visit.lead.pool if visit.lead else ():
            reach[person] = reach.get(person, 0) + 1
    widest = max(reach.values(), default=0)
    offers = [
        best_offer(diary, visits, wish=_with(wish, person), after=after)
        for person, count in reach.items()
        if count == widest
    ]
    whole = [offer for offer in offers if isinstance(offer, Offer)]
    return min(whole, key=lambda offer: (offer.cost, offer.slots[-1]), default=None)


def reflow(diary: Diary, visits: Sequence[Visit], booked: Sequence[int], *, after: int | None):
    """The fewest moves that bring later visits back into their windows, then the fewest days off.

    `booked` is each visit's present start. A visit keeps its exact time whenever that is possible.
    """
    layers, nodes = [], []
    for visit, slot in zip(visits, booked, strict=True):
        days = diary.days(visit)
        cost = dict.fromkeys(days, MOVED)
        if diary.fits(visit) >> slot & 1 or visit.pinned == slot:
            days[diary.grid.day_of(slot)] = slot
            cost[diary.grid.day_of(slot)] = 0
        layers.append(days)
        nodes.append(cost)
    chain = _cheapest(nodes, visits, after)
    if isinstance(chain, int):
        return _shortfall(diary, visits, chain, wish=Wish(), after=after)
    cost, days = chain
    return Offer(_place(diary, visits, layers, days, Wish(), after), cost % MOVED)


def openings(
    diary: Diary, visit: Visit, *, first: int, last: int, target: int, limit: int, step: int = 1
) -> list[Placement]:
    """Starts for one visit from day `first` to `last`, at most every `step` quarters."""
    fits = diary.fits(visit)
    found: list[Placement] = []
    for start, end in spans(fits):
        for slot in range(start, end, step):
            day = diary.grid.day_of(slot)
            if not first <= day <= last:
                continue
            team = diary.staff(visit, slot)
            if team is not None:
                found.append(Placement(visit, slot, day, target, team))
            if len(found) >= limit:
                return found
    return found


def _with(wish: Wish, person: int | None) -> Wish:
    return Wish(wish.starts, wish.last_day, person)


def _target(diary: Diary, visit: Visit, before: int | None, day: int) -> int:
    if visit.window is None or before is None:
        return min(day, max(visit.not_before, diary.grid.day_of(max(0, diary.now))))
    return before + visit.window.typical


def _place(diary, visits, layers, days, wish, after) -> tuple[Placement, ...]:
    placements, before, person = [], after, None
    for visit, layer, day in zip(visits, layers, days, strict=True):
        slot = layer[day]
        team = diary.staff(visit, slot, wish, rather=person)
        if visit.lead and team:
            person = team[visit.needs.index(visit.lead)]
        placements.append(
            Placement(visit, slot, day, _target(diary, visit, before, day), team or ())
        )
        before = day
    return tuple(placements)


def _first_layer(nodes: Mapping[int, int], visit: Visit, after: int | None, widen: int):
    if visit.window is None or after is None:
        return {day: cost + day - visit.not_before for day, cost in nodes.items()}
    window = visit.window
    reached = {}
    for day, cost in nodes.items():
        gap = day - after
        outside = window.misses(gap)
        if gap >= 1 and outside <= widen:
            reached[day] = cost + outside * DAY_OUTSIDE_WINDOW + abs(gap - window.typical)
    return reached


def _cheapest(
    nodes: Sequence[Mapping[int, int]], visits: Sequence[Visit], after: int | None, widen: int = 0
) -> tuple[int, list[int]] | int:
    """(cost, day of each visit), or the place of the first visit that nothing reaches."""
    best = _first_layer(nodes[0], visits[0], after, widen)
    came: list[dict[int, int]] = []
    if not best:
        return 0
    for place, (layer, visit) in enumerate(zip(nodes[1:], visits[1:], strict=True), 1):
        window = visit.window or Window(1, 1, len(layer) + 1)
        gaps = [
            (gap, abs(gap - window.typical) + window.misses(gap) * DAY_OUTSIDE_WINDOW)
            for gap in range(max(1, window.least - widen), window.most + widen + 1)
        ]
        now, back = {}, {}
        for day, own in layer.items():
            cheapest = None
            for gap, extra in gaps:
                cost = best.get(day - gap)
                # On a tie the earlier day before it wins, which is the larger gap.
                if cost is not None and (cheapest is None or cost + extra <= cheapest):
                    cheapest, back[day] = cost + extra, day - gap
            if cheapest is not None:
                now[day] = cheapest + own
        if not now:
            return place
        came.append(back)
        best = now
    day = min(best, key=lambda day: (best[day], day))
    cost, days = best[day], [day]
    for back in reversed(came):
        days.append(back[days[-1]])
    return cost, days[::-1]


def _cheapest_with_people(choices, visits, after):
    """As `_cheapest`, with the practitioner as a second coordinate of the state."""
    best: dict[int | None, dict[int, int]] = {}
    for person, days in choices[0].items():
        best[person] = _first_layer(dict.fromkeys(days, 0), visits[0], after, 0)
    trail = []
    for people, visit in zip(choices[1:], visits[1:], strict=True):
        anyone: dict[int, tuple[int, int | None]] = {}
        for person, costs in best.items():
            for day, cost in costs.items():
                if day not in anyone or cost < anyone[day][0]:
                    anyone[day] = cost, person
        window = visit.window
        gaps = [(gap, abs(gap - window.typical)) for gap in range(window.least, window.most + 1)]
        now, back = {}, {}
        for person, days in people.items():
            same = best.get(person, {})
            now[person] = {}
            for day in days:
                options = []
                for gap, extra in gaps:
                    before = day - gap
                    if before in same:
                        options.append((same[before] + extra, before, person))
                    if before in anyone:
                        cost, other = anyone[before]
                        # A visit that needs no practitioner is no change, either way.
                        change = CHANGE_OF_PERSON if None not in (person, other) else 0
                        change = 0 if other == person else change
                        options.append((cost + extra + change, before, other))
                if options:
                    cost, before, other = min(options, key=lambda option: option[:2])
                    now[person][day] = cost
                    back[person, day] = (before, other)
        trail.append(back)
        best = now
    ends = [(cost, day, person) for person, costs in best.items() for day, cost in costs.items()]
    if not ends:
        return None
    cost, day, person = min(ends, key=lambda end: end[:2])
    steps = [(day, person)]
    for back in reversed(trail):
        day, person = back[person, day]
        steps.append((day, person))
    return cost, steps[::-1]


def _shortfall(diary, visits, stuck: int, *, wish: Wish, after: int | None) -> Shortfall:
    visit = visits[stuck]
    reach = _reach(diary, visits, stuck, wish, after)
    first, last = min(reach, default=visit.not_before), max(reach, default=visit.not_before)
    short = tuple(
        need for need in visit.needs if reach & diary.days(visit, wish, ignoring=need).keys()
    )
    layers = [diary.days(each, wish) for each in visits]
    nodes = [dict.fromkeys(layer, 0) for layer in layers]
    wider = _cheapest(nodes, visits, after, MOST_DAYS_OUTSIDE)
    if isinstance(wider, int):
        return Shortfall(visit.key, first, last, short)
    cost, days = wider
    offer = Offer(_place(diary, visits, layers, days, wish, after), cost % DAY_OUTSIDE_WINDOW)
    widen, before = [], after
    for each, day in zip(visits, days, strict=True):
        if each.window is not None and before is not None:
            gap = day - before
            if each.window.misses(gap):
                over = gap - each.window.most if gap > each.window.most else gap - each.window.least
                widen.append(Widened(each.key, over))
        before = day
    return Shortfall(visit.key, first, last, short, tuple(widen), offer)


def _reach(diary, visits, stuck: int, wish: Wish, after: int | None) -> set[int]:
    """The days on which the stuck visit could be, were everything free for it."""
    days = set() if after is None else {after}
    for place, visit in enumerate(visits):
        reach = set(range(visit.not_before, diary.grid.days))
        if days and visit.window is not None:
            gaps = range(visit.window.least, visit.window.most + 1)
            reach &= {day + gap for day in days for gap in gaps}
        if place == stuck:
            return reach
        days = reach & diary.days(visit, wish).keys()
    raise AssertionError("the stuck visit is one of them")
