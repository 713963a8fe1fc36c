"""A treatment as the entries of one form, and back: flat(row) and read(entries).

An entry's name says where it belongs: `name`, `f-sessions-min`, `i-boxcar-deep-worth`,
`k-IV`, `s-3-text`. Rows that can be moved (`c`, `s`) have numbers of their own; the order of the
hidden entries `c` and `s` is the order on the page.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from clinic.catalogue import kinds, terms
from clinic.catalogue.checks import DECIMALS, TYPES, as_number
from clinic.catalogue.treatment_support import OWN, claim

DEPTHS = [depth.value for depth in kinds.Depth]
TARGETS = [target.value for target in kinds.Target]
FIGURES = [kind.value for kind in kinds.FigureKind]
ENDS = {"min": "least", "typical": "usual", "max": "most"}
SPAN = tuple(ENDS)
WORTH = {str(code) for code, _ in kinds.EFFECTIVENESS}
BLANK = {"verification": OWN, "sources": OWN, "read_in": ""}
TEXTS = ("name", "kind", "family", "price_unit")
PRICE = kinds.FigureKind.PRICE.value
MOST = 99_999_999
NO_USUAL_PRICE = "Give the usual price: it is the one that the planner reckons with."
RESERVED = ("new",)

FRAME = {"base", "seen", "do", "csrfmiddlewaretoken"}
MANY = {"performers", "requires", "treatments", "c", "s"}


class Entries(dict):
    """Names to what was typed; of a name with several entries the list."""

    @classmethod
    def posted(cls, data) -> "Entries":
        names = [name for name in data if name not in FRAME]
        return cls({name: data.getlist(name) if name in MANY else data[name] for name in names})

    def text(self, name: str) -> str:
        return self.get(name, "").strip()

    def several(self, name: str) -> list[str]:
        return self.get(name, [])

    def codes(self, name: str) -> list[str]:
        return [code for code in re.split(r"[\s,;]+", self.get(name, "")) if code]


@dataclass
class Reading:
    """The row that was typed, what is wrong with it by entry, and what was lowered, in words."""

    row: dict
    errors: dict[str, list[str]] = field(default_factory=dict)
    lowered: list[str] = field(default_factory=list)
    places: dict[tuple, str] = field(default_factory=dict)

    def refuse(self, name: str, reason: str):
        self.errors.setdefault(name, []).append(reason)

    def refuse_all(self, problems):
        """Put what drafting refuses beside the entry that it is about."""
        for path, reason in problems:
            self.refuse(self._name_of(tuple(path)), sentence(as_on_the_page(reason)))

    def _name_of(self, path: tuple) -> str:
        if path[:2] in self.places:
            prefix = self.places[path[:2]]
            return "-".join([prefix, *(str(step) for step in path[2:3])])
        if path[:1] == ("fitzpatrick",):
            return "k"
        return str(path[0]) if path else ""


def as_on_the_page(reason: str) -> str:
    """The ends of a figure by the words above their boxes."""
    return re.sub(r"\b(min|typical|max)\b", lambda found: ENDS[found[0]], reason)


def sentence(words: str) -> str:
    words = words.strip()
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "!", "?")) else ".")


# ---- from a row to entries


def flat(row: dict) -> Entries:
    entries = Entries(
        {name: row[name] for name in TEXTS}
        | {
            "code": row["code"],
            "aliases": "\n".join(row["aliases"]),
            "mechanisms": ", ".join(row["mechanisms"]),
            "performers": list(row["performers"]),
            "requires": list(row["requires"]),
            "needles": "on" if row["needles"] else "",
            "order": str(row["order"]),
            "stage": str(row["stage"]),
            "skill": row["skill"] or "",
        }
    )
    for one in row["indications"]:
        entries |= _flat_indication(one)
    for one in row["figures"]:
        key = f"f-{one['kind']}"
        entries |= {f"{key}-{end}": shown(one[end]) for end in SPAN}
        entries |= {f"{key}-note": one["note"] or ""} | _flat_marks(key, one)
    if skin := row["fitzpatrick"]:
        said = {name: word for word in ("safe", "caution", "avoid") for name in skin[word]}
        entries |= {f"k-{name}": word for name, word in said.items()} | _flat_marks("k", skin)
    _flat_list(entries, "c", row["contraindications"], ("word", "level"))
    _flat_list(entries, "s", row["statements"], ("kind", "text"))
    return entries


def _flat_indication(one: dict) -> dict:
    key = f"i-{one['scar_type']}-{one['depth']}"
    return {
        f"{key}-worth": str(one["effectiveness"]),
        f"{key}-meaning": one["meaning"],
        f"{key}-evidence": one["evidence"],
    } | _flat_marks(key, one)


def _flat_list(entries: dict, key: str, items: list[dict], names: tuple):
    entries[key] = [str(number) for number in range(len(items))]
    for number, one in enumerate(items):
        prefix = f"{key}-{number}"
        entries |= {f"{prefix}-{name}": one[name] for name in names} | _flat_marks(prefix, one)
        entries[f"{prefix}-was"] = str(number)


def _flat_marks(key: str, item: dict) -> dict:
    return {
        f"{key}-verification": item["verification"],
        f"{key}-sources": ", ".join(item["sources"]),
        f"{key}-read_in": "",
    }


def shown(value) -> str:
    return "" if value is None else str(value)


def empty() -> Entries:
    """Of a treatment that is not there yet."""
    first = {"kind": "procedure", "price_unit": "session", "order": "3", "stage": "3"}
    return Entries({"performers": ["doctor"], "requires": [], "c": [], "s": []} | first)


# ---- from entries to a row


def read(entries: Entries, base: dict | None, documents: set) -> Reading:
    """What was typed; `base` is the row as the editor read it, `documents` codes of sources."""
    base = base or {}
    reading = Reading(
        {
            "code": base.get("code") or entries.text("code"),
            **{name: entries.text(name) for name in TEXTS},
            "aliases": [line.strip() for line in entries.get("aliases", "").splitlines()],
            "mechanisms": entries.codes("mechanisms"),
            "performers": entries.several("performers"),
            "requires": entries.several("requires"),
            "needles": bool(entries.get("needles")),
            "skill": entries.text("skill") or None,
            "seed_mentions": base.get("seed_mentions", []),
            "withdrawn": base.get("withdrawn", False),
        }
    )
    reading.row["aliases"] = [alias for alias in reading.row["aliases"] if alias]
    for name, most in (("order", 5), ("stage", 3)):
        reading.row[name] = _whole(entries, name, most, reading)
    for name, words in (("code", "Give it a code."), ("name", "Give it a name.")):
        if not reading.row[name]:
            reading.refuse(name, words)
    if reading.row["code"] in RESERVED:
        reading.refuse("code", "This word is taken by a page; choose another.")
    reader = _Reader(entries, base, documents, reading)
    reading.row["indications"] = reader.indications()
    reading.row["figures"] = reader.figures()
    reading.row["fitzpatrick"] = reader.skin()
    reading.row["contraindications"] = reader.contraindications()
    reading.row["statements"] = reader.statements()
    return reading


def number_typed(typed: str, *, is_money: bool = False):
    """The number in a box, None for an empty one; ValueError says what is wrong with it."""
    if not typed:
        return None
    try:
        value = Decimal(typed)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ValueError(f"“{typed}” is no number; write 2 or 1.5.")
    if value < 0:
        raise ValueError("A price cannot be negative." if is_money else "This is never negative.")
    if value > MOST:
        raise ValueError("This is more than can be kept.")
    if value != round(value, 2 if is_money else DECIMALS):
        raise ValueError(
            "An amount has two decimals at most." if is_money else "Too many decimals."
        )
    return f"{value:.2f}" if is_money else as_number(float(value))


def _whole(entries: Entries, name: str, most: int, reading: Reading) -> int:
    typed = entries.text(name)
    if typed.isdecimal() and int(typed) <= most:
        return int(typed)
    reading.refuse(name, f"Choose a place from 0 to {most}.")
    return 0


class _Reader:
    """The lists of a treatment; each item's marks are judged against the item that was read."""

    def __init__(self, entries: Entries, base: dict, documents: set, reading: Reading):
        self.entries, self.base, self.documents = entries, base, documents
        self.reading = reading

    def indications(self) -> list[dict]:
        was = {(one["scar_type"], one["depth"]): one for one in self.base.get("indications", ())}
        found = []
        for scar in sorted(TARGETS):
            for depth in sorted(DEPTHS):
                key = f"i-{scar}-{depth}"
                if item := self._indication(key, scar, depth, was.get((scar, depth))):
                    self.reading.places["indications", len(found)] = key
                    found.append(item)
        return found

    def _indication(self, key: str, scar: str, depth: str, was: dict | None) -> dict | None:
        worth, meaning = self.entries.text(f"{key}-worth"), self.entries.text(f"{key}-meaning")
        if not worth:
            if meaning:
                self.reading.refuse(f"{key}-worth", "Say how well it works, or take the words out.")
            return None
        if worth not in WORTH:
            self.reading.refuse(f"{key}-worth", f"{worth} is not from 0 to 4; 4 is the ceiling.")
            return None
        item = {"scar_type": scar, "depth": depth, "effectiveness": int(worth), "meaning": meaning}
        item["evidence"] = self.entries.text(f"{key}-evidence") or terms.Evidence.D.value
        same = was is not None and _alike(item, was, ("effectiveness", "meaning"))
        marked = self._marked(key, item, was, same, self._scar(scar, depth))
        if marked["verification"] == OWN and not same:
            marked["evidence"] = terms.Evidence.D.value
        return marked

    def _scar(self, scar: str, depth: str) -> str:
        tail = "" if depth == "any" else f", {kinds.Depth(depth).label.lower()}"
        return kinds.Target(scar).label + tail

    def figures(self) -> list[dict]:
        was = {one["kind"]: one for one in self.base.get("figures", ())}
        found = []
        for kind in sorted(FIGURES):
            key = f"f-{kind}"
            numbers = {end: self._number(f"{key}-{end}", kind) for end in SPAN}
            wrong = any(f"{key}-{end}" in self.reading.errors for end in SPAN)
            if wrong or all(value is None for value in numbers.values()):
                continue
            if kind == PRICE and numbers["typical"] is None:
                self.reading.refuse(f"{key}-typical", NO_USUAL_PRICE)
                continue
            note = self.entries.text(f"{key}-note") or None
            item = {"kind": kind, **numbers, "note": note}
            same = kind in was and _alike(item, was[kind], SPAN)
            label = kinds.FigureKind(kind).label
            self.reading.places["figures", len(found)] = key
            found.append(self._marked(key, item, was.get(kind), same, label))
        return found

    def _number(self, name: str, kind: str):
        try:
            return number_typed(self.entries.text(name), is_money=kind == PRICE)
        except ValueError as refused:
            self.reading.refuse(name, str(refused))
            return None

    def skin(self) -> dict | None:
        lists = {"safe": [], "caution": [], "avoid": []}
        for name in TYPES:
            if (word := self.entries.text(f"k-{name}")) in lists:
                lists[word].append(name)
        if not any(lists.values()):
            return None
        was = self.base.get("fitzpatrick")
        same = was is not None and _alike(lists, was, tuple(lists))
        return self._marked("k", lists, was, same, "Skin types")

    def contraindications(self) -> list[dict]:
        was = {one["word"]: one for one in self.base.get("contraindications", ())}
        found = []
        for number in self.entries.several("c"):
            key = f"c-{number}"
            if not (word := self.entries.text(f"{key}-word")):
                continue
            item = {"word": word, "level": self.entries.text(f"{key}-level")}
            same = word in was and _alike(item, was[word], ("level",))
            label = f"Contraindication {word.replace('_', ' ')}"
            found.append((key, self._marked(key, item, was.get(word), same, label)))
        return self._placed("contraindications", sorted(found, key=lambda one: one[1]["word"]))

    def statements(self) -> list[dict]:
        found, before = [], self.base.get("statements", [])
        for number in self.entries.several("s"):
            key = f"s-{number}"
            if not (text := self.entries.text(f"{key}-text")):
                continue
            item = {"kind": self.entries.text(f"{key}-kind"), "text": text}
            at = self.entries.text(f"{key}-was")
            was = before[int(at)] if at.isdecimal() and int(at) < len(before) else None
            same = was is not None and _alike(item, was, ("text",))
            found.append((key, self._marked(key, item, was, same, f"“{text[:40]}”")))
        return self._placed("statements", sorted(found, key=lambda one: one[1]["kind"]))

    def _placed(self, name: str, found: list[tuple[str, dict]]) -> list[dict]:
        self.reading.places |= {(name, at): key for at, (key, _) in enumerate(found)}
        return [item for _, item in found]

    def _marked(self, key: str, item: dict, was: dict | None, same: bool, label: str) -> dict:
        given = {f"{key}-{name}": value for name, value in BLANK.items()} | self.entries
        typed = item | {
            "verification": given[f"{key}-verification"],
            "sources": Entries(given).codes(f"{key}-sources"),
        }
        read_in = self.entries.text(f"{key}-read_in")
        judged = claim(typed, was, same=same, read_in=read_in, documents=self.documents)
        for name, reason in judged.errors:
            self.reading.refuse(f"{key}-{name}", reason)
        if judged.lowered:
            self.reading.lowered.append(label)
        return typed | {"verification": judged.verification, "sources": judged.sources}


def _alike(one: dict, other: dict, keys) -> bool:
    return all(one[key] == other[key] for key in keys)
