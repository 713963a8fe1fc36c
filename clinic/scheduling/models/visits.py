"""Visits: what they are, the states of their day, and when they are.

A visit (Appointment) is a row of parts; each part claims people, a room, devices and the patient
for a half-open time.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.scheduling.errors import off_target_words
from clinic.scheduling.models.keeping import AUTHOR, one_of, tracked
from clinic.scheduling.models.resources import Resource, ResourceKind
from patients.models import Patient
from planner.models import PlannedSession


class VisitKind(models.TextChoices):
    PROCEDURE = "procedure", "Procedure"
    FIRST_CONSULTATION = "first_consultation", "First consultation"
    CONSULTATION = "consultation", "Consultation"
    REVIEW = "review", "Review"
    TEST_SPOT = "test_spot", "Test spot"
    TEST_READING = "test_reading", "Test reading"
    SUTURE_REMOVAL = "suture_removal", "Suture removal"
    WALK_IN = "walk_in", "Walk-in"
    URGENT = "urgent", "Urgent visit"


NEVER_PLANNED = (
    VisitKind.FIRST_CONSULTATION,
    VisitKind.CONSULTATION,
    VisitKind.WALK_IN,
    VisitKind.URGENT,
)


TREATING = (VisitKind.PROCEDURE, VisitKind.TEST_SPOT)
"""Kinds of visit that treat skin: they start only when every gate is met."""


class State(models.TextChoices):
    REQUESTED = "requested", "Requested"
    SCHEDULED = "scheduled", "Scheduled"
    CONFIRMED = "confirmed", "Confirmed"
    ARRIVED = "arrived", "Arrived"
    IN_ROOM = "in_room", "In room"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No-show"


MOVES = {
    State.REQUESTED: (State.SCHEDULED, State.CANCELLED),
    State.SCHEDULED: (State.CONFIRMED, State.ARRIVED, State.NO_SHOW, State.CANCELLED),
    State.CONFIRMED: (State.ARRIVED, State.NO_SHOW, State.CANCELLED),
    State.ARRIVED: (State.IN_ROOM, State.CANCELLED),
    State.IN_ROOM: (State.COMPLETED,),
    State.COMPLETED: (),
    State.CANCELLED: (),
    State.NO_SHOW: (),
}
"""Which state may follow which; each step may also be undone. The database holds the same table."""

OFF = (State.CANCELLED, State.NO_SHOW)
"""States in which a visit holds nobody's time."""

COMING = (State.REQUESTED, State.SCHEDULED, State.CONFIRMED)
"""States in which a visit may still be moved."""

_STEPS = sorted(
    {(old.value, new.value) for old, news in MOVES.items() for new in news}
    | {(new.value, old.value) for old, news in MOVES.items() for new in news}
)
_STEP_LIST = ", ".join(f"('{old}', '{new}')" for old, new in _STEPS)
_OFF_LIST = ", ".join(f"'{state.value}'" for state in OFF)


class CancelReason(models.TextChoices):
    PATIENT_ASKED = "patient_asked", "The patient asked"
    PATIENT_ILL = "patient_ill", "The patient is ill"
    STAFF_ILL = "staff_ill", "A member of staff is ill"
    DEVICE_DOWN = "device_down", "A device is out of order"
    CLINICAL = "clinical", "For a clinical reason"
    BOOKED_WRONGLY = "booked_wrongly", "Booked by mistake"
    PLAN_CHANGED = "plan_changed", "The plan was revised or ended"
    NOT_TAKEN = "not_taken", "The patient did not take the held time"
    HOLD_RAN_OUT = "hold_ran_out", "The hold ran out"
    OTHER = "other", "Another reason"


OF_HOLDS = (CancelReason.NOT_TAKEN, CancelReason.HOLD_RAN_OUT)
"""Reasons that only a hold has; nobody chooses them by hand."""


class DeviationReason(models.TextChoices):
    """Why a visit stands outside its clinical window."""

    CLINICIAN_DECIDED = "clinician_decided", "The clinician decided so"
    HEALING = "healing", "Healing took another course"
    PATIENT_UNAVAILABLE = "patient_unavailable", "The patient cannot come inside the window"
    CLINIC_UNAVAILABLE = "clinic_unavailable", "The clinic has no place inside the window"


class AppointmentQuerySet(models.QuerySet):
    def visible_to(self, user):
        """All of the clinic's visits for who may see the calendar, else none."""
        return self if user.has_perm("scheduling.view_calendar") else self.none()

    def standing(self):
        """Visits that hold their time: all but the cancelled and the no-shows."""
        return self.exclude(state__in=OFF)

    def coming(self, now=None):
        """Visits that are still to be held and may still be moved."""
        return self.filter(state__in=COMING, starts_at__gt=now or timezone.now())

    def between(self, starts, ends):
        return self.filter(starts_at__lt=ends, ends_at__gt=starts)

    def of_plan(self, plan):
        return self.filter(session__block__plan=plan)

    def with_people(self):
        """All that a calendar draws, in a handful of queries."""
        return self.select_related("patient", "session__block__plan", "booked_by").prefetch_related(
            "parts__claims__resource", "session__steps"
        )


