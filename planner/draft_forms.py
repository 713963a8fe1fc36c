"""Forms of a clinician's hand: each knows its own change of a draft and says it in words."""

from datetime import timedelta

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout, Submit
from django import forms

from patients.chart import place_name
from planner import outline as hand
from planner.errors import NotEditable
from planner.models import OverrideReason

OWN_VISIT = ""
OPEN, REASON, CLOSED = "Open here", "Needs a documented reason", "Contraindicated or held back here"
WISHED, LACKED, LATER = (
    "Beyond the patient’s wishes",
    "Not offered here",
    "Not in time for this plan",
)
GROUPS = {"": OPEN, "OVERRIDE": REASON, "wish": WISHED, "clinic": LACKED, "late": LATER}


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self):
        super().__init__(format="%Y-%m-%d")


class HandForm(forms.Form):
    """One change of a draft. `desk` is what the page worked out: outline, names, choices."""

    op = ""
    title = ""
    button = "Change"
    css = "btn-primary"
    keeps_protocol = False

    def __init__(self, *args, desk, **kwargs):
        kwargs.setdefault("auto_id", f"id_{self.op}_%s")
        super().__init__(*args, **kwargs)
        self.desk = desk
        self.outline = desk.outline
        self.prepare()
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(*self.rows(), Submit("go", self.button, css_class=self.css))

    def prepare(self):
        """Fill in what can be chosen."""

    def rows(self):
        return tuple(self.fields)

    def change(self, outline):
        raise NotImplementedError

    def words(self) -> str:
        raise NotImplementedError


class StepForm(HandForm):
    """About one step, or about all that are still to come of the same treatment."""

    everywhere = forms.BooleanField(required=False, label="In every visit still to come")

    def __init__(self, *args, key, **kwargs):
        self.key = key
        super().__init__(*args, **kwargs)
        if len(hand.alike(self.outline, key)) < 2:
            del self.fields["everywhere"]
            self.helper.layout = Layout(
                *(row for row in self.rows() if row != "everywhere"),
                Submit("go", self.button, css_class=self.css),
            )

    @property
    def line(self):
        return hand.line_of(self.outline, self.key)

    @property
    def keys(self):
        if self.cleaned_data.get("everywhere"):
            return hand.alike(self.outline, self.key)
        return (self.key,)

    def which(self) -> str:
        """ "visit 2" or "every visit", as the record says it."""
        if self.cleaned_data.get("everywhere"):
            return "every visit"
        return f"visit {self.desk.number_of(self.key)}"

    def named(self) -> str:
        return self.desk.treatment(self.line.treatment)


class SwapForm(StepForm):
    op = "swap"
    title = "Swap for another treatment"
    button = "Swap"
    field_order = ["treatment", "everywhere"]
    treatment = forms.ChoiceField(
        label="Another treatment here",
        help_text="The figure is its change of the expected improvement.",
        error_messages={"required": "Choose a treatment."},
    )

    def prepare(self):
        line = self.line
        self.fields["treatment"].choices = grouped(self.desk.open_for(line.places, line.treatment))

    def change(self, outline):
        return hand.swap(outline, self.keys, self.cleaned_data["treatment"])

    def words(self):
        new = self.desk.treatment(self.cleaned_data["treatment"])
        return f"{new} instead of {self.named()} in {self.which()}"


class PlacesForm(StepForm):
    op = "where"
    title = "Treat other places"
    button = "Treat there"
    css = "btn-outline-primary"
    field_order = ["places", "everywhere"]
    places = forms.MultipleChoiceField(
        label="Where",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one place, or drop the step."},
    )

    def prepare(self):
        here = [*self.desk.places, *self.line.places]
        self.fields["places"].choices = place_choices(here)
        self.fields["places"].initial = list(self.line.places)

    def change(self, outline):
        return hand.treat(outline, self.keys, self.cleaned_data["places"])

    def words(self):
        return f"{self.named()} in other places in {self.which()}"


