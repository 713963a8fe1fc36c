"""Offers: whole sequences of visits for a plan, in a reader's words."""

import datetime as dt
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.scheduling import bridge, calendar, sequences, short
from clinic.scheduling.calendar import Offer, Shortfall, Visit, Wish
from clinic.scheduling.errors import off_target_words
from clinic.scheduling.models import Resource, ResourceKind
from clinic.scheduling.windows import target_in, window_problem
from planner.models import PlannedSession
from planner.reviewing import confirmed_blocks

SPARE_DAYS = 120  # how far beyond its windows a plan may have to wait for a first free day
MOST_DAYS = 730
NOON = dt.time(13)
"""When mornings end, as the desk says it."""


@dataclass(frozen=True)
class Choice:
    """What is to be booked for one session: when, and with whom, where and what."""

    session: PlannedSession
    starts_at: dt.datetime
    resources: tuple[int, ...]

    def as_json(self) -> dict:
        return {
            "session": str(self.session.pk),
            "starts_at": self.starts_at.isoformat(),
            "resources": list(self.resources),
        }


@dataclass(frozen=True)
class Wishes:
    """What the patient would like; None and empty ask nothing."""

    person: int | None = None
    from_time: dt.time | None = None
    to_time: dt.time | None = None
    weekdays: frozenset[int] = frozenset()
    finish_by: dt.date | None = None
    start_from: dt.date | None = None

    @property
    def any_time(self) -> bool:
        return self.from_time is None and self.to_time is None and not self.weekdays


@dataclass(frozen=True)
class OfferedVisit:
    session: PlannedSession
    starts_at: dt.datetime
    ends_at: dt.datetime
    people: list[Resource]
    room: Resource | None
    devices: list[Resource]
    target_on: dt.date
    off_target: int
    provisional: bool
    choice: Choice
    window_words: str = ""  # why its day is outside its clinical window; empty inside

    @property
    def off_target_words(self) -> str:
        return off_target_words(self.off_target)


@dataclass(frozen=True)
class OfferedPlan:
    code: str
    label: str
    visits: list[OfferedVisit]
    days_off: int  # summed over the visits, and the wait for the first
    note: str = ""

    @property
    def first_on(self) -> dt.datetime:
        return self.visits[0].starts_at

    @property
    def finishes_on(self) -> dt.datetime:
        return self.visits[-1].starts_at

    @property
    def practitioners(self) -> list[str]:
        return list(dict.fromkeys(visit.people[0].name for visit in self.visits if visit.people))

    @property
    def choices(self) -> list[Choice]:
        return [visit.choice for visit in self.visits]


@dataclass
class Search:
    """A plan's unbooked sessions as visits, with the diary that they are to be found in."""

    plan: object
    now: dt.datetime
    provisional: bool = False  # later blocks too
    start_from: dt.date | None = None
    zone: ZoneInfo = field(default_factory=bridge.clinic_zone)

    def __post_init__(self):
        self.house = bridge.House()
        self.patient = bridge.patient_resource(self.plan.patient)
        self.sessions = bridge.sessions_of(self.plan)
        self.firm = confirmed_blocks(self.plan)
        self.standing = bridge.standing_by_session(self.plan)
        self.by_key = {session.pk: session for session in self.sessions}
        today = timezone.localtime(self.now, self.zone).date()
        self.first_day = max(today, self.start_from or today)
        self.diary = bridge.read_diary(
            self.first_day,
            self._days(),
            resources=[*self.house.resources.values(), self.patient],
            zone=self.zone,
            now=self.now,
        )
        self.after, self.visits = self._chain()

    @property
    def open_sessions(self) -> list[PlannedSession]:
        return [session for session in self.sessions if self._is_open(session)]

    def _is_open(self, session) -> bool:
        wanted = session.block.number in self.firm or self.provisional
        booked = session.pk in self.standing or bridge.performed_on(session)
        return wanted and not booked

    def _days(self) -> int:
        furthest = sum(session.gap_max_days or 0 for session in self.sessions)
        waits = [(session.target_on - self.first_day).days for session in self.sessions[:1]]
        return min(MOST_DAYS, furthest + max(0, *waits, 0) + SPARE_DAYS)

    def _chain(self) -> tuple[int | None, list[Visit]]:
        """The open sessions with the booked ones among and after them, which stay as they are."""
        open_now = self.open_sessions
        if not open_now:
            return None, []
        first = self.sessions.index(open_now[0])
        grid, after, visits = self.diary.grid, None, []
        for session in self.sessions[:first]:
            on = bridge.date_of(session, self.standing, self.zone)
            after = grid.day(on) if on else after
        for session in self.sessions[first:]:
            if session in open_now:
                visits.append(bridge.visit_of(session, self.house, self.patient, grid))
            elif session.pk in self.standing:
                slot = grid.slot(self.standing[session.pk].starts_at)
                visits.append(bridge.pinned_visit(session, slot))
        return after, visits

    def wish(self, wishes: Wishes) -> Wish:
        grid = self.diary.grid
        starts = None
        if not wishes.any_time:
            starts = calendar.between(
                grid,
                wishes.from_time or dt.time(0),
                wishes.to_time or dt.time.max,
                wishes.weekdays or range(7),
            )
        last = grid.day(wishes.finish_by) if wishes.finish_by else None
        return Wish(starts, last, wishes.person)

    def told(self, code: str, label: str, offer: Offer, note: str = "") -> OfferedPlan:
        days_of = bridge.dates_of(self.sessions, self.standing, self.zone)
        days_of |= {each.visit.key: self.diary.grid.date(each.day) for each in offer.placements}
        visits = [
            self._visit(placement, days_of)
            for placement in offer.placements
            if placement.visit.pinned is None
        ]
        return OfferedPlan(code, label, visits, offer.cost, note)

    def _visit(self, placement, days_of) -> OfferedVisit:
        session = self.by_key[placement.visit.key]
        grid = self.diary.grid
        chosen = [
            pk
            for pk, need in zip(placement.resources, placement.visit.needs, strict=True)
            if need.kind != ResourceKind.PATIENT
        ]
        named = self.house.named(chosen)
        starts_at = grid.instant(placement.slot)
        target = target_in(session, days_of, self.sessions)
        return OfferedVisit(
            session=session,
            starts_at=starts_at,
            ends_at=grid.instant(placement.slot + placement.visit.quarters),
            people=[each for each in named if each.kind == ResourceKind.PERSON],
            room=next((each for each in named if each.kind == ResourceKind.ROOM), None),
            devices=[each for each in named if each.kind == ResourceKind.DEVICE],
            target_on=target,
            off_target=(days_of[session.pk] - target).days,
            provisional=session.block.number not in self.firm,
            choice=Choice(session, starts_at, tuple(chosen)),
        )


