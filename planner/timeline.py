"""A plan drawn to scale by week: where its visits, healing and preparations lie.

Geometry only, in the units of an SVG view box; the template draws it. Input is a stored proposal
or the content of a plan (both the same shape, see `planner.stored`).
"""

from dataclasses import dataclass
from datetime import date

WIDTH = 720
LEFT, RIGHT = 12, 12
ROW = 26
TOP = 30


@dataclass(frozen=True)
class Mark:
    """One visit: a labelled mark with the days of healing behind it."""

    number: int
    kind: str
    x: float
    y: float
    healing: float  # width of the healing bar, 0 for none
    label: str
    provisional: bool


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    label: str


@dataclass(frozen=True)
class Tick:
    x: float
    week: int


@dataclass(frozen=True)
class Timeline:
    width: int
    height: int
    axis: float
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    text: str  # the same in words


def timeline(content: dict) -> Timeline:
    """The drawing of one plan; weeks before the first procedure are negative."""
    sessions = content["sessions"]
    preparations = content["preparations"]
    first = min([0, *(s["day"] for s in sessions), *(p["from_day"] for p in preparations)])
    last = max([7, *(s["day"] + s["downtime_days"] for s in sessions)])
    scale = (WIDTH - LEFT - RIGHT) / (last - first + 7)

    def x(day: int) -> float:
        return round(LEFT + (day - first) * scale, 1)

    bars = tuple(
        Bar(
            x(p["from_day"]),
            TOP + row * ROW,
            max(4.0, round(((p["to_day"] or 0) - p["from_day"]) * scale, 1)),
            p["name"],
        )
        for row, p in enumerate(_once_each(preparations))
    )
    top = TOP + len(bars) * ROW
    firm = {number for number, is_firm, _cost in content["blocks"] if is_firm}
    marks = tuple(
        Mark(
            number=number,
            kind=session["kind"],
            x=x(session["day"]),
            y=top + (number % 2) * ROW,
            healing=round(session["downtime_days"] * scale, 1),
            label=label_of(session),
            provisional=session["block"] not in firm,
        )
        for number, session in enumerate(sessions, 1)
    )
    return Timeline(
        width=WIDTH,
        height=top + 2 * ROW + 26,
        axis=top + 2 * ROW + 4,
        ticks=_ticks(first, last, x),
        bars=bars,
        marks=marks,
        text=_in_words(sessions),
    )


def label_of(session: dict) -> str:
    names = ", ".join(dict.fromkeys(step["name"] for step in session["steps"]))
    return names or KINDS.get(session["kind"], session["kind"])


KINDS = {
    "procedure": "Procedure",
    "review": "Review",
    "test_spot": "Test spot",
    "test_reading": "Reading of the test spot",
    "suture_removal": "Suture removal",
}


def _once_each(preparations: list[dict]) -> list[dict]:
    """One bar per preparation, from its first day to its last."""
    rows = {}
    for preparation in preparations:
        row = rows.setdefault(preparation["treatment"], dict(preparation))
        row["from_day"] = min(row["from_day"], preparation["from_day"])
        row["to_day"] = max(row["to_day"] or 0, preparation["to_day"] or 0)
    return list(rows.values())


def _ticks(first: int, last: int, x) -> tuple[Tick, ...]:
    weeks = (last - first) // 7 + 1
    step = next(step for step in (1, 2, 4, 8, 13, 26, 52, 104) if weeks / step <= 14)
    start = -(-first // 7) // step * step
    return tuple(Tick(x(week * 7), week) for week in range(start, last // 7 + 1, step))


def _in_words(sessions: list[dict]) -> str:
    return "; ".join(
        f"week {session['day'] // 7}, {date.fromisoformat(session['on']):%d-%b-%Y}: "
        f"{label_of(session)}"
        for session in sessions
    )
