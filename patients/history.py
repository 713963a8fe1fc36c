"""The history questionnaire, made from the catalogue's questions.

A question of several parts is led by one yes or no: no answers all of it, yes shows the parts.
"""

import json

from django import forms
from django.utils import timezone

from patients import chart
from patients.conditions import holds
from patients.facts import ALLERGY, Facts, answers_in_force, denied_allergies, names_some
from patients.fields import PartialDateField, number_field
from patients.questions import (
    UNKNOWN,
    Part,
    Question,
    part_value,
    questions,
    says_yes,
    shown_date,
)

YES_NO = [("yes", "Yes"), ("no", "No"), (UNKNOWN, "Not known")]
REGIONS = "regions"
LISTED = 3  # a question that asks for this many things at once shows them before the yes
CLASHES = (  # two that cannot both be answered with yes, and what is said beside the second
    (
        "pregnancy",
        "pregnancy_excluded",
        "It cannot be ruled out while the answer above says that it is so or may be. "
        "Change one of the two.",
    ),
)
NONE = "none"  # the tick that says no where a question asks for nothing but a day


class HistoryForm(forms.Form):
    """One group of fields a question. `changed()` are the answers that differ from those in force.

    A question that certainly does not apply, and a part that is certainly not shown, is not read.
    With `only` just the questions of these codes are asked.
    """

    seen = forms.IntegerField(widget=forms.HiddenInput)  # the newest answer on the page as shown

    def __init__(self, *args, patient, on, only=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.patient, self.on = patient, on
        self.asked = {
            code: question for code, question in questions().items() if only is None or code in only
        }
        self.stored = answers_in_force(patient, on)
        self.denied = denied_allergies(patient, on)  # the record's words, while they contradict
        newest = patient.answers.order_by("-id").values_list("id", flat=True).first()
        self.fields["seen"].initial = newest or 0
        for question in self.asked.values():
            self._add_fields(question)

    # --- fields ---

    def _add_fields(self, question: Question):
        value = self.stored.get(question.code, (None,))[0]
        if _is_led(question):
            self.fields[question.code] = _yes_no(question.text)
            self.fields[question.code].initial = _lead_initial(value)
        for part in question.parts:
            field = _field(question, part)
            field.initial = _initial(question, part, value)
            self.fields[_name(question, part.code)] = field
        if _is_a_day(question):
            field = forms.BooleanField(required=False, label="No such day", initial=value is False)
            self.fields[_name(question, NONE)] = field
        if question.regional and question.part(REGIONS) is None:
            field = _places_field()
            field.initial = value.get(REGIONS, []) if isinstance(value, dict) else []
            self.fields[_name(question, REGIONS)] = field

    def groups(self):
        """`[(group, [shown question, ...])]` in the order of asking."""
        facts = self._facts(self._given())
        found: dict[str, list] = {}
        for question in self.asked.values():
            found.setdefault(question.group, []).append(self._shown(question, facts))
        return list(found.items())

    def _shown(self, question, facts) -> dict:
        value, answered_on, expired = self.stored.get(question.code, (None, None, False))
        lead = _lead_now(self[question.code].value()) if _is_led(question) else True
        parts = [
            {
                "field": self[_name(question, part.code)],
                "unit": part.unit,
                "show_if": json.dumps(part.show_if) if part.show_if else "",
                "hidden": holds(part.show_if, facts, self.on) is not True,
                "kind": part.kind,
            }
            for part in question.parts
        ]
        if question.regional and question.part(REGIONS) is None:
            places = {"field": self[_name(question, REGIONS)], "kind": REGIONS}
            parts.append(places | {"hidden": not says_yes(question, value)})
        return {
            "question": question,
            "lead": self[question.code] if _is_led(question) else None,
            "none": self[_name(question, NONE)] if _is_a_day(question) else None,
            "open": lead,
            "parts": parts,
            "applies": json.dumps(question.applies) if question.applies else "",
            "hidden": not facts.applies(question),
            "listed": _listed(question),
            "record_says": self._record_says(question),
            "answered_on": answered_on,
            "expired": expired,
            "missing": question.code not in self.stored,
        }

    def _record_says(self, question) -> str:
        text = self.patient.allergies if question.code == ALLERGY else ""
        return text if names_some(text) else ""

    @property
    def marks(self) -> str:
        """The colours that the newest assessment found, for the page's script."""
        return " ".join(sorted(Facts(self.patient, {}, self.on).marks))

    def expired(self) -> list[str]:
        facts = self._facts({})
        return [
            code
            for code, (value, _, expired) in self.stored.items()
            if expired
            and code in self.asked
            and not (code == ALLERGY and self.denied)  # settled on its own, not nodded through
            and facts.applies(self.asked[code])
        ]

    # --- values ---

    def _facts(self, given) -> Facts:
        known = {code: value for code, (value, _, _) in self.stored.items()}
        return Facts(self.patient, {**known, **given}, self.on)

    def _given(self) -> dict:
        """Every answer as typed, whether or not its question applies."""
        data = getattr(self, "cleaned_data", None)
        if data is None:
            return {}
        found = {}
        for question in self.asked.values():
            value = self._value(question, data)
            if value is not None:
                found[question.code] = value
        return found

    def _value(self, question, data):
        """The answer in the catalogue's shape: bare, or an object of parts; None if left open."""
        lead = data.get(question.code) if _is_led(question) else None
        if lead in (False, UNKNOWN):
            return lead
        if data.get(_name(question, NONE)):
            return False
        parts = {
            part.code: value
            for part in question.parts
            if (value := data.get(_name(question, part.code))) not in (None, "", [])
        }
        places = data.get(_name(question, REGIONS))
        if not parts:
            return None
        if all(value == UNKNOWN for value in parts.values()):
            return UNKNOWN
        if places and parts.get("") is not False:
            parts[REGIONS] = places
        return parts[""] if set(parts) == {""} else parts

    def clean(self):
        data = super().clean()
        given = self._given_from(data)
        facts = self._facts(given)
        self._forgive_unseen(facts)
        self.given = {
            code: self._visible(self.asked[code], value, facts)
            for code, value in given.items()
            if facts.applies(self.asked[code])
        }
        for question in self.asked.values():
            said_yes = _is_led(question) and data.get(question.code) is True
            if said_yes and not self._has_errors(question) and question.code not in given:
                self.add_error(question.code, "Say which: answer at least one of these.")
            if data.get(_name(question, NONE)) and data.get(question.code):
                self.add_error(question.code, "Give the day, or say that there is none.")
        self._refuse_clashes()
        self._refuse_overtaken(data)
        return data

    def _forgive_unseen(self, facts):
        """A slip in a part that the answers have put away is no reason to refuse."""
        for question in self.asked.values():
            led_no = _is_led(question) and self.cleaned_data.get(question.code) in (False, UNKNOWN)
            for part in question.parts:
                if led_no or holds(part.show_if, facts, self.on) is False:
                    self.errors.pop(_name(question, part.code), None)

    def _refuse_clashes(self):
        for one, other, words in CLASHES:
            pair = [(self.asked.get(code), self.given.get(code)) for code in (one, other)]
            if all(question and says_yes(question, value) for question, value in pair):
                self.add_error(other, words)

    def _has_errors(self, question) -> bool:
        return any(_name(question, part.code) in self.errors for part in question.parts)

    def _given_from(self, data):
        found = {q.code: self._value(q, data) for q in self.asked.values()}
        return {code: value for code, value in found.items() if value is not None}

    def _visible(self, question, value, facts):
        """The answer without parts that are not shown any more, such as a date after a no."""
        if not isinstance(value, dict):
            return value
        kept = {
            code: found
            for code, found in value.items()
            if (part := question.part(code)) is None
            or holds(part.show_if, facts, self.on) is not False
        }
        return kept

    def _refuse_overtaken(self, data):
        """Show somebody's newer answer to a question that is changed here, not replace it."""
        newer = self.patient.answers.filter(id__gt=data.get("seen") or 0)
        for row in newer.filter(question__in=self.changed()):
            question = self.asked[row.question]
            if row.value == self.given[row.question]:
                continue
            self.add_error(
                question.code if _is_led(question) else _name(question, question.parts[0].code),
                f"{row.answered_by} answered this since the page was opened: "
                f"{shown_answer(question, row.value)}. Save again to replace that answer.",
            )
        if self.errors:
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = self.fields["seen"].initial

    def changed(self) -> dict:
        return {
            code: value
            for code, value in self.given.items()
            if self.stored.get(code, (None,))[0] != value
        }


def _name(question: Question, part: str) -> str:
    return f"{question.code}__{part}" if part else question.code


def _is_led(question: Question) -> bool:
    """Whether a yes or no is asked first: a date alone has no way to say "never"."""
    first = question.parts[0]
    return len(question.parts) > 1 or (first.kind == "date" and first.code != "")


def _listed(question: Question) -> list[str]:
    """What a question with "this list" means, for the reader who has not said yes."""
    named = [part.label for part in question.parts if part.kind == "yes_no" and not part.show_if]
    return named if _is_led(question) and len(named) >= LISTED else []


def _is_a_day(question: Question) -> bool:
    return [(part.kind, part.code) for part in question.parts] == [("date", "")]


def _lead_initial(value):
    """What the leading yes/no says of a stored answer: an object of parts is a yes."""
    if isinstance(value, dict):
        return "yes"
    return {False: "no", True: "yes", UNKNOWN: UNKNOWN}.get(value)


def _lead_now(typed) -> bool:
    return typed == "yes" or typed is True


def _yes_no(label):
    return forms.TypedChoiceField(
        choices=YES_NO,
        coerce=lambda value: {"yes": True, "no": False}.get(value, value),
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        label=label,
    )


def _field(question: Question, part: Part) -> forms.Field:
    label = part.label or question.text
    if part.kind == "yes_no":
        return _yes_no(label)
    if part.kind == "date":
        # A day that is asked for by itself is one to come; a part dates what has happened.
        latest = timezone.localdate if part.code else None
        return PartialDateField(label=label, required=False, latest=latest)
    if part.kind == "number":
        return _number(part, label)
    if part.kind == "choice":
        choices = [("", "Not recorded"), *part.choices, (UNKNOWN, "Not known")]
        return forms.ChoiceField(label=label, required=False, choices=choices)
    if part.kind == "regions":
        return _places_field(label)
    return forms.CharField(label=label, required=False, max_length=500)


def _number(part, label):
    low = part.min if part.min is not None else 0
    high = part.max if part.max is not None else 100000
    field = number_field(label, low=low, high=high, unit=part.unit, places=2)
    plain = field.clean

    def clean(value):
        number = plain(value)  # JSON keeps a number as a number
        return None if number is None else int(number) if number % 1 == 0 else float(number)

    field.clean = clean
    return field


def _places_field(label="Where"):
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        choices=list(chart.places().items()),
        widget=forms.SelectMultiple({"size": 5}),
        help_text="None chosen: the whole face.",
    )


