"""A treatment of the draft on one page: edited, made anew, withdrawn and reinstated."""

import json

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.catalogue import drafting
from clinic.catalogue.errors import RowMoved, RowRefused
from clinic.catalogue.models import Clinic, Version
from clinic.catalogue.sheets import Sheet, base_in
from clinic.catalogue.treatment_entries import BLANK, Entries, empty, flat, read, sentence
from clinic.catalogue.treatment_page import in_force_row, merged, page_of, what_they_changed
from clinic.catalogue.treatment_support import MARKS


@require_http_methods(["GET", "POST"])
def new_treatment(request):
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def edit_treatment(request, code):
    row = drafting.read("treatments", code)
    if row is None:
        if request.method == "POST":
            return _gone(request, Entries.posted(request.POST), code)
        raise Http404(f"The draft has no {code}.")
    return _edit(request, row)


def _edit(request, row):
    if request.method == "GET":
        return _draw(request, row, flat(row) if row else empty(), base=row)
    base = base_in(request.POST.get("base", ""), flat, row["code"]) if row else None
    entries = Entries.posted(request.POST)
    deed, _, where = request.POST.get("do", "").partition("-")
    if deed in ("withdraw", "reinstate") and row:
        return _set_withdrawn(request, row, deed)
    if deed in ROW_DEEDS:
        ROW_DEEDS[deed](entries, where)
        return _draw(request, row, entries, base=base)
    return _save(request, row, entries, base)


def _save(request, row, entries, base):
    if row and base is None:
        return _draw_moved(request, row, entries, base)
    documents = set(drafting.book().rows("sources")) - MARKS
    reading = read(entries, base, documents)
    try:
        if reading.errors:
            raise RowRefused([])
        seen = drafting.token(base) if base else None
        kept = drafting.save("treatments", reading.row, seen=seen, vouched=True)
    except RowRefused as refused:
        reading.refuse_all(refused.problems)
        return _draw(request, row, entries, base=base, errors=reading.errors)
    except RowMoved as moved:
        return _draw_moved(request, moved.theirs, entries, base)
    messages.success(request, f"{kept['name']} is saved in the draft. Nothing is published yet.")
    if reading.lowered:
        messages.info(request, _lowered(reading.lowered))
    return redirect("catalogue:edit_treatment", kept["code"])


def _lowered(labels: list[str]) -> str:
    return (
        f"Changed without a source for the new value, so now the clinic's own: {'; '.join(labels)}."
        " Name a source under “Read in” if one gives the new value."
    )


def _draw_moved(request, theirs, entries, base):
    """What was typed, over what somebody else saved; saving once more is on purpose."""
    if theirs is None:
        return _gone(request, entries, base["code"])
    both = merged(entries, base, theirs)
    return _draw(request, theirs, both, base=theirs, moved=what_they_changed(base, theirs) or True)


def _gone(request, entries, code):
    """The draft was replaced by one without it: what was typed stands as a new one of that code."""
    typed = Entries(empty() | entries | {"code": code})
    return _draw(request, None, typed, base=None, gone=True)


def _set_withdrawn(request, row, deed):
    change = drafting.withdraw if deed == "withdraw" else drafting.reinstate
    try:
        kept = change(row["code"], seen=request.POST.get("seen", ""))
    except RowMoved:
        messages.error(
            request,
            "Somebody else changed this treatment after you opened it. Nothing was done; look at "
            "it as it is now, and press again.",
        )
    except RowRefused as refused:
        messages.error(request, " ".join(sentence(reason) for _, reason in refused.problems))
    else:
        words = "offered again once this is published"
        if kept["withdrawn"]:
            words = "withdrawn: no plan made once this is published holds it"
        messages.success(request, f"{kept['name']} is {words}.")
    return redirect("catalogue:edit_treatment", row["code"])


def _draw(request, row, entries, *, base, errors=None, moved=None, gone=False):
    version = Version.objects.in_force()
    was = in_force_row(version, row["code"]) if row else None
    sheet = Sheet(entries, errors, flat(was) if was else None)
    context = page_of(row, sheet, version=version) | {
        "base": json.dumps(base) if base else "",
        "seen": drafting.token(row) if row else "",
        "moved": moved,
        "gone": gone,
        "is_published": was is not None,
        "version": version,
        "in_force": version,
        "clinic": Clinic.current(),
    }
    status = 409 if moved or gone else 422 if errors else 200
    return render(request, "catalogue/edit_treatment.html", context, status=status)


# ---- rows added, taken out and moved where no script does it


def _add(entries: Entries, key: str):
    numbers = [int(one) for one in entries.several(key) if one.isdecimal()]
    number = str(max(numbers, default=-1) + 1)
    entries[key] = [*entries.several(key), number]
    entries |= {f"{key}-{number}-{name}": value for name, value in BLANK.items()}


def _remove(entries: Entries, where: str):
    key, _, number = where.partition("-")
    entries[key] = [one for one in entries.several(key) if one != number]


def _move(entries: Entries, where: str, step: int):
    key, _, number = where.partition("-")
    order = list(entries.several(key))
    if number in order:
        at = order.index(number)
        order.insert(max(0, at + step), order.pop(at))
        entries[key] = order


ROW_DEEDS = {
    "add": _add,
    "remove": _remove,
    "up": lambda entries, where: _move(entries, where, -1),
    "down": lambda entries, where: _move(entries, where, 1),
}
