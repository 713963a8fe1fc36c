"""Who and what is booked for when: one table of resources, and visits in parts.

A visit (Appointment) is a row of parts; each part claims people, a room, devices and the patient
for a half-open time. One exclusion constraint over the claims makes a double booking impossible,
by whatever road it comes.
"""

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from uuid_utils.compat import uuid7

from patients.models import Patient
from planner.models import Plan, PlannedSession

AUTHOR = {"on_delete": models.PROTECT, "related_name": "+"}


def tracked(**options):
    """Keep every insert, change and deletion. An event serves one model: it learns its fields."""
    return pghistory.track(
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), **options
    )


def _one_of(field: str, choices) -> Q:
    return Q(**{f"{field}__in": [choice.value for choice in choices]})


# --- resources ---------------------------------------------------------------------------------


class ResourceKind(models.TextChoices):
    PERSON = "person", "Person"
    ROOM = "room", "Room"
    DEVICE = "device", "Device"
    PATIENT = "patient", "Patient"


class RoomKind(models.TextChoices):
    CONSULTATION = "consultation", "Consultation room"
    PROCEDURE = "procedure", "Procedure room"


class ResourceQuerySet(models.QuerySet):
    def of_the_clinic(self):
        return self.exclude(kind=ResourceKind.PATIENT)

    def bookable(self):
        return self.of_the_clinic().filter(active=True)

    def of_kind(self, kind):
        return self.filter(kind=kind)


