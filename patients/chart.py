"""The face chart: one set of regions for the screen, for a plan and for paper.

`views()` gives the seven drawings, `chart_context()` what `patients/_face_chart.html` needs to show
them with findings. Left and right are the patient's own: in the front view the patient's left is on
the viewer's right. The drawings show the regions of the clinic's controlled list, and besides them
those of their neighbours that are plainly seen from the same side, so that no skin is left blank.

Lengths are in units of a view's view box, angles in none; y runs downwards.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from math import hypot

from patients import chart_drawings

Point = tuple[float, float]
Segment = tuple[Point, Point, Point, Point]  # one cubic Bezier: start, two handles, end

REGION_NAMES = {
    "forehead_central": "central forehead",
    "forehead_lateral": "lateral forehead",
    "glabella": "glabella",
    "temple": "temple",
    "eyebrow": "eyebrow",
    "periorbital_lower": "lower eyelid",
    "infraorbital_medial_cheek": "medial cheek",
    "malar": "malar cheek",
    "lateral_cheek": "lateral cheek",
    "preauricular": "in front of the ear",
    "nasal_dorsum": "nose bridge",
    "nasal_sidewall": "side of the nose",
    "nasal_tip": "nose tip",
    "nasal_ala": "nose wing",
    "nasolabial_fold": "nasolabial fold",
    "upper_lip_perioral": "upper lip",
    "lower_lip_perioral": "lower lip",
    "oral_commissure": "corner of the mouth",
    "chin": "chin",
    "jawline_anterior": "front jawline",
    "mandibular_angle": "angle of the jaw",
    "submental": "under the chin",
    "neck_anterior": "front of the neck",
    "neck_lateral": "side of the neck",
    "ear_lobule": "earlobe",
    "postauricular": "behind the ear",
    "chest": "chest",
    "back": "back",
}
LEVEL_NAMES = ("nothing logged", "light load", "moderate load", "heavy load", "very heavy load")
DIRECTIONS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}

# Fill, stroke and stroke width of each art class where no stylesheet reaches: on paper.
ART_INK = {
    "skin": ("#f6efe9", "#6f655e", 1.3),
    "hair": ("#d8cfc8", "#6f655e", 1),
    "hairline": ("none", "#948a83", 0.8),
    "shade": ("", "none", 0),  # filled by the gradient of its own drawing
    "line": ("none", "#574e48", 1.3),
    "fine": ("none", "#857a72", 0.8),
    "fold": ("none", "#a59a92", 0.8),
    "lash": ("none", "#3f3833", 1.8),
    "eye": ("#ffffff", "none", 0),
    "iris": ("#8b8178", "#4a423d", 0.7),
    "pupil": ("#2c2622", "none", 0),
    "glint": ("#ffffff", "none", 0),
    "brow": ("#857a72", "none", 0),
    "nostril": ("#6f655e", "none", 0),
    "lip": ("#e3cdc5", "none", 0),
}


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
        ScarSymbol("linear", "linear", "M-5,3.5L3.5,-5M-3.5,5L5,-3.5"),
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
class Art:
    """A decorative path. `css` names its class, the rest is what paper uses."""

    css: str
    path: str

    def svg(self, uid: str) -> str:
        """The path element; `uid` is that of the drawing whose gradient fills a shade."""
        fill, stroke, width = ART_INK[self.css]
        return (
            f'<path class="fc-{self.css}" d="{self.path}" fill="{fill or f"url(#{uid}-shade)"}"'
            f' stroke="{stroke}" stroke-width="{width}" stroke-linecap="round"/>'
        )


@dataclass(frozen=True)
class Shape:
    """One region in one view. `outline` is the flattened path, `anchor` its roomiest point."""

    region: str
    side: str
    path: str
    outline: tuple[Point, ...] = field(repr=False)
    anchor: Point

    @property
    def key(self) -> str:
        return f"{self.region}.{self.side}"

    @property
    def name(self) -> str:
        return place_name(self.region, self.side)


@dataclass(frozen=True)
class View:
    """A drawing: decoration `under` the regions, the regions, and lines `over` them."""

    code: str
    name: str
    width: int
    height: int
    under: tuple[Art, ...]
    shapes: tuple[Shape, ...]
    over: tuple[Art, ...]
    captions: tuple[tuple[float, str, str], ...]  # x, text-anchor, words along the top edge


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


def place_name(region: str, side: str) -> str:
    """A person's words for a place: "Left malar cheek", "Behind the left ear", "Nose tip"."""
    words = REGION_NAMES[region]
    if side != "M":
        hand = "left" if side == "L" else "right"
        ear = words.endswith("the ear")
        words = words.replace("the ear", f"the {hand} ear") if ear else f"{hand} {words}"
    elif region in ("chin", "upper_lip_perioral", "lower_lip_perioral"):
        words = f"middle of the {words}"
    return words[0].upper() + words[1:]


