"""The draft: what stands in it, its way to a version, and the way back."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.catalogue import differing, drafting, editors, findings, services
from clinic.catalogue.draft_forms import (
    DRAFT,
    AnswerForm,
    AskForm,
    CompareForm,
    PublishForm,
    RestoreForm,
)
from clinic.catalogue.errors import (
    CatalogueRefused,
    DraftMoved,
    NotAnswerable,
    NotConfirmed,
    RowMoved,
    RowRefused,
)
from clinic.catalogue.models import LoweringRequest, Version
from clinic.catalogue.reading import Book, book


def by_section(rows) -> list[tuple[str, list]]:
    """(heading, rows) in the order of the sections; for anything with a section."""
    groups: dict[str, list] = {}
    for row in rows:
        groups.setdefault(row.section, []).append(row)
    return [(differing.SECTIONS[key], groups[key]) for key in differing.SECTIONS if key in groups]


def judged(state: drafting.DraftState) -> dict:
    """What the checks say of the draft, by how much it matters."""
    found = {kind: [] for kind in (findings.ERROR, findings.WARNING)}
    for one in state.findings:
        found[one.kind].append(one)
    lowered = state.lowered if not found[findings.ERROR] else []
    return {
        "errors": found[findings.ERROR],
        "warnings": found[findings.WARNING],
        "lowered": by_section(lowered),
        "lowered_count": len(lowered),
    }


@require_GET
def draft(request):
    state = drafting.draft_state()
    tokens = {(one.section, one.code): drafting.token(_row(state, one)) for one in state.changes}
    groups = by_section(state.changes)
    shown = [
        (label, [(one, tokens[one.section, one.code]) for one in rows]) for label, rows in groups
    ]
    waiting = services.waiting_request(state) if state.is_changed else None
    context = judged(state) if state.is_changed else {}
    return render(
        request,
        "catalogue/draft.html",
        {"state": state, "groups": shown, "waiting": waiting} | context,
    )


def _row(state: drafting.DraftState, change) -> dict | None:
    rows = state.document[change.section]
    return next((row for row in rows if row["code"] == change.code), None)


@require_POST
def undo(request):
    """One row as the version in force has it."""
    section, code = request.POST.get("section", ""), request.POST.get("code", "")
    if section not in differing.SECTIONS:
        return redirect("catalogue:draft")
    try:
        drafting.undo(section, code, seen=request.POST.get("seen", ""))
    except RowRefused as refusal:
        reasons = "; ".join(one.reason for one in refusal.problems)
        messages.error(request, f"This change cannot be undone by itself: {reasons}.")
    except RowMoved as moved:
        messages.error(request, str(moved))
    else:
        messages.success(request, f"{code} is back as the version in force has it.")
    return redirect("catalogue:draft")


@require_http_methods(["GET", "POST"])
def discard(request):
    """Confirmed on a page that shows what goes."""
    state = drafting.draft_state()
    if not state.is_changed or state.base is None:
        messages.info(request, "There is nothing to discard.")
        return redirect("catalogue:draft")
    form = RestoreForm(request.POST or None, loses=False, initial={"seen": state.hash})
    if form.is_valid() and _restored(request, form, state.base):
        messages.success(request, f"The draft is as version {state.base.number} again.")
        return redirect("catalogue:draft")
    context = {"form": form, "state": state, "groups": by_section(state.changes), "editable": True}
    return render(request, "catalogue/draft_discard.html", context, status=_status(form))


def _restored(request, form, version: Version) -> list | None:
    """The treatments kept withdrawn beside it; None where it was refused, which the form says."""
    try:
        return drafting.restore(version, seen=form.cleaned_data["seen"]) or [None]
    except DraftMoved as moved:
        form.add_error(None, str(moved))
    except CatalogueRefused as refusal:
        for line in refusal.lines:
            form.add_error(None, line)


def _status(form) -> int:
    return 422 if form.is_bound and form.errors else 200


# ---- publishing


@require_http_methods(["GET", "POST"])
def publish(request):
    state = drafting.draft_state()
    if not state.is_changed:
        return render(request, "catalogue/publish.html", {"state": state})
    found = judged(state)
    kind = AskForm if found["lowered"] else PublishForm
    form = kind(request.POST or None, initial={"seen": state.hash})
    if form.is_valid() and (done := _published(request, form)):
        return done
    context = {
        "state": state,
        "form": _looked_at_again(form, state),
        "waiting": services.waiting_request(state),
        "next": state.base.number + 1 if state.base else 1,
        **found,
    }
    return render(request, "catalogue/publish.html", context, status=_status(form))


def _published(request, form):
    """Where to go after it, or None with the reasons on the form."""
    given = form.cleaned_data
    try:
        if "reason" in given:
            asked = services.ask(by=request.user, **given)
            messages.success(request, "A second person is asked to confirm it.")
            return redirect("catalogue:lowering", asked.pk)
        version = services.publish(by=request.user, words=given["words"], seen=given["seen"])
    except (DraftMoved, NotConfirmed) as refusal:
        form.add_error(None, str(refusal))
    except CatalogueRefused as refusal:
        for line in refusal.lines:
            form.add_error(None, line)
    else:
        messages.success(request, f"Version {version.number} is in force.")
        return redirect("catalogue:versions")


def _looked_at_again(form, state):
    """After a refusal the form is about the draft that the page shows now."""
    if form.is_bound:
        form.data = form.data.copy()
        form.data["seen"] = state.hash
    return form


@require_http_methods(["GET", "POST"])
def lowering(request, pk):
    """A second person looks at what would be less safe, and says yes or no."""
    asked = get_object_or_404(LoweringRequest.objects.select_related("asked_by"), pk=pk)
    state = drafting.draft_state()
    answer = getattr(asked, "answer", None)
    is_current = answer is None and services.waiting_request(state) == asked
    form = AnswerForm(request.POST or None)
    may_answer = is_current and asked.asked_by != request.user
    if request.method == "POST" and form.is_valid() and _answered(request, form, asked):
        return redirect("catalogue:lowering", asked.pk)
    context = {
        "asked": asked,
        "answer": answer,
        "is_current": is_current,
        "may_answer": may_answer,
        "form": form,
        "lowered": _grouped([_to_look_up(one, state, is_current) for one in asked.lowered]),
        "groups": by_section(state.changes) if is_current else (),
        "version": Version.objects.defer("document").filter(lowering=asked).first(),
    }
    return render(request, "catalogue/lowering.html", context, status=_status(form))


def _to_look_up(one: dict, state: drafting.DraftState, is_current: bool) -> dict:
    """A lowering with the page of its row in force, and the sources that the draft gives it."""
    section, code = one["section"], one["code"]
    row = book(Version.objects.defer("document").in_force()).row(section, code)
    found = {"page": editors.read_at(section, code) if row else ""}
    if is_current:
        draft = Book(state.document)
        if row := draft.row(section, code):
            codes, titled = _sources_at(row, one["path"]), draft.rows("sources")
            found["sources"] = [titled[each]["title"] for each in codes if each in titled]
    return one | found


def _sources_at(row, path) -> list[str]:
    """Those of the innermost part on the way that names its own."""
    sources = []
    for key in (None, *path):
        try:
            row = row if key is None else row[key]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(row, dict):
            sources = row.get("sources") or sources
    return sources


def _grouped(lowered: list[dict]) -> list[tuple[str, list[dict]]]:
    groups: dict[str, list] = {}
    for one in lowered:
        groups.setdefault(one["section"], []).append(one)
    return [(differing.SECTIONS[key], groups[key]) for key in differing.SECTIONS if key in groups]


def _answered(request, form, asked) -> bool:
    agreed, words = form.cleaned_data["agreed"], form.cleaned_data["words"]
    try:
        version = services.answer(request=asked, by=request.user, agreed=agreed, words=words)
    except (NotAnswerable, CatalogueRefused) as refusal:
        form.add_error(None, str(refusal))
        return False
    if version:
        messages.success(request, f"Confirmed. Version {version.number} is in force.")
    else:
        messages.success(request, f"Declined. {asked.asked_by} sees your words here.")
    return True


# ---- versions


@require_GET
def versions(request):
    rows = Version.objects.defer("document").select_related(
        "published_by", "lowering__answer__answered_by"
    )
    in_force = Version.objects.in_force()
    form = CompareForm(
        initial=_usual(in_force), with_draft=request.user.has_perm("catalogue.edit_catalogue")
    )
    context = {"versions": rows, "in_force": in_force, "form": form}
    return render(request, "catalogue/versions.html", context)


def _usual(in_force: Version | None) -> dict:
    """What one compares first: the version in force with the one before it."""
    number = in_force.number if in_force else 1
    return {"old": str(max(1, number - 1)), "new": str(number)}


@require_GET
def compare(request):
    editor = request.user.has_perm("catalogue.edit_catalogue")
    form = CompareForm(
        request.GET or None, initial=_usual(Version.objects.in_force()), with_draft=editor
    )
    context = {"form": form, "groups": None}
    if form.is_valid():
        old, new = form.cleaned_data["old"], form.cleaned_data["new"]
        found = drafting.changes(_document(old), _document(new))
        context |= {"groups": by_section(found), "count": len(found), "editable": new == DRAFT}
    return render(request, "catalogue/compare.html", context, status=_status(form))


def _document(name: str) -> dict:
    if name == DRAFT:
        return drafting.draft_state().document
    return book(Version.objects.defer("document").get(number=int(name))).document


@require_http_methods(["GET", "POST"])
def restore(request, number):
    """An earlier version as the draft; a page says first what is lost with it."""
    version = get_object_or_404(Version.objects.defer("document"), number=number)
    state = drafting.draft_state()
    loses = state.is_changed and state.hash != version.hash
    form = RestoreForm(request.POST or None, loses=loses, initial={"seen": state.hash})
    if form.is_valid() and (kept := _restored(request, form, version)):
        _tell_restored(request, version, [code for code in kept if code])
        return redirect("catalogue:draft")
    context = {
        "version": version,
        "state": state,
        "form": form,
        "loses": loses,
        "lost": by_section(state.changes) if loses else (),
        "editable": True,
        "count": len(drafting.changes(state.document, book(version).document)),
    }
    return render(request, "catalogue/restore.html", context, status=_status(form))


def _tell_restored(request, version, kept: list[str]):
    words = f"The draft is now as version {version.number} was. Nothing is published yet."
    if kept:
        words += f" Newer treatments stay, withdrawn: {', '.join(kept)}."
    messages.success(request, words)
