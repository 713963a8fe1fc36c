"""Photos, and what the patient allows to be done with them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from patients.models.assessments import Assessment
from patients.models.keeping import tracked
from patients.models.people import Patient
from patients.models.withdrawing import (
    Withdrawable,
    only_withdrawn,
    withdrawn_with_who_when_and_why,
)


def photo_path(photo, filename) -> str:
    """Named by ids alone: what the sender called the file stays with the sender."""
    return f"photos/{photo.patient_id}/{photo.pk}.jpg"


def thumbnail_path(photo, filename) -> str:
    return f"photos/{photo.patient_id}/{photo.pk}-small.jpg"


@tracked()
class Photo(Withdrawable):
    class View(models.TextChoices):
        FRONT = "front", "Front"
        LEFT_45 = "left_45", "Left, three-quarter"
        RIGHT_45 = "right_45", "Right, three-quarter"
        LEFT_90 = "left_90", "Left, profile"
        RIGHT_90 = "right_90", "Right, profile"
        CLOSE_UP = "close_up", "Close-up of a region"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="photos")
    assessment = models.ForeignKey(
        Assessment, models.PROTECT, related_name="photos", null=True, blank=True
    )
    view = models.CharField(max_length=8, choices=View.choices)
    region = models.CharField(max_length=40, blank=True)
    # Files have no address of their own: a view serves one to those who may see the patient.
    file = models.FileField(upload_to=photo_path)
    thumbnail = models.FileField(upload_to=thumbnail_path)
    taken_on = models.DateField()
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-taken_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="photo_view_is_known",
                condition=Q(
                    view__in=["front", "left_45", "right_45", "left_90", "right_90", "close_up"]
                ),
            ),
            models.CheckConstraint(
                name="photo_close_up_says_of_what",
                condition=~Q(view="close_up") | ~Q(region=""),
                violation_error_message="Say which region the close-up shows.",
            ),
            models.UniqueConstraint(
                name="photo_once_a_patient",
                fields=["patient", "sha256"],
                condition=Q(withdrawn_at=None),
                violation_error_message="This photo is in the record already.",
            ),
            withdrawn_with_who_when_and_why("photo"),
        ]
        triggers = only_withdrawn(
            ("patient_id", "view", "region", "file", "taken_on", "sha256"),
            "a photo is withdrawn with a reason",
        )

    def __str__(self):
        return f"{self.get_view_display()} on {self.taken_on:%d-%b-%Y}"


@tracked()
class PhotoConsent(Withdrawable):
    """The patient's word that photos may be used for one purpose, until it is taken back."""

    class Purpose(models.TextChoices):
        RECORD = "record", "Record and documents of the patient"
        TEACHING = "teaching", "Teaching"
        PUBLICATION = "publication", "Scientific publication"
        ADVERTISING = "advertising", "The clinic’s own publicity"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="photo_consents")
    purpose = models.CharField(max_length=11, choices=Purpose.choices)
    given_on = models.DateField("given on")
    note = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    withdrawn_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-given_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="photo_consent_purpose_is_known",
                condition=Q(purpose__in=["record", "teaching", "publication", "advertising"]),
                violation_error_message="Choose one of the listed purposes.",
            ),
            models.UniqueConstraint(
                name="photo_consent_once_a_purpose",
                fields=["patient", "purpose"],
                condition=Q(withdrawn_at=None),
                violation_error_message="This consent is recorded already.",
            ),
            models.CheckConstraint(
                name="photo_consent_withdrawn_on_a_day_after_it_was_given",
                condition=Q(withdrawn_on=None, withdrawn_at=None)
                | Q(withdrawn_on__gte=F("given_on"), withdrawn_at__isnull=False),
                violation_error_message="A consent is not withdrawn before it was given.",
            ),
            withdrawn_with_who_when_and_why("photo_consent"),
        ]
        triggers = only_withdrawn(
            ("patient_id", "purpose", "given_on", "note"), "a consent is withdrawn with a reason"
        )

    def __str__(self):
        return f"{self.get_purpose_display()}, given {self.given_on:%d-%b-%Y}"
