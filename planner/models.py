"""Plans: what the planner suggested, what a clinician made of it, and who agreed to it.

A signed plan is frozen by the database itself: its own row and everything under it. What happens
to it afterwards is told in rows beside it (Decision, Performance), never in the signed ones.
"""

import uuid

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from uuid_utils.compat import uuid7

from clinic.catalogue.history import tracked
from clinic.catalogue.models import Version
from patients.models import Assessment, Patient

AUTHOR = {"on_delete": models.PROTECT, "related_name": "+"}


class State(models.TextChoices):
    DRAFT = "draft", "Draft"
    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    REJECTED = "rejected", "Rejected"
    DISCONTINUED = "discontinued", "Discontinued"
    SUPERSEDED = "superseded", "Superseded"


UNSIGNED = (State.DRAFT, State.PROPOSED)
ACTIVE = (State.APPROVED, State.IN_PROGRESS)

MOVES = {
    State.DRAFT: (State.PROPOSED, State.REJECTED),
    State.PROPOSED: (State.DRAFT, State.APPROVED, State.REJECTED),
    State.APPROVED: (State.IN_PROGRESS, State.DISCONTINUED, State.SUPERSEDED),
    State.IN_PROGRESS: (State.COMPLETED, State.DISCONTINUED, State.SUPERSEDED),
    State.COMPLETED: (State.IN_PROGRESS,),
    State.REJECTED: (),
    State.DISCONTINUED: (),
    State.SUPERSEDED: (),
}
"""Which state may follow which; the database holds the same table in a trigger."""


class Suggestion(models.Model):
    """One run of the engine with all that it was given: it can be run again "as of then"."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="suggestions")
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="suggestions")
    catalogue_version = models.ForeignKey(Version, models.PROTECT, related_name="+")
    planner_version = models.CharField(max_length=20)
    solver_version = models.CharField(max_length=40, blank=True)
    input_hash = models.CharField(max_length=64)
    case = models.JSONField()
    result = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        triggers = [
            pgtrigger.Protect(
                name="suggestion_is_never_changed", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self):
        return f"Suggestion of {self.created_at:%d-%b-%Y}"

    def get_absolute_url(self):
        return reverse("planner:suggestion", args=[self.pk])


class PlanQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The front desk sees what it has to book; drafts are the clinician's."""
        if user.has_perm("planner.suggest_plan"):
            return self
        if user.has_perm("planner.view_plan"):
            return self.exclude(state__in=[*UNSIGNED, State.REJECTED])
        return self.none()

    def active(self):
        return self.filter(state__in=ACTIVE)

    def open_drafts(self):
        return self.filter(state__in=UNSIGNED)

    def with_people(self):
        """With who and what a page names; the catalogue's own document is read by its hash."""
        related = self.select_related(
            "patient", "assessment__patient", "approved_by", "catalogue_version"
        )
        return related.defer("catalogue_version__document")


_MOVE_LIST = ", ".join(
    f"('{old.value}', '{new.value}')" for old, news in MOVES.items() for new in news
)


