"""The published grades, computed from their definitions in the catalogue.

Values in, values out. A definition is a row of the catalogue's section `scales` as plain data; no
weight, band or mapping stands here. What is not known gives no grade and says why: null is not
nought. Scores are whole-face readings for the record and for follow-up; the planner has a load
of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

BAND_LIMITS = {"1-4": (1, 4), "5-10": (5, 10), "11-20": (11, 20), "over-20": (21, None)}
ATROPHIC_CLASSES = {
    "ice_pick": "ice_pick",
    "boxcar_shallow": "boxcar",
    "boxcar_deep": "boxcar",
    "boxcar_unspecified": "boxcar",
    "rolling": "rolling",
}
RAISED = frozenset({"hypertrophic", "keloid", "papular"})


@dataclass(frozen=True)
class Bedside:
    """What was tried at the chair; None is not recorded."""

    obvious_at_50cm: bool | None = None
    easily_covered: bool | None = None
    flattens_on_stretch: bool | None = None

    def over(self, other: "Bedside") -> "Bedside":
        """These answers, and the other's where these say nothing."""
        return Bedside(
            *(
                mine if mine is not None else theirs
                for mine, theirs in zip(self.answers, other.answers, strict=True)
            )
        )

    @property
    def answers(self) -> tuple:
        return (self.obvious_at_50cm, self.easily_covered, self.flattens_on_stretch)


@dataclass(frozen=True)
class Scar:
    """A group of like scars in one place; `count` or `band`, or neither if nobody counted."""

    type: str
    place: str = ""
    count: int | None = None
    band: str = ""
    width_mm: Decimal | None = None
    depth_mm: Decimal | None = None
    severity: str = ""
    distensible: bool | None = None
    area_cm2: Decimal | None = None
    age_months: int | None = None
    broad: bool = False
    significant: bool | None = None
    gb_row: str = ""
    secondary_type: str = ""
    bedside: Bedside = Bedside()


@dataclass(frozen=True)
class Stain:
    """A group of like marks in one place; `type` is pih, pie or hypo."""

    type: str
    place: str = ""
    count: int | None = None
    band: str = ""


@dataclass
class _Tally:
    """How many lesions a row holds, at least and at most (None: no limit known), and from where."""

    low: int = 0
    high: int | None = 0
    area: Decimal = Decimal(0)
    unknown: list[str] = field(default_factory=list)

    def add(self, low, high):
        self.low += low
        self.high = None if high is None or self.high is None else self.high + high

    @property
    def shown(self) -> int | str:
        if self.low == self.high:
            return self.low
        return f"{self.low} or more" if self.high is None else f"{self.low} to {self.high}"


def _limits(lesion, one_when_measured=()) -> tuple[int, int | None]:
    if lesion.count is not None:
        return lesion.count, lesion.count
    if lesion.band:
        return BAND_LIMITS[lesion.band]
    if lesion.type in one_when_measured and lesion.area_cm2 is not None:
        return 1, 1
    return 1, None


def _times(number: int | None, bands: list[dict]) -> int:
    """The multiplier for `number` lesions; None means more than any band's start."""
    if number == 0:
        return 0
    for band in bands:
        if number is not None and (band["to"] is None or number <= band["to"]):
            return band["times"]
    return bands[-1]["times"]


def _where(lesion) -> str:
    return f"{lesion.type.replace('_', ' ')} in {lesion.place}" if lesion.place else lesion.type


# --- mapping of a finding to a row --------------------------------------------------------------


def row_of(lesion, definition: Mapping) -> str | None:
    """The row of the first line of the mapping that fits; None if what decides is not known."""
    kind = f"mark_{lesion.type}" if isinstance(lesion, Stain) else lesion.type
    for line in definition["mapping"]:
        if kind in line["types"] and _fits(lesion, line):
            return line["row"]
    return None


def _fits(lesion, line: Mapping) -> bool:
    """Whether the line's conditions hold; a condition on something unknown does not."""
    if "severity" in line and lesion.severity != line["severity"]:
        return False
    if "broad" in line and lesion.broad != line["broad"]:
        return False
    if "width_from_mm" in line and not at_least(lesion.width_mm, line["width_from_mm"]):
        return False
    if "age_from_months" in line and not at_least(lesion.age_months, line["age_from_months"]):
        return False
    if "age_below_months" in line:
        return lesion.age_months is not None and lesion.age_months < line["age_below_months"]
    return True


def at_least(value, limit) -> bool:
    return value is not None and Decimal(str(value)) >= Decimal(str(limit))


# --- Goodman and Baron, quantitative ------------------------------------------------------------


