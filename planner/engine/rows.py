"""The rows of the published document as typed values (docs/catalogue.md says what they hold)."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from math import ceil, floor

from clinic.catalogue.terms import Assume, TreatmentKind


def at_least(value: float) -> int:
    """A least figure as a whole number: a part of a day (a minute, a milligram) counts in full."""
    return ceil(round(value, 6))


def at_most(value: float) -> int:
    """A greatest figure as a whole number: a part of it does not count."""
    return floor(round(value, 6))


def least_days(weeks: float | None) -> int:
    """Whole days that are never fewer than so many weeks; 0 where it is not known."""
    return 0 if weeks is None else at_least(weeks * 7)


@dataclass(frozen=True)
class Region:
    code: str
    name: str
    field: str
    area: str
    lidocaine_ml: float
    filler_ml: float


@dataclass(frozen=True)
class Span:
    """A figure with its range; None is not known."""

    min: float | None
    typical: float | None
    max: float | None
    verification: str = ""
    sources: tuple[str, ...] = ()

    @property
    def usual(self) -> float | None:
        """The typical figure, else the middle of the range (our convention)."""
        if self.typical is not None:
            return self.typical
        if self.min is not None and self.max is not None:
            return (self.min + self.max) / 2
        return self.max if self.max is not None else self.min


NO_SPAN = Span(None, None, None)


@dataclass(frozen=True)
class Indication:
    scar_type: str
    depth: str
    effectiveness: int
    meaning: str
    evidence: str
    verification: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Contraindication:
    word: str
    level: str
    verification: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Treatment:
    code: str
    name: str
    kind: str
    family: str
    mechanisms: tuple[str, ...]
    performers: tuple[str, ...]
    requires: tuple[str, ...]
    needles: bool
    order: int
    stage: int
    skill: str
    price: Decimal | None
    price_unit: str
    indications: tuple[Indication, ...]
    contraindications: tuple[Contraindication, ...]
    avoid_types: tuple[int, ...]
    avoid_sources: tuple[str, ...]
    figures: dict = field(default_factory=dict, compare=False)
    pre_care: tuple[str, ...] = ()

    @property
    def is_procedure(self) -> bool:
        return self.kind == TreatmentKind.PROCEDURE

    def figure(self, kind: str) -> Span:
        return self.figures.get(kind, NO_SPAN)

    def days(self, kind: str) -> int:
        """The figure in whole days (or minutes), counted up; 0 where it is not known."""
        value = self.figure(kind).usual
        return 0 if value is None else int(-(-value // 1))

    @property
    def mechanism(self) -> str:
        """What it mainly does."""
        return self.mechanisms[0] if self.mechanisms else ""

    @cached_property
    def course(self) -> tuple[int, int, int]:
        """Sessions at least, usually, at most; a single one where nothing is known."""
        span = self.figure("sessions")
        usual = int(span.usual or 1)
        return int(span.min or min(1, usual)), usual, int(span.max or usual)

    @cached_property
    def interval_days(self) -> tuple[int, int, int | None]:
        """Days between two sessions: at least, usually, at most (None: no limit known)."""
        span = self.figure("interval_weeks")
        usual = least_days(span.usual)
        return (
            least_days(span.min) if span.min is not None else usual,
            usual,
            at_most(span.max * 7) if span.max is not None else None,
        )


@dataclass(frozen=True)
class Pair:
    code: str
    a: str
    b: str
    relation: str
    first: str
    min_days: int
    typical_days: int
    condition: str
    when: dict | None
    scar_types: tuple[str, ...]
    regions: tuple[str, ...]
    why: str
    evidence: str
    sources: tuple[str, ...]
    assume: str = ""  # how a condition that stands in words only is read: holds or not_holds

    @property
    def is_plain(self) -> bool:
        """Whether it holds whatever the facts are."""
        return not self.when and (not self.condition or self.assume == Assume.HOLDS)


@dataclass(frozen=True)
class Part:
    code: str
    kind: str
    choices: tuple[str, ...]
    unit: str
    min: float | None
    max: float | None
    show_if: dict | None = None


@dataclass(frozen=True)
class Question:
    code: str
    text: str
    parts: tuple[Part, ...]
    regional: bool
    applies: dict | None
    expires_days: int | None = None  # whoever makes the case applies it

    def part(self, code: str) -> Part | None:
        return next((part for part in self.parts if part.code == code), None)


@dataclass(frozen=True)
class Clause:
    rule: str
    index: int
    when: dict | None
    targets: frozenset
    regions: frozenset | None
    scar_types: frozenset | None
    effect: str
    until: dict | None
    until_text: str
    preparation: str
    lead_days: int
    course_days: int | None
    reading_days: int | None
    standing: bool
    judged_by: str
    words: str
    sources: tuple[str, ...]
    verification: str


@dataclass(frozen=True)
class Limit:
    code: str
    drug: str
    when: dict | None
    mg_per_kg: float | None
    cap_mg: float | None
    with_adrenaline: bool | None
    factor: float | None
    text: str


@dataclass(frozen=True)
class Protocol:
    code: str
    name: str
    scar_types: tuple[str, ...]
    fitzpatrick: str
    steps: tuple[dict, ...]
    reported: str
    limitations: str
    evidence: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Strategy:
    code: str
    name: str
    text: str
    weights: dict
    min_share: float
    min_gain: float
    exclude_device: bool
    order: int
