"""Fields of the editors of rules and pairs: a condition, a list of choices in its order, texts.

Their widgets redraw whatever was typed, so a page is drawn anew from a form that is half filled in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from clinic.catalogue import conditions
from clinic.catalogue.condition_builder import NONE, Node, Vocabulary, spaced_name

REDRAWS = "js-redraw"  # what changes the shape of a form when it is changed
MARK = "Mend what is marked here."


class Listed:
    """What a list of codes is chosen from, under its groups; drawn once for all lists of a page."""

    def __init__(self, groups: dict[str, list[tuple[str, str]]]):
        self.groups = {label: list(some) for label, some in groups.items() if some}

    @cached_property
    def labels(self) -> dict[str, str]:
        return {code: label for some in self.groups.values() for code, label in some}

    @cached_property
    def options(self):
        return _grouped(self.groups)


def typed(form: forms.Form, data) -> forms.Form:
    """An unbound form, filled with what was sent for it and judged by nobody yet."""
    form.initial = {
        name: field.widget.value_from_datadict(data, {}, form.add_prefix(name))
        for name, field in form.fields.items()
    }
    return form


# ---- a condition


@dataclass(frozen=True)
class Drawn:
    """A node with the names of its fields and what stands beside them."""

    node: Node
    name: str
    words: Vocabulary
    faults: dict
    path: tuple = ()

    @property
    def parts(self) -> list["Drawn"]:
        return [
            Drawn(part, f"{self.name}-{index}", self.words, self.faults, (*self.path, index))
            for index, part in enumerate(self.node.parts)
        ]

    @property
    def link(self) -> str:
        return "and" if self.node.kind == "all" else "or"

    @property
    def how(self):
        return self.words.comparisons(self.node.fact).get(self.node.op)

    @property
    def facts(self):
        """Options of all that may be asked, under the groups of the questions."""
        return chosen_of(facts_of(self.words), self.node.fact)

    @property
    def comparisons(self):
        known = self.words.comparisons(self.node.fact).items()
        return _options([(code, how.words) for code, how in known], self.node.op)

    @property
    def choices(self):
        known = self.words.choices(self.node.fact)
        if self.node.values:
            return _options(known, self.node.values[0])
        return _options([("", "Choose"), *known], "")

    @property
    def ticks(self) -> list[tuple[str, str, bool]]:
        """Choices with those that are chosen first, in the order in which they were."""
        known = dict(self.words.choices(self.node.fact))
        chosen = [(code, known.get(code, code), True) for code in self.node.values]
        rest = [(c, label, False) for c, label in known.items() if c not in self.node.values]
        return chosen + rest

    @property
    def is_chosen(self) -> bool:
        """Whether its values are chosen from a list; else they are typed."""
        return bool(self.words.choices(self.node.fact))

    @property
    def value(self) -> str:
        return ", ".join(self.node.values)

    @property
    def unit(self) -> str:
        asked = self.words.asked.get(self.node.fact)
        return asked.unit if asked else ""

    @property
    def question(self) -> str:
        """What the patient is asked, in full."""
        asked = self.words.asked.get(self.node.fact)
        return asked.question if asked else ""

    @property
    def spans(self):
        return _options([(unit, unit) for unit in conditions.SPANS], self.node.unit)

    def _fault(self, slot: str) -> str:
        return self.faults.get((*self.path, slot), "")

    @property
    def own_fault(self) -> str:
        return self._fault("")

    @property
    def fact_fault(self) -> str:
        return self._fault("fact")

    @property
    def op_fault(self) -> str:
        return self._fault("op")

    @property
    def value_fault(self) -> str:
        return self._fault("v")


SELECTED = mark_safe(" selected")


def _options(choices: Iterable[tuple[str, str]], chosen: str):
    rows = ((code, SELECTED if code == chosen else "", label) for code, label in choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)


def _grouped(groups: dict[str, list[tuple[str, str]]]):
    rows = ((label, _options(some, "")) for label, some in groups.items())
    return format_html_join("", '<optgroup label="{}">{}</optgroup>', rows)


def facts_of(words: Vocabulary):
    """The options of a vocabulary's facts, drawn once: a page asks for them in every condition."""
    if not hasattr(words, "drawn"):
        groups = {
            label: [(one.name, one.label) for one in some] for label, some in words.groups().items()
        }
        first = format_html('<option value="">{}</option>', "Choose what is asked")
        words.drawn = first + _grouped(groups)
    return words.drawn


def chosen_of(options, code: str):
    """The same options with one chosen; one that is not among them is put before them."""
    mark = format_html('value="{}"', code)
    if mark not in options:
        return _options([(code, spaced_name(code))], code) + options
    return mark_safe(options.replace(mark, f"{mark} selected", 1))


