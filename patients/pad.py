"""The tablet in the patient's hands: the questions for patients, screen by screen.

While it is there the session knows no other page. A PIN, set by whoever handed the tablet over,
brings the clinic back; after five wrong ones only that person's password does.
"""

from dataclasses import dataclass
from itertools import pairwise

from django import forms
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils import timezone

from patients import services
from patients.errors import PadOver, WrongPin
from patients.facts import Facts, answers_in_force
from patients.history import HistoryForm
from patients.models import Answer, Pad, Patient
from patients.questions import UNKNOWN, Question, questions

SESSION_KEY = "pad"
MAX_TRIES = 5
OPEN_ON_THE_PAD = {"patients:pad", "patients:pad_done", "patients:pad_back"}
DONT_KNOW = "dont_know"
TYPED = ("date", "number", "text", "regions")  # kinds whose field has no "I don't know" of its own


# --- deeds --------------------------------------------------------------------------------------


def hand_over(*, patient, by, pin) -> Pad:
    return Pad.objects.create(patient=patient, handed_by=by, pin=make_password(pin))


@transaction.atomic
def save_screen(*, pad, screen, answers, confirmed, on) -> int:
    """Record the patient's answers of one screen; how many were new. PadOver once taken back."""
    pad = Pad.objects.select_for_update().get(pk=pad.pk)
    if pad.taken_back_at:
        raise PadOver
    written = services.record_answers(
        patient=pad.patient,
        answers=answers,
        confirmed=confirmed,
        on=on,
        by=pad.handed_by,
        source=Answer.Source.PATIENT,
    )
    if screen not in pad.screens:
        pad.screens = [*pad.screens, screen]
        pad.save(update_fields=["screens"])
    return len(written)


def finish(*, pad) -> None:
    Pad.objects.filter(pk=pad.pk, finished_at=None).update(finished_at=timezone.now())


def try_pin(*, pad, pin) -> None:
    """Take the tablet back; WrongPin says how many tries are left.

    The try is counted before it is judged, so that many at once are no way round the limit.
    """
    if not Pad.objects.filter(pk=pad.pk, tries__lt=MAX_TRIES).update(tries=F("tries") + 1):
        raise WrongPin(0)
    pad.refresh_from_db()
    if not check_password(pin, pad.pin):
        raise WrongPin(MAX_TRIES - pad.tries)
    take_back(pad=pad)


def take_back(*, pad) -> None:
    """For somebody who has given the PIN or the password."""
    Pad.objects.filter(pk=pad.pk, taken_back_at=None).update(taken_back_at=timezone.now())


# --- screens ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Screen:
    """One group of the questions for patients; `number` counts those that apply."""

    slug: str
    title: str
    codes: tuple[str, ...]
    number: int


def screens_for(patient: Patient, on) -> list[Screen]:
    """The screens with at least one question that may apply to this patient as answered so far."""
    known = {code: value for code, (value, _, _) in answers_in_force(patient, on).items()}
    facts = Facts(patient, known, on)
    groups: dict[str, list[Question]] = {}
    for question in questions().values():
        if not question.clinician_only:
            groups.setdefault(question.group, []).append(question)
    shown = [
        (title, tuple(question.code for question in asked))
        for title, asked in groups.items()
        if any(facts.applies(question) for question in asked)
    ]
    return [
        Screen(codes[0], title, codes, number) for number, (title, codes) in enumerate(shown, 1)
    ]


class PadForm(HistoryForm):
    """The questions of one screen in the patient's hands: each of them may be left unknown.

    An answer that is out of date is asked anew and not shown, so that it is given and not nodded
    through.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for question in self.asked.values():
            if len(question.parts) == 1 and question.parts[0].kind in TYPED:
                self._add_dont_know(question)
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField):
                field.choices = [
                    (value, "I don’t know" if value == UNKNOWN else label)
                    for value, label in field.choices
                ]
            if isinstance(field, forms.MultipleChoiceField):
                field.widget = forms.CheckboxSelectMultiple(choices=field.choices)
                field.help_text = "Leave it open if you are not sure."
            if name.partition("__")[0] in self._out_of_date():
                field.initial = None

    def _add_dont_know(self, question):
        stored = self.stored.get(question.code, (None,))[0]
        self.fields[f"{question.code}__{DONT_KNOW}"] = forms.BooleanField(
            required=False, label="I don’t know", initial=stored == UNKNOWN
        )

    def _out_of_date(self) -> set[str]:
        return {code for code, (_, _, expired) in self.stored.items() if expired}

    def _shown(self, question, facts) -> dict:
        shown = super()._shown(question, facts)
        name = f"{question.code}__{DONT_KNOW}"
        return shown | {"dont_know": self[name] if name in self.fields else None}

    def _value(self, question, data):
        if data.get(f"{question.code}__{DONT_KNOW}"):
            return UNKNOWN
        return super()._value(question, data)

    def confirmed(self) -> list[str]:
        """Answers that were out of date and are given again as they were."""
        return [
            code
            for code in self._out_of_date()
            if code in self.given and self.stored[code][0] == self.given[code]
        ]


# --- forms of whoever holds the tablet besides the patient ---------------------------------------


def _plain_pin(value):
    if not value.isascii() or not value.isdigit() or not 4 <= len(value) <= 8:
        raise ValidationError("A PIN is 4 to 8 figures.")


class HandOverForm(forms.Form):
    pin = forms.CharField(
        label="PIN to come back",
        max_length=8,
        validators=[_plain_pin],
        help_text="4 to 8 figures of your choice. The patient does not get to know it.",
        widget=forms.PasswordInput(
            {"inputmode": "numeric", "autocomplete": "off", "class": "is-narrow"}
        ),
        error_messages={
            "required": "Choose a PIN.",
            "max_length": "A PIN is 4 to 8 figures.",
        },
    )

    def clean_pin(self):
        pin = self.cleaned_data["pin"]
        steps = {int(b) - int(a) for a, b in pairwise(pin)}
        if len(steps) == 1 and steps <= {-1, 0, 1}:
            raise ValidationError("This PIN is guessed at once. Choose another one.")
        return pin


class PinForm(forms.Form):
    pin = forms.CharField(
        label="PIN",
        max_length=20,
        widget=forms.PasswordInput({"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "Enter the PIN."},
    )


class PasswordForm(forms.Form):
    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )


# --- nothing else meanwhile ---------------------------------------------------------------------


class HandedOverMiddleware:
    """While the tablet is in a patient's hands every address but the pad's leads back to the pad.

    Pages of somebody signed in are stored by no browser, so that going back asks the server too.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            return self.get_response(request)
        if SESSION_KEY in request.session and not _is_open(request.path_info):
            response = redirect("patients:pad")
        else:
            response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")
        return response


def _is_open(path: str) -> bool:
    try:
        return resolve(path).view_name in OPEN_ON_THE_PAD
    except Resolver404:
        return False
