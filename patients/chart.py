"""The face chart: one set of regions for the screen, for a plan and for paper.

`chart_context()` is what `patients/_face_chart.html` needs to show the drawings, which
`patients.chart_views` makes, with findings.

Lengths are in units of a view's view box, angles in none; y runs downwards.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from patients.chart_lines import (
    Point,
    inside,
)
from patients.chart_views import (
    REGION_NAMES,
    Shape,
    View,
    arrow_map,
    place_name,
    views,
)

LEVEL_NAMES = ("nothing logged", "light load", "moderate load", "heavy load", "very heavy load")


@dataclass(frozen=True)
class ScarSymbol:
    """How a type is drawn: `path` within 6 units of its centre; solid ones are filled."""

    code: str
    name: str
    path: str
    solid: bool = False


SYMBOLS = {
    symbol.code: symbol
    for symbol in (
        ScarSymbol("ice_pick", "ice pick", "M-3,-5L0,5L3,-5"),
        ScarSymbol("boxcar_shallow", "shallow boxcar", "M-5.5,-2.5V2.5H5.5V-2.5"),
        ScarSymbol("boxcar_deep", "deep boxcar", "M-3.8,-5V4.5H3.8V-5"),
        ScarSymbol(
            "boxcar_unspecified",
            "boxcar, depth unknown",
            "M-4.6,-4V-1M-4.6,1V3.5H-1M1,3.5H4.6V1M4.6,-1V-4",
        ),
        ScarSymbol("rolling", "rolling", "M-6,3C-4.5,-5 -2,-5 0,2C2,-5 4.5,-5 6,3"),
        ScarSymbol("hypertrophic", "hypertrophic", "M-5,4C-5,-5.5 5,-5.5 5,4Z", True),
        ScarSymbol(
            "keloid", "keloid", "M-2.5,1C-7.5,1 -6.5,-5 0,-5C6.5,-5 7.5,1 2.5,1V4.5H-2.5Z", True
        ),
        ScarSymbol("papular", "papular", "M-2.8,0A2.8,2.8 0 1 1 2.8,0A2.8,2.8 0 1 1 -2.8,0Z", True),
        ScarSymbol("elastolysis", "elastolysis", "M-4,0A4,4 0 1 1 4,0A4,4 0 1 1 -4,0Z"),
        ScarSymbol("bridge", "bridge", "M-6,4H-3.5M3.5,4H6M-5,1C-3,-4.5 3,-4.5 5,1"),
        ScarSymbol(
            "tunnel",
            "tunnel",
            "M-5.5,0A1.6,1.6 0 1 1 -2.3,0A1.6,1.6 0 1 1 -5.5,0ZM2.3,0A1.6,1.6 0 1 1 5.5,0"
            "A1.6,1.6 0 1 1 2.3,0ZM-2.3,0H2.3",
        ),
        ScarSymbol("linear", "linear or trough", "M-5,3.5L3.5,-5M-3.5,5L5,-3.5"),
        ScarSymbol("mark_pih", "brown mark", "M-5.5,0A5.5,3 0 1 1 5.5,0A5.5,3 0 1 1 -5.5,0Z", True),
        ScarSymbol(
            "mark_pie", "red mark", "M-5.5,0A5.5,3 0 1 1 5.5,0A5.5,3 0 1 1 -5.5,0ZM0,-3V3", True
        ),
        ScarSymbol(
            "mark_hypo",
            "pale mark",
            "M-5.5,0A5.5,3 0 1 1 5.5,0A5.5,3 0 1 1 -5.5,0ZM-3.5,2L-0.5,-2.8M0.5,2.8L3.5,-2",
            True,
        ),
    )
}


@dataclass(frozen=True)
class Load:
    """What was found in a place: `level` 0-4 and (type code, count or band or None) pairs.

    A band is a term's value or label: "11-20", "over-20" or "over 20". The code of a mark begins
    with "mark_".
    """

    level: int = 0
    symbols: tuple[tuple[str, int | str | None], ...] = ()

    @property
    def text(self) -> str:
        """ "8 rolling, 3 ice pick": what is logged here, for a label or a list."""
        words = (
            f"{_count_words(count)} {SYMBOLS[code].name}".strip() for code, count in self.symbols
        )
        return ", ".join(words) or LEVEL_NAMES[self.level]


@dataclass(frozen=True)
class PlacedSymbol:
    """A symbol on a region, centred on (x, y); an empty `count` when there is no room for it."""

    x: float
    y: float
    symbol: ScarSymbol
    count: str

    @property
    def width(self) -> float:
        """Of the pale plate behind symbol and count; a figure is 5.5 units wide."""
        return 15 + (4 + 5.5 * len(self.count) if self.count else 0)


@dataclass(frozen=True)
class ChartShape:
    """A region as shown: the shape, its findings, and where each arrow key leads from it."""

    shape: Shape
    load: Load
    pressed: bool
    lit: bool
    first: bool  # the one Tab stop of its view
    arrows: Mapping[str, str]
    symbols: tuple[PlacedSymbol, ...]

    @property
    def arrow_attributes(self) -> str:
        return " ".join(f'data-{way}="{place}"' for way, place in self.arrows.items())

    @property
    def label(self) -> str:
        return _label(self.shape.key, self.load)


@dataclass(frozen=True)
class ChartView:
    """A view as shown. `uid` keeps the ids of its patterns apart from those of other drawings."""

    view: View
    uid: str
    shapes: tuple[ChartShape, ...]

    # Markup of our own making, put together here because a template takes five times as long.
    @property
    def under_svg(self) -> str:
        return "".join(art.svg(self.uid) for art in self.view.under)

    @property
    def over_svg(self) -> str:
        return "".join(art.svg(self.uid) for art in self.view.over)

    @property
    def chosen_path(self) -> str:
        return next((one.shape.path for one in self.shapes if one.pressed), "")


def _count_words(count: int | str | None) -> str:
    return "" if count is None else str(count).replace("over-", "over ")


def _label(key: str, load: Load) -> str:
    return f"{place_name(*key.split('.'))}: {load.text}"


# Symbols on a region

_CELL = 13  # units from one symbol to the next
_PILL = 25  # width of a symbol with its count


def _rows(count: int, wide: int) -> list[Point]:
    """Offsets of `count` cells of 13 units in centred rows of `wide`."""
    rows = -(-count // wide)
    return [
        (
            (i % wide - (min(wide, count - i // wide * wide) - 1) / 2) * _CELL,
            (i // wide - (rows - 1) / 2) * _CELL,
        )
        for i in range(count)
    ]


def _place_symbols(shape: Shape, load: Load) -> tuple[PlacedSymbol, ...]:
    """The symbols of `load` around the anchor: with counts if they fit, else fewer and bare.

    What finds no room is still in the label and in the list.
    """
    for number in range(len(load.symbols), 0, -1):
        stacked = [(0, y) for _, y in _rows(number, 1)]
        if _fits(shape, stacked, _PILL / 2 - 2):
            return _symbols_at(shape, load, stacked, counted=True)
        for wide in (2, 1, 3):
            bare = _rows(number, wide)
            if _fits(shape, bare, 4):
                return _symbols_at(shape, load, bare, counted=False)
    return _symbols_at(shape, load, [(0, 0)][: len(load.symbols)], counted=False)


def _fits(shape: Shape, offsets: list[Point], half: float) -> bool:
    x, y = shape.anchor
    return all(
        inside((x + dx + sign * half, y + dy + lift), shape.outline)
        for dx, dy in offsets
        for sign in (-1, 1)
        for lift in (-4, 4)
    )


def _symbols_at(
    shape: Shape, load: Load, offsets: list[Point], *, counted: bool
) -> tuple[PlacedSymbol, ...]:
    x, y = shape.anchor
    placed = []
    for (dx, dy), (code, count) in zip(offsets, load.symbols, strict=False):
        words = _count_words(count).replace("over ", ">") if counted else ""
        left = 2 + 2.75 * len(words) if words else 0
        placed.append(PlacedSymbol(round(x + dx - left, 1), round(y + dy, 1), SYMBOLS[code], words))
    return tuple(placed)


# What the template needs

TABS = (  # value, short name, name where several views stand side by side, views
    ("F", "Front", "Front and three-quarter", ("F",)),
    ("R45", "Right ¾", "", ("R45",)),
    ("L45", "Left ¾", "", ("L45",)),
    ("R90", "Right profile", "Profiles, chest and back", ("R90",)),
    ("L90", "Left profile", "", ("L90",)),
    ("trunk", "Chest, back", "", ("chest", "back")),
    ("list", "List", "List", ()),
)
HINTS = {"edit": "Choose a region on the face", "read": "Point at a region to read it"}


def chart_context(
    loads: Mapping[str, Load],
    selected: str | None = None,
    *,
    mode: str = "edit",
    lit: Collection[str] = (),
    form_id: str = "",
    uid: str = "face-chart",
    tab: str = "F",
    codes: Collection[str] | None = None,
) -> dict:
    """What `patients/_face_chart.html` shows, under the one name `chart`.

    `loads` and `lit` are by place ("malar.L"); places in `lit` are outlined, which is how a plan
    shows where it treats. `mode` is "edit", "read" or "print" (every view at once, no tabs). In
    edit mode a chosen place is also set in the form whose id is `form_id`. `codes` limits the
    views. Two charts on one page need two `uid`s.

    Raises KeyError for a place or a scar type that the chart does not know.
    """
    _refuse_unknown({*loads, *lit, *([selected] if selected else [])})
    shown = [view for view in views() if codes is None or view.code in codes]
    return {
        "chart": {
            "uid": uid,
            "mode": mode,
            "form_id": form_id,
            "hint": HINTS.get(mode, ""),
            "chosen": selected and _label(selected, loads.get(selected, Load())),
            "tab": tab,
            "tabs": [one for one in TABS if not one[3] or set(one[3]) & {v.code for v in shown}],
            "views": [
                _chart_view(view, f"{uid}-{view.code}", loads, selected, lit) for view in shown
            ],
            "rows": _list_rows(loads, selected, lit),
            "levels": [
                (level, name, f"{uid}-legend-{level}")
                for level, name in enumerate(LEVEL_NAMES)
                if level
            ],
            "symbols": tuple(SYMBOLS.values()),
            "lit": bool(lit),
        }
    }


@lru_cache(maxsize=1)
def places() -> Mapping[str, str]:
    """Every place's name by its key, from the forehead downwards: for a form's choices."""
    order = {region: number for number, region in enumerate(REGION_NAMES)}
    found = {shape.key: shape for view in views() for shape in view.shapes}
    ranked = sorted(found.values(), key=lambda shape: (order[shape.region], shape.side))
    return {shape.key: shape.name for shape in ranked}


def _refuse_unknown(keys: set[str]) -> None:
    if unknown := keys - places().keys():
        raise KeyError(f"not on the face chart: {', '.join(sorted(unknown))}")


def _chart_view(view: View, uid: str, loads, selected, lit) -> ChartView:
    arrows = arrow_map(view.code)
    keys = [shape.key for shape in view.shapes]
    first = selected if selected in keys else keys[0]
    return ChartView(
        view,
        uid,
        tuple(
            ChartShape(
                shape,
                load := loads.get(shape.key, Load()),
                pressed=shape.key == selected,
                lit=shape.key in lit,
                first=shape.key == first,
                arrows=arrows[shape.key],
                symbols=_place_symbols(shape, load),
            )
            for shape in sorted(
                view.shapes, key=lambda shape: shape.key in lit
            )  # their edge on top
        ),
    )


def _list_rows(loads: Mapping[str, Load], selected: str | None, lit: Collection[str]) -> list[dict]:
    return [
        {
            "key": key,
            "name": name,
            "load": loads.get(key, Load()),
            "lit": key in lit,
            "pressed": key == selected,
        }
        for key, name in places().items()
    ]
