"""What each section of the catalogue document may hold, and what is wrong with a document.

Pure. One table for the loader, the admin and `publish`: a row is a mapping of keys, a key has a
`Kind` that says what is wrong with a value, what stands where the key is left out, and how the
value is written canonically, so that equal catalogues have equal hashes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from math import isfinite

from clinic.catalogue import conditions, contradictions, kinds, terms
from clinic.catalogue.errors import Problem

SCHEMA = 1
REQUIRED = object()
CODE = re.compile(r"^[A-Za-z][A-Za-z0-9_.-]*$")
DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
DECIMALS = 6  # as many as the columns hold
MOST = 99_999_999  # the same
MOST_WHOLE = 32_767  # of a small column
MOST_MONEY = 99_999_999
MOST_CLAUSES = 30  # what the page of a rule has room for
MOST_WEEKS = 520
MOST_OF_A_FIGURE = 10_000
STRICTER = "stricter_interval"
SKIN_SPAN = re.compile(r"^(.+)\.[1-6]-[1-6]$")
FIELDS_EVERYWHERE = ("lips",)  # a coarse word of the fact base that no region of the list bears
TYPES = [kind.name for kind in terms.Phototype]


@dataclass(frozen=True)
class Book:
    """What the rows of one document may refer to."""

    codes: dict[str, set]
    fields: set
    facts: dict = field(repr=False, default_factory=dict)

    def has(self, sections: tuple[str, ...], code) -> bool:
        known = (self.codes.get(section, ()) for section in sections)
        return isinstance(code, str) and any(code in codes for codes in known)


Check = Callable[[object, tuple, Book], Iterable[Problem]]


def as_it_is(value):
    return value


@dataclass(frozen=True)
class Kind:
    check: Check
    default: object = REQUIRED
    tidy: Callable = as_it_is

    def or_null(self) -> "Kind":
        def check(value, path, book):
            return () if value is None else self.check(value, path, book)

        return Kind(check, None, lambda value: None if value is None else self.tidy(value))

    def or_else(self, default) -> "Kind":
        return Kind(self.check, default, self.tidy)


# ---- kinds of values


def _if(reason: str, fits: Callable[[object], bool]) -> Check:
    def check(value, path, book):
        if not fits(value):
            yield Problem(path, reason)

    return check


def _is_number(value) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def as_number(value) -> int | float:
    return int(value) if value == int(value) else float(value)


def number(low: float = -MOST, high: float = MOST) -> Kind:
    def check(value, path, book):
        if not _is_number(value):
            yield Problem(path, f"{value!r} is no number")
        elif value < low:
            yield Problem(path, f"{value} is under {low}")
        elif value > high:
            yield Problem(path, f"{value} is over {high}")
        elif round(value, DECIMALS) != value:
            yield Problem(path, f"{value} has more than {DECIMALS} decimals")

    return Kind(check, tidy=as_number)


def whole(low: int = 0, high: int = MOST_WHOLE) -> Kind:
    inner = number(low, high)

    def check(value, path, book):
        if isinstance(value, bool) or not isinstance(value, int):
            yield Problem(path, f"{value!r} is no whole number")
        else:
            yield from inner.check(value, path, book)

    return Kind(check)


def one_of(choices: Iterable, tidy=lambda value: value) -> Kind:
    allowed = [code for code, _ in choices]
    words = ", ".join(str(code) for code in allowed)

    def check(value, path, book):
        if value not in allowed:
            yield Problem(path, f"{value!r} is not one of {words}")

    return Kind(check)


def code_of(*sections: str) -> Kind:
    def check(value, path, book):
        if not book.has(sections, value):
            yield Problem(path, f"there is no {value} in {' or '.join(sections)}")

    return Kind(check)


def list_of(kind: Kind, *, least: int = 0, most: int | None = None, tidy=list) -> Kind:
    def check(value, path, book):
        if not isinstance(value, list):
            yield Problem(path, "this is a list")
            return
        if len(value) < least:
            yield Problem(path, "this list may not be empty")
        if most is not None and len(value) > most:
            yield Problem(path, f"this list has {len(value)} entries, more than {most}")
        for index, item in enumerate(value):
            yield from kind.check(item, (*path, index), book)
            if isinstance(item, str) and item in value[:index]:
                yield Problem((*path, index), f"{item} stands here twice")

    return Kind(check, [] if not least else REQUIRED, lambda v: tidy(kind.tidy(i) for i in v))


def set_of(kind: Kind, *, least: int = 0) -> Kind:
    """A list whose order says nothing: kept sorted."""
    return list_of(kind, least=least, tidy=sorted)


def row_of(keys: dict[str, Kind], *more: Check) -> Kind:
    """A mapping with these keys; `more` looks at the whole once its values have their shapes."""

    def check(value, path, book):
        if not isinstance(value, dict):
            yield Problem(path, "this is a mapping of keys to values")
            return
        for key in value:
            if key not in keys:
                yield Problem((*path, key), f"unknown key {key}")
        found = []
        for key, kind in keys.items():
            if key in value:
                found += kind.check(value[key], (*path, key), book)
            elif kind.default is REQUIRED:
                found.append(Problem(path, f"{key} is missing"))
        yield from found
        if all(len(fault.path) > len(path) + 1 for fault in found):
            for one in more:
                yield from one(value, path, book)

    def tidy(value):
        return {
            key: kind.tidy(value[key]) if key in value else kind.default
            for key, kind in keys.items()
        }

    return Kind(check, tidy=tidy)


def _condition(value, path, book):
    for inner, reason in conditions.problems(value, book.facts):
        yield Problem((*path, *inner), reason)


def _field(value, path, book):
    if not isinstance(value, str):
        yield Problem(path, "this is a text, and not empty")
    elif value not in book.fields and value not in FIELDS_EVERYWHERE:
        yield Problem(path, f"no region belongs to the field {value}")


def _amount_of_money(value, path, book):
    try:
        money = Decimal(str(value))
        fits = isinstance(value, str) and money.is_finite()
    except InvalidOperation:
        fits = False
    if fits and money < 0:
        yield Problem(path, f"a price cannot be negative: {value}")
    elif fits and money > MOST_MONEY:
        yield Problem(path, f"{value} is over {MOST_MONEY}")
    elif not fits:
        yield Problem(path, f"{value!r} is no amount; one is written '250.00'")


def _moment(value, path, book):
    """{fact: NAME, plus: span} of a clause's `until`."""
    if not isinstance(value, dict) or set(value) != {"fact", "plus"}:
        yield Problem(path, "until is {fact: NAME, plus: {weeks: N}}, or null")
        return
    fact = book.facts.get(str(value["fact"]))
    if value["fact"] != "today" and (fact is None or fact.kind != "date"):
        yield Problem((*path, "fact"), f"no question feeds a date called {value['fact']}")
    if reason := conditions.span_refused(value["plus"]):
        yield Problem((*path, "plus"), reason)