class ConditionWidget(forms.Widget):
    use_fieldset = True
    words: Vocabulary

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.faults: dict = {}

    def value_from_datadict(self, data, files, name):
        return Node.typed(data, name)

    def value_omitted_from_data(self, data, files, name):
        return False

    def render(self, name, value, attrs=None, renderer=None):
        node = value if isinstance(value, Node) else Node.of(value)
        drawn = Drawn(node.fits(self.words), name, self.words, self.faults)
        return render_to_string("catalogue/edit_rule_condition.html", {"node": drawn})


class ConditionField(forms.Field):
    """Cleans to a condition of the catalogue's language, or None for one that always holds."""

    widget = ConditionWidget

    def __init__(self, *, words: Vocabulary, **kwargs):
        super().__init__(required=False, **kwargs)
        self.words = self.widget.words = words

    def faults_of_typed(self, value) -> dict:
        """Of what was typed and cannot be; nothing of what is still left open."""
        node = value if isinstance(value, Node) else Node.of(value)
        return {
            place: reason
            for place, reason in node.faults(self.words)
            if place[-1] == "v" and _at(node, place[:-1]).values
        }

    def clean(self, value):
        node = value if isinstance(value, Node) else Node.of(value)
        self.widget.faults = dict(node.faults(self.words))
        if self.widget.faults:
            raise ValidationError(MARK)
        return None if node.kind == NONE else node.condition(self.words)


def _at(node: Node, path: tuple) -> Node:
    for step in path:
        node = node.parts[step]
    return node


# ---- a list in its order


class ChosenWidget(forms.Widget):
    """What is chosen as ticks, and a list from which one more is added."""

    use_fieldset = True
    template_name = "catalogue/edit_rule_chosen.html"

    def __init__(self, choices: Listed, listed: str = "", add: str = "Add"):
        super().__init__()
        self.choices, self.listed, self.add = choices, listed, add

    def value_from_datadict(self, data, files, name):
        return list(dict.fromkeys(one.strip() for one in data.getlist(name) if one.strip()))

    def value_omitted_from_data(self, data, files, name):
        return False

    def render(self, name, value, attrs=None, renderer=None):
        chosen = list(value or [])
        context = {
            "name": name,
            "chosen": [
                (code, self.choices.labels.get(code, f"{code} (unknown)")) for code in chosen
            ],
            "options": "" if self.listed else self.choices.options,
            "listed": self.listed,
            "add": self.add,
            "described": (attrs or {}).get("aria-describedby", ""),
        }
        return render_to_string(self.template_name, context)


class ChosenField(forms.Field):
    """A list of codes; `listed` names the page's own list that a typed code is looked up in."""

    def __init__(self, choices: Listed, *, listed: str = "", add: str = "Add", **kwargs):
        super().__init__(widget=ChosenWidget(choices, listed, add), **kwargs)

    def clean(self, value):
        value = list(value or [])
        unknown = [code for code in value if code not in self.widget.choices.labels]
        if unknown:
            raise ValidationError(f"There is no {', '.join(unknown)} in this catalogue.")
        if self.required and not value:
            raise ValidationError(self.error_messages["required"])
        return value


# ---- texts and numbers


class Words(forms.CharField):
    """Text that may be long; left empty it is not there."""

    def __init__(self, *, lines: int = 2, **kwargs):
        kwargs.setdefault("required", False)
        super().__init__(
            widget=forms.Textarea(attrs={"rows": lines}), empty_value=None, strip=True, **kwargs
        )

    def to_python(self, value):
        value = super().to_python(value)
        return value.replace("\r\n", "\n") if value else value


def whole(label: str, **kwargs) -> forms.IntegerField:
    kwargs = {"min_value": 0, "max_value": 10_000, "required": False, "label": label, **kwargs}
    return forms.IntegerField(
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": "Give a whole number.",
            "min_value": "Give a whole number, 0 or more.",
        },
        **kwargs,
    )


def dressed(form: forms.Form) -> forms.Form:
    """Bootstrap's classes on plain widgets, and the mark of a refusal on those refused."""
    for name, field in form.fields.items():
        look = LOOKS.get(type(field.widget))
        if look:
            wrong = (form.is_bound and name in form.errors) or getattr(field, "live", None)
            refused = " is-invalid" if wrong else ""
            field.widget.attrs["class"] = look + refused
    return form


LOOKS = {
    forms.Select: "form-select",
    forms.CheckboxInput: "form-check-input",
    **dict.fromkeys(
        (forms.TextInput, forms.Textarea, forms.NumberInput, forms.DateInput), "form-control"
    ),
}
