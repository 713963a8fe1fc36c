"""Whom the clinic may write to, its words, and every message with what became of it."""

import datetime as dt
import re

import pghistory
import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.letters.kinds import STEPS, TELLING, TIMED, UNTOLD, Channel, Kind, Reason, State
from clinic.scheduling.models import Appointment, Resource
from patients.models import Patient

AUTHOR = {"on_delete": models.PROTECT, "related_name": "+"}
APPEND_ONLY = pgtrigger.Update | pgtrigger.Delete
_STEP_LIST = ", ".join(f"('{a.value}', '{b.value}')" for a, news in STEPS.items() for b in news)


def tracked(**options):
    """Keep every insert, change and deletion. An event serves one model: it learns its fields."""
    return pghistory.track(
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), **options
    )


def _values(choices) -> list[str]:
    return [choice.value for choice in choices]


# --- whom, and how -----------------------------------------------------------------------------


@tracked()
class ContactChoice(models.Model):
    """What the patient has agreed to. Without a row nobody has asked yet, and nothing is sent."""

    patient = models.OneToOneField(Patient, models.PROTECT, related_name="contact_choice")
    email = models.BooleanField("by e-mail", default=False)
    sms = models.BooleanField("by SMS", default=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    recorded_at = models.DateTimeField(default=timezone.now)
    revision = models.PositiveIntegerField(default=1, editable=False)

    def __str__(self):
        return f"Contact choice of {self.patient}"

    @property
    def wants(self) -> list[Channel]:
        return [channel for channel in Channel if getattr(self, channel.value)]

    def address(self, channel: str) -> str:
        """Where a message goes by this road; empty while the record has no such address."""
        if channel == Channel.EMAIL:
            return self.patient.email
        plus = "+" if self.patient.phone.strip().startswith("+") else ""
        digits = re.sub(r"\D", "", self.patient.phone)
        return f"{plus}{digits}" if len(digits) >= 6 else ""

    @property
    def lacking(self) -> list[Channel]:
        """Roads that the patient agreed to and the record has no address for."""
        return [channel for channel in self.wants if not self.address(channel)]


@tracked()
class Habits(models.Model):
    """How this clinic sends; there is one row, which `current` finds."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    delay_minutes = models.PositiveSmallIntegerField(
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
        help_text="After the last change, so that a visit moved and moved back tells nobody.",
    )
    not_before = models.TimeField(default=dt.time(8))
    not_after = models.TimeField(default=dt.time(20))
    care_by_email = models.BooleanField(
        default=False, help_text="Otherwise messages point to the sheet that the patient was given."
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name_plural = "habits"
        constraints = [
            models.CheckConstraint(name="letters_habits_are_one_row", condition=Q(id=1)),
            models.CheckConstraint(
                name="messages_wait_1_to_240_minutes",
                condition=Q(delay_minutes__range=(1, 240)),
                violation_error_message="Messages wait 1 to 240 minutes.",
            ),
            models.CheckConstraint(
                name="messages_have_hours_of_the_day",
                condition=Q(not_before__lt=F("not_after")),
                violation_error_message="The hours for messages end after they begin.",
            ),
        ]

    def __str__(self):
        return "How messages are sent"

    @classmethod
    def current(cls) -> "Habits":
        return cls.objects.filter(pk=1).first() or cls()

    @property
    def delay(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.delay_minutes)


class WordingQuerySet(models.QuerySet):
    def in_use(self, kind, channel):
        return self.filter(kind=kind, channel=channel, active=True)


@tracked()
class Wording(models.Model):
    """The clinic's words for one kind of message by one road; reminders have one a lead time."""

    kind = models.CharField(max_length=12, choices=Kind.choices)
    channel = models.CharField("by", max_length=5, choices=Channel.choices)
    hours = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(24 * 60)]
    )
    subject = models.CharField(max_length=120, blank=True)
    text = models.TextField()
    active = models.BooleanField("messages of this kind are sent", default=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = WordingQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "channel", "hours"],
                name="one_wording_a_kind_road_and_time",
                nulls_distinct=False,
                violation_error_message="There is a message of this kind at this time already.",
            ),
            models.CheckConstraint(
                name="wording_kind_is_known", condition=Q(kind__in=_values(Kind))
            ),
            models.CheckConstraint(
                name="wording_channel_is_known", condition=Q(channel__in=_values(Channel))
            ),
            models.CheckConstraint(
                name="only_timed_wordings_have_hours",
                condition=Q(kind__in=_values(TIMED), hours__isnull=False)
                | (~Q(kind__in=_values(TIMED)) & Q(hours=None)),
            ),
            models.CheckConstraint(
                name="an_email_has_a_subject",
                condition=~Q(channel=Channel.EMAIL) | ~Q(subject=""),
                violation_error_message="An e-mail has a subject.",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} by {Channel(self.channel).road}"

    def get_absolute_url(self):
        return reverse("letters:wording", args=[self.pk])

    @property
    def when(self) -> str:
        """When such a message goes, in words."""
        hours = self.hours or 0
        days, rest = divmod(hours, 24)
        span = f"{days} day{'s' * (days != 1)}" if days and not rest else f"{hours} hours"
        return {
            Kind.REMINDER: f"{span} before the visit",
            Kind.PRE_CARE: "on the day on which preparation begins",
            Kind.AFTER_CARE: f"{span} after the visit" if hours else "after the visit",
        }.get(self.kind, "soon after the change")


