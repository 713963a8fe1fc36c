"""Who the patient is, and what they will accept."""

import datetime as dt

import pgtrigger
from django.conf import settings
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Trim, Upper
from django.urls import reverse
from uuid_utils.compat import uuid7

from clinic.catalogue.terms import Phototype, Sex
from patients.models.keeping import codes, tracked, unknown_or_between
from patients.models.search import plain, search_words, spellings

EARLIEST_BIRTH = dt.date(1900, 1, 1)


class PatientQuerySet(models.QuerySet):
    SIMILAR = 0.4  # low enough for a wrong letter in a short name; the best match comes first

    def visible_to(self, user):
        """The patients `user` may see: all of the clinic's, or none."""
        return self if user.has_perm("patients.view_patient") else self.none()

    def matching(self, text: str):
        """Patients whose name, record number, birth date or phone holds every word of `text`.

        Names forgive a typing slip and a missing accent; numbers must be typed right, with or
        without their signs. The closest match comes first. An empty text finds everyone.
        """
        found, closeness = self, Value(0.0)
        words, born = search_words(text)
        if born:
            found = found.filter(born=born)
        for word in words:
            holds = Q(*(Q(search__contains=plain(one)) for one in spellings(word)), _connector="OR")
            if word.isalpha():
                near = TrigramWordSimilarity(plain(word), "search")
                found = found.annotate(near=near).filter(holds | Q(near__gte=self.SIMILAR))
                closeness = closeness + F("near")
                found = found.annotate(closeness=closeness)
                closeness = F("closeness")
            else:
                found = found.filter(holds)
        order = ["-closeness"] if "closeness" in found.query.annotations else []
        return found.order_by(*order, "family_name", "given_name", "record_number")

    def like(self, *, given_name: str, family_name: str, born):
        """Patients who may be the same person: same birth date, and a name much like this one."""
        return self.matching(f"{given_name} {family_name}").filter(born=born)

    def with_last_assessed(self):
        return self.annotate(last_assessed_on=models.Max("assessments__assessed_on"))

    def never_assessed(self):
        return self.with_last_assessed().filter(last_assessed_on=None)


@tracked(exclude=["search"])
class Patient(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    record_number = models.CharField(
        max_length=30,
        unique=True,
        error_messages={"unique": "Another patient already has this record number."},
    )
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    born = models.DateField("date of birth")
    sex = models.CharField(max_length=1, choices=Sex.choices())
    fitzpatrick = models.PositiveSmallIntegerField(
        "skin type (Fitzpatrick)", null=True, blank=True, choices=Phototype.choices()
    )
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField("e-mail", blank=True)
    address = models.TextField(blank=True)
    weight_kg = models.DecimalField("weight", max_digits=4, decimal_places=1, null=True, blank=True)
    height_cm = models.PositiveSmallIntegerField("height", null=True, blank=True)
    allergies = models.TextField(blank=True)
    note = models.TextField(blank=True)
    search = models.TextField(editable=False, default="")  # kept by a trigger
    revision = models.PositiveIntegerField(default=1, editable=False)
    registered_at = models.DateTimeField(auto_now_add=True)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "given_name", "record_number"]
        constraints = [
            models.CheckConstraint(
                name="patient_born_since_1900",
                condition=Q(born__gte=EARLIEST_BIRTH),
                violation_error_message="A date of birth before 1900 is not accepted.",
            ),
            models.CheckConstraint(
                name="patient_record_number_in_capitals_without_spaces_around",
                condition=Q(record_number=Upper(Trim(F("record_number")))) & ~Q(record_number=""),
                violation_error_message="Write the record number in capitals.",
            ),
            models.CheckConstraint(
                name="patient_has_both_names",
                condition=~Q(given_name="") & ~Q(family_name=""),
                violation_error_message="Enter both names.",
            ),
            models.CheckConstraint(
                name="patient_sex_is_a_term",
                condition=Q(sex__in=codes(Sex)),
                violation_error_message="Choose one of the listed sexes.",
            ),
            models.CheckConstraint(
                name="patient_fitzpatrick_is_i_to_vi_or_unknown",
                condition=unknown_or_between("fitzpatrick", 1, 6),
                violation_error_message="A skin type is I to VI.",
            ),
            models.CheckConstraint(
                name="patient_weight_is_2_to_400_kg_or_unknown",
                condition=unknown_or_between("weight_kg", 2, 400),
                violation_error_message="A weight is 2 to 400 kg.",
            ),
            models.CheckConstraint(
                name="patient_height_is_40_to_260_cm_or_unknown",
                condition=unknown_or_between("height_cm", 40, 260),
                violation_error_message="A height is 40 to 260 cm.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="keep_search",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    NEW.search = lower(unaccent(concat_ws(' ',
                        NEW.family_name, NEW.given_name, NEW.record_number,
                        regexp_replace(NEW.record_number, '[^[:alnum:]]', '', 'g'),
                        to_char(NEW.born, 'YYYY-MM-DD'),
                        regexp_replace(NEW.phone, '[^0-9]', '', 'g'))));
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self):
        return f"{self.family_name}, {self.given_name}"

    def get_absolute_url(self):
        return reverse("patients:patient", args=[self.pk])

    def age_on(self, day: dt.date) -> int:
        """Whole years; a birthday on 29 February falls on 1 March in other years."""
        before = (day.month, day.day) < (self.born.month, self.born.day)
        return day.year - self.born.year - before


@tracked()
class Wishes(models.Model):
    """What the patient will accept; nothing recorded means no limit."""

    patient = models.OneToOneField(Patient, models.CASCADE, related_name="wishes")
    max_downtime_days = models.PositiveSmallIntegerField(
        "longest downtime after one session", null=True, blank=True
    )
    budget = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    max_visits = models.PositiveSmallIntegerField("most visits", null=True, blank=True)
    finish_by = models.DateField("to be done by", null=True, blank=True)
    no_needles = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name_plural = "wishes"
        constraints = [
            models.CheckConstraint(
                name="wishes_downtime_is_0_to_365_days",
                condition=unknown_or_between("max_downtime_days", 0, 365),
                violation_error_message="Downtime is 0 to 365 days.",
            ),
            models.CheckConstraint(
                name="wishes_budget_is_above_zero",
                condition=Q(budget__isnull=True) | Q(budget__gt=0),
                violation_error_message="A budget is more than 0.",
            ),
            models.CheckConstraint(
                name="wishes_visits_are_1_to_100",
                condition=unknown_or_between("max_visits", 1, 100),
                violation_error_message="Visits are 1 to 100.",
            ),
        ]

    def __str__(self):
        return f"Wishes of {self.patient}"
