"""The face chart holds every region of the controlled list, drawn without overlap or gap."""

import re
from pathlib import Path

import pytest
import yaml

from clinic.catalogue.terms import MarkType, ScarType
from patients import chart, chart_views
from patients.chart import Load, chart_context
from patients.chart_lines import inside

ROOT = Path(__file__).parents[2]

# Region, sides, views: section 5.2 of the clinical notes on assessment. 45 and 90 mean both sides.
CONTROLLED_LIST = """
forehead_central M F
forehead_lateral L,R F,45
glabella M F
temple L,R 45,90
eyebrow L,R F,45
periorbital_lower L,R F,45
infraorbital_medial_cheek L,R F,45
malar L,R F,45,90
lateral_cheek L,R 45,90
preauricular L,R 45,90
nasal_dorsum M F
nasal_sidewall L,R F,45
nasal_tip M F
nasal_ala L,R F,45
nasolabial_fold L,R F,45
upper_lip_perioral L,R,M F
lower_lip_perioral L,R,M F
oral_commissure L,R F,45
chin L,R,M F
jawline_anterior L,R 45,90
mandibular_angle L,R 45,90
submental M F,90
neck_anterior M F
neck_lateral L,R 90
ear_lobule L,R 90
postauricular L,R 90
chest M chest
back M back
"""


def listed():
    """Every (view, place) that the controlled list asks for."""
    for line in CONTROLLED_LIST.split("\n")[1:-1]:
        region, sides, views = line.split()
        for side in sides.split(","):
            for code in views.split(","):
                for seen in seen_from(code, side):
                    yield seen, f"{region}.{side}"


def seen_from(code, side):
    if not code.isdigit():
        return [code]
    return [f"{one}{code}" for one in ("LR" if side == "M" else side)]


def grid(view, step=4.0):
    """Points all over a view, off the whole numbers on which corners lie."""
    for i in range(int(view.width / step)):
        for j in range(int(view.height / step)):
            yield i * step + 0.37, j * step + 0.41


def shapes_at(view, point):
    return [shape.key for shape in view.shapes if inside(point, shape.outline)]


VIEWS = pytest.mark.parametrize("view", chart_views.views(), ids=lambda view: view.code)


@pytest.mark.parametrize(("code", "key"), list(listed()))
def test_a_listed_region_is_drawn_in_its_view(code, key):
    assert key in {shape.key for shape in chart_views.view(code).shapes}


@VIEWS
def test_a_place_is_drawn_once_in_a_view(view):
    keys = [shape.key for shape in view.shapes]

    assert len(keys) == len(set(keys))


def test_no_place_is_drawn_that_the_list_does_not_know():
    assert set(chart.places()) == {key for _, key in listed()}


def test_the_chart_knows_the_terms_of_the_catalogue():
    codes = {str(one) for one in ScarType} | {f"mark_{one}" for one in MarkType}
    regions = yaml.safe_load((ROOT / "clinic/catalogue/data/regions.yaml").read_text())["regions"]
    places = {f"{region['code']}.{side}" for region in regions for side in region["sides"]}

    assert set(chart.SYMBOLS) == codes
    assert set(chart.places()) == places


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("malar.L", "Left malar cheek"),
        ("postauricular.R", "Behind the right ear"),
        ("chin.M", "Middle of the chin"),
        ("nasal_tip.M", "Nose tip"),
    ],
)
def test_a_place_is_named_as_a_person_would(key, name):
    assert chart.places()[key] == name


@VIEWS
def test_regions_do_not_overlap(view):
    doubled = [point for point in grid(view) if len(shapes_at(view, point)) > 1]

    assert len(doubled) <= 3, f"{doubled[:5]} lie in more than one region"


