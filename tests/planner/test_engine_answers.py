"""What a suggestion says beside its plans is true: what is possible, what is not and why."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations

from planner.engine.catalogue import catalogue_from
from planner.engine.check import check
from planner.engine.safety import clinic_lacks
from planner.engine.suggest import suggest
from planner.engine.values import GivenSession, GivenStep, Wishes
from tests.planner.shipped import (
    TODAY,
    all_treatments,
    catalogue,
    face,
    load_document_from_yaml,
    plan_of,
    scars,
    suggested,
    treatments_of,
)

PITS = (scars("malar.L", "rolling"), scars("malar.L", "ice_pick"))


def test_what_the_clinic_does_not_have_is_not_possible_with_a_reason_either():
    possible = [row.treatment for row in suggested(face(*PITS, skin=6)).possible_with_override]
    assert {"tca_cross", "fractional_ablative_co2"} <= set(possible)

    lacking = face(*PITS, skin=6, lacks=["tca_cross", "co2_laser_fractional"])
    left = {row.treatment for row in suggested(lacking).possible_with_override}

    assert left == set(possible) - {"tca_cross", "fractional_ablative_co2"}


def test_a_treatment_whose_skill_the_clinic_lacks_is_not_offered():
    """Threads ask for the skill of subcision and are no member of that family."""
    case = face(scars("malar.L", "rolling"), lacks=["SUBC"])
    row = catalogue().treatments["threads"]

    assert "threads" not in catalogue().families["SUBC"]
    assert clinic_lacks(case, catalogue(), row) == "nobody at the clinic has the skill SUBC"
    assert "threads" not in all_treatments(suggested(case))
    found = check(case, catalogue(), plan_of((0, "threads", ["malar.L"]))).findings
    assert any(f.kind == "clinic" and f.breaks and "skill SUBC" in f.text for f in found)


def test_all_fillers_of_a_visit_count_together():
    regions = ("malar", "lateral_cheek", "temple")
    left, right = ([f"{region}.{side}" for region in regions] for side in "LR")
    case = face(*(scars(place, "rolling") for place in (*left, *right)))
    [visit] = plan_of((0, "filler_ha", left)).sessions
    both = replace(visit, steps=(*visit.steps, GivenStep("filler_caha", tuple(right))))

    def told(session: GivenSession):
        plan = replace(plan_of((0, "filler_ha", left)), sessions=(session,))
        found = check(case, with_constant("filler_session.ml", 2), plan).findings
        return [finding.text for finding in found if finding.kind == "filler"]

    assert told(visit) == []
    assert len(told(both)) == 1


def test_a_visit_treats_no_more_areas_than_the_clinic_says():
    """The shipped row sets none, for no source read gives a figure."""
    places = ("malar.L", "malar.R", "temple.L", "temple.R")
    case = face(*(scars(place, kind) for place in places for kind in ("rolling", "ice_pick")))
    narrow = with_constant("visit.areas", 2)

    def areas(answer) -> list[int]:
        visits = [s.steps for p in answer.proposals for s in p.sessions if s.steps]
        return [len({place for step in steps for place in step.places}) for steps in visits]

    assert max(areas(suggested(case))) == 4
    few = suggest(case, narrow, strategies=("balanced", "least_downtime"))
    assert areas(few)
    assert max(areas(few)) <= 2
    told = check(case, narrow, plan_of((0, "subcision", places))).findings
    assert [f.text for f in told if f.kind == "areas" and f.breaks] == [
        "4 areas in one visit; a visit holds 2."
    ]
    free = check(case, catalogue(), plan_of((0, "subcision", places))).findings
    assert "areas" not in {finding.kind for finding in free}


def with_constant(code: str, value: float):
    document = load_document_from_yaml()
    rows = [
        row | ({"value": value} if row["code"] == code else {}) for row in document["calibration"]
    ]
    return catalogue_from(document | {"calibration": rows})


def test_as_many_wishes_as_need_be_are_told_where_nothing_fits():
    tight = Wishes(
        max_downtime_days=0,
        budget=Decimal(1),
        max_visits=1,
        finish_by=TODAY + timedelta(days=1),
        no_needles=True,
    )

    no_plan = suggest(face(*PITS, wishes=tight), catalogue()).no_plan

    assert no_plan.relax
    assert "Nothing fits all of the patient's wishes" in no_plan.text


def test_a_way_out_may_leave_scars_untreated_and_says_which():
    """One visit more gives a plan, without what the budget has no room for beside it."""
    groups = (scars("malar.L", "rolling", 20), scars("nasal_tip.M", "ice_pick"))
    tight = face(*groups, wishes=Wishes(budget=Decimal(400), max_visits=1))

    no_plan = suggest(tight, catalogue()).no_plan

    left = ("untreated", "the ice pick scars (Nose tip)")
    assert (("max_visits", 2), left) in no_plan.relax
    assert "come for 2 visits and leave the ice pick scars (Nose tip) untreated" in no_plan.text
    whole = [way for row in no_plan.relax if "untreated" not in (way := dict(row))]
    assert whole
    assert all(way["budget"] > 400 and way["max_visits"] >= 2 for way in whole)
    other = ("untreated", "the rolling scars (Malar cheek)")
    assert (("max_visits", 3), other) in no_plan.relax
    freed = face(*groups, wishes=Wishes(budget=Decimal(400), max_visits=2))
    assert suggest(freed, catalogue()).proposals


def test_alternatives_that_hardly_differ_are_shown_once():
    """One session more on one scar: a point of improvement for 70, on the same four visits."""
    case = face(
        scars("chin.M", "keloid", 4),
        scars("malar.L", "keloid", 18),
        scars("nasal_tip.M", "boxcar_deep", 7),
        skin=4,
        wishes=Wishes(max_visits=4),
    )
    alone = [
        suggest(case, catalogue(), strategies=(code,)).proposals[0]
        for code in ("balanced", "best_result")
    ]
    assert treatments_of(alone[0]) == treatments_of(alone[1])
    assert alone[0].cost != alone[1].cost

    shown = [p for p in suggested(case).proposals if not p.protocol]

    assert shown[0].strategy == "balanced"
    said = suggested(case).few
    names = {s.name for s in catalogue().strategies if s.code not in {p.strategy for p in shown}}
    assert len(shown) < 3
    assert said.startswith("Only ")
    assert all(name in said for name in names)
    assert suggested(face(*PITS)).few == ""
    for one, other in combinations(shown, 2):
        assert (
            treatments_of(one) != treatments_of(other)
            or one.visits != other.visits
            or abs(one.expected.middle - other.expected.middle) >= 0.05
            or abs(one.cost - other.cost) > max(one.cost, other.cost) / 10
            or abs(one.downtime_total - other.downtime_total) >= 3
            or one.downtime_longest != other.downtime_longest
        ), (one.strategy, other.strategy)


def test_what_an_aim_or_a_budget_leaves_out_is_said_to_be_left_out_by_it():
    answer = suggested(face(*PITS))
    plan = next(p for p in answer.proposals if p.strategy == "no_device")
    laser = next(r for r in plan.why_not if r.treatment == "fractional_nonablative")
    assert "does without devices" in laser.text

    poor = face(*PITS, wishes=Wishes(budget=plan.cost))
    for row in suggested(poor).proposals[0].why_not:
        if row.kind in ("worth", "pair") and row.cost:
            assert suggested(poor).proposals[0].cost + row.cost <= plan.cost, row.text


def test_what_may_be_given_beside_a_step_is_told_with_its_gain_and_its_price():
    plan = suggested(face(scars("malar.L", "rolling"), scars("malar.R", "rolling"))).proposals[0]
    steps = [step for session in plan.sessions for step in session.steps]
    with_suction = [step for step in steps if "suction_after_subcision" in step.adjuncts]

    [suction] = [row for row in plan.beside if row.treatment == "suction_after_subcision"]

    assert {step.name for step in with_suction} == set(suction.with_names)
    assert suction.times == len(with_suction)
    assert suction.cost == suction.times * Decimal("25.00")
    assert suction.gain > 0
    assert plan.cost == sum(step.price for step in steps), "it is not counted in the plan"
