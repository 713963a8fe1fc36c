"""What stands beside the versions: a lowered safety that two people answer for, and the links'
history. None of it is ever changed.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

NEVER_CHANGES = pgtrigger.Update | pgtrigger.Delete


class LoweringRequest(models.Model):
    """Somebody asks to publish a draft that lowers safety; bound to that very draft."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    base = models.PositiveIntegerField(help_text="The version that was in force.")
    draft_hash = models.CharField(max_length=64)
    reason = models.TextField()
    words = models.TextField(help_text="What the version is published with.")
    lowered = models.JSONField(help_text="Each lowering in words, as it was shown to both.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(draft_hash__regex=r"^[0-9a-f]{64}$"),
                name="lowering_hash_is_sha256",
                violation_error_message="The hash is 64 hexadecimal digits.",
            ),
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S") & Q(words__regex=r"\S"),
                name="lowering_has_a_reason",
                violation_error_message="Say why safety may be lowered, and what changed.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="request_never_changes", operation=NEVER_CHANGES)]

    def __str__(self):
        return f"Lowered safety after version {self.base}, asked {self.asked_at:%d-%b-%Y}"


class SecondPerson(pgtrigger.Trigger):
    """Whoever asks for lower safety never answers it."""

    name = "second_person_answers"
    when = pgtrigger.Before
    operation = pgtrigger.Insert
    func = """
        IF EXISTS (
            SELECT 1 FROM catalogue_loweringrequest
            WHERE id = NEW.request_id AND asked_by_id = NEW.answered_by_id
        ) THEN
            RAISE EXCEPTION 'second_person_answers: whoever asks for lower safety cannot confirm it'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """


class LoweringAnswer(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.OneToOneField(LoweringRequest, models.PROTECT, related_name="answer")
    agreed = models.BooleanField()
    words = models.TextField(blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(agreed=True) | Q(words__regex=r"\S"),
                name="lowering_is_declined_with_words",
                violation_error_message="Say why you decline.",
            ),
        ]
        triggers = [
            SecondPerson(),
            pgtrigger.Protect(name="answer_never_changes", operation=NEVER_CHANGES),
        ]

    def __str__(self):
        return f"{'Confirmed' if self.agreed else 'Declined'} by {self.answered_by}"


class LinkEvent(models.Model):
    """A link of many to many that came or went: the sources of a row, what a treatment needs.

    Written by a trigger of each of those tables, which migrations 0001 puts there.
    """

    pgh_id = models.BigAutoField(primary_key=True)
    pgh_created_at = models.DateTimeField()
    pgh_label = models.CharField(max_length=10)
    pgh_context = models.ForeignKey(
        "pghistory.Context", models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    link = models.CharField(max_length=60)
    owner = models.CharField(max_length=60)
    target = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["link", "owner"], name="link_event_of_a_row")]
        triggers = [pgtrigger.Protect(name="append_only", operation=NEVER_CHANGES)]

    def __str__(self):
        return f"{self.pgh_label} {self.link}: {self.owner} to {self.target}"