class DayForm(HandForm):
    """Into a visit of the plan, or into one of its own on a day."""

    to = forms.ChoiceField(label="Into", required=False)
    on = forms.DateField(label="Day of its own visit", required=False, widget=DayInput())

    def clean(self):
        cleaned = super().clean()
        alone = cleaned.get("to", OWN_VISIT) == OWN_VISIT
        if alone and not cleaned.get("on") and "on" not in self.errors:
            self.add_error("on", "Choose a visit above, or the day of a visit of its own.")
        return cleaned

    @property
    def day(self):
        to = self.cleaned_data["to"]
        return hand.visit_at(self.outline, int(to)).on if to else self.cleaned_data["on"]


class MoveStepForm(DayForm):
    op = "move"
    title = "Move to another visit or day"
    button = "Move"
    css = "btn-outline-primary"

    def __init__(self, *args, key, **kwargs):
        self.key = key
        super().__init__(*args, **kwargs)

    def prepare(self):
        visit = hand.visit_with(self.outline, self.key)
        self.fields["to"].choices = visit_choices(self.outline, without=visit)
        self.fields["on"].initial = visit.on + timedelta(weeks=2)

    def change(self, outline):
        return hand.move_line(outline, self.key, self.day)

    def words(self):
        name = self.desk.treatment(hand.line_of(self.outline, self.key).treatment)
        return f"{name} of visit {self.desk.number_of(self.key)} moved to {self.day:%d-%b-%Y}"


class DropForm(StepForm):
    op = "drop"
    title = "Drop"
    button = "Drop"
    css = "btn-outline-danger"

    def change(self, outline):
        return hand.drop(outline, self.keys)

    def words(self):
        return f"{self.named()} dropped from {self.which()}"


class PinForm(StepForm):
    op = "pin"
    css = "btn-outline-primary"
    keeps_protocol = True

    @property
    def title(self):
        return "Let it go" if self.line.pinned else "Pin here"

    @property
    def button(self):
        return "Let it go" if self.line.pinned else "Pin"

    def change(self, outline):
        return hand.pin(outline, self.keys, not self.line.pinned)

    def words(self):
        return f"{self.named()} {'let go' if self.line.pinned else 'pinned'} in {self.which()}"


class ReasonForm(StepForm):
    op = "reason"
    title = "Document the reason"
    button = "Record the reason"
    keeps_protocol = True
    field_order = ["reason", "words_given", "everywhere"]
    reason = forms.ModelChoiceField(
        OverrideReason.objects.none(),
        label="Reason",
        empty_label="Choose a reason",
        error_messages={"required": "Choose a reason: it stays in the record."},
    )
    words_given = forms.CharField(
        label="In your words",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say in your words why, for this patient."},
    )

    def prepare(self):
        line = self.line
        self.fields["reason"].queryset = OverrideReason.objects.filter(withdrawn=False)
        self.fields["reason"].initial = line.reason or None
        self.fields["words_given"].initial = line.words

    def change(self, outline):
        given = self.cleaned_data
        return hand.give_reason(outline, self.keys, given["reason"].pk, given["words_given"])

    def words(self):
        return f"Reason documented for {self.named()} in {self.which()}"


class MoveVisitForm(HandForm):
    op = "visit"
    title = "Move the visit"
    button = "Move to this day"
    on = forms.DateField(label="Day", required=False, widget=DayInput())
    with_later = forms.BooleanField(
        required=False, label="Later visits move with it and keep their distance"
    )

    def __init__(self, *args, number, **kwargs):
        self.number = number
        super().__init__(*args, **kwargs)

    def prepare(self):
        self.visit = hand.visit_at(self.outline, self.number)
        self.fields["on"].initial = self.visit.on

    def rows(self):
        if not self.visit.lines:
            return ("on", "with_later")
        first = "To the first day that the rules allow"
        return ("on", "with_later", Submit("first", first, css_class="btn-outline-primary"))

    def clean(self):
        cleaned = super().clean()
        if "first" in self.data and self.visit.lines:
            try:
                cleaned["on"] = self.desk.first_day(self.number, cleaned["with_later"])
            except NotEditable as error:
                self.add_error("on", str(error))
        elif not cleaned.get("on") and "on" not in self.errors:
            self.add_error("on", "Choose the day of the visit.")
        return cleaned

    @property
    def keeps_protocol(self):
        return self.number == 1 and self.cleaned_data["with_later"]

    def change(self, outline):
        given = self.cleaned_data
        return hand.move_visit(outline, self.number, given["on"], given["with_later"])

    def words(self):
        given = self.cleaned_data
        rest = ", later visits with it" if given["with_later"] else ""
        return f"Visit {self.number} moved to {given['on']:%d-%b-%Y}{rest}"


