"""The face chart in a real browser: by mouse, by keyboard, in its form, and without colour."""

from pathlib import Path

import pytest
from django.template.loader import render_to_string

from patients.chart import Load, chart_context

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
LOADS = {"malar.L": Load(3, (("rolling", 8), ("ice_pick", 3)))}
FORM = """<form id="log"><select name="region"><option></option><option>malar</option>
<option>chin</option></select><input name="place"></form>"""


@pytest.fixture
def chart_page(new_page):
    """A function that opens a page with the chart, `width` pixels wide, with the given options."""

    def open_page(width=1180, selected=None, **options):
        page = new_page(width=width, height=820)
        context = chart_context(LOADS, selected, form_id="log", **options)
        chart = render_to_string("patients/_face_chart.html", context)
        page.set_content(
            f"<!doctype html><html lang=en><title>Chart</title><main>{chart}{FORM}</main>"
        )
        page.add_style_tag(path=ROOT / "node_modules/bootstrap/dist/css/bootstrap.min.css")
        page.add_style_tag(path=ROOT / "static/css/face-map.css")
        page.add_script_tag(path=ROOT / "static/js/face-map.js")
        return page

    return open_page


def shape(page, view, place):
    return page.locator(f"[data-view={view}] [data-place='{place}']")


def test_a_click_sets_the_form_and_says_what_was_chosen(chart_page):
    page = chart_page()
    page.evaluate("addEventListener('region:chosen', e => { window.heard = e.detail })")

    shape(page, "F", "malar.L").click()

    assert page.locator("select[name=region]").input_value() == "malar"
    assert page.locator("input[name=place]").input_value() == "malar.L"
    assert page.evaluate("heard") == {"region": "malar", "side": "L", "place": "malar.L"}
    assert shape(page, "L45", "malar.L").get_attribute("aria-pressed") == "true"
    assert shape(page, "F", "malar.R").get_attribute("aria-pressed") == "false"


def test_a_tap_on_the_drawing_over_a_region_chooses_it(chart_page):
    page = chart_page()
    box = shape(page, "F", "eyebrow.R").bounding_box()

    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    assert page.locator("input[name=place]").input_value() == "eyebrow.R"


def test_arrow_keys_walk_and_enter_chooses(chart_page):
    page = chart_page(selected="nasal_dorsum.M")

    shape(page, "F", "nasal_dorsum.M").focus()
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.dataset.place")
    page.keyboard.press("Enter")

    assert focused == "nasal_tip.M"
    assert page.locator("input[name=place]").input_value() == "nasal_tip.M"


def test_the_caption_names_what_is_pointed_at_and_nothing_jumps(chart_page):
    page = chart_page()
    before = page.locator(".fc-views").bounding_box()

    shape(page, "F", "malar.L").hover()

    caption = page.locator("[data-caption]")
    assert caption.inner_text() == "Left malar cheek: 8 rolling, 3 ice pick"
    assert page.locator(".fc-views").bounding_box() == before
    page.mouse.move(0, 0)
    assert caption.inner_text() == "Choose a region on the face"


def test_a_narrow_chart_shows_one_view_at_a_time(chart_page):
    page = chart_page(width=600)

    def shown():
        return [
            view.get_attribute("data-view")
            for view in page.locator(".fc-view").all()
            if view.is_visible()
        ]

    first = shown()
    page.get_by_label("Left ¾").check(force=True)

    assert (first, shown()) == (["F"], ["L45"])


def test_a_wide_chart_shows_front_and_both_three_quarters(chart_page):
    page = chart_page(width=1180)

    places = {
        code: page.locator(f"[data-view={code}]").bounding_box()["x"]
        for code in ("R45", "F", "L45")
    }

    assert places["R45"] < places["F"] < places["L45"]


def test_the_list_chooses_too(chart_page):
    page = chart_page(tab="list")

    page.get_by_role("button", name="Right temple").click()

    assert page.locator("input[name=place]").input_value() == "temple.R"


@pytest.mark.parametrize("tab", ["F", "R90", "list"])
def test_every_target_is_at_least_24_pixels_on_a_tablet(chart_page, tab):
    page = chart_page(tab=tab)
    small = [
        one.get_attribute("aria-label")
        for one in page.locator("[data-place]:visible, [data-choose]:visible").all()
        if min(one.bounding_box()["width"], one.bounding_box()["height"]) < 24
    ]

    assert small == []


@pytest.mark.parametrize("mode", ["edit", "read", "print"])
@pytest.mark.parametrize("tab", ["F", "R90", "list"])
def test_axe_finds_nothing(chart_page, axe, mode, tab):
    page = chart_page(mode=mode, tab=tab, lit=("chin.M",))

    axe(page, within="[data-face-chart]")
