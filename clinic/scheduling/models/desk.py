"""What the desk keeps beside visits: their kinds, waiting list, money, tasks, checks and marks."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.catalogue.terms import Performer
from clinic.scheduling.models.changes import APPEND_ONLY
from clinic.scheduling.models.keeping import AUTHOR, one_of, tracked
from clinic.scheduling.models.resources import Resource, Weekday
from clinic.scheduling.models.visits import Appointment, VisitKind
from patients.models import Patient
from planner.models import Plan, PlannedSession

MAYBE_AUTHOR = {**AUTHOR, "null": True, "blank": True}


def performers():
    return ArrayField(
        models.CharField(max_length=20, choices=Performer.choices()), default=list, blank=True
    )


@tracked()
class VisitType(models.Model):
    """How the clinic holds a kind of visit; without a row the defaults of `visit_types` count."""

    kind = models.CharField(max_length=20, choices=VisitKind.choices, unique=True)
    minutes = models.PositiveSmallIntegerField(
        help_text="Usual length. A procedure takes what its plan says."
    )
    seen_by = performers()
    numbing_by = performers()
    in_procedure_room = models.BooleanField(default=False)
    call_after_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="After-care call so many days after the visit; empty: none.",
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="type_of_known_kind", condition=one_of("kind", VisitKind)),
            models.CheckConstraint(
                name="a_visit_takes_15_minutes_to_8_hours",
                condition=Q(minutes__range=(15, 480)),
                violation_error_message="A visit takes from 15 minutes to 8 hours.",
            ),
        ]

    def __str__(self):
        return self.get_kind_display()


# --- the waiting list --------------------------------------------------------------------------


class Closed(models.TextChoices):
    SERVED = "served", "Got a time"
    WITHDRAWN = "withdrawn", "Does not wait any more"


class WaitingQuerySet(models.QuerySet):
    def open(self):
        return self.filter(closed_at=None)


@tracked()
class Waiting(models.Model):
    """A patient who would come when a time is freed, with what they said about it.

    With a session that is booked already, only a sooner time is of use.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="waiting")
    session = models.ForeignKey(
        PlannedSession, models.PROTECT, null=True, blank=True, related_name="waiting"
    )
    kind = models.CharField(max_length=20, choices=VisitKind.choices)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    not_before = models.DateField(null=True, blank=True)
    not_after = models.DateField(null=True, blank=True)
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday.choices), default=list, blank=True
    )
    from_time = models.TimeField(null=True, blank=True)
    to_time = models.TimeField(null=True, blank=True)
    person = models.ForeignKey(Resource, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    added_at = models.DateTimeField(default=timezone.now)
    closed_as = models.CharField(max_length=10, choices=Closed.choices, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, **MAYBE_AUTHOR)
    revision = models.PositiveIntegerField(default=1)

    objects = WaitingQuerySet.as_manager()

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(closed_at=None),
                name="a_session_waits_once",
                violation_error_message="This session is on the waiting list already.",
            ),
            models.CheckConstraint(
                name="a_procedure_waits_for_its_session",
                condition=~Q(kind=VisitKind.PROCEDURE) | Q(session__isnull=False),
                violation_error_message="A procedure waits as a session of a plan.",
            ),
            models.CheckConstraint(
                name="waiting_days_in_order",
                condition=Q(not_before=None)
                | Q(not_after=None)
                | Q(not_before__lte=F("not_after")),
                violation_error_message="The last day comes before the first.",
            ),
            models.CheckConstraint(
                name="waiting_hours_in_order",
                condition=Q(from_time=None) | Q(to_time=None) | Q(from_time__lt=F("to_time")),
                violation_error_message="The hours end before they start.",
            ),
            models.CheckConstraint(
                name="closed_with_who_and_how",
                condition=Q(closed_at=None, closed_by=None, closed_as="")
                | (
                    Q(closed_at__isnull=False, closed_by__isnull=False)
                    & one_of("closed_as", Closed)
                ),
            ),
        ]

    def __str__(self):
        return f"{self.what} of {self.patient}"

    @property
    def what(self) -> str:
        return str(self.session) if self.session_id else self.get_kind_display()

    @property
    def words(self) -> str:
        """What the patient said: "not before 14-Mar-2027, Tuesdays"."""
        said = []
        if self.not_before:
            said.append(f"not before {self.not_before:%d-%b-%Y}")
        if self.not_after:
            said.append(f"not after {self.not_after:%d-%b-%Y}")
        if self.weekdays:
            said.append(", ".join(f"{Weekday(day).label}s" for day in sorted(self.weekdays)))
        if self.from_time:
            said.append(f"from {self.from_time:%H:%M}")
        if self.to_time:
            said.append(f"until {self.to_time:%H:%M}")
        if self.person:
            said.append(f"with {self.person.name}")
        return ", ".join(said) or "any time"


# --- checks before a visit starts --------------------------------------------------------------


class Answer(models.TextChoices):
    DONE = "done", "Done"
    DECLINED = "declined", "Declined by the patient"
    NOT_IN_ORDER = "not_in_order", "Not in order"
    WAIVED = "waived", "Not needed, for a reason"
    TAKEN_BACK = "taken_back", "Taken back"


