"""The figures of rows as the engine takes them: a least one rounds up, a greatest one down."""

from dataclasses import replace

import pytest

from planner.engine.build import Builder, Given
from planner.engine.catalogue import catalogue_from
from planner.engine.desk import Desk
from tests.planner.shipped import catalogue, face, load_document_from_yaml, scars

PLACE = ["malar.L"]


def changed(section: str, code: str, **fields):
    document = load_document_from_yaml()
    rows = [row | (fields if row["code"] == code else {}) for row in document[section]]
    return catalogue_from(document | {section: rows})


def every(weeks: tuple[float, float, float]) -> tuple[int, int, int | None]:
    least, usual, most = weeks
    figure = {"kind": "interval_weeks", "min": least, "typical": usual, "max": most}
    rows = changed("treatments", "microneedling_clinic", figures=[figure])
    return rows.treatments["microneedling_clinic"].interval_days


@pytest.mark.parametrize(
    ("weeks", "days"),
    [
        ((2, 4, 8), (14, 28, 56)),
        ((2.2, 2.3, 2.4), (16, 17, 16)),  # 15.4, 16.1 and 16.8 days
        ((1 / 7, 0.9, 4.1), (1, 7, 28)),
    ],
)
def test_a_least_interval_counts_up_and_a_longest_one_down(weeks, days):
    assert every(weeks) == days


def test_the_weeks_between_two_treatments_count_up():
    rows = changed("pairs", "c024", weeks={"min": 2.2, "typical": 3.05})
    between = Desk(face(scars("malar.L", "ice_pick")), rows).rule_between(
        "tca_cross", "microneedling_clinic", PLACE
    )

    assert (between.least_days, between.gap_days) == (16, 22)


def test_a_stricter_interval_for_a_skin_type_counts_up():
    rows = changed("calibration", "stricter_interval.FABL.4-6", value=6.05)
    desk = Desk(face(scars("malar.L", "rolling"), skin=5), rows)

    assert desk.interval(rows.treatments["fractional_ablative_co2"]) == 43


def test_the_most_anaesthetic_of_a_visit_counts_down():
    document = load_document_from_yaml()
    limits = [
        row | ({"mg_per_kg": row["mg_per_kg"] * 1.0077} if row.get("mg_per_kg") else {})
        for row in document["limits"]
    ]
    case = face(scars("malar.L", "rolling"))
    plain = Desk(case, catalogue()).lidocaine_mg
    most = Desk(case, catalogue_from(document | {"limits": limits})).lidocaine_mg

    assert plain * 1.0077 - 0.1 < most <= plain * 1.0077


def test_the_ideal_weight_limits_the_anaesthetic_in_obesity_by_its_rows():
    case = face(scars("malar.L", "rolling"))
    heavy = replace(case, patient=replace(case.patient, weight_kg=120.0, height_cm=152.4))
    plain = Desk(replace(case, patient=replace(case.patient, weight_kg=45.5)), catalogue())

    assert Desk(heavy, catalogue()).lidocaine_mg == plain.lidocaine_mg
    lighter = Desk(heavy, changed("calibration", "ideal_weight.base.F", value=40))
    assert lighter.lidocaine_mg < plain.lidocaine_mg
    assert Desk(heavy, changed("calibration", "ideal_weight.from_bmi", value=60)).lidocaine_mg > 204


def test_a_review_and_stitches_may_be_early_by_what_their_rows_say():
    case = face(scars("malar.L", "boxcar_deep"))

    def earliest(rows) -> list[int]:
        visits = Builder(Desk(case, rows), [Given(0, 1, (("punch_excision", PLACE),))]).sessions()
        return [visit.gap_min_days for visit in visits[1:]]

    assert earliest(catalogue()) == [5, 70]
    assert earliest(changed("calibration", "review.early_days", value=7)) == [5, 77]
    assert earliest(changed("calibration", "suture_removal.window_days", value=0)) == [6, 70]
