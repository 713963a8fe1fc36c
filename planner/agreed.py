"""What the patient was offered and agreed to after the clinician signed: quote, consent, names.

Rows are added and never changed: a new quote is a new version, a new agreement stands beside the
old one, and a consent that is taken back has a row that says so.
"""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from uuid_utils.compat import uuid7

from clinic.catalogue.terms import Verification
from planner.models import APPEND_ONLY, AUTHOR, Plan

COUNTRY = RegexValidator(r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$", "Write an ISO code such as GB-ENG.")


class ConsentRule(models.Model):
    """What a country asks before a first session; of several rows the strictest counts.

    A row without a country is the clinic's own for any country, a row without treatments is for
    every procedure. None is "no period known", never nought.
    """

    country = models.CharField(
        max_length=6, blank=True, validators=[COUNTRY], help_text="ISO code; empty for any country."
    )
    treatments = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="Codes of treatments or families; empty for every procedure.",
    )
    cooling_off_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Whole days between the signature and the first session."
    )
    guardian_under = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Below this age a guardian consents and the patient assents.",
    )
    quote_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days for which the prices of a quote hold."
    )
    note = models.TextField(blank=True)
    source = models.TextField(blank=True, help_text="Where it stands; empty if it is unverified.")
    verification = models.CharField(
        max_length=16, choices=Verification.choices(), default=Verification.CLINIC_DEFAULT.value
    )

    class Meta:
        ordering = ["country", "pk"]
        verbose_name = "consent rule"
        constraints = [
            models.CheckConstraint(
                condition=Q(cooling_off_days=None) | Q(cooling_off_days__lte=365),
                name="cooling_off_within_a_year",
                violation_error_message="A cooling-off period is at most 365 days.",
            ),
            models.CheckConstraint(
                condition=Q(guardian_under=None) | Q(guardian_under__lte=25),
                name="guardian_age_is_a_young_age",
                violation_error_message="The age below which a guardian consents is at most 25.",
            ),
            models.CheckConstraint(
                condition=Q(quote_days=None) | Q(quote_days__gte=1, quote_days__lte=730),
                name="quote_holds_for_a_day_to_two_years",
                violation_error_message="A quote holds for 1 to 730 days.",
            ),
        ]

    def __str__(self):
        what = ", ".join(self.treatments) or "every procedure"
        return f"{self.country or 'Any country'}: {what}"


class Quote(models.Model):
    """The prices of a signed plan as they were handed over, good until `expires_on`."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="quotes")
    version = models.PositiveSmallIntegerField()
    issued_on = models.DateField()
    expires_on = models.DateField()
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=10, decimal_places=2)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    sheet = models.JSONField(
        default=dict, help_text="Every line: list prices, packages, tax; empty on quotes without."
    )
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    issued_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["plan", "version"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "version"], name="quotes_are_numbered"),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("issued_on")),
                name="a_quote_expires_after_it_is_issued",
                violation_error_message="A quote cannot expire before it is issued.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="quote_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return self.number

    @property
    def number(self) -> str:
        return f"{self.plan.patient.record_number}-{self.plan.number}-{self.version}"

    def is_open_on(self, day) -> bool:
        return self.issued_on <= day <= self.expires_on


class Agreement(models.Model):
    """The patient's yes to a signed plan; who signs how stands in its signatures."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="agreements")
    plan_hash = models.CharField(max_length=64, help_text="Of the content that was agreed to")
    quote = models.ForeignKey(Quote, models.PROTECT, related_name="agreements")
    options = models.JSONField(help_text="What was discussed: code and name of each alternative")
    options_note = models.TextField(blank=True)
    assent = models.BooleanField(default=False, help_text="A minor's own yes")
    signed_on = models.DateField()
    witnessed_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["recorded_at"]
        triggers = [pgtrigger.Protect(name="agreement_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return f"Agreement of {self.signed_on:%d-%b-%Y}"

    def get_absolute_url(self):
        return reverse("planner:agreement", args=[self.plan_id])


class Consent(models.Model):
    """Consent to one procedure, and which wording of its form was read."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="consents")
    treatment = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    text_version = models.CharField(max_length=40)
    text_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "treatment"], name="one_consent_a_procedure"
            )
        ]
        triggers = [pgtrigger.Protect(name="consent_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return f"Consent to {self.name}"


class Signature(models.Model):
    """One name under an agreement: drawn on the tablet, or on paper that the clinic keeps."""

    class Role(models.TextChoices):
        PATIENT = "patient", "Patient"
        GUARDIAN = "guardian", "Guardian"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="signatures")
    role = models.CharField(max_length=8, choices=Role.choices)
    name = models.CharField(max_length=120)
    relation = models.CharField(max_length=60, blank=True, help_text="Of a guardian to the patient")
    image = models.BinaryField(null=True, blank=True, help_text="PNG; null when signed on paper")
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["role"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "role"], name="each_signs_once"),
            models.CheckConstraint(
                condition=Q(image=None, sha256="") | (Q(image__isnull=False) & ~Q(sha256="")),
                name="a_drawn_signature_has_its_hash",
            ),
            models.CheckConstraint(
                condition=~Q(role="guardian") | ~Q(relation=""),
                name="a_guardian_says_how_related",
                violation_error_message="Say how the guardian is related to the patient.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="signature_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return f"{self.get_role_display()}: {self.name}"

    @property
    def on_paper(self) -> bool:
        return self.image is None


class Withdrawal(models.Model):
    """An agreement taken back, which a patient may do at any time and for any reason."""

    agreement = models.OneToOneField(Agreement, models.PROTECT, related_name="withdrawal")
    withdrawn_on = models.DateField()
    words = models.TextField(blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, **AUTHOR)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = [pgtrigger.Protect(name="withdrawal_is_append_only", operation=APPEND_ONLY)]

    def __str__(self):
        return f"Withdrawn on {self.withdrawn_on:%d-%b-%Y}"
