"""The work list of what nobody verified: each statement of the draft with who last looked at it.

    items = work_list(documents.draft(), Wanted(section="treatments"))
    review(items[0], seen=drafting.token(row), outcome="kept", by=somebody)

A review stands for the value that was seen: a statement whose value changed since is due again.
Nothing becomes verified without a source that is a document.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from clinic.catalogue import differing, documents, drafting, presenting, terms
from clinic.catalogue.errors import Problem, RowMoved, RowRefused
from clinic.catalogue.evidence_models import EvidenceReview, Outcome
from clinic.catalogue.exchange_tables import Table, all_tables
from clinic.catalogue.reading import Book, Names
from clinic.catalogue.treatment_support import CLAIMS, MARKS

KEYS = {
    "indications": ("scar_type", "depth"),
    "figures": ("kind",),
    "contraindications": ("word",),
}
"""What tells the items of a list apart; others are told apart by their place in it."""

NO_DOCUMENT = "What is verified was read in a document: name its code, such as kang2009."
NEW_VALUE = "The value is new: name the source that gives it, or mark it as the clinic's default."
NO_PLACE = "What is verified was read somewhere: name the page, and what it says there."
LOOKED = "looked"
"""The path of what is wrong with the note; a figure has a note of its own."""
LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass
class Item:
    """One statement with its marks; `path` leads to it inside its row."""

    section: str
    code: str
    name: str
    place: str
    path: tuple
    value: dict
    reviews: list[EvidenceReview] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.section, self.code, self.place

    @property
    def text(self) -> str:
        return presenting.said(self.value)

    @property
    def verification(self) -> str:
        return self.value["verification"]

    @property
    def sources(self) -> list[str]:
        return self.value.get("sources") or []

    @property
    def hash(self) -> str:
        return documents.hash_of(self.value)

    @property
    def last(self) -> EvidenceReview | None:
        return self.reviews[-1] if self.reviews else None

    @property
    def is_due(self) -> bool:
        """Nobody looked at the value that it has now."""
        return self.last is None or self.last.value_hash != self.hash

    @property
    def table(self) -> Table | None:
        """The table whose line it is; None for what stands deeper inside a row."""
        tables = (table for table in all_tables().values() if table.section == self.section)
        part = str(self.path[0]) if self.path else ""
        return next((one for one in tables if one.part == part and len(self.path) <= 2), None)


@dataclass(frozen=True)
class Wanted:
    """A filter of the list; what is empty does not narrow."""

    section: str = ""
    treatment: str = ""
    verification: str = ""
    due: bool = False

    def fits(self, item: Item) -> bool:
        return (
            self.section in ("", item.section)
            and (not self.treatment or (item.section, item.code) == ("treatments", self.treatment))
            and self.verification in ("", item.verification)
            and (not self.due or item.is_due)
        )


# ---- the list


def work_list(document: dict, wanted: Wanted | None = None) -> list[Item]:
    """What is not verified in full: first what is due, then what was looked at longest ago."""
    wanted, log = wanted or Wanted(), _log()
    names = Names(Book(document))
    found = []
    for section in differing.SECTIONS:
        for row in document.get(section) or ():
            for item in items_of(section, row, names):
                item.reviews = log.get(item.key, [])
                if item.verification != terms.Verification.V and wanted.fits(item):
                    found.append(item)
    return sorted(found, key=lambda item: LONG_AGO if item.is_due else item.last.at)


def _log() -> dict[tuple, list[EvidenceReview]]:
    found = defaultdict(list)
    for row in EvidenceReview.objects.select_related("by").order_by("at", "pk"):
        found[row.section, row.code, row.place].append(row)
    return found


def items_of(section: str, row: dict, names: Names) -> Iterator[Item]:
    name = differing.row_name(section, row, names)
    for path, place, value in _marked(row, (), ()):
        yield Item(section, row["code"], name, "/".join(place), path, value)


def _marked(value, path: tuple, place: tuple) -> Iterator[tuple]:
    if isinstance(value, dict):
        if "verification" in value:
            yield path, place, value
        for key, inner in value.items():
            yield from _marked(inner, (*path, key), (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            step = _step(path[-1] if path else "", index, inner)
            yield from _marked(inner, (*path, index), (*place, step))


def _step(key, index: int, inner) -> str:
    if key in KEYS and isinstance(inner, dict):
        return ".".join(str(inner[one]) for one in KEYS[key])
    return str(index + 1)


def find(section: str, row: dict, place: str, names: Names) -> Item | None:
    return next((item for item in items_of(section, row, names) if item.place == place), None)


# ---- a line of its table


def line_of(item: Item, row: dict) -> dict:
    """The statement as a line of its table, whose columns a form shows."""
    lines = item.table.lines({item.section: [row]})
    return lines[item.path[1] if len(item.path) > 1 else 0]


def with_line(item: Item, row: dict, line: dict) -> dict:
    """The row with the statement as the line says it."""
    new, made = dict(row), item.table.row_of(line, row)
    if not item.path:
        return made
    if len(item.path) == 1:
        new[item.path[0]] = made
    else:
        part, index = item.path
        new[part] = [*row[part][:index], made, *row[part][index + 1 :]]
    return new


# ---- the deed


def review(
    item: Item, *, seen: str, outcome: str, by, line: dict | None = None, note: str = ""
) -> EvidenceReview:
    """Note that somebody looked; with `line`, put what they found into the draft.

    Raises RowMoved where the row is no longer the one that was seen, and RowRefused with paths by
    the columns of the line.
    """
    with drafting.writing():
        row = drafting.read(item.section, item.code)
        if row is None or drafting.token(row) != seen:
            raise RowMoved(row, [])
        if outcome != Outcome.KEPT:
            old = line_of(item, row)
            row = _saved(item, row, line, seen)
            _check_claim(old, line, note)
        names = Names(drafting.book())
        now = find(item.section, row, item.place, names) or item
        return EvidenceReview.objects.create(
            section=item.section,
            code=item.code,
            place=now.place,
            value_hash=now.hash,
            outcome=outcome,
            verification=now.verification,
            note=note.strip(),
            by=by,
        )


def _check_claim(old: dict, new: dict, note: str) -> None:
    """Nothing passes as verified that nobody read in a document, at a place that is named."""
    if new["verification"] not in CLAIMS:
        return
    if "sources" not in new or not set(new["sources"]) - MARKS:
        raise RowRefused([Problem(("sources",), NO_DOCUMENT)])
    marks = ("verification", "sources")
    same_marks = all(old[key] == new[key] for key in marks)
    if same_marks and old | dict.fromkeys(marks) != new | dict.fromkeys(marks):
        raise RowRefused([Problem(("sources",), NEW_VALUE)])
    if new["verification"] == terms.Verification.V and not note.strip():
        raise RowRefused([Problem((LOOKED,), NO_PLACE)])


def _saved(item: Item, row: dict, line: dict, seen: str) -> dict:
    try:
        return drafting.save(item.section, with_line(item, row, line), seen=seen, vouched=True)
    except RowRefused as refused:
        depth = len(item.path)
        raise RowRefused(
            [
                Problem((item.table.column_of(path[depth:]),), reason)
                if path[:depth] == item.path
                else Problem((), reason)
                for path, reason in refused.problems
            ]
        ) from None
