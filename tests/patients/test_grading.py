"""Every worked example and boundary of the scales, computed from the shipped definitions."""

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from patients import classifying, grading
from patients.grading import Bedside, Scar, Stain

DATA = Path(__file__).parents[2] / "clinic/catalogue/data/scales.yaml"
SCALES = {row["code"]: row for row in yaml.safe_load(DATA.read_text())["scales"]}

NOTHING_ASKED = Bedside()
OBVIOUS = Bedside(obvious_at_50cm=True, easily_covered=False)
GAVE_WAY = Bedside(True, False, True)
STAYED = Bedside(True, False, False)


def quantitative(*lesions):
    scars = [lesion for lesion in lesions if isinstance(lesion, Scar)]
    marks = [lesion for lesion in lesions if isinstance(lesion, Stain)]
    return grading.goodman_baron_quantitative(scars, marks, SCALES["goodman_baron_quantitative"])


def qualitative(scars, bedside=NOTHING_ASKED, marks=()):
    scale = SCALES["goodman_baron_qualitative"]
    return grading.goodman_baron_qualitative(scars, marks, bedside, scale)


def ecca(*scars):
    return grading.ecca(scars, SCALES["ecca"])


def classify(**lesion):
    return classifying.classify(lesion, SCALES["scar_type_rule"])


# --- Goodman and Baron, quantitative


@pytest.mark.parametrize(
    ("lesions", "score"),
    [
        (
            [
                Stain("pih", count=8),
                Scar("rolling", severity="mild", count=12),
                Scar("boxcar_shallow", count=4),
                Scar("ice_pick", count=3),
            ],
            8,
        ),
        (
            [
                Scar("ice_pick", count=25),
                Scar("boxcar_deep", count=14),
                Scar("rolling", severity="moderate", count=22),
            ],
            21,
        ),
        (
            [
                Scar("papular", "chin.M", count=6),
                Scar("keloid", count=1, area_cm2=Decimal(7)),
                Stain("pie", count=15),
            ],
            16,
        ),
        ([], 0),
    ],
)
def test_the_worked_examples_have_their_published_score(lesions, score):
    assert quantitative(*lesions)["value"] == score


@pytest.mark.parametrize(("count", "score"), [(1, 3), (10, 3), (11, 6), (20, 6), (21, 9), (500, 9)])
def test_a_row_steps_at_ten_and_at_twenty(count, score):
    assert quantitative(Scar("ice_pick", count=count))["value"] == score


@pytest.mark.parametrize(("band", "score"), [("1-4", 3), ("5-10", 3), ("11-20", 6), ("over-20", 9)])
def test_a_band_scores_like_the_numbers_in_it(band, score):
    assert quantitative(Scar("ice_pick", band=band))["value"] == score


@pytest.mark.parametrize(
    ("area", "points"), [("0.1", 6), ("4.9", 6), ("5.0", 12), ("20.0", 12), ("20.1", 18)]
)
def test_raised_scars_step_at_five_and_at_twenty_square_centimetres(area, points):
    assert quantitative(Scar("keloid", area_cm2=Decimal(area)))["value"] == points


def test_areas_of_raised_scars_are_added_before_the_step():
    halves = [Scar(kind, area_cm2=Decimal("2.5")) for kind in ("keloid", "hypertrophic")]

    assert quantitative(*halves)["value"] == 12


def test_the_highest_score_is_the_published_maximum():
    rows = ["A1", "A2", "B1", "B2", "B3", "C1", "C2", "C3", "C4", "D1"]
    everything = [Scar("ice_pick", count=21, gb_row=row) for row in rows]

    score = quantitative(*everything, Scar("keloid", area_cm2=Decimal(21)))

    assert score["value"] == SCALES["goodman_baron_quantitative"]["range"][1] == 84


@pytest.mark.parametrize(
    ("scar", "row"),
    [
        (Scar("rolling", severity="mild"), "A2"),
        (Scar("rolling", severity="moderate"), "B1"),
        (Scar("rolling", severity="severe"), "C4"),
        (Scar("rolling", severity="moderate", broad=True), "B3"),
        (Scar("boxcar_shallow"), "B2"),
        (Scar("boxcar_shallow", width_mm=Decimal("4.9")), "B2"),
        (Scar("boxcar_shallow", width_mm=Decimal("5")), "B3"),
        (Scar("boxcar_deep", width_mm=Decimal("4.9")), "C1"),
        (Scar("boxcar_deep", width_mm=Decimal("5")), "C4"),
        (Scar("ice_pick"), "C2"),
        (Scar("tunnel"), "C3"),
        (Scar("bridge"), "C3"),
        (Scar("linear"), "C3"),
        (Scar("papular"), "D1"),
        (Scar("hypertrophic"), "D2"),
        (Scar("keloid"), "D2"),
        (Scar("elastolysis"), "A2"),
        (Stain("pih"), "A1"),
        (Stain("pie"), "A1"),
        (Stain("hypo"), "A1"),
        (Scar("rolling"), None),
        (Scar("boxcar_unspecified"), None),
    ],
)
def test_a_finding_belongs_to_one_row(scar, row):
    definition = SCALES["goodman_baron_quantitative"]["definition"]

    assert grading.row_of(scar, definition) == row


