"""What was done to a visit, by whom and why; and which requests were carried out."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.scheduling.models.keeping import AUTHOR
from clinic.scheduling.models.visits import Appointment, CancelReason, DeviationReason, State

APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete


class Deed(models.TextChoices):
    BOOKED = "booked", "Booked"
    MOVED = "moved", "Moved"
    STATE = "state", "State changed"
    UNDONE = "undone", "Undone"
    FIRM = "firm", "Provisional date confirmed"
    FOLLOWED = "followed", "Moved along with the revised plan"


class Change(models.Model):
    """Who did what to a visit, when and why; never edited."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="changes")
    deed = models.CharField(max_length=10, choices=Deed.choices)
    old_state = models.CharField(max_length=10, choices=State.choices, blank=True)
    new_state = models.CharField(max_length=10, choices=State.choices)
    old_start = models.DateTimeField(null=True, blank=True)
    new_start = models.DateTimeField()
    old_resources = ArrayField(models.BigIntegerField(), default=list, blank=True)
    batch = models.UUIDField(default=uuid7, help_text="Changes made, and undone, together")
    reason = models.CharField(max_length=20, blank=True)
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        triggers = [pgtrigger.Protect(name="change_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return self.get_deed_display()

    @property
    def words(self) -> str:
        """What happened, as the history on the page tells it."""
        if self.deed == Deed.MOVED:
            old, new = timezone.localtime(self.old_start), timezone.localtime(self.new_start)
            return f"Moved from {old:%d-%b-%Y %H:%M} to {new:%d-%b-%Y %H:%M}"
        if self.deed == Deed.BOOKED:
            return f"Booked for {timezone.localtime(self.new_start):%d-%b-%Y %H:%M}"
        if self.deed in (Deed.FIRM, Deed.FOLLOWED):
            return self.get_deed_display()
        if self.deed == Deed.UNDONE and self.old_start:
            back = timezone.localtime(self.new_start)
            return f"Move undone: back to {back:%d-%b-%Y %H:%M}"
        verb = "Undone, back to" if self.deed == Deed.UNDONE else "Now"
        return f"{verb} {self.get_new_state_display().lower()}"

    @property
    def undo_words(self) -> str:
        """What the button that takes it back says."""
        if self.deed == Deed.MOVED:
            old, new = timezone.localtime(self.old_start), timezone.localtime(self.new_start)
            return f"Undo the move from {old:%d-%b-%Y %H:%M} to {new:%d-%b-%Y %H:%M}"
        return f"Undo “{self.get_new_state_display().lower()}”"

    @property
    def why(self) -> str:
        named = {**dict(CancelReason.choices), **dict(DeviationReason.choices)}
        return named.get(self.reason, self.reason)


class BookingRequest(models.Model):
    """A request to book that was carried out: sent again with its key, it books nothing more."""

    key = models.CharField(max_length=64, unique=True)
    fingerprint = models.CharField(max_length=64, help_text="Hash of what was asked")
    appointments = models.ManyToManyField(Appointment, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]

    def __str__(self):
        return self.key