TEXT = Kind(_if("this is a text, and not empty", lambda v: isinstance(v, str) and v.strip() != ""))
WORDS = Kind(_if("this is a text", lambda v: isinstance(v, str)))
NOTE = WORDS.or_null()
FLAG = Kind(_if("this is true or false", lambda v: isinstance(v, bool)))
ANY_CODE = Kind(
    _if(
        "a code starts with a letter and holds letters, digits, dots, hyphens and underscores",
        lambda v: isinstance(v, str) and CODE.match(v) is not None,
    )
)
THING = Kind(_if("this is a mapping", lambda v: isinstance(v, dict)))
THINGS = Kind(_if("this is a list", lambda v: isinstance(v, list)))
CONDITION = Kind(_condition).or_null()
UNTIL = Kind(_moment).or_null()
EVIDENCE = one_of(terms.Evidence.choices())
VERIFICATION = one_of(terms.Verification.choices())
SOURCES = set_of(code_of("sources"), least=1)
CHECKED = {"verification": VERIFICATION, "sources": SOURCES}
TARGET = one_of(kinds.Target.choices())
TARGETS = list_of(code_of("families", "treatments"))
SKIN = list_of(one_of([(name, name) for name in TYPES]))
MONEY = Kind(_amount_of_money, tidy=lambda value: f"{Decimal(value):.2f}")