def test_a_row_chosen_by_the_clinician_is_kept():
    score = quantitative(Scar("boxcar_shallow", count=4, gb_row="C1"))

    assert score["rows"] == {"C1": 4}
    assert score["value"] == 3


def test_marks_of_all_colours_are_one_count():
    score = quantitative(Stain("pih", count=8), Stain("pie", count=3))

    assert score["rows"] == {"A1": 11}
    assert score["value"] == 2


@pytest.mark.parametrize(
    ("lesion", "reason"),
    [
        (Scar("ice_pick", "malar.L"), "ice pick in malar.L: number is not recorded"),
        (Scar("rolling", "malar.L", count=3), "severity is not recorded"),
        (Scar("boxcar_unspecified", "malar.L", count=3), "depth is not recorded"),
        (Scar("keloid", "chest.M", count=1), "area is not recorded"),
    ],
)
def test_what_is_not_known_gives_no_score_and_says_why(lesion, reason):
    score = quantitative(lesion, Scar("papular", count=2))

    assert score["value"] is None
    assert reason in score["why_null"]


def test_bands_that_cross_a_step_together_give_no_score_but_its_range():
    score = quantitative(Scar("ice_pick", "malar.L", band="5-10"), Scar("ice_pick", band="5-10"))

    assert score["value"] is None
    assert score["range"] == [3, 6]
    assert "10 to 20" in score["why_null"]


def test_bands_that_stay_between_two_steps_give_a_score():
    assert quantitative(Scar("ice_pick", band="1-4"), Scar("ice_pick", band="1-4"))["value"] == 3


COUNTED = st.builds(
    Scar,
    st.sampled_from(["ice_pick", "boxcar_shallow", "boxcar_deep", "papular", "elastolysis"]),
    count=st.integers(1, 500),
)


@given(st.lists(COUNTED, max_size=12), COUNTED)
def test_one_more_finding_never_lowers_a_score(scars, more):
    assert quantitative(*scars, more)["value"] >= quantitative(*scars)["value"]
    assert ecca(*scars, more)["value"] >= ecca(*scars)["value"]


@given(st.permutations([Scar("ice_pick", count=9), Scar("papular", count=3), Stain("pih")]))
def test_the_order_of_findings_changes_nothing(lesions):
    assert quantitative(*lesions)["range"] == [6, 8]


# --- ECCA


def test_ecca_of_the_worked_example():
    score = ecca(
        Scar("ice_pick", count=6), Scar("boxcar_shallow", count=22), Scar("rolling", count=3)
    )

    assert (score["value"], score["atrophic"], score["raised"]) == (115, 115, 0)


@pytest.mark.parametrize(("count", "score"), [(1, 15), (4, 15), (5, 30), (20, 30), (21, 45)])
def test_ecca_steps_at_five_and_above_twenty(count, score):
    assert ecca(Scar("ice_pick", count=count))["value"] == score


def test_ecca_reaches_its_published_maximum():
    kinds = ["ice_pick", "boxcar_deep", "rolling", "elastolysis", "keloid"]
    scars = [Scar(kind, count=21) for kind in kinds]

    score = ecca(*scars, Scar("hypertrophic", count=21, age_months=6))

    assert (score["atrophic"], score["raised"], score["value"]) == (270, 270, 540)


@pytest.mark.parametrize(("age", "score"), [(0, 40), (23, 40), (24, 50)])
def test_a_hypertrophic_scar_changes_item_at_two_years(age, score):
    assert ecca(Scar("hypertrophic", count=1, age_months=age))["raised"] == score


def test_a_hypertrophic_scar_of_unknown_age_gives_no_raised_part():
    score = ecca(Scar("hypertrophic", count=1), Scar("ice_pick", count=1))

    assert (score["value"], score["raised"], score["atrophic"]) == (None, None, 15)
    assert "age of the scar is not recorded" in score["why_null"]


