"""The tablet in a patient's hands."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from uuid_utils.compat import uuid7

from patients.models.keeping import tracked
from patients.models.people import Patient


@tracked(exclude=["pin", "tries"])
class Pad(models.Model):
    """The tablet in a patient's hands, from handing it over to taking it back."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="pads")
    handed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    handed_at = models.DateTimeField(auto_now_add=True)
    pin = models.CharField(max_length=128)  # hashed
    tries = models.PositiveSmallIntegerField(default=0)
    screens = ArrayField(models.CharField(max_length=80), default=list, blank=True)  # those saved
    finished_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"Tablet with {self.patient}"