@tracked()
class Plan(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="plans")
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="plans")
    suggestion = models.ForeignKey(Suggestion, models.PROTECT, related_name="plans")
    strategy = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    number = models.PositiveSmallIntegerField(help_text="1 for a patient's first plan, and so on")
    revises = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="revisions"
    )
    catalogue_version = models.ForeignKey(Version, models.PROTECT, related_name="+")
    planner_version = models.CharField(max_length=20)
    starts_on = models.DateField(help_text="The day of the first procedure: day 0")
    currency = models.CharField(max_length=3)
    cost = models.DecimalField(max_digits=10, decimal_places=2)
    content = models.JSONField(help_text="The whole plan as it was read and signed")
    content_hash = models.CharField(max_length=64)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    drafted_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0, help_text="Rises with every edit of a draft")

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-drafted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(state__in=ACTIVE),
                name="one_active_plan_per_patient",
                violation_error_message="This patient has an active plan. Revise or end it first.",
            ),
            models.UniqueConstraint(fields=["patient", "number"], name="plans_are_numbered"),
            models.UniqueConstraint(
                fields=["revises"],
                condition=~Q(state=State.REJECTED),
                name="one_revision_of_a_plan",
                violation_error_message="This plan is being revised already.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=[*UNSIGNED, State.REJECTED]) & Q(approved_by=None, approved_at=None)
                )
                | (
                    ~Q(state__in=[*UNSIGNED, State.REJECTED])
                    & Q(approved_by__isnull=False, approved_at__isnull=False)
                ),
                name="plan_approved_with_who_and_when",
            ),
            models.CheckConstraint(condition=Q(cost__gte=0), name="plan_cost_is_not_negative"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="plan_moves_by_the_table",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.AnyChange("state"),
                func=f"""
                    IF (OLD.state, NEW.state) NOT IN ({_MOVE_LIST}) THEN
                        RAISE EXCEPTION 'a plan cannot move from % to %', OLD.state, NEW.state
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="signed_plan_is_frozen",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=~pgtrigger.Q(old__state__in=[str(state) for state in UNSIGNED]),
                func="""
                    IF to_jsonb(OLD) - 'state' IS DISTINCT FROM to_jsonb(NEW) - 'state' THEN
                        RAISE EXCEPTION 'the plan is signed: it cannot be changed'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="no_override_is_signed_without_its_reason",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state=str(State.PROPOSED))
                & pgtrigger.Q(new__state=str(State.APPROVED)),
                func="""
                    IF EXISTS (
                        SELECT FROM planner_step step
                        JOIN planner_plannedsession session ON session.id = step.session_id
                        JOIN planner_block block ON block.id = session.block_id
                        WHERE block.plan_id = NEW.id AND step.needs_override
                            AND step.override_reason = ''
                    ) THEN
                        RAISE EXCEPTION 'a step that needs a documented reason has none'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(
                name="signed_plan_is_kept",
                operation=pgtrigger.Delete,
                condition=~pgtrigger.Q(old__state__in=[str(s) for s in UNSIGNED]),
            ),
        ]

    def __str__(self):
        return f"Plan {self.number}"

    def get_absolute_url(self):
        return reverse("planner:plan", args=[self.pk])

    @property
    def is_signed(self) -> bool:
        return self.state not in (*UNSIGNED, State.REJECTED)

    @property
    def sessions(self):
        return PlannedSession.objects.filter(block__plan=self).order_by("number")


def _frozen_with_its_plan(name: str, plan_of: str) -> pgtrigger.Trigger:
    """Refuse any change below a signed plan; `plan_of` finds the plan of the row `it`.

    An update is judged for the old row and the new one: nothing can be moved out of a signed plan.
    """
    return pgtrigger.Trigger(
        name=name,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        declare=[("it", "RECORD"), ("plan_state", "TEXT")],
        func=f"""
            FOR it IN
                SELECT OLD.* WHERE TG_OP <> 'INSERT' UNION ALL SELECT NEW.* WHERE TG_OP <> 'DELETE'
            LOOP
                SELECT plan.state INTO plan_state FROM {plan_of};
                IF plan_state NOT IN ('draft', 'proposed') THEN
                    RAISE EXCEPTION 'the plan is signed: it cannot be changed'
                        USING ERRCODE = 'check_violation';
                END IF;
            END LOOP;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,
    )


@tracked()
class Block(models.Model):
    """A course of sessions that ends in a review; only a firm block is booked firmly."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="blocks")
    number = models.PositiveSmallIntegerField()
    firm = models.BooleanField()

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="blocks_are_numbered"),
        ]
        triggers = [
            _frozen_with_its_plan(
                "block_of_signed_plan_is_frozen",
                "planner_plan plan WHERE plan.id = it.plan_id",
            )
        ]

    def __str__(self):
        return f"Block {self.number}"


class SessionKind(models.TextChoices):
    PROCEDURE = "procedure", "Procedure"
    REVIEW = "review", "Review"
    TEST_SPOT = "test_spot", "Test spot"
    TEST_READING = "test_reading", "Test reading"
    SUTURE_REMOVAL = "suture_removal", "Suture removal"


@tracked()
class PlannedSession(models.Model):
    """One visit. Days count from the first procedure; a gap counts from the session before."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    block = models.ForeignKey(Block, models.CASCADE, related_name="sessions")
    number = models.PositiveSmallIntegerField(help_text="From 1, over the whole plan")
    continues = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="continuations",
        help_text="The same visit in the plan that this one revises",
    )
    kind = models.CharField(max_length=20, choices=SessionKind.choices)
    day = models.IntegerField(help_text="Days after the first procedure; a test spot is before it")
    target_on = models.DateField()
    gap_min_days = models.PositiveSmallIntegerField(null=True, blank=True)
    gap_typical_days = models.PositiveSmallIntegerField(null=True, blank=True)
    gap_max_days = models.PositiveSmallIntegerField(null=True, blank=True)
    numbing_min = models.PositiveSmallIntegerField(default=0)
    procedure_min = models.PositiveSmallIntegerField()
    recovery_min = models.PositiveSmallIntegerField(default=0)
    cleanup_min = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["block", "number"]
        constraints = [
            models.UniqueConstraint(fields=["block", "number"], name="sessions_are_numbered"),
            models.CheckConstraint(
                condition=Q(gap_min_days=None, gap_typical_days=None, gap_max_days=None)
                | Q(
                    gap_min_days__lte=F("gap_typical_days"),
                    gap_typical_days__lte=F("gap_max_days"),
                ),
                name="gap_is_min_typical_max",
            ),
            models.CheckConstraint(condition=Q(procedure_min__gt=0), name="a_session_takes_time"),
        ]
        triggers = [
            _frozen_with_its_plan(
                "session_of_signed_plan_is_frozen",
                "planner_plan plan JOIN planner_block block ON block.plan_id = plan.id "
                "WHERE block.id = it.block_id",
            )
        ]

    def __str__(self):
        return f"Session {self.number}"

    @property
    def plan(self) -> Plan:
        return self.block.plan

    @property
    def week(self) -> int:
        return self.day // 7

    @property
    def total_min(self) -> int:
        return self.numbing_min + self.procedure_min + self.recovery_min + self.cleanup_min