def test_types_without_an_item_are_listed_and_not_scored():
    kinds = ["tunnel", "papular", "bridge"]

    score = ecca(*(Scar(kind, count=30) for kind in kinds), Scar("ice_pick", count=1))

    assert score["value"] == 15
    assert score["not_captured"] == ["bridge", "papular", "tunnel"]


def test_a_boxcar_wider_than_four_millimetres_stays_a_boxcar():
    assert ecca(Scar("boxcar_shallow", width_mm=Decimal("4.1"), count=1))["value"] == 20


def test_a_keloid_entered_by_its_area_is_one_scar():
    assert ecca(Scar("keloid", area_cm2=Decimal(7)))["raised"] == 50


def test_an_unknown_number_gives_no_ecca_but_its_range():
    score = ecca(Scar("ice_pick"), Scar("rolling", count=2))

    assert (score["value"], score["range"]) == (None, [40, 70])


# --- Goodman and Baron, qualitative


def test_a_face_without_anything_is_nought_and_with_marks_only_is_one():
    assert qualitative([])["value"] == 0
    assert qualitative([], STAYED, marks=[Stain("pie", count=40)])["value"] == 1


@pytest.mark.parametrize(
    ("bedside", "grade", "indeterminate"),
    [
        (Bedside(False, True), 2, False),
        (Bedside(True, True, False), 2, True),
        (Bedside(False, False, False), 2, True),
        (GAVE_WAY, 3, False),
        (STAYED, 4, False),
        (OBVIOUS, None, False),
        (Bedside(), None, False),
        (Bedside(True, None, True), None, False),
    ],
)
def test_the_bedside_tests_decide_the_grade_of_atrophic_scars(bedside, grade, indeterminate):
    result = qualitative([Scar("rolling", count=3)], bedside)

    assert (result["value"], result["indeterminate"]) == (grade, indeterminate)


@pytest.mark.parametrize(
    ("scar", "grade"),
    [
        (Scar("hypertrophic", severity="moderate"), 3),
        (Scar("hypertrophic", significant=True), 4),
        (Scar("hypertrophic", significant=False), 3),
        (Scar("papular"), 3),
        (Scar("keloid"), 4),
    ],
)
def test_stretching_is_not_asked_of_raised_scars(scar, grade):
    assert qualitative([scar], OBVIOUS)["value"] == grade


def test_a_missing_answer_is_asked_for():
    assert qualitative([Scar("rolling")], OBVIOUS)["ask"] == ["flattens_on_stretch"]
    assert qualitative([Scar("rolling")])["ask"] == ["easily_covered", "obvious_at_50cm"]


def test_the_face_has_the_highest_grade_present():
    mild = Scar("rolling", bedside=Bedside(False, True))
    severe = Scar("rolling", bedside=Bedside(flattens_on_stretch=False))

    assert qualitative([mild, severe], OBVIOUS)["value"] == 4


def test_the_stretch_test_of_a_finding_counts_where_the_face_has_none():
    assert qualitative([Scar("rolling", distensible=True)], OBVIOUS)["value"] == 3
    assert qualitative([Scar("rolling", distensible=False)], OBVIOUS)["value"] == 4


def test_an_ice_pick_with_grade_two_warns_and_changes_nothing():
    result = qualitative([Scar("ice_pick", count=2)], Bedside(False, True))

    assert result["value"] == 2
    assert result["warnings"] == [{"types": ["ice_pick"], "usual_grade": 4}]


# --- SCAR-S


def test_scar_s_is_the_sum_of_three_sites():
    result = grading.scar_s({"face": 3, "chest": 1, "back": 0}, SCALES["scar_s"])

    assert (result["overall"], result["relevant_sites"]) == (4, ["face"])


def test_scar_s_without_a_site_has_no_overall_value():
    result = grading.scar_s({"face": 3, "chest": None}, SCALES["scar_s"])

    assert (result["overall"], result["relevant_sites"]) == (None, ["face"])


# --- the decision rule