def _count_words(count: int | str | None) -> str:
    return "" if count is None else str(count).replace("over-", "over ")


def _label(key: str, load: Load) -> str:
    return f"{place_name(*key.split('.'))}: {load.text}"


# Points, strokes, paths


def _point(text: str) -> Point:
    x, y = text.split(",")
    return float(x), float(y)


def _smooth(points: list[Point]) -> list[Segment]:
    """The Catmull-Rom curve through `points`, as one cubic Bezier for each gap."""
    padded = [points[0], *points, points[-1]]
    return [_bezier(*padded[i : i + 4]) for i in range(len(points) - 1)]


def _bezier(before: Point, start: Point, end: Point, after: Point) -> Segment:
    """The Bezier from `start` to `end`; handles of a third of the gap cannot overshoot."""
    gap = hypot(end[0] - start[0], end[1] - start[1]) / 3
    out = _handle(before, end, gap)
    back = _handle(start, after, gap)
    return (
        start,
        (start[0] + out[0], start[1] + out[1]),
        (end[0] - back[0], end[1] - back[1]),
        end,
    )


def _handle(start: Point, end: Point, length: float) -> Point:
    dx, dy = end[0] - start[0], end[1] - start[1]
    scale = length / (hypot(dx, dy) or 1)
    return dx * scale, dy * scale


def _flatten(segments: Iterable[Segment], steps: int = 6) -> tuple[Point, ...]:
    """Points along `segments`, `steps` to each."""
    points = []
    for a, b, c, d in segments:
        for i in range(steps):
            t = i / steps
            w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            points.append(
                tuple(sum(w[k] * p[axis] for k, p in enumerate((a, b, c, d))) for axis in (0, 1))
            )
    return tuple(points)


def _path(segments: list[Segment], closed: bool = True) -> str:
    """SVG path data, to a tenth of a unit."""
    curves = " ".join(
        "C" + " ".join(f"{x:.1f},{y:.1f}" for x, y in segment[1:]) for segment in segments
    )
    x, y = segments[0][0]
    return f"M{x:.1f},{y:.1f} {curves}{'Z' if closed else ''}"


def _reverse(segments: list[Segment]) -> list[Segment]:
    return [segment[::-1] for segment in reversed(segments)]


def _move(segments: list[Segment], turn: int, shift: float) -> list[Segment]:
    """`segments` with every x replaced by `turn` * x + `shift`; a turn of -1 mirrors."""
    return [tuple((turn * x + shift, y) for x, y in segment) for segment in segments]


class _Lines:
    """The strokes of one drawing, and the piece of line between any two named points on one."""

    def __init__(self, strokes: Iterable[str]):
        self.nodes: dict[str, Point] = {}
        self.pieces: dict[tuple[str, str], list[Segment]] = {}
        for stroke in strokes:
            self._add(stroke)

    def _add(self, stroke: str) -> None:
        points, named = [], []
        for token in stroke.split():
            name, _, place = token.rpartition("=")
            if "," in place:
                points.append(_point(place))
                self.nodes.update({name: points[-1]} if name else {})
            else:
                name = place
                points.append(self.nodes[name])
            named += [(len(points) - 1, name)] if name else []
        segments = _smooth(points)
        for i, start in named:
            for j, end in named:
                if i < j:
                    self.pieces[start, end] = segments[i:j]
                    self.pieces[end, start] = _reverse(segments[i:j])

    def along(self, corners: list[str]) -> list[Segment]:
        """The line from corner to corner, open at the end."""
        return [segment for start, end in pairwise(corners) for segment in self.pieces[start, end]]


