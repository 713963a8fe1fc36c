"""The waiting list: who would come when a time is freed, and who of them truly fits.

A freed time lists only patients for whom everything holds: what they said, the length and the
people, room and devices of their visit, and the clinical window. The desk decides.
"""

import datetime as dt
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from clinic.scheduling import bridge, calendar, errors, openings, verdicts, visit_types, windows
from clinic.scheduling.booking import book_plan, book_visit
from clinic.scheduling.calendar import Visit
from clinic.scheduling.models import (
    COMING,
    Appointment,
    Change,
    Closed,
    Deed,
    Resource,
    ResourceKind,
    VisitKind,
    Waiting,
)
from clinic.scheduling.moving import move
from clinic.scheduling.offers import Choice
from clinic.scheduling.writing import in_clinic_time
from planner import services as planning
from planner.models import ACTIVE


@dataclass(frozen=True)
class Freed:
    """A time that is to be had again, and whose and what time it was."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    resources: frozenset[int]

    @property
    def words(self) -> str:
        return f"{errors.moment(self.starts_at)} to {errors.clock(self.ends_at)}"


@dataclass(frozen=True)
class Fit:
    """One waiting patient in a freed time, and what that would mean."""

    entry: Waiting
    starts_at: dt.datetime
    ends_at: dt.datetime
    resources: tuple[int, ...]
    named: list[Resource]
    booked: Appointment | None
    off_target: int | None
    later: tuple = ()  # visits of the plan that would move too

    @property
    def sooner_by(self) -> int | None:
        """Days gained on the time that is booked."""
        return (self.booked.starts_at.date() - self.starts_at.date()).days if self.booked else None

    @property
    def words(self) -> str:
        said = []
        if self.off_target is not None:
            said.append(errors.off_target_words(self.off_target))
        if self.sooner_by is not None:
            said.append(f"{errors.days(self.sooner_by)} sooner than booked")
        if self.later:
            visits = "a later visit moves" if len(self.later) == 1 else "later visits move"
            said.append(f"{len(self.later)} {visits} too" if len(self.later) > 1 else visits)
        return ", ".join(said) or "not booked yet"

    @property
    def rank(self):
        """Nearest to its target first, then fewest moves, most days gained, longest waiting."""
        return (
            abs(self.off_target or 0),
            len(self.later),
            -(self.sooner_by or 0),
            self.entry.added_at,
        )


# --- the list ------------------------------------------------------------------------------------


@in_clinic_time
@transaction.atomic
def add(*, patient, by, session=None, kind: str = "", **said) -> Waiting:
    """Put a patient on the list, for a session of a plan or for a visit without one.

    A kind of visit that is booked already waits for that very visit to come sooner.

    `said` is what they said: not_before, not_after, weekdays, from_time, to_time, person, minutes,
    note.
    """
    if session is not None:
        if session.block.plan.patient_id != patient.pk:
            raise errors.CannotChange("This session belongs to another patient's plan.")
        if session.block.plan.state not in ACTIVE:
            raise errors.NotApproved(session.block.plan)
        if bridge.performed_on(session):
            raise errors.CannotChange(f"{session} is performed already.")
        kind = session.kind
    if session is None and (tied := _coming_visit(patient, kind)):
        session = tied.session
    if session is None and Waiting.objects.open().filter(patient=patient, kind=kind, session=None):
        raise errors.CannotChange(
            f"{patient} waits for a {VisitKind(kind).label.lower()} already. Take the other entry "
            "off the list first."
        )
    try:
        with transaction.atomic():
            return Waiting.objects.create(
                patient=patient, session=session, kind=kind, added_by=by, **said
            )
    except IntegrityError as error:
        name = error.__cause__.diag.constraint_name
        rows = {each.name: each for each in Waiting._meta.constraints}
        words = rows[name].violation_error_message if name in rows else str(error)
        raise errors.CannotChange(str(words)) from error


@in_clinic_time
@transaction.atomic
def close(*, entry: Waiting, by, revision: int, how: str = Closed.WITHDRAWN, now=None) -> Waiting:
    row = _locked(entry, revision)
    row.closed_as, row.closed_at, row.closed_by = how, now or timezone.now(), by
    row.revision += 1
    row.save()
    return row


@in_clinic_time
@transaction.atomic
def reopen(*, entry: Waiting, by, revision: int) -> Waiting:
    """Undo a closing."""
    row = Waiting.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if row.revision != revision:
        raise errors.CannotChange("Somebody changed this entry meanwhile. Look at it again.")
    row.closed_as, row.closed_at, row.closed_by = "", None, None
    row.revision += 1
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise errors.CannotChange("This session is on the waiting list already.") from error
    return row


def _locked(entry: Waiting, revision: int) -> Waiting:
    rows = Waiting.objects.select_for_update(of=("self",))
    row = rows.select_related("patient", "session__block__plan", "person").get(pk=entry.pk)
    if row.closed_at is not None:
        raise errors.CannotChange(f"{row.patient} does not wait any more. Look at the list again.")
    if row.revision != revision:
        raise errors.CannotChange("Somebody changed this entry meanwhile. Look at it again.")
    return row


def open_entries():
    """Who waits, and can still be served: their plan runs and the session was not held."""
    rows = Waiting.objects.open().select_related("patient", "session__block__plan", "person")
    rows = rows.exclude(session__performance__isnull=False)
    return rows.filter(Q(session=None) | Q(session__block__plan__state__in=ACTIVE))


# --- what a freed time is, and who fits ----------------------------------------------------------


def freed_by(appointment: Appointment) -> Freed | None:
    """The time that a cancelled, missed or moved visit has left; None when it left none."""
    if appointment.is_off:
        claims = [claim for part in appointment.parts.all() for claim in part.claims.all()]
        held = {c.resource_id for c in claims if c.resource.kind != ResourceKind.PATIENT}
        return Freed(appointment.starts_at, appointment.ends_at, frozenset(held))
    last = appointment.changes.filter(deed__in=[Deed.MOVED, Deed.UNDONE]).order_by("at").last()
    return freed_by_move(last) if last and last.old_start else None


def freed_by_move(change: Change) -> Freed:
    length = dt.timedelta(minutes=change.appointment.minutes)
    start = change.old_start
    return Freed(start, start + length, frozenset(change.old_resources))


@in_clinic_time
def fitting(freed: Freed, *, now=None) -> list[Fit]:
    """Waiting patients for whom everything holds in a freed time, best first."""
    now = now or timezone.now()
    if freed.starts_at <= now:
        return []
    house = bridge.House()
    found = [
        fit
        for entry in open_entries()
        if _might(entry, freed) and (fit := _fit(entry, freed, house, now))
    ]
    return sorted(found, key=lambda fit: fit.rank)


def _might(entry: Waiting, freed: Freed) -> bool:
    """What costs nothing to see: the days that the patient named."""
    on = timezone.localtime(freed.starts_at).date()
    return (
        (entry.not_before is None or entry.not_before <= on)
        and (entry.not_after is None or on <= entry.not_after)
        and (not entry.weekdays or on.weekday() in entry.weekdays)
    )


def _fit(entry: Waiting, freed: Freed, house, now) -> Fit | None:
    booked = booked_for(entry, now)
    if booked and (
        booked.pinned or booked.state not in COMING or booked.starts_at <= freed.starts_at
    ):
        return None
    zone = bridge.clinic_zone()
    on = timezone.localtime(freed.starts_at, zone).date()
    course = _Course(entry, on, zone) if entry.session_id else None
    if course and not course.is_inside_its_window():
        return None
    who = bridge.patient_resource(entry.patient)
    visit = _visit(entry, booked, house, who)
    diary = bridge.read_diary(
        on,
        1,
        resources=[*house.resources.values(), who],
        zone=zone,
        now=now,
        besides=[booked] if booked else (),
    )
    found = _place(diary, visit, entry, freed)
    if found is None:
        return None
    slot, team = found
    chosen = tuple(pk for pk in team if pk != who.pk)
    starts_at = diary.grid.instant(slot)
    off_target, later = None, ()
    if course:
        later = course.moved_along(booked, starts_at, chosen, now)
        if later is None or course.breaks_a_rule(later):
            return None
        off_target = course.off_target
    ends_at = diary.grid.instant(slot + visit.quarters)
    named = house.named(chosen)
    return Fit(entry, starts_at, ends_at, chosen, named, booked, off_target, later)


def booked_for(entry: Waiting, now=None) -> Appointment | None:
    """The visit that the entry waits to have sooner: that of its session, else of its kind."""
    if entry.session_id is None:
        visit = _coming_visit(entry.patient, entry.kind, now)
        if visit and visit.session_id:  # booked from a plan since the entry was made
            entry.session = visit.session
        return visit
    rows = Appointment.objects.standing().filter(session=entry.session_id)
    return rows.select_related("patient", "session__block__plan").first()


def _coming_visit(patient, kind: str, now=None) -> Appointment | None:
    rows = Appointment.objects.coming(now).filter(patient=patient, kind=kind)
    return rows.select_related("patient", "session__block__plan").order_by("starts_at").first()


def _visit(entry: Waiting, booked, house, who) -> Visit:
    if booked:
        visit = openings.visit_of_appointment(booked, house, who)
        return _with_person(visit, entry)
    if entry.session_id:
        parts = bridge.parts_of_session(entry.session)
        needs = bridge.needs_of_session(entry.session, house, who)
    else:
        kind = VisitKind(entry.kind)
        minutes = entry.minutes or visit_types.usual_minutes(kind)
        parts = bridge.parts_of(procedure=minutes)
        needs = bridge.needs_of_kind(kind, house, who)
    return _with_person(Visit(entry.pk, parts, needs), entry)


def _with_person(visit: Visit, entry: Waiting) -> Visit:
    if not (entry.person_id and visit.lead):
        return visit
    pool = (entry.person_id,) if entry.person_id in visit.lead.pool else ()
    wanted = replace(visit.lead, pool=pool)
    return replace(
        visit, needs=tuple(wanted if need is visit.lead else need for need in visit.needs)
    )


def _place(diary, visit: Visit, entry: Waiting, freed: Freed):
    """The start nearest to the freed one at which the visit fits with something that was freed."""
    hours = diary.everywhere
    if entry.from_time or entry.to_time:
        hours = calendar.between(
            diary.grid, entry.from_time or dt.time(0), entry.to_time or dt.time.max
        )
        hours = calendar.starts(hours, visit.quarters)
    first, last = diary.grid.span(freed.starts_at, freed.ends_at)
    slots = range(max(0, first - visit.quarters + 1), last)
    for asked in (_with_freed(visit, freed), visit):
        fits = diary.fits(asked) & hours
        for slot in sorted(slots, key=lambda slot: abs(slot - first)):
            if not fits >> slot & 1:
                continue
            team = diary.staff(asked, slot)
            if team and freed.resources & set(team):
                return slot, team
    return None


def _with_freed(visit: Visit, freed: Freed) -> Visit:
    """The visit with the very people and things that were freed, where they can serve it."""
    needs = []
    for need in visit.needs:
        same = tuple(pk for pk in need.pool if pk in freed.resources)
        needs.append(replace(need, pool=same) if same else need)
    return replace(visit, needs=tuple(needs))


class _Course:
    """The plan of who waits, with their session on the freed day."""

    def __init__(self, entry: Waiting, on: dt.date, zone):
        self.plan, self.on, self.zone = entry.session.block.plan, on, zone
        self.sessions = bridge.sessions_of(self.plan)
        self.standing = bridge.standing_by_session(self.plan)
        self.own = next(each for each in self.sessions if each.pk == entry.session_id)
        dates = {each.pk: bridge.date_of(each, self.standing, zone) for each in self.sessions}
        self.dates = dates | {self.own.pk: on}

    def is_inside_its_window(self) -> bool:
        try:
            return windows.window_problem(self.own, self.dates, self.sessions) is None
        except errors.OutOfOrder:
            return False

    def moved_along(self, booked, starts_at, chosen, now) -> tuple | None:
        """The later visits that must move too; None where one would be out of its window."""
        if booked:
            verdict = verdicts.verdict_on_move(booked, starts_at, chosen, now=now)
            return None if verdict.needs_reason else tuple(verdict.moves)
        after = windows.sessions_after(self.own, self.sessions)
        late = (
            windows.window_problem(each, self.dates, self.sessions)
            for each in after
            if each.pk in self.standing
        )
        return None if any(late) else ()

    def breaks_a_rule(self, later) -> bool:
        days = {
            each.choice.session.pk: timezone.localtime(each.choice.starts_at, self.zone).date()
            for each in later
        }
        dates = {key: day for key, day in (self.dates | days).items() if day}
        broken = planning.broken_by(self.plan, dates)
        return bool(broken.rules or broken.intervals)

    @property
    def off_target(self) -> int:
        return (self.on - windows.target_in(self.own, self.dates, self.sessions)).days


# --- the desk decides ----------------------------------------------------------------------------


@in_clinic_time
@transaction.atomic
def give(
    *, entry: Waiting, starts_at: dt.datetime, resources: tuple[int, ...], by, key: str,
    revision: int, now=None,
) -> Appointment:  # fmt: skip
    """Give a freed time to who waits: booked, or moved there with what must move along."""
    row = _locked(entry, revision)
    given = _give(row, starts_at, resources, by, key, now)
    close(entry=row, by=by, revision=row.revision, how=Closed.SERVED, now=now)
    return given


def _give(row: Waiting, starts_at, resources, by, key, now) -> Appointment:
    booked = booked_for(row, now)
    if booked is None and row.session_id is None:
        return book_visit(
            patient=row.patient,
            kind=row.kind,
            starts_at=starts_at,
            resources=resources,
            by=by,
            key=key,
            minutes=row.minutes,
            now=now,
        )
    if booked and booked.starts_at <= starts_at:
        raise errors.CannotChange(
            f"{row.patient} is booked sooner meanwhile, for {errors.moment(booked.starts_at)}."
        )
    if booked is None:
        choice = Choice(row.session, starts_at, resources)
        plan = row.session.block.plan
        return book_plan(plan=plan, choices=[choice], by=by, key=key, now=now)[0]
    verdict = verdicts.verdict_on_move(booked, starts_at, resources, now=now)
    return move(
        appointment=booked,
        starts_at=starts_at,
        resources=resources,
        by=by,
        revision=booked.revision,
        later=tuple(verdict.moves),
        now=now,
    )[0]