# ---- what looks at a whole row


def _rising(*keys: str) -> Check:
    def check(row, path, book):
        known = [(key, row[key]) for key in keys if row.get(key) is not None]
        try:
            known = [(key, Decimal(str(value))) for key, value in known]
        except InvalidOperation:
            return
        for (low, one), (high, other) in pairwise(known):
            if one > other:
                yield Problem((*path, low), f"{low} {one} is above {high} {other}")

    return check


def _figure(row, path, book):
    is_price = row.get("kind") == kinds.FigureKind.PRICE
    kind = MONEY if is_price else number(0, MOST_OF_A_FIGURE)
    for key in ("min", "typical", "max"):
        if row.get(key) is not None:
            yield from kind.check(row[key], (*path, key), book)
    if all(row.get(key) is None for key in ("min", "typical", "max")):
        yield Problem(path, "a figure without a number is left out")


def _tidy_figure(row: dict) -> dict:
    kind = MONEY if row["kind"] == kinds.FigureKind.PRICE else number()
    for key in ("min", "typical", "max"):
        row[key] = None if row[key] is None else kind.tidy(row[key])
    return row


def _once(key: str, *more: str) -> Check:
    """No two of the rows in `key` agree in `more`."""

    def check(row, path, book):
        seen = set()
        rows = row.get(key)
        for index, item in enumerate(rows if isinstance(rows, list) else ()):
            name = tuple(str(item.get(one, "any")) for one in more if isinstance(item, dict))
            if name in seen:
                yield Problem((*path, key, index), f"{' '.join(name)} stands here twice")
            seen.add(name)

    return check


def _skin_once(row, path, book):
    lists = [row.get(key) or [] for key in ("safe", "caution", "avoid")]
    for name in TYPES:
        if sum(name in one for one in lists) > 1:
            yield Problem(path, f"skin type {name} stands in two of safe, caution and avoid")


def _pair(row, path, book):
    a, b, first, relation = (row.get(key) for key in ("a", "b", "first", "relation"))
    if a == b:
        yield Problem((*path, "b"), "a pair is of two different treatments")
    if first not in (None, a, b):
        yield Problem((*path, "first"), f"first is {a} or {b}, not {first}")
    if relation == terms.PairRelation.ORDER_BEFORE and first is None:
        yield Problem(path, "order_before needs to say which is first")
    if relation == terms.PairRelation.SEPARATE_BY_WEEKS:
        if not row.get("weeks"):
            yield Problem(path, "separate_by_weeks needs weeks")
        elif row["weeks"] in ({"min": 0, "typical": 0}, {"min": 0}):
            yield Problem((*path, "weeks"), "separate_by_weeks needs weeks, and more than none")
    if row.get("condition") and (row.get("when") is None) == (row.get("assume") is None):
        yield Problem(path, "a condition needs either when or assume")
    if row.get("assume") and not row.get("assume_reason"):
        yield Problem((*path, "assume"), "assume needs an assume_reason")


def _usual_weeks(row, path, book):
    if row.get("typical") is None:
        yield Problem((*path, "typical"), "weeks need the usual number too, as typical")


def _repeated(row, path, book):
    if row.get("every_weeks") and (row.get("repeat") or 0) < 2:
        yield Problem(path, "every_weeks needs a repeat of 2 or more")


def _package(row, path, book):
    if (row.get("percent") is None) == (row.get("price") is None):
        yield Problem(path, "a package gives either a percent or a price")
    if row.get("percent") == 0:
        yield Problem((*path, "percent"), "a reduction of 0 is none")


