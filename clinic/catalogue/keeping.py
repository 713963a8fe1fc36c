"""What a document must keep that lacks it: rows of a published version that records may name.

Pure. A treatment that left is kept withdrawn, a region, scale, questionnaire, strategy or constant
as it was, each with the rows that its own row rests on: plans of the past can still be read, and
the planner lacks nothing that it computes with.
"""

from collections.abc import Iterator


def keep(document: dict, old: dict, lasting: dict[str, set[str]]) -> dict:
    """`document` with the rows of `lasting` (section: codes) as `old` has them."""
    kept = {section: list(rows or []) for section, rows in document.items() if section != "schema"}
    keeper = _Keeper(kept, old)
    for section, codes in lasting.items():
        for row in old[section]:
            if row["code"] in codes - keeper.codes.get(section, set()):
                withdrawn = {"withdrawn": True} if section == "treatments" else {}
                keeper.keep(section, row | withdrawn)
    return kept


class _Keeper:
    def __init__(self, kept: dict, old: dict):
        self.kept = kept
        self.old = {
            section: {row["code"]: row for row in rows}
            for section, rows in old.items()
            if section != "schema"
        }
        self.codes = {section: {row["code"] for row in rows} for section, rows in kept.items()}

    def keep(self, section: str, row: dict):
        self.codes.setdefault(section, set()).add(row["code"])
        self.kept.setdefault(section, []).append(self._without_what_left(section, row))
        for other, code in _needs(section, row):
            if code not in self.codes.get(other, ()) and code in self.old[other]:
                self.keep(other, self.old[other][code])

    def _without_what_left(self, section: str, row: dict) -> dict:
        """Members and rules are not brought back: the document's own say is newer."""
        if section == "families":
            known = self.codes["treatments"] | self.codes.get("families", set())
            return row | {"members": [code for code in row["members"] if code in known]}
        if section == "words":
            rules = self.codes.get("safety_rules", set())
            return row | {"rules": [code for code in row["rules"] if code in rules]}
        return row


def _needs(section: str, row: dict) -> Iterator[tuple[str, str]]:
    """(section, code) of the rows that this one names."""
    yield from (("sources", code) for code in _sources(row))
    if section == "treatments":
        yield from (("sources", code) for code in row["seed_mentions"])
        yield from (("requirements", code) for code in row["requires"])
        yield from (("words", one["word"]) for one in row["contraindications"])
        if row["skill"]:
            yield "families", row["skill"]
    if section == "sources" and row["alias_of"]:
        yield "sources", row["alias_of"]
    for key in ("when", "applies", "parts"):
        for fact in _facts(row.get(key)):
            yield "questions", fact.partition(".")[0]


def _sources(value) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from inner if key == "sources" and isinstance(inner, list) else _sources(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _sources(inner)


def _facts(value) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("fact"), str):
            yield value["fact"]
        for inner in value.values():
            yield from _facts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _facts(inner)
