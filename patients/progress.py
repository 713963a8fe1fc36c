"""How a face changes from one assessment to the next, without reading noise as change.

Charts are laid out here, in units of their view box with y downwards, and drawn by a template.
"""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

from clinic.catalogue.terms import Verification
from patients import chart, definitions
from patients.grading import BAND_LIMITS
from patients.models import Improvement
from patients.panel import chart_of
from patients.templatetags.patient_facts import type_words

SCORE = "goodman_baron_quantitative"


@dataclass(frozen=True)
class Amount:
    """A number, or all that is known of it: from `low` to `high`, or without a known end."""

    low: int
    high: int | None

    def __add__(self, other: "Amount") -> "Amount":
        ends = (self.high, other.high)
        return Amount(self.low + other.low, None if None in ends else sum(ends))

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def words(self) -> str:
        if self.is_exact:
            return str(self.low)
        return f"{self.low} or more" if self.high is None else f"{self.low}-{self.high}"


NONE = Amount(0, 0)


def amount_of(group) -> Amount:
    """How many lesions a finding or a mark stands for."""
    if group.count is not None:
        return Amount(group.count, group.count)
    return Amount(*BAND_LIMITS[group.count_band]) if group.count_band else Amount(1, None)


def change(before: Amount, after: Amount) -> str:
    """In a word; amounts that overlap cannot be told apart unless both are exact and equal."""
    if before == NONE or after == NONE:
        return "same" if before == after else "new" if before == NONE else "gone"
    if before.is_exact and before == after:
        return "same"
    if after.high is not None and after.high < before.low:
        return "fewer"
    if before.high is not None and after.low > before.high:
        return "more"
    return "cannot be told"


# --- over time ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spread:
    """Points within which two observers of one face differ; a smaller change is none."""

    points: int
    words: str
    unverified: bool


def spread() -> Spread | None:
    """Of the quantitative score, as the scale in force defines it; None where it does not."""
    scale = definitions.in_force().scales.get(SCORE)
    found = scale and scale["definition"].get("same_within")
    if not found:
        return None
    return Spread(found["points"], found["text"], found["verification"] != Verification.V)


def story(patient) -> dict:
    """Every assessment in force, oldest first, with its grades and counts, and the charts."""
    assessments = (
        patient.assessments.in_force()
        .order_by("assessed_on", "id")
        .select_related("assessed_by", "follow_up")
        .prefetch_related("findings", "marks")
    )
    steps = [_step(one) for one in assessments]
    within = spread()
    for before, after in pairwise(steps):
        after["change"] = _score_change(before["score"], after["score"], within)
    days = [step["on"] for step in steps]
    kinds = list(dict.fromkeys(kind for step in steps for kind in step["counts"]))
    kinds.sort(key=list(chart.SYMBOLS).index)
    return {
        "steps": steps,
        "spread": within,
        "score_chart": plot(days, [step["score"] for step in steps], within=within, top=12)
        if steps
        else None,
        "counts": [
            {
                "code": kind,
                "name": type_words(kind),
                "symbol": chart.SYMBOLS[kind],
                "amounts": (amounts := [step["counts"].get(kind, NONE) for step in steps]),
                "chart": plot(days, amounts, small=True, top=4),
                "change": change(amounts[0], amounts[-1]) if len(amounts) > 1 else "",
            }
            for kind in kinds
        ],
    }


def _step(assessment) -> dict:
    counts: dict[str, Amount] = {}
    for kind, group in _groups(assessment):
        counts[kind] = counts.get(kind, NONE) + amount_of(group)
    grades = assessment.grades
    said = getattr(assessment, "follow_up", None)
    return {
        "assessment": assessment,
        "on": assessment.assessed_on,
        "grades": grades,
        "score": _score(grades[SCORE]),
        "counts": counts,
        "change": "",
        "clinician": _impression(said and said.clinician_impression),
        "patient": _impression(said and said.patient_impression),
        "pain": said.last_session_pain if said else None,
    }


def _groups(assessment):
    for finding in assessment.findings.all():
        yield finding.scar_type, finding
    for mark in assessment.marks.all():
        yield f"mark_{mark.mark_type}", mark


def _impression(code) -> str:
    return Improvement(code).label if code else ""


def _score(grade) -> Amount | None:
    if grade["value"] is not None:
        return Amount(grade["value"], grade["value"])
    return Amount(*grade["range"]) if grade.get("range") else None


def _score_change(before, after, within) -> str:
    """ "4 lower, within the spread": only between two scores that are both known."""
    if before is None or after is None or not (before.is_exact and after.is_exact):
        return "Cannot be told"
    points = after.low - before.low
    if points == 0:
        return "Same"
    words = f"{abs(points)} {'higher' if points > 0 else 'lower'}"
    if within is None:
        return words
    return f"{words}, {'within' if abs(points) <= within.points else 'beyond'} the spread"