def _parts(row, path, book):
    parts = [part for part in row.get("parts") or [] if isinstance(part, dict)]
    if len(parts) > 1 and any(part.get("code") == "" for part in parts):
        yield Problem((*path, "parts"), "each of several parts needs a code")


def _choices(row, path, book):
    if (row.get("kind") == "choice") != bool(row.get("choices")):
        yield Problem(path, "choices belong to a part of kind choice, which needs them")


def _limits_of_range(row, path, book):
    limits = row.get("range")
    numbers = isinstance(limits, list) and len(limits) == 2 and all(map(_is_number, limits))
    if limits is not None and not (numbers and limits[0] <= limits[1]):
        yield Problem((*path, "range"), f"{limits} is no range of a lowest and a highest value")


def _bands(row, path, book):
    for index, band in enumerate(row.get("bands") or []):
        low, high = (band.get("from"), band.get("to")) if isinstance(band, dict) else (None, None)
        if _is_number(low) and _is_number(high) and low > high:
            yield Problem((*path, "bands", index), f"from {low} is above to {high}")


def _own_sources(row, path, book):
    """Rows, bands and mappings inside a scale may name sources of their own."""
    yield from _sources_inside(row, path, book, top=True)


def _sources_inside(value, path, book, top=False):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "sources" and not top:
                yield from SOURCES.check(inner, (*path, key), book)
            elif key == "verification" and not top:
                yield from VERIFICATION.check(inner, (*path, key), book)
            else:
                yield from _sources_inside(inner, (*path, key), book)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _sources_inside(inner, (*path, index), book)


# ---- the sections

CODED = {"code": ANY_CODE}
POLICY_CODES = {
    "treatments": list_of(code_of("treatments")),
    "treatment": code_of("treatments"),
    "inherits": list_of(code_of("treatments")),
    "regions_allowed": list_of(Kind(_field)),
    "regions_caution": list_of(Kind(_field)),
    "regions_avoid": list_of(Kind(_field)),
}


def _policy_detail(row, path, book):
    detail = row.get("detail") or {}
    for key, kind in POLICY_CODES.items():
        if key in detail:
            yield from kind.check(detail[key], (*path, "detail", key), book)
    if "inherits" in detail and "treatment" not in detail:
        yield Problem((*path, "detail"), "inherits needs the treatment that inherits")


def _judged(row, path, book):
    until = row.get("until")
    dated = isinstance(until, dict) and until.get("fact") not in (None, "today")
    if row.get("judged_by") and not dated:
        reason = "judged_by needs an until that names the date of the event"
        yield Problem((*path, "judged_by"), reason)


def _stricter_interval(row, path, book):
    """The planner reads for whom a stricter interval holds from the code of its row."""
    name, _, rest = str(row.get("code")).partition(".")
    if name != STRICTER:
        return
    found = SKIN_SPAN.match(rest)
    if not found or not book.has(("families", "treatments"), found[1]):
        reason = (
            f"{STRICTER} is followed by a family or treatment and skin types, such as .FABL.4-6"
        )
        yield Problem((*path, "code"), reason)
    if _is_number(row.get("value")) and not 0 <= row["value"] <= MOST_WEEKS:
        yield Problem((*path, "value"), f"this is a number of weeks from 0 to {MOST_WEEKS}")