@tracked()
class Step(models.Model):
    """One treatment on some places in one session, with a copy of all it was planned with."""

    session = models.ForeignKey(PlannedSession, models.CASCADE, related_name="steps")
    key = models.UUIDField(default=uuid.uuid4, help_text="Stays the same across revisions")
    order = models.PositiveSmallIntegerField(help_text="Place inside the session")
    treatment = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    places = ArrayField(models.CharField(max_length=60), help_text="malar.L, nasal_tip.M ...")
    scar_types = ArrayField(models.CharField(max_length=30))
    performers = ArrayField(models.CharField(max_length=20))
    requires = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    skill = models.CharField(max_length=40, blank=True)
    duration_min = models.PositiveSmallIntegerField()
    downtime_days = models.PositiveSmallIntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
    needs_override = models.BooleanField(default=False)
    override_reason = models.CharField(max_length=40, blank=True)
    override_words = models.TextField(blank=True)
    cautions = models.JSONField(default=list)
    why = models.JSONField(default=dict)

    class Meta:
        ordering = ["session", "order"]
        constraints = [
            models.UniqueConstraint(fields=["session", "key"], name="step_key_is_its_own"),
            models.UniqueConstraint(fields=["session", "order"], name="steps_have_an_order"),
            models.CheckConstraint(
                condition=Q(override_reason="", override_words="")
                | (~Q(override_reason="") & ~Q(override_words="")),
                name="an_override_reason_is_code_and_words",
                violation_error_message="A documented reason is a coded reason and words.",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="price_is_not_negative"),
        ]
        triggers = [
            _frozen_with_its_plan(
                "step_of_signed_plan_is_frozen",
                "planner_plan plan JOIN planner_block block ON block.plan_id = plan.id "
                "JOIN planner_plannedsession session ON session.block_id = block.id "
                "WHERE session.id = it.session_id",
            )
        ]

    def __str__(self):
        return self.name


class Edit(models.Model):
    """One change of a draft, with the whole content after it: undo and redo walk along these.

    Number 0 is the draft as it was taken. An undone edit is kept until another takes its place.
    With the facts that it was judged on and the planner's version, it can be built again.
    """

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="edits")
    number = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=300)
    content = models.JSONField()
    case = models.JSONField(default=dict, help_text="What was known of the patient at that moment")
    planner_version = models.CharField(max_length=20, blank=True)
    undone = models.BooleanField(default=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="edits_are_numbered"),
        ]
        triggers = [
            _frozen_with_its_plan(
                "edit_of_signed_plan_is_frozen", "planner_plan plan WHERE plan.id = it.plan_id"
            )
        ]

    def __str__(self):
        return self.words


class OverrideReason(models.Model):
    """A coded reason to depart from an overridable rule, as HL7's CDS Hooks codes such reasons."""

    code = models.CharField(max_length=40, primary_key=True)
    system = models.CharField(max_length=120, blank=True, help_text="Empty for the clinic's own.")
    display = models.CharField(max_length=120, help_text="As the code's own system words it.")
    words = models.CharField(max_length=120, help_text="As a clinician reads it.")
    position = models.PositiveSmallIntegerField(default=0)
    withdrawn = models.BooleanField(default=False, help_text="No longer offered; old ones keep it.")

    class Meta:
        ordering = ["position", "code"]

    def __str__(self):
        return self.words


APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


class Decision(models.Model):
    """Who moved a plan from which state to which, when and why; never edited."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="decisions")
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, choices=State.choices)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    decided_at = models.DateTimeField(auto_now_add=True)
    reason_code = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    review = models.ForeignKey(
        PlannedSession,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        help_text="The review visit at which this was decided",
    )
    assessment = models.ForeignKey(
        Assessment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What was seen at that review",
    )

    class Meta:
        ordering = ["decided_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(review=None) | Q(assessment__isnull=False),
                name="a_review_rests_on_an_assessment",
            ),
            models.UniqueConstraint(
                fields=["review"],
                name="a_review_is_decided_once",
                violation_error_message="This review is decided already.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="decision_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return f"{self.plan}: {self.get_new_state_display()}"


class Performance(models.Model):
    """What scheduling reports: this session was performed on that day."""

    session = models.OneToOneField(PlannedSession, models.PROTECT, related_name="performance")
    performed_on = models.DateField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    recorded_at = models.DateTimeField(auto_now_add=True)
    note = models.TextField(blank=True)

    class Meta:
        triggers = [pgtrigger.Protect(name="performance_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return f"{self.session} on {self.performed_on}"


# What the patient agrees to has a file of its own; Django finds it from here.
from planner import agreed  # noqa: E402, F401
