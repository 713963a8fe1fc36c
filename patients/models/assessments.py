"""What was seen on one day, and what was said of the result."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from uuid_utils.compat import uuid7

from clinic.catalogue.models import Version
from patients.models.keeping import REFUSE, tracked, unknown_or_between
from patients.models.people import Patient


class FrozenWhenSigned(pgtrigger.Trigger):
    """Refuses any change to what a signed assessment holds.

    The row lock makes a signature and a late finding wait for one another.
    """

    name = "frozen_when_signed"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
    declare = [("signed", "BOOLEAN")]
    func = f"""
        SELECT bool_or(parent.state = 'signed') INTO signed FROM (
            SELECT state FROM patients_assessment
            WHERE id IN (OLD.assessment_id, NEW.assessment_id) FOR SHARE
        ) AS parent;
        IF signed THEN
            {REFUSE.format(name="signed_assessment_is_frozen", words="correct it by a new one")}
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """


class AssessmentQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def signed(self):
        return self.filter(state="signed")

    def drafts(self):
        return self.filter(state="draft")

    def in_force(self):
        """Signed and not corrected by another signed one."""
        corrected = Assessment.objects.filter(corrects=models.OuterRef("pk"), state="signed")
        return self.signed().filter(~models.Exists(corrected))

    def newest_first(self):
        return self.order_by("-assessed_on", "-id")


@tracked()
class Assessment(models.Model):
    """What was seen on one day; a draft until signed, and never changed after."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="assessments")
    assessed_on = models.DateField()
    assessed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    corrects = models.OneToOneField(
        "self", models.PROTECT, related_name="correction", null=True, blank=True
    )
    correction_reason = models.TextField(blank=True)
    obvious_at_50cm = models.BooleanField(null=True, blank=True)
    easily_covered = models.BooleanField(null=True, blank=True)
    flattens_on_stretch = models.BooleanField(null=True, blank=True)
    scar_s_face = models.PositiveSmallIntegerField(null=True, blank=True)
    scar_s_chest = models.PositiveSmallIntegerField(null=True, blank=True)
    scar_s_back = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)
    grades = models.JSONField(null=True, blank=True)
    catalogue_version = models.ForeignKey(
        Version, models.PROTECT, related_name="+", null=True, blank=True
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-assessed_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="assessment_signed_with_who_when_and_grades",
                condition=Q(
                    state="signed",
                    signed_at__isnull=False,
                    signed_by__isnull=False,
                    grades__isnull=False,
                    catalogue_version__isnull=False,
                )
                | Q(state="draft", signed_at=None, signed_by=None, grades=None),
            ),
            models.CheckConstraint(
                name="assessment_correction_says_why",
                condition=Q(corrects__isnull=True) | ~Q(correction_reason=""),
                violation_error_message="Say why the assessment is corrected.",
            ),
            models.CheckConstraint(
                name="assessment_scar_s_is_0_to_5_or_unknown",
                condition=unknown_or_between("scar_s_face", 0, 5)
                & unknown_or_between("scar_s_chest", 0, 5)
                & unknown_or_between("scar_s_back", 0, 5),
                violation_error_message="A SCAR-S grade is 0 to 5.",
            ),
            models.UniqueConstraint(
                name="assessment_one_draft_a_patient",
                fields=["patient"],
                condition=Q(state="draft"),
                violation_error_message="This patient already has a draft assessment.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="frozen_once_signed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="signed"),
                func=REFUSE.format(
                    name="signed_assessment_is_frozen", words="correct it by a new one"
                ),
            )
        ]

    def __str__(self):
        return f"Assessment of {self.patient} on {self.assessed_on:%d-%b-%Y}"

    def get_absolute_url(self):
        return reverse("patients:assessment", args=[self.pk])

    @property
    def is_signed(self) -> bool:
        return self.state == self.State.SIGNED


class Improvement(models.TextChoices):
    """How the scars are now, as a whole, against before treatment."""

    WORSE = "worse", "Worse"
    UP_TO_25 = "0_25", "0 to 25 % better"
    UP_TO_50 = "26_50", "26 to 50 % better"
    UP_TO_75 = "51_75", "51 to 75 % better"
    OVER_75 = "over_75", "Over 75 % better"


@tracked()
class FollowUp(models.Model):
    """What clinician and patient say of the result so far, beside what was counted."""

    assessment = models.OneToOneField(Assessment, models.CASCADE, related_name="follow_up")
    clinician_impression = models.CharField(
        "clinician's impression", max_length=7, blank=True, choices=Improvement.choices
    )
    patient_impression = models.CharField(
        "patient's impression", max_length=7, blank=True, choices=Improvement.choices
    )
    last_session_pain = models.PositiveSmallIntegerField(
        "pain of the last session", null=True, blank=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="follow_up_impressions_are_known",
                condition=Q(clinician_impression__in=["", *Improvement.values])
                & Q(patient_impression__in=["", *Improvement.values]),
                violation_error_message="Choose one of the listed impressions.",
            ),
            models.CheckConstraint(
                name="follow_up_pain_is_0_to_10_or_unknown",
                condition=unknown_or_between("last_session_pain", 0, 10),
                violation_error_message="Pain is 0 to 10.",
            ),
        ]
        triggers = [FrozenWhenSigned()]

    def __str__(self):
        return f"Follow-up of {self.assessment}"
