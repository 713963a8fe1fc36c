"""What two treatments of one field may do: in one block, in one plan, in the check and the planner.

The words of the pair rows decide: d5 speaks of a block, a row that says to avoid a pair of a plan.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from planner.engine.catalogue import catalogue_from
from planner.engine.check import check
from planner.engine.complete import complete
from planner.engine.desk import Desk
from planner.engine.problem import FRESH, Pin, problem_of
from planner.engine.values import GivenPlan, GivenSession
from tests.planner.shipped import catalogue, face, load_document_from_yaml, plan_of, scars

FACE = face(scars("malar.L", "ice_pick"), scars("malar.L", "rolling"), skin=2)
AVOIDED = (
    ("tca_cross", "phenol_cross", "c028"),
    ("punch_excision", "tca_cross", "c036"),
    ("ablative_co2_full", "peel_deep_phenol", "c056"),
    ("ablative_co2_full", "dermabrasion", "c057"),
    ("fractional_ablative_co2", "fractional_ablative_erbium", "c059"),
)


def two_blocks(one: str, other: str) -> GivenPlan:
    """One treatment, a review after twelve weeks, the other a year after the first."""
    plan = plan_of((0, one, ["malar.L"]), (53, other, ["malar.L"]))
    first, second = plan.sessions
    return replace(plan, sessions=(first, GivenSession(84, (), "review"), second))


def open_after(settled) -> set[str]:
    return {option.code for option in problem_of(Desk(FACE, catalogue()), settled).options}


def after(treatment: str):
    """A block that has given a treatment once and been reviewed."""
    return replace(
        FRESH,
        used={treatment: (1, 0)},
        places={treatment: {"malar.L"}},
        spent=Decimal(0),
        after=371,
    )


@pytest.mark.parametrize(("one", "other", "row"), AVOIDED)
def test_what_a_row_says_to_avoid_stays_out_of_every_later_block(one, other, row):
    for first, second in ((one, other), (other, one)):
        found = check(FACE, catalogue(), two_blocks(first, second)).findings
        assert [f.rule for f in found if f.kind == "same_session" and f.breaks] == [f"{row},d5"]
        assert second not in open_after(after(first))
        pinned = replace(FRESH, later=(Pin(first, ("malar.L",), 371),))
        assert second not in open_after(pinned)


def test_after_a_review_another_method_of_the_same_kind_may_take_over():
    found = check(FACE, catalogue(), two_blocks("fractional_ablative_co2", "rf_microneedling"))

    assert not [f for f in found.findings if f.kind == "same_session"]
    assert "rf_microneedling" in open_after(after("fractional_ablative_co2"))


def test_a_second_method_of_one_kind_in_a_block_is_told_once_and_may_stand():
    visits = [(week, "microneedling_clinic", ["malar.L"]) for week in (0, 6)]
    visits += [(week, "rf_microneedling", ["malar.L"]) for week in (14, 20)]

    found = check(FACE, catalogue(), plan_of(*visits)).findings

    [told] = [f for f in found if f.kind == "same_session"]
    assert not told.breaks
    assert (told.rule, told.session) == ("c045,d5", 2)


def test_the_rest_is_filled_in_without_what_a_pinned_step_of_a_later_block_forbids():
    plan = plan_of((0, "subcision", ["malar.L"]), (60, "phenol_cross", ["malar.L"]))
    case = face(scars("malar.L", "ice_pick", 20), scars("malar.L", "rolling", 4), skin=2)

    done = complete(case, catalogue(), plan)

    assert "tca_cross" not in {s.treatment for v in done.proposal.sessions for s in v.steps}
    assert done.checked.allowed, [f.text for f in done.checked.findings if f.breaks]


def test_two_that_no_row_names_keep_the_stricter_interval_of_this_skin():
    """Fractional ablative in skin types IV to VI: never sooner than six weeks."""
    laser, peer = "fractional_ablative_erbium", "tca_cross"
    light, dark = (Desk(replace_skin(FACE, skin), catalogue()) for skin in (3, 4))

    assert light.rule_between(laser, peer, ["malar.L"]).gap_days == 28
    kept = dark.rule_between(laser, peer, ["malar.L"])
    assert (kept.rules, kept.gap_days, kept.least_days) == (("d1",), 42, 42)
    plan = plan_of((0, laser, ["malar.L"]), (5, peer, ["malar.L"]))
    for desk, breaks in ((light, False), (dark, True)):
        found = check(desk.case, catalogue(), plan).findings
        assert any((f.kind, f.rule) == ("interval", "d1") and f.breaks for f in found) is breaks


def test_two_that_may_meet_but_do_not_keep_what_holds_for_this_skin():
    """The shorter of their intervals, each as it is for the patient."""
    light, dark = (Desk(replace_skin(FACE, skin), catalogue()) for skin in (3, 4))
    pair = ("fat_autologous", "fractional_ablative_co2", ["malar.L"])

    assert [light.rule_between(*pair).gap_days, light.rule_between(*pair).least_days] == [28, 21]
    assert [dark.rule_between(*pair).gap_days, dark.rule_between(*pair).least_days] == [42, 42]


def test_a_row_of_order_that_names_no_weeks_leaves_no_tolerance():
    """c011 says which comes first, not when: planner and check keep the usual interval."""
    case = face(scars("malar.L", "ice_pick"), scars("chin.M", "rolling"))
    pair = ("subcision", "fractional_ablative_co2", ["malar.L"])
    kept = Desk(case, catalogue()).rule_between(*pair)

    assert kept.rules == ("c011",)
    assert kept.least_days == kept.gap_days == 28
    for week, breaks in ((3, True), (4, False)):
        plan = plan_of((0, "subcision", ["malar.L"]), (week, pair[1], ["malar.L"]))
        found = check(case, catalogue(), plan).findings
        told = any((f.kind, f.rule) == ("interval", "c011") and f.breaks for f in found)
        assert told is breaks


def test_weeks_of_which_only_the_least_are_given_are_kept():
    """A row from elsewhere may lack the usual weeks; what it asks for at the least still holds."""
    document = load_document_from_yaml()
    apart = {"relation": "separate_by_weeks", "first": None, "weeks": {"min": 12, "typical": None}}
    rows = [row | (apart if row["code"] == "c011" else {}) for row in document["pairs"]]
    changed = catalogue_from(document | {"pairs": rows})
    case = face(scars("malar.L", "ice_pick"), scars("chin.M", "rolling"))
    pair = ("subcision", "fractional_ablative_co2", ["malar.L"])

    kept = Desk(case, changed).rule_between(*pair)

    assert (kept.rules, kept.gap_days, kept.least_days) == (("c011",), 84, 84)
    for week, breaks in ((11, True), (12, False)):
        plan = plan_of((0, "subcision", ["malar.L"]), (week, pair[1], ["malar.L"]))
        found = check(case, changed, plan).findings
        told = any((f.kind, f.rule) == ("interval", "c011") and f.breaks for f in found)
        assert told is breaks


def replace_skin(case, skin: int):
    return replace(case, patient=replace(case.patient, fitzpatrick=skin))
