"""The search for a whole sequence, held against trying everything."""

import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.scheduling import calendar, sequences
from clinic.scheduling.calendar import (
    Diary,
    Grid,
    Need,
    Offer,
    Part,
    Shortfall,
    Visit,
    Window,
    Wish,
)

ORIGIN = dt.datetime(2027, 1, 4, tzinfo=dt.UTC)
DOCTORS, ROOMS, DEVICES = (1, 2, 3), (11, 12), (21, 22)


def small_grid(days: int, a_day: int) -> Grid:
    """A calendar of short days, so that trying everything stays possible."""
    return Grid(ORIGIN.date(), ORIGIN, tuple(n * a_day for n in range(days + 1)), dt.UTC)


def needs(doctors=DOCTORS, rooms=ROOMS, devices=()):
    whole = frozenset({"numbing", "procedure", "clean_up"})
    found = [
        Need("person", "a doctor", tuple(doctors), frozenset({"procedure"})),
        Need("room", "a room", tuple(rooms), whole),
    ]
    if devices:
        found.append(Need("device", "the laser", tuple(devices), frozenset({"procedure"})))
    return tuple(found)


def a_visit(key=1, parts=((0, "numbing"), (1, "procedure"), (0, "clean_up")), **fields):
    made = tuple(Part(kind, length) for length, kind in parts if length)
    return Visit(key=key, parts=made, needs=fields.pop("needs", needs()), **fields)


@st.composite
def small_cases(draw):
    days, a_day = draw(st.integers(3, 7)), draw(st.integers(2, 4))
    grid = small_grid(days, a_day)
    free = {
        resource: draw(st.integers(0, (1 << grid.size) - 1))
        for resource in (*DOCTORS, *ROOMS, *DEVICES)
    }
    visits = []
    for number in range(draw(st.integers(1, 3))):
        least, typical, most = sorted(draw(st.tuples(*[st.integers(1, 4)] * 3)))
        doctors = draw(st.lists(st.sampled_from(DOCTORS), min_size=1, unique=True))
        wanted = needs(doctors, devices=draw(st.sampled_from([(), DEVICES])))
        if draw(st.booleans()):
            second = draw(st.lists(st.sampled_from(DOCTORS), min_size=1, unique=True))
            wanted += (Need("person", "a nurse", tuple(second), frozenset({"procedure"})),)
        visits.append(
            a_visit(
                number,
                ((draw(st.integers(0, 1)), "numbing"), (1, "procedure"), (0, "clean_up")),
                needs=wanted,
                window=Window(least, typical, most) if number else None,
            )
        )
    return Diary(grid, free), visits


def every_placing(diary, visit):
    """(slot, team) of each way to place one visit, found by looking at every quarter."""
    for slot in range(diary.grid.size):
        day = diary.grid.day_of(slot)
        for team in itertools.product(*(need.pool for need in visit.needs)):
            if len(set(team)) == len(team) and all(
                diary.free[resource] >> (slot + at) & 1
                for need, resource in zip(visit.needs, team, strict=True)
                for offset, length in visit.holds(need)
                for at in range(offset, offset + length)
            ):
                yield slot, day, team


def every_sequence(diary, visits):
    ways = [list(every_placing(diary, visit)) for visit in visits]
    for sequence in itertools.product(*({(day, team[0]) for _, day, team in way} for way in ways)):
        days = [day for day, _ in sequence]
        gaps = [b - a for a, b in itertools.pairwise(days)]
        windows = [visit.window for visit in visits[1:]]
        if all(w.least <= gap <= w.most for w, gap in zip(windows, gaps, strict=True)):
            off = days[0] + sum(abs(gap - w.typical) for w, gap in zip(windows, gaps, strict=True))
            people = [person for _, person in sequence]
            changes = sum(a != b for a, b in itertools.pairwise(people))
            yield off, days[-1], changes, people


@settings(deadline=None)
@given(small_cases())
def test_the_first_offer_is_as_good_as_the_best_of_all_sequences(case):
    diary, visits = case
    best = min((found[:2] for found in every_sequence(diary, visits)), default=None)

    offer = sequences.best_offer(diary, visits)

    if best is None:
        assert isinstance(offer, Shortfall)
    else:
        assert (offer.cost, offer.finishes) == best


@settings(deadline=None)
@given(small_cases())
def test_an_offer_can_really_be_kept(case):
    diary, visits = case

    offer = sequences.best_offer(diary, visits)

    for placement in offer.placements if isinstance(offer, Offer) else ():
        assert (placement.slot, placement.day, placement.resources) in list(
            every_placing(diary, placement.visit)
        )


@settings(deadline=None)
@given(small_cases())
def test_no_sequence_changes_the_practitioner_less_often(case):
    diary, visits = case
    best = min(
        ((changes, off, last) for off, last, changes, _ in every_sequence(diary, visits)),
        default=None,
    )

    offer = sequences.fewest_changes(diary, visits)

    if best is None:
        assert offer is None
    else:
        people = [placement.resources[0] for placement in offer.placements]
        changes = sum(a != b for a, b in itertools.pairwise(people))
        assert (changes, offer.cost, offer.finishes) == best


