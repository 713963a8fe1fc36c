import datetime as dt

from crispy_forms.bootstrap import AppendedText
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Column, Fieldset, Layout, Row, Submit
from django import forms
from django.utils import timezone

from clinic.catalogue.terms import CountBand, MarkType, ScarType, Severity, Sex
from patients import chart
from patients.fields import DayField, PartialDateField, YesNoUnknown, number_field
from patients.models import (
    EARLIEST_BIRTH,
    MAX_AREA_CM2,
    MAX_COUNT,
    MAX_DEPTH_MM,
    MAX_WIDTH_MM,
    Assessment,
    Finding,
    Mark,
    Patient,
    PreviousTreatment,
    Wishes,
)


def helper(*layout, save="Save", cancel="") -> FormHelper:
    """The layout of a form with its buttons; the page writes the <form> when it needs more."""
    made = FormHelper()
    made.attrs = {"novalidate": True, "autocomplete": "off", "data-keep": "1"}
    buttons = [Submit("save", save)]
    if cancel:
        buttons.append(HTML(f'<a class="btn btn-link" href="{cancel}">Cancel</a>'))
    made.layout = Layout(*layout, Row(Column(*buttons), css_class="form-buttons"))
    return made


class PatientForm(forms.ModelForm):
    born = DayField(label="Date of birth", earliest=EARLIEST_BIRTH, latest=timezone.localdate)
    sex = forms.ChoiceField(choices=Sex.choices(), widget=forms.RadioSelect)
    weight_kg = number_field("Weight", low=2, high=400, unit="kg", places=1)
    height_cm = number_field("Height", low=40, high=260, unit="cm")
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Patient
        fields = [
            *("record_number", "given_name", "family_name", "born", "sex", "fitzpatrick"),
            *("phone", "email", "address", "weight_kg", "height_cm", "allergies", "note"),
        ]
        widgets = {
            "address": forms.Textarea({"rows": 2}),
            "allergies": forms.Textarea({"rows": 2}),
            "note": forms.Textarea({"rows": 2}),
        }
        help_texts = {
            "allergies": "Shown on every page about this patient.",
            "record_number": "The clinic's own number for this patient.",
        }
        error_messages = {
            "record_number": {"required": "Enter a record number."},
            "given_name": {"required": "Enter the given name."},
            "family_name": {"required": "Enter the family name."},
        }

    def __init__(self, *args, cancel="", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["born"].error_messages["required"] = "Enter the date of birth."
        self.fields["sex"].error_messages["required"] = "Choose one."
        self.fields["fitzpatrick"].choices = [
            ("", "Not recorded"),
            *(pair for pair in self.fields["fitzpatrick"].choices if pair[0]),
        ]
        if self.instance.pk and not self.instance._state.adding:
            self.fields["revision"].initial = self.instance.revision
        self.helper = helper(
            "revision",
            Fieldset(
                "Who",
                Row(Column("record_number"), Column("sex")),
                Row(Column("given_name"), Column("family_name"), Column("born")),
            ),
            Fieldset(
                "For the plan",
                Row(
                    Column("fitzpatrick"),
                    Column(AppendedText("weight_kg", "kg")),
                    Column(AppendedText("height_cm", "cm")),
                ),
                "allergies",
            ),
            Fieldset("How to reach", Row(Column("phone"), Column("email")), "address"),
            "note",
            cancel=cancel,
        )
        self.helper.form_tag = False

    def clean_record_number(self):
        return self.cleaned_data["record_number"].strip().upper()

    def columns(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class SearchForm(forms.Form):
    q = forms.CharField(required=False, max_length=100, label="Find a patient")


class WishesForm(forms.ModelForm):
    max_downtime_days = number_field("Longest downtime after a session", low=0, high=365)
    budget = number_field("Budget", above=0, high=999999, places=2)
    max_visits = number_field("Most visits", low=1, high=100)
    finish_by = DayField(label="To be done by", required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Wishes
        fields = ["max_downtime_days", "budget", "max_visits", "finish_by", "no_needles"]
        labels = {"no_needles": "No needles"}
        help_texts = {"no_needles": "Nothing that pricks or enters the skin with a needle."}

    def __init__(self, *args, currency="", cancel="", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["revision"].initial = self.instance.revision if self.instance.pk else 0
        self.helper = helper(
            "revision",
            HTML("<p>What is left empty is no limit.</p>"),
            Row(
                Column(AppendedText("max_downtime_days", "days")),
                Column(AppendedText("max_visits", "visits")),
            ),
            Row(Column(AppendedText("budget", currency or "money")), Column("finish_by")),
            "no_needles",
            cancel=cancel,
        )

    def columns(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def clean_finish_by(self):
        day = self.cleaned_data["finish_by"]
        if day and day < timezone.localdate() and "finish_by" in self.changed_data:
            raise forms.ValidationError("This day has passed. Enter a coming one.")
        return day


class PreviousTreatmentForm(forms.ModelForm):
    performed_on = PartialDateField(
        label="When", precision="year", required=False, latest=timezone.localdate
    )
    places = forms.MultipleChoiceField(
        required=False, label="Where", widget=forms.SelectMultiple({"size": 6})
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = PreviousTreatment
        fields = [
            "treatment",
            "name",
            "performed_on",
            "places",
            "result",
            "given_elsewhere",
            "note",
        ]
        widgets = {"note": forms.Textarea({"rows": 2})}
        error_messages = {"name": {"required": "Say what was done."}}

    def __init__(self, *args, treatments=(), cancel="", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["treatment"] = forms.ChoiceField(
            required=False,
            label="Treatment",
            choices=[("", "Not in the list"), *treatments],
            initial=self.instance.treatment,
        )
        self.fields["places"].choices = list(chart.places().items())
        self.fields["name"].required = False
        self.fields["name"].help_text = "In your words, where it is not in the list."
        if self.instance.performed_on:
            cut = {"day": 10, "month": 7, "year": 4}[self.instance.precision]
            self.initial["performed_on"] = self.instance.performed_on.isoformat()[:cut]
        self.fields["revision"].initial = (
            0 if self.instance._state.adding else self.instance.revision
        )
        self.helper = helper(
            "revision",
            Row(Column("treatment"), Column("name")),
            Row(Column("performed_on"), Column("result")),
            "places",
            "given_elsewhere",
            "note",
            cancel=cancel,
        )

    def clean(self):
        data = super().clean()
        if not data.get("name") and data.get("treatment"):
            data["name"] = dict(self.fields["treatment"].choices)[data["treatment"]]
        if not data.get("name"):
            self.add_error("name", "Choose a treatment, or say what was done.")
        iso = data.get("performed_on") or ""
        data["performed_on"] = _first_of(iso)
        data["precision"] = {4: "year", 7: "month"}.get(len(iso), "day")
        return data

    def columns(self) -> dict:
        return {name: self.cleaned_data[name] for name in (*self.Meta.fields, "precision")}


def _first_of(iso: str):
    numbers = [int(number) for number in iso.split("-")] if iso else []
    return dt.date(*[*numbers, 1, 1][:3]) if numbers else None


# --- assessments --------------------------------------------------------------------------------


class StartForm(forms.Form):
    assessed_on = DayField(label="Assessed on", latest=timezone.localdate)
    copy_last = forms.BooleanField(
        required=False, label="Begin with the findings of the last signed assessment"
    )

    def __init__(self, *args, can_copy=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["assessed_on"].initial = timezone.localdate
        if not can_copy:
            del self.fields["copy_last"]
        self.helper = helper(
            "assessed_on", *(["copy_last"] if can_copy else []), save="Start assessment"
        )


class BedsideForm(forms.ModelForm):
    """The questions of the qualitative grade, SCAR-S and the note; saved as one changes it."""

    obvious_at_50cm = YesNoUnknown(label="Obvious at 50 cm?")
    easily_covered = YesNoUnknown(label="Easily covered?")
    flattens_on_stretch = YesNoUnknown(label="Flattens when stretched?")
    revision = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Assessment
        fields = [
            *("obvious_at_50cm", "easily_covered", "flattens_on_stretch"),
            *("scar_s_face", "scar_s_chest", "scar_s_back", "note"),
        ]
        widgets = {"note": forms.Textarea({"rows": 2})}

    def __init__(self, *args, categories=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["revision"].initial = self.instance.revision
        self.fields["easily_covered"].help_text = "By make-up, beard shadow or hair."
        choices = [("", "Not examined"), *categories]
        for site in ("face", "chest", "back"):
            self.fields[f"scar_s_{site}"] = forms.TypedChoiceField(
                label=site.capitalize(),
                choices=choices,
                coerce=int,
                empty_value=None,
                required=False,
            )

    def columns(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class CorrectForm(forms.Form):
    reason = forms.CharField(
        label="Why is it corrected?",
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Say why the assessment is corrected."},
    )

    def __init__(self, *args, cancel="", **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = helper("reason", save="Start the correction", cancel=cancel)


# Keys of fast logging; the letter is shown on each button. Marks stand apart from scars.
TYPE_KEYS = {
    "ice_pick": "I",
    "boxcar_shallow": "B",
    "boxcar_deep": "D",
    "rolling": "R",
    "hypertrophic": "H",
    "keloid": "K",
    "papular": "P",
    "boxcar_unspecified": "U",
    "linear": "L",
    "bridge": "G",
    "tunnel": "T",
    "elastolysis": "A",
    "mark_pih": "M",
    "mark_pie": "N",
    "mark_hypo": "O",
}
BAND_KEYS = {"1-4": "1", "5-10": "2", "11-20": "3", "over-20": "4"}
# Which details are asked of which types; every one may stay empty.
ATROPHIC = "ice_pick boxcar_shallow boxcar_deep boxcar_unspecified rolling elastolysis linear"
DETAILS = {
    "severity": "rolling hypertrophic",
    "width_mm": "ice_pick boxcar_shallow boxcar_deep boxcar_unspecified rolling papular linear",
    "depth_mm": "boxcar_shallow boxcar_deep boxcar_unspecified linear",
    "distensible": ATROPHIC,
    "broad": "rolling",
    "area_cm2": "hypertrophic keloid",
    "age_months": "hypertrophic keloid",
    "significant": "hypertrophic",
    "active_inflammation": "hypertrophic keloid bridge tunnel",
    "secondary_type": " ".join(kind.value for kind in ScarType),
    "gb_row": " ".join(kind.value for kind in ScarType),
}


class PlacedForm(forms.ModelForm):
    """A place, and how many: a band or an exact number."""

    place = forms.ChoiceField(
        label="Where",
        error_messages={
            "required": "Say where: choose a region on the face or in the list.",
            "invalid_choice": "Choose one of the listed regions.",
        },
    )
    count = number_field("Exact number", low=1, high=MAX_COUNT)
    count_band = forms.ChoiceField(
        required=False,
        label="How many",
        choices=[("", "Not recorded"), *CountBand.choices()],
        widget=forms.RadioSelect,
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [("", "Choose a region"), *chart.places().items()]
        if not self.instance._state.adding:
            self.fields["place"].initial = self.instance.place
            self.fields["revision"].initial = self.instance.revision

    def clean(self):
        data = super().clean()
        if data.get("count") and data.get("count_band"):
            self.add_error("count", "Give an exact number or a band, not both.")
        if data.get("place"):
            self.instance.region, self.instance.side = data["place"].split(".")
        return data

    def columns(self) -> dict:
        """What a service takes; the place as region and side."""
        kept = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return {**kept, "region": self.instance.region, "side": self.instance.side}


class FindingForm(PlacedForm):
    width_mm = number_field("Width", above=0, high=MAX_WIDTH_MM, unit="mm", places=2)
    depth_mm = number_field("Depth", above=0, high=MAX_DEPTH_MM, unit="mm", places=2)
    area_cm2 = number_field("Total area", above=0, high=MAX_AREA_CM2, unit="cm²", places=2)
    age_months = number_field("Age of the scar", low=0, high=1200, unit="months")
    severity = forms.ChoiceField(
        required=False,
        choices=[*Severity.choices(), ("", "Not recorded")],
        widget=forms.RadioSelect,
    )
    distensible = YesNoUnknown(label="Flattens when stretched")
    significant = YesNoUnknown(label="Significant")
    active_inflammation = YesNoUnknown(label="Inflamed now")
    gb_row = forms.ChoiceField(required=False, label="Row of the Goodman-Baron score")

    class Meta:
        model = Finding
        fields = [
            *("scar_type", "count_band", "count", "severity", "width_mm", "depth_mm"),
            *("distensible", "broad", "area_cm2", "age_months", "significant"),
            *("active_inflammation", "secondary_type", "gb_row", "note"),
        ]
        error_messages = {
            "scar_type": {
                "required": "Choose a type.",
                "invalid_choice": "Choose one of the listed types.",
            }
        }

    def __init__(self, *args, rows=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["gb_row"].choices = [("", "As the type suggests"), *rows]
        self.fields["secondary_type"].choices = [("", "None"), *ScarType.choices()]
        for name, types in DETAILS.items():
            self.fields[name].only_for = types
        for name in ("width_mm", "depth_mm", "area_cm2"):
            if self.initial.get(name) is not None:  # 4 and not 4.00
                self.initial[name] = f"{self.initial[name].normalize():f}"

    def clean(self):
        data = super().clean()
        if data.get("secondary_type") and data["secondary_type"] == data.get("scar_type"):
            self.add_error("secondary_type", "Choose another type than the first.")
        return self._only_what_applies(data)

    def _only_what_applies(self, data):
        """What the page had put away for this type was typed for another one."""
        for name, types in DETAILS.items():
            if data.get("scar_type") and data["scar_type"] not in types.split():
                self._errors.pop(name, None)
                data[name] = self.fields[name].clean(None)
        return data


class MarkForm(PlacedForm):
    class Meta:
        model = Mark
        fields = ["mark_type", "count_band", "count", "note"]
        error_messages = {
            "mark_type": {
                "required": "Choose a colour.",
                "invalid_choice": "Choose one of the listed marks.",
            }
        }


def quick_details(code: str) -> set[str]:
    """The details that matter so often for this type that a key sets them."""
    return {name for name in ("severity", "distensible") if code in DETAILS[name].split()}


def kinds() -> list[dict]:
    """Every type that can be logged, with its key, for the panel; named as in the legend."""
    scars = {kind.value: kind.label for kind in ScarType}
    marks = {f"mark_{kind.value}": kind.label for kind in MarkType}
    return [
        {
            "code": code,
            "key": key,
            "name": {**scars, **marks}[code],
            "symbol": chart.SYMBOLS.get(code),
            "is_mark": code in marks,
            "asks": " ".join(sorted(quick_details(code))),
        }
        for code, key in TYPE_KEYS.items()
        if code in scars or code in marks
    ]
