"""Groups of scars and of marks in one place, and the steps by which they were logged."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

from clinic.catalogue.terms import CountBand, MarkType, ScarType, Severity, Side
from patients.models.assessments import Assessment, FrozenWhenSigned
from patients.models.keeping import (
    CODE,
    codes,
    tracked,
    unknown_or_above_zero,
    unknown_or_between,
)

MAX_COUNT = 500
MAX_WIDTH_MM = 30
MAX_DEPTH_MM = 10
MAX_AREA_CM2 = 1000


class Located(models.Model):
    """What a finding and a mark share: a place, a number and a lineage.

    `lineage` stays the same for one group of like lesions in every later assessment.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    lineage = models.UUIDField(default=uuid7, editable=False)
    region = models.CharField(max_length=40)
    side = models.CharField(max_length=1, choices=Side.choices())
    count = models.PositiveSmallIntegerField("exact number", null=True, blank=True)
    count_band = models.CharField("how many", max_length=8, blank=True, choices=CountBand.choices())
    note = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def validate_constraints(self, exclude=None):
        """The forms refuse the same before: a page that saves at each press does not ask twelve
        questions of the database, which refuses what they would miss."""

    @property
    def place(self) -> str:
        return f"{self.region}.{self.side}"

    @property
    def how_many(self) -> str:
        """In words; a band where nobody counted."""
        if self.count is not None:
            return str(self.count)
        return CountBand(self.count_band).label if self.count_band else "Not recorded"

    @property
    def amount(self) -> int | str | None:
        """The number, else the band, else None."""
        return self.count if self.count is not None else self.count_band or None


def _located_constraints(name: str) -> list[models.CheckConstraint]:
    return [
        models.CheckConstraint(
            name=f"{name}_region_is_a_code",
            condition=Q(region__regex=CODE),
            violation_error_message="Choose one of the listed regions.",
        ),
        models.CheckConstraint(
            name=f"{name}_side_is_l_m_or_r",
            condition=Q(side__in=codes(Side)),
            violation_error_message="Choose left, middle or right.",
        ),
        models.CheckConstraint(
            name=f"{name}_count_is_1_to_{MAX_COUNT}_or_unknown",
            condition=unknown_or_between("count", 1, MAX_COUNT),
            violation_error_message=f"A number is 1 to {MAX_COUNT}.",
        ),
        models.CheckConstraint(
            name=f"{name}_count_band_is_a_band_or_empty",
            condition=Q(count_band__in=["", *codes(CountBand)]),
            violation_error_message="Choose one of the listed bands.",
        ),
        models.CheckConstraint(
            name=f"{name}_has_a_count_or_a_band_but_not_both",
            condition=Q(count__isnull=True) | Q(count_band=""),
            violation_error_message="Give an exact number or a band, not both.",
        ),
    ]