@pytest.mark.parametrize(
    ("lesion", "kind", "flags"),
    [
        ({"palpable": False, "colour": "brown"}, "mark_pih", []),
        ({"palpable": False, "colour": "dark"}, "mark_pih", []),
        ({"palpable": False, "colour": "red"}, "mark_pie", []),
        ({"palpable": False, "colour": "violet"}, "mark_pie", []),
        ({"palpable": False, "colour": "pale"}, "mark_hypo", []),
        ({"raised": True, "beyond_original_outline": True}, "keloid", []),
        ({"raised": True, "beyond_original_outline": False}, "hypertrophic", []),
        (
            {"raised": True, "beyond_original_outline": False, "width_mm": 5, "region": "chin"},
            "papular",
            [],
        ),
        (
            {"raised": True, "beyond_original_outline": False, "width_mm": 5.1, "region": "chin"},
            "hypertrophic",
            [],
        ),
        ({"palpable": False, "colour": "pink"}, "mark_pie", []),
        ({"wall": "sharp", "base": "pointed", "width_mm": 1.7}, "ice_pick", []),
        ({"wall": "sharp", "base": "pointed", "width_mm": 1.9}, "ice_pick", []),
        ({"wall": "sharp", "base": "pointed", "width_mm": 2.0}, "ice_pick", ["atypical_width"]),
        ({"wall": "sharp", "base": "flat", "width_mm": 1.7, "depth_mm": 0.3}, "boxcar_shallow", []),
        ({"wall": "sharp", "base": "flat", "depth_mm": 0.49}, "boxcar_shallow", []),
        ({"wall": "sharp", "base": "flat", "depth_mm": 0.5}, "boxcar_deep", []),
        (
            {"wall": "sharp", "base": "flat", "width_mm": 4.1, "depth_mm": 0.5},
            "boxcar_deep",
            ["width_above_typical"],
        ),
        ({"wall": "sharp", "base": "flat", "width_mm": 4.0, "depth_mm": 0.5}, "boxcar_deep", []),
        ({"wall": "sloping", "width_mm": 4}, "rolling", []),
        ({"wall": "sloping", "width_mm": 3.9}, "rolling", ["width_below_typical"]),
        ({"palpable": True, "raised": False, "band": True}, "bridge", []),
        ({"palpable": True, "raised": False, "tract": True}, "tunnel", []),
    ],
)
def test_the_decision_rule_names_the_type(lesion, kind, flags):
    answer = classify(**lesion)

    assert (answer["type"], answer["flags"], answer["ask"]) == (kind, flags, [])


@pytest.mark.parametrize(
    ("lesion", "kind", "ask"),
    [
        ({}, None, ["palpable"]),
        ({"palpable": True}, None, ["raised"]),
        ({"palpable": False}, None, ["colour"]),
        ({"raised": True}, None, ["beyond_original_outline"]),
        ({"palpable": True, "raised": False}, None, ["wall"]),
        ({"wall": "sharp"}, None, ["base"]),
        ({"wall": "sharp", "base": "flat"}, "boxcar_unspecified", ["depth_mm"]),
    ],
)
def test_what_decides_is_asked_for_and_never_guessed(lesion, kind, ask):
    answer = classify(**lesion)

    assert (answer["type"], answer["ask"]) == (kind, ask)


def test_a_boxcar_above_three_millimetres_is_wide():
    boxcar = {"wall": "sharp", "base": "flat", "depth_mm": 0.3}

    assert classify(**boxcar, width_mm=3)["derived"] == {"boxcar_wide": False}
    assert classify(**boxcar, width_mm=3.1)["derived"] == {"boxcar_wide": True}


@pytest.mark.parametrize(
    ("types", "mixed"),
    [
        (["ice_pick"], []),
        (["boxcar_shallow", "boxcar_deep"], []),
        (["ice_pick", "rolling"], ["mixed_atrophic"]),
        (["ice_pick", "keloid"], ["mixed_atrophic_raised"]),
        (["boxcar_deep", "rolling", "papular"], ["mixed_atrophic", "mixed_atrophic_raised"]),
        (["keloid", "hypertrophic"], []),
    ],
)
def test_mixed_is_derived_from_the_types_present(types, mixed):
    assert grading.mixed_types(types) == mixed


@pytest.mark.parametrize(
    ("scar", "words"),
    [
        (Scar("ice_pick", width_mm=Decimal(4)), "narrower than 2 mm"),
        (Scar("boxcar_shallow", depth_mm=Decimal("0.5")), "a deep boxcar"),
        (Scar("boxcar_deep", depth_mm=Decimal("0.4")), "a shallow boxcar"),
        (Scar("boxcar_unspecified"), "shallow or deep"),
        (Scar("rolling", width_mm=Decimal(2)), "usually 4 mm or wider"),
        (Scar("ice_pick", distensible=True), "does not usually flatten"),
        (Scar("rolling", distensible=False), "usually flattens"),
        (Scar("boxcar_deep", width_mm=Decimal("4.1")), "usually up to 4 mm wide"),
    ],
)
def test_a_contradiction_warns(scar, words):
    (warning,) = classifying.contradictions(scar, SCALES["scar_type_rule"])

    assert words in warning


def test_an_entry_that_agrees_with_itself_does_not_warn():
    scar = Scar("boxcar_shallow", width_mm=Decimal(3), depth_mm=Decimal("0.3"))

    assert classifying.contradictions(scar, SCALES["scar_type_rule"]) == []
