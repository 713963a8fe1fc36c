"""The working draft, as pages read and write it: a row at a time, checked, and never over somebody.

    row = drafting.read("treatments", "subcision")
    seen = drafting.token(row)                    # kept in the form
    drafting.save("treatments", changed, seen=seen)

The tables are the draft; nothing here keeps a copy. Writers go one after another; whoever saves a
row that somebody else saved since it was read is told what changed, and nothing is overwritten.
"""

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.db import connection, transaction

from clinic.catalogue import (
    checks,
    claims,
    differing,
    documents,
    findings,
    history_reading,
    keeping,
    lowering,
    reading,
)
from clinic.catalogue.differing import FieldChange, RowChange, changes
from clinic.catalogue.differing import problem_in_words as in_words
from clinic.catalogue.errors import (
    CatalogueRefused,
    DraftMoved,
    Problem,
    RowMoved,
    RowRefused,
)
from clinic.catalogue.models import Clinic, LinkEvent, Version
from clinic.catalogue.reading import Book, Names

__all__ = [
    "DraftMoved",
    "DraftState",
    "FieldChange",
    "RowChange",
    "RowMoved",
    "RowRefused",
    "apply",
    "book",
    "changes",
    "count_of_changes",
    "discard",
    "draft_state",
    "in_words",
    "is_published",
    "read",
    "reinstate",
    "remove",
    "restore",
    "rows",
    "save",
    "token",
    "undo",
    "withdraw",
    "writing",
]

LASTING = {
    "treatments": "a treatment is withdrawn, never removed: plans of the past name it",
    "regions": "a region is never removed: findings, photos and the face chart name it",
    "scales": "a scale is never removed: gradings of the past were made with it",
    "instruments": "a questionnaire is never removed: answers of the past were given to it",
    "strategies": "a strategy is never removed: the planner offers one plan for each",
    "calibration": "a constant is never removed: the planner computes with it",
}
"""Sections whose rows other records or the program itself name, and why each row stays."""


# ---- reading


def token(row: dict | None) -> str:
    """What an editor has read, in short; empty for a row that is not there."""
    return hashlib.sha256(documents.canonical(row).encode()).hexdigest() if row else ""


def read(section: str, code: str) -> dict | None:
    return next(iter(documents.rows(section, [code])), None)


def rows(section: str) -> list[dict]:
    return documents.rows(section)


class DraftBook(Book):
    """The draft as a book, that reads a section when it is first asked for."""

    def __init__(self):
        super().__init__({})

    def rows(self, section: str) -> dict[str, dict]:
        if section not in self._rows:
            self._rows[section] = {row["code"]: row for row in documents.rows(section)}
        return self._rows[section]


def book() -> Book:
    return DraftBook()


# ---- writing


