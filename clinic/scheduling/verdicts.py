"""What moving a visit would do to every later one of its plan. Nothing here writes."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from clinic.scheduling import bridge, sequences
from clinic.scheduling.calendar import Shortfall
from clinic.scheduling.errors import moment
from clinic.scheduling.models import Appointment, ResourceKind
from clinic.scheduling.offers import SPARE_DAYS, Choice
from clinic.scheduling.windows import sessions_after, window_problem


@dataclass(frozen=True)
class Later:
    """What a move does to one later visit of the plan."""

    appointment: Appointment
    verdict: str  # kept, moved or out_of_window
    choice: Choice | None = None
    words: str = ""

    @property
    def label(self) -> str:
        return {"kept": "Kept", "moved": "Moved", "out_of_window": "Out of its window"}[
            self.verdict
        ]


@dataclass(frozen=True)
class Verdict:
    appointment: Appointment
    starts_at: dt.datetime
    resources: tuple[int, ...]
    window_words: str  # why the new time is outside its own window; empty inside
    later: list[Later]

    @property
    def needs_reason(self) -> bool:
        out = any(later.verdict == "out_of_window" for later in self.later)
        return bool(self.window_words) or out

    @property
    def moves(self) -> list[Later]:
        return [later for later in self.later if later.verdict == "moved"]


def verdict_on_move(appointment, starts_at, resources, *, now=None) -> Verdict:
    """What would become of every later visit, by the smallest set of moves. Writes nothing."""
    now, zone = now or timezone.now(), bridge.clinic_zone()
    if appointment.session_id is None:
        return Verdict(appointment, starts_at, tuple(resources), "", [])
    plan = appointment.session.block.plan
    sessions = bridge.sessions_of(plan)
    standing = bridge.standing_by_session(plan)
    new_day = timezone.localtime(starts_at, zone).date()
    dates = {each.pk: bridge.date_of(each, standing, zone) for each in sessions}
    dates[appointment.session_id] = new_day
    own = next(each for each in sessions if each.pk == appointment.session_id)
    problem = window_problem(own, dates, sessions)
    later = [
        standing[each.pk]
        for each in sessions_after(own, sessions)
        if each.pk in standing and not bridge.performed_on(each)
    ]
    words = str(problem) if problem else ""
    told = _later(appointment, later, new_day, dates, sessions, now, zone)
    return Verdict(appointment, starts_at, tuple(resources), words, told)


def _later(appointment, later, new_day, dates, sessions, now, zone) -> list[Later]:
    if not later:
        return []
    by_key = {each.pk: each for each in sessions}
    problems = {row.pk: window_problem(by_key[row.session_id], dates, sessions) for row in later}
    if not any(problems.values()):
        return [Later(row, "kept") for row in later]
    house, who = bridge.House(), bridge.patient_resource(appointment.patient)
    today = timezone.localtime(now, zone).date()
    last = max(max(dates.values(), key=lambda on: on or today), new_day)
    diary = bridge.read_diary(
        min(today, new_day),
        (last - today).days + SPARE_DAYS * 2,
        resources=[*house.resources.values(), who],
        zone=zone,
        now=now,
        besides=[appointment, *later],
    )
    slots = [diary.grid.slot(row.starts_at) for row in later]
    visits = []
    for row, slot in zip(later, slots, strict=True):
        session = by_key[row.session_id]
        visit = bridge.visit_of(session, house, who, diary.grid)
        visits.append(bridge.pinned_visit(session, slot) if row.pinned else visit)
    found = sequences.reflow(diary, visits, slots, after=diary.grid.day(new_day))
    if isinstance(found, Shortfall):
        return [
            Later(row, "out_of_window", words=str(problems[row.pk]))
            if problems[row.pk]
            else Later(row, "kept")
            for row in later
        ]
    told = []
    for row, slot, placement in zip(later, slots, found.placements, strict=True):
        if placement.slot == slot:
            told.append(Later(row, "kept"))
            continue
        chosen = tuple(
            pk
            for pk, need in zip(placement.resources, placement.visit.needs, strict=True)
            if need.kind != ResourceKind.PATIENT
        )
        starts_at = diary.grid.instant(placement.slot)
        choice = Choice(by_key[row.session_id], starts_at, chosen)
        told.append(Later(row, "moved", choice, f"to {moment(starts_at)}"))
    return told