class GateCheck(models.Model):
    """What somebody found about one gate of a visit. Never edited: the latest row counts."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="checks")
    gate = models.CharField(max_length=80)
    answer = models.CharField(max_length=12, choices=Answer.choices)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="check_answer_is_known", condition=one_of("answer", Answer)
            ),
            models.CheckConstraint(
                name="a_waived_check_says_why",
                condition=~Q(answer=Answer.WAIVED) | ~Q(note=""),
                violation_error_message="Say why it is not needed.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="check_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return f"{self.gate}: {self.get_answer_display()}"


# --- marks -------------------------------------------------------------------------------------


class Why(models.TextChoices):
    PLAN_REVISED = "plan_revised", "The plan was revised"
    PLAN_ENDED = "plan_ended", "The plan ended"
    SAFETY = "safety", "A safety rule speaks against it now"
    AWAY = "away", "Somebody or something is away"
    HOURS = "hours", "It falls outside working hours"
    ADVERSE = "adverse", "An adverse event is open"
    LAPSED = "lapsed", "A registration or a service date is past"


class AttentionQuerySet(models.QuerySet):
    def open(self):
        return self.filter(cleared_at=None)


@tracked()
class Attention(models.Model):
    """Why somebody must look at a booked visit again; it stays until somebody has."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="attentions")
    why = models.CharField(max_length=12, choices=Why.choices)
    words = models.TextField()
    raised_at = models.DateTimeField(default=timezone.now)
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(settings.AUTH_USER_MODEL, **MAYBE_AUTHOR)
    cleared_note = models.CharField(max_length=300, blank=True)

    objects = AttentionQuerySet.as_manager()

    class Meta:
        ordering = ["raised_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "why"],
                condition=Q(cleared_at=None),
                name="one_open_mark_of_a_kind",
            ),
            models.CheckConstraint(name="mark_is_known", condition=one_of("why", Why)),
        ]

    def __str__(self):
        return self.get_why_display()


# --- tasks -------------------------------------------------------------------------------------


class TaskKind(models.TextChoices):
    AFTER_CARE = "after_care", "After-care call"
    FILLER_RECALL = "filler_recall", "Filler recall"
    KELOID_RECALL = "keloid_recall", "Keloid recall"
    NO_SHOW = "no_show", "Call after a no-show"
    REBOOK = "rebook", "Find another time"
    LOT = "lot", "Call about a lot"
    OTHER = "other", "Task"


class TaskQuerySet(models.QuerySet):
    def open(self):
        return self.filter(done_at=None)

    def due(self, on):
        return self.open().filter(due_on__lte=on)


@tracked()
class Task(models.Model):
    """Something that one named person, or whoever is at the desk, does by a day."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=14, choices=TaskKind.choices, default=TaskKind.OTHER)
    title = models.CharField(max_length=200)
    patient = models.ForeignKey(
        Patient, models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    due_on = models.DateField()
    note = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, **MAYBE_AUTHOR)
    outcome = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "kind", "due_on"],
                condition=Q(appointment__isnull=False),
                name="one_task_of_a_kind_a_visit_and_day",
                violation_error_message="This visit has such a task for that day already.",
            ),
            models.CheckConstraint(name="task_kind_is_known", condition=one_of("kind", TaskKind)),
            models.CheckConstraint(
                name="task_done_with_who_and_when",
                condition=Q(done_at=None, done_by=None)
                | Q(done_at__isnull=False, done_by__isnull=False),
            ),
        ]

    def __str__(self):
        return self.title

    def is_late(self, on) -> bool:
        return self.done_at is None and self.due_on < on


# --- money -------------------------------------------------------------------------------------


class ChargeKind(models.TextChoices):
    DEPOSIT = "deposit", "Deposit"
    NO_SHOW_FEE = "no_show_fee", "No-show fee"


class ChargeState(models.TextChoices):
    ASKED = "asked", "Asked"
    PAID = "paid", "Paid"
    WAIVED = "waived", "Waived"


@tracked()
class Charge(models.Model):
    """A deposit or a fee as the desk handles it. The amount is recorded; the till takes it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=ChargeKind.choices)
    state = models.CharField(max_length=8, choices=ChargeState.choices, default=ChargeState.ASKED)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="charges")
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="charges")
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, null=True, blank=True, related_name="charges"
    )
    amount = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    asked_at = models.DateTimeField(default=timezone.now)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, **MAYBE_AUTHOR)
    settled_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="charge_is_of_a_plan_or_a_visit",
                condition=Q(plan__isnull=False) | Q(appointment__isnull=False),
            ),
            models.CheckConstraint(
                name="charge_is_more_than_nothing",
                condition=Q(amount__gt=0),
                violation_error_message="Write an amount above nought.",
            ),
            models.CheckConstraint(
                name="charge_kind_is_known", condition=one_of("kind", ChargeKind)
            ),
            models.CheckConstraint(
                name="charge_settled_with_who_and_when",
                condition=Q(state=ChargeState.ASKED, settled_at=None, settled_by=None)
                | Q(
                    state__in=[ChargeState.PAID, ChargeState.WAIVED],
                    settled_at__isnull=False,
                    settled_by__isnull=False,
                ),
            ),
            models.UniqueConstraint(
                fields=["appointment", "kind"],
                condition=Q(appointment__isnull=False),
                name="one_charge_of_a_kind_a_visit",
                violation_error_message="This is asked for this visit already.",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.amount} {self.currency}"