def _curves(spec: str) -> list[Segment]:
    """The curves of an art spec, before any mirroring."""
    pieces = [
        [_point(token) for token in piece.split() if "," in token] for piece in spec.split("|")
    ]
    if spec.endswith("o"):  # run over the join, then keep one round, so that the join is smooth too
        ring = pieces[0]
        return _smooth([ring[-1], *ring, ring[0], ring[1]])[1:-1]
    return [segment for piece in pieces for segment in _smooth(piece)]


def _art(kind: str, spec: str, turn: int, shift: float) -> Art:
    return Art(kind, _path(_move(_curves(spec), turn, shift), closed=spec[-1] in "oz"))


def _symmetric_art(kind: str, spec: str, middle: float) -> tuple[Art, ...]:
    """An area that begins and ends on the midline is drawn whole, anything else on both sides."""
    half = _curves(spec)
    if spec.endswith("z") and half[0][0][0] == half[-1][3][0] == 0:
        whole = _move(half, 1, middle) + _reverse(_move(half, -1, middle))
        return (Art(kind, _path(whole)),)
    return _art(kind, spec, 1, middle), _art(kind, spec, -1, middle)


def _merge(arts: Iterable[Art]) -> tuple[Art, ...]:
    """`arts` with the bare lines of each class joined in one path: less to send and to draw."""
    merged: dict[object, Art] = {}
    for number, art in enumerate(arts):
        key = art.css if ART_INK[art.css][0] == "none" else number
        before = merged.pop(key, None)  # goes to the end: lines lie over areas
        merged[key] = Art(art.css, f"{before.path} {art.path}") if before else art
    return tuple(merged.values())


# Shapes


def _shape(key: str, side: str, segments: list[Segment]) -> Shape:
    outline = _flatten(segments)
    return Shape(key.partition(".")[0], side, _path(segments), outline, _roomiest(outline))


