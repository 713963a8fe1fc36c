"""Progress: what changed, what cannot be told, and where the noise ends."""

import datetime as dt

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from patients import progress, services
from patients.progress import NONE, Amount, change, plot
from tests.factories import make_mark, make_patient, make_signed_assessment, make_user, make_version

FIRST, SECOND, THIRD = (dt.date(2026, month, 1) for month in (2, 6, 11))


def exactly(number):
    return Amount(number, number)


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (exactly(8), exactly(3), "fewer"),
        (exactly(3), exactly(8), "more"),
        (exactly(3), exactly(3), "same"),
        (NONE, exactly(2), "new"),
        (exactly(2), NONE, "gone"),
        (Amount(5, 10), Amount(1, 4), "fewer"),
        (Amount(5, 10), Amount(5, 10), "cannot be told"),
        (Amount(5, 10), exactly(7), "cannot be told"),
        (Amount(11, 20), Amount(21, None), "more"),
        (Amount(21, None), Amount(11, 20), "fewer"),
        (Amount(1, None), exactly(300), "cannot be told"),
    ],
)
def test_a_change_is_called_one_only_when_it_certainly_is(before, after, word):
    assert change(before, after) == word


amounts = st.builds(
    lambda low, more: Amount(low, None if more is None else low + more),
    st.integers(1, 50),
    st.none() | st.integers(0, 20),
)


@given(amounts, amounts)
def test_change_read_backwards_is_its_opposite(before, after):
    opposite = {"fewer": "more", "more": "fewer"}
    forwards, backwards = change(before, after), change(after, before)

    assert backwards == opposite.get(forwards, forwards)


@given(st.lists(st.tuples(st.integers(0, 3000), st.none() | amounts), min_size=1, max_size=12))
def test_a_chart_stays_inside_its_frame_and_keeps_the_order_of_time(points):
    points.sort(key=lambda point: point[0])
    days = [FIRST + dt.timedelta(days=number) for number, _ in points]

    drawn = plot(days, [amount for _, amount in points])

    xs = [dot.x for dot in drawn.dots]
    assert xs == sorted(xs)
    for dot in drawn.dots:
        assert drawn.left <= dot.x <= drawn.right
        assert 0 <= dot.y_high <= dot.y <= drawn.bottom


def story_of(*days_and_findings):
    make_version()
    patient, by = make_patient(), make_user()
    for on, findings in days_and_findings:
        make_signed_assessment(patient=patient, by=by, on=on, findings=findings)
    return progress.story(patient)


def ice_picks(count):
    return {"scar_type": "ice_pick", "count": count}


def rolling(count, severity="moderate"):
    return {
        "scar_type": "rolling",
        "count": count,
        "severity": severity,
        "region": "chin",
        "side": "M",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("after", "words"),
    [
        ([ice_picks(3)], "Same"),
        ([ice_picks(3), rolling(15)], "4 higher, within the spread"),
        ([ice_picks(3), rolling(25)], "6 higher, beyond the spread"),
    ],
)
def test_a_change_of_four_points_or_less_is_within_the_spread(after, words):
    story = story_of((FIRST, [ice_picks(3)]), (SECOND, after))

    assert story["steps"][1]["change"] == words


@pytest.mark.django_db
def test_the_band_stands_four_points_around_the_first_score():
    story = story_of((FIRST, [ice_picks(30)]), (SECOND, [ice_picks(3)]))

    drawn = story["score_chart"]
    score = {value: y for y, value in drawn.grid}
    top, height = drawn.band
    per_point = (score[0] - drawn.dots[0].y) / 9  # 30 ice picks: 3 x 3
    assert top == pytest.approx(drawn.dots[0].y - 4 * per_point, abs=0.2)
    assert height == pytest.approx(8 * per_point, abs=0.2)


@pytest.mark.django_db
def test_without_a_spread_in_the_scale_no_band_is_drawn(monkeypatch):
    monkeypatch.setattr(progress, "spread", lambda: None)

    story = story_of((FIRST, [ice_picks(30)]), (SECOND, [ice_picks(3)]))

    assert story["score_chart"].band is None
    assert story["steps"][1]["change"] == "6 lower"


@pytest.mark.django_db
def test_bands_and_missing_numbers_stay_what_they_are():
    band = {"scar_type": "ice_pick", "count": None, "count_band": "over-20"}
    story = story_of((FIRST, [band]), (SECOND, [{"scar_type": "ice_pick", "count": None}]))

    (counted,) = story["counts"]
    assert [amount.words for amount in counted["amounts"]] == ["21 or more", "1 or more"]
    assert counted["change"] == "cannot be told"
    assert all(dot.is_open for dot in counted["chart"].dots)


@pytest.mark.django_db
def test_a_corrected_assessment_is_counted_once():
    make_version()
    by, patient = make_user(), make_patient()
    wrong = make_signed_assessment(patient=patient, by=by, on=FIRST, findings=[ice_picks(3)])
    right = services.correct_assessment(assessment=wrong, by=by, reason="Miscounted")
    make_mark(assessment=right, count=2)
    services.sign_assessment(assessment=right, by=by)

    story = progress.story(patient)

    assert [step["assessment"] for step in story["steps"]] == [right]
    assert [one["code"] for one in story["counts"]] == ["ice_pick", "mark_pih"]


@pytest.mark.django_db
def test_regions_are_compared_place_by_place(client):
    make_version()
    by, patient = make_user(), make_patient()
    here = {"region": "malar", "side": "L", "scar_type": "ice_pick"}
    make_signed_assessment(
        patient=patient, by=by, on=FIRST, findings=[{**here, "count": 9}, rolling(2)]
    )
    make_signed_assessment(
        patient=patient, by=by, on=THIRD, findings=[{**here, "count": 4}, {**here, "side": "R"}]
    )
    client.force_login(by)

    page = client.get(reverse("patients:regions", args=[patient.pk]))

    assert {(row["place"], row["change"]) for row in page.context["rows"]} == {
        ("malar.L", "fewer"),
        ("malar.R", "new"),
        ("chin.M", "gone"),
    }
    assert [one.assessed_on for _, one, _ in page.context["charts"]] == [FIRST, THIRD]


@pytest.mark.django_db
def test_the_page_says_in_a_table_what_the_chart_draws(client):
    make_version()
    by, patient = make_user(), make_patient()
    for on, count in ((FIRST, 30), (SECOND, 12), (THIRD, 3)):
        make_signed_assessment(patient=patient, by=by, on=on, findings=[ice_picks(count)])
    client.force_login(by)

    page = client.get(reverse("patients:timeline", args=[patient.pk])).text

    assert "3 lower, within the spread" in page
    assert "style=" not in page.partition("<main")[2]
    assert page.count("01-Feb-2026") >= 3
    assert "within the spread between observers" in page


@pytest.mark.django_db
def test_an_empty_story_says_so(client):
    client.force_login(make_user())

    page = client.get(reverse("patients:timeline", args=[make_patient().pk])).text

    assert "No signed assessment yet" in page
