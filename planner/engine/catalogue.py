"""The published catalogue document as typed values (docs/catalogue.md says what it holds)."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

from planner.engine.rows import (
    Clause,
    Contraindication,
    Indication,
    Limit,
    Pair,
    Part,
    Protocol,
    Question,
    Region,
    Span,
    Strategy,
    Treatment,
    least_days,
)

ROMAN = ("I", "II", "III", "IV", "V", "VI")


ON_THE_RECORD = {
    "patient.age": "Date of birth",
    "patient.fitzpatrick": "Skin type (Fitzpatrick)",
    "patient.height_cm": "Height",
    "patient.sex": "Sex",
    "patient.weight_kg": "Weight",
}


@dataclass(frozen=True)
class Catalogue:
    hash: str
    regions: dict
    treatments: dict
    families: dict
    requirements: dict
    pairs: tuple[Pair, ...]
    questions: dict
    clauses: tuple[Clause, ...]
    words: dict
    limits: tuple[Limit, ...]
    protocols: tuple[Protocol, ...]
    strategies: tuple[Strategy, ...]
    calibration: dict
    rules: dict  # code -> title
    scales: tuple
    inherits: dict  # a combined treatment -> the treatments whose pair rules it shares

    def constant(self, code: str, default: float | None = None) -> float:
        """A constant of the effect model; KeyError names one that the catalogue lacks."""
        value = self.calibration.get(code, default)
        if value is None:
            raise KeyError(f"the catalogue has no calibration row {code}")
        return value

    def asked(self, code: str) -> str:
        """What is asked for by that code: the words of a question, or a fact of the record."""
        return ON_THE_RECORD.get(code) or self.questions[code].text

    def field_of(self, place: str) -> str:
        """The field with its side, in which one procedure's healing meets another's."""
        region, _, side = place.partition(".")
        known = self.regions.get(region)
        return f"{known.field if known else region}.{side}"

    def area_of(self, place: str) -> str:
        known = self.regions.get(place.partition(".")[0])
        return known.field if known else ""

    def place_name(self, place: str) -> str:
        region, _, side = place.partition(".")
        known = self.regions.get(region)
        name = known.name if known else region
        return name + {"L": ", left", "R": ", right"}.get(side, "")

    def name_of(self, code: str) -> str:
        known = self.treatments.get(code)
        return known.name if known else code

    @cached_property
    def memo(self) -> dict:
        """What others work out once for this catalogue, by their own names."""
        return {}

    @cached_property
    def pairs_of(self) -> dict:
        table: dict = {}
        for pair in self.pairs:
            table.setdefault(frozenset((pair.a, pair.b)), []).append(pair)
        return {key: tuple(rows) for key, rows in table.items()}

    @cached_property
    def clauses_of(self) -> dict:
        table: dict = {code: [] for code in self.treatments}
        for clause in self.clauses:
            for code in clause.targets:
                if code in table:
                    table[code].append(clause)
        return {code: tuple(rows) for code, rows in table.items()}


def catalogue_from(document: dict, digest: str = "") -> Catalogue:
    """Typed rows, sorted by code, so that the order in which they were read changes nothing."""
    families = _families(document.get("families", []))
    treatments = {
        row["code"]: _treatment(row)
        for row in _sorted(document, "treatments")
        if not row.get("withdrawn")
    }
    return Catalogue(
        hash=digest,
        regions={row["code"]: _region(row) for row in _sorted(document, "regions")},
        treatments=treatments,
        families=families,
        requirements={row["code"]: row["kind"] for row in _sorted(document, "requirements")},
        pairs=tuple(_pair(row) for row in _sorted(document, "pairs")),
        questions={row["code"]: _question(row) for row in _sorted(document, "questions")},
        clauses=tuple(
            _clause(rule, index, clause, families)
            for rule in _sorted(document, "safety_rules")
            for index, clause in enumerate(rule["clauses"])
        ),
        words={row["code"]: row for row in _sorted(document, "words")},
        limits=tuple(_limit(row) for row in _sorted(document, "limits")),
        protocols=tuple(_protocol(row) for row in _sorted(document, "protocols")),
        strategies=tuple(
            sorted(
                (_strategy(row) for row in document.get("strategies", [])),
                key=lambda strategy: (strategy.order, strategy.code),
            )
        ),
        calibration={row["code"]: float(row["value"]) for row in _sorted(document, "calibration")},
        rules={row["code"]: row.get("title") or row["code"] for row in document["safety_rules"]},
        scales=tuple(_sorted(document, "scales")),
        inherits=_inherits(document),
    )


def _inherits(document: dict) -> dict:
    """Default rule d2: its detail says whose rules a combined treatment shares."""
    table: dict = {}
    for row in _sorted(document, "policies"):
        detail = row.get("detail") or {}
        if "inherits" in detail:
            table[detail["treatment"]] = tuple(detail["inherits"])
    return table


def expand(codes, families: dict) -> frozenset:
    """Treatment codes behind treatment and family codes."""
    return frozenset().union(*(families.get(code, frozenset((code,))) for code in codes or ()))


def numeral(phototype) -> int:
    return ROMAN.index(phototype) + 1 if phototype in ROMAN else int(phototype)


def _sorted(document: dict, section: str) -> list:
    return sorted(document.get(section, []), key=lambda row: row["code"])


def _number(value) -> float | None:
    return None if value is None else float(value)


def _families(rows) -> dict:
    members = {row["code"]: tuple(row.get("members") or ()) for row in rows}

    def codes(code: str, above: tuple = ()) -> frozenset:
        if code not in members or code in above:
            return frozenset((code,)) if code not in members else frozenset()
        inside = (codes(member, (*above, code)) for member in members[code])
        return frozenset().union(*inside)

    return {code: codes(code) for code in sorted(members)}


def _region(row: dict) -> Region:
    return Region(
        row["code"],
        row["name"],
        row["field"],
        row.get("area") or "face",
        _number(row.get("lidocaine_ml")) or 0.0,
        _number(row.get("filler_ml")) or 0.0,
    )


def _treatment(row: dict) -> Treatment:
    figures = {
        figure["kind"]: Span(
            _number(figure.get("min")),
            _number(figure.get("typical")),
            _number(figure.get("max")),
            figure.get("verification") or "",
            tuple(figure.get("sources") or ()),
        )
        for figure in row.get("figures", [])
        if figure["kind"] != "price"
    }
    amount = next((f.get("typical") for f in row.get("figures", []) if f["kind"] == "price"), None)
    skin = row.get("fitzpatrick") or {}
    return Treatment(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        family=row.get("family") or "",
        mechanisms=tuple(row.get("mechanisms") or ()),
        performers=tuple(row.get("performers") or ()),
        requires=tuple(row.get("requires") or ()),
        needles=bool(row.get("needles")),
        order=int(row["order"]) if row.get("order") is not None else 3,
        stage=int(row["stage"]) if row.get("stage") is not None else 3,
        skill=row.get("skill") or "",
        price=None if amount is None else Decimal(str(amount)),
        price_unit=row.get("price_unit") or "session",
        indications=tuple(_indication(item) for item in row.get("indications", [])),
        contraindications=tuple(
            Contraindication(
                item["word"],
                item["level"],
                item.get("verification") or "",
                tuple(item.get("sources") or ()),
            )
            for item in sorted(row.get("contraindications", []), key=lambda item: item["word"])
        ),
        avoid_types=tuple(sorted(numeral(value) for value in skin.get("avoid") or ())),
        avoid_sources=tuple(skin.get("sources") or ()),
        figures=MappingProxyType(figures),
        pre_care=tuple(s["text"] for s in row.get("statements", []) if s["kind"] == "pre_care"),
    )


def _indication(row: dict) -> Indication:
    return Indication(
        row["scar_type"],
        row.get("depth") or "any",
        int(row["effectiveness"]),
        row.get("meaning") or "",
        row.get("evidence") or "D",
        row.get("verification") or "",
        tuple(row.get("sources") or ()),
    )


def _pair(row: dict) -> Pair:
    weeks = row.get("weeks") or {}
    least, usual = (_number(weeks.get(key)) for key in ("min", "typical"))
    regions = row.get("regions") or ()
    return Pair(
        row["code"],
        row["a"],
        row["b"],
        row["relation"],
        row.get("first") or "",
        least_days(least),
        least_days(least if usual is None else usual),
        row.get("condition") or "",
        row.get("when") or None,
        tuple(row.get("scar_types") or ()),
        () if regions == "any" or "any" in regions else tuple(regions),
        row.get("why") or "",
        row.get("evidence") or "D",
        tuple(row.get("sources") or ()),
        row.get("assume") or "",
    )


def _question(row: dict) -> Question:
    return Question(
        row["code"],
        row.get("text") or row["code"],
        tuple(
            Part(
                part.get("code") or "",
                part["kind"],
                tuple(choice["code"] for choice in part.get("choices") or ()),
                part.get("unit") or "",
                _number(part.get("min")),
                _number(part.get("max")),
                part.get("show_if") or None,
            )
            for part in row["parts"]
        ),
        bool(row.get("regional")),
        row.get("applies") or None,
        row.get("expires_days"),
    )


def _clause(rule: dict, index: int, row: dict, families: dict) -> Clause:
    preparation, spot = row.get("preparation") or {}, row.get("test_spot") or {}
    regions, scar_types = row.get("regions"), row.get("scar_types")
    return Clause(
        rule=rule["code"],
        index=index,
        when=row.get("when") or None,
        targets=expand(row.get("targets"), families) - expand(row.get("except"), families),
        regions=frozenset(regions) if regions else None,
        scar_types=frozenset(scar_types) if scar_types else None,
        effect=row["effect"],
        until=row.get("until") or None,
        until_text=row.get("until_text") or "",
        preparation=preparation.get("treatment") or "",
        lead_days=int(preparation.get("lead_days") or 0),
        course_days=preparation.get("course_days"),
        reading_days=spot.get("reading_days"),
        standing=bool(row.get("standing")),
        judged_by=row.get("judged_by") or "",
        words=row.get("words") or rule.get("text") or rule.get("title") or rule["code"],
        sources=tuple(rule.get("sources") or ()),
        verification=rule.get("verification") or "",
    )


def _limit(row: dict) -> Limit:
    return Limit(
        row["code"],
        row.get("drug") or "lidocaine",
        row.get("when") or None,
        _number(row.get("mg_per_kg")),
        _number(row.get("cap_mg")),
        row.get("with_adrenaline"),
        _number(row.get("factor")),
        row.get("text") or "",
    )


def _protocol(row: dict) -> Protocol:
    reported = row.get("reported") or {}
    return Protocol(
        row["code"],
        row["name"],
        tuple(row.get("scar_types") or ()),
        row.get("fitzpatrick") or "",
        tuple(row["steps"]),
        reported.get("text") or "",
        row.get("limitations") or "",
        row.get("evidence") or "D",
        tuple(row.get("sources") or ()),
    )


def _strategy(row: dict) -> Strategy:
    return Strategy(
        row["code"],
        row["name"],
        row.get("text") or "",
        {name: float(weight) for name, weight in row["weights"].items()},
        float(row["min_share"]),
        float(row["min_gain"]),
        bool(row.get("exclude_device")),
        int(row.get("order") or 0),
    )