@contextmanager
def writing():
    """One writer at a time, all or nothing. Whatever else writes the tables does it in here."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('catalogue draft'))")
        yield


def save(section: str, row: dict, *, seen: str | None, vouched: bool = False) -> dict:
    """Put a row into the draft and return it as it is kept; `seen` is None for a new row.

    A changed value that still claims to be verified is kept as not verified, unless it is
    `vouched` for: it was published so, or the page asked where it was read.

    Raises RowRefused where the row, or the catalogue with it, would not be sound; RowMoved where
    it is no longer the row that the editor read.
    """
    with writing():
        document = documents.draft()
        there = _row_of(document, section, row.get("code"))
        if seen is None and there is not None:
            code = row["code"]
            taken = f"the code {code} is taken by “{_name(section, there)}”; choose another"
            raise RowRefused([Problem(("code",), taken)])
        if seen is not None and token(there) != seen:
            raise _moved(section, row["code"], there, seen, row)
        kept = _checked(document, section, row)
        kept = kept if vouched else claims.settled_row(section, kept, there)
        if kept != there:
            documents.write_row(section, kept)
        return kept


def apart(mine: dict, moved: RowMoved, section: str) -> list[FieldChange]:
    """Where what was typed differs from what somebody else saved meanwhile."""
    if moved.theirs is None:
        return []
    names, typed = Names(book()), checks.SECTIONS[section].tidy(mine)
    return list(differing.field_changes(typed, moved.theirs, names, names))


def remove(section: str, code: str, *, seen: str):
    """Take a row out of the draft; refused while another row names it."""
    with writing():
        document = documents.draft()
        there = _row_of(document, section, code)
        if token(there) != seen:
            raise _moved(section, code, there, seen, None)
        if section in LASTING and is_published(section, code):
            raise RowRefused([Problem((), LASTING[section])])
        others = [row for row in document[section] if row["code"] != code]
        if wrong := _new_problems(document, {**document, section: others}):
            name = _name(section, there)
            raise RowRefused(
                Problem((), f"“{name}” is still needed: {line}") for _, _, line in wrong
            )
        documents.remove_row(section, code)


def is_published(section: str, code: str) -> bool:
    """Whether any version holds this row."""
    return Version.objects.filter(**{f"document__{section}__contains": [{"code": code}]}).exists()


def withdraw(code: str, *, seen: str) -> dict:
    """No plan made from the next version on holds this treatment; what was planned keeps it."""
    return _set_withdrawn(code, True, seen)


def reinstate(code: str, *, seen: str) -> dict:
    return _set_withdrawn(code, False, seen)


def _set_withdrawn(code: str, withdrawn: bool, seen: str) -> dict:
    row = read("treatments", code)
    if row is None:
        raise _moved("treatments", code, None, seen, None)
    return save("treatments", row | {"withdrawn": withdrawn}, seen=seen)


# ---- the whole draft


def apply(document: dict, *, step=lambda rows: rows, vouched: bool = False) -> list[str]:
    """Put a whole document in place of the draft, or nothing of it.

    Raises CatalogueRefused with place and reason for anything wrong in it. What a version holds
    and is never removed stays; the treatments among it, which are withdrawn, are returned.
    `vouched` as in `save`.
    """
    if wrong := checks.problems(document):
        raise CatalogueRefused(in_words(document, problem) for problem in wrong)
    with writing():
        lasting = {section: _lost(document, section) for section in LASTING}
        if any(lasting.values()):
            document = keeping.keep(document, documents.draft(), lasting)
            if wrong := checks.problems(document):
                raise CatalogueRefused(in_words(document, problem) for problem in wrong)
        document = checks.tidy(document)
        if not vouched:
            document = claims.settled(documents.draft(), document)
        documents.write(document, step=step)
    return sorted(lasting["treatments"])


def _lost(document: dict, section: str) -> set[str]:
    """Codes that the draft has, the document lacks, and a version holds."""
    there = {row["code"] for row in document.get(section) or []}
    gone = [code for code in documents.codes(section) if code not in there]
    return {code for code in gone if is_published(section, code)}


def undo(section: str, code: str, *, seen: str):
    """Put one row back as the version in force has it; `seen` as in `save`."""
    version = Version.objects.in_force()
    row = reading.book(version).row(section, code)
    if row is None:
        remove(section, code, seen=seen)
    else:
        save(section, row, seen=seen or None, vouched=True)


def discard(*, seen: str):
    """Put the whole draft back as the version in force; `seen` is the hash of the draft."""
    restore(Version.objects.in_force(), seen=seen)


def restore(version: Version, *, seen: str) -> list[str]:
    """Make the draft what `version` was. Raises DraftMoved unless the draft is the one seen.

    What was edited and not published is lost with it, so a page says first what that is.
    """
    with writing():
        if documents.hash_of(documents.draft()) != seen:
            raise DraftMoved
        return apply(reading.book(version).document, vouched=True)


@dataclass(frozen=True)
class DraftState:
    """What stands between the version in force and the draft."""

    base: Version | None
    document: dict
    lacks: frozenset = frozenset()

    @cached_property
    def hash(self) -> str:
        return documents.hash_of(self.document)

    @cached_property
    def is_changed(self) -> bool:
        return self.base is None or self.hash != self.base.hash

    @cached_property
    def changes(self) -> list[RowChange]:
        return changes(self.before, self.document) if self.is_changed else []

    @cached_property
    def before(self) -> dict:
        return reading.book(self.base).document if self.base else {}

    @cached_property
    def lowered(self) -> list[lowering.Lowering]:
        return lowering.lowered(self.before, self.document) if self.base else []

    @cached_property
    def findings(self) -> list[findings.Finding]:
        return findings.findings(self.document, self.before, self.lacks)

    @property
    def is_sound(self) -> bool:
        return all(one.kind != findings.ERROR for one in self.findings)


def draft_state() -> DraftState:
    base = Version.objects.in_force()
    return _state(_fingerprint(), base.hash if base else "", frozenset(Clinic.current().lacks))


def count_of_changes() -> int:
    return len(draft_state().changes)


@lru_cache(maxsize=2)
def _state(fingerprint: str, base: str, lacks: frozenset) -> DraftState:
    return DraftState(Version.objects.in_force(), documents.draft(), lacks)


def _fingerprint() -> str:
    """Another one after every change of the draft: each leaves an event, and none is ever lost."""
    parts = [part for some in documents.PARTS.values() for part in some.values()]
    kept = [table.pgh_event_model for table in (*documents.TABLES.values(), *parts)]
    tables = [events._meta.db_table for events in (*kept, LinkEvent)]
    # Sums would not do: what is rolled back in one table uses numbers up, and may even out.
    counted = (
        f"SELECT {at}, count(*), max(pgh_id) FROM {table}" for at, table in enumerate(tables)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(counted)} ORDER BY 1")
        return str(cursor.fetchall())


# ---- what is wrong with a row


def _checked(document: dict, section: str, row: dict) -> dict:
    """The canonical row; RowRefused with everything that is wrong with it."""
    code, others = row.get("code"), document[section]
    others = [one for one in others if one["code"] != code]
    after = {**document, section: [*others, row]}
    found = list(checks.SECTIONS[section].check(row, (), checks.book_of(after)))
    if found:
        raise RowRefused(found)
    kept = checks.SECTIONS[section].tidy(row)
    wrong = _new_problems(document, {**document, section: [*others, kept]})
    if wrong:
        raise RowRefused(
            Problem(path, reason) if at == (section, code) else Problem((), line)
            for at, (path, reason), line in wrong
        )
    return kept


def _new_problems(before: dict, after: dict) -> list[tuple[tuple, Problem, str]]:
    """What is wrong `after` and was not `before`: its row, the problem inside it, and in words."""
    wrong = checks.problems(after)
    if not wrong:
        return []
    known = {(_row_at(before, one), _inside(one)) for one in checks.problems(before)}
    return [
        (_row_at(after, one), _inside(one), in_words(after, one))
        for one in wrong
        if (_row_at(after, one), _inside(one)) not in known
    ]


def _inside(problem: Problem) -> Problem:
    return Problem(problem.path[2:], problem.reason)


def _row_at(document: dict, problem: Problem) -> tuple:
    section, index = problem.path[:2]
    return section, document[section][index].get("code")


def _moved(section: str, code: str, there: dict | None, seen: str, mine: dict | None) -> RowMoved:
    """With what became of the row since it was read; against `mine` where that is not known."""
    steps = history_reading.steps(section, [code])[code]
    read = next((step.after for step in reversed(steps) if token(step.after) == seen), mine)
    names = Names(book())
    fields = differing.field_changes(read, there, names, names) if read else ()
    who = history_reading.people([steps[-1].context]) if steps else {}
    return RowMoved(there, list(fields), next(iter(who.values()), ""))


def _row_of(document: dict, section: str, code) -> dict | None:
    return next((row for row in document[section] if row["code"] == code), None)


def _name(section: str, row: dict) -> str:
    return differing.row_name(section, row, Names(book()))
