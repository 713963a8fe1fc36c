"""The matrix of pairs: each treatment against each, with a sign, a colour and words."""

import re

import pytest
from django.urls import reverse

from clinic.catalogue import drafting, matrix, services
from clinic.catalogue.errors import Problem
from clinic.catalogue.matrix import Defaults, Facts, Matrix
from clinic.catalogue.models import PairRule, Treatment
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_user

SUBCISION = Facts("subcision", "Subcision", "procedure", "lifting", "release")
LASER = Facts("laser", "Laser", "procedure", "resurfacing", "heat")
CO2 = Facts("co2", "CO2", "procedure", "resurfacing", "burn")
CREAM = Facts("cream", "Cream", "home_care", "topical", "")
BOTOX = Facts("botox", "Botox", "adjunct", "adjunct", "")
BOTH = Facts("both", "Both", "procedure", "resurfacing", "own")
ALL = [SUBCISION, LASER, CO2, CREAM, BOTOX, BOTH]


def pair(code="c1", a="subcision", b="laser", relation="order_before", **fields) -> dict:
    empty = dict.fromkeys(("first", "weeks", "condition", "when", "assume"))
    lists = {"scar_types": [], "regions": []}
    return {"code": code, "a": a, "b": b, "relation": relation, **empty, **lists, **fields}


def made(*pairs, in_force=(), problems=()) -> Matrix:
    defaults = Defaults(
        matrix.by_pair(pairs), {"heat": 1.0, "burn": 1.0, "release": 2.0, "own": 3.0},
        {"both": ["subcision"]},
    )  # fmt: skip
    names = {one.code: one.name for one in ALL}
    return Matrix(list(pairs), {row["code"]: row for row in in_force}, problems, defaults, names)


@pytest.mark.parametrize(
    ("a", "b", "rule"),
    [
        (SUBCISION, CO2, "d1"),
        (LASER, CO2, "d5"),
        (CREAM, LASER, "d3"),
        (BOTOX, LASER, "none"),
        (BOTH, LASER, "d2"),
        (BOTH, CO2, "d1"),
    ],
)
def test_an_empty_cell_names_the_default_rule_on_both_sides(a, b, rule):
    table = made(pair())

    for one, other in ((a, b), (b, a)):
        assert re.search(rf"<td class={rule}>", table._cell(one, other))


def test_a_pair_shows_which_goes_first_from_either_side():
    row = pair(first="subcision", weeks={"min": 0.4, "typical": 2})

    one, other = made(row)._cell(SUBCISION, LASER), made(row)._cell(LASER, SUBCISION)

    assert "▸<s>3d</s>" in one
    assert "◂<s>3d</s>" in other
    assert "One before the other; 3 to 14 days; Subcision first." in one
    assert 'href="/catalogue/pairs/c1/edit/"' in one


def test_several_rows_show_the_strictest_and_say_all():
    rows = pair("c1", relation="same_session_ok", scar_types=["rolling"]), pair(
        "c2", relation="avoid", condition="in winter", scar_types=["keloid"]
    )  # fmt: skip

    shown = made(*rows)._cell(SUBCISION, LASER)

    assert 'class="avoid"' in shown
    assert "2×" in shown
    assert "<i>if</i>" in shown
    assert "Same session possible; for Rolling." in shown
    assert "only if in winter" in shown


def test_what_differs_from_the_version_in_force_and_what_clashes_is_marked_in_words():
    row = pair(first="laser")
    clash = Problem(("pairs", 0, "first"), "a circle: c1 (laser first), c7 (x first)")
    gone = pair("c9", "co2", "laser", "avoid")

    table = made(row, in_force=[pair(), gone], problems=[clash])

    shown, empty = table._cell(SUBCISION, LASER), table._cell(LASER, CO2)
    assert "c1 is changed in the draft." in shown
    assert "Contradiction: a circle" in shown
    assert " clash" in shown
    assert "c9: taken out in the draft." in empty
    assert table.differing == {"c1": "changed in the draft", "c9": "taken out in the draft"}


def test_names_cannot_break_out_of_the_table():
    bad = Facts("bad", "<script>", "procedure", "x", "")

    assert "<script>" not in made(pair(condition='"><script>')).table([bad], [LASER, bad])


# ---- the page


@pytest.fixture
def keeper(client, tmp_path, db):
    services.load(write_small(tmp_path))
    client.force_login(make_user(Role.CATALOGUE_ADMIN))
    return client


def page(keeper, **query) -> str:
    answer = keeper.get(reverse("catalogue:pair_matrix"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_holds_every_treatment_on_both_sides_and_a_legend(keeper):
    shown = page(keeper)

    assert len(re.findall(r"<th scope=row>", shown)) == 2
    assert len(re.findall(r"<th scope=col", shown)) == 2
    for words in ("Better together", "Keep apart", "Do not combine", "Not listed"):
        assert words in shown


def test_the_page_is_narrowed_by_chapter_and_kind(keeper):
    shown = page(keeper, rows="resurfacing", kind="procedure")

    assert re.findall(r"<th scope=row>(\w+)", shown) == ["Laser"]
    assert len(re.findall(r"<th scope=col", shown)) == 2


def test_the_matrix_starts_with_procedures_and_shows_the_rest_when_asked(keeper):
    Treatment.objects.filter(code="laser").update(kind="acne_control")

    assert re.findall(r"<th scope=row>(\w+)", page(keeper)) == ["Subcision"]
    assert len(re.findall(r"<th scope=row>", page(keeper, kind=""))) == 2


def test_a_contradiction_that_came_past_the_pages_is_told_on_top(keeper):
    row = PairRule.objects.get()
    PairRule.objects.create(
        code="c2", a=row.b, b=row.a, relation="avoid", why="x", evidence="D", verification="gk"
    )

    shown = page(keeper)

    assert "Pairs that contradict each other" in shown
    assert "c2 is new in the draft." in shown


def test_a_change_of_the_draft_is_marked(keeper):
    row = drafting.read("pairs", "c1")
    drafting.save("pairs", row | {"why": "other"}, seen=drafting.token(row))

    assert "c1 is changed in the draft." in page(keeper)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.FRONT_DESK, Role.OWNER])
def test_the_draft_is_not_for_others(client, db, role):
    client.force_login(make_user(role))

    for name, args in (("pair_matrix", []), ("edit_pair", ["c1"]), ("edit_rule", ["ISO-1"])):
        assert client.get(reverse(f"catalogue:{name}", args=args)).status_code == 403
