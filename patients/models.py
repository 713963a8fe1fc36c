"""Who the patient is and what was seen: the facts that everything above is derived from."""

import datetime as dt
import re

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import TrigramWordSimilarity
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Lower, Trim, Upper
from django.urls import reverse
from uuid_utils.compat import uuid7

from clinic.catalogue.models import Version
from clinic.catalogue.terms import (
    CountBand,
    MarkType,
    Phototype,
    ScarType,
    Severity,
    Sex,
    Side,
)

CODE = r"^[a-z][a-z0-9_]*$"
MAX_COUNT = 500
MAX_WIDTH_MM = 30
MAX_DEPTH_MM = 10
MAX_AREA_CM2 = 1000
EARLIEST_BIRTH = dt.date(1900, 1, 1)


def tracked(**options):
    """History by database triggers of every insert, change and removal."""
    return pghistory.track(
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), **options
    )


# A trigger of ours refuses as a constraint does, so that callers see an IntegrityError.
REFUSE = "RAISE EXCEPTION '{name}: {words}' USING ERRCODE = 'integrity_constraint_violation';"


def _codes(terms) -> list[str]:
    return [term.value for term in terms]


def _unknown_or_between(field: str, low, high) -> Q:
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__range": (low, high)})


def _unknown_or_above_zero(field: str, high) -> Q:
    inside = Q(**{f"{field}__gt": 0, f"{field}__lte": high})
    return Q(**{f"{field}__isnull": True}) | inside


def append_only(words: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=REFUSE.format(name="append_only", words=words),
    )


class FrozenWhenSigned(pgtrigger.Trigger):
    """Refuses any change to what a signed assessment holds.

    The row lock makes a signature and a late finding wait for one another.
    """

    name = "frozen_when_signed"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete
    declare = [("signed", "BOOLEAN")]
    func = f"""
        SELECT bool_or(parent.state = 'signed') INTO signed FROM (
            SELECT state FROM patients_assessment
            WHERE id IN (OLD.assessment_id, NEW.assessment_id) FOR SHARE
        ) AS parent;
        IF signed THEN
            {REFUSE.format(name="signed_assessment_is_frozen", words="correct it by a new one")}
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """


class PatientQuerySet(models.QuerySet):
    SIMILAR = 0.4  # low enough for a wrong letter in a short name; the best match comes first

    def visible_to(self, user):
        """The patients `user` may see: all of the clinic's, or none."""
        return self if user.has_perm("patients.view_patient") else self.none()

    def matching(self, text: str):
        """Patients whose name, record number, birth date or phone holds every word of `text`.

        Names forgive a typing slip and a missing accent; numbers must be typed right. The closest
        match comes first. An empty text finds everyone.
        """
        found, closeness = self, Value(0.0)
        words, born = _search_words(text)
        if born:
            found = found.filter(born=born)
        for word in words:
            holds = Q(
                *(Q(search__contains=_plain(one)) for one in _spellings(word)), _connector="OR"
            )
            if word.isalpha():
                near = TrigramWordSimilarity(_plain(word), "search")
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


class _Unaccent(models.Func):
    function = "UNACCENT"
    output_field = models.TextField()


def _plain(word: str):
    """As the column `search` is written: small letters without accents."""
    return _Unaccent(Lower(Value(word)))


def _spellings(word: str) -> list[str]:
    """The word, and for a name each swap of two letters, which trigrams forgive too little.

    A number is also looked for without its signs, and without a trunk prefix 0.
    """
    digits = re.sub(r"\D", "", word)
    if re.fullmatch(r"[-+()/.\d]+", word):
        trunk = [digits[1:]] if digits.startswith("0") and len(digits) > 2 else []
        return [one for one in (word, digits, *trunk) if one]
    if not word.isalpha() or len(word) < 3:
        return [word]
    swaps = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
    return [word, *swaps]