@pytest.mark.parametrize(
    ("code", "corners"),
    [("F", (70, 240, 112, 300)), ("L45", (150, 240, 200, 330)), ("L90", (108, 220, 180, 320))],
)
def test_the_cheek_has_no_gap(code, corners):
    view = chart_views.view(code)
    left, top, right, bottom = corners

    cheek = [(x, y) for x, y in grid(view) if left < x < right and top < y < bottom]
    bare = [point for point in cheek if not shapes_at(view, point)]

    assert len(bare) < len(cheek) / 100, bare[:5]


@VIEWS
def test_an_anchor_lies_well_inside_its_shape(view):
    for shape in view.shapes:
        nearest = min(
            (x - shape.anchor[0]) ** 2 + (y - shape.anchor[1]) ** 2 for x, y in shape.outline
        )
        assert inside(shape.anchor, shape.outline), shape.key
        assert nearest > 6**2, f"{shape.key} has no room for a symbol"


@pytest.mark.parametrize(("left", "right"), [("L45", "R45"), ("L90", "R90"), ("F", "F")])
def test_right_is_the_mirror_of_left(left, right):
    view, mirrored = chart_views.view(left), chart_views.view(right)
    other = {shape.key: shape for shape in mirrored.shapes}

    for shape in view.shapes:
        twin = other[shape.region + {"L": ".R", "R": ".L", "M": ".M"}[shape.side]]
        area = sorted((round(view.width - x, 3), round(y, 3)) for x, y in shape.outline)
        assert _boxes(area) == pytest.approx(_boxes(twin.outline), abs=0.01)


def _boxes(points):
    xs, ys = zip(*points, strict=True)
    return min(xs), max(xs), min(ys), max(ys)


def test_the_patients_left_is_on_the_viewers_right_from_the_front():
    view = chart_views.view("F")
    x = {shape.key: shape.anchor[0] for shape in view.shapes}

    assert x["malar.L"] > view.width / 2 > x["malar.R"]


@VIEWS
def test_arrow_keys_reach_every_region_from_every_other(view):
    arrows = chart_views.arrow_map(view.code)

    for start in arrows:
        reached, waiting = {start}, [start]
        while waiting:
            fresh = set(arrows[waiting.pop()].values()) - reached
            reached |= fresh
            waiting += fresh
        assert reached == set(arrows), f"from {start}"


def test_arrows_lead_the_way_they_point():
    assert chart_views.neighbours("malar.R")["right"] == "infraorbital_medial_cheek.R"
    assert chart_views.neighbours("nasal_dorsum.M")["down"] == "nasal_tip.M"
    assert chart_views.neighbours("upper_lip_perioral.M")["left"] == "upper_lip_perioral.R"
    assert chart_views.neighbours("ear_lobule.L", "L90")["left"].endswith(".L")


def test_a_load_is_said_in_words():
    load = Load(3, (("rolling", 8), ("ice_pick", "over-20"), ("keloid", None)))

    assert load.text == "8 rolling, over 20 ice pick, keloid"
    assert Load().text == "nothing logged"


def test_symbols_stay_inside_their_region():
    loads = {key: Load(4, tuple((code, 12) for code in chart.SYMBOLS)) for key in chart.places()}

    for drawn in chart_context(loads)["chart"]["views"]:
        for one in drawn.shapes:
            assert one.symbols, one.shape.key
            assert all(inside((s.x, s.y), one.shape.outline) for s in one.symbols)


@pytest.mark.parametrize(
    ("loads", "selected"),
    [({"elbow.L": Load(1)}, None), ({}, "malar.M"), ({"malar.L": Load(1, (("wart", 1),))}, None)],
)
def test_what_is_not_on_the_chart_is_refused(loads, selected):
    with pytest.raises(KeyError):
        chart_context(loads, selected)


def test_one_region_of_each_view_is_the_tab_stop():
    views = chart_context({}, "chin.M")["chart"]["views"]

    assert all(sum(one.first for one in drawn.shapes) == 1 for drawn in views)


@pytest.mark.parametrize("path", sorted((ROOT / "templates/patients").glob("_face_*.html")))
def test_the_templates_need_no_inline_style_or_script(path):
    text = path.read_text()

    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", text)
