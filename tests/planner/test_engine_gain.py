"""What the choice counts as a gain is what the effect model makes of the sessions it chose."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.engine.courses import Courses
from planner.engine.desk import Desk
from planner.engine.effect import MONTHS_LATE
from planner.engine.model import POINT
from planner.engine.problem import problem_of
from planner.engine.scars import pair_word
from tests.planner.shipped import catalogue, face, generated, scars

PLACES = ("malar.L", "malar.R", "temple.L", "chin.M", "nasal_tip.M")
TYPES = ("rolling", "ice_pick", "boxcar_shallow", "boxcar_deep", "keloid", "hypertrophic")
ROUNDING = 20  # a fifth of a point: the choice counts in thousandths of a logarithm

groups = st.lists(
    st.builds(scars, st.sampled_from(PLACES), st.sampled_from(TYPES), st.integers(1, 20)),
    min_size=1,
    max_size=4,
    unique_by=lambda group: (group.place, group.scar_type),
)


def gain_by_the_effect_model(desk: Desk, block) -> float:
    """Hundredths of a point, from the doses and meetings of a block, without the choice's lots."""
    late = desk.catalogue.constant("lasting.weight")

    def factor(treatment: str) -> float:
        return 1 - late + late * desk.effect.lasting(treatment, MONTHS_LATE)

    total = 0.0
    for load, group in zip(desk.loads, desk.case.findings, strict=True):
        doses = {d.treatment: d.sessions for d in block.doses if d.place == group.place}
        joints = {
            (joint.a, joint.b): joint.sessions
            for joint in block.joints
            if joint.place == group.place and pair_word(group.scar_type) in joint.scar_types
        }
        exponent = desk.effect.exponent(group.scar_type, doses, joints, factor)
        total += load * desk.effect.share(exponent)
    return 100 * POINT * total / sum(desk.loads)


@given(
    findings=groups,
    skin=st.integers(1, 6),
    rows=st.integers(0, 3).map(generated),
    aim=st.sampled_from([s.code for s in catalogue().strategies]),
)
@settings(max_examples=max(40, settings().max_examples // 2))
def test_the_choice_gains_what_the_effect_model_says(findings, skin, rows, aim):
    desk = Desk(face(*findings, skin=skin), rows)
    assume(all(option.pieces == 1 for option in problem_of(desk).options))
    strategy = next(s for s in rows.strategies if s.code == aim)

    block = Courses(desk).firm(strategy, 0.0)

    if block is not None:
        assert block.gain == pytest.approx(gain_by_the_effect_model(desk, block), abs=ROUNDING)