class SplitForm(HandForm):
    op = "split"
    title = "Split the visit"
    button = "Split the visit"
    css = "btn-outline-primary"
    keys = forms.MultipleChoiceField(
        label="Into a visit of their own",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick the steps that move out."},
    )
    on = forms.DateField(label="On", widget=DayInput())

    def __init__(self, *args, number, **kwargs):
        self.number = number
        super().__init__(*args, **kwargs)

    def prepare(self):
        visit = hand.visit_at(self.outline, self.number)
        names = [(line.key, self.desk.treatment(line.treatment)) for line in visit.lines]
        self.fields["keys"].choices = names
        self.fields["on"].initial = visit.on + timedelta(weeks=2)

    def change(self, outline):
        return hand.split(outline, tuple(self.cleaned_data["keys"]), self.cleaned_data["on"])

    def words(self):
        names = dict(self.fields["keys"].choices)
        out = ", ".join(names[key] for key in self.cleaned_data["keys"])
        return f"Visit {self.number} split: {out} on {self.cleaned_data['on']:%d-%b-%Y}"


class AddForm(DayForm):
    op = "add"
    title = "Add a step"
    button = "Add the step"
    treatment = forms.ChoiceField(
        label="Treatment", error_messages={"required": "Choose a treatment."}
    )
    places = forms.MultipleChoiceField(
        label="Where",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nothing ticked: wherever it is indicated and open.",
    )

    def prepare(self):
        self.fields["treatment"].choices = [
            ("", "Choose a treatment"),
            *grouped(self.desk.open_for(self.desk.places)),
        ]
        self.fields["places"].choices = place_choices(self.desk.places)
        self.fields["to"].choices = visit_choices(self.outline)

    def rows(self):
        return (
            Field("treatment"),
            Field("places", css_class="hand-places"),
            Div("to", "on", css_class="pair"),
        )

    def change(self, outline):
        code = self.cleaned_data["treatment"]
        places = self.cleaned_data["places"] or self.desk.places_for(code)
        return hand.add(outline, code, places, self.day)

    def words(self):
        name = self.desk.treatment(self.cleaned_data["treatment"])
        return f"{name} added on {self.day:%d-%b-%Y}"


STEP_FORMS = {
    form.op: form for form in (SwapForm, PlacesForm, MoveStepForm, DropForm, PinForm, ReasonForm)
}
VISIT_FORMS = {form.op: form for form in (MoveVisitForm, SplitForm)}
PLAN_FORMS = {form.op: form for form in (AddForm,)}


# --- what can be chosen ----------------------------------------------------------------------


def grouped(rows) -> list:
    """Treatments under the words of what holds them back, each with its gain."""
    groups: dict[str, list] = {name: [] for name in (OPEN, WISHED, REASON, LATER, CLOSED, LACKED)}
    for row in rows:
        points = round(row.gain * 100)
        gain = f"{points:+d} points".replace("-", "\N{MINUS SIGN}") if points else "no change"
        groups[GROUPS.get(row.effect, CLOSED)].append((row.treatment, f"{row.name} ({gain})"))
    return [(name, options) for name, options in groups.items() if options]


def place_choices(places) -> list:
    return [(place, place_name(*place.split("."))) for place in dict.fromkeys(sorted(places))]


def visit_choices(outline, without=None) -> list:
    named = [
        (str(number), f"Visit {number}, {visit.on:%d-%b-%Y}")
        for number, visit in enumerate(outline, 1)
        if visit.lines and not visit.done and visit is not without
    ]
    return [(OWN_VISIT, "A visit of its own"), *named]