def _initial(question, part, value):
    if value == UNKNOWN:
        return UNKNOWN if part.kind == "yes_no" else None
    if isinstance(value, dict) and value.get(part.code) == UNKNOWN:
        return UNKNOWN if part.kind in ("yes_no", "choice") else None
    found = part_value(question, value, part.code)
    return {True: "yes", False: "no"}.get(found, found) if isinstance(found, bool) else found


def shown_answer(question: Question, value) -> str:
    """An answer in words: "yes, last dose Aug-2026, Left malar cheek"."""
    if value == UNKNOWN:
        return "not known"
    if value is False:
        return "no"
    words = []
    for part in question.parts:
        found = part_value(question, value, part.code)
        if found is None:
            continue
        label = part.label.lower() if part.code else ""
        if part.kind == "yes_no":
            shown = "yes" if found else "no"
        elif part.kind == "date":
            shown = shown_date(found)
        elif part.kind == "choice":
            shown = dict(part.choices).get(found, found)
        elif part.kind == "regions":
            shown = ", ".join(chart.places().get(place, place) for place in found)
        else:
            shown = f"{found} {part.unit}".strip()
        words.append(f"{label}: {shown}" if label else shown)
    if isinstance(value, dict) and value.get(REGIONS) and question.part(REGIONS) is None:
        words.append(", ".join(chart.places().get(place, place) for place in value[REGIONS]))
    return "; ".join(words) or "Not recorded"
