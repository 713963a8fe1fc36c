"""Smooth lines through points, and the areas that they enclose: the geometry of the face chart.

Lengths are in units of a view's view box; y runs downwards.
"""

from collections.abc import Iterable
from itertools import pairwise
from math import hypot

Point = tuple[float, float]
Segment = tuple[Point, Point, Point, Point]  # one cubic Bezier: start, two handles, end


def point(text: str) -> Point:
    x, y = text.split(",")
    return float(x), float(y)


def smooth(points: list[Point]) -> list[Segment]:
    """The Catmull-Rom curve through `points`, as one cubic Bezier for each gap."""
    padded = [points[0], *points, points[-1]]
    return [bezier(*padded[i : i + 4]) for i in range(len(points) - 1)]


def bezier(before: Point, start: Point, end: Point, after: Point) -> Segment:
    """The Bezier from `start` to `end`; handles of a third of the gap cannot overshoot."""
    gap = hypot(end[0] - start[0], end[1] - start[1]) / 3
    out = handle(before, end, gap)
    back = handle(start, after, gap)
    return (
        start,
        (start[0] + out[0], start[1] + out[1]),
        (end[0] - back[0], end[1] - back[1]),
        end,
    )


def handle(start: Point, end: Point, length: float) -> Point:
    dx, dy = end[0] - start[0], end[1] - start[1]
    scale = length / (hypot(dx, dy) or 1)
    return dx * scale, dy * scale


def flatten(segments: Iterable[Segment], steps: int = 6) -> tuple[Point, ...]:
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


def path(segments: list[Segment], closed: bool = True) -> str:
    """SVG path data, to a tenth of a unit."""
    curves = " ".join(
        "C" + " ".join(f"{x:.1f},{y:.1f}" for x, y in segment[1:]) for segment in segments
    )
    x, y = segments[0][0]
    return f"M{x:.1f},{y:.1f} {curves}{'Z' if closed else ''}"


def reverse(segments: list[Segment]) -> list[Segment]:
    return [segment[::-1] for segment in reversed(segments)]


def move(segments: list[Segment], turn: int, shift: float) -> list[Segment]:
    """`segments` with every x replaced by `turn` * x + `shift`; a turn of -1 mirrors."""
    return [tuple((turn * x + shift, y) for x, y in segment) for segment in segments]


class Lines:
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
                points.append(point(place))
                self.nodes.update({name: points[-1]} if name else {})
            else:
                name = place
                points.append(self.nodes[name])
            named += [(len(points) - 1, name)] if name else []
        segments = smooth(points)
        for i, start in named:
            for j, end in named:
                if i < j:
                    self.pieces[start, end] = segments[i:j]
                    self.pieces[end, start] = reverse(segments[i:j])

    def along(self, corners: list[str]) -> list[Segment]:
        """The line from corner to corner, open at the end."""
        return [segment for start, end in pairwise(corners) for segment in self.pieces[start, end]]


def curves(spec: str) -> list[Segment]:
    """The curves of an art spec, before any mirroring."""
    pieces = [
        [point(token) for token in piece.split() if "," in token] for piece in spec.split("|")
    ]
    if spec.endswith("o"):  # run over the join, then keep one round, so that the join is smooth too
        ring = pieces[0]
        return smooth([ring[-1], *ring, ring[0], ring[1]])[1:-1]
    return [segment for piece in pieces for segment in smooth(piece)]


def inside(point: Point, outline: tuple[Point, ...]) -> bool:
    """Whether `point` lies within the polygon `outline` (even-odd rule)."""
    x, y = point
    odd = False
    for (x1, y1), (x2, y2) in zip(outline, outline[1:] + outline[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            odd = not odd
    return odd


def clearance(point: Point, outline: tuple[Point, ...]) -> float:
    return min(hypot(point[0] - x, point[1] - y) for x, y in outline)


def roomiest(outline: tuple[Point, ...], steps: int = 13) -> Point:
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
        key=lambda point: clearance(point, outline),
    )
