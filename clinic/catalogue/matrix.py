"""The pairs of the draft as a matrix: each treatment against each, and what holds between them.

Pure, from rows. Cells are drawn here and not by a template, because there are thousands of them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from math import ceil

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from clinic.catalogue import kinds, terms
from clinic.catalogue.presenting import time_apart
from clinic.catalogue.terms import PairRelation, TreatmentKind

STRICTEST_FIRST = (
    PairRelation.AVOID,
    PairRelation.SEPARATE_BY_WEEKS,
    PairRelation.ORDER_BEFORE,
    PairRelation.SAME_SESSION_OK,
    PairRelation.SAME_SESSION_SYNERGY,
)
SIGNS = {
    PairRelation.AVOID: "✕",
    PairRelation.SEPARATE_BY_WEEKS: "↔",
    PairRelation.ORDER_BEFORE: "▸",
    PairRelation.SAME_SESSION_OK: "○",
    PairRelation.SAME_SESSION_SYNERGY: "✚",
}
BACKWARDS = "◂"  # the column's treatment goes first
UNLISTED, PARTS, HOME, ONE_OF_A_KIND, NOTHING = "d1", "d2", "d3", "d5", "none"
DEFAULTS = {
    UNLISTED: "Not listed: separate sessions, by the longer of their intervals",
    PARTS: "A combined treatment: what holds for its parts holds for it",
    HOME: "Home care goes with any plan; irritant products pause about a week",
    ONE_OF_A_KIND: "The same way of working: only one of them in a block",
    NOTHING: "Not placed in sessions by itself: nothing to say",
}
"""What an empty cell falls under, by the default rule's code; the rules say more."""
OTHER_MECHANISM = 9  # the class of a mechanism that has no constant


@dataclass(frozen=True)
class Facts:
    """What default rules look at: a treatment's row in short."""

    code: str
    name: str
    kind: str
    chapter: str
    mechanism: str

    @property
    def place(self) -> tuple:
        """Procedures first, which most pairs are about; then by chapter."""
        return self.kind != TreatmentKind.PROCEDURE, self.chapter

    @property
    def is_home_care(self) -> bool:
        home = TreatmentKind.HOME_CARE, TreatmentKind.PREPARATION
        return self.kind in home or self.chapter == "topical"


class Defaults:
    """Which default rule speaks where no row does (as the planner reads them)."""

    def __init__(self, pairs_of: dict, classes: dict[str, float], inherits: dict[str, list]):
        self.pairs_of, self.classes, self.inherits = pairs_of, classes, inherits

    def of(self, a: Facts, b: Facts) -> str:
        if a.is_home_care or b.is_home_care:
            return HOME
        if TreatmentKind.PROCEDURE not in (a.kind, b.kind) or a.kind != b.kind:
            return NOTHING
        if self._inherited(a.code, b.code):
            return PARTS
        return ONE_OF_A_KIND if self._class(a) == self._class(b) else UNLISTED

    def _inherited(self, a: str, b: str) -> bool:
        return any(
            frozenset((one, other)) in self.pairs_of
            for one in (a, *self.inherits.get(a, ()))
            for other in (b, *self.inherits.get(b, ()))
            if one != other
        )

    def _class(self, row: Facts) -> float:
        return self.classes.get(row.mechanism, OTHER_MECHANISM)


def by_pair(pairs: Iterable[dict]) -> dict[frozenset, list[dict]]:
    """Rows of each two treatments, the strictest first."""
    table = defaultdict(list)
    for row in pairs:
        table[frozenset((row["a"], row["b"]))].append(row)
    for rows in table.values():
        rows.sort(key=lambda row: (STRICTEST_FIRST.index(row["relation"]), row["code"]))
    return dict(table)


def clashes(pairs: list[dict], problems) -> dict[str, list[str]]:
    """The words of each contradiction, by the code of every pair that it names."""
    found = defaultdict(list)
    for problem in problems:
        named = set(re.findall(r"[A-Za-z][\w.-]*", problem.reason))
        if problem.path[0] == "pairs":
            named.add(pairs[problem.path[1]]["code"])
        for row in pairs:
            if row["code"] in named:
                found[row["code"]].append(problem.reason)
    return dict(found)


def differing(pairs: Iterable[dict], in_force: dict[str, dict]) -> dict[str, str]:
    """Codes of pairs that differ from the version in force, with how; what left it included."""
    now = {row["code"]: row for row in pairs}
    found = {
        code: "new in the draft" if code not in in_force else "changed in the draft"
        for code, row in now.items()
        if in_force.get(code) != row
    }
    return found | dict.fromkeys(in_force.keys() - now.keys(), "taken out in the draft")


