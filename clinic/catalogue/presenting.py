"""What the catalogue's pages show, put together from a published document."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil

from clinic.catalogue import kinds, terms
from clinic.catalogue.reading import Book, Names

SECTIONS = (
    ("treatments", "Treatments", "catalogue:treatments", "What each is for, and what it asks for."),
    ("pairs", "Pairs", "catalogue:pairs", "What two treatments in one field do to each other."),
    ("safety_rules", "Safety rules", "catalogue:safety", "Who may not have what, and until when."),
    ("questions", "Questions", "catalogue:questions", "What a patient is asked, and how often."),
    ("protocols", "Protocols", "catalogue:protocols", "Courses that were published."),
    ("scales", "Scales", "catalogue:scales", "How scars and their burden are graded."),
    ("policies", "Principles", "catalogue:policies", "What holds beyond single treatments."),
    ("sources", "Sources", "catalogue:sources", "What all of it rests on, and how it was read."),
)
BACKGROUND = (kinds.StatementKind.NOTE, kinds.StatementKind.PARAMETER, kinds.StatementKind.VARIANT)
CARE = [kind for kind in kinds.StatementKind if kind not in BACKGROUND]
TYPES = [phototype.name for phototype in terms.Phototype]


def sections(book: Book) -> list[dict]:
    return [
        {"label": label, "url": url, "text": text, "count": len(book.rows(code))}
        for code, label, url, text in SECTIONS
    ]


# ---- treatments


@dataclass(frozen=True)
class Wanted:
    """A filter of the treatments; what is empty does not narrow."""

    text: str = ""
    target: str = ""
    chapter: str = ""
    kind: str = ""
    skin: str = ""
    performer: str = ""

    def fits(self, row: dict) -> bool:
        return (
            self._named(row)
            and self._treats(row)
            and self.chapter in ("", row["family"])
            and self.kind in ("", row["kind"])
            and (not self.skin or self.skin not in (row["fitzpatrick"] or {}).get("avoid", ()))
            and (not self.performer or self.performer in row["performers"])
        )

    def _named(self, row: dict) -> bool:
        names = " ".join([row["code"], row["name"], *row["aliases"]]).casefold()
        return all(word in names for word in self.text.casefold().split())

    def _treats(self, row: dict) -> bool:
        return not self.target or any(
            one["scar_type"] == self.target and one["effectiveness"] for one in row["indications"]
        )


def treatments(book: Book, wanted: Wanted) -> list[dict]:
    """Rows for the list: the strongest for the wanted scar first, procedures before care."""
    found = [row for row in book.rows("treatments").values() if wanted.fits(row)]
    cards = [treatment_line(row, wanted.target) for row in found]
    parts = [kind.value for kind in terms.TreatmentKind]
    return sorted(
        cards,
        key=lambda card: (
            -card["strength"],
            parts.index(card["row"]["kind"]),
            card["row"]["name"].casefold(),
        ),
    )


def treatment_line(row: dict, target: str = "") -> dict:
    figures = {figure["kind"]: figure for figure in row["figures"]}
    best = {}
    for one in row["indications"]:
        best[one["scar_type"]] = max(best.get(one["scar_type"], 0), one["effectiveness"])
    strongest = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "row": row,
        "kind": terms.TreatmentKind(row["kind"]).label,
        "performers": [terms.Performer(one).label for one in row["performers"]],
        "targets": [(kinds.Target(code).label, worth) for code, worth in strongest if worth > 1],
        "sessions": figures.get("sessions"),
        "interval": figures.get("interval_weeks"),
        "downtime": figures.get("downtime_days"),
        "price": figures.get("price"),
        "price_unit": kinds.PriceUnit(row["price_unit"]).label,
        "strength": best.get(target, 0) if target else 0,
    }


def indications(row: dict) -> list[dict]:
    """A line for each scar type and depth; the type it serves best first, its depths together."""
    best: dict[str, int] = {}
    for one in row["indications"]:
        best[one["scar_type"]] = max(best.get(one["scar_type"], 0), one["effectiveness"])
    depths = [depth.value for depth in kinds.Depth]
    ordered = sorted(
        row["indications"],
        key=lambda one: (
            -best[one["scar_type"]],
            kinds.Target(one["scar_type"]).label,
            depths.index(one["depth"]),
        ),
    )
    return [
        {
            "row": one,
            "scar": kinds.Target(one["scar_type"]).label,
            "depth": kinds.Depth(one["depth"]).label,
        }
        for one in ordered
    ]


def by_kind(rows: list[dict], kind_of: Iterable[terms.Term]) -> list[tuple[str, list[dict]]]:
    """Rows under the labels of their kinds, in the order in which the kinds are written down."""
    groups = [(kind.label, [row for row in rows if row["kind"] == kind]) for kind in kind_of]
    return [(label, some) for label, some in groups if some]


def skin_types(row: dict) -> list[dict]:
    """One entry a type with what is said of it; nothing where nothing is known."""
    said = row["fitzpatrick"]
    if said is None:
        return []
    return [{"name": name, "word": _skin_word(said, name)} for name in TYPES]


def _skin_word(said: dict, name: str) -> str:
    """Avoid beats caution beats safe."""
    return next((word for word in ("avoid", "caution", "safe") if name in said[word]), "unknown")


def contraindications(book: Book, names: Names, row: dict) -> list[tuple[str, list[dict]]]:
    groups = defaultdict(list)
    for one in row["contraindications"]:
        word = book.row("words", one["word"]) or {"meaning": one["word"], "when": None}
        when = names.condition(word["when"]) if word["when"] else ""
        groups[one["level"]].append({"meaning": word["meaning"], "when": when, "marks": one})
    return [(level.label, groups[level.value]) for level in kinds.Level if groups[level.value]]


def treatment_page(book: Book, row: dict) -> dict:
    names, code = Names(book), row["code"]
    return {
        "row": row,
        "line": treatment_line(row),
        "indications": indications(row),
        "figures": by_kind(row["figures"], kinds.FigureKind),
        "care": by_kind(row["statements"], CARE),
        "background": by_kind(row["statements"], BACKGROUND),
        "skin": skin_types(row),
        "contraindications": contraindications(book, names, row),
        "requires": [
            (names.requirement(one), book.row("requirements", one)) for one in row["requires"]
        ],
        "skill": names.family(row["skill"]) if row["skill"] else "",
        "pairs": [
            pair_line(pair, names, seen_from=code)
            for pair in book.rows("pairs").values()
            if code in (pair["a"], pair["b"])
        ],
        "packages": [
            package
            for package in book.rows("packages").values()
            if code in book.treatments_of(package["treatments"])
        ],
        "protocols": [
            protocol
            for protocol in book.rows("protocols").values()
            if any(code in step["treatments"] for step in protocol["steps"])
        ],
        "rules": rules_on(book, names, code),
        "sources": sorted(sources_inside(row)),
    }


# ---- pairs


def pair_line(pair: dict, names: Names, seen_from: str = "") -> dict:
    other = pair["b"] if seen_from == pair["a"] else pair["a"]
    return {
        "row": pair,
        "a": names.treatment(pair["a"]),
        "b": names.treatment(pair["b"]),
        "other": (other, names.treatment(other)),
        "relation": terms.PairRelation(pair["relation"]).label,
        "first": names.treatment(pair["first"]) if pair["first"] else "",
        "apart": time_apart(pair["weeks"]) if pair["weeks"] else "",
        "when": names.condition(pair["when"]) if pair["when"] else "",
        "assume": terms.Assume(pair["assume"]).label if pair["assume"] else "",
        "scar_types": [kinds.Target(one).label for one in pair["scar_types"]],
    }


def time_apart(weeks: dict) -> str:
    """The least and the usual time, in days where it is no whole number of weeks.

    A part of a day counts as a day, as it does for the planner.
    """
    spans = sorted({weeks["min"], weeks["typical"] or weeks["min"]})
    unit, counts = "week", spans
    if any(span % 1 for span in spans):
        unit, counts = "day", [ceil(round(span * 7, 6)) for span in spans]
    if counts == [0]:
        return "no wait between"
    plural = "" if counts[-1] == 1 else "s"
    return f"{' to '.join(f'{count:g}' for count in counts)} {unit}{plural}"


def pairs(book: Book, treatment: str, relation: str, target: str) -> list[dict]:
    names = Names(book)
    return [
        pair_line(pair, names)
        for pair in book.rows("pairs").values()
        if (not treatment or treatment in (pair["a"], pair["b"]))
        and relation in ("", pair["relation"])
        and (not target or target in pair["scar_types"])
    ]


# ---- safety rules


def clause_line(clause: dict, names: Names) -> dict:
    until = clause["until"]
    return {
        "effect": terms.Effect(clause["effect"]),
        "targets": [names.treatment_or_family(code) for code in clause["targets"]],
        "except": [names.treatment_or_family(code) for code in clause["except"]],
        "when": names.condition(clause["when"]),
        "regions": [names.region(code) for code in clause["regions"] or ()],
        "scar_types": [names.scar_type(code) for code in clause["scar_types"] or ()],
        "until": clause["until_text"] or (_until(until) if until else ""),
        "preparation": clause["preparation"],
        "prepared_with": names.treatment(clause["preparation"]["treatment"])
        if clause["preparation"]
        else "",
        "test_spot": clause["test_spot"],
        "standing": clause["standing"],
        "words": clause["words"],
    }


def _until(until: dict) -> str:
    [(unit, length)] = until["plus"].items()
    fact = until["fact"].replace(".", ", ").replace("_", " ")
    return f"{length} {unit} after {'the day of planning' if fact == 'today' else fact}"


def rule_line(rule: dict, names: Names, clauses=None) -> dict:
    return {
        "row": rule,
        "clauses": [clause_line(one, names) for one in clauses or rule["clauses"]],
        "alternatives": [names.treatment_or_family(code) for code in rule["alternatives"]],
    }


def rules_on(book: Book, names: Names, treatment: str) -> list[dict]:
    """The rules that reach a treatment, each with the clauses that do."""
    found = []
    for rule in book.rows("safety_rules").values():
        clauses = [
            clause
            for clause in rule["clauses"]
            if treatment in book.treatments_of(clause["targets"])
            and treatment not in book.treatments_of(clause["except"])
        ]
        if clauses:
            found.append(rule_line(rule, names, clauses))
    return found


def rules_by_family(
    book: Book, text: str = "", family: str = ""
) -> list[tuple[str, str, list[dict]]]:
    names, groups = Names(book), defaultdict(list)
    for rule in book.rows("safety_rules").values():
        told = f"{rule['code']} {rule['title']} {rule['text']}".casefold()
        if family in ("", rule["family"]) and all(word in told for word in text.casefold().split()):
            groups[rule["family"]].append(rule_line(rule, names))
    return [
        (name, kinds.rule_family(name), sorted(rules, key=lambda one: natural(one["row"]["code"])))
        for name, rules in groups.items()
    ]


def natural(code: str) -> list:
    """ISO-2 before ISO-10."""
    return [int(part) if part.isdigit() else part for part in code.replace("-", " ").split()]


# ---- questions


def questions_by_group(book: Book) -> list[tuple[str, list[dict]]]:
    names, groups, readers = Names(book), defaultdict(list), rules_reading(book)
    for row in sorted(book.rows("questions").values(), key=lambda row: (row["order"], row["code"])):
        groups[row["group"]].append(
            {
                "row": row,
                "parts": [(part, kinds.PartKind(part["kind"]).label) for part in row["parts"]],
                "applies": names.condition(row["applies"]) if row["applies"] else "",
                "rules": readers[row["code"]],
            }
        )
    return list(groups.items())


def rules_reading(book: Book) -> dict[str, list[str]]:
    """For each question the safety rules whose conditions read it."""
    readers = defaultdict(list)
    for rule in book.rows("safety_rules").values():
        facts = {name for clause in rule["clauses"] for name in facts_in(clause["when"])}
        for question in {name.partition(".")[0] for name in facts}:
            readers[question].append(rule["code"])
    return readers


def facts_in(condition) -> set[str]:
    if isinstance(condition, dict):
        own = {condition["fact"]} if "fact" in condition else set()
        return own.union(*(facts_in(inner) for inner in condition.values()))
    if isinstance(condition, list):
        return set().union(*(facts_in(inner) for inner in condition))
    return set()


# ---- protocols


def protocol_lines(book: Book) -> list[dict]:
    names = Names(book)
    return [
        {
            "row": row,
            "scar_types": [kinds.Target(one).label for one in row["scar_types"]],
            "steps": [
                {
                    "row": step,
                    "treatments": [(code, names.treatment(code)) for code in step["treatments"]],
                }
                for step in row["steps"]
            ],
        }
        for row in sorted(book.rows("protocols").values(), key=lambda row: row["name"].casefold())
    ]


# ---- sources, and what is not verified


@dataclass
class Mark:
    """One statement of the catalogue with what it rests on."""

    section: str
    code: str
    name: str
    text: str
    verification: str
    sources: list[str]
    word: str = field(init=False)

    def __post_init__(self):
        self.word = terms.Verification(self.verification).label


def marks(book: Book) -> list[Mark]:
    """Every statement of the document that says how far it was checked."""
    names = Names(book)
    first = [code for code, *_ in SECTIONS]
    others = sorted(set(book.document) - {*first, "schema"})
    return [
        mark
        for section in (*first, *others)
        for row in book.rows(section).values()
        for mark in _marks_of(section, row, names)
    ]


def _name_of(section: str, row: dict, names: Names) -> str:
    if section == "pairs":
        return f"{names.treatment(row['a'])} and {names.treatment(row['b'])}"
    return row.get("name") or row.get("title") or row.get("text") or row.get("meaning") or ""


def _marks_of(section: str, row: dict, names: Names):
    name = _name_of(section, row, names)

    def walk(value, label):
        if isinstance(value, dict):
            if "verification" in value:
                sources = value.get("sources") or []
                verification = value["verification"]
                yield Mark(section, row["code"], name, said(value), verification, sources)
            for key, inner in value.items():
                yield from walk(inner, key)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner, label)

    return walk(row, "")


def said(value: dict) -> str:
    """A statement in short: its own words, its name, or its number."""
    if value.get("kind") in list(kinds.FigureKind):
        return f"{kinds.FigureKind(value['kind']).label}: {span_of(value)}"
    if "word" in value:
        return f"{value['level']}: {value['word'].replace('_', ' ')}"
    if "scar_type" in value:
        label = kinds.Target(value["scar_type"]).label
        return f"{label}: {value['meaning'] or value['effectiveness']}"
    if "safe" in value:
        return "skin types"
    return str(value.get("text") or value.get("why") or value.get("meaning") or value.get("name"))


def span_of(figure: dict) -> str:
    """ "2 to 4, usually 3"; the number alone where it is one."""
    low, usual, high = figure["min"], figure["typical"], figure["max"]
    if low is None and high is None:
        return str(usual)
    if low == high:
        return str(low)
    if low is None:
        reach = f"up to {high}"
    elif high is None:
        reach = f"from {low}"
    else:
        reach = f"{low} to {high}"
    return reach if usual is None else f"{reach}, usually {usual}"


def sources_inside(value) -> set[str]:
    if isinstance(value, dict):
        own = set(value["sources"]) if isinstance(value.get("sources"), list) else set()
        return own.union(*(sources_inside(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(sources_inside(inner) for inner in value))
    return set()


def sources(book: Book, text: str = "") -> list[dict]:
    uses = uses_of_sources(book)
    rows = [
        {"row": row, "uses": len(uses[code])}
        for code, row in book.rows("sources").items()
        if all(
            word
            in f"{code} {row['title']} {row['authors'] or ''} {row['journal'] or ''}".casefold()
            for word in text.casefold().split()
        )
    ]
    return sorted(rows, key=lambda line: (-line["uses"], line["row"]["code"]))


def uses_of_sources(book: Book) -> dict[str, list[Mark]]:
    uses = defaultdict(list)
    for mark in marks(book):
        for code in mark.sources:
            uses[code].append(mark)
    return uses


def unverified(book: Book, verification: str = "") -> list[dict]:
    """By section and row, what is not verified in full, with how much of the section that is."""
    sections_found: dict[str, dict] = {}
    labels = {code: label for code, label, _, _ in SECTIONS}
    for mark in marks(book):
        section = sections_found.setdefault(
            mark.section,
            {
                "code": mark.section,
                "label": labels.get(mark.section, mark.section.replace("_", " ").capitalize()),
                "all": 0,
                "rows": {},
                "count": 0,
            },
        )
        section["all"] += 1
        if mark.verification != terms.Verification.V and verification in ("", mark.verification):
            section["count"] += 1
            row = section["rows"].setdefault(mark.code, {"name": mark.name, "marks": []})
            row["marks"].append(mark)
    return [section for section in sections_found.values() if section["count"]]


def tally(book: Book) -> list[tuple[terms.Verification, int]]:
    counts = defaultdict(int)
    for mark in marks(book):
        counts[mark.verification] += 1
    return [(kind, counts[kind.value]) for kind in terms.Verification]
