"""What differs between two catalogues, row by row and field by field, in words a clinic reads.

Pure. Conditions are sentences and codes are names; `path` says where in the row a field stands, so
that a page can put a change beside its field.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clinic.catalogue import kinds, terms
from clinic.catalogue.conditions import spaced, span_in_words
from clinic.catalogue.errors import Problem
from clinic.catalogue.reading import Book, Names

SECTIONS = {
    "treatments": "Treatments",
    "pairs": "Pairs",
    "safety_rules": "Safety rules",
    "questions": "Questions",
    "words": "Contraindications",
    "limits": "Dose limits",
    "families": "Families",
    "requirements": "Devices and materials",
    "regions": "Regions",
    "protocols": "Protocols",
    "policies": "Principles",
    "scales": "Scales",
    "instruments": "Questionnaires",
    "strategies": "Strategies",
    "calibration": "Planner's constants",
    "sources": "Sources",
    "packages": "Packages",
}
"""Every section by its name on the page, in the order in which it is read there."""

ONE_OF = {
    "treatments": "treatment",
    "pairs": "pair",
    "safety_rules": "safety rule",
    "questions": "question",
    "words": "contraindication",
    "limits": "dose limit",
    "families": "family",
    "requirements": "device or material",
    "regions": "region",
    "protocols": "protocol",
    "policies": "principle",
    "scales": "scale",
    "instruments": "questionnaire",
    "strategies": "strategy",
    "calibration": "constant",
    "sources": "source",
    "packages": "package",
}
"""What a row of each section is called."""

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True)
class FieldChange:
    """`before` or `after` is empty where there was, or is, nothing."""

    path: tuple
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class RowChange:
    section: str
    code: str
    name: str
    kind: str
    fields: tuple[FieldChange, ...] = ()


def changes(old: dict, new: dict) -> list[RowChange]:
    """Every row that differs between two documents, by section and code."""
    before, after = Book(old), Book(new)
    found = []
    for section in SECTIONS:
        was, now = before.rows(section), after.rows(section)
        for code in sorted(was.keys() | now.keys()):
            if was.get(code) != now.get(code):
                found.append(
                    row_change(section, was.get(code), now.get(code), Names(before), Names(after))
                )
    return found


def row_change(
    section: str, old: dict | None, new: dict | None, before: Names, after: Names
) -> RowChange:
    """Between two states of one row; None where it is not there."""
    row = new or old
    kind = ADDED if old is None else REMOVED if new is None else CHANGED
    name = row_name(section, row, after if new else before)
    return RowChange(section, row["code"], name, kind, field_changes(old, new, before, after))


def field_changes(
    old: dict | None, new: dict | None, before: Names, after: Names
) -> tuple[FieldChange, ...]:
    return tuple(_Difference(before, after).of_mapping(old or {}, new or {}, (), ""))


def row_name(section: str, row: dict, names: Names) -> str:
    """What a person calls the row."""
    if section == "pairs":
        return f"{names.treatment(row['a'])} and {names.treatment(row['b'])}"
    key = {"safety_rules": "title", "sources": "title", "words": "meaning"}.get(section)
    key = key or next(one for one in ("name", "text", "code") if one in row)
    return shortened(row[key])


def row_in_words(section: str, row: dict, names: Names) -> str:
    """ "safety rule “Isotretinoin” (ISO-1)": what a refusal calls the row."""
    return f"{ONE_OF[section]} “{row_name(section, row, names)}” ({row['code']})"


def place_in_words(path: tuple) -> str:
    """ "clause 2, until": a path inside a row."""
    steps = []
    for step in path:
        if isinstance(step, int) and steps:
            steps[-1] = f"{_singular(steps[-1])} {step + 1}"
        else:
            steps.append(label_of(step).lower() if isinstance(step, str) else str(step + 1))
    return ", ".join(steps)


def problem_in_words(document: dict, problem: Problem) -> str:
    """ "pair “Subcision and Laser” (c1), weeks: ..."; what cannot be named stands as its path."""
    section, index, *inner = [*problem.path, None, None][: max(2, len(problem.path))]
    try:
        named = row_in_words(section, document[section][index], Names(Book(document)))
    except (KeyError, IndexError, TypeError, AttributeError):
        return str(problem)
    place = place_in_words(tuple(inner))
    return f"{named}{', ' + place if place else ''}: {problem.reason}"


def _singular(label: str) -> str:
    return label.removesuffix("s")


def shortened(text: str, length: int = 100) -> str:
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"


# ---- values in words


def _labels(choices) -> Callable[[Names, object], str]:
    known = {str(code): str(label) for code, label in choices}
    return lambda names, value: known.get(str(value), spaced(str(value)))


def _list(one: Callable[[Names, object], str]) -> Callable[[Names, object], str]:
    return lambda names, value: ", ".join(one(names, item) for item in value)


def _target(names: Names, code: str) -> str:
    known = dict(kinds.Target.choices())
    return known.get(code) or names.scar_type(code)


def _until(names: Names, until: dict) -> str:
    fact = until["fact"]
    start = "the day of planning" if fact == "today" else spaced(fact.replace(".", ", "))
    return f"{span_in_words(until['plus'])} after {start}"


_treatment = Names.treatment
_either = Names.treatment_or_family
WORDS: dict[str, Callable[[Names, object], str]] = {
    **dict.fromkeys(("when", "applies", "show_if"), Names.condition),
    **dict.fromkeys(("a", "b", "first", "treatment"), _treatment),
    "treatments": _list(_treatment),
    **dict.fromkeys(("targets", "except", "alternatives", "members"), _list(_either)),
    "requires": _list(Names.requirement),
    "skill": Names.family,
    "word": Names.word,
    "rules": _list(Names.rule),
    **dict.fromkeys(("sources", "seed_mentions"), _list(lambda names, code: str(code))),
    "scar_type": _target,
    "scar_types": _list(_target),
    "regions": _list(Names.region),
    "until": _until,
    "effect": _labels(terms.Effect.choices()),
    "relation": _labels(terms.PairRelation.choices()),
    "assume": _labels(terms.Assume.choices()),
    "verification": _labels(terms.Verification.choices()),
    "evidence": _labels(terms.Evidence.choices()),
    "effectiveness": lambda names, value: f"{value}: {dict(kinds.EFFECTIVENESS)[value]}",
    "performers": _list(_labels(terms.Performer.choices())),
    "price_unit": _labels(kinds.PriceUnit.choices()),
    "depth": _labels(kinds.Depth.choices()),
    "level": _labels(kinds.Level.choices()),
    "area": _labels(kinds.RegionArea.choices()),
    "sides": _list(_labels(terms.Side.choices())),
    "kind": _labels(
        pair
        for choices in (
            terms.TreatmentKind,
            kinds.RequirementKind,
            kinds.PolicyKind,
            kinds.FigureKind,
            kinds.StatementKind,
            kinds.PartKind,
        )
        for pair in choices.choices()
    ),
}
LABELS = {
    "a": "One treatment",
    "b": "The other treatment",
    "first": "Which goes first",
    "applies": "Asked when",
    "show_if": "Shown when",
    "when": "Condition",
    "except": "Except for",
    "targets": "Is about",
    "why": "Reason",
    "requires": "Needs",
    "order": "Place in its order",
    "verification": "How far verified",
    "fitzpatrick": "Skin types",
    "expires_days": "Answer holds for, days",
    "mg_per_kg": "Dose, mg per kg",
    "cap_mg": "Highest dose, mg",
    "lidocaine_ml": "Lidocaine, ml",
    "filler_ml": "Filler, ml",
    "prone": "Keloids favour it",
    "seed_mentions": "First notes",
    "min": "least",
    "max": "most",
    "typical": "usual",
    "lead_days": "days before",
    "course_days": "for days",
    "reading_days": "days until it is read",
}


def label_of(key: str) -> str:
    return LABELS.get(key) or spaced(key).capitalize()


def in_words(key: str, value, names: Names) -> str:
    """A value of the key `key`; what is not there is empty."""
    if value is None or value == [] or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key in WORDS and _fits(key, value):
        return WORDS[key](names, value)
    if isinstance(value, dict):
        return "; ".join(
            f"{label_of(inner).lower()} {words}"
            for inner, some in value.items()
            if (words := in_words(inner, some, names))
        )
    if isinstance(value, list):
        return ", ".join(in_words("", item, names) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _fits(key: str, value) -> bool:
    """Some keys mean one thing in a list of codes and another inside a scale's own shape."""
    listed = key in ("treatments", "targets", "except", "alternatives", "members", "requires")
    listed = listed or key in ("rules", "sources", "seed_mentions", "scar_types", "regions")
    listed = listed or key in ("performers", "sides")
    if listed:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if key in ("when", "applies", "show_if"):
        return isinstance(value, dict)
    if key == "until":
        return isinstance(value, dict) and set(value) == {"fact", "plus"}
    if key == "effectiveness":
        return value in dict(kinds.EFFECTIVENESS)
    return isinstance(value, str)


