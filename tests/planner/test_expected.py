"""docs/expected.md: fresh, complete, and what the published comparisons say."""

import pytest

from benchmarks import planner_calibration as expected
from planner.engine.effect import EffectModel, amount
from tests.planner.shipped import catalogue


def test_the_page_of_expected_and_reported_outcomes_is_fresh():
    assert expected.page() == expected.PAGE.read_text("utf-8"), (
        "python -m benchmarks.planner_calibration --write"
    )


def test_every_published_protocol_stands_in_a_table():
    protocols = {row["code"] for row in expected.documents()["protocols"]}
    told = {one.case for one in expected.OUTCOMES} | {row[0] for row in expected.ORDERS}

    assert told | set(expected.ALONE) == protocols
    assert not told & set(expected.ALONE)


@pytest.mark.parametrize(("name", "other", "arm", "_"), expected.ORDERS)
def test_a_combination_is_expected_to_do_at_least_as_well_as_its_part(name, other, arm, _):
    assert expected.expected(name, expected.as_reported) >= expected.expected(name, arm), other


def test_the_constants_in_force_are_those_of_the_fit():
    best = expected.best_of(expected.errors_by_scale())

    fitted = expected.model_of(best).catalogue.calibration
    ours = catalogue().calibration
    assert {code: fitted[code] for code in fitted if code.startswith("course.")} == {
        code: ours[code] for code in ours if code.startswith("course.")
    }
    assert ours["repeat"] == ours["overlap"]


def test_a_course_adds_less_with_every_session_and_its_usual_one_what_the_catalogue_says():
    model = EffectModel(catalogue())
    usual = catalogue().treatments["tca_cross"].course[1]
    steps = [amount(n + 1, model.repeat) - amount(n, model.repeat) for n in range(6)]

    assert steps == sorted(steps, reverse=True)
    course = model.step("tca_cross", "ice_pick") * model.amount(usual)
    assert course == pytest.approx(model.course("tca_cross", "ice_pick"))
    assert amount(4, 1.0) == 4