def goodman_baron_quantitative(
    scars: Iterable[Scar], marks: Iterable[Stain], scale: Mapping
) -> dict:
    """Value, the number of lesions by row, the points by row, and why there is no value.

    `range` is what the score lies between where something is unknown.
    """
    definition, rows = scale["definition"], {row["code"]: row for row in scale["rows"]}
    tallies, loose = _tally_rows([*scars, *marks], definition, rows)
    low = high = 0
    why, explained, counts = [], [], {}
    for code, row in rows.items():
        if code not in tallies:
            continue
        tally = tallies[code]
        least, most = _row_points(row, tally, definition)
        why += tally.unknown or _across_a_step(row, tally, least, most)
        low, high = low + least, high + most
        counts |= _counted(code, row, tally)
        explained.append(_explained(row, tally, least, most))
    for lesion in loose:
        weights = [row["weight"] for row in rows.values() if row["class"] != "D"]
        low += min(weights)
        high += max(weights) * definition["times"][-1]["times"]
        why.append(f"{_where(lesion)}: {definition['ask'].get(lesion.type, 'no row fits')}")
    high = min(high, scale["range"][1])
    return {
        "value": None if why else low,
        "rows": counts,
        "why_null": "; ".join(why) or None,
        "range": [low, high],
        "explained": explained,
    }


def _tally_rows(lesions, definition, rows):
    """The tally by row, and the lesions that no row can take."""
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    loose = []
    for lesion in lesions:
        code = getattr(lesion, "gb_row", "") or row_of(lesion, definition)
        if code not in rows:
            loose.append(lesion)
            continue
        tally = tallies[code]
        if rows[code].get("by") == "area_cm2":
            if lesion.area_cm2 is None:
                tally.unknown.append(f"{_where(lesion)}: area is not recorded")
            else:
                tally.area += Decimal(str(lesion.area_cm2))
            tally.add(*_limits(lesion))
            continue
        limits = _limits(lesion)
        if limits == (1, None):
            tally.unknown.append(f"{_where(lesion)}: number is not recorded")
        tally.add(*limits)
    return tallies, loose


def _row_points(row, tally, definition) -> tuple[int, int]:
    if row.get("by") == "area_cm2":
        bands = definition["area_points"]
        least = _area_points(tally.area, bands)
        return least, bands[-1]["points"] if tally.unknown else least
    bands = definition["times"]
    return row["weight"] * _times(tally.low, bands), row["weight"] * _times(tally.high, bands)


def _across_a_step(row, tally, least, most) -> list[str]:
    if least == most:
        return []
    return [f"{row['name']}: {tally.shown} lesions lie across a step of the scale"]


def _area_points(area: Decimal, bands) -> int:
    for band in bands:
        if "below" in band:
            if area < Decimal(str(band["below"])):
                return band["points"]
        elif band["up_to"] is None or area <= Decimal(str(band["up_to"])):
            return band["points"]
    return bands[-1]["points"]


def plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _counted(code, row, tally) -> dict:
    if row.get("by") == "area_cm2":
        return {f"{code}_cm2": None if tally.unknown else plain(tally.area)}
    return {code: tally.shown}


def _explained(row, tally, least, most) -> dict:
    by_area = row.get("by") == "area_cm2"
    amount = f"{plain(tally.area)} cm²" if by_area else str(tally.shown)
    if by_area and tally.unknown:
        amount = "Not recorded"
    return {
        "row": row["code"],
        "name": row["name"],
        "amount": amount,
        "weight": row.get("weight"),
        "points": least if least == most else None,
        "range": [least, most],
        "verification": row["verification"],
    }


# --- ECCA ---------------------------------------------------------------------------------------


def ecca(scars: Iterable[Scar], scale: Mapping) -> dict:
    """Value with its atrophic and raised parts, and the types that the scale has no item for.

    Each is None where a number, or the age of a hypertrophic scar, is not known.
    """
    definition, rows = scale["definition"], {row["code"]: row for row in scale["rows"]}
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    why, open_parts, missed, loose = [], set(), set(), []
    for scar in scars:
        code = row_of(scar, definition)
        if scar.type in definition["not_captured"]:
            missed.add(scar.type)
        elif code is None:
            loose.append(scar)
            open_parts.add("raised" if scar.type in RAISED else "atrophic")
            why.append(f"{_where(scar)}: {definition['ask'].get(scar.type, 'no item fits')}")
        else:
            limits = _limits(scar, definition["one_when_measured"])
            if limits == (1, None):
                tallies[code].unknown.append(f"{_where(scar)}: number is not recorded")
            tallies[code].add(*limits)
    parts, explained, most_of_all = {"atrophic": 0, "raised": 0}, [], 0
    for code, row in rows.items():
        if code not in tallies:
            continue
        tally = tallies[code]
        least, most = _row_points(row, tally, definition)
        explained.append(_explained(row, tally, least, most))
        if reasons := tally.unknown or _across_a_step(row, tally, least, most):
            open_parts.add(row["part"])
            why += reasons
        parts[row["part"]] += least
        most_of_all += most
    least_of_all = sum(parts.values())
    for part in open_parts:
        parts[part] = None
    return {
        "value": None if open_parts else least_of_all,
        **parts,
        # no range where a scar's item is not known
        "range": None if loose else [least_of_all, most_of_all],
        "not_captured": sorted(missed),
        "why_null": "; ".join(why) or None,
        "explained": explained,
    }


# --- Goodman and Baron, qualitative -------------------------------------------------------------


