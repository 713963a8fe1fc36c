"""The settings of the clinic, as its owner edits them."""

from zoneinfo import available_timezones

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms

from clinic.catalogue.kinds import RequirementKind
from clinic.catalogue.models import Clinic, Family, Requirement, Treatment

REGIONS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/")
REGIONS += ("Pacific/", "UTC")


def time_zones():
    """The zones that are named after a place, by the part of the world."""
    groups: dict[str, list] = {}
    for zone in sorted(available_timezones()):
        if zone.startswith(REGIONS):
            part, _, place = zone.partition("/")
            label = (place or part).replace("_", " ").replace("/", ", ")
            groups.setdefault(part, []).append((zone, label))
    return list(groups.items())


def lackable(kept: list[str]) -> list:
    """What a clinic may lack, by its kind; what it lacks already is always among it."""
    groups = [
        (label, list(Requirement.objects.filter(kind=kind).values_list("code", "name")))
        for kind, label in RequirementKind.choices()
    ]
    offered = Treatment.objects.filter(withdrawn=False).values_list("code", "name")
    groups.append(("Treatment", list(offered)))
    known = {code for _, rows in groups for code, _ in rows}
    names = dict(Family.objects.values_list("code", "name"))
    others = [(code, names.get(code, code)) for code in kept if code not in known]
    groups.append(("Other", others))
    return [
        (label, sorted(rows, key=lambda row: row[1].casefold())) for label, rows in groups if rows
    ]


class ClinicForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        choices=time_zones, help_text="Every time on every page is of this zone."
    )
    lacks = forms.MultipleChoiceField(
        label="What the clinic cannot offer",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick what it does not have. No plan proposes a treatment that needs it.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Clinic
        fields = [
            "name",
            "legal_name",
            "address",
            "phone",
            "email",
            "country",
            "time_zone",
            "currency",
            "tax_percent",
            "tax_included",
            "review_weeks",
            "idle_minutes",
            "lapsed_registration",
            "lacks",
        ]
        labels = {
            "email": "E-mail",
            "tax_percent": "Tax on procedures, %",
            "tax_included": "Prices include the tax",
            "review_weeks": "Review after, weeks",
            "idle_minutes": "Lock an idle screen after, minutes",
            "lapsed_registration": "A registration that ends",
        }
        help_texts = {
            "name": "As patients know it; on every page and letter.",
            "legal_name": "As on invoices, if it differs.",
            "currency": "Three letters, such as EUR. Prices are not converted.",
            "tax_included": "If not, a quote adds it below the sum. Quotes handed over stay.",
            "idle_minutes": "The page asks for the password again; what was typed stays.",
        }
        error_messages = {
            "name": {"required": "Give the name that patients know."},
            "currency": {"required": "Give a currency of three letters, such as EUR."},
            "tax_percent": {"required": "Give a per cent; 0 for none."},
            "review_weeks": {"required": "Give weeks from 1 to 52."},
            "idle_minutes": {"required": "Give minutes from 1 to 480."},
        }
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["revision"].initial = self.instance.revision
        self.fields["lacks"].choices = lackable(self.instance.lacks)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Fieldset(
                "Name and address",
                Div("name", "legal_name", css_class="pair"),
                "address",
                Div("phone", "email", css_class="pair"),
            ),
            Fieldset(
                "Place, time and money",
                Div("time_zone", "country", css_class="pair"),
                Div("currency", "tax_percent", css_class="pair"),
                "tax_included",
            ),
            Fieldset(
                "Work", Div("review_weeks", "idle_minutes", css_class="pair"), "lapsed_registration"
            ),
            Fieldset("Not offered", Div("lacks", css_class="cal-skills")),
            "revision",
        )

    def clean_currency(self):
        return self.cleaned_data["currency"].upper()

    def what_moved(self, newest: Clinic) -> list[str]:
        """What stands on record now where it is not what was typed, in words."""
        told = [
            f"{self.fields[name].label.lower()} is now “{getattr(newest, name)}”"
            for name in self._meta.fields
            if name != "lacks" and getattr(newest, name) != self.cleaned_data.get(name)
        ]
        if set(newest.lacks) != set(self.cleaned_data.get("lacks", ())):
            told.append("what the clinic cannot offer was changed")
        return told
