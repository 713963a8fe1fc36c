"""What templates about patients need: the banner's facts, and codes in a clinic's words."""

import re

from django import template
from django.utils import timezone

from clinic.catalogue.terms import Phototype
from patients import chart, facts, warnings
from patients.history import shown_answer
from patients.questions import Question

register = template.Library()


@register.simple_tag
def red_flags(patient) -> list[str]:
    return [*warnings.of(patient), *facts.red_flags(patient, timezone.localdate())]


@register.simple_tag
def warnings_of(row) -> list[str]:
    """What the apps above have to say about a row, besides the page itself."""
    return warnings.of(row)


@register.filter
def age(patient) -> int:
    return patient.age_on(timezone.localdate())


@register.filter
def skin_type(patient) -> str:
    return Phototype(patient.fitzpatrick).name if patient.fitzpatrick else "Not recorded"


@register.filter
def names_some(allergies: str) -> bool:
    return facts.names_some(allergies)


@register.filter
def place_words(place: str) -> str:
    """ "malar.L" as a person says it; a code that is not on the chart stays as it is."""
    return chart.places().get(place, place)


@register.filter
def places_in_words(text: str) -> str:
    """A sentence of the grading, which knows places by their codes."""
    return re.sub(r"[a-z_]+\.[LMR]\b", lambda found: _inside(found[0]), text)


def _inside(place: str) -> str:
    words = place_words(place)
    return words[0].lower() + words[1:]


@register.filter
def type_words(code: str) -> str:
    """As in the legend of the chart and on the buttons."""
    return chart.SYMBOLS[code].name.capitalize()


@register.filter
def or_not_recorded(value):
    return "Not recorded" if value is None or value == "" else value


@register.filter
def plain_number(value):
    """1.50 as 1.5, 3.00 as 3."""
    return value if value is None else f"{value:f}".rstrip("0").rstrip(".")


@register.filter
def answer_words(value, question: Question) -> str:
    return shown_answer(question, value)


@register.filter
def yes_no(value) -> str:
    return {True: "Yes", False: "No"}.get(value, "Not recorded")
