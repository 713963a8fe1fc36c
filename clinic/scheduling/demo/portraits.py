"""Drawn photographs for the demo clinic: faces that nobody has, with the scars that are on record.

The outlines are those of the face chart, painted in the colours of a skin type, with each logged
scar set into its region. No photograph of a person is used.
"""

import io
import re
from functools import lru_cache
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from patients.chart_lines import inside
from patients.chart_views import view as chart_view

SCALE = 2.5  # pixels to a unit of the chart
VIEWS = {"front": "F", "left_45": "L45", "right_45": "R45", "left_90": "L90", "right_90": "R90"}

# By skin type: skin, lips, hair, iris.
TONES = {
    1: ("#f2d3c4", "#d49a92", "#b9793f", "#7d93a0"),
    2: ("#ebc5ae", "#c9867c", "#8a5a33", "#6e8577"),
    3: ("#deb394", "#bb776a", "#54371f", "#6b5233"),
    4: ("#c4916c", "#a4655a", "#33231a", "#4a3420"),
    5: ("#94623f", "#7d4741", "#1e1611", "#33231a"),
    6: ("#5f3c2a", "#5a322f", "#14100e", "#241812"),
}
BACKDROP = "#a9b4bb"


def portrait(view: str, skin_type: int, groups, spots, *, seed: str, day: str) -> bytes:
    """A JPEG of the face from one side; the same `seed` puts the scars in the same places.

    On another `day` the head is held a little differently, and the light is not quite the same.
    """
    drawing = chart_view(VIEWS[view])
    picture = _bare_face(view, skin_type).copy()
    for shape in drawing.shapes:
        for group in groups:
            if (group.region, group.side) == (shape.region, shape.side):
                random = Random(f"{seed} {group.region} {group.side} {group.scar_type}")
                for x, y in _places(shape, group.count, random):
                    picture = _scar(picture, group.scar_type, x, y, random)
        for group in spots:
            if (group.region, group.side) == (shape.region, shape.side):
                random = Random(f"{seed} {group.region} {group.side} {group.mark_type}")
                for x, y in _places(shape, group.count, random):
                    picture = _mark(picture, group.mark_type, x, y, random)
    random = Random(f"{seed} {day} {view}")
    picture = picture.rotate(
        random.uniform(-1.5, 1.5), Image.Resampling.BICUBIC, fillcolor=BACKDROP
    )
    picture = ImageEnhance.Brightness(picture).enhance(random.uniform(0.96, 1.03))
    wide, high = picture.size
    picture = picture.crop((wide // 30, high // 40, wide - wide // 30, high - high // 40))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


# --- the face without a scar --------------------------------------------------------------------


@lru_cache(maxsize=64)
def _bare_face(view: str, skin_type: int) -> Image.Image:
    drawing = chart_view(VIEWS[view])
    size = round(drawing.width * SCALE), round(drawing.height * SCALE)
    skin, lips, hair, iris = TONES[skin_type]
    fills = {
        **{"skin": skin, "hair": hair, "lip": lips, "iris": iris, "brow": hair},
        **{
            "eye": "#f4efe9",
            "pupil": "#15110f",
            "glint": "#ffffff",
            "nostril": _darker(skin, 0.45),
        },
    }
    lines = {
        **{"line": _darker(skin, 0.55), "fine": _darker(skin, 0.72), "fold": _darker(skin, 0.82)},
        **{"lash": _darker(hair, 0.6), "hairline": _darker(hair, 0.8)},
    }
    picture = Image.new("RGB", size, BACKDROP)
    for art in (*drawing.under, *drawing.over):
        for points in _polygons(art.path):
            if art.css == "shade":
                picture = _shaded(picture, points, 0.9, 22)
            elif art.css in fills:
                ImageDraw.Draw(picture).polygon(points, fill=fills[art.css])
            elif art.css in lines:
                width = 4 if art.css == "lash" else 2
                ImageDraw.Draw(picture).line(points, fill=lines[art.css], width=width)
    soft = picture.filter(ImageFilter.GaussianBlur(1.1))
    return _grained(_lit(soft))


def _polygons(path: str):
    """Each piece of SVG path data, flattened, in pixels."""
    for piece in re.findall(r"M[^M]+", path):
        numbers = [float(one) * SCALE for one in re.findall(r"-?\d+\.?\d*", piece)]
        corners = list(zip(numbers[::2], numbers[1::2], strict=True))
        points = [corners[0]]
        for at in range(1, len(corners) - 2, 3):
            start, (a, b, end) = points[-1], corners[at : at + 3]
            points += [_on_curve(start, a, b, end, step / 6) for step in range(1, 7)]
        yield points


def _on_curve(p0, p1, p2, p3, t):
    w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    return tuple(sum(k * p[i] for k, p in zip(w, (p0, p1, p2, p3), strict=True)) for i in (0, 1))


def _shaded(picture, points, light: float, blur: int):
    """The picture a little darker inside `points`, without an edge; only that part is worked on."""
    xs, ys = zip(*points, strict=True)
    reach = 3 * blur
    box = (
        max(0, int(min(xs)) - reach),
        max(0, int(min(ys)) - reach),
        min(picture.width, int(max(xs)) + reach),
        min(picture.height, int(max(ys)) + reach),
    )
    part = picture.crop(box)
    mask = Image.new("L", part.size, 0)
    ImageDraw.Draw(mask).polygon([(x - box[0], y - box[1]) for x, y in points], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(blur))
    darker = part.point(lambda value: int(value * light))
    picture.paste(Image.composite(darker, part, mask), box)
    return picture


def _lit(picture):
    """Light from the front and above, fading to the edges."""
    fall = Image.radial_gradient("L").resize(picture.size)
    return ImageChops.multiply(
        picture, Image.merge("RGB", [fall.point(lambda v: 255 - v // 4)] * 3)
    )


def _grained(picture):
    """The fine unevenness of skin; the same in every run."""
    random = Random(7)
    width, height = picture.size
    small = Image.frombytes(
        "L", (width // 4, height // 4), random.randbytes((width // 4) * (height // 4))
    )
    noise = small.point(lambda value: 246 + value // 28).resize(
        picture.size, Image.Resampling.BICUBIC
    )
    return ImageChops.multiply(picture, Image.merge("RGB", [noise] * 3))


def _darker(colour: str, times: float) -> str:
    parts = (int(int(colour[at : at + 2], 16) * times) for at in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)


# --- what is on it ------------------------------------------------------------------------------


def _places(shape, count: int, random: Random):
    """`count` places inside the region, the first ones the same however many there are."""
    xs, ys = zip(*shape.outline, strict=True)
    found = 0
    for _ in range(40 * count):
        point = random.uniform(min(xs), max(xs)), random.uniform(min(ys), max(ys))
        if inside(point, shape.outline):
            yield point[0] * SCALE, point[1] * SCALE
            found += 1
        if found == count:
            return


SIZES = {"ice_pick": 2.6, "boxcar_shallow": 5.5, "boxcar_deep": 5, "rolling": 14}
RAISED = {"hypertrophic": 11, "keloid": 24, "papular": 4.5}


def _scar(picture, scar_type: str, x, y, random: Random):
    grown = random.uniform(0.8, 1.25)
    if scar_type in RAISED:
        size = RAISED[scar_type] * grown
        picture = _touched(picture, x + size / 4, y + size / 4, size, 0.82, size / 3)
        return _touched(picture, x, y, size * 0.8, 1.12, size / 4)
    size = SIZES.get(scar_type, 4) * grown
    if scar_type == "rolling":
        picture = _touched(picture, x, y, size, 0.86, size / 2.2)
        return _touched(picture, x + size / 2, y + size / 2, size * 0.7, 1.05, size / 2)
    deep = 0.68 if scar_type in ("ice_pick", "boxcar_deep") else 0.8
    picture = _touched(picture, x + 1, y + 1, size, 1.08, 1)
    return _touched(picture, x, y, size * 0.85, deep, 0.7)


MARKS = {"pih": (0.72, 0.62, 0.58), "pie": (1.02, 0.74, 0.74), "hypo": (1.16, 1.17, 1.18)}


def _mark(picture, mark_type: str, x, y, random: Random):
    return _touched(picture, x, y, random.uniform(4, 8), MARKS[mark_type], 2)


def _touched(picture, x, y, radius, light, blur):
    """The picture with a soft round place made darker or lighter, by a number or one a channel."""
    reach = int(radius + 3 * blur + 2)
    box = (int(x) - reach, int(y) - reach, int(x) + reach, int(y) + reach)
    box = (max(0, box[0]), max(0, box[1]), min(picture.width, box[2]), min(picture.height, box[3]))
    part = picture.crop(box)
    mask = Image.new("L", part.size, 0)
    at = x - box[0], y - box[1]
    ImageDraw.Draw(mask).ellipse(
        (at[0] - radius, at[1] - radius * 0.9, at[0] + radius, at[1] + radius * 0.9), fill=255
    )
    mask = mask.filter(ImageFilter.GaussianBlur(blur))
    times = light if isinstance(light, tuple) else (light,) * 3
    bands = [
        band.point(lambda v, t=t: min(255, int(v * t)))
        for band, t in zip(part.split(), times, strict=True)
    ]
    picture.paste(Image.composite(Image.merge("RGB", bands), part, mask), box)
    return picture
