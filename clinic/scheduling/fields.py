"""Times as a clinic writes them, in every browser alike; days are a DayField."""

import datetime as dt
import re

from django import forms

CLOCK = re.compile(r"^(\d{1,2})[:.]?(\d{2})$")


class ClockField(forms.CharField):
    """A time of day on 24 hours."""

    def __init__(self, **kwargs):
        kwargs.setdefault("help_text", "Like 14:30.")
        super().__init__(**kwargs)
        self.widget.attrs |= {"autocomplete": "off", "inputmode": "numeric", "maxlength": 5}

    def prepare_value(self, value):
        return f"{value:%H:%M}" if isinstance(value, dt.time) else value

    def to_python(self, value):
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        found = CLOCK.match(text)
        try:
            return dt.time(int(found[1]), int(found[2]))
        except (TypeError, ValueError):
            raise forms.ValidationError(f"{text} is not a time. Write it like 14:30.") from None