def goodman_baron_qualitative(
    scars: Iterable[Scar], marks: Iterable[Stain], bedside: Bedside, scale: Mapping
) -> dict:
    """The grade, whether it is settled, the questions still open and what contradicts it.

    A finding's own bedside answers come before the face's; the face has the highest grade present.
    """
    scars, definition = list(scars), scale["definition"]
    if not scars:
        value = definition["marks_only"] if list(marks) else definition["nothing"]
        return {"value": value, "indeterminate": False, "ask": [], "warnings": []}
    groups = defaultdict(list)
    for scar in scars:
        own = scar.bedside.over(bedside)
        if own.flattens_on_stretch is None and scar.type in definition["stretched_types"]:
            own = Bedside(own.obvious_at_50cm, own.easily_covered, scar.distensible)
        groups[own].append(scar)
    grades = [_bedside_grade(group, own, definition) for own, group in groups.items()]
    known = [grade for grade, _, ask in grades if grade is not None]
    top = max(known, default=None)
    settled = len(known) == len(grades) or top == definition["severe"]
    value = top if settled else None
    ask = sorted({code for _, _, codes in grades for code in codes}) if not settled else []
    unsure = any(doubt for grade, doubt, _ in grades if grade == value) and settled
    sure = any(not doubt for grade, doubt, _ in grades if grade == value)
    return {
        "value": value,
        "indeterminate": unsure and not sure,
        "ask": ask,
        "warnings": _contradictions(scars, value, definition),
    }


def _bedside_grade(scars, bedside: Bedside, definition) -> tuple[int | None, bool, list[str]]:
    """Grade, whether it is in doubt, and which answers are missing."""
    obvious, covered = bedside.obvious_at_50cm, bedside.easily_covered
    if obvious is False or covered is True:
        clear = obvious is False and covered is True
        return definition["covered_or_not_obvious"], not clear, []
    missing = [
        code
        for code, answer in (("obvious_at_50cm", obvious), ("easily_covered", covered))
        if answer is None
    ]
    if missing:
        return None, False, missing
    if any(_significant(scar, definition) for scar in scars):
        return definition["severe"], False, []
    if any(scar.type in definition["stretched_types"] for scar in scars):
        if bedside.flattens_on_stretch is None:
            return None, False, ["flattens_on_stretch"]
        if not bedside.flattens_on_stretch:
            return definition["severe"], False, []
    return definition["flattens"], False, []


def _significant(scar: Scar, definition) -> bool:
    if scar.type in definition["always_severe_types"]:
        return True
    if scar.type not in definition["severe_if_significant_types"]:
        return False
    if scar.significant is not None:
        return scar.significant
    return scar.severity in definition["significant_severities"]


def _contradictions(scars, value, definition) -> list[dict]:
    """Types that usually stand for a higher grade than the answers gave."""
    if value is None:
        return []
    present = {scar.type for scar in scars}
    return [
        {"types": sorted(present & set(line["types"])), "usual_grade": line["grade"]}
        for line in definition["typical"]
        if present & set(line["types"]) and value < line["grade"]
    ]


# --- SCAR-S -------------------------------------------------------------------------------------


def scar_s(sites: Mapping[str, int | None], scale: Mapping) -> dict:
    """The sum of three sites, None without one of them; and which sites matter clinically."""
    definition = scale["definition"]
    values = {site: sites.get(site) for site in definition["sites"]}
    complete = None not in values.values()
    return {
        "overall": sum(values.values()) if complete else None,
        "relevant_sites": [
            site
            for site, value in values.items()
            if value is not None and value >= definition["relevant_from"]
        ],
        "why_null": None
        if complete
        else "not examined: " + ", ".join(site for site, value in values.items() if value is None),
    }


# --- types --------------------------------------------------------------------------------------


def mixed_types(types: Iterable[str]) -> list[str]:
    """`mixed_atrophic` for two or more of ice pick, boxcar and rolling; with a raised one besides,
    `mixed_atrophic_raised`. Derived, never logged."""
    types = set(types)
    classes = {ATROPHIC_CLASSES[kind] for kind in types if kind in ATROPHIC_CLASSES}
    mixed = ["mixed_atrophic"] if len(classes) > 1 else []
    if types & RAISED and types - RAISED:
        mixed.append("mixed_atrophic_raised")
    return mixed


# --- all of them --------------------------------------------------------------------------------


def grade_face(scars, marks, bedside: Bedside, sites: Mapping, scales: Mapping) -> dict:
    """Every grade of one face; `scales` maps the codes of the catalogue's scales to their rows."""
    scars, marks = list(scars), list(marks)
    return {
        "goodman_baron_qualitative": goodman_baron_qualitative(
            scars, marks, bedside, scales["goodman_baron_qualitative"]
        ),
        "goodman_baron_quantitative": goodman_baron_quantitative(
            scars, marks, scales["goodman_baron_quantitative"]
        ),
        "ecca": ecca(scars, scales["ecca"]),
        "scar_s": scar_s(sites, scales["scar_s"]),
        "mixed": mixed_types(scar.type for scar in scars),
    }