# --- a chart ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dot:
    """One value: a dot, or a bar from `y` up to `y_high` where it is only known to lie between."""

    x: float
    y: float
    y_high: float
    words: str
    on: dt.date
    dated: bool  # whether there is room for its date
    is_exact: bool
    is_open: bool  # without a known upper end


@dataclass(frozen=True)
class Plot:
    width: int
    height: int
    left: int
    right: int
    bottom: float
    dots: tuple[Dot, ...]
    line: str
    grid: tuple[tuple[float, int], ...]
    band: tuple[float, float] | None  # top and height
    small: bool

    @property
    def inner_width(self) -> int:
        return self.right - self.left


DATE_ROOM = 78
SIZES = {False: (760, 260, 44, 30, 36), True: (260, 96, 26, 22, 12)}


def plot(days, amounts, *, within=None, small=False, top=4) -> Plot:
    """A line over real time; `top` is the least that the scale reaches. A missing value is a gap.

    With `within` the band around the first known value is drawn, inside which nothing has changed.
    """
    width, height, left, below, above = SIZES[small]
    right, bottom = width - (16 if small else 30), height - below
    ends = [one.low if one.high is None else one.high for one in amounts if one]
    first = next((one.low for one in amounts if one and one.is_exact), None)
    reach = within.points if within and first is not None else 0
    highest = _round_up(max([top, *ends, (first or 0) + reach]))

    def y(value):
        return round(bottom - (bottom - above) * value / highest, 1)

    xs = _spaced(days, left + 14, right - 14)
    dots = []
    for on, x, amount in zip(days, xs, amounts, strict=True):
        if amount is None:
            continue
        open_ended = amount.high is None
        dots.append(
            Dot(
                x=x,
                y=y(amount.low),
                y_high=y(highest if open_ended else amount.high),
                words=amount.words,
                on=on,
                dated=not dots or small or x - _last_dated(dots) >= DATE_ROOM,
                is_exact=amount.is_exact,
                is_open=open_ended,
            )
        )
    band = None
    if reach:
        low, high = y(max(0, first - reach)), y(first + reach)
        band = (high, round(low - high, 1))
    exact = [dot for dot in dots if dot.is_exact]
    return Plot(
        width=width,
        height=height,
        left=left,
        right=right,
        bottom=bottom,
        dots=tuple(dots),
        line="M" + "L".join(f"{dot.x} {dot.y}" for dot in exact) if len(exact) > 1 else "",
        grid=tuple((y(value), value) for value in _ticks(highest, small)),
        band=band,
        small=small,
    )


def _last_dated(dots) -> float:
    return next(dot.x for dot in reversed(dots) if dot.dated)


def _spaced(days, low, high) -> list[float]:
    """Places on the axis, in proportion to time."""
    if not days:
        return []
    whole = (days[-1] - days[0]).days
    if not whole:
        step = (high - low) / (len(days) + 1)
        return [round(low + step * number, 1) for number in range(1, len(days) + 1)]
    return [round(low + (high - low) * (day - days[0]).days / whole, 1) for day in days]


def _round_up(value) -> int:
    steps = (4, 8, 12, 20, 40, 60, 84, 100, 160, 200, 400, 600, 1000, 2000, 5000)
    return next((step for step in steps if step >= value), value)


def _ticks(highest, small) -> list[int]:
    return [0, highest] if small else [round(highest * part / 4) for part in range(5)]


# --- two assessments side by side ---------------------------------------------------------------


def compared(before, after) -> dict:
    """Both face charts, and each place and type of either with what it was and what it is."""
    then, now = _by_place(before), _by_place(after)
    order = {place: number for number, place in enumerate(chart.places())}
    keys = sorted({*then, *now}, key=lambda key: (order.get(key[0], len(order)), key[1]))
    rows = [
        {
            "place": place,
            "code": kind,
            "symbol": chart.SYMBOLS.get(kind),
            "before": then.get((place, kind), NONE),
            "after": now.get((place, kind), NONE),
            "change": change(then.get((place, kind), NONE), now.get((place, kind), NONE)),
        }
        for place, kind in keys
    ]
    return {
        "rows": rows,
        "charts": [_labelled_chart("Before", before), _labelled_chart("After", after)],
    }


def _labelled_chart(name, assessment) -> tuple:
    drawn = chart_of(assessment, mode="read", uid=f"chart-{name.lower()}")["chart"]
    return name, assessment, drawn | {"label": f"Face chart, {name.lower()}"}


def _by_place(assessment) -> dict[tuple[str, str], Amount]:
    found: dict[tuple[str, str], Amount] = {}
    for kind, group in _groups(assessment):
        key = (group.place, kind)
        found[key] = found.get(key, NONE) + amount_of(group)
    return found
