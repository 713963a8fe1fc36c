"""The calendar as it is drawn: columns, and in each what lies at which quarter of the day."""

import datetime as dt
from dataclasses import dataclass, field, replace

from django.db.models import Q
from django.utils import timezone

from clinic.scheduling import bridge, calendar
from clinic.scheduling.calendar import Grid
from clinic.scheduling.models import COMING, Absence, Appointment, Claim, Resource, ResourceKind

DAY_STARTS, DAY_ENDS = 8 * 4, 18 * 4  # drawn even when nothing is open
COLUMNS = {
    "people": (ResourceKind.PERSON, "Practitioners"),
    "rooms": (ResourceKind.ROOM, "Rooms"),
    "devices": (ResourceKind.DEVICE, "Devices"),
}


@dataclass(frozen=True)
class Piece:
    """A part of a visit as it is drawn: rows counted from the top of its visit."""

    kind: str
    label: str
    row: int
    rows: int


@dataclass(frozen=True)
class Box:
    """A visit in one column: rows counted from the top of the board.

    It lies where the column's person, room or device is held; `around` is the rest of the visit,
    in which the patient is there without them.
    """

    visit: Appointment
    row: int
    rows: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    pieces: list[Piece]
    beside: list[Resource]
    after_start: int  # quarters from the start of the visit to that of the box
    whole: int  # quarters of the visit
    around: list[Piece]  # rows counted from the top of the board

    @property
    def is_part(self) -> bool:
        return (self.starts_at, self.ends_at) != (self.visit.starts_at, self.visit.ends_at)


@dataclass(frozen=True)
class Shade:
    """A stretch in which the column cannot be booked."""

    row: int
    rows: int
    words: str


@dataclass
class Column:
    name: str
    under: str = ""
    on: dt.date | None = None
    resource: Resource | None = None
    boxes: list[Box] = field(default_factory=list)
    shades: list[Shade] = field(default_factory=list)
    away: str = ""  # "ill, all day"
    now_row: int | None = None
    now_minutes: int = 0  # past that row's beginning

    @property
    def short_name(self) -> str:
        """ "Dr Lark" for Dr Imogen Lark: a narrow box has room for no more."""
        words = self.resource.name.split()
        is_long = self.resource.kind == ResourceKind.PERSON and len(words) > 2
        return f"{words[0]} {words[-1]}" if is_long else self.resource.name


@dataclass(frozen=True)
class Board:
    columns: list[Column]
    hours: list[tuple[int, str]]  # (row, "09:00")
    rows: int
    visits: list[Appointment]
    top: int = 0  # the quarter of the day at which the first row begins

    def showing(self, matches) -> "Board":
        """The same, with every visit that does not match drawn as time that is taken."""
        for visit in self.visits:
            visit.is_dimmed = not matches(visit)
            visit.is_coming = visit.state in COMING
        return self

    @property
    def brought_out(self) -> list[Appointment]:
        """The visits that the filter shows, for the list beside the board and for print."""
        return [visit for visit in self.visits if not visit.is_dimmed]


def day_board(user, on: dt.date, resources: list[Resource], *, now=None) -> Board:
    """One day with a column for each of these people, rooms or devices."""
    zone, now = bridge.clinic_zone(), now or timezone.now()
    columns = [Column(each.name, under=each.site, on=on, resource=each) for each in resources]
    return _board(user, columns, zone, now)


def week_board(user, monday: dt.date, resource: Resource, *, now=None) -> Board:
    """Seven days of one resource; a weekend without hours and visits is left out."""
    zone, now = bridge.clinic_zone(), now or timezone.now()
    days = [monday + dt.timedelta(days=number) for number in range(7)]
    columns = [
        Column(on.strftime("%a"), under=on.strftime("%d-%b"), on=on, resource=resource)
        for on in days
    ]
    board = _board(user, columns, zone, now)
    kept = [
        column
        for column in board.columns
        if column.on.weekday() < 5 or column.boxes or column.shades[:1] != [_whole(board.rows)]
    ]
    return replace(board, columns=kept)


def _whole(rows: int) -> Shade:
    return Shade(0, rows, "Closed")


def _board(user, columns: list[Column], zone, now) -> Board:
    if not columns:
        return Board([], [], 0, [])
    first, last = min(c.on for c in columns), max(c.on for c in columns)
    grid = Grid.over(first, (last - first).days + 1, zone)
    resources = {column.resource.pk: column.resource for column in columns}
    claims = (
        Claim.objects.filter(
            resource__in=resources,
            active=True,
            during__overlap=(grid.origin, grid.instant(grid.size)),
            part__appointment__in=Appointment.objects.visible_to(user),
        )
        .select_related("part")
        .order_by("during")
    )
    ids = {claim.part.appointment_id for claim in claims}
    visits = Appointment.objects.with_people().in_bulk(ids)
    diary = bridge.read_diary(
        first,
        grid.days,
        resources=resources.values(),
        zone=zone,
        bookings=False,
    )
    top, bottom = _span(columns, diary, visits.values(), zone)
    absences = list(
        Absence.objects.filter(
            Q(resource=None) | Q(resource__in=resources),
            during__overlap=(grid.origin, grid.instant(grid.size)),
        )
    )
    for column in columns:
        _fill(column, diary, claims, visits, (top, bottom), zone)
        column.away = _away(column, absences, zone)
        if column.on == timezone.localtime(now, zone).date():
            row = _quarter(now, zone) - top
            column.now_row = row if 0 <= row < bottom - top else None
            column.now_minutes = timezone.localtime(now, zone).minute % 15
    hours = [
        (quarter - top, f"{quarter // 4:02}:00")
        for quarter in range(top, bottom)
        if quarter % 4 == 0
    ]
    order = sorted(visits.values(), key=lambda visit: (visit.starts_at, visit.pk))
    return Board(columns, hours, bottom - top, order, top)