@tracked()
class Appointment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointments")
    kind = models.CharField(max_length=20, choices=VisitKind.choices)
    session = models.ForeignKey(
        PlannedSession, models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.SCHEDULED)
    provisional = models.BooleanField(
        default=False, help_text="Held until the review of the block before confirms it"
    )
    pinned = models.BooleanField(default=False, help_text="The patient's fixed date")
    held_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when its time is kept while the patient decides"
    )
    starts_at = models.DateTimeField(help_text="Start of its first part")
    ends_at = models.DateTimeField(help_text="End of its last part")
    target_on = models.DateField(null=True, blank=True, help_text="The day it would best be on")
    deviation_reason = models.CharField(max_length=20, choices=DeviationReason.choices, blank=True)
    deviation_note = models.TextField(blank=True)
    cancel_reason = models.CharField(max_length=20, choices=CancelReason.choices, blank=True)
    note = models.TextField(blank=True)
    sequence = models.PositiveIntegerField(default=0, help_text="Rises with every change of time")
    revision = models.PositiveIntegerField(default=1)
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    booked_at = models.DateTimeField(default=timezone.now)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["starts_at"], name="visits_by_start"),
            models.Index(fields=["patient", "starts_at"], name="visits_of_patient"),
            models.Index(
                fields=["held_until"],
                condition=Q(state=State.REQUESTED, held_until__isnull=False),
                name="holds_by_expiry",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                condition=~one_of("state", OFF),
                name="a_session_is_booked_once",
                violation_error_message="This session of the plan is booked already.",
            ),
            models.CheckConstraint(
                name="a_procedure_belongs_to_a_plan",
                condition=~Q(kind=VisitKind.PROCEDURE) | Q(session__isnull=False),
                violation_error_message="A procedure is booked from an approved plan.",
            ),
            models.CheckConstraint(
                name="a_consultation_belongs_to_no_session",
                condition=~one_of("kind", NEVER_PLANNED) | Q(session=None),
            ),
            models.CheckConstraint(
                name="only_a_planned_visit_is_provisional",
                condition=Q(provisional=False) | Q(session__isnull=False),
            ),
            models.CheckConstraint(name="visit_kind_is_known", condition=one_of("kind", VisitKind)),
            models.CheckConstraint(name="visit_state_is_known", condition=one_of("state", State)),
            models.CheckConstraint(
                name="visit_ends_after_it_starts", condition=Q(starts_at__lt=F("ends_at"))
            ),
            models.CheckConstraint(
                name="only_a_visit_not_yet_firm_is_held",
                condition=Q(held_until=None) | Q(state__in=[State.REQUESTED, State.CANCELLED]),
            ),
            models.CheckConstraint(
                name="a_cancelled_visit_has_its_reason",
                condition=(Q(state=State.CANCELLED) & ~Q(cancel_reason=""))
                | (~Q(state=State.CANCELLED) & Q(cancel_reason="")),
                violation_error_message="Say why the visit is cancelled.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="visit_moves_by_the_table",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.AnyChange("state"),
                func=f"""
                    IF (OLD.state, NEW.state) NOT IN ({_STEP_LIST}) THEN
                        RAISE EXCEPTION 'a visit cannot go from % to %', OLD.state, NEW.state
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'visit_moves_by_the_table';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # However a visit is called off or taken up again, its claims follow, and the exclusion
            # constraint judges them anew.
            pgtrigger.Trigger(
                name="claims_follow_the_visit",
                operation=pgtrigger.Update,
                when=pgtrigger.After,
                condition=pgtrigger.AnyChange("state"),
                func=f"""
                    UPDATE scheduling_claim claim
                    SET active = NEW.state NOT IN ({_OFF_LIST})
                    FROM scheduling_appointmentpart part
                    WHERE part.id = claim.part_id AND part.appointment_id = NEW.id
                      AND claim.active <> (NEW.state NOT IN ({_OFF_LIST}));
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.what}, {timezone.localtime(self.starts_at):%d-%b-%Y %H:%M}"

    def get_absolute_url(self):
        return reverse("scheduling:appointment", args=[self.pk])

    @property
    def what(self) -> str:
        """Kind and session, without a diagnosis: fit for a list that others may glance at."""
        if self.session_id and self.kind == VisitKind.PROCEDURE:
            return f"Session {self.session.number}"
        return self.get_kind_display()

    @property
    def is_off(self) -> bool:
        return self.state in OFF

    @property
    def is_held(self) -> bool:
        return self.held_until is not None and self.state == State.REQUESTED

    @property
    def day(self):
        return timezone.localtime(self.starts_at).date()

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def off_target(self) -> int | None:
        """Days after the target day; negative when before it."""
        return None if self.target_on is None else (self.day - self.target_on).days

    @property
    def off_target_words(self) -> str:
        return "" if self.off_target is None else off_target_words(self.off_target)

    def resources_of(self, kind: str) -> list[Resource]:
        """Its people, rooms or devices, in the order in which they are first needed."""
        found = {
            claim.resource_id: claim.resource
            for part in self.parts.all()
            for claim in part.claims.all()
            if claim.resource.kind == kind
        }
        return list(found.values())

    @property
    def people(self):
        return self.resources_of(ResourceKind.PERSON)

    @property
    def room(self):
        return next(iter(self.resources_of(ResourceKind.ROOM)), None)

    @property
    def devices(self):
        return self.resources_of(ResourceKind.DEVICE)