INDICATION = row_of(
    {
        "scar_type": TARGET,
        "depth": one_of(kinds.Depth.choices()).or_else("any"),
        "effectiveness": whole(0, 4),
        "meaning": WORDS.or_else(""),
        "evidence": EVIDENCE,
        **CHECKED,
    }
)
FIGURE = row_of(
    {
        "kind": one_of(kinds.FigureKind.choices()),
        "min": Kind(lambda *_: (), None),
        "typical": Kind(lambda *_: (), None),
        "max": Kind(lambda *_: (), None),
        "note": NOTE,
        **CHECKED,
    },
    _figure,
    _rising("min", "typical", "max"),
)
FIGURE = Kind(FIGURE.check, tidy=lambda row, tidy=FIGURE.tidy: _tidy_figure(tidy(row)))
STATEMENT = row_of({"kind": one_of(kinds.StatementKind.choices()), "text": TEXT, **CHECKED})
CONTRAINDICATION = row_of(
    {"word": code_of("words"), "level": one_of(kinds.Level.choices()), **CHECKED}
)
SKIN_TYPES = row_of({"safe": SKIN, "caution": SKIN, "avoid": SKIN, **CHECKED}, _skin_once)
PREPARATION = row_of(
    {
        "treatment": code_of("treatments"),
        "lead_days": whole(0),
        "course_days": whole(0).or_null(),
    }
)
TEST_SPOT = row_of({"reading_days": whole(0)})
CLAUSE = row_of(
    {
        "when": CONDITION,
        "targets": TARGETS,
        "except": TARGETS,
        "regions": list_of(code_of("regions")).or_null(),
        "scar_types": list_of(one_of(terms.ScarType.choices())).or_null(),
        "effect": one_of(terms.Effect.choices()),
        "until": UNTIL,
        "until_text": NOTE,
        "preparation": PREPARATION.or_null(),
        "test_spot": TEST_SPOT.or_null(),
        "standing": FLAG.or_else(False),
        "judged_by": one_of([("planner_event", "")]).or_null(),
        "words": NOTE,
    },
    _judged,
)
PART = row_of(
    {
        "code": WORDS,
        "kind": one_of(kinds.PartKind.choices()),
        "label": NOTE,
        "unit": NOTE,
        "choices": list_of(row_of({"code": ANY_CODE, "label": TEXT})),
        "min": number().or_null(),
        "max": number().or_null(),
        "show_if": CONDITION,
    },
    _choices,
    _rising("min", "max"),
)
STEP = row_of(
    {
        "week": number(-MOST_WEEKS, MOST_WEEKS),
        "treatments": list_of(code_of("treatments"), least=1),
        "repeat": whole(1).or_null(),
        "every_weeks": number(0, MOST_WEEKS).or_null(),
        "note": NOTE,
    },
    _repeated,
)
REPORTED = row_of(
    {
        "text": TEXT,
        "n": whole(1, MOST).or_null(),
        "measure": NOTE,
        "value": number().or_null(),
        "comparator": NOTE,
        "comparator_value": number().or_null(),
    }
)
AIMS = ("improvement", "downtime", "cost", "visits", "weeks", "pigment")
WEIGHTS = row_of({aim: number(0) for aim in AIMS})
WEEKS = row_of(
    {"min": number(0, MOST_WEEKS), "typical": number(0, MOST_WEEKS).or_null()},
    _rising("min", "typical"),
    _usual_weeks,
).or_null()


def _by(*keys: str):
    def tidy(rows):
        return sorted(rows, key=lambda row: tuple(str(row[key]) for key in keys))

    return tidy


def _by_kind(rows):
    """Statements keep their order inside a kind."""
    return sorted(rows, key=lambda row: row["kind"])