@settings(deadline=None)
@given(small_cases())
def test_a_resource_named_as_the_bottleneck_would_really_open_the_visit(case):
    diary, visits = case
    found = sequences.best_offer(diary, visits)
    if isinstance(found, Offer):
        return

    for need in found.short_of:
        stuck = next(visit for visit in visits if visit.key == found.key)
        others = tuple(each for each in stuck.needs if each is not need)
        easier = Visit(stuck.key, stuck.parts, others, stuck.window)

        assert any(found.first_day <= day <= found.last_day for day in diary.days(easier))


def lone_days(grid, *days, a_day):
    return calendar.bits(grid.size, [(day * a_day, day * a_day + a_day) for day in days])


def test_the_smallest_widening_is_told_when_nothing_fits():
    grid = small_grid(20, 4)
    free = {1: lone_days(grid, 0, 9, a_day=4), 11: (1 << grid.size) - 1}
    visits = [
        a_visit("first", needs=needs([1], [11])),
        a_visit("second", needs=needs([1], [11]), window=Window(4, 5, 7)),
    ]

    found = sequences.best_offer(Diary(grid, free), visits)

    assert (found.key, found.first_day, found.last_day) == ("second", 4, 16)
    assert [need.kind for need in found.short_of] == ["person"]
    assert [(wider.key, wider.days) for wider in found.widen] == [("second", 2)]
    assert [placement.day for placement in found.offer.placements] == [0, 9]


def test_numbing_needs_a_room_and_no_practitioner():
    grid = small_grid(1, 6)
    free = {1: 0b001100, 11: 0b001111}
    visit = a_visit(parts=((2, "numbing"), (2, "procedure")), needs=needs([1], [11]))

    offer = sequences.best_offer(Diary(grid, free), [visit])

    assert offer.slots == (0,)


def test_the_room_stays_the_same_from_numbing_to_clean_up():
    grid = small_grid(1, 6)
    free = {1: 0b111111, 11: 0b000111, 12: 0b111000}
    visit = a_visit(parts=((2, "numbing"), (2, "procedure")), needs=needs([1], ROOMS))

    found = sequences.best_offer(Diary(grid, free), [visit])

    assert isinstance(found, Shortfall)
    assert [need.kind for need in found.short_of] == ["room"]


def test_a_wish_for_one_person_is_kept_wherever_that_person_may_perform():
    grid = small_grid(9, 2)
    always = (1 << grid.size) - 1
    free = {1: always, 2: lone_days(grid, 2, 6, a_day=2), 11: always}
    visits = [
        a_visit(1, needs=needs([1, 2], [11])),
        a_visit(2, needs=needs([1, 2], [11]), window=Window(3, 4, 5)),
        a_visit(3, needs=needs([1], [11]), window=Window(1, 2, 2)),
    ]

    offer = sequences.best_offer(Diary(grid, free), visits, wish=Wish(with_person=2))

    assert [p.resources[0] for p in offer.placements] == [2, 2, 1]
    assert [p.day for p in offer.placements] == [2, 6, 8]


def test_a_date_to_be_done_by_holds_for_every_visit():
    grid = small_grid(9, 2)
    always = (1 << grid.size) - 1
    visits = [
        a_visit(1, needs=needs([1], [11])),
        a_visit(2, needs=needs([1], [11]), window=Window(3, 5, 6)),
    ]

    offer = sequences.best_offer(
        Diary(grid, {1: always, 11: always}), visits, wish=Wish(last_day=4)
    )

    assert [p.day for p in offer.placements] == [0, 4]


@pytest.mark.parametrize(
    ("moved_to", "days"),
    [(2, [7, 12]), (4, [8, 12]), (6, [11, 16])],
)
def test_a_moved_visit_pulls_along_as_few_later_ones_as_possible(moved_to, days):
    grid = small_grid(20, 2)
    always = (1 << grid.size) - 1
    later = [
        a_visit(2, needs=needs([1], [11]), window=Window(4, 5, 6)),
        a_visit(3, needs=needs([1], [11]), window=Window(4, 5, 5)),
    ]

    offer = sequences.reflow(
        Diary(grid, {1: always, 11: always}), later, [7 * 2, 12 * 2], after=moved_to
    )

    assert [placement.day for placement in offer.placements] == days


def test_the_first_visit_waits_for_the_one_before_it_that_was_performed():
    grid = small_grid(20, 2)
    always = (1 << grid.size) - 1
    visit = a_visit(2, needs=needs([1], [11]), window=Window(4, 6, 8))

    offer = sequences.best_offer(Diary(grid, {1: always, 11: always}), [visit], after=-2)

    assert offer.placements[0].day == 4
    assert offer.placements[0].off_target == 0
