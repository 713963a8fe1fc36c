"""What a change of the catalogue would do: previews of it, and what clinicians look at after it."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.catalogue.models import Version
from clinic.scheduling.models import Appointment
from planner.models import ACTIVE, Plan

AUTHOR = {"on_delete": models.PROTECT, "related_name": "+"}
MAYBE_AUTHOR = {**AUTHOR, "null": True, "blank": True}
NEVER_CHANGES = pgtrigger.Update | pgtrigger.Delete


class State(models.TextChoices):
    WAITING = "waiting", "Waiting for the worker"
    RUNNING = "running", "Being computed"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Not finished"


OPEN = (State.WAITING, State.RUNNING)


class Preview(models.Model):
    """One draft of the catalogue, tried on the clinic's plans and on the library of cases.

    It holds the draft as it was, so that a run which was cut off goes on with the same one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(
        Version, models.PROTECT, related_name="+", help_text="The one it was compared with"
    )
    draft = models.JSONField()
    draft_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    phase = models.CharField(max_length=120, blank=True, help_text="What is being done, in words")
    total = models.PositiveIntegerField(default=0, help_text="Drafts, cases and signed plans")
    finished = models.PositiveIntegerField(default=0)
    untouched = models.PositiveIntegerField(default=0, help_text="Not computed: nothing reaches")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    asked_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True, help_text="The worker's last sign")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, **MAYBE_AUTHOR)
    runner = models.UUIDField(null=True, blank=True, help_text="The run that may write here")
    tries = models.PositiveSmallIntegerField(default=0)
    trouble = models.TextField(blank=True, help_text="Why it did not finish, in plain words")
    result = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]),
                name="preview_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(finished__lte=F("total")), name="preview_finishes_what_there_is"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.DONE) | Q(result__isnull=False, ended_at__isnull=False),
                name="preview_that_is_done_has_a_result",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.FAILED) | ~Q(trouble=""),
                name="preview_that_failed_says_why",
            ),
        ]

    def __str__(self):
        return f"Preview of {self.asked_at:%d-%b-%Y %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def percent(self) -> int:
        if self.state == State.DONE:
            return 100
        return 100 * self.finished // self.total if self.total else 0


class KeptOutcome(models.Model):
    """What the planner said of one input and one catalogue, by the hash of both."""

    key = models.CharField(max_length=64, primary_key=True)
    outcome = models.JSONField()
    kept_on = models.DateField(default=timezone.localdate)

    class Meta:
        indexes = [models.Index(fields=["kept_on"], name="kept_outcomes_by_day")]

    def __str__(self):
        return self.key


class Swept(models.Model):
    """A version whose effect on signed plans was worked out, so that it is done once."""

    version = models.OneToOneField(Version, models.PROTECT, primary_key=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    listed = models.PositiveIntegerField(default=0)

    def __str__(self):
        return f"{self.version}: {self.listed} listed"


class ReviewItemQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A list of clinical questions: for who approves plans, else none of it."""
        return self if user.has_perm("impact.review_touched") else self.none()

    def open(self):
        """Those that nobody has settled, on plans that still run."""
        return self.exclude(looks__choice__in=SETTLES).filter(plan__state__in=ACTIVE)

    def with_people(self):
        related = self.select_related("plan__patient", "version", "appointment", "listed_by")
        return related.defer("version__document").prefetch_related("looks__looked_by")


class ReviewItem(models.Model):
    """A signed plan, or a booked visit of one, that a changed catalogue speaks against.

    Nothing is changed by it: a clinician looks, and says what is to be done.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="review_items")
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, null=True, blank=True, related_name="review_items"
    )
    version = models.ForeignKey(
        Version,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The published one; empty while it is a draft only",
    )
    reasons = models.JSONField(help_text="What speaks against it: rule and words")
    fingerprint = models.CharField(max_length=64, help_text="Of plan, visit and reasons")
    listed_at = models.DateTimeField(default=timezone.now)
    listed_by = models.ForeignKey(settings.AUTH_USER_MODEL, **MAYBE_AUTHOR)

    objects = ReviewItemQuerySet.as_manager()

    class Meta:
        ordering = ["listed_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["fingerprint"], name="listed_once_for_its_reasons"),
        ]
        triggers = [
            pgtrigger.Protect(name="review_item_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="review_item_says_what_it_said",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    IF to_jsonb(OLD) - 'version_id' IS DISTINCT FROM to_jsonb(NEW) - 'version_id'
                    THEN
                        RAISE EXCEPTION 'what was listed for review is not changed'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.plan}, listed {self.listed_at:%d-%b-%Y}"

    @property
    def is_settled(self) -> bool:
        return any(look.choice in SETTLES for look in self.looks.all())


class Choice(models.TextChoices):
    STANDS = "stands", "It stands as it is"
    CHANGED = "changed", "I have the plan or the visit changed"
    OPEN = "open", "Not decided yet"


SETTLES = (Choice.STANDS, Choice.CHANGED)


class Look(models.Model):
    """Who looked at it, when, and in their words; never edited, a second look is another row."""

    item = models.ForeignKey(ReviewItem, models.PROTECT, related_name="looks")
    choice = models.CharField(max_length=10, choices=Choice.choices)
    words = models.TextField()
    looked_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    looked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["looked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(choice__in=[choice.value for choice in Choice]),
                name="look_choice_is_known",
            ),
            models.CheckConstraint(
                condition=Q(words__regex=r"\S"),
                name="look_has_words",
                violation_error_message="Say in a few words what you saw.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="look_is_append_only", operation=NEVER_CHANGES)]

    def __str__(self):
        return f"{self.get_choice_display()}, {self.looked_at:%d-%b-%Y}"
