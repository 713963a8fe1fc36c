"""The log of who looked at a figure's evidence, and what they found. It is only ever added to."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.catalogue import terms


class Outcome(models.TextChoices):
    KEPT = "kept", "Kept as it is"
    CORRECTED = "corrected", "Corrected"
    SOURCED = "sourced", "Source found"


class EvidenceReview(models.Model):
    """Somebody looked at one statement of the draft; it stands for the value that they saw.

    `place` is the statement inside its row (`figures/sessions`), empty for the row itself. Once
    the value is another one, the review no longer speaks of it, and the statement is due again.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    section = models.CharField(max_length=40)
    code = models.CharField(max_length=60)
    place = models.CharField(max_length=120, blank=True)
    value_hash = models.CharField(max_length=64, help_text="Of the statement as it was left.")
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    verification = models.CharField(max_length=16, choices=terms.Verification.choices())
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values),
                name="evidence_review_outcome_known",
                violation_error_message="Kept, corrected, or a source was found.",
            ),
            models.CheckConstraint(
                condition=Q(value_hash__regex=r"^[0-9a-f]{64}$"),
                name="evidence_review_hash_is_sha256",
                violation_error_message="The hash is 64 hexadecimal digits.",
            ),
        ]
        indexes = [models.Index(fields=["section", "code"], name="evidence_review_of_a_row")]
        triggers = [
            pgtrigger.Protect(
                name="evidence_review_stays", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]

    def __str__(self):
        return f"{self.section} {self.code} {self.place}: {self.get_outcome_display()}"