# --- messages ----------------------------------------------------------------------------------


class MessageQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self if user.has_perm("letters.view_messages") else self.none()

    def due(self, now):
        return self.filter(state=State.WAITING, due_at__lte=now)

    def undelivered(self):
        """What did not go out, or may not have, and was not sent again since."""
        return self.filter(state__in=(State.FAILED, State.UNCERTAIN), resent=None)

    def with_people(self):
        return self.select_related("patient", "asked_by").prefetch_related("tries", "told")


class Message(models.Model):
    """One message to one patient by one road. Its words never change; its state does."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    channel = models.CharField(max_length=5, choices=Channel.choices)
    key = models.CharField(max_length=120, help_text="What it is about: made once, never twice")
    address = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=12, choices=Reason.choices, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, help_text="Not tried before")
    until = models.DateTimeField(help_text="Not sent any more from then on")
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    resends = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="resent"
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, **AUTHOR)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(fields=["patient", "-made_at"], name="messages_of_patient"),
            models.Index(
                fields=["due_at"],
                name="messages_on_their_way",
                condition=Q(state__in=(State.WAITING, State.SENDING)),
            ),
            models.Index(
                fields=["made_at"],
                name="messages_that_did_not_go",
                condition=Q(state__in=(State.FAILED, State.UNCERTAIN)),
            ),
            models.Index(fields=["key"], name="messages_by_key"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=~Q(state=State.DROPPED),
                name="a_message_is_made_once",
                violation_error_message="This message was made already.",
            ),
            models.CheckConstraint(
                name="message_kind_is_known", condition=Q(kind__in=_values(Kind))
            ),
            models.CheckConstraint(
                name="message_channel_is_known", condition=Q(channel__in=_values(Channel))
            ),
            models.CheckConstraint(
                name="message_state_is_known", condition=Q(state__in=_values(State))
            ),
            models.CheckConstraint(
                name="a_message_has_an_address_and_words",
                condition=Q(state=State.DROPPED) | (~Q(address="") & ~Q(text="")),
            ),
            models.CheckConstraint(
                name="a_sent_message_says_when",
                condition=Q(state=State.SENT, sent_at__isnull=False)
                | (~Q(state=State.SENT) & Q(sent_at=None)),
            ),
            models.CheckConstraint(
                name="what_did_not_go_says_why",
                condition=~Q(state__in=(State.FAILED, State.UNCERTAIN, State.DROPPED))
                | ~Q(reason=""),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="message_moves_by_the_table",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.AnyChange("state"),
                func=f"""
                    IF (OLD.state, NEW.state) NOT IN ({_STEP_LIST}) THEN
                        RAISE EXCEPTION 'a message cannot go from % to %', OLD.state, NEW.state
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'message_moves_by_the_table';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(
                name="words_of_a_message_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "patient", "kind", "channel", "key", "address", "subject", "text", "made_at"
                ),
            ),
            pgtrigger.Protect(name="message_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} by {Channel(self.channel).road}"

    def get_absolute_url(self):
        return reverse("letters:message", args=[self.pk])

    @property
    def road(self) -> str:
        return Channel(self.channel).road

    @property
    def tone(self) -> str:
        return {
            State.SENT: "ok",
            State.FAILED: "danger",
            State.UNCERTAIN: "warn",
            State.DROPPED: "open",
        }.get(self.state, "info")

    @property
    def tries_made(self) -> int:
        return len(self.tries.all())


class ToldQuerySet(models.QuerySet):
    def that_counts(self):
        """Rows of the messages that say when visits are, without those that came to nothing."""
        return self.filter(message__kind__in=TELLING).exclude(message__reason__in=UNTOLD)


class Told(models.Model):
    """A visit as a message tells it; the calendar file is drawn from these rows."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="told")
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="told")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    provisional = models.BooleanField(default=False)
    on = models.BooleanField(default=True, help_text="False where the message calls it off")
    sequence = models.PositiveIntegerField(help_text="Rises with each message about the visit")

    objects = ToldQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "appointment"], name="a_message_tells_a_visit_once"
            ),
        ]
        triggers = [pgtrigger.Protect(name="told_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return f"{timezone.localtime(self.starts_at):%d-%b-%Y %H:%M}"


class Try(models.Model):
    """One attempt to hand a message over, and what came of it; never edited."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="tries")
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices)
    answer = models.CharField(max_length=60, blank=True, help_text="A code, never an address")

    class Meta:
        verbose_name_plural = "tries"
        ordering = ["at", "pk"]
        triggers = [pgtrigger.Protect(name="try_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return self.get_state_display()

    @property
    def words(self) -> str:
        said = {State.WAITING: "Nobody reached, to be tried again", State.SENT: "Handed over"}
        return said.get(self.state, self.get_state_display())


@tracked(exclude=["digest", "read_at"])
class FeedLink(models.Model):
    """A secret link to one practitioner's calendar. Only a digest of the secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.OneToOneField(Resource, models.CASCADE, related_name="feed_link")
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"Calendar link of {self.resource}"
