"""Steps that a clinician pins stand; the planner fills in around them by the same rules."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.catalogue import catalogue_from
from planner.engine.complete import complete
from planner.engine.mirror import mirrored_case, turned
from planner.engine.values import GivenPlan, Wishes
from tests.planner.shipped import TODAY, catalogue, face, load_document_from_yaml, plan_of, scars

FACE = face(
    scars("malar.L", "rolling"),
    scars("malar.R", "rolling"),
    scars("temple.L", "ice_pick"),
    scars("temple.R", "boxcar_shallow"),
)
PINS = {
    "subcision": ["malar.L"],
    "tca_cross": ["temple.L"],
    "fractional_ablative_co2": ["malar.L", "malar.R"],
    "microneedling_clinic": ["malar.R", "temple.R"],
}


def steps_of(proposal) -> set:
    return {
        (session.on, step.treatment, step.places)
        for session in proposal.sessions
        for step in session.steps
    }


pins = st.lists(
    st.tuples(st.integers(2, 30), st.sampled_from(sorted(PINS))),
    min_size=1,
    max_size=2,
    unique=True,
)


@given(pins=pins, needles=st.booleans())
@settings(max_examples=min(12, settings().max_examples))
def test_pinned_steps_stand_and_what_is_added_keeps_every_rule(pins, needles):
    plan = plan_of(*((week, code, PINS[code]) for week, code in pins), first_on=TODAY)

    done = complete(FACE, catalogue(), plan)

    pinned = {(TODAY.fromordinal(TODAY.toordinal() + 7 * w), c, tuple(PINS[c])) for w, c in pins}
    assert pinned <= steps_of(done.proposal)
    if len(pins) == 1:
        assert done.checked.allowed, [f.text for f in done.checked.findings if f.breaks]
    assert done.added is (len(steps_of(done.proposal)) > len(pinned))
    assert done.text


def test_the_rest_of_a_course_is_filled_in_around_its_pinned_session():
    done = complete(FACE, catalogue(), plan_of((6, "fractional_ablative_co2", ["malar.L"])))
    days = sorted(
        session.on
        for session in done.proposal.sessions
        for step in session.steps
        if step.treatment == "fractional_ablative_co2" and "malar.L" in step.places
    )

    assert len(days) >= 2
    assert all((b - a).days >= 28 for a, b in pairwise(days))
    assert done.proposal.proof.optimal


def test_a_pinned_step_that_breaks_a_rule_stands_and_is_told():
    plan = plan_of(
        (2, "microneedling_clinic", ["malar.L"]), (3, "microneedling_clinic", ["malar.L"])
    )

    done = complete(FACE, catalogue(), plan)

    assert any(
        f.breaks and f.rule == "interval:microneedling_clinic" for f in done.checked.findings
    )


def test_what_is_added_to_a_pinned_filler_s_visit_leaves_it_within_the_volume():
    """A filler may meet its own pinned step in other places, so the two share a visit's volume."""
    document = load_document_from_yaml()
    little = catalogue_from(
        document
        | {
            "calibration": [
                row | ({"value": 1} if row["code"] == "filler_session.ml" else {})
                for row in document["calibration"]
            ],
            "treatments": [
                row | {"withdrawn": row["kind"] == "procedure" and row["code"] != "filler_ha"}
                for row in document["treatments"]
            ],
        }
    )
    case = face(*(scars(place, "rolling", 20) for place in ("malar.L", "malar.R", "temple.L")))

    done = complete(case, little, plan_of((2, "filler_ha", ["temple.L"])), strategy="best_result")

    assert done.added
    assert not [f.text for f in done.checked.findings if f.kind == "filler"]


def test_a_wish_that_leaves_no_room_adds_nothing():
    case = face(*FACE.findings, wishes=Wishes(max_visits=2))

    done = complete(case, catalogue(), plan_of((2, "tca_cross", ["temple.L"])))

    assert len({day for day, _, _ in steps_of(done.proposal)}) == 1


def test_the_mirrored_face_is_filled_in_as_its_mirror_image():
    plan = plan_of((2, "subcision", ["malar.L"]), first_on=TODAY)

    one, other = (
        complete(FACE, catalogue(), plan),
        complete(mirrored_case(FACE), catalogue(), turned(plan)),
    )

    assert turned(one).proposal == other.proposal


@pytest.mark.parametrize(
    ("plan", "strategy"),
    [(GivenPlan(()), "balanced"), (plan_of((0, "subcision", ["malar.L"])), "fastest")],
)
def test_nothing_pinned_or_an_unknown_aim_is_refused(plan, strategy):
    with pytest.raises(ValueError, match=r"pinned|strategy fastest"):
        complete(FACE, catalogue(), plan, strategy=strategy)
