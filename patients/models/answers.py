"""What the patient told: answers, and treatments before."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from patients.models.keeping import CODE, append_only, tracked
from patients.models.people import Patient


class AnswerQuerySet(models.QuerySet):
    def in_force(self):
        """The latest answer to each question; of two on one day the one recorded last."""
        return self.order_by("question", "-answered_on", "-id").distinct("question")


@tracked()
class Answer(models.Model):
    """One answer to one intake question on one day; a changed answer is a new row."""

    class Source(models.TextChoices):
        CLINICIAN = "clinician", "Clinician"
        PATIENT = "patient", "Patient"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="answers")
    question = models.CharField(max_length=60)
    value = models.JSONField()
    answered_on = models.DateField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(auto_now_add=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.CLINICIAN)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["question", "-answered_on", "-id"]
        indexes = [models.Index(fields=["patient", "question", "-answered_on", "-id"])]
        constraints = [
            models.CheckConstraint(
                name="answer_question_is_a_code", condition=Q(question__regex=CODE)
            ),
            models.CheckConstraint(
                name="answer_source_is_known", condition=Q(source__in=["clinician", "patient"])
            ),
        ]
        triggers = [append_only("an answer is never changed, a new one is added")]

    def __str__(self):
        return f"{self.question} on {self.answered_on}"


@tracked()
class PreviousTreatment(models.Model):
    """A scar treatment before this clinic's plan, here or elsewhere."""

    class Precision(models.TextChoices):
        DAY = "day", "Day"
        MONTH = "month", "Month"
        YEAR = "year", "Year"

    class Result(models.TextChoices):
        BETTER = "better", "Better"
        SLIGHTLY_BETTER = "slightly_better", "Slightly better"
        UNCHANGED = "unchanged", "Unchanged"
        WORSE = "worse", "Worse"
        UNKNOWN = "unknown", "Not known"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="previous_treatments")
    treatment = models.CharField(max_length=60, blank=True)
    name = models.CharField("what was done", max_length=200)
    performed_on = models.DateField("when", null=True, blank=True)
    precision = models.CharField(max_length=5, choices=Precision.choices, default=Precision.DAY)
    places = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    result = models.CharField(max_length=16, choices=Result.choices, default=Result.UNKNOWN)
    given_elsewhere = models.BooleanField("given elsewhere", default=True)
    note = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = [F("performed_on").desc(nulls_last=True), "id"]
        constraints = [
            models.CheckConstraint(name="previous_treatment_is_named", condition=~Q(name="")),
            models.CheckConstraint(
                name="previous_treatment_code_is_a_code_or_empty",
                condition=Q(treatment="") | Q(treatment__regex=CODE),
            ),
            models.CheckConstraint(
                name="previous_treatment_precision_is_known",
                condition=Q(precision__in=["day", "month", "year"]),
            ),
            models.CheckConstraint(
                name="previous_treatment_result_is_known",
                condition=Q(
                    result__in=["better", "slightly_better", "unchanged", "worse", "unknown"]
                ),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def when(self) -> str:
        """The date as exactly as it is known, in a clinic's words."""
        if self.performed_on is None:
            return "Not recorded"
        form = {"day": "%d-%b-%Y", "month": "%b-%Y", "year": "%Y"}[self.precision]
        return self.performed_on.strftime(form)
