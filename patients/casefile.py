"""Reading the findings of a case file (docs: the case format), for `grade` and the planner.

    document = load(text)            # YAML; refuses a key given twice
    reader = Reader(document, regions={"malar": ["L", "R"], ...}, rows={"A1", ...})
    facts = reader.facts()           # findings, marks, bedside, SCAR-S
    reader.problems                  # [Problem(place, words)]; use facts only when it is empty

A reader never stops at the first fault. Every problem says where it is (`findings[2].width_mm`)
and what would be accepted. Keys that are not of this part of the file are left to the caller:
`KEYS` are the ones read here. `Reader` offers the small checks (`choice`, `number`, `yes_no`,
`mapping`) to callers that read the other parts in the same way.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from reprlib import Repr

import yaml

from clinic.catalogue.terms import CountBand, MarkType, ScarType, Severity
from patients.grading import Bedside, Scar, Stain

KEYS = frozenset({"findings", "marks", "bedside", "scar_s"})
FINDING_KEYS = frozenset(
    {
        *("region", "side", "type", "count", "width_mm", "depth_mm", "severity", "distensible"),
        *("area_cm2", "age_months", "active_inflammation", "broad", "significant", "gb_row"),
        *("secondary_type", "bedside"),
    }
)
MARK_KEYS = frozenset({"type", "region", "side", "count"})
BEDSIDE_KEYS = ("obvious_at_50cm", "easily_covered", "flattens_on_stretch")
SITES = ("face", "chest", "back")
MAX_COUNT = 500
MAX_CHARACTERS = 1_000_000
"""A case is some dozen lines; whatever is longer is another file."""


class CaseError(Exception):
    """The file cannot be read at all; the text says why."""


@dataclass(frozen=True)
class Problem:
    place: str
    words: str

    def __str__(self):
        return f"{self.place}: {self.words}"


@dataclass(frozen=True)
class CaseFacts:
    findings: tuple[Scar, ...] = ()
    marks: tuple[Stain, ...] = ()
    bedside: Bedside = field(default_factory=Bedside)
    scar_s: dict = field(default_factory=dict)


class _OnceLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, where YAML would keep the last in silence."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":  # `<<`: what it brings, the rest outdoes
                continue
            if key_node.tag == "tag:yaml.org,2002:bool":  # YAML takes the key `on` for a yes
                key_node.tag = "tag:yaml.org,2002:str"
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (list, dict, set)):
                raise CaseError(f"{_line(key_node)}: a key must be one word")
            if key in seen:
                raise CaseError(f"{_line(key_node)}: {key} is given twice")
            seen.add(key)
        return super().construct_mapping(node, deep)

    def number_or_date(self, node):
        try:
            return yaml.SafeLoader.yaml_constructors[node.tag](self, node)
        except ValueError as error:
            words = f"{shown(node.value)} is not accepted ({str(error).partition(':')[0]})"
            raise CaseError(f"{_line(node)}: {words}") from error


for kind in ("timestamp", "int", "float"):
    _OnceLoader.add_constructor(f"tag:yaml.org,2002:{kind}", _OnceLoader.number_or_date)


def _line(node) -> str:
    return f"line {node.start_mark.line + 1}"


def load(text: str) -> dict:
    """The mapping that a case file is; CaseError if it is no YAML, or YAML of another shape."""
    if len(text) > MAX_CHARACTERS:
        raise CaseError(f"too long for a case file; at most {MAX_CHARACTERS} characters are")
    try:
        document = yaml.load(text, Loader=_OnceLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise CaseError(f"{place}not readable as YAML ({error.problem})") from error
    except yaml.YAMLError as error:
        words = " ".join(str(error).split())
        raise CaseError(f"not readable as YAML ({words})") from error
    except RecursionError:
        raise CaseError("not readable as YAML (nested too deep)") from None
    if not isinstance(document, dict):
        raise CaseError("a case file is a mapping with id, patient and findings")
    return document


class Reader:
    def __init__(self, document: dict, *, regions: dict[str, list[str]], rows=frozenset()):
        self.document, self.regions, self.rows = document, regions, rows
        self.problems: list[Problem] = []

    def facts(self) -> CaseFacts:
        """What the file says was seen; what is faulty is left out and told in `problems`."""
        return CaseFacts(
            findings=tuple(s for item in self.items("findings") for s in self._finding(*item)),
            marks=tuple(m for item in self.items("marks") for m in self._mark(*item)),
            bedside=self._bedside(self.document, ""),
            scar_s=self._scar_s(),
        )

    # --- checks that other readers may use ---

    def problem(self, place: str, words: str) -> None:
        self.problems.append(Problem(place, words))

    def items(self, key: str):
        """Each mapping in the list under `key`, with its place."""
        listed = self.document.get(key)
        if listed is None:
            return
        if not isinstance(listed, list):
            self.problem(key, f"a list is expected, not {shown(listed)}")
            return
        for number, item in enumerate(listed):
            place = f"{key}[{number}]"
            if isinstance(item, dict):
                yield place, item
            else:
                words = f"a mapping such as {{region: malar}} is expected, not {shown(item)}"
                self.problem(place, words)

    def mapping(self, holder: dict, key: str, place: str = "") -> dict:
        found = holder.get(key)
        if found is None:
            return {}
        if not isinstance(found, dict):
            self.problem(_join(place, key), f"a mapping is expected, not {shown(found)}")
            return {}
        return found

    def only(self, holder: dict, keys, place: str) -> None:
        for key in holder:
            if key not in keys:
                known = ", ".join(sorted(keys))
                self.problem(_join(place, str(key)), f"not a known key; accepted: {known}")

    def choice(self, holder, key, accepted, place, *, required=False) -> str:
        value = holder.get(key)
        if value is None and not required:
            return ""
        if isinstance(value, str) and value in accepted:
            return value
        words = "missing" if value is None else f"{shown(value)} is not known"
        self.problem(_join(place, key), f"{words}; accepted: {', '.join(accepted)}")
        return ""

    def number(
        self, holder, key, place, *, above=None, low=None, high=None, unit=""
    ) -> Decimal | None:
        """A number in (above, high] or [low, high], or None where the file has none."""
        value = holder.get(key)
        if value is None or value == "unknown":
            return None
        accepted = f"more than {above}" if above is not None else f"{low}"
        accepted += f" {'and at most' if above is not None else 'to'} {high} {unit}".rstrip()
        number = _decimal(value)
        fits = number is not None and number <= high
        fits = fits and (number > above if above is not None else number >= low)
        if not fits:
            self.problem(_join(place, key), f"{shown(value)} is not accepted; {accepted} is")
            return None
        return number

    def whole(self, holder, key, place, *, low, high, unit="") -> int | None:
        number = self.number(holder, key, place, low=low, high=high, unit=unit)
        if number is None:
            return None
        if number != number.to_integral_value():
            words = f"{number} is not accepted; a whole number, {low} to {high} {unit}".rstrip()
            self.problem(_join(place, key), f"{words}, is")
            return None
        return int(number)

    def yes_no(self, holder, key, place) -> bool | None:
        value = holder.get(key)
        if value is None or value == "unknown":
            return None
        if isinstance(value, bool):
            return value
        self.problem(_join(place, key), f"{shown(value)} is not accepted; yes, no or unknown is")
        return None

    # --- the parts ---

    def _places(self, item, place) -> list[tuple[str, str]]:
        """`(region, side)` once, or twice for `both`; empty where the place is faulty."""
        region = self.choice(item, "region", sorted(self.regions), place, required=True)
        if not region:
            return []
        sides = self.regions[region]
        accepted = [*sides, "both"] if {"L", "R"} <= set(sides) else list(sides)
        side = item.get("side")
        if side is None and len(sides) == 1:
            side = sides[0]
        elif side not in accepted:
            words = "missing" if side is None else f"{shown(side)} is not a side of {region}"
            self.problem(_join(place, "side"), f"{words}; accepted: {', '.join(accepted)}")
            return []
        return [(region, s) for s in (("L", "R") if side == "both" else (side,))]

    def _amounts(self, item, place, sides: int) -> list[tuple[int | None, str]]:
        """`(count, band)` for each side: a number is split, the odd one to the first."""
        value = item.get("count")
        bands = [band.value for band in CountBand]
        if isinstance(value, str) and value in bands:
            return [(None, value)] * sides
        if isinstance(value, str) and value != "unknown":
            self.problem(
                _join(place, "count"),
                f"{shown(value)} is not accepted; 1 to {MAX_COUNT} or a band is: "
                + ", ".join(bands),
            )
            return [(None, "")] * sides
        count = self.whole(item, "count", place, low=1, high=MAX_COUNT)
        if count is None or sides == 1:
            return [(count, "")] * sides
        return [(count - count // 2, ""), (count // 2, "")]

    def _spread(self, item, place, thing) -> list:
        """`thing` once for each place, with its share of the count; a share of none is left out."""
        places = self._places(item, place)
        amounts = self._amounts(item, place, len(places) or 1)
        return [
            replace(thing, place=f"{region}.{side}", count=count, band=band)
            for (region, side), (count, band) in zip(places, amounts, strict=False)
            if count != 0
        ]

    def _finding(self, place, item) -> list[Scar]:
        self.only(item, FINDING_KEYS, place)
        kinds = [kind.value for kind in ScarType]
        scar = Scar(
            type=self.choice(item, "type", kinds, place, required=True),
            width_mm=self.number(item, "width_mm", place, above=0, high=30, unit="mm"),
            depth_mm=self.number(item, "depth_mm", place, above=0, high=10, unit="mm"),
            severity=self.choice(item, "severity", [s.value for s in Severity], place),
            distensible=self.yes_no(item, "distensible", place),
            area_cm2=self._share_of_area(item, place),
            age_months=self.whole(item, "age_months", place, low=0, high=1200, unit="months"),
            broad=bool(self.yes_no(item, "broad", place)),
            significant=self.yes_no(item, "significant", place),
            gb_row=self.choice(item, "gb_row", sorted(self.rows), place),
            secondary_type=self.choice(item, "secondary_type", kinds, place),
            bedside=self._bedside(item, place),
        )
        self.yes_no(item, "active_inflammation", place)
        spread = self._spread(item, place, scar)
        return spread if scar.type else []

    def _share_of_area(self, item, place) -> Decimal | None:
        """The area of one side: like the count, `both` gives the total over the two."""
        area = self.number(item, "area_cm2", place, above=0, high=1000, unit="cm2")
        return area / 2 if area is not None and item.get("side") == "both" else area

    def _mark(self, place, item) -> list[Stain]:
        self.only(item, MARK_KEYS, place)
        kind = self.choice(item, "type", [m.value for m in MarkType], place, required=True)
        spread = self._spread(item, place, Stain(kind))
        return spread if kind else []

    def _bedside(self, holder, place) -> Bedside:
        given, here = self.mapping(holder, "bedside", place), _join(place, "bedside")
        self.only(given, BEDSIDE_KEYS, here)
        return Bedside(*(self.yes_no(given, key, here) for key in BEDSIDE_KEYS))

    def _scar_s(self) -> dict:
        given = self.mapping(self.document, "scar_s")
        self.only(given, SITES, "scar_s")
        return {site: self.whole(given, site, "scar_s", low=0, high=5) for site in SITES}


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def shown(value) -> str:
    """A value of the file as it may stand in a message: short, words that need it in quotes."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and len(value) <= MOST_SHOWN:
        return f'"{value}"' if value.lower() in QUOTED else value
    return str(value) if isinstance(value, date) else BRIEF.repr(value)


MOST_SHOWN = 80
QUOTED = ("", "yes", "no", "true", "false", "on", "off", "null")
"""In a file these are words only where quotes stand around them; a message shows the quotes."""
BRIEF = Repr()
BRIEF.maxlevel, BRIEF.maxlist, BRIEF.maxdict = 2, 4, 4
BRIEF.maxstring = BRIEF.maxother = BRIEF.maxlong = MOST_SHOWN


def _decimal(value) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
