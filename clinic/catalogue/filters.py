"""The small forms that narrow the catalogue's lists; they travel in the address."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout, Submit
from django import forms

from clinic.catalogue import kinds, terms
from clinic.catalogue.presenting import TYPES, Wanted


def with_all(choices, words="All"):
    return [("", words), *choices]


class Filter(forms.Form):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names = [name for name in self.fields if name != "version"]
        self.helper = FormHelper()
        self.helper.form_method = "get"
        self.helper.form_class = "cat-filter"
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Div(*(Field(name) for name in names), Submit("", "Show"), css_class="cat-filter-row"),
            "version",
        )

    def wanted(self, name: str) -> str:
        """What was chosen; an address with something else in it chooses nothing."""
        return (self.cleaned_data.get(name) or "") if self.is_valid() or self.is_bound else ""


class TreatmentFilter(Filter):
    q = forms.CharField(label="Name", required=False, max_length=80)
    target = forms.ChoiceField(
        label="For", required=False, choices=with_all(kinds.Target.choices(), "Any scar")
    )
    kind = forms.ChoiceField(
        label="Kind", required=False, choices=with_all(terms.TreatmentKind.choices())
    )
    chapter = forms.ChoiceField(label="Chapter", required=False)
    skin = forms.ChoiceField(
        label="Skin type",
        required=False,
        choices=with_all([(name, name) for name in TYPES], "Any"),
    )
    performer = forms.ChoiceField(
        label="Performed by",
        required=False,
        choices=with_all(terms.Performer.choices(), "Anybody"),
    )

    def __init__(self, *args, book, **kwargs):
        self.base_fields["chapter"].choices = with_all(
            sorted({(row["family"], row["family"]) for row in book.rows("treatments").values()})
        )
        super().__init__(*args, **kwargs)

    def as_wanted(self) -> Wanted:
        self.is_valid()
        return Wanted(
            text=self.wanted("q"),
            target=self.wanted("target"),
            chapter=self.wanted("chapter"),
            kind=self.wanted("kind"),
            skin=self.wanted("skin"),
            performer=self.wanted("performer"),
        )


class PairFilter(Filter):
    treatment = forms.ChoiceField(label="Treatment", required=False)
    relation = forms.ChoiceField(
        label="Relation", required=False, choices=with_all(terms.PairRelation.choices())
    )
    target = forms.ChoiceField(
        label="Scar", required=False, choices=with_all(kinds.Target.choices(), "Any scar")
    )

    def __init__(self, *args, book, **kwargs):
        rows = sorted(book.rows("treatments").values(), key=lambda row: row["name"].casefold())
        paired = {code for pair in book.rows("pairs").values() for code in (pair["a"], pair["b"])}
        super().__init__(*args, **kwargs)
        self.fields["treatment"].choices = with_all(
            [(row["code"], row["name"]) for row in rows if row["code"] in paired], "Any"
        )


class RuleFilter(Filter):
    q = forms.CharField(label="Words", required=False, max_length=80)
    family = forms.ChoiceField(label="Family", required=False)

    def __init__(self, *args, book, **kwargs):
        super().__init__(*args, **kwargs)
        families = dict.fromkeys(row["family"] for row in book.rows("safety_rules").values())
        self.fields["family"].choices = with_all(
            [(code, kinds.rule_family(code)) for code in families]
        )


class SourceFilter(Filter):
    q = forms.CharField(label="Words", required=False, max_length=80)


class UnverifiedFilter(Filter):
    verification = forms.ChoiceField(
        label="Mark",
        required=False,
        choices=with_all([pair for pair in terms.Verification.choices() if pair[0] != "V"]),
    )
