"""A plan drawn to scale by week: where its visits, healing and preparations lie.

Geometry only, in the units of an SVG view box; the template draws it. Input is a stored proposal
or the content of a plan (both the same shape, see `planner.stored`).
"""

from dataclasses import dataclass
from datetime import date, timedelta

WIDE, MIDDLE, NARROW = 720, 600, 340  # of a page, a part, a column: drawn at about that size
LEFT, RIGHT = 12, 12
ROW = 26
TOP = 30
ROOM_FOR_A_LABEL = 0.6  # of the width: a bar that begins later has its label to the left
HIDDEN = 14  # little more than the radius of a mark


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

    @property
    def is_hidden(self) -> bool:
        """Whether the healing would lie behind the mark: it is drawn below it then."""
        return self.healing < HIDDEN


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    label: str
    ends: bool = False  # near the right edge: its label ends where it does

    @property
    def label_x(self) -> float:
        return self.x + self.width if self.ends else self.x


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
    first_on: str  # the day at `left`, and the width of a day: what dragging needs
    left: float
    scale: float


def span(content: dict) -> tuple[int, int]:
    """The first and the last day that the drawing of a plan shows."""
    sessions = content["sessions"]
    preparations = content["preparations"]
    first = min([0, *(s["day"] for s in sessions), *(p["from_day"] for p in preparations)])
    return first, max([7, *(s["day"] + s["downtime_days"] for s in sessions)])


def timeline(content: dict, *, width=WIDE, shown: tuple[int, int] | None = None) -> Timeline:
    """The drawing of one plan; weeks before the first procedure are negative.

    Plans that stand side by side are `shown` over the same days, so that they can be compared.
    """
    sessions = content["sessions"]
    preparations = content["preparations"]
    first, last = shown or span(content)
    scale = (width - LEFT - RIGHT) / (last - first + 7)

    def x(day: int) -> float:
        return round(LEFT + (day - first) * scale, 1)

    bars = tuple(
        Bar(
            x(p["from_day"]),
            TOP + row * ROW,
            max(4.0, round(((p["to_day"] or 0) - p["from_day"]) * scale, 1)),
            p["name"],
            ends=x(p["from_day"]) > width * ROOM_FOR_A_LABEL,
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
        width=width,
        height=top + 2 * ROW + 26,
        axis=top + 2 * ROW + 4,
        ticks=_ticks(first, last, x, most=8 if width == NARROW else 14),
        bars=bars,
        marks=marks,
        text=_in_words(sessions),
        first_on=_day(content, first),
        left=LEFT,
        scale=round(scale, 4),
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


def _day(content: dict, day: int) -> str:
    return (date.fromisoformat(content["first_session_on"]) + timedelta(days=day)).isoformat()


def _ticks(first: int, last: int, x, most: int) -> tuple[Tick, ...]:
    weeks = (last - first) // 7 + 1
    step = next(step for step in (1, 2, 4, 8, 13, 26, 52, 104) if weeks / step <= most)
    start = -(-first // 7) // step * step
    return tuple(Tick(x(week * 7), week) for week in range(start, last // 7 + 1, step))


def _in_words(sessions: list[dict]) -> str:
    return "; ".join(
        f"week {session['day'] // 7}, {date.fromisoformat(session['on']):%d-%b-%Y}: "
        f"{label_of(session)}"
        for session in sessions
    )