def inside(point: Point, outline: tuple[Point, ...]) -> bool:
    """Whether `point` lies within the polygon `outline` (even-odd rule)."""
    x, y = point
    odd = False
    for (x1, y1), (x2, y2) in zip(outline, outline[1:] + outline[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            odd = not odd
    return odd


def _clearance(point: Point, outline: tuple[Point, ...]) -> float:
    return min(hypot(point[0] - x, point[1] - y) for x, y in outline)


def _roomiest(outline: tuple[Point, ...], steps: int = 13) -> Point:
    """The grid point inside `outline` farthest from its edge: where a symbol fits best."""
    xs, ys = zip(*outline, strict=True)
    left, top, wide, high = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    grid = (
        (round(left + wide * i / steps, 1), round(top + high * j / steps, 1))
        for i in range(1, steps)
        for j in range(1, steps)
    )
    return max(
        (point for point in grid if inside(point, outline)),
        key=lambda point: _clearance(point, outline),
    )


def _front_shapes(drawing: dict, middle: float) -> tuple[Shape, ...]:
    """Every region of a symmetric drawing: the midline ones whole, the others on both sides."""
    lines, shapes = _Lines(drawing["strokes"]), []
    for key, corners in drawing["regions"].items():
        names = corners.split()
        on_midline = all(lines.nodes[name][0] == 0 for name in (names[0], names[-1]))
        if on_midline:
            half = lines.along(names)
            whole = _move(half, 1, middle) + _reverse(_move(half, -1, middle))
            shapes.append(_shape(key, "M", whole))
        else:
            ring = lines.along([*names, names[0]])
            shapes.append(_shape(key, "L", _move(ring, 1, middle)))
            shapes.append(_shape(key, "R", _move(ring, -1, middle)))
    return tuple(shapes)


def _side_shapes(drawing: dict, side: str, turn: int, shift: float) -> tuple[Shape, ...]:
    lines, shapes = _Lines(drawing["strokes"]), []
    for key, corners in drawing["regions"].items():
        names = corners.split()
        ring = _move(lines.along([*names, names[0]]), turn, shift)
        shapes.append(_shape(key, "M" if key.endswith(".M") else side, ring))
    return tuple(shapes)


def _symmetric_view(code: str, name: str, drawing: dict, captions: bool = True) -> View:
    width, height = drawing["size"]
    words = ((6, "start", "patient’s right"), (width - 6, "end", "patient’s left"))
    return View(
        code,
        name,
        width,
        height,
        tuple(one for art in drawing["under"] for one in _symmetric_art(*art, width / 2)),
        _front_shapes(drawing, width / 2),
        _merge(one for art in drawing["over"] for one in _symmetric_art(*art, width / 2)),
        words if captions else (),
    )


def _side_view(code: str, name: str, drawing: dict) -> View:
    """The drawing as it is for the patient's left side, mirrored for the right."""
    width, height = drawing["size"]
    turn, shift = (1, 0) if code[0] == "L" else (-1, width)
    words = "patient’s left" if code[0] == "L" else "patient’s right"
    return View(
        code,
        name,
        width,
        height,
        tuple(_art(*art, turn, shift) for art in drawing["under"]),
        _side_shapes(drawing, code[0], turn, shift),
        _merge(_art(*art, turn, shift) for art in drawing["over"]),
        ((width - 6, "end", words) if code[0] == "L" else (6, "start", words),),
    )


@lru_cache(maxsize=1)
def views() -> tuple[View, ...]:
    """All seven drawings, in the order in which they stand side by side."""
    return (
        _side_view("R45", "Right three-quarter", chart_drawings.THREE_QUARTER),
        _symmetric_view("F", "Front", chart_drawings.FRONT),
        _side_view("L45", "Left three-quarter", chart_drawings.THREE_QUARTER),
        _side_view("R90", "Right profile", chart_drawings.PROFILE),
        _side_view("L90", "Left profile", chart_drawings.PROFILE),
        _symmetric_view("chest", "Chest", chart_drawings.CHEST, captions=False),
        _symmetric_view("back", "Back", chart_drawings.BACK, captions=False),
    )


def view(code: str) -> View:
    """The view with that code; KeyError for an unknown one."""
    return {view.code: view for view in views()}[code]


# Arrow keys


@lru_cache(maxsize=len(DIRECTIONS) * 2)
def arrow_map(code: str) -> Mapping[str, Mapping[str, str]]:
    """For each place of a view, the place that each arrow key leads to, where there is one."""
    shapes = view(code).shapes
    return {
        shape.key: {
            name: nearest.key
            for name, way in DIRECTIONS.items()
            if (nearest := _nearest(shape, shapes, way))
        }
        for shape in shapes
    }


def neighbours(key: str, code: str = "F") -> Mapping[str, str]:
    """Where the arrow keys lead from `key` in that view: {"up": "temple.L", ...}."""
    return arrow_map(code)[key]


def _nearest(shape: Shape, shapes: tuple[Shape, ...], way: Point) -> Shape | None:
    """The shape closest in that direction; what lies askew counts as farther away."""
    best, best_cost = None, float("inf")
    for other in shapes:
        dx, dy = other.anchor[0] - shape.anchor[0], other.anchor[1] - shape.anchor[1]
        ahead, askew = dx * way[0] + dy * way[1], abs(dx * way[1]) + abs(dy * way[0])
        if ahead > 2 and ahead > askew * 0.6 and ahead + 2 * askew < best_cost:
            best, best_cost = other, ahead + 2 * askew
    return best


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