@tracked()
class Resource(models.Model):
    """Anything that can be in one place at a time: a person, a room, a device, the patient too."""

    code = models.CharField(
        max_length=60,
        unique=True,
        error_messages={"unique": "Another person, room or device has this code."},
    )
    kind = models.CharField(max_length=10, choices=ResourceKind.choices)
    name = models.CharField(max_length=120)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="resource",
        verbose_name="log-in",
    )
    patient = models.OneToOneField(
        Patient, models.PROTECT, null=True, blank=True, editable=False, related_name="resource"
    )
    site = models.CharField(max_length=60, blank=True)
    room_kind = models.CharField(max_length=20, choices=RoomKind.choices, blank=True)
    capabilities = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="Person: performer words and skills. Device: the requirements it meets.",
    )
    active = models.BooleanField("can be booked", default=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="resource_kind_is_known", condition=_one_of("kind", ResourceKind)
            ),
            models.CheckConstraint(
                name="patient_resource_names_its_patient",
                condition=Q(kind=ResourceKind.PATIENT, patient__isnull=False)
                | (~Q(kind=ResourceKind.PATIENT) & Q(patient=None)),
            ),
            models.CheckConstraint(
                name="only_a_person_has_a_login",
                condition=Q(user=None) | Q(kind=ResourceKind.PERSON),
                violation_error_message="Only a person can have a log-in.",
            ),
            models.CheckConstraint(
                name="every_room_says_its_kind",
                condition=(Q(kind=ResourceKind.ROOM) & _one_of("room_kind", RoomKind))
                | (~Q(kind=ResourceKind.ROOM) & Q(room_kind="")),
                violation_error_message="Say what kind of room it is.",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("scheduling:resource", args=[self.pk])

    @property
    def where(self) -> str:
        return f"{self.name}, {self.site}" if self.site else self.name


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


@tracked()
class WorkingHours(models.Model):
    """Open on a weekday in the clinic's wall-clock time; two rows on one day leave a break.

    Without a resource these are the clinic's own. A resource without any follows the clinic's.
    """

    resource = models.ForeignKey(
        Resource, models.CASCADE, null=True, blank=True, related_name="hours"
    )
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    starts = models.TimeField("from")
    ends = models.TimeField("to")

    class Meta:
        verbose_name_plural = "working hours"
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(
                name="hours_end_after_they_start",
                condition=Q(starts__lt=F("ends")),
                violation_error_message="Hours end after they start.",
            ),
            models.CheckConstraint(name="weekday_is_0_to_6", condition=Q(weekday__range=(0, 6))),
            models.UniqueConstraint(
                fields=["resource", "weekday", "starts"],
                name="hours_start_once",
                nulls_distinct=False,
                violation_error_message="There are hours from this time on this day already.",
            ),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"


class AbsenceKind(models.TextChoices):
    LEAVE = "leave", "Leave"
    HOLIDAY = "holiday", "Clinic closed"
    SERVICE = "service", "In service"


@tracked()
class Absence(models.Model):
    """Not to be had for a time; without a resource the whole clinic is closed."""

    resource = models.ForeignKey(
        Resource, models.CASCADE, null=True, blank=True, related_name="absences"
    )
    during = DateTimeRangeField()
    kind = models.CharField(max_length=10, choices=AbsenceKind.choices)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["during"]
        constraints = [
            models.CheckConstraint(
                name="absence_has_a_start_and_an_end",
                condition=Q(
                    during__isempty=False, during__lower_inf=False, during__upper_inf=False
                ),
                violation_error_message="An absence ends after it starts.",
            ),
            models.CheckConstraint(
                name="absence_kind_is_known", condition=_one_of("kind", AbsenceKind)
            ),
        ]

    def __str__(self):
        return self.note or self.get_kind_display()


# --- visits ------------------------------------------------------------------------------------


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
    OTHER = "other", "Another reason"


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
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                condition=~_one_of("state", OFF),
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
                condition=~_one_of("kind", NEVER_PLANNED) | Q(session=None),
            ),
            models.CheckConstraint(
                name="only_a_planned_visit_is_provisional",
                condition=Q(provisional=False) | Q(session__isnull=False),
            ),
            models.CheckConstraint(
                name="visit_kind_is_known", condition=_one_of("kind", VisitKind)
            ),
            models.CheckConstraint(name="visit_state_is_known", condition=_one_of("state", State)),
            models.CheckConstraint(
                name="visit_ends_after_it_starts", condition=Q(starts_at__lt=F("ends_at"))
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
    def day(self):
        return timezone.localtime(self.starts_at).date()

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def off_target(self) -> int | None:
        """Days after the target day; negative when before it."""
        return None if self.target_on is None else (self.day - self.target_on).days

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


class PartKind(models.TextChoices):
    NUMBING = "numbing", "Numbing"
    PROCEDURE = "procedure", "Procedure"
    RECOVERY = "recovery", "Recovery"
    CLEAN_UP = "clean_up", "Clean-up"


HALF_OPEN = Q(
    during__isempty=False,
    during__lower_inc=True,
    during__upper_inc=False,
    during__lower_inf=False,
    during__upper_inf=False,
)


@tracked()
class AppointmentPart(models.Model):
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="parts")
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=PartKind.choices)
    during = DateTimeRangeField()

    class Meta:
        ordering = ["appointment", "order"]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "order"], name="parts_have_an_order"),
            models.CheckConstraint(name="part_is_half_open", condition=HALF_OPEN),
            models.CheckConstraint(name="part_kind_is_known", condition=_one_of("kind", PartKind)),
            ExclusionConstraint(
                name="parts_of_a_visit_never_overlap",
                expressions=[
                    ("appointment", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="parts_follow_their_order",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.After,
                func="""
                    IF EXISTS (
                        SELECT FROM scheduling_appointmentpart other
                        WHERE other.appointment_id = NEW.appointment_id
                          AND ((other."order" < NEW."order" AND other.during >> NEW.during)
                            OR (other."order" > NEW."order" AND other.during << NEW.during))
                    ) THEN
                        RAISE EXCEPTION 'the parts of a visit follow their order'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'parts_follow_their_order';
                    END IF;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self):
        return self.get_kind_display()

    @property
    def minutes(self) -> int:
        return int((self.during.upper - self.during.lower).total_seconds() // 60)


@tracked()
class Claim(models.Model):
    """One resource held through one part. `active` is false while the visit is called off."""

    part = models.ForeignKey(AppointmentPart, models.CASCADE, related_name="claims")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="claims")
    during = DateTimeRangeField()
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            ExclusionConstraint(
                name="resource_in_one_place_at_a_time",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(active=True),
                violation_error_message="Somebody or something is already booked at that time.",
            ),
            models.UniqueConstraint(
                fields=["part", "resource"], name="a_part_claims_a_resource_once"
            ),
            models.CheckConstraint(name="claim_is_half_open", condition=HALF_OPEN),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="claim_is_as_long_as_its_part",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("during", "part_id"),
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (
                        SELECT FROM scheduling_appointmentpart part
                        WHERE part.id = NEW.part_id AND part.during = NEW.during
                    ) THEN
                        RAISE EXCEPTION 'a claim lasts as long as its part'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'claim_is_as_long_as_its_part';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self):
        return f"{self.resource}"


APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


class Deed(models.TextChoices):
    BOOKED = "booked", "Booked"
    MOVED = "moved", "Moved"
    STATE = "state", "State changed"
    UNDONE = "undone", "Undone"


class Change(models.Model):
    """Who did what to a visit, when and why; never edited."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="changes")
    deed = models.CharField(max_length=10, choices=Deed.choices)
    old_state = models.CharField(max_length=10, choices=State.choices, blank=True)
    new_state = models.CharField(max_length=10, choices=State.choices)
    old_start = models.DateTimeField(null=True, blank=True)
    new_start = models.DateTimeField()
    old_resources = ArrayField(models.BigIntegerField(), default=list, blank=True)
    batch = models.UUIDField(default=uuid7, help_text="Changes made, and undone, together")
    reason = models.CharField(max_length=20, blank=True)
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        triggers = [pgtrigger.Protect(name="change_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return self.get_deed_display()

    @property
    def words(self) -> str:
        """What happened, as the history on the page tells it."""
        if self.deed == Deed.MOVED:
            old, new = timezone.localtime(self.old_start), timezone.localtime(self.new_start)
            return f"Moved from {old:%d-%b-%Y %H:%M} to {new:%d-%b-%Y %H:%M}"
        if self.deed == Deed.BOOKED:
            return f"Booked for {timezone.localtime(self.new_start):%d-%b-%Y %H:%M}"
        if self.deed == Deed.UNDONE and self.old_start:
            back = timezone.localtime(self.new_start)
            return f"Move undone: back to {back:%d-%b-%Y %H:%M}"
        verb = "Undone, back to" if self.deed == Deed.UNDONE else "Now"
        return f"{verb} {self.get_new_state_display().lower()}"

    @property
    def why(self) -> str:
        named = {**dict(CancelReason.choices), **dict(DeviationReason.choices)}
        return named.get(self.reason, self.reason)


class BookingRequest(models.Model):
    """A request to book that was carried out: sent again with its key, it books nothing more."""

    key = models.CharField(max_length=64, unique=True)
    fingerprint = models.CharField(max_length=64, help_text="Hash of what was asked")
    appointments = models.ManyToManyField(Appointment, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]

    def __str__(self):
        return self.key


def unbooked_plans():
    """Active plans with a session of the firm blocks that is neither booked nor performed."""
    open_sessions = (
        PlannedSession.objects.filter(block__firm=True, performance=None)
        .annotate(
            booked=models.Exists(
                Appointment.objects.standing().filter(session=models.OuterRef("pk"))
            )
        )
        .filter(booked=False)
    )
    return (
        Plan.objects.active()
        .filter(pk__in=open_sessions.values("block__plan"))
        .with_people()
        .annotate(waiting_since=Coalesce("approved_at", timezone.now()))
        .order_by("waiting_since")
    )
