"""A published version as other apps and pages read it: rows by code, and names for codes.

    names(version).region("malar.L")      "Malar cheek, left"
    names(version).treatment("tca_cross") "TCA CROSS (chemical reconstruction of skin scars)"
    book(version).rows("treatments")      every row of a section, by code

A version never changes, so what was read once is kept, by its hash.
"""

from functools import cached_property, lru_cache

from clinic.catalogue import conditions
from clinic.catalogue.models import Version
from clinic.catalogue.terms import MarkType, ScarType, Side

KEPT = 4  # the version in force, and a few that old plans were made with


class Book:
    """One document. Rows are shared between readers: read them, never change them."""

    def __init__(self, document: dict):
        self.document = document
        self._rows: dict[str, dict] = {}

    def rows(self, section: str) -> dict[str, dict]:
        if section not in self._rows:
            rows = self.document.get(section) or []
            self._rows[section] = {row["code"]: row for row in rows}
        return self._rows[section]

    def row(self, section: str, code: str) -> dict | None:
        return self.rows(section).get(code)

    @cached_property
    def facts(self) -> dict[str, conditions.Fact]:
        return conditions.facts_of(self.rows("questions").values(), self.rows("regions").values())

    @cached_property
    def members(self) -> dict[str, frozenset]:
        """The treatments that each family stands for, through families of families."""
        return {code: self._members(code) for code in self.rows("families")}

    def _members(self, code: str, above: tuple = ()) -> frozenset:
        if code in above:
            return frozenset()
        inside = self.rows("families").get(code)
        if inside is None:
            return frozenset([code])
        return frozenset().union(*(self._members(one, (*above, code)) for one in inside["members"]))

    def treatments_of(self, codes) -> frozenset:
        """Treatment codes behind codes of treatments and families."""
        return frozenset().union(*(self.members.get(code, frozenset([code])) for code in codes))

    def source(self, code: str) -> dict | None:
        """The source's own row, where `code` is only another name of it."""
        row = self.row("sources", code)
        return self.row("sources", row["alias_of"]) if row and row["alias_of"] else row


class Names:
    """Words for codes. A code that the version does not know is shown as it is, readably."""

    def __init__(self, book: Book):
        self.book = book

    def of(self, section: str, code: str, key: str = "name") -> str:
        row = self.book.row(section, code)
        return row[key] if row else conditions.spaced(code)

    def treatment(self, code: str) -> str:
        return self.of("treatments", code)

    def family(self, code: str) -> str:
        return self.of("families", code)

    def treatment_or_family(self, code: str) -> str:
        return self.treatment(code) if self.book.row("treatments", code) else self.family(code)

    def requirement(self, code: str) -> str:
        return self.of("requirements", code)

    def question(self, code: str) -> str:
        return self.of("questions", code, "text")

    def rule(self, code: str) -> str:
        return self.of("safety_rules", code, "title")

    def word(self, code: str) -> str:
        return self.of("words", code, "meaning")

    def protocol(self, code: str) -> str:
        return self.of("protocols", code)

    def strategy(self, code: str) -> str:
        return self.of("strategies", code)

    def source(self, code: str) -> str:
        row = self.book.source(code)
        return row["title"] if row else code

    def region(self, place: str) -> str:
        """`malar.L` is "Malar cheek, left"; a region in the middle, or without a side, its name."""
        region, _, side = place.partition(".")
        name = self.of("regions", region)
        return f"{name}, {Side(side).label.lower()}" if side in ("L", "R") else name

    def scar_type(self, code: str) -> str:
        known = {**dict(ScarType.choices()), **dict(MarkType.choices())}
        return known.get(code, conditions.spaced(code))

    def condition(self, condition: dict | None) -> str:
        return conditions.words(condition, self.book.facts)


@lru_cache(maxsize=KEPT)
def _book(digest: str) -> Book:
    return Book(Version.objects.values_list("document", flat=True).get(hash=digest))


EMPTY = Book({})


def book(version: Version | None = None) -> Book:
    """Of `version`, or of the one in force; an empty one before the first."""
    version = version or Version.objects.in_force()
    return _book(version.hash) if version else EMPTY


def names(version: Version | None = None) -> Names:
    return Names(book(version))