# ---- items of a list inside a row

ITEMS: dict[str, tuple[str, Callable[[dict], object] | None]] = {
    "indications": ("Indication", lambda item: (item["scar_type"], item["depth"])),
    "figures": ("Figure", lambda item: item["kind"]),
    "statements": ("Statement", lambda item: (item["kind"], item["text"])),
    "contraindications": ("Contraindication", lambda item: item["word"]),
    "clauses": ("Clause", None),
    "parts": ("Part", lambda item: item["code"]),
    "choices": ("Choice", lambda item: item["code"]),
    "steps": ("Step", None),
    "bands": ("Band", None),
    "rows": ("Line", None),
    "thresholds": ("Threshold", None),
}
"""What an item is called, and what makes it the same item; None: only where it stands."""


def item_name(key: str, item: dict, position: int, names: Names) -> str:
    word = ITEMS[key][0]
    if key == "indications":
        depth = "" if item["depth"] == kinds.Depth.ANY else f", {item['depth']}"
        return f"{word} {_target(names, item['scar_type'])}{depth}"
    if key == "figures":
        return kinds.FigureKind(item["kind"]).label
    if key == "statements":
        return f"{word} ({kinds.StatementKind(item['kind']).label.lower()})"
    if key == "contraindications":
        return f"{word} “{names.word(item['word'])}”"
    if key in ("parts", "choices"):
        return f"{word} “{item.get('label') or spaced(item.get('code') or '')}”"
    return f"{word} {position + 1}"


