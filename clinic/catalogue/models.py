"""The catalogue's tables: the working draft that an admin edits, and the published versions.

Columns are named as the keys of docs/catalogue.md, and a row's code is its key, so that a
reference is a foreign key to a word one can read. Nothing here is read by the planner's engine:
it reads a published Version.
"""

from zoneinfo import available_timezones

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from clinic.catalogue import kinds, terms
from clinic.catalogue.evidence_models import EvidenceReview
from clinic.catalogue.publishing_models import (
    NEVER_CHANGES,
    LinkEvent,
    LoweringAnswer,
    LoweringRequest,
)

__all__ = ["EvidenceReview", "LinkEvent", "LoweringAnswer", "LoweringRequest"]

CODE = RegexValidator(
    r"^[A-Za-z][A-Za-z0-9_.-]*$",
    "A code starts with a letter and holds letters, digits, dots, hyphens and underscores.",
)
ISO_CURRENCY = RegexValidator(r"^[A-Z]{3}$", "A currency is three capital letters, such as EUR.")
ISO_COUNTRY = RegexValidator(
    r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", "A country is an ISO code, such as DE or GB-ENG."
)


def tracked(model):
    """Keep who changed what; the events are made anew, since each of them keeps its table."""
    events = pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent()
    return pghistory.track(*events)(model)


def one_of(column: str, choices, name: str) -> models.CheckConstraint:
    codes = [code for code, _ in choices]
    words = ", ".join(str(code) for code in codes)
    return models.CheckConstraint(
        condition=Q(**{f"{column}__in": codes}),
        name=name,
        violation_error_message=f"Choose one of: {words}.",
    )


def in_order(low: str, high: str, name: str) -> models.CheckConstraint:
    """Nulls pass: what is not known contradicts nothing."""
    return models.CheckConstraint(
        condition=Q(**{f"{low}__lte": F(high)}),
        name=name,
        violation_error_message=f"{low} may not be above {high}.".replace("_", " ").capitalize(),
    )


def never_negative(column: str, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{f"{column}__gte": 0}),
        name=name,
        violation_error_message="This may not be negative.",
    )


def verified_as(table: str) -> models.CheckConstraint:
    return one_of("verification", terms.Verification.choices(), f"{table}_verification_known")


def word_list(length: int = 40, **options) -> ArrayField:
    """A list of codes or words, empty by default."""
    options = {"default": list, "blank": True, **options}
    return ArrayField(models.CharField(max_length=length), **options)


def thing(**options) -> models.JSONField:
    """Something with a shape of its own, which clinic.catalogue.checks knows."""
    return models.JSONField(null=True, blank=True, **options)


def amount(**options) -> models.DecimalField:
    options = {"max_digits": 14, "decimal_places": 6, "null": True, "blank": True, **options}
    return models.DecimalField(**options)


class Coded(models.Model):
    """A row of a section of the document."""

    code = models.CharField(
        max_length=60, primary_key=True, validators=[CODE], help_text="Cannot be changed later."
    )

    class Meta:
        abstract = True
        ordering = ["code"]

    def __str__(self):
        return getattr(self, "name", "") or self.code


class Checked(models.Model):
    """A statement with what it rests on: shown beside it wherever it is read."""

    verification = models.CharField(max_length=16, choices=terms.Verification.choices())
    sources = models.ManyToManyField("catalogue.Source", blank=True, related_name="+")

    class Meta:
        abstract = True


# ---- the clinic itself


