"""How long the offers for a whole plan take on a generated, three-quarters-full calendar.

    python benchmarks/scheduling_offers.py [--plans 60] [--seed 20261121]

Six sessions over nine months, six practitioners, five rooms, four devices; windows of a quarter of
the interval to either side; each session with numbing, procedure and clean-up. Prints the median
and 95th percentile of each kind of offer in milliseconds, and beside it a floor: reading the same
free time day by day for one session, without any search.
"""

import argparse
import datetime as dt
import random
import statistics
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clinic.scheduling import calendar, sequences
from clinic.scheduling.calendar import Diary, Grid, Hours, Need, Offer, Part, Visit, Window

LONDON = ZoneInfo("Europe/London")
FIRST = dt.date(2027, 1, 4)
DAYS = 400
PEOPLE, ROOMS, DEVICES = range(1, 7), range(11, 16), range(21, 25)
FULL = 0.75
LENGTHS = (2, 3, 4, 6)  # quarters of a booking
WHOLE = frozenset({"numbing", "procedure", "clean_up"})
PROCEDURE = frozenset({"procedure"})


def busy(dice: random.Random, hours: int, size: int) -> list[tuple[int, int]]:
    """Bookings at random places of each working day until three quarters of it are taken."""
    taken = []
    for start, end in calendar.spans(hours):
        cells, at, bookings = end - start, start, []
        while at < end:
            length = min(dice.choice(LENGTHS), end - at)
            bookings.append((at, at + length))
            at += length
        dice.shuffle(bookings)
        filled = 0
        for booking in bookings:
            if filled >= FULL * cells:
                break
            taken.append(booking)
            filled += booking[1] - booking[0]
    return taken


def a_calendar(seed: int) -> tuple[Grid, dict[int, int], int, list]:
    dice = random.Random(seed)
    grid = Grid.over(FIRST, DAYS, LONDON)
    hours = calendar.working(grid, [Hours(day, dt.time(9), dt.time(18)) for day in range(5)])
    bookings = [(each, busy(dice, hours, grid.size)) for each in (*PEOPLE, *ROOMS, *DEVICES)]
    free = {each: calendar.free_time(grid, hours=hours, taken=taken) for each, taken in bookings}
    return grid, free, hours, bookings


def a_plan(dice: random.Random) -> list[Visit]:
    """Six sessions whose typical gaps add up to about nine months."""
    visits = []
    for number in range(6):
        typical = dice.choice((42, 49, 56, 63))
        slack = typical // 4
        needs = [
            Need("person", "a doctor", tuple(dice.sample(PEOPLE, dice.randint(2, 4))), PROCEDURE),
            Need("room", "a room", tuple(ROOMS), WHOLE),
        ]
        if dice.random() < 0.7:
            needs.append(Need("device", "a device", tuple(dice.sample(DEVICES, 2)), PROCEDURE))
        visits.append(
            Visit(
                number,
                (Part("numbing", 2), Part("procedure", dice.choice((2, 3))), Part("clean_up", 1)),
                tuple(needs),
                Window(typical - slack, typical, typical + slack) if number else None,
            )
        )
    return visits


def timed(deed):
    began = time.perf_counter()
    answer = deed()
    return (time.perf_counter() - began) * 1000, answer


def mornings(grid: Grid) -> int:
    return calendar.between(grid, dt.time(0), dt.time(12))


def say(line: str):
    sys.stdout.write(f"{line}\n")


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--plans", type=int, default=60)
    asked.add_argument("--seed", type=int, default=20261121)
    asked = asked.parse_args()
    grid, free, hours, bookings = a_calendar(asked.seed)
    plans = [a_plan(random.Random(asked.seed + number)) for number in range(asked.plans)]
    morning = calendar.Wish(starts=mornings(grid))
    kinds = {
        "best fit": lambda diary, visits: sequences.best_offer(diary, visits),
        "one practitioner": lambda diary, visits: sequences.same_person(diary, visits),
        "fewest changes": lambda diary, visits: sequences.fewest_changes(diary, visits),
        "mornings only": lambda diary, visits: sequences.best_offer(diary, visits, wish=morning),
        "floor: one session": lambda diary, visits: diary.days(visits[0]),
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    found: dict[str, int] = dict.fromkeys(kinds, 0)
    for visits in tqdm(plans, "Plans", disable=None):
        for name, search in kinds.items():
            length, answer = timed(lambda s=search, v=visits: s(Diary(grid, free), v))
            times[name].append(length)
            found[name] += isinstance(answer, Offer | dict)
    reading, _ = timed(
        lambda: [calendar.free_time(grid, hours=hours, taken=taken) for _, taken in bookings]
    )
    say(f"seed {asked.seed}, {len(plans)} plans, {grid.days} days, {FULL:.0%} full")
    say(f"{'offer':<22}{'median ms':>10}{'p95 ms':>10}{'found':>8}")
    for name, lengths in times.items():
        p95 = statistics.quantiles(lengths, n=20)[-1]
        say(f"{name:<22}{statistics.median(lengths):>10.1f}{p95:>10.1f}{found[name]:>8}")
    say(f"{'bookings to free time':<22}{reading:>10.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