class _Difference:
    def __init__(self, before: Names, after: Names):
        self.before, self.after = before, after

    def of_mapping(self, old: dict, new: dict, path: tuple, above: str) -> Iterator[FieldChange]:
        for key in {**new, **old}:
            was, now = old.get(key), new.get(key)
            if was == now or (key == "code" and not path):
                continue
            label = f"{above}: {label_of(key).lower()}" if above else label_of(key)
            yield from self.of_value(key, was, now, (*path, key), label)

    def of_value(self, key: str, was, now, path: tuple, label: str) -> Iterator[FieldChange]:
        both = [value for value in (was, now) if value is not None]
        if key in ITEMS and all(_of_mappings(value) for value in both):
            yield from self.of_items(key, was or [], now or [], path)
        elif len(both) == 2 and key not in WORDS and all(isinstance(v, dict) for v in both):
            yield from self.of_mapping(was, now, path, label)
        else:
            before, after = in_words(key, was, self.before), in_words(key, now, self.after)
            if before != after:
                yield FieldChange(path, label, before, after)
            elif before:  # the same words for another code
                yield FieldChange(path, label, f"{before} ({was})", f"{after} ({now})")

    def of_items(self, key: str, was: list, now: list, path: tuple) -> Iterator[FieldChange]:
        for at, old, new in _matched(was, now, ITEMS[key][1]):
            if old == new:
                continue
            names = self.before if new is None else self.after
            label = item_name(key, new or old, at, names)
            if old is None or new is None:
                before, after = (self._item(key, old), self._item(key, new, self.after))
                yield FieldChange((*path, at), label, before, after)
            else:
                yield from self.of_mapping(old, new, (*path, at), label)

    def _item(self, key: str, item: dict | None, names: Names | None = None) -> str:
        return in_words("", item, names or self.before) if item else ""


def _of_mappings(value) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _matched(was: list, now: list, identity) -> Iterator[tuple[int, dict | None, dict | None]]:
    """Which item became which: the same by its identity, then equal ones, then by their order."""
    left, right = list(enumerate(was)), list(enumerate(now))
    pairs = []
    for same in (identity, lambda item: item):
        for one in list(left) if same else ():
            twin = next((two for two in right if same(two[1]) == same(one[1])), None)
            if twin:
                left.remove(one)
                right.remove(twin)
                pairs.append((twin[0], one[1], twin[1]))
    if identity is None:
        while left and right:
            (_, one), (at, two) = left.pop(0), right.pop(0)
            pairs.append((at, one, two))
    pairs += [(at, None, item) for at, item in right]
    yield from sorted(pairs, key=lambda pair: pair[0])
    yield from ((at, item, None) for at, item in left)
