"""Local time, quarter hours and what is free in them."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.scheduling import calendar
from clinic.scheduling.calendar import Grid, Hours

BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
SPRING = dt.date(2027, 3, 28)
AUTUMN = dt.date(2026, 10, 25)
ALL_DAY = [Hours(weekday, dt.time(0), dt.time.max) for weekday in range(7)]


@pytest.mark.parametrize(
    ("day", "quarters"), [(SPRING, 92), (AUTUMN, 100), (dt.date(2026, 11, 21), 96)]
)
def test_a_day_has_the_quarters_that_daylight_saving_leaves_it(day, quarters):
    grid = Grid.over(day, 1, BERLIN)

    assert grid.size == quarters
    assert calendar.working(grid, ALL_DAY).bit_count() == quarters


def test_nine_in_the_morning_is_nine_on_both_sides_of_a_clock_change():
    grid = Grid.over(SPRING - dt.timedelta(days=1), 3, BERLIN)
    hours = calendar.working(grid, [Hours(w, dt.time(9), dt.time(17)) for w in range(7)])

    opens = [grid.instant(start).astimezone(BERLIN).time() for start, _ in calendar.spans(hours)]

    assert opens == [dt.time(9)] * 3


def test_hours_across_the_skipped_hour_are_as_long_as_they_really_are():
    grid = Grid.over(SPRING, 1, BERLIN)

    night = calendar.working(grid, [Hours(6, dt.time(1), dt.time(4))])

    assert night.bit_count() == 2 * 4


def test_hours_across_the_repeated_hour_hold_both_of_it():
    grid = Grid.over(AUTUMN, 1, BERLIN)

    night = calendar.working(grid, [Hours(6, dt.time(2), dt.time(3))])

    assert night.bit_count() == 2 * 4


def test_a_skipped_time_is_known_not_to_exist():
    assert not calendar.exists(SPRING, dt.time(2, 30), BERLIN)
    assert calendar.exists(SPRING, dt.time(3, 30), BERLIN)
    assert calendar.exists(AUTUMN, dt.time(2, 30), BERLIN)


def test_a_zone_of_three_quarters_of_an_hour_falls_on_the_grid():
    grid = Grid.over(dt.date(2027, 1, 4), 2, KATHMANDU)

    assert grid.instant(4 * 9).astimezone(KATHMANDU).time() == dt.time(9)


def test_a_booking_off_the_quarter_takes_every_quarter_it_touches():
    grid = Grid.over(dt.date(2027, 1, 4), 1, BERLIN)
    nine_ten = dt.datetime(2027, 1, 4, 9, 10, tzinfo=BERLIN)

    start, end = grid.span(nine_ten, nine_ten + dt.timedelta(minutes=30))

    assert (start, end) == (9 * 4, 9 * 4 + 3)


def test_absences_and_bookings_are_not_free():
    grid = Grid.over(dt.date(2027, 1, 4), 1, BERLIN)
    hours = calendar.working(grid, [Hours(0, dt.time(9), dt.time(12))])
    ten = dt.datetime(2027, 1, 4, 10, tzinfo=BERLIN)

    free = calendar.free_time(
        grid, hours=hours, away=[(ten, ten + dt.timedelta(hours=1))], taken=[(36, 38)]
    )

    assert calendar.spans(free) == [(38, 40), (44, 48)]


@given(st.lists(st.booleans(), max_size=200))
def test_spans_and_bits_are_each_others_inverse(cells):
    number = sum(1 << place for place, cell in enumerate(cells) if cell)

    assert calendar.bits(len(cells), calendar.spans(number)) == number


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 9))
def test_starts_are_the_places_with_so_many_free_in_a_row(cells, length):
    free = sum(1 << place for place, cell in enumerate(cells) if cell)

    found = calendar.starts(free, length)

    assert [place for place in range(len(cells)) if found >> place & 1] == [
        place for place in range(len(cells) - length + 1) if all(cells[place : place + length])
    ]