@tracked
class Clinic(models.Model):
    """The settings that an owner edits; there is exactly one row, which `current` finds."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=120, default="Cicatrix Clinic")
    legal_name = models.CharField(max_length=200, blank=True)
    address = models.TextField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    time_zone = models.CharField(max_length=60, default="Europe/London")
    currency = models.CharField(max_length=3, default="EUR", validators=[ISO_CURRENCY])
    country = models.CharField(
        max_length=6,
        blank=True,
        default="GB-ENG",
        validators=[ISO_COUNTRY],
        help_text="ISO code; with its part where the law differs there, such as GB-ENG.",
    )
    lacks = word_list(
        60, help_text="Codes of treatments, devices and products that this clinic cannot offer."
    )
    tax_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    tax_included = models.BooleanField(
        default=True, help_text="Whether prices hold the tax already; else a quote adds it."
    )
    review_weeks = models.PositiveSmallIntegerField(
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(52)],
        help_text="Weeks from the last procedure of a block to its review.",
    )
    idle_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(480)],
        help_text="Minutes without a touch after which a screen is locked.",
    )
    lapsed_registration = models.CharField(
        max_length=6,
        choices=kinds.LapsedRegistration.choices(),
        default=kinds.LapsedRegistration.WARN.value,
        help_text="When somebody would be booked after the end of their registration.",
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name_plural = "clinic"
        constraints = [
            models.CheckConstraint(
                condition=Q(id=1),
                name="clinic_is_one_row",
                violation_error_message="An installation serves one clinic.",
            ),
            models.CheckConstraint(
                condition=Q(tax_percent__gte=0, tax_percent__lte=100),
                name="clinic_tax_between_0_and_100_percent",
                violation_error_message="Tax is between 0 and 100 %.",
            ),
            models.CheckConstraint(
                condition=Q(review_weeks__gte=1, review_weeks__lte=52),
                name="clinic_review_within_a_year",
                violation_error_message="A review follows after 1 to 52 weeks.",
            ),
            one_of(
                "lapsed_registration",
                kinds.LapsedRegistration.choices(),
                "clinic_lapsed_registration_known",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="clinic_currency_is_iso",
                violation_error_message="A currency is three capital letters, such as EUR.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="clinic_stays", operation=pgtrigger.Delete)]

    def __str__(self):
        return self.name

    def clean(self):
        if self.time_zone not in available_timezones():
            message = "There is no such time zone; one is written like Europe/London."
            raise ValidationError({"time_zone": message})

    @classmethod
    def current(cls) -> "Clinic":
        return cls.objects.get_or_create(pk=1)[0]


# ---- what everything rests on


@tracked
class Source(Coded):
    """An article, page or register that was read, or a pseudo-source such as `gk`."""

    title = models.TextField()
    authors = models.TextField(null=True, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    journal = models.TextField(null=True, blank=True)
    url = models.TextField(null=True, blank=True)
    how = models.CharField(max_length=60, help_text="How it was read.")
    read_extent = models.TextField(null=True, blank=True)
    quality = models.TextField(null=True, blank=True)
    note = models.TextField(null=True, blank=True)
    alias_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="aliases"
    )

    def __str__(self):
        return f"{self.code}: {self.title}"


@tracked
class Region(Coded):
    name = models.CharField(max_length=80)
    sides = word_list(1)
    views = word_list(2)
    field = models.CharField(max_length=30, help_text="The coarse word of pairs and rules.")
    snomed = models.CharField(max_length=18, null=True, blank=True)
    gags_unit = models.CharField(max_length=30, null=True, blank=True)
    note = models.TextField(null=True, blank=True)
    area = models.CharField(max_length=10, choices=kinds.RegionArea.choices())
    prone = models.BooleanField(default=False, help_text="Keloids favour this region.")
    lidocaine_ml = amount()
    filler_ml = amount()

    class Meta(Coded.Meta):
        constraints = [
            one_of("area", kinds.RegionArea.choices(), "region_area_known"),
            never_negative("lidocaine_ml", "region_lidocaine_never_negative"),
            never_negative("filler_ml", "region_filler_never_negative"),
        ]


@tracked
class Requirement(Coded):
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=kinds.RequirementKind.choices())

    class Meta(Coded.Meta):
        constraints = [one_of("kind", kinds.RequirementKind.choices(), "requirement_kind_known")]


@tracked
class Family(Coded):
    """A short name that rules use: it stands for treatments, or for other families."""

    name = models.CharField(max_length=120)
    treatments = models.ManyToManyField("catalogue.Treatment", blank=True, related_name="families")
    families = models.ManyToManyField("self", blank=True, symmetrical=False, related_name="groups")

    class Meta(Coded.Meta):
        verbose_name_plural = "families"


# ---- treatments


class PublishedStays(pgtrigger.Trigger):
    """A treatment that a version names is withdrawn, never deleted: plans of the past name it."""

    name = "published_treatment_stays"
    when = pgtrigger.Before
    operation = pgtrigger.Delete
    func = """
        IF EXISTS (
            SELECT 1 FROM catalogue_version WHERE document->'treatments'
                @> jsonb_build_array(jsonb_build_object('code', OLD.code))
        ) THEN
            RAISE EXCEPTION 'published_treatment_stays: % is withdrawn, never deleted', OLD.code
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    """


@tracked
class Treatment(Coded):
    name = models.CharField(max_length=120)
    aliases = word_list(120)
    kind = models.CharField(max_length=20, choices=terms.TreatmentKind.choices())
    family = models.CharField(max_length=40, help_text="The chapter it stands in.")
    mechanisms = word_list(help_text="What it does, the main thing first.")
    performers = word_list()
    requires = models.ManyToManyField(Requirement, blank=True, related_name="treatments")
    needles = models.BooleanField(default=False, help_text="Enters the skin with a needle.")
    order = models.PositiveSmallIntegerField(help_text="Place inside a session, 0 to 5.")
    stage = models.PositiveSmallIntegerField(help_text="Place in the course, 0 to 3.")
    skill = models.ForeignKey(
        Family, models.PROTECT, null=True, blank=True, related_name="skilled_treatments"
    )
    price_unit = models.CharField(max_length=10, choices=kinds.PriceUnit.choices())
    seed_mentions = word_list(60)
    withdrawn = models.BooleanField(default=False)

    class Meta(Coded.Meta):
        constraints = [
            one_of("kind", terms.TreatmentKind.choices(), "treatment_kind_known"),
            one_of("price_unit", kinds.PriceUnit.choices(), "treatment_price_unit_known"),
            models.CheckConstraint(
                condition=Q(order__lte=5),
                name="treatment_order_0_to_5",
                violation_error_message="The place inside a session is 0 to 5.",
            ),
            models.CheckConstraint(
                condition=Q(stage__lte=3),
                name="treatment_stage_0_to_3",
                violation_error_message="The stage of the course is 0 to 3.",
            ),
        ]
        triggers = [PublishedStays()]


class PartOfTreatment(Checked):
    class Meta:
        abstract = True


@tracked
class Indication(PartOfTreatment):
    """What the treatment is worth for a type of scar, in the words of the sources."""

    treatment = models.ForeignKey(Treatment, models.CASCADE, related_name="indications")
    scar_type = models.CharField(max_length=30, choices=kinds.Target.choices())
    depth = models.CharField(max_length=10, choices=kinds.Depth.choices(), default="any")
    effectiveness = models.PositiveSmallIntegerField(choices=kinds.EFFECTIVENESS)
    meaning = models.TextField(blank=True)
    evidence = models.CharField(max_length=1, choices=terms.Evidence.choices())

    class Meta:
        ordering = ["scar_type", "depth"]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment", "scar_type", "depth"],
                name="one_indication_a_type_and_depth",
                violation_error_message="This treatment has that type and depth already.",
            ),
            models.CheckConstraint(
                condition=Q(effectiveness__lte=4),
                name="effectiveness_0_to_4",
                violation_error_message="Effectiveness is 0 to 4.",
            ),
            one_of("scar_type", kinds.Target.choices(), "indication_scar_type_known"),
            one_of("depth", kinds.Depth.choices(), "indication_depth_known"),
            one_of("evidence", terms.Evidence.choices(), "indication_evidence_known"),
            verified_as("indication"),
        ]

    def __str__(self):
        return f"{self.treatment_id} for {self.get_scar_type_display()}"


@tracked
class Figure(PartOfTreatment):
    """A number with its range; null is not known, never nought."""

    treatment = models.ForeignKey(Treatment, models.CASCADE, related_name="figures")
    kind = models.CharField(max_length=20, choices=kinds.FigureKind.choices())
    min = amount()
    typical = amount()
    max = amount()
    note = models.TextField(null=True, blank=True)

    class Meta:
        ordering = ["kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment", "kind"],
                name="one_figure_a_kind",
                violation_error_message="This treatment has that figure already.",
            ),
            one_of("kind", kinds.FigureKind.choices(), "figure_kind_known"),
            in_order("min", "typical", "figure_min_up_to_typical"),
            in_order("typical", "max", "figure_typical_up_to_max"),
            in_order("min", "max", "figure_min_up_to_max"),
            never_negative("min", "figure_min_never_negative"),
            never_negative("typical", "figure_typical_never_negative"),
            never_negative("max", "figure_max_never_negative"),
            verified_as("figure"),
        ]

    def __str__(self):
        return f"{self.treatment_id}: {self.get_kind_display()}"


@tracked
class Statement(PartOfTreatment):
    treatment = models.ForeignKey(Treatment, models.CASCADE, related_name="statements")
    kind = models.CharField(max_length=20, choices=kinds.StatementKind.choices())
    position = models.PositiveSmallIntegerField(default=0)
    text = models.TextField()

    class Meta:
        ordering = ["kind", "position"]
        constraints = [
            one_of("kind", kinds.StatementKind.choices(), "statement_kind_known"),
            verified_as("statement"),
        ]

    def __str__(self):
        return self.text[:80]


@tracked
class SkinTypes(PartOfTreatment):
    """Fitzpatrick types for which a treatment is safe, needs care, or is not proposed."""

    treatment = models.OneToOneField(Treatment, models.CASCADE, related_name="fitzpatrick")
    safe = word_list(3)
    caution = word_list(3)
    avoid = word_list(3)

    class Meta:
        verbose_name_plural = "skin types"
        constraints = [verified_as("skin_types")]

    def __str__(self):
        return f"{self.treatment_id}: skin types"


@tracked
class Word(Coded, Checked):
    """The vocabulary of contraindications; `when` says which answers make a word true."""

    meaning = models.TextField()
    kind = models.CharField(max_length=80)
    when = thing()
    rules = word_list(help_text="Safety rules on the same matter, which then decide.")

    class Meta(Coded.Meta):
        constraints = [verified_as("word")]


@tracked
class Contraindication(PartOfTreatment):
    treatment = models.ForeignKey(Treatment, models.CASCADE, related_name="contraindications")
    word = models.ForeignKey(Word, models.PROTECT, related_name="treatments")
    level = models.CharField(max_length=10, choices=kinds.Level.choices())

    class Meta:
        ordering = ["level", "word"]
        constraints = [
            models.UniqueConstraint(
                fields=["treatment", "word"],
                name="one_contraindication_a_word",
                violation_error_message="This treatment has that word already.",
            ),
            one_of("level", kinds.Level.choices(), "contraindication_level_known"),
            verified_as("contraindication"),
        ]

    def __str__(self):
        return f"{self.treatment_id}: {self.word_id}"


@tracked
class Package(Coded):
    """Several sessions for less than their list prices: a share off each, or one price for all."""

    name = models.CharField(max_length=120)
    treatments = word_list(60, help_text="Codes of treatments or families that count.")
    sessions = models.PositiveSmallIntegerField(help_text="How many sessions it covers.")
    percent = amount(help_text="Off the list price of each session covered.")
    price = amount(help_text="For all sessions covered, whatever their list prices are.")
    note = models.TextField(null=True, blank=True)

    class Meta(Coded.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(sessions__gte=2),
                name="package_of_two_sessions_or_more",
                violation_error_message="A package covers 2 sessions or more.",
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=False, price=None)
                | Q(percent=None, price__isnull=False),
                name="package_has_a_percent_or_a_price",
                violation_error_message="Give either a per cent or a price for the whole.",
            ),
            models.CheckConstraint(
                condition=Q(percent=None) | Q(percent__gt=0, percent__lte=100),
                name="package_percent_between_0_and_100",
                violation_error_message="A reduction is above 0 and up to 100 %.",
            ),
            never_negative("price", "package_price_never_negative"),
        ]


# ---- how treatments meet


@tracked
class PairRule(Coded, Checked):
    a = models.ForeignKey(Treatment, models.PROTECT, related_name="pairs_as_a")
    b = models.ForeignKey(Treatment, models.PROTECT, related_name="pairs_as_b")
    relation = models.CharField(max_length=30, choices=terms.PairRelation.choices())
    first = models.ForeignKey(Treatment, models.PROTECT, null=True, blank=True, related_name="+")
    weeks_min = amount()
    weeks_typical = amount()
    condition = models.TextField(null=True, blank=True, help_text="In the words of the source.")
    when = thing(help_text="The same as a condition that can be judged.")
    assume = models.CharField(max_length=10, choices=terms.Assume.choices(), null=True, blank=True)
    assume_reason = models.TextField(null=True, blank=True)
    scar_types = word_list()
    regions = word_list()
    why = models.TextField()
    evidence = models.CharField(max_length=1, choices=terms.Evidence.choices())

    class Meta(Coded.Meta):
        verbose_name = "pair"
        constraints = [
            models.CheckConstraint(
                condition=~Q(a=F("b")),
                name="pair_of_two_treatments",
                violation_error_message="A pair is of two different treatments.",
            ),
            models.CheckConstraint(
                condition=Q(first=None) | Q(first=F("a")) | Q(first=F("b")),
                name="pair_first_is_one_of_the_two",
                violation_error_message="The first is one of the two treatments.",
            ),
            models.CheckConstraint(
                condition=~Q(relation="order_before") | Q(first__isnull=False),
                name="pair_in_order_says_which_is_first",
                violation_error_message="Say which of the two comes first.",
            ),
            models.CheckConstraint(
                condition=~Q(relation="separate_by_weeks") | Q(weeks_min__isnull=False),
                name="pair_apart_says_how_many_weeks",
                violation_error_message="Say how many weeks lie between the two.",
            ),
            models.CheckConstraint(
                condition=Q(condition=None)
                | Q(when__isnull=False, assume=None)
                | Q(when=None, assume__isnull=False),
                name="pair_condition_is_judged_or_assumed",
                violation_error_message="A condition in words only needs a choice how to read it.",
            ),
            one_of("relation", terms.PairRelation.choices(), "pair_relation_known"),
            one_of("evidence", terms.Evidence.choices(), "pair_evidence_known"),
            in_order("weeks_min", "weeks_typical", "pair_weeks_min_up_to_typical"),
            never_negative("weeks_min", "pair_weeks_never_negative"),
            verified_as("pair"),
        ]

    def __str__(self):
        return f"{self.code}: {self.a_id} and {self.b_id}"


@tracked
class Policy(Coded, Checked):
    kind = models.CharField(max_length=20, choices=kinds.PolicyKind.choices())
    text = models.TextField()
    detail = thing()
    evidence = models.CharField(
        max_length=1, choices=terms.Evidence.choices(), null=True, blank=True
    )

    class Meta(Coded.Meta):
        verbose_name_plural = "policies"
        constraints = [
            one_of("kind", kinds.PolicyKind.choices(), "policy_kind_known"),
            verified_as("policy"),
        ]

    def __str__(self):
        return f"{self.code}: {self.text[:80]}"


# ---- safety


@tracked
class Question(Coded, Checked):
    order = models.PositiveSmallIntegerField(default=0)
    group = models.CharField(max_length=80)
    text = models.TextField()
    help = models.TextField(null=True, blank=True)
    flag = models.CharField(
        max_length=80,
        null=True,
        blank=True,
        help_text="Stands in the banner while a yes is in force.",
    )
    parts = models.JSONField(help_text="What is answered: kind, label, unit, choices, limits.")
    regional = models.BooleanField(default=False)
    applies = thing(help_text="Whom it is asked.")
    expires_days = models.PositiveIntegerField(null=True, blank=True)
    each_session = models.BooleanField(default=False)
    clinician_only = models.BooleanField(default=False)

    class Meta(Coded.Meta):
        ordering = ["order", "code"]
        constraints = [verified_as("question")]

    def __str__(self):
        return self.text


@tracked
class SafetyRule(Coded, Checked):
    family = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    text = models.TextField()
    note = models.TextField(null=True, blank=True)
    disagreement = models.TextField(null=True, blank=True)
    legal = thing(help_text="The country whose law it is, and since when.")
    alternatives = word_list(60)
    editable = models.BooleanField(default=True)

    class Meta(Coded.Meta):
        constraints = [verified_as("safety_rule")]

    def __str__(self):
        return f"{self.code}: {self.title}"


@tracked
class SafetyClause(models.Model):
    """One `when ... then` of a rule; every clause whose condition holds is a hit."""

    rule = models.ForeignKey(SafetyRule, models.CASCADE, related_name="clauses")
    position = models.PositiveSmallIntegerField(default=0)
    when = thing()
    targets = word_list(60, help_text="Codes of families or treatments.")
    excluded = word_list(60)
    regions = word_list(60, null=True, default=None)
    scar_types = word_list(null=True, default=None)
    effect = models.CharField(max_length=10, choices=terms.Effect.choices())
    until = thing()
    until_text = models.TextField(null=True, blank=True)
    preparation = thing()
    test_spot = thing()
    standing = models.BooleanField(default=False)
    judged_by = models.CharField(max_length=30, null=True, blank=True)
    words = models.TextField(null=True, blank=True)

    class Meta:
        ordering = ["rule", "position"]
        constraints = [
            one_of("effect", terms.Effect.choices(), "clause_effect_known"),
            models.UniqueConstraint(
                fields=["rule", "position"],
                name="one_clause_a_position",
                violation_error_message="This rule has a clause at that position already.",
            ),
        ]

    def __str__(self):
        return f"{self.rule_id}, clause {self.position + 1}"


@tracked
class Limit(Coded, Checked):
    drug = models.CharField(max_length=60)
    when = thing()
    mg_per_kg = amount()
    cap_mg = amount()
    with_adrenaline = models.BooleanField(null=True, blank=True)
    factor = amount()
    text = models.TextField()

    class Meta(Coded.Meta):
        constraints = [
            never_negative("mg_per_kg", "limit_dose_never_negative"),
            never_negative("cap_mg", "limit_cap_never_negative"),
            never_negative("factor", "limit_factor_never_negative"),
            verified_as("limit"),
        ]

    def __str__(self):
        return f"{self.code}: {self.text[:80]}"


# ---- scales, questionnaires, protocols and the planner's own numbers


@tracked
class Scale(Coded, Checked):
    name = models.CharField(max_length=120)
    version = models.CharField(max_length=20, null=True, blank=True)
    verified = models.BooleanField(default=False)
    range = thing(help_text="Lowest and highest value.")
    rows = thing()
    definition = thing(help_text="What patients.grading computes from; its shape is the scale's.")

    class Meta(Coded.Meta):
        constraints = [verified_as("scale")]


@tracked
class Instrument(Coded, Checked):
    name = models.CharField(max_length=120)
    items = models.PositiveSmallIntegerField(null=True, blank=True)
    range = thing()
    bands = thing()
    thresholds = thing()
    licence = models.TextField(null=True, blank=True)
    note = models.TextField(null=True, blank=True)

    class Meta(Coded.Meta):
        constraints = [verified_as("instrument")]


@tracked
class Protocol(Coded, Checked):
    """A course that was published, with what its authors reported."""

    name = models.CharField(max_length=160)
    scar_types = word_list()
    fitzpatrick = models.CharField(max_length=20, null=True, blank=True)
    severity = models.CharField(max_length=120, null=True, blank=True)
    steps = models.JSONField()
    reported = models.JSONField()
    design = models.TextField(null=True, blank=True)
    limitations = models.TextField(null=True, blank=True)
    evidence = models.CharField(max_length=1, choices=terms.Evidence.choices())

    class Meta(Coded.Meta):
        constraints = [
            one_of("evidence", terms.Evidence.choices(), "protocol_evidence_known"),
            verified_as("protocol"),
        ]


@tracked
class Strategy(Coded):
    """What one of the alternatives prefers."""

    name = models.CharField(max_length=80)
    text = models.TextField()
    weights = models.JSONField()
    min_share = amount(null=False, blank=False)
    min_gain = amount(null=False, blank=False)
    exclude_device = models.BooleanField(default=False)
    order = models.PositiveSmallIntegerField(default=0)
    verification = models.CharField(max_length=16, choices=terms.Verification.choices())

    class Meta(Coded.Meta):
        ordering = ["order", "code"]
        verbose_name_plural = "strategies"
        constraints = [
            models.CheckConstraint(
                condition=Q(min_share__gte=0, min_share__lte=1),
                name="strategy_share_between_0_and_1",
                violation_error_message="The share of the best result is between 0 and 1.",
            ),
            never_negative("min_gain", "strategy_gain_never_negative"),
            verified_as("strategy"),
        ]


@tracked
class Calibration(Coded, Checked):
    """A constant of the effect model."""

    value = amount(null=False, blank=False)
    text = models.TextField()

    class Meta(Coded.Meta):
        constraints = [verified_as("calibration")]

    def __str__(self):
        return f"{self.code} = {self.value}"


# ---- published versions


class VersionQuerySet(models.QuerySet):
    def in_force(self) -> "Version | None":
        """The newest version; None before the first. Its document is read only when asked for."""
        return self.defer("document").order_by("-number").first()


class Version(models.Model):
    """A published catalogue. It never changes, so it needs no history."""

    number = models.PositiveIntegerField(unique=True)
    document = models.JSONField()
    hash = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    words = models.TextField(blank=True, help_text="What changed, and why.")
    lowering = models.OneToOneField(
        LoweringRequest, models.PROTECT, null=True, blank=True, related_name="version"
    )

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(hash__regex=r"^[0-9a-f]{64}$"),
                name="version_hash_is_sha256",
                violation_error_message="The hash is 64 hexadecimal digits.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="version_never_changes", operation=NEVER_CHANGES)]

    def __str__(self):
        return f"Catalogue version {self.number}"