def _away(column: Column, absences: list[Absence], zone) -> str:
    """Why and when the column is not to be had on its day, as its head says it."""
    starts = dt.datetime.combine(column.on, dt.time(0), zone)
    ends = dt.datetime.combine(column.on + dt.timedelta(days=1), dt.time(0), zone)
    told = []
    for each in absences:
        first, last = max(each.during.lower, starts), min(each.during.upper, ends)
        if each.resource_id not in (None, column.resource.pk) or first >= last:
            continue
        if (first, last) == (starts, ends):
            when = "all day"
        elif last == ends:
            when = f"from {first.astimezone(zone):%H:%M}"
        else:
            when = f"{first.astimezone(zone):%H:%M}–{last.astimezone(zone):%H:%M}"
        told.append(f"{each.get_kind_display()}, {when}")
    return "; ".join(dict.fromkeys(told))


def _quarter(at: dt.datetime, zone) -> int:
    """Quarter of the wall-clock day, so that nine o'clock is at one height all year."""
    local = timezone.localtime(at, zone)
    return local.hour * 4 + local.minute // 15


def _span(columns, diary, visits, zone) -> tuple[int, int]:
    """First and last quarter that must be drawn, on whole hours."""
    top, bottom = DAY_STARTS, DAY_ENDS
    for visit in visits:
        end = _quarter(visit.ends_at - dt.timedelta(seconds=1), zone) + 1
        top, bottom = min(top, _quarter(visit.starts_at, zone)), max(bottom, end)
    for column in columns:
        for start, end in _open_spans(column, diary):
            opens = _quarter(diary.grid.instant(start), zone)
            closes = _quarter(diary.grid.instant(end - 1), zone) + 1
            top, bottom = min(top, opens), max(bottom, closes)
    return top // 4 * 4, -(-bottom // 4) * 4


def _open_spans(column: Column, diary):
    day = diary.grid.day(column.on)
    first, last = diary.grid.bounds[day : day + 2]
    free = (diary.free[column.resource.pk] >> first) & ((1 << (last - first)) - 1)
    return [(start + first, end + first) for start, end in calendar.spans(free)]


def _fill(column: Column, diary, claims, visits, span, zone):
    top, bottom = span
    at = top
    for start, end in _open_spans(column, diary):
        opens = _quarter(diary.grid.instant(start), zone)
        if opens > at:
            column.shades.append(Shade(at - top, opens - at, "Closed"))
        at = _quarter(diary.grid.instant(end - 1), zone) + 1
    if at < bottom:
        column.shades.append(Shade(at - top, bottom - at, "Closed"))
    held: dict = {}
    for claim in claims:
        on = timezone.localtime(claim.during.lower, zone).date()
        if claim.resource_id == column.resource.pk and on == column.on:
            held.setdefault(claim.part.appointment_id, []).append(claim)
    for visit_id, own in held.items():
        column.boxes.append(_box(visits[visit_id], own, top, column.resource, zone))


def _box(visit: Appointment, claims: list[Claim], top: int, resource: Resource, zone) -> Box:
    start, end = claims[0].during.lower, claims[-1].during.upper
    row = _quarter(start, zone)
    pieces = [
        Piece(
            claim.part.kind,
            claim.part.get_kind_display(),
            _quarter(claim.during.lower, zone) - row,
            _quarters(claim.during.upper - claim.during.lower),
        )
        for claim in claims
    ]
    beside = [
        each
        for each in [*visit.people, visit.room, *visit.devices]
        if each and each.pk != resource.pk
    ]
    return Box(
        visit,
        row - top,
        _quarters(end - start),
        start,
        end,
        pieces,
        beside,
        after_start=_quarters(start - visit.starts_at),
        whole=_quarters(visit.ends_at - visit.starts_at),
        around=_around(visit, start, end, top, zone),
    )


def _around(visit: Appointment, start, end, top: int, zone) -> list[Piece]:
    """The parts of the visit before and after the time in which the column is held."""
    return [
        Piece(
            part.kind,
            part.get_kind_display(),
            _quarter(part.during.lower, zone) - top,
            _quarters(part.during.upper - part.during.lower),
        )
        for part in visit.parts.all()
        if part.during.upper <= start or part.during.lower >= end
    ]


def _quarters(length: dt.timedelta) -> int:
    return -(-length // calendar.QUARTER)