class Matrix:
    def __init__(self, pairs, in_force, problems, defaults: Defaults, names: dict[str, str]):
        self.pairs_of, self.defaults, self.names = by_pair(pairs), defaults, names
        self.clashes = clashes(pairs, problems)
        self.differing = differing(pairs, in_force)
        gone = (in_force[code] for code in in_force.keys() & self.differing.keys())
        kept = {row["code"] for row in pairs}
        self.gone = by_pair(row for row in gone if row["code"] not in kept)
        self._address = reverse("catalogue:edit_pair", args=["CODE"])

    def table(self, rows: list[Facts], columns: list[Facts]) -> SafeString:
        """The table's inside: its head with the columns' names, and a line for each row."""
        head = "".join(
            f'<th scope=col data-code="{one.code}"{_edge(columns, at)}><span>{escape(one.name)}'
            for at, one in enumerate(columns)
        )
        lines = "".join(
            f'<tr data-code="{row.code}"{_edge(rows, at)}><th scope=row>{escape(row.name)}'
            + "".join(self._cell(row, column) for column in columns)
            for at, row in enumerate(rows)
        )
        return mark_safe(f"<thead><tr><td>{head}<tbody>{lines}")

    def _cell(self, row: Facts, column: Facts) -> str:
        if row.code == column.code:
            return "<td class=self>"
        two = frozenset((row.code, column.code))
        rows, gone = self.pairs_of.get(two), self.gone.get(two)
        if not rows:
            code = self.defaults.of(row, column)
            shown = "" if code == NOTHING else code
            if gone:
                was = escape(f"{self.said(gone[0])} {gone[0]['code']}: taken out in the draft.")
                return f'<td class="{code} moved" data-more="{was}">{shown}<i>•</i>'
            return f"<td class={code}>{shown}"
        return self._listed(rows, row, gone)

    def _listed(self, rows: list[dict], facing: Facts, gone) -> str:
        first, codes = rows[0], [row["code"] for row in rows]
        said = escape(self._all_said(rows, gone))
        sign = SIGNS[first["relation"]]
        if first["relation"] == PairRelation.ORDER_BEFORE and first["first"] != facing.code:
            sign = BACKWARDS
        tail = f"<s>{_short(first['weeks'])}</s>" if first["weeks"] else ""
        marks = "".join(
            f"<i>{mark}</i>"
            for mark, there in (
                (f"{len(rows)}×", len(rows) > 1),
                ("if", any(row["when"] or row["condition"] for row in rows)),
                ("!", any(code in self.clashes for code in codes)),
                ("•", bool(gone) or any(code in self.differing for code in codes)),
            )
            if there
        )
        clash = " clash" if any(code in self.clashes for code in codes) else ""
        href = self._address.replace("CODE", first["code"])
        return (
            f'<td class="{first["relation"]}{clash}" id="{first["code"]}-{facing.code}">'
            f'<a href="{href}" title="{said}"><b class=visually-hidden>{said}</b>'
            f"<span aria-hidden=true>{sign}{tail}{marks}</span></a>"
        )

    # -- in words

    def _all_said(self, rows: list[dict], gone) -> str:
        lines = [self.said(row) for row in rows]
        words = lines[0] if len(lines) == 1 else f"{len(lines)} rows. " + " ".join(lines)
        for row in rows:
            words += "".join(
                f" Contradiction: {reason}." for reason in self.clashes.get(row["code"], ())
            )
            if row["code"] in self.differing:
                words += f" {row['code']} is {self.differing[row['code']]}."
        return words + "".join(f" {row['code']} is taken out in the draft." for row in gone or ())

    def said(self, row: dict) -> str:
        """ "Keep apart: 4 to 6 weeks; Subcision first; for Rolling; only if ..." """
        parts = [terms.PairRelation(row["relation"]).label]
        if row["weeks"]:
            parts.append(time_apart(row["weeks"]))
        if row["first"]:
            parts.append(f"{self.names.get(row['first'], row['first'])} first")
        if row["scar_types"]:
            parts.append("for " + ", ".join(kinds.Target(t).label for t in row["scar_types"]))
        if row["regions"]:
            parts.append("only " + ", ".join(row["regions"]).replace("_", " "))
        if row["condition"] or row["when"]:
            parts.append(f"only if {row['condition'] or 'the answers say so'}")
        return "; ".join(parts) + "."


def _short(weeks: dict) -> str:
    """4w, or 3d where it is no whole number of weeks."""
    least = weeks["min"]
    return f"{ceil(round(least * 7, 6))}d" if least % 1 else f"{least:g}w"


def _edge(some: list[Facts], at: int) -> str:
    """The mark of the first of a chapter, and of the first that is no procedure."""
    return " class=edge" if at and some[at - 1].place != some[at].place else ""


def legend() -> list[tuple[str, str, str]]:
    """Class, sign and words of each relation; ▸ points from what goes first."""
    return [(one.value, SIGNS[one], one.label) for one in reversed(STRICTEST_FIRST)]
