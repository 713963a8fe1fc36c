"""Adverse events, told as they went on, and what is confirmed once for a whole day."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.scheduling.models.changes import APPEND_ONLY
from clinic.scheduling.models.desk import Answer
from clinic.scheduling.models.keeping import AUTHOR, one_of
from clinic.scheduling.models.visits import Appointment
from patients.models import Patient


class AdverseKind(models.TextChoices):
    BURN = "burn", "Burn or blister"
    INFECTION = "infection", "Infection"
    HERPES = "herpes", "Cold sores flared up"
    DARK = "dark", "Skin turned darker"
    PALE = "pale", "Skin turned paler"
    REDNESS = "redness", "Redness that stays"
    SWELLING = "swelling", "Swelling that stays"
    BLEEDING = "bleeding", "Bleeding or bruise"
    NODULE = "nodule", "Lump or nodule"
    VASCULAR = "vascular", "Suspected blocked vessel"
    VISION = "vision", "Eye or vision"
    NERVE = "nerve", "Numbness or weakness"
    ALLERGIC = "allergic", "Allergic reaction"
    SCAR = "scar", "New or thickened scar"
    OTHER = "other", "Another one"


class AdverseEventQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self if user.has_perm("scheduling.record_adverse_event") else self.none()

    def open(self):
        """Those that no entry has closed since they were recorded, or opened again last."""
        last = AdverseEntry.objects.filter(event=models.OuterRef("pk"), step__in=TURNS)
        last = models.Subquery(last.order_by("-at", "-pk").values("step")[:1])
        turned = self.annotate(last_turn=last)
        return turned.filter(Q(last_turn=None) | Q(last_turn=AdverseStep.REOPENED))


class AdverseEvent(models.Model):
    """What went wrong with a patient's skin or health after a procedure, as first recorded.

    Never edited: how it went on is told by its entries, of which the last that closes or reopens
    decides whether it still holds procedures up.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="adverse_events")
    appointment = models.ForeignKey(
        Appointment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="adverse_events",
        help_text="The visit that it is thought to come from",
    )
    kind = models.CharField(max_length=12, choices=AdverseKind.choices)
    places = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, help_text="Empty: anywhere"
    )
    seen_on = models.DateField()
    words = models.TextField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = AdverseEventQuerySet.as_manager()

    class Meta:
        ordering = ["-seen_on", "-recorded_at"]
        constraints = [
            models.CheckConstraint(
                name="adverse_kind_is_known", condition=one_of("kind", AdverseKind)
            ),
            models.CheckConstraint(
                name="an_adverse_event_is_told_in_words",
                condition=~Q(words=""),
                violation_error_message="Say in words what was seen.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="adverse_event_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return self.get_kind_display()

    def get_absolute_url(self):
        return reverse("scheduling:adverse_event", args=[self.pk])


class AdverseStep(models.TextChoices):
    NOTED = "noted", "Noted"
    CLOSED = "closed", "Closed"
    REOPENED = "reopened", "Opened again"


TURNS = (AdverseStep.CLOSED, AdverseStep.REOPENED)
"""Steps after which an adverse event stands otherwise than before."""


class AdverseEntry(models.Model):
    """How an adverse event went on; never edited."""

    event = models.ForeignKey(AdverseEvent, models.PROTECT, related_name="entries")
    step = models.CharField(max_length=8, choices=AdverseStep.choices)
    words = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="adverse_step_is_known", condition=one_of("step", AdverseStep)
            ),
            models.CheckConstraint(
                name="an_adverse_entry_has_words",
                condition=~Q(words=""),
                violation_error_message="Say it in words.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="adverse_entry_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return self.get_step_display()


# --- what is confirmed once for a day ----------------------------------------------------------


class HouseItem(models.TextChoices):
    HYALURONIDASE = "hyaluronidase", "Hyaluronidase in date"
    EMERGENCY_KIT = "emergency_kit", "Emergency kit"
    TRAINED_PERSON = "trained_person", "Trained person in the house"


HOUSE_ANSWERS = (Answer.DONE, Answer.NOT_IN_ORDER, Answer.TAKEN_BACK)


class DayCheck(models.Model):
    """What a clinician found about the house on one day. Never edited: the latest row counts."""

    on = models.DateField()
    item = models.CharField(max_length=20, choices=HouseItem.choices)
    answer = models.CharField(max_length=12, choices=Answer.choices)
    expires_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["on"], name="day_checks_by_day")]
        constraints = [
            models.CheckConstraint(name="house_item_is_known", condition=one_of("item", HouseItem)),
            models.CheckConstraint(
                name="house_answer_is_known", condition=one_of("answer", HOUSE_ANSWERS)
            ),
            models.CheckConstraint(
                name="hyaluronidase_in_order_has_its_expiry",
                condition=~Q(item=HouseItem.HYALURONIDASE, answer=Answer.DONE)
                | Q(expires_on__isnull=False, expires_on__gte=models.F("on")),
                violation_error_message="Give an expiry date that lies ahead.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="day_check_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return f"{self.get_item_display()}: {self.get_answer_display()}"
