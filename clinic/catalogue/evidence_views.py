"""Work through what nobody verified, one statement after the other."""

from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from clinic.catalogue import differing, documents, drafting, evidence, terms
from clinic.catalogue.editors import edited_at
from clinic.catalogue.errors import RowMoved, RowRefused
from clinic.catalogue.evidence_models import Outcome
from clinic.catalogue.exchange_tables import settle
from clinic.catalogue.filters import Filter, with_all
from clinic.catalogue.line_form import MARKS, fields_for, marks_fields
from clinic.catalogue.reading import Book, Names
from clinic.catalogue.treatment_support import CLAIMS

A_PAGE = 50
OPEN = [pair for pair in terms.Verification.choices() if pair[0] != terms.Verification.V]
MOVED = "Somebody else changed this while it was open. Look at it as it is now; {} kept below."


class EvidenceFilter(Filter):
    section = forms.ChoiceField(
        label="Section", required=False, choices=with_all(differing.SECTIONS.items())
    )
    treatment = forms.ChoiceField(label="Treatment", required=False)
    verification = forms.ChoiceField(label="Mark", required=False, choices=with_all(OPEN))
    due = forms.ChoiceField(
        label="Looked at", required=False, choices=with_all([("due", "Not yet, or changed since")])
    )

    def __init__(self, *args, book, **kwargs):
        super().__init__(*args, **kwargs)
        rows = sorted(book.rows("treatments").values(), key=lambda row: row["name"].casefold())
        self.fields["treatment"].choices = with_all(
            [(row["code"], row["name"]) for row in rows], "Any"
        )

    def as_wanted(self) -> evidence.Wanted:
        self.is_valid()
        words = {name: self.wanted(name) for name in ("section", "treatment", "verification")}
        return evidence.Wanted(**words, due=self.wanted("due") == "due")


class ReviewForm(forms.Form):
    """What was found about one statement: its marks, and its value where that was wrong."""

    outcome = forms.ChoiceField(
        label="What you found",
        choices=Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what you found."},
    )
    note = forms.CharField(
        label="Where you looked",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The page, and what it says. It stays with your name.",
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args, item, row, **kwargs):
        self.item, self.table = item, item.table
        self.line = evidence.line_of(item, row) if self.table else {}
        super().__init__(*args, initial={**self.line, "note": "", "seen": drafting.token(row)},
                         prefix=None, **kwargs)  # fmt: skip
        # The line of a figure has a note of its own, beside the note of the review.
        self.values = {f"v_{name}": field for name, field in self._own_fields().items()}
        self.fields.update(self.values)
        if self.table:
            self.fields.update(marks_fields())
            if "sources" not in self.table.columns:
                del self.fields["sources"]
        else:
            self.fields["outcome"].choices = [Outcome.choices[0]]
        for name in self.values:
            self.initial[name] = self.line[name[2:]]
        self.fields["outcome"].widget.attrs["autofocus"] = True

    def _own_fields(self):
        return fields_for(self.table) if self.table else {}

    @property
    def value_fields(self):
        return [self[name] for name in self.values]

    def typed(self) -> dict | None:
        """The line as it was typed; None where it stays."""
        if not self.table:
            return None
        found = {name[2:]: self.cleaned_data[name] for name in self.values}
        found |= {name: self.cleaned_data[name] for name in MARKS if name in self.fields}
        return self.line | found

    def clean(self):
        cleaned = super().clean()
        if self.errors or not self.table:
            return cleaned
        line = self.typed()
        try:
            settle(self.table, line)
        except ValidationError as fault:
            self.refuse([((name,), reasons[0]) for name, reasons in fault.message_dict.items()])
        self.new_line = line
        changed = {name for name in line if line[name] != self.line[name]}
        self._fits(cleaned["outcome"], changed)
        return cleaned

    def _fits(self, outcome: str, changed: set):
        if outcome == Outcome.KEPT and changed:
            words = ", ".join(differing.label_of(name).lower() for name in sorted(changed))
            self.add_error("outcome", f"You changed {words}. Choose what you found instead.")
        if outcome == Outcome.SOURCED and self.new_line["verification"] not in CLAIMS:
            self.add_error("verification", "Say whether the source verifies it in full or partly.")
        if outcome == Outcome.CORRECTED and not changed:
            self.add_error("outcome", "Nothing is changed yet. Correct it beneath, or keep it.")

    def refuse(self, problems):
        for path, reason in problems:
            name = str(path[0]) if path else ""
            name = f"v_{name}" if f"v_{name}" in self.fields else name
            name = "note" if name == evidence.LOOKED else name
            words = reason[:1].upper() + reason[1:]
            self.add_error(name if name in self.fields else None, words)


