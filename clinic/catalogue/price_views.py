"""What things cost: the price list on one page, and the packages."""

import json
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.catalogue import drafting, kinds, packages, price_list
from clinic.catalogue.errors import RowMoved, RowRefused
from clinic.catalogue.models import Clinic, Version
from clinic.catalogue.reading import book as published
from clinic.catalogue.sheets import Sheet, base_in
from clinic.catalogue.treatment_entries import Entries
from clinic.catalogue.treatment_page import what_they_changed

STEPS = [("0.01", "two decimals"), ("1", "1"), ("5", "5"), ("10", "10")]
PACKAGE = Entries({"treatments": [], "sessions": "3"})


@require_http_methods(["GET", "POST"])
def prices(request):
    rows = drafting.rows("treatments")
    base = {row["code"]: price_list.prices_in(row) for row in rows}
    if request.method == "GET":
        return _draw_prices(request, rows, price_list.flat(rows), base)
    entries = Entries.posted(request.POST)
    seen = _prices_seen(request.POST.get("base", ""))
    if request.POST.get("do") == "raise":
        return _raise_prices(request, rows, entries, seen)
    outcome = price_list.save(entries, seen)
    if outcome.errors:
        both = price_list.merged(entries, seen, base)
        return _draw_prices(request, rows, both, base, outcome.errors)
    count = len(outcome.changed)
    words = f"{count} price{'s' * (count != 1)} saved in the draft. Nothing is published yet."
    messages.success(request, words if count else "No price was changed.")
    return redirect("catalogue:prices")


def _raise_prices(request, rows, entries, base):
    """All prices changed on the page, to be looked over and saved.

    `base` stays what the page first showed: what somebody else saved since is still noticed.
    """
    try:
        percent = Decimal(entries.text("percent"))
        if not -90 <= percent <= 500:
            raise ValueError
    except (InvalidOperation, ValueError):
        wrong = {"percent": ["Write a number from -90 to 500."]}
        return _draw_prices(request, rows, entries, base, wrong)
    step = entries.text("step")
    step = Decimal(step if step in dict(STEPS) else "1")
    return _draw_prices(request, rows, price_list.raised(entries, percent, step), base)


def _prices_seen(text: str) -> dict[str, dict]:
    """What the page showed when it was opened; nothing is saved of what it did not show."""
    try:
        seen = json.loads(text)
    except ValueError:
        return {}
    fits = isinstance(seen, dict) and all(isinstance(one, dict) for one in seen.values())
    return seen if fits else {}


def _draw_prices(request, rows, entries, base, errors=None):
    version = Version.objects.in_force()
    was = price_list.flat(published(version).rows("treatments").values() if version else ())
    was |= {name: entries[name] for name in ("percent", "step") if name in entries}
    context = {
        "groups": price_list.lines_of(rows),
        "sheet": Sheet(entries, errors, was if version else None),
        "base": json.dumps(base),
        "units": kinds.PriceUnit.choices(),
        "steps": STEPS,
        "packages": len(drafting.rows("packages")),
    }
    return _draw(request, "prices", context, version, 422 if errors else 200)


# ---- packages


@require_http_methods(["GET", "POST"])
def package_list(request):
    """Every package, and a form for a new one."""
    if request.method == "GET":
        return _draw_package(request, None, PACKAGE)
    return _save_package(request, None, None)


@require_http_methods(["GET", "POST"])
def package(request, code):
    row = drafting.read("packages", code)
    if row is None:
        if request.method == "POST":
            return _package_gone(request, code)
        raise Http404(f"The draft has no package {code}.")
    if request.method == "GET":
        return _draw_package(request, row, packages.flat(row))
    base = base_in(request.POST.get("base", ""), packages.flat, code)
    if base is None:
        entries = Entries.posted(request.POST)
        return _draw_package(request, row, entries, moved=True)
    if request.POST.get("do") == "remove":
        return _remove_package(request, row, base)
    return _save_package(request, row, base)


def _save_package(request, row, base):
    entries = Entries.posted(request.POST)
    reading = packages.read(entries, base)
    try:
        if reading.errors:
            raise RowRefused([])
        kept = packages.save(reading.row, base)
    except RowRefused as refused:
        reading.refuse_all(refused.problems)
        return _draw_package(request, row, entries, base=base, errors=reading.errors)
    except RowMoved as moved:
        if moved.theirs is None:
            return _package_gone(request, row["code"])
        told = what_they_changed(base, moved.theirs) or True
        return _draw_package(request, moved.theirs, entries, moved=told)
    messages.success(request, f"{kept['name']} is saved in the draft. Nothing is published yet.")
    return redirect("catalogue:packages")


def _package_gone(request, code):
    """Somebody took it out meanwhile: what was typed stands as a new one of that code."""
    entries = Entries(PACKAGE | Entries.posted(request.POST) | {"code": code})
    return _draw_package(request, None, entries, gone=True)


def _remove_package(request, row, base):
    try:
        drafting.remove("packages", row["code"], seen=drafting.token(base))
    except RowMoved:
        messages.error(request, "Somebody else changed it after you opened it. Nothing was done.")
        return redirect("catalogue:package", row["code"])
    messages.success(request, f"{row['name']} is taken out of the draft. Quotes with it stay.")
    return redirect("catalogue:packages")


def _draw_package(request, row, entries, *, base=None, errors=None, moved=None, gone=False):
    draft, version = drafting.book(), Version.objects.in_force()
    was = published(version).row("packages", row["code"]) if row and version else None
    context = {
        "row": row,
        "lines": packages.lines(draft),
        "sheet": Sheet(entries, errors, packages.flat(was) if was else None),
        "choices": packages.choices(draft, entries.several("treatments")),
        "base": json.dumps(base or row or None),
        "moved": moved,
        "gone": gone,
    }
    return _draw(
        request, "packages", context, version, 409 if moved or gone else 422 if errors else 200
    )


def _draw(request, template, context, version, status):
    frame = {"version": version, "in_force": version, "clinic": Clinic.current()}
    return render(request, f"catalogue/{template}.html", frame | context, status=status)
