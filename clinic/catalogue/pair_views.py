"""The editor of a pair of treatments."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic.catalogue import claims, drafting, presenting
from clinic.catalogue.condition_builder_fields import dressed
from clinic.catalogue.drafting import RowMoved, RowRefused
from clinic.catalogue.pair_form import PREFIX, PairForm, next_code
from clinic.catalogue.reading import Names
from clinic.catalogue.rule_form import Choices, plain
from clinic.catalogue.terms import TreatmentKind

SECTION = "pairs"


@require_http_methods(["GET", "POST"])
def edit_pair(request, code):
    row = drafting.read(SECTION, code)
    if row is None and request.method == "POST":
        return _gone(request, code)
    if row is None:
        raise Http404(f"The draft has no pair {code}.")
    return _page(request, row)


@require_http_methods(["GET", "POST"])
def new_pair(request):
    return _page(request, None)


def _page(request, row):
    choices = Choices(drafting.book())
    if request.method == "GET":
        form = PairForm(choices=choices, row=row, initial=_initial(request, row, choices))
        return _drawn(request, form, choices, drafting.token(row))
    deed, seen = request.POST.get("op", ""), request.POST.get("seen", "")
    if deed == "save":
        return _save(request, row, choices, seen)
    if deed == "remove" and row:
        return _remove(request, row, choices, seen)
    form = PairForm(choices=choices, row=row).redrawn(request.POST, deed)
    return _drawn(request, form, choices, seen)


def _gone(request, code):
    """Somebody took the pair out meanwhile: what was typed stands as a new one of that code."""
    data, choices = request.POST.copy(), Choices(drafting.book())
    data[f"{PREFIX}-code"] = code
    form = PairForm(choices=choices).redrawn(data, "")
    return _drawn(request, form, choices, "", moved=RowMoved(None, []), status=409)


def _initial(request, row, choices):
    if row:
        return PairForm.initial_of(row)
    asked = {key: request.GET.get(key, "") for key in ("a", "b")}
    return {
        **asked,
        "code": next_code(choices.book.rows(SECTION)),
        "evidence": "D",
        "verification": "gk",
    }


def _save(request, row, choices, seen):
    form = PairForm(request.POST, choices=choices, row=row)
    if not form.is_valid():
        return _drawn(request, form, choices, seen, status=422)
    try:
        sent = form.row()
        kept = drafting.save(SECTION, sent, seen=seen or None)
    except RowRefused as refused:
        form.place(refused.problems)
        return _drawn(request, form, choices, seen, status=422)
    except RowMoved as moved:
        moved.changes = drafting.apart(sent, moved, SECTION)
        token = drafting.token(moved.theirs)
        return _drawn(request, form, choices, token, moved=moved, status=409)
    said = f"{' and '.join(form.two)} ({kept['code']}) is saved in the draft."
    messages.success(request, said)
    if kept["verification"] != sent["verification"]:
        messages.info(request, claims.TOLD)
    return redirect(_matrix(kept, choices))


def _matrix(row, choices) -> str:
    """The matrix at this pair; it opens with procedures alone, which may leave the pair out."""
    treatments = (choices.book.row("treatments", row[side]) for side in ("a", "b"))
    shown = all(one["kind"] == TreatmentKind.PROCEDURE for one in treatments)
    return f"{reverse('catalogue:pair_matrix')}{'' if shown else '?kind='}#{row['code']}"


def _remove(request, row, choices, seen):
    form = PairForm(choices=choices, row=row).redrawn(request.POST, "")
    try:
        drafting.remove(SECTION, row["code"], seen=seen)
    except RowRefused as refused:
        for _, reason in refused.problems:
            messages.error(request, plain(reason))
        return _drawn(request, form, choices, seen, status=422)
    except RowMoved as moved:
        token = drafting.token(moved.theirs)
        return _drawn(request, form, choices, token, moved=moved, status=409)
    messages.success(request, f"{' and '.join(form.two)} ({row['code']}) is out of the draft.")
    return redirect("catalogue:pair_matrix")


def _drawn(request, form, choices, seen, *, moved=None, status=200):
    names, row = Names(choices.book), form.of
    codes = {row["a"], row["b"]} if row else {form[name].value() for name in ("a", "b")}
    others = [
        presenting.pair_line(other, names)
        for other in choices.book.rows(SECTION).values()
        if {other["a"], other["b"]} == codes and not (row and other["code"] == row["code"])
    ]
    return render(
        request,
        "catalogue/edit_pair.html",
        {
            "form": dressed(form),
            "row": row,
            "matrix": _matrix(row, choices) if row else reverse("catalogue:pair_matrix"),
            "seen": seen,
            "moved": moved,
            "names": names,
            "others": others,
            "two": sorted(code for code in codes if code),
            "sources": choices.sources.groups.get("Sources", ()),
        },
        status=status,
    )
