"""Who and what can be booked: people, rooms, devices and the patient, as one table; their hours."""

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from clinic.scheduling.models.keeping import one_of, tracked
from patients.models import Patient


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
    registration_body = models.CharField("registered with", max_length=80, blank=True)
    registration_number = models.CharField(max_length=40, blank=True)
    registered_until = models.DateField(null=True, blank=True)
    serviced_on = models.DateField("last serviced on", null=True, blank=True)
    service_due_on = models.DateField("next service due on", null=True, blank=True)
    active = models.BooleanField("can be booked", default=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="resource_kind_is_known", condition=one_of("kind", ResourceKind)
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
                condition=(Q(kind=ResourceKind.ROOM) & one_of("room_kind", RoomKind))
                | (~Q(kind=ResourceKind.ROOM) & Q(room_kind="")),
                violation_error_message="Say what kind of room it is.",
            ),
            models.CheckConstraint(
                name="service_is_due_after_the_last",
                condition=Q(service_due_on__gt=F("serviced_on")),
                violation_error_message="The next service is due after the last one.",
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("scheduling:resource", args=[self.pk])

    @property
    def lapses_on(self) -> dt.date | None:
        """The last day of a person's registration, or before a device's service is overdue."""
        return self.service_due_on if self.kind == ResourceKind.DEVICE else self.registered_until

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
    ILL = "ill", "Ill"
    LEAVE = "leave", "Leave"
    TRAINING = "training", "Training"
    HOLIDAY = "holiday", "Holiday closing"
    SERVICE = "service", "Being serviced"
    OTHER = "other", "Another reason"


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
                name="absence_kind_is_known", condition=one_of("kind", AbsenceKind)
            ),
        ]

    def __str__(self):
        return self.note or self.get_kind_display()