# ---- the list, and one after the other


def _listed(request):
    document = documents.draft()
    book = Book(document)
    form = EvidenceFilter(request.GET, book=book)
    return book, form, evidence.work_list(document, form.as_wanted())


def _query(form) -> dict:
    names = [name for name in form.fields if name != "version"]
    return {name: value for name in names if (value := form.wanted(name))}


@require_GET
def evidence_list(request):
    book, form, items = _listed(request)
    page = Paginator(items, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "items": page,
        "page": page,
        "due": sum(item.is_due for item in items),
        "all": len(items),
        "query": urlencode(_query(form)),
        "names": Names(book),
        "sections": differing.SECTIONS,
    }
    return render(request, "catalogue/evidence.html", context)


def address_of(item: evidence.Item, query: dict) -> str:
    here = reverse("catalogue:evidence_item", args=[item.section, item.code])
    return f"{here}?{urlencode({'at': item.place, **query})}"


@require_http_methods(["GET", "POST"])
def evidence_item(request, section, code):
    if section not in differing.SECTIONS:
        raise Http404("There is no such section.")
    book, filters, items = _listed(request)
    row, place = book.row(section, code), request.GET.get("at", "")
    item = evidence.find(section, row, place, Names(book)) if row else None
    if item is None:
        if request.method == "POST":
            return _gone(request, _query(filters))
        raise Http404("The draft has no such statement.")
    keys = [one.key for one in items]
    here = keys.index(item.key) if item.key in keys else None
    if here is not None:
        item = items[here]
    query = _query(filters)
    form = ReviewForm(request.POST or None, item=item, row=row)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _reviewed(request, form, item):
            return redirect(_after(items, here, query))
        status = 422
    context = {
        "item": item,
        "row": row,
        "form": form,
        "names": Names(book),
        "label": differing.SECTIONS[section],
        "place": differing.place_in_words(item.path),
        "number": None if here is None else here + 1,
        "due": sum(one.is_due for one in items),
        "all": len(items),
        "next": address_of(items[(here + 1) % len(items)], query) if here is not None else "",
        "previous": address_of(items[here - 1], query) if here is not None else "",
        "back": f"{reverse('catalogue:evidence')}?{urlencode(query)}",
        "editor": edited_at(section, code),
        "known_sources": sorted(book.rows("sources")),
    }
    return render(request, "catalogue/evidence_item.html", context, status=status)


def _reviewed(request, form, item) -> bool:
    cleaned = form.cleaned_data
    try:
        done = evidence.review(
            item,
            seen=cleaned["seen"],
            outcome=cleaned["outcome"],
            line=getattr(form, "new_line", None),
            note=cleaned["note"],
            by=request.user,
        )
    except RowMoved as moved:
        kept = "what you typed is" if moved.theirs else "it is gone, and nothing is"
        form.add_error(None, MOVED.format(kept))
        form.data = form.data.copy()
        form.data["seen"] = drafting.token(moved.theirs)
        return False
    except RowRefused as refused:
        form.refuse(refused.problems)
        return False
    messages.success(request, _told(item, done))
    return True


def _told(item, done) -> str:
    """What the statement says now, and what it said before where that is something else."""
    row = drafting.read(done.section, done.code)
    now = evidence.find(done.section, row, done.place, Names(drafting.book())) or item
    before = f" It said: {item.text}." if now.text != item.text else ""
    return f"{item.name}, {now.text}: {done.get_outcome_display().lower()}.{before}"


def _after(items, here, query) -> str:
    """The one that stood next when this was opened; the list once nothing is left."""
    if here is None or len(items) < 2:
        return f"{reverse('catalogue:evidence')}?{urlencode(query)}"
    return address_of(items[(here + 1) % len(items)], query)


def _gone(request, query):
    """The statement went while it was looked at; what was written is shown once more."""
    said = request.POST.get("note", "").strip()
    kept = f" You wrote: \N{LEFT DOUBLE QUOTATION MARK}{said}\N{RIGHT DOUBLE QUOTATION MARK}"
    words = "The draft no longer has this statement, so nothing was saved."
    messages.warning(request, words + kept * bool(said))
    return redirect(f"{reverse('catalogue:evidence')}?{urlencode(query)}")