def offers_for(
    plan, *, wishes: Wishes = Wishes(), provisional: bool = False, now=None
) -> list[OfferedPlan]:
    """The best sequence first, then variants that really differ; NothingFits says what is short."""
    search = Search(
        plan, now or timezone.now(), provisional=provisional, start_from=wishes.start_from
    )
    if not search.visits:
        return []
    wish = search.wish(wishes)
    best = sequences.best_offer(search.diary, search.visits, wish=wish, after=search.after)
    if isinstance(best, Shortfall):
        raise short.nothing_fits(search, best, wishes)
    found = [("best", "Best fit", best)]
    found += [way for way in _variants(search, wishes, wish) if way[2]]
    different = {(o.slots, tuple(p.resources for p in o.placements)): None for _, _, o in found}
    told = []
    for code, label, offer in found:
        key = offer.slots, tuple(placement.resources for placement in offer.placements)
        if key in different:
            del different[key]
            told.append(search.told(code, label, offer))
    return told


def _variants(search: Search, wishes: Wishes, wish: Wish):
    diary, visits, after = search.diary, search.visits, search.after
    if wishes.person is None:
        same = sequences.same_person(diary, visits, wish=wish, after=after)
        yield "same_person", "One practitioner throughout", same
        fewest = sequences.fewest_changes(diary, visits, wish=wish, after=after)
        yield "fewest_changes", "Fewest changes of practitioner", fewest
    if wishes.any_time:
        for code, label, span in (
            ("mornings", "Mornings only", (dt.time(0), NOON)),
            ("afternoons", "Afternoons only", (NOON, dt.time.max)),
        ):
            part = search.wish(replace(wishes, from_time=span[0], to_time=span[1]))
            found = sequences.best_if_any(diary, visits, wish=part, after=after)
            yield code, label, found


def told_again(choices: list[Choice]) -> list[OfferedVisit]:
    """Choices that a form sent back, in words; services judge them when they are booked."""
    house, zone = bridge.House(), bridge.clinic_zone()
    plan = choices[0].session.block.plan
    firm, sessions = confirmed_blocks(plan), bridge.sessions_of(plan)
    standing = bridge.standing_by_session(plan)
    days_of = bridge.dates_of(sessions, standing, zone)
    days_of |= {
        each.session.pk: timezone.localtime(each.starts_at, zone).date() for each in choices
    }
    told = []
    for choice in choices:
        session = choice.session
        named = house.named(choice.resources)
        quarters = sum(part.quarters for part in bridge.parts_of_session(session))
        target = target_in(session, days_of, sessions)
        told.append(
            OfferedVisit(
                session=session,
                starts_at=choice.starts_at,
                ends_at=choice.starts_at + quarters * calendar.QUARTER,
                people=[each for each in named if each.kind == ResourceKind.PERSON],
                room=next((each for each in named if each.kind == ResourceKind.ROOM), None),
                devices=[each for each in named if each.kind == ResourceKind.DEVICE],
                target_on=target,
                off_target=(days_of[session.pk] - target).days,
                provisional=session.block.number not in firm,
                choice=choice,
                window_words=str(window_problem(session, days_of, sessions) or ""),
            )
        )
    return told