SECTIONS: dict[str, Kind] = {
    "sources": row_of(
        CODED
        | {
            "title": TEXT,
            "authors": NOTE,
            "year": whole(1500, 2100).or_null(),
            "journal": NOTE,
            "url": NOTE,
            "how": TEXT,
            "read_extent": NOTE,
            "quality": NOTE,
            "note": NOTE,
            "alias_of": code_of("sources").or_null(),
        }
    ),
    "regions": row_of(
        CODED
        | {
            "name": TEXT,
            "sides": list_of(one_of(terms.Side.choices()), least=1),
            "views": list_of(one_of([(view, view) for view in ("F", "45", "90")])),
            "field": ANY_CODE,
            "snomed": NOTE,
            "gags_unit": NOTE,
            "note": NOTE,
            "area": one_of(kinds.RegionArea.choices()),
            "prone": FLAG.or_else(False),
            "lidocaine_ml": number(0).or_null(),
            "filler_ml": number(0).or_null(),
        }
    ),
    "families": row_of(
        CODED | {"name": TEXT, "members": set_of(code_of("treatments", "families"))}
    ),
    "requirements": row_of(CODED | {"name": TEXT, "kind": one_of(kinds.RequirementKind.choices())}),
    "treatments": row_of(
        CODED
        | {
            "name": TEXT,
            "aliases": list_of(TEXT),
            "kind": one_of(terms.TreatmentKind.choices()),
            "family": ANY_CODE,
            "mechanisms": list_of(ANY_CODE),
            "performers": list_of(one_of(terms.Performer.choices())),
            "requires": set_of(code_of("requirements")),
            "needles": FLAG.or_else(False),
            "order": whole(0, 5),
            "stage": whole(0, 3),
            "skill": code_of("families").or_null(),
            "price_unit": one_of(kinds.PriceUnit.choices()),
            "seed_mentions": set_of(code_of("sources")),
            "withdrawn": FLAG.or_else(False),
            "indications": list_of(INDICATION, tidy=_by("scar_type", "depth")),
            "figures": list_of(FIGURE, tidy=_by("kind")),
            "statements": list_of(STATEMENT, tidy=_by_kind),
            "contraindications": list_of(CONTRAINDICATION, tidy=_by("word")),
            "fitzpatrick": SKIN_TYPES.or_null(),
        },
        _once("indications", "scar_type", "depth"),
        _once("figures", "kind"),
        _once("contraindications", "word"),
    ),
    "packages": row_of(
        CODED
        | {
            "name": TEXT,
            "treatments": set_of(code_of("treatments", "families"), least=1),
            "sessions": whole(2, 100),
            "percent": number(0, 100).or_null(),
            "price": MONEY.or_null(),
            "note": NOTE,
        },
        _package,
    ),
    "words": row_of(
        CODED
        | {
            "meaning": TEXT,
            "kind": TEXT,
            "when": CONDITION,
            "rules": set_of(code_of("safety_rules")),
        }
        | CHECKED
    ),
    "pairs": row_of(
        CODED
        | {
            "a": code_of("treatments"),
            "b": code_of("treatments"),
            "relation": one_of(terms.PairRelation.choices()),
            "first": code_of("treatments").or_null(),
            "weeks": WEEKS,
            "condition": NOTE,
            "when": CONDITION,
            "assume": one_of(terms.Assume.choices()).or_null(),
            "assume_reason": NOTE,
            "scar_types": set_of(TARGET),
            "regions": set_of(Kind(_field)),
            "why": TEXT,
            "evidence": EVIDENCE,
        }
        | CHECKED,
        _pair,
    ),
    "policies": row_of(
        CODED
        | {
            "kind": one_of(kinds.PolicyKind.choices()),
            "text": TEXT,
            "detail": THING.or_null(),
            "evidence": EVIDENCE.or_null(),
        }
        | CHECKED,
        _policy_detail,
        _own_sources,
    ),
    "questions": row_of(
        CODED
        | {
            "order": whole(0).or_else(0),
            "group": TEXT,
            "text": TEXT,
            "help": NOTE,
            "flag": NOTE,
            "parts": list_of(PART, least=1),
            "regional": FLAG.or_else(False),
            "applies": CONDITION,
            "expires_days": whole(1).or_null(),
            "each_session": FLAG.or_else(False),
            "clinician_only": FLAG.or_else(False),
        }
        | CHECKED,
        _parts,
        _once("parts", "code"),
    ),
    "safety_rules": row_of(
        CODED
        | {
            "family": ANY_CODE,
            "title": TEXT,
            "text": TEXT,
            "note": NOTE,
            "disagreement": NOTE,
            "legal": row_of(
                {
                    "country": TEXT,
                    "since": Kind(
                        _if(
                            "a date is written 2026-08-01", lambda v: DATE.match(str(v)) is not None
                        )
                    ).or_null(),
                }
            ).or_null(),
            "alternatives": TARGETS,
            "editable": FLAG.or_else(True),
            "clauses": list_of(CLAUSE, least=1, most=MOST_CLAUSES),
        }
        | CHECKED
    ),
    "limits": row_of(
        CODED
        | {
            "drug": TEXT,
            "when": CONDITION,
            "mg_per_kg": number(0).or_null(),
            "cap_mg": number(0).or_null(),
            "with_adrenaline": FLAG.or_null(),
            "factor": number(0).or_null(),
            "text": TEXT,
        }
        | CHECKED
    ),
    "scales": row_of(
        CODED
        | {
            "name": TEXT,
            "version": NOTE,
            "verified": FLAG.or_else(False),
            "range": THINGS.or_null(),
            "rows": THINGS.or_null(),
            "definition": THING.or_null(),
        }
        | CHECKED,
        _limits_of_range,
        _own_sources,
    ),
    "instruments": row_of(
        CODED
        | {
            "name": TEXT,
            "items": whole(1).or_null(),
            "range": THINGS.or_null(),
            "bands": THINGS.or_null(),
            "thresholds": THINGS.or_null(),
            "licence": NOTE,
            "note": NOTE,
        }
        | CHECKED,
        _limits_of_range,
        _bands,
        _own_sources,
    ),
    "protocols": row_of(
        CODED
        | {
            "name": TEXT,
            "scar_types": set_of(TARGET),
            "fitzpatrick": NOTE,
            "severity": NOTE,
            "steps": list_of(STEP, least=1),
            "reported": REPORTED,
            "design": NOTE,
            "limitations": NOTE,
            "evidence": EVIDENCE,
        }
        | CHECKED
    ),
    "strategies": row_of(
        CODED
        | {
            "name": TEXT,
            "text": TEXT,
            "weights": WEIGHTS,
            "min_share": number(0, 1),
            "min_gain": number(0),
            "exclude_device": FLAG.or_else(False),
            "order": whole(0).or_else(0),
            "verification": VERIFICATION,
        }
    ),
    "calibration": row_of(CODED | {"value": number(), "text": TEXT} | CHECKED, _stricter_interval),
}