BIRTH_DATE_FORMS = ("%Y-%m-%d", "%d-%b-%Y", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y")


def _search_words(text: str) -> tuple[list[str], dt.date | None]:
    """The words of a search, and the birth date among them."""
    words, born = [], None
    for word in re.split(r"[\s,;]+", text.strip()):
        if day := _as_date(word):
            born = day
        elif word:
            words.append(word)
    return words, born


def _as_date(word: str) -> dt.date | None:
    for form in BIRTH_DATE_FORMS:
        try:
            return dt.datetime.strptime(word, form).date()
        except ValueError:
            continue
    return None


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
                condition=Q(sex__in=_codes(Sex)),
                violation_error_message="Choose one of the listed sexes.",
            ),
            models.CheckConstraint(
                name="patient_fitzpatrick_is_i_to_vi_or_unknown",
                condition=_unknown_or_between("fitzpatrick", 1, 6),
                violation_error_message="A skin type is I to VI.",
            ),
            models.CheckConstraint(
                name="patient_weight_is_2_to_400_kg_or_unknown",
                condition=_unknown_or_between("weight_kg", 2, 400),
                violation_error_message="A weight is 2 to 400 kg.",
            ),
            models.CheckConstraint(
                name="patient_height_is_40_to_260_cm_or_unknown",
                condition=_unknown_or_between("height_cm", 40, 260),
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

    class Meta:
        verbose_name_plural = "wishes"
        constraints = [
            models.CheckConstraint(
                name="wishes_downtime_is_0_to_365_days",
                condition=_unknown_or_between("max_downtime_days", 0, 365),
                violation_error_message="Downtime is 0 to 365 days.",
            ),
            models.CheckConstraint(
                name="wishes_budget_is_above_zero",
                condition=Q(budget__isnull=True) | Q(budget__gt=0),
                violation_error_message="A budget is more than 0.",
            ),
            models.CheckConstraint(
                name="wishes_visits_are_1_to_100",
                condition=_unknown_or_between("max_visits", 1, 100),
                violation_error_message="Visits are 1 to 100.",
            ),
        ]

    def __str__(self):
        return f"Wishes of {self.patient}"


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


class AssessmentQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def signed(self):
        return self.filter(state="signed")

    def drafts(self):
        return self.filter(state="draft")

    def in_force(self):
        """Signed and not corrected by another signed one."""
        corrected = Assessment.objects.filter(corrects=models.OuterRef("pk"), state="signed")
        return self.signed().filter(~models.Exists(corrected))

    def newest_first(self):
        return self.order_by("-assessed_on", "-id")


@tracked()
class Assessment(models.Model):
    """What was seen on one day; a draft until signed, and never changed after."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="assessments")
    assessed_on = models.DateField()
    assessed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    corrects = models.OneToOneField(
        "self", models.PROTECT, related_name="correction", null=True, blank=True
    )
    correction_reason = models.TextField(blank=True)
    obvious_at_50cm = models.BooleanField(null=True, blank=True)
    easily_covered = models.BooleanField(null=True, blank=True)
    flattens_on_stretch = models.BooleanField(null=True, blank=True)
    scar_s_face = models.PositiveSmallIntegerField(null=True, blank=True)
    scar_s_chest = models.PositiveSmallIntegerField(null=True, blank=True)
    scar_s_back = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)
    grades = models.JSONField(null=True, blank=True)
    catalogue_version = models.ForeignKey(
        Version, models.PROTECT, related_name="+", null=True, blank=True
    )
    revision = models.PositiveIntegerField(default=1, editable=False)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["-assessed_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="assessment_signed_with_who_when_and_grades",
                condition=Q(
                    state="signed",
                    signed_at__isnull=False,
                    signed_by__isnull=False,
                    grades__isnull=False,
                    catalogue_version__isnull=False,
                )
                | Q(state="draft", signed_at=None, signed_by=None, grades=None),
            ),
            models.CheckConstraint(
                name="assessment_correction_says_why",
                condition=Q(corrects__isnull=True) | ~Q(correction_reason=""),
                violation_error_message="Say why the assessment is corrected.",
            ),
            models.CheckConstraint(
                name="assessment_scar_s_is_0_to_5_or_unknown",
                condition=_unknown_or_between("scar_s_face", 0, 5)
                & _unknown_or_between("scar_s_chest", 0, 5)
                & _unknown_or_between("scar_s_back", 0, 5),
                violation_error_message="A SCAR-S grade is 0 to 5.",
            ),
            models.UniqueConstraint(
                name="assessment_one_draft_a_patient",
                fields=["patient"],
                condition=Q(state="draft"),
                violation_error_message="This patient already has a draft assessment.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="frozen_once_signed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="signed"),
                func=REFUSE.format(
                    name="signed_assessment_is_frozen", words="correct it by a new one"
                ),
            )
        ]

    def __str__(self):
        return f"Assessment of {self.patient} on {self.assessed_on:%d-%b-%Y}"

    def get_absolute_url(self):
        return reverse("patients:assessment", args=[self.pk])

    @property
    def is_signed(self) -> bool:
        return self.state == self.State.SIGNED


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
            condition=Q(side__in=_codes(Side)),
            violation_error_message="Choose left, middle or right.",
        ),
        models.CheckConstraint(
            name=f"{name}_count_is_1_to_{MAX_COUNT}_or_unknown",
            condition=_unknown_or_between("count", 1, MAX_COUNT),
            violation_error_message=f"A number is 1 to {MAX_COUNT}.",
        ),
        models.CheckConstraint(
            name=f"{name}_count_band_is_a_band_or_empty",
            condition=Q(count_band__in=["", *_codes(CountBand)]),
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
                condition=Q(scar_type__in=_codes(ScarType)),
                violation_error_message="Choose one of the scar types. A mark is logged as a mark.",
            ),
            models.CheckConstraint(
                name="finding_secondary_type_is_another_scar_type_or_empty",
                condition=Q(secondary_type="")
                | (Q(secondary_type__in=_codes(ScarType)) & ~Q(secondary_type=F("scar_type"))),
                violation_error_message="The second type is another scar type.",
            ),
            models.CheckConstraint(
                name=f"finding_width_is_at_most_{MAX_WIDTH_MM}_mm_or_unknown",
                condition=_unknown_or_above_zero("width_mm", MAX_WIDTH_MM),
                violation_error_message=f"A width is more than 0 and at most {MAX_WIDTH_MM} mm.",
            ),
            models.CheckConstraint(
                name=f"finding_depth_is_at_most_{MAX_DEPTH_MM}_mm_or_unknown",
                condition=_unknown_or_above_zero("depth_mm", MAX_DEPTH_MM),
                violation_error_message=f"A depth is more than 0 and at most {MAX_DEPTH_MM} mm.",
            ),
            models.CheckConstraint(
                name="finding_area_is_above_zero_or_unknown",
                condition=_unknown_or_above_zero("area_cm2", MAX_AREA_CM2),
                violation_error_message=f"An area is more than 0 and at most {MAX_AREA_CM2} cm².",
            ),
            models.CheckConstraint(
                name="finding_age_is_at_most_1200_months_or_unknown",
                condition=_unknown_or_between("age_months", 0, 1200),
                violation_error_message="The age of a scar is 0 to 1200 months.",
            ),
            models.CheckConstraint(
                name="finding_severity_is_a_term_or_empty",
                condition=Q(severity__in=["", *_codes(Severity)]),
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
                condition=Q(mark_type__in=_codes(MarkType)),
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


class Improvement(models.TextChoices):
    """How the scars are now, as a whole, against before treatment."""

    WORSE = "worse", "Worse"
    UP_TO_25 = "0_25", "0 to 25 % better"
    UP_TO_50 = "26_50", "26 to 50 % better"
    UP_TO_75 = "51_75", "51 to 75 % better"
    OVER_75 = "over_75", "Over 75 % better"


@tracked()
class FollowUp(models.Model):
    """What clinician and patient say of the result so far, beside what was counted."""

    assessment = models.OneToOneField(Assessment, models.CASCADE, related_name="follow_up")
    clinician_impression = models.CharField(
        "clinician's impression", max_length=7, blank=True, choices=Improvement.choices
    )
    patient_impression = models.CharField(
        "patient's impression", max_length=7, blank=True, choices=Improvement.choices
    )
    last_session_pain = models.PositiveSmallIntegerField(
        "pain of the last session", null=True, blank=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="follow_up_impressions_are_known",
                condition=Q(clinician_impression__in=["", *Improvement.values])
                & Q(patient_impression__in=["", *Improvement.values]),
                violation_error_message="Choose one of the listed impressions.",
            ),
            models.CheckConstraint(
                name="follow_up_pain_is_0_to_10_or_unknown",
                condition=_unknown_or_between("last_session_pain", 0, 10),
                violation_error_message="Pain is 0 to 10.",
            ),
        ]
        triggers = [FrozenWhenSigned()]

    def __str__(self):
        return f"Follow-up of {self.assessment}"


class WithdrawnQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(patient__in=Patient.objects.visible_to(user))

    def standing(self):
        """Without what was withdrawn."""
        return self.filter(withdrawn_at=None)


class Withdrawable(models.Model):
    """Is never deleted: what is no longer meant is withdrawn, by somebody and for a reason."""

    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    withdrawn_reason = models.CharField(max_length=300, blank=True, editable=False)

    objects = WithdrawnQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None


def withdrawn_with_who_when_and_why(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"{name}_withdrawn_with_who_when_and_why",
        condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")
        | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_reason="")),
        violation_error_message="Say why.",
    )


def only_withdrawn(kept: tuple[str, ...], words: str) -> list[pgtrigger.Trigger]:
    """Refuses a deletion, a change of any column in `kept`, and taking a withdrawal back."""
    touched = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in kept)
    refuse = REFUSE.format(name="only_withdrawn", words=words)
    return [
        pgtrigger.Trigger(
            name="only_withdrawn",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=f"""
                IF TG_OP = 'DELETE' OR OLD.withdrawn_at IS NOT NULL OR {touched} THEN
                    {refuse}
                END IF;
                RETURN NEW;
            """,
        )
    ]


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


@tracked()
class ReportedTotal(Withdrawable):
    """What the patient's answers to one questionnaire came to; the items themselves stay out."""

    class Manner(models.TextChoices):
        SELF = "self", "The patient alone"
        READ_OUT = "read_out", "Read out to the patient"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="reported_totals")
    instrument = models.CharField(max_length=60)
    edition = models.CharField("version used", max_length=60, blank=True)
    language = models.CharField(max_length=60, blank=True)
    answered_on = models.DateField("answered on")
    manner = models.CharField("answered by", max_length=8, choices=Manner.choices)
    total = models.PositiveSmallIntegerField(null=True, blank=True)
    positive = models.BooleanField(null=True, blank=True)  # of an instrument without a total
    self_harm = models.BooleanField(null=True, blank=True)  # where the instrument asks about it
    administered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    catalogue_version = models.ForeignKey(Version, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-answered_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="reported_total_instrument_is_a_code", condition=Q(instrument__regex=CODE)
            ),
            models.CheckConstraint(
                name="reported_total_or_whether_positive",
                condition=Q(total__isnull=True) ^ Q(positive__isnull=True),
                violation_error_message="Enter the total.",
            ),
            models.CheckConstraint(
                name="reported_total_manner_is_known",
                condition=Q(manner__in=["self", "read_out"]),
                violation_error_message="Say who answered.",
            ),
            withdrawn_with_who_when_and_why("reported_total"),
        ]
        triggers = only_withdrawn(
            ("patient_id", "instrument", "answered_on", "total", "positive", "self_harm"),
            "a total is withdrawn with a reason",
        )

    def __str__(self):
        return f"{self.instrument} on {self.answered_on:%d-%b-%Y}"


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
