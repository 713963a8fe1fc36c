"""The drawings of the face chart: seven views, their regions, and the arrow keys between these.

Left and right are the patient's own: in the front view the patient's left is on the viewer's right.
The drawings show the regions of the clinic's controlled list, and besides them those of their
neighbours that are plainly seen from the same side, so that no skin is left blank.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from patients import chart_drawings
from patients.chart_lines import (
    Lines,
    Point,
    Segment,
    curves,
    flatten,
    move,
    path,
    reverse,
    roomiest,
)

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


def _art(kind: str, spec: str, turn: int, shift: float) -> Art:
    return Art(kind, path(move(curves(spec), turn, shift), closed=spec[-1] in "oz"))


def _symmetric_art(kind: str, spec: str, middle: float) -> tuple[Art, ...]:
    """An area that begins and ends on the midline is drawn whole, anything else on both sides."""
    half = curves(spec)
    if spec.endswith("z") and half[0][0][0] == half[-1][3][0] == 0:
        whole = move(half, 1, middle) + reverse(move(half, -1, middle))
        return (Art(kind, path(whole)),)
    return _art(kind, spec, 1, middle), _art(kind, spec, -1, middle)


def _merge(arts: Iterable[Art]) -> tuple[Art, ...]:
    """`arts` with the bare lines of each class joined in one path: less to send and to draw."""
    merged: dict[object, Art] = {}
    for number, art in enumerate(arts):
        key = art.css if ART_INK[art.css][0] == "none" else number
        before = merged.pop(key, None)  # goes to the end: lines lie over areas
        merged[key] = Art(art.css, f"{before.path} {art.path}") if before else art
    return tuple(merged.values())


def _shape(key: str, side: str, segments: list[Segment]) -> Shape:
    outline = flatten(segments)
    return Shape(key.partition(".")[0], side, path(segments), outline, roomiest(outline))


def _front_shapes(drawing: dict, middle: float) -> tuple[Shape, ...]:
    """Every region of a symmetric drawing: the midline ones whole, the others on both sides."""
    lines, shapes = Lines(drawing["strokes"]), []
    for key, corners in drawing["regions"].items():
        names = corners.split()
        on_midline = all(lines.nodes[name][0] == 0 for name in (names[0], names[-1]))
        if on_midline:
            half = lines.along(names)
            whole = move(half, 1, middle) + reverse(move(half, -1, middle))
            shapes.append(_shape(key, "M", whole))
        else:
            ring = lines.along([*names, names[0]])
            shapes.append(_shape(key, "L", move(ring, 1, middle)))
            shapes.append(_shape(key, "R", move(ring, -1, middle)))
    return tuple(shapes)


def _side_shapes(drawing: dict, side: str, turn: int, shift: float) -> tuple[Shape, ...]:
    lines, shapes = Lines(drawing["strokes"]), []
    for key, corners in drawing["regions"].items():
        names = corners.split()
        ring = move(lines.along([*names, names[0]]), turn, shift)
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