# ---- a whole document


def book_of(document: dict) -> Book:
    rows = {name: _readable(document.get(name)) for name in SECTIONS}
    codes = {name: {row["code"] for row in some} for name, some in rows.items()}
    fields = {str(row.get("field")) for row in rows["regions"]}
    regions = [row for row in rows["regions"] if "name" in row]
    return Book(codes, fields, conditions.facts_of(rows["questions"], regions))


def _readable(rows) -> list[dict]:
    rows = rows if isinstance(rows, list) else []
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("code"), str)]


def problems(document: dict) -> list[Problem]:
    """Everything wrong with `document`, which is {section: [row, ...]}; [] for a sound one."""
    book, found = book_of(document), []
    for name, rows in document.items():
        if name == "schema":
            continue
        if name not in SECTIONS:
            found.append(Problem((name,), f"unknown section {name}"))
        elif not isinstance(rows, list):
            found.append(Problem((name,), "a section is a list of rows"))
        else:
            found += _problems_of_section(name, rows, book)
    # Whether rows contradict each other can be told once each of them can be read.
    return found or list(contradictions.problems(document))


def _problems_of_section(name: str, rows: list, book: Book) -> Iterator[Problem]:
    seen = set()
    for index, row in enumerate(rows):
        yield from SECTIONS[name].check(row, (name, index), book)
        code = row.get("code") if isinstance(row, dict) else None
        if isinstance(code, str) and code in seen:
            yield Problem((name, index, "code"), f"{code} stands in {name} twice")
        seen.add(code if isinstance(code, str) else None)


def tidy(document: dict) -> dict:
    """The canonical form of a sound document: every key there, rows sorted by code."""
    return {
        "schema": SCHEMA,
        **{
            name: sorted(
                (kind.tidy(row) for row in document.get(name) or []), key=lambda row: row["code"]
            )
            for name, kind in SECTIONS.items()
        },
    }
