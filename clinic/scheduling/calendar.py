"""Free time, as plain functions over values: no Django, no clock, no database.

Time is cut into quarter hours counted from the local midnight of a first day. What a resource has
free is one integer with a bit for each quarter, so nine months of one room are a few kilobytes and
"free for 90 minutes from here" is a handful of shifts. The quarters are counted in UTC, so a day of
daylight saving simply has 92 or 100 of them.
"""

import itertools
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
MINUTES = 15
A_DAY = 96  # quarters, where no clock is set


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
    usual = {
        weekday: [(quarters(_minutes(one.opens)), _minutes(one.closes) // MINUTES) for one in own]
        for weekday, own in by_weekday.items()
    }
    open_spans, first_weekday = [], grid.first.weekday()
    for day, (midnight, next_midnight) in enumerate(itertools.pairwise(grid.bounds)):
        weekday = (first_weekday + day) % 7
        if next_midnight - midnight == A_DAY:
            open_spans += [
                (midnight + opens, midnight + shuts) for opens, shuts in usual.get(weekday, ())
            ]
            continue
        on = grid.date(day)
        for hours in by_weekday.get(weekday, ()):
            first = instant(on, hours.opens, grid.zone)
            last = instant(on, hours.closes, grid.zone, ends=True)
            # Only whole quarters count as open: a start is rounded up and an end down.
            open_spans.append((-((grid.origin - first) // QUARTER), grid.slot(last)))
    return bits(grid.size, open_spans)


def _minutes(at: time) -> int:
    """Minutes since midnight on a day of 24 hours."""
    return 24 * 60 if at == time.max else at.hour * 60 + at.minute


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


# --- what is free --------------------------------------------------------------------------------


@dataclass
class Diary:
    """What is free, and the answers already worked out for it."""

    grid: Grid
    free: Mapping[int, int]
    now: int = 0  # no visit starts before this quarter
    _starts: dict[tuple[int, int], int] = field(default_factory=dict)
    _days: dict[tuple, dict[int, int]] = field(default_factory=dict)

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
        key = (visit.parts, visit.needs, visit.not_before, wish, ignoring)
        if key not in self._days:
            self._days[key] = self._days_of(visit, wish, ignoring)
        return self._days[key].copy()

    def _days_of(self, visit: Visit, wish: Wish, ignoring: Need | None) -> dict[int, int]:
        # Looked for in text: cutting a day out of so long a number would copy it each time.
        fits = f"{self.fits(visit, wish, ignoring):b}"[::-1]
        bounds, last = self.grid.bounds, self.grid.days - 1
        if wish.last_day is not None:
            last = min(wish.last_day, last)
        found = {}
        for day in range(max(0, visit.not_before), last + 1):
            first = fits.find("1", bounds[day], bounds[day + 1])
            if first >= 0:
                found[day] = first
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