@tracked()
class Finding(Located):
    """A group of like scars in one place; how many is `count`, or `count_band` if not counted."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="findings")
    scar_type = models.CharField("type", max_length=20, choices=ScarType.choices())
    secondary_type = models.CharField(
        "also features of", max_length=20, blank=True, choices=ScarType.choices()
    )
    width_mm = models.DecimalField("width", max_digits=4, decimal_places=2, null=True, blank=True)
    depth_mm = models.DecimalField("depth", max_digits=4, decimal_places=2, null=True, blank=True)
    severity = models.CharField(max_length=8, blank=True, choices=Severity.choices())
    distensible = models.BooleanField("flattens when stretched", null=True, blank=True)
    area_cm2 = models.DecimalField(
        "total area", max_digits=6, decimal_places=2, null=True, blank=True
    )
    age_months = models.PositiveSmallIntegerField("age of the scar", null=True, blank=True)
    active_inflammation = models.BooleanField("inflamed now", null=True, blank=True)
    broad = models.BooleanField("broad area", default=False)
    significant = models.BooleanField("significant (hypertrophic)", null=True, blank=True)
    gb_row = models.CharField("row of the Goodman-Baron count", max_length=8, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            *_located_constraints("finding"),
            models.CheckConstraint(
                name="finding_type_is_a_scar_type",
                condition=Q(scar_type__in=codes(ScarType)),
                violation_error_message="Choose one of the scar types. A mark is logged as a mark.",
            ),
            models.CheckConstraint(
                name="finding_secondary_type_is_another_scar_type_or_empty",
                condition=Q(secondary_type="")
                | (Q(secondary_type__in=codes(ScarType)) & ~Q(secondary_type=F("scar_type"))),
                violation_error_message="The second type is another scar type.",
            ),
            models.CheckConstraint(
                name=f"finding_width_is_at_most_{MAX_WIDTH_MM}_mm_or_unknown",
                condition=unknown_or_above_zero("width_mm", MAX_WIDTH_MM),
                violation_error_message=f"A width is more than 0 and at most {MAX_WIDTH_MM} mm.",
            ),
            models.CheckConstraint(
                name=f"finding_depth_is_at_most_{MAX_DEPTH_MM}_mm_or_unknown",
                condition=unknown_or_above_zero("depth_mm", MAX_DEPTH_MM),
                violation_error_message=f"A depth is more than 0 and at most {MAX_DEPTH_MM} mm.",
            ),
            models.CheckConstraint(
                name="finding_area_is_above_zero_or_unknown",
                condition=unknown_or_above_zero("area_cm2", MAX_AREA_CM2),
                violation_error_message=f"An area is more than 0 and at most {MAX_AREA_CM2} cm².",
            ),
            models.CheckConstraint(
                name="finding_age_is_at_most_1200_months_or_unknown",
                condition=unknown_or_between("age_months", 0, 1200),
                violation_error_message="The age of a scar is 0 to 1200 months.",
            ),
            models.CheckConstraint(
                name="finding_severity_is_a_term_or_empty",
                condition=Q(severity__in=["", *codes(Severity)]),
                violation_error_message="Choose mild, moderate or severe.",
            ),
            models.CheckConstraint(
                name="finding_gb_row_is_a_row_code_or_empty",
                condition=Q(gb_row="") | Q(gb_row__regex=r"^[A-Z][0-9]+$"),
                violation_error_message="Choose one of the listed rows.",
            ),
            models.UniqueConstraint(
                name="finding_lineage_once_in_an_assessment", fields=["assessment", "lineage"]
            ),
        ]
        triggers = [FrozenWhenSigned()]

    def __str__(self):
        return f"{ScarType(self.scar_type).label} in {self.place}"


@tracked()
class Mark(Located):
    """A flat colour change in one place: colour, not texture, and never a scar."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="marks")
    mark_type = models.CharField("colour", max_length=4, choices=MarkType.choices())

    class Meta:
        ordering = ["id"]
        constraints = [
            *_located_constraints("mark"),
            models.CheckConstraint(
                name="mark_type_is_a_mark_type",
                condition=Q(mark_type__in=codes(MarkType)),
                violation_error_message="Choose one of the marks. A scar is logged as a scar.",
            ),
            models.UniqueConstraint(
                name="mark_lineage_once_in_an_assessment", fields=["assessment", "lineage"]
            ),
        ]
        triggers = [FrozenWhenSigned()]

    def __str__(self):
        return f"{MarkType(self.mark_type).label} in {self.place}"


class Change(models.Model):
    """One step of logging, so that it can be undone and redone; of no interest once signed."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="changes")
    table = models.CharField(max_length=7, choices=[("finding", "finding"), ("mark", "mark")])
    target = models.UUIDField()
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    undone = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return f"{self.table} {self.target}"


class Receipt(models.Model):
    """That a request of the logging page was done, under the key that the page gave it."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="receipts")
    key = models.UUIDField()
    row = models.UUIDField(null=True)  # the finding or mark that it made or changed

    class Meta:
        constraints = [
            models.UniqueConstraint(name="receipt_once_a_key", fields=["assessment", "key"])
        ]

    def __str__(self):
        return str(self.key)
