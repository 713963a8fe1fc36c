"""Sources of the draft: a new one, and one that is known better now."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.catalogue import drafting
from clinic.catalogue.errors import RowMoved, RowRefused
from clinic.catalogue.exchange_tables import all_tables, settle
from clinic.catalogue.line_form import fields_for


class SourceForm(forms.Form):
    code = forms.CharField(
        label="Code",
        help_text="As author and year: kang2009. It stays the same.",
        error_messages={"required": "Give it a code, such as kang2009."},
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    LABELS = {
        "title": "Title",
        "authors": "Authors",
        "year": "Year",
        "journal": "Journal or publisher",
        "url": "Link",
        "how": "How it was read",
        "read_extent": "How much of it was read",
        "quality": "Type",
        "note": "Note",
    }

    SHORT = ("authors", "journal", "url", "read_extent", "quality")

    def __init__(self, *args, row, **kwargs):
        self.table = all_tables()["sources"]
        blank = {name: "" if name in ("title", "how") else None for name in self.table.columns}
        self.line = row or blank
        super().__init__(
            *args, initial={**self.line, "seen": drafting.token(row) if row else ""}, **kwargs
        )
        fields = fields_for(self.table)
        for name, label in self.LABELS.items():
            self.fields[name] = fields[name]
            self.fields[name].label = label
            if name in self.SHORT:
                self.fields[name].widget = forms.TextInput()
        self.fields["quality"].help_text = "Such as RCT n=60, guideline or clinic web page."
        self.fields["how"].help_text = "Such as: read in full, or read via search."
        if row:
            del self.fields["code"]

    def clean_url(self):
        url = self.cleaned_data["url"]
        if url and not url.startswith(("https://", "http://")):
            raise forms.ValidationError("A link starts with https:// or http://.")
        return url

    def typed(self) -> dict:
        line = {**self.line, **self.cleaned_data}
        del line["seen"]
        settle(self.table, line)
        return self.table.row_of(line, None)


def new_source(request):
    return _edit_source(request, None)


def edit_source(request, code):
    row = drafting.read("sources", code)
    if row is None:
        raise Http404(f"The draft has no {code}.")
    return _edit_source(request, row)


@require_http_methods(["GET", "POST"])
def _edit_source(request, row):
    form = SourceForm(request.POST or None, row=row)
    if form.is_valid() and (saved := _source_saved(request, form, row)):
        messages.success(request, f"{saved['code']} is in the draft and can be named as a source.")
        return redirect("catalogue:sources")
    status = 422 if form.is_bound else 200
    return render(request, "catalogue/edit_source.html", {"form": form, "row": row}, status=status)


def _source_saved(request, form, row) -> dict | None:
    try:
        return drafting.save(
            "sources", form.typed(), seen=form.cleaned_data["seen"] if row else None
        )
    except RowMoved as moved:
        told = "; ".join(f"{each.label.lower()} is now “{each.before}”" for each in moved.changes)
        form.add_error(None, f"{moved} {told}")
        form.data = form.data.copy()
        form.data["seen"] = drafting.token(moved.theirs)
    except RowRefused as refused:
        for path, reason in refused.problems:
            name = str(path[0]) if path and str(path[0]) in form.fields else None
            form.add_error(name, f"{reason[:1].upper()}{reason[1:]}.")
    return None
