"""Deeds on the catalogue: load the files, publish a version, lower safety with a second person."""

from pathlib import Path

from clinic.catalogue import checks, differing, documents, drafting, findings
from clinic.catalogue.errors import (
    CatalogueRefused,
    DraftMoved,
    EditedByTheClinic,
    NotAnswerable,
    NotConfirmed,
)
from clinic.catalogue.files import DATA, Files
from clinic.catalogue.models import LoweringAnswer, LoweringRequest, Treatment, Version

LOADED = "Loaded from the data files."


def load(folder: Path = DATA, *, overwrite: bool = False, step=lambda rows: rows) -> Version:
    """Put the files' rows into the tables and publish them, if they differ; all or nothing.

    Raises CatalogueRefused with file, line and reason for anything wrong, and EditedByTheClinic
    where somebody changed the tables since the last load, unless `overwrite`.
    """
    files = Files(folder)
    wrong = files.faults or [files.line_of(one) for one in checks.problems(files.document)]
    if wrong:
        raise CatalogueRefused(wrong)
    document = checks.tidy(files.document)
    with drafting.writing():
        if not overwrite and _edited_since_loaded():
            raise EditedByTheClinic
        drafting.apply(document, step=step, vouched=True)
        return publish(by=None, words=LOADED)


def _edited_since_loaded() -> bool:
    """Whether the clinic edited the tables, or published a version, since the last load."""
    newest = Version.objects.in_force()
    if newest is None:
        return Treatment.objects.exists()
    return newest.published_by_id is not None or documents.hash_of(documents.draft()) != newest.hash


def publish(*, by, words: str = "", seen: str | None = None) -> Version:
    """The draft in the tables as a new version, or the version in force if nothing differs.

    `seen` is the hash of the draft that was looked at. Raises CatalogueRefused with what stops
    it, DraftMoved, or NotConfirmed where it lowers safety: then `ask` and `answer` publish it.
    """
    with drafting.writing():
        state = _sound_draft(seen)
        if not state.is_changed:
            return state.base
        if by is not None:
            _require_words(words)
            if state.lowered:
                raise NotConfirmed(state.lowered)
        return _publish(state, by, words)


def _sound_draft(seen: str | None) -> drafting.DraftState:
    state = drafting.draft_state()
    if seen is not None and seen != state.hash:
        raise DraftMoved
    stopping = [one for one in state.findings if one.kind == findings.ERROR]
    if stopping:
        raise CatalogueRefused(
            f"{differing.ONE_OF[one.section]} “{one.name}” ({one.code}), {one.words}"
            for one in stopping
        )
    return state


def _require_words(*words: str):
    if not all(one.strip() for one in words):
        raise CatalogueRefused(["Say what changed, and why."])


def _publish(state: drafting.DraftState, by, words: str, lowering=None) -> Version:
    return Version.objects.create(
        number=state.base.number + 1 if state.base else 1,
        document=state.document,
        hash=state.hash,
        published_by=by,
        words=words,
        lowering=lowering,
    )


# ---- lowered safety


def ask(*, by, words: str, reason: str, seen: str) -> LoweringRequest:
    """Ask a second person to confirm that this draft lowers safety, and why it may."""
    with drafting.writing():
        state = _sound_draft(seen)
        _require_words(words, reason)
        return LoweringRequest.objects.create(
            base=state.base.number,
            draft_hash=state.hash,
            reason=reason,
            words=words,
            lowered=[one._asdict() for one in state.lowered],
            asked_by=by,
        )


def waiting_request(state: drafting.DraftState | None = None) -> LoweringRequest | None:
    """The newest unanswered one that is about the draft as it is now; an edit voids the others."""
    newest = LoweringRequest.objects.filter(answer=None).select_related("asked_by").first()
    if newest is None:
        return None
    state = state or drafting.draft_state()
    return newest if _is_about(newest, state) else None


def _is_about(request: LoweringRequest, state: drafting.DraftState) -> bool:
    return request.draft_hash == state.hash and request.base == state.base.number


def answer(*, request: LoweringRequest, by, agreed: bool, words: str = "") -> Version | None:
    """A second person's yes, which publishes the draft in the asker's name, or no."""
    with drafting.writing():
        state = _sound_draft(None)
        if LoweringAnswer.objects.filter(request=request).exists():
            raise NotAnswerable("Somebody has answered this request already.")
        if request.asked_by_id == by.pk:
            raise NotAnswerable("A second person confirms this: you asked for it yourself.")
        if not _is_about(request, state):
            raise NotAnswerable(
                "The draft was edited after this was asked, so the request is void. "
                "Whoever wants to publish it asks again."
            )
        if not agreed:
            _require_words(words)
        LoweringAnswer.objects.create(request=request, agreed=agreed, words=words, answered_by=by)
        return _publish(state, request.asked_by, request.words, request) if agreed else None
