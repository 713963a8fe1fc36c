"""Who changed which row of the catalogue, when, and from what to what."""

import datetime as dt
from dataclasses import dataclass

from django import forms
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from clinic.catalogue import differing, documents, drafting
from clinic.catalogue.differing import RowChange
from clinic.catalogue.history_reading import NOBODY, Step, Wanted, people, steps, touched
from clinic.catalogue.reading import Names

PER_PAGE = 25
DAYS = [
    MinValueValidator(dt.date(1900, 1, 1), "Give a day after 1900."),
    MaxValueValidator(dt.date(2999, 12, 31), "Give a day before the year 3000."),
]


@dataclass(frozen=True)
class Entry:
    at: dt.datetime
    who: str
    change: RowChange


class LogFilter(forms.Form):
    section = forms.ChoiceField(
        label="What", required=False, choices=[("", "Everything"), *differing.SECTIONS.items()]
    )
    code = forms.CharField(label="Code", required=False, max_length=60)
    user = forms.ChoiceField(label="Who", required=False)
    since = forms.DateField(
        label="From", required=False, validators=DAYS, widget=forms.DateInput({"type": "date"})
    )
    until = forms.DateField(
        label="To", required=False, validators=DAYS, widget=forms.DateInput({"type": "date"})
    )

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        editors = get_user_model().objects.order_by("name")
        self.fields["user"].choices = [
            ("", "Anybody"),
            *((str(user.pk), str(user)) for user in editors),
        ]
        for field in self.fields.values():
            is_choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if is_choice else "form-control"

    def wanted(self) -> Wanted:
        chosen = self.cleaned_data
        return Wanted(
            section=chosen["section"],
            code=chosen["code"].strip(),
            user=chosen["user"],
            since=_midnight(chosen["since"]),
            until=_midnight(chosen["until"] and chosen["until"] + dt.timedelta(days=1)),
        )


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return timezone.make_aware(dt.datetime.combine(day, dt.time())) if day else None


@require_GET
def history(request):
    form = LogFilter(request.GET)
    wanted = form.wanted() if form.is_valid() else Wanted()
    page = Paginator(touched(wanted), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page_obj": page, "entries": _entries(_steps_of(page))}
    return render(request, "catalogue/history.html", context)


def _steps_of(lines) -> list[Step]:
    """The steps behind the lines of a page."""
    codes: dict[str, set] = {}
    for section, code, _, _ in lines:
        codes.setdefault(section, set()).add(code)
    known = {
        (step.section, step.code, step.at, step.context): step
        for section, some in codes.items()
        for row in steps(section, some).values()
        for step in row
    }
    return [known[line] for line in lines if line in known]


@require_GET
def row_history(request, section, code):
    if section not in documents.TABLES:
        raise Http404("There is no such table.")
    found = steps(section, [code])[code]
    if not found:
        raise Http404("Nothing is known of such a row.")
    entries = _entries(reversed(found))
    context = {
        "section": differing.ONE_OF[section],
        "place": section,
        "code": code,
        "name": entries[0].change.name,
        "is_there": found[-1].after is not None,
        "entries": entries,
    }
    return render(request, "catalogue/row_history.html", context)


def _entries(found) -> list[Entry]:
    found, names = list(found), Names(drafting.book())
    who = people(step.context for step in found)
    return [Entry(step.at, who.get(step.context, NOBODY), step.change(names)) for step in found]
