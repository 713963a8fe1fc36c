"""What patients report of themselves."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from clinic.catalogue.models import Version
from patients.models.keeping import CODE, tracked
from patients.models.people import Patient
from patients.models.withdrawing import (
    Withdrawable,
    only_withdrawn,
    withdrawn_with_who_when_and_why,
)


@tracked()
class ReportedTotal(Withdrawable):
    """What the patient's answers to one questionnaire came to; the items themselves stay out."""

    class Manner(models.TextChoices):
        SELF = "self", "The patient alone"
        READ_OUT = "read_out", "Read out to the patient"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="reported_totals")
    instrument = models.CharField(max_length=60)
    edition = models.CharField("version used", max_length=60, blank=True)
    language = models.CharField(max_length=60, blank=True)
    answered_on = models.DateField("answered on")
    manner = models.CharField("answered by", max_length=8, choices=Manner.choices)
    total = models.PositiveSmallIntegerField(null=True, blank=True)
    positive = models.BooleanField(null=True, blank=True)  # of an instrument without a total
    self_harm = models.BooleanField(null=True, blank=True)  # where the instrument asks about it
    administered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    catalogue_version = models.ForeignKey(Version, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-answered_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="reported_total_instrument_is_a_code", condition=Q(instrument__regex=CODE)
            ),
            models.CheckConstraint(
                name="reported_total_or_whether_positive",
                condition=Q(total__isnull=True) ^ Q(positive__isnull=True),
                violation_error_message="Enter the total.",
            ),
            models.CheckConstraint(
                name="reported_total_manner_is_known",
                condition=Q(manner__in=["self", "read_out"]),
                violation_error_message="Say who answered.",
            ),
            withdrawn_with_who_when_and_why("reported_total"),
        ]
        triggers = only_withdrawn(
            ("patient_id", "instrument", "answered_on", "total", "positive", "self_harm"),
            "a total is withdrawn with a reason",
        )

    def __str__(self):
        return f"{self.instrument} on {self.answered_on:%d-%b-%Y}"
