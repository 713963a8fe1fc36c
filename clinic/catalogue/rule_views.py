"""The editor of a safety rule: a sentence built from choices, drawn anew while one chooses."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.catalogue import claims, drafting, presenting
from clinic.catalogue.condition_builder_fields import dressed
from clinic.catalogue.drafting import RowMoved, RowRefused
from clinic.catalogue.lowering_rules import RuleReader
from clinic.catalogue.models import Version
from clinic.catalogue.reading import Names, book
from clinic.catalogue.rule_form import Choices, RuleDesk, plain
from clinic.catalogue.spans import still_said, uneven

SECTION = "safety_rules"


@require_http_methods(["GET", "POST"])
def edit_rule(request, code):
    row = drafting.read(SECTION, code)
    if row is None and request.method == "POST":
        return _gone(request, code)
    if row is None:
        raise Http404(f"The draft has no rule {code}.")
    return _page(request, row)


@require_http_methods(["GET", "POST"])
def new_rule(request):
    return _page(request, None)


def _page(request, row):
    choices = Choices(drafting.book())
    if request.method == "GET":
        family = request.GET.get("family", "")
        desk = RuleDesk.of(row, choices, family=family)
        return _drawn(request, desk, row, drafting.token(row))
    deed, seen = request.POST.get("op", ""), request.POST.get("seen", "")
    if deed == "save":
        return _save(request, row, choices, seen)
    if deed == "remove" and row:
        return _remove(request, row, choices, seen)
    return _drawn(request, RuleDesk.redrawn(request.POST, row, choices, deed), row, seen)


def _gone(request, code):
    """Somebody took the rule out meanwhile: what was typed stands as a new one of that code."""
    data = request.POST.copy()
    data["rule-code"] = code
    desk = RuleDesk.redrawn(data, None, Choices(drafting.book()), "")
    return _drawn(request, desk, None, "", moved=RowMoved(None, []), status=409)


def _save(request, row, choices, seen):
    desk = RuleDesk.sent(request.POST, row, choices)
    if not desk.is_valid():
        return _drawn(request, desk, row, seen, status=422)
    try:
        sent = desk.row()
        kept = drafting.save(SECTION, sent, seen=seen or None)
    except RowRefused as refused:
        desk.place(refused.problems)
        return _drawn(request, desk, row, seen, status=422)
    except RowMoved as moved:
        moved.changes = drafting.apart(sent, moved, SECTION)
        return _drawn(request, desk, row, drafting.token(moved.theirs), moved=moved, status=409)
    messages.success(
        request,
        f"{kept['code']} is saved in the draft. Plans follow it once the draft is published.",
    )
    if kept["verification"] != sent["verification"]:
        messages.info(request, claims.TOLD)
    return redirect("catalogue:edit_rule", kept["code"])


def _remove(request, row, choices, seen):
    desk = RuleDesk.redrawn(request.POST, row, choices, "")
    try:
        drafting.remove(SECTION, row["code"], seen=seen)
    except RowRefused as refused:
        for _, reason in refused.problems:
            messages.error(request, plain(reason))
        return _drawn(request, desk, row, seen, status=422)
    except RowMoved as moved:
        return _drawn(request, desk, row, drafting.token(moved.theirs), moved=moved, status=409)
    messages.success(request, f"{row['code']} is taken out of the draft.")
    return redirect("catalogue:safety")


def _drawn(request, desk, row, seen, *, moved=None, status=200):
    names = Names(desk.choices.book)
    mark_times(desk)
    for form in (desk.head, *desk.clauses):
        dressed(form)
    return render(
        request,
        "catalogue/edit_rule.html",
        {
            "desk": desk,
            "row": row,
            "seen": seen,
            "moved": moved,
            "names": names,
            "said": sentence(desk, names),
            "safety": compared(desk),
            "sources": desk.choices.sources.groups.get("Sources", ()),
        },
        status=status,
    )


# ---- the rule as a sentence


def sentence(desk: RuleDesk, names: Names) -> dict:
    """What the choices say so far; a clause that is not complete is None."""
    offered = desk.head["alternatives"].value() or []
    return {
        "clauses": [row and _line(row, names) for row in desk.shown_clauses()],
        "alternatives": [names.treatment_or_family(code) for code in offered],
    }


def _line(clause: dict, names: Names) -> dict:
    return presenting.clause_line(clause, names)


def mark_times(desk: RuleDesk) -> None:
    """Put a warning beside what gives a time that the rest of the rule does not give."""
    rows = desk.shown_clauses()
    for form, row in zip(desk.clauses, rows, strict=True):
        form.uneven = uneven(row) if row else ""
    version = Version.objects.in_force()
    was = book(version).row(SECTION, desk.kept.get("code", "")) if version else None
    words = {key: desk.head[key].value() for key in ("title", "text")}
    desk.head.still_said = [] if None in rows else still_said(was, {**words, "clauses": rows})


def compared(desk: RuleDesk) -> dict | None:
    """What it no longer does, against the version in force; None while that cannot be told."""
    version, rule = Version.objects.in_force(), desk.shown_rule()
    if version is None or rule is None:
        return None
    in_force = book(version)
    was = in_force.row(SECTION, desk.kept.get("code", ""))
    if was is None:
        return {"version": version, "is_new": True}
    reader = RuleReader(in_force, desk.choices.book)
    lost = [words for _, words in reader.compare(was, rule)]
    same = all(was[key] == rule[key] for key in rule)
    return {"version": version, "lost": list(dict.fromkeys(lost)), "same": same}
