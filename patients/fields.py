"""Form fields that read what a clinic types and answer in its words."""

import datetime as dt
import re

from django import forms
from django.core.exceptions import ValidationError

from patients.questions import last_day, shown_date

MONTHS = {
    dt.date(2000, month, 1).strftime(form).lower(): month
    for month in range(1, 13)
    for form in ("%b", "%B")
}


class Ambiguous(ValueError):
    """A date that reads in two ways; the sentence shows both."""


def read_date(text: str) -> str:
    """ISO text of a day, a month ("2026-08") or a year, from how people write them.

    Raises ValueError with a sentence: the day comes before the month, as on all our pages.
    """
    words = [word for word in re.split(r"[-/.,\s]+", text.strip()) if word]
    numbers = [MONTHS.get(word.lower(), word) for word in words]
    if not all(str(number).isdigit() for number in numbers) or not 1 <= len(numbers) <= 3:
        raise ValueError(f"{text} is not a date.")
    _refuse_ambiguous(text, words)
    numbers = [int(number) for number in numbers]
    if len(str(words[0])) != 4:
        numbers.reverse()
    if not 1800 <= numbers[0] <= 2200:
        raise ValueError("Write the year with four figures.")
    try:
        dt.date(*[*numbers, 1, 1][:3])
    except ValueError:
        raise ValueError(f"There is no {text}.") from None
    return f"{numbers[0]:04d}" + "".join(f"-{number:02d}" for number in numbers[1:])


def _refuse_ambiguous(text, words):
    """05/06/1990 is another day in London than in New York."""
    first, second, *year = words if text.count("/") == 2 else ["", ""]
    if not (first.isdigit() and second.isdigit() and len(year) == 1 and len(first) <= 2):
        return
    one, other = int(first), int(second)
    if one == other or not (1 <= one <= 12 and 1 <= other <= 12):
        return
    ways = " or ".join(
        f"{day:02d}-{dt.date(2000, month, 1):%b}-{year[0]}"
        for day, month in ((one, other), (other, one))
    )
    raise Ambiguous(f"Which is the month? Write it as {ways}.")


class PartialDateField(forms.CharField):
    """A date known to the day, or to the month or the year where `precision` allows."""

    FORMS = {
        "day": "Write it like 14-Aug-2026.",
        "month": "Write it like 14-Aug-2026, or Aug-2026.",
        "year": "Write it like 14-Aug-2026, Aug-2026 or 2026.",
    }
    LENGTHS = {"day": (10,), "month": (10, 7), "year": (10, 7, 4)}

    def __init__(self, *, precision="month", latest=None, **kwargs):
        self.precision, self.latest = precision, latest
        kwargs.setdefault("help_text", self.FORMS[precision].replace("Write it like ", "Like "))
        super().__init__(**kwargs)
        self.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def prepare_value(self, value):
        if isinstance(value, dt.date):
            return f"{value:%d-%b-%Y}"
        iso = isinstance(value, str) and re.fullmatch(r"\d{4}(-\d\d){0,2}", value)
        try:
            return shown_date(value) if iso else value
        except ValueError:  # typed, and no date: shown as it was typed
            return value

    def to_python(self, value):
        text = super().to_python(value)
        if text in self.empty_values:
            return self.empty_value
        try:
            iso = read_date(text)
        except Ambiguous as error:
            raise ValidationError(str(error)) from None
        except ValueError as error:
            raise ValidationError(f"{error} {self.FORMS[self.precision]}") from None
        if len(iso) not in self.LENGTHS[self.precision]:
            raise ValidationError(f"This is not exact enough. {self.FORMS[self.precision]}")
        return iso

    def validate(self, value):
        super().validate(value)
        if value and self.latest and _first_day(value) > self.latest():
            raise ValidationError(f"{shown_date(value)} is in the future.")


def _first_day(iso: str) -> dt.date:
    numbers = [int(number) for number in iso.split("-")]
    return dt.date(*[*numbers, 1, 1][:3])


class DayField(PartialDateField):
    """One day, as a date."""

    def __init__(self, *, earliest=None, **kwargs):
        self.earliest = earliest
        super().__init__(precision="day", empty_value=None, **kwargs)

    def clean(self, value):
        iso = super().clean(value)
        if not iso:
            return None
        day = last_day(iso)
        if self.earliest and day < self.earliest:
            raise ValidationError(f"A date before {self.earliest:%d-%b-%Y} is not accepted.")
        return day


def number_field(label, *, low=None, above=None, high, unit="", places=0, **kwargs):
    """An optional number in [low, high] or (above, high], refused in one plain sentence."""
    start = f"more than {above} and at most {high}" if above is not None else f"{low} to {high}"
    words = f"This is {start} {unit}".rstrip() + "."
    kinds = {"required": False, "label": label, **kwargs}
    if places:
        field = forms.DecimalField(**kinds)
        field.error_messages["invalid"] = f"Write a number. {words}"
    else:
        field = forms.IntegerField(**kinds)
        field.error_messages["invalid"] = f"Write a whole number. {words}"
        places = 0

    def inside(value):
        if value > high or (value <= above if above is not None else value < low):
            raise ValidationError(words)
        if places and -value.as_tuple().exponent > places:
            raise ValidationError(f"Write at most {places} figures after the point.")

    field.validators = [*field.validators, inside]
    field.unit = unit
    step = "1" if not places else "0.1"
    field.widget.attrs |= {"step": step if not places else "any", "inputmode": "decimal"}
    return field


class YesNoUnknown(forms.TypedChoiceField):
    """Yes, no, or not recorded, as three buttons."""

    def __init__(self, *, words=("Yes", "No", "Not recorded"), **kwargs):
        super().__init__(
            choices=list(zip(("yes", "no", ""), words, strict=True)),
            coerce=lambda value: {"yes": True, "no": False}.get(value),
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
            **kwargs,
        )

    def prepare_value(self, value):
        return {True: "yes", False: "no", None: ""}.get(value, value)
