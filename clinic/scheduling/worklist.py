"""What waits for the desk: plans signed but not booked, and sessions due but not booked."""

import datetime as dt
from dataclasses import dataclass

from django.db import models

from clinic.scheduling import bridge, windows
from clinic.scheduling.models import Appointment, CancelReason, State, unbooked_plans
from planner.models import Decision, Plan
from planner.reviewing import CONTINUE

LOOK_AHEAD = dt.timedelta(days=42)
"""A session whose window opens within this time is due to be booked."""


class Unbooked(models.TextChoices):
    """Why a session that is due holds no place; a cancelled one says its own reason besides."""

    NEVER = "never", "Not booked yet"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No-show"
    REVIEWED = "reviewed", "Its review is done: book"
    UNDECIDED = "undecided", "Waits for the clinician’s decision at the review"
    MISSED = "missed", "Missed, and a later session is done: book it after that one"


@dataclass(frozen=True)
class Due:
    """A session of an active plan that ought to be in the calendar."""

    session: object
    reason: Unbooked
    detail: str  # why it was cancelled
    earliest: dt.date
    latest: dt.date | None
    is_late: bool  # its window is over

    @property
    def badge(self) -> str:
        return "its window is over" if self.is_late else ""

    @property
    def ask(self) -> str:
        """What to put to the clinician, where booking is not the desk's to do; else empty."""
        theirs = {Unbooked.UNDECIDED: "review", Unbooked.MISSED: "missed"}
        return theirs.get(self.reason, "over" if self.is_late else "")

    @property
    def may_book(self) -> bool:
        return not self.ask or (self.reason == Unbooked.MISSED and not self.is_late)

    @property
    def plan(self):
        return self.session.block.plan

    @property
    def patient(self):
        return self.plan.patient


def plans_to_book(user):
    """Signed plans of which nothing is booked yet, the longest waiting first."""
    visible = Plan.objects.visible_to(user)
    begun = Appointment.objects.filter(session__block__plan=models.OuterRef("pk"))
    return unbooked_plans().filter(pk__in=visible.values("pk")).exclude(models.Exists(begun))


def sessions_due(user, on: dt.date) -> list[Due]:
    """Sessions of plans that have begun, due within some weeks and not booked, by their last day.

    A later block is due once the review before it is done. One behind a session that is not booked
    itself has no day to count from, and waits for it.
    """
    begun = Appointment.objects.filter(session__block__plan=models.OuterRef("pk"))
    plans = Plan.objects.visible_to(user).active().filter(models.Exists(begun)).with_people()
    plans = {plan.pk: plan for plan in plans}
    rows: dict = {pk: [] for pk in plans}
    for session in bridge.sessions_of_all(plans):
        session.block.plan = plans[session.block.plan_id]
        rows[session.block.plan_id].append(session)
    visits = Appointment.objects.filter(session__block__plan__in=plans).order_by("booked_at")
    standing, off, continued, zone = {}, {}, _continued(plans), bridge.clinic_zone()
    for visit in visits:
        (off if visit.is_off else standing)[visit.session_id] = visit
    found = [
        each
        for pk, own in rows.items()
        for each in _due_of(bridge.in_order(own), standing, off, continued.get(pk, set()), on, zone)
    ]
    return sorted(found, key=lambda each: (each.latest or each.earliest, str(each.session.pk)))


def _continued(plans) -> dict:
    """By plan, the numbers of the blocks that a review let follow."""
    found: dict = {}
    rows = Decision.objects.filter(plan__in=plans, reason_code=CONTINUE)
    for plan, number in rows.values_list("plan", "review__block__number"):
        if number is not None:
            found.setdefault(plan, set()).add(number + 1)
    return found


def _due_of(sessions, standing, off, continued, on: dt.date, zone):
    firm = continued | {each.block.number for each in sessions if each.block.firm}
    before, reviewed = None, True
    for session in sessions:
        day = bridge.date_of(session, standing, zone)
        if day is None:
            previous = windows.session_before(session, sessions, {})
            if not (session.block.firm or reviewed) or (previous and before is None):
                return
            earliest, latest = windows.window_dates(session, before)
            if earliest <= on + LOOK_AHEAD:
                reason, detail = _why(session, off.get(session.pk), sessions, firm)
                late = bool(latest and latest < on)
                yield Due(session, reason, detail, earliest, latest, late)
        before = day or (before if hasattr(session, "counts_like") else None)
        reviewed = session.kind != "review" or bridge.performed_on(session) is not None


def _why(session, last, sessions, firm) -> tuple[Unbooked, str]:
    if windows.is_passed_over(session, sessions):
        return Unbooked.MISSED, ""
    if session.block.number not in firm:
        return Unbooked.UNDECIDED, ""
    if last is not None and last.state == State.NO_SHOW:
        return Unbooked.NO_SHOW, ""
    if last is not None:
        return Unbooked.CANCELLED, CancelReason(last.cancel_reason).label
    return (Unbooked.NEVER if session.block.firm else Unbooked.REVIEWED), ""
