"""A pair of treatments as a form: what two of them do to each other in one field."""

from django import forms

from clinic.catalogue import kinds, terms
from clinic.catalogue.checks import DECIMALS, FIELDS_EVERYWHERE, MOST_WEEKS, as_number
from clinic.catalogue.condition_builder import DEEDS, Node, changed
from clinic.catalogue.condition_builder_fields import (
    ChosenField,
    ConditionField,
    Listed,
    Words,
    typed,
)
from clinic.catalogue.conditions import spaced
from clinic.catalogue.models import CODE
from clinic.catalogue.rule_form import PATH, Choices, plain

PREFIX = "p0"


class PairForm(forms.Form):
    code = forms.CharField(
        label="Code", max_length=60, validators=[CODE], help_text="It cannot be changed later."
    )

    def __init__(self, *args, choices: Choices, row: dict | None = None, **kwargs):
        super().__init__(*args, prefix=PREFIX, use_required_attribute=False, **kwargs)
        self.of = row
        named = [("", "Choose a treatment"), *choices.treatments.groups.items()]
        self.names = choices.treatments.labels
        self.fields |= {
            "a": forms.ChoiceField(label="One treatment", choices=named),
            "b": forms.ChoiceField(label="The other treatment", choices=named),
            "relation": forms.ChoiceField(
                label="What they do", choices=terms.PairRelation.choices()
            ),
            "first": forms.ChoiceField(label="Which goes first", required=False),
            "weeks_min": weeks("At least, weeks"),
            "weeks_typical": weeks("Usually, weeks"),
            "condition": Words(
                label="Only if (in the words of the source)",
                lines=1,
                help_text="Empty: it always holds.",
            ),
            "when": ConditionField(words=choices.words, label="Judged by the patient’s answers"),
            "assume": forms.ChoiceField(
                label="Where no answer can tell",
                required=False,
                choices=[("", "The answers tell"), *terms.Assume.choices()],
            ),
            "assume_reason": Words(label="Why it is read so", lines=1),
            "scar_types": ChosenField(
                Listed({"Scars": kinds.Target.choices()}),
                label="For",
                required=False,
                add="All scars, or add a type",
            ),
            "regions": ChosenField(
                fields_of(choices), label="Where", required=False, add="Everywhere, or add a field"
            ),
            "why": Words(
                label="Why", required=True, error_messages={"required": "Say why, in words."}
            ),
            "evidence": forms.ChoiceField(label="Evidence", choices=terms.Evidence.choices()),
            "verification": forms.ChoiceField(
                label="How far verified", choices=terms.Verification.choices()
            ),
            "sources": ChosenField(
                choices.sources,
                label="Sources",
                listed="all-sources",
                add="Add a source by its code",
                error_messages={"required": "Name at least one source."},
            ),
        }
        if row:
            for name in ("code", "a", "b"):
                del self.fields[name]
        self.fields["first"].choices = [("", "Says nothing of it"), *self._two()]

    def _two(self) -> list[tuple[str, str]]:
        """The two treatments by name, as far as they are chosen."""
        given = self.of or self.initial
        codes = [given.get(name) for name in ("a", "b")]
        if self.is_bound and not self.of:
            codes = [self.data.get(self.add_prefix(name)) for name in ("a", "b")]
        return [(code, self.names.get(code, code)) for code in dict.fromkeys(codes) if code]

    @property
    def two(self) -> list[str]:
        return [name for _, name in self._two()]

    def clean(self):
        given = super().clean()
        for name, reason in (*self._contrary(given), *self._contrary_condition(given)):
            if name not in self.errors:
                self.add_error(name, reason)
        return given

    def _contrary(self, given):
        relation, least = given.get("relation"), given.get("weeks_min")
        usual, first = given.get("weeks_typical"), given.get("first")
        if not self.of and given.get("a") and given.get("a") == given.get("b"):
            yield "b", "Choose two different treatments."
        if relation == terms.PairRelation.AVOID:
            yield from self._contrary_ban(given)
            return
        if relation == terms.PairRelation.ORDER_BEFORE and not first:
            yield "first", "Say which of the two comes first."
        if relation == terms.PairRelation.SEPARATE_BY_WEEKS and least is None:
            yield "weeks_min", "Say how many weeks lie between the two at least."
        if usual is not None and least is None:
            yield "weeks_min", "Say the least number of weeks too."
        if least is not None and usual is None:
            yield "weeks_typical", "Say the usual number of weeks too."
        if relation == terms.PairRelation.SEPARATE_BY_WEEKS and usual == 0:
            yield "weeks_typical", "Say how many weeks usually lie between the two."
        if None not in (usual, least) and least > usual:
            yield "weeks_min", f"At least {least:f} weeks is above the usual {usual:f}."

    @staticmethod
    def _contrary_ban(given):
        if given.get("first"):
            yield "first", "Two that are not combined have no order; choose “Says nothing of it”."
        for name in ("weeks_min", "weeks_typical"):
            if given.get(name) is not None:
                yield name, "Two that are not combined have no weeks between them; leave it empty."

    @staticmethod
    def _contrary_condition(given):
        words, when, assume = (given.get(key) for key in ("condition", "when", "assume"))
        if words and when is None and not assume:
            yield "assume", "Build the condition from answers, or say how the words are read."
        if assume and when is not None:
            yield "assume", "The answers judge this condition already; choose “The answers tell”."
        elif assume and not words:
            yield "condition", "Give the condition in words, or choose “The answers tell”."
        if assume and not given.get("assume_reason"):
            yield "assume_reason", "Say why it is read so."

    @staticmethod
    def initial_of(row: dict) -> dict:
        apart = row["weeks"] or {"min": None, "typical": None}
        return row | {
            "when": Node.of(row["when"]),
            "weeks_min": apart["min"],
            "weeks_typical": apart["typical"],
        }

    def row(self) -> dict:
        given = self.cleaned_data
        own = self.of or given
        least, usual = (_plain(given[key]) for key in ("weeks_min", "weeks_typical"))
        keys = ("relation", "condition", "when", "assume_reason", "why", "evidence", "verification")
        return {
            **{key: own[key] for key in ("code", "a", "b")},
            **{key: given[key] for key in keys},
            "first": given["first"] or None,
            "assume": given["assume"] or None,
            "weeks": None if least is None else {"min": least, "typical": usual},
            **{key: sorted(given[key]) for key in ("scar_types", "regions", "sources")},
        }

    def redrawn(self, data, deed: str) -> "PairForm":
        """As it was sent, with the change of a button; nothing is judged yet."""
        typed(self, data)
        word, _, name = deed.partition(" ")
        if word in DEEDS and (found := PATH.match(name)):
            path = [int(step) for step in found[3].split("-") if step]
            self.initial["when"] = changed(self.initial["when"], word, path)
        self.fields["first"].choices = [("", "Says nothing of it"), *self._two()]
        return self

    def place(self, problems) -> None:
        """Put each refusal beside its field; at the head what has none."""
        for path, reason in problems:
            key = {"weeks": "weeks_min"}.get(path[0], path[0]) if path else None
            self.add_error(key if key in self.fields else None, plain(reason))


def weeks(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_value=MOST_WEEKS,
        decimal_places=DECIMALS,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
        error_messages={
            "invalid": "Give a number of weeks, such as 4 or 0.5.",
            "min_value": "Give a number of weeks, 0 or more.",
        },
    )


def _plain(number):
    return None if number is None else as_number(number)


def fields_of(choices: Choices) -> Listed:
    """The coarse words for places, which pairs speak of."""
    fields = {row["field"] for row in choices.book.rows("regions").values()}
    words = [(code, spaced(code)) for code in sorted({*fields, *FIELDS_EVERYWHERE})]
    return Listed({"Fields of the face": words})


def next_code(codes) -> str:
    """c134 after c133: what a new pair is called unless somebody knows better."""
    numbers = [int(code[1:]) for code in codes if code[:1] == "c" and code[1:].isdecimal()]
    return f"c{max(numbers, default=0) + 1:03}"
