"""The search for offers: whole sequences of visits on what a diary has free. Pure functions."""

import itertools
from collections.abc import Mapping, Sequence

from clinic.scheduling.calendar import (
    Diary,
    Offer,
    Placement,
    Shortfall,
    Visit,
    Widened,
    Window,
    Wish,
    spans,
)

# The units of cost, each worth more than all below it can add up to; a day off the target is 1.
CHANGE_OF_PERSON = 10_000
MOVED = 1_000_000
DAY_OUTSIDE_WINDOW = 1_000_000

MOST_DAYS_OUTSIDE = 90  # how far a window is widened in the search for the smallest relaxation

NEAR = 28
"""Days off that are looked at first. What costs no more is found there and nothing beyond can be
cheaper, since no step takes a cost back; a far search is made only where that finds nothing."""

ANY = Wish()


def best_offer(
    diary: Diary, visits: Sequence[Visit], *, wish: Wish = ANY, after: int | None = None
) -> Offer | Shortfall:
    """The sequence with the fewest days off its targets, then the one that finishes first: exact.

    `after` is the day of the visit before the first of these, from which its window counts. Cost is
    in days: the wait for the first visit and each later visit's distance from its typical gap. Only
    whole days matter to windows, so the programme runs over days and takes each day's first start.
    """
    found = _best(diary, visits, wish, after)
    if isinstance(found, int):
        return _shortfall(diary, visits, found, wish=wish, after=after)
    return found


def best_if_any(
    diary: Diary, visits: Sequence[Visit], *, wish: Wish = ANY, after: int | None = None
) -> Offer | None:
    """As `best_offer`, where nobody wants to know why nothing fits."""
    found = _best(diary, visits, wish, after)
    return None if isinstance(found, int) else found


def _best(diary, visits, wish: Wish, after: int | None) -> Offer | int:
    layers = [diary.days(visit, wish) for visit in visits]
    nodes = [dict.fromkeys(layer, 0) for layer in layers]
    for most in (NEAR, None):
        chain = _cheapest(nodes, visits, after, most=most)
        if not isinstance(chain, int):
            cost, days = chain
            return Offer(_place(diary, visits, layers, days, wish, after), cost)
    return chain


def fewest_changes(
    diary: Diary, visits: Sequence[Visit], *, wish: Wish = ANY, after: int | None = None
) -> Offer | None:
    """The sequence with the fewest changes of practitioner, then as `best_offer`: exact."""
    choices = []
    for visit in visits:
        people = visit.lead.pool if visit.lead else (None,)
        choices.append(
            {person: diary.days(visit, _with(wish, person)) for person in people},
        )
    for most in (NEAR, None):
        found = _cheapest_with_people(choices, visits, after, most)
        if found is not None:
            break
    else:
        return None
    cost, steps = found
    placements, before = [], after
    for visit, (day, person), days in zip(visits, steps, choices, strict=True):
        slot = days[person][day]
        team = diary.staff(visit, slot, _with(wish, person))
        placements.append(Placement(visit, slot, day, _target(diary, visit, before, day), team))
        before = day
    return Offer(tuple(placements), cost % CHANGE_OF_PERSON)


def same_person(
    diary: Diary, visits: Sequence[Visit], *, wish: Wish = ANY, after: int | None = None
) -> Offer | None:
    """The best sequence in which one practitioner performs whatever they may perform.

    Only people who may perform the most visits are considered; None if it fits with none of them.
    """
    reach: dict[int, int] = {}
    for visit in visits:
        for person in visit.lead.pool if visit.lead else ():
            reach[person] = reach.get(person, 0) + 1
    widest = max(reach.values(), default=0)
    offers = [
        best_if_any(diary, visits, wish=_with(wish, person), after=after)
        for person, count in reach.items()
        if count == widest
    ]
    whole = [offer for offer in offers if offer]
    return min(whole, key=lambda offer: (offer.cost, offer.slots[-1]), default=None)


def reflow(diary: Diary, visits: Sequence[Visit], booked: Sequence[int], *, after: int | None):
    """The fewest moves that bring later visits back into their windows, then the fewest days off.

    `booked` is each visit's present start. A visit keeps its exact time whenever that is possible.
    """
    layers, nodes = [], []
    for visit, slot in zip(visits, booked, strict=True):
        days = diary.days(visit)
        cost = dict.fromkeys(days, MOVED)
        if diary.fits(visit) >> slot & 1 or visit.pinned == slot:
            days[diary.grid.day_of(slot)] = slot
            cost[diary.grid.day_of(slot)] = 0
        layers.append(days)
        nodes.append(cost)
    chain = _cheapest(nodes, visits, after)
    if isinstance(chain, int):
        return _shortfall(diary, visits, chain, wish=Wish(), after=after)
    cost, days = chain
    return Offer(_place(diary, visits, layers, days, Wish(), after), cost % MOVED)


def openings(
    diary: Diary, visit: Visit, *, first: int, last: int, target: int, limit: int, step: int = 1
) -> list[Placement]:
    """Starts for one visit from day `first` to `last`, at most every `step` quarters."""
    fits = diary.fits(visit)
    found: list[Placement] = []
    for start, end in spans(fits):
        for slot in range(start, end, step):
            day = diary.grid.day_of(slot)
            if not first <= day <= last:
                continue
            team = diary.staff(visit, slot)
            if team is not None:
                found.append(Placement(visit, slot, day, target, team))
            if len(found) >= limit:
                return found
    return found


def _with(wish: Wish, person: int | None) -> Wish:
    return Wish(wish.starts, wish.last_day, person)


def _target(diary: Diary, visit: Visit, before: int | None, day: int) -> int:
    if visit.window is None or before is None:
        return min(day, max(visit.not_before, diary.grid.day_of(max(0, diary.now))))
    return before + visit.window.typical


def _place(diary, visits, layers, days, wish, after) -> tuple[Placement, ...]:
    placements, before, person = [], after, None
    for visit, layer, day in zip(visits, layers, days, strict=True):
        slot = layer[day]
        team = diary.staff(visit, slot, wish, rather=person)
        if visit.lead and team:
            person = team[visit.needs.index(visit.lead)]
        placements.append(
            Placement(visit, slot, day, _target(diary, visit, before, day), team or ())
        )
        before = day
    return tuple(placements)


def _first_layer(nodes: Mapping[int, int], visit: Visit, after: int | None, widen: int):
    if visit.window is None or after is None:
        return {day: cost + day - visit.not_before for day, cost in nodes.items()}
    window = visit.window
    reached = {}
    for day, cost in nodes.items():
        gap = day - after
        outside = window.misses(gap)
        if gap >= 1 and outside <= widen:
            reached[day] = cost + outside * DAY_OUTSIDE_WINDOW + abs(gap - window.typical)
    return reached


def _cheapest(
    nodes: Sequence[Mapping[int, int]], visits: Sequence[Visit], after: int | None,
    widen: int = 0, most: int | None = None,
) -> tuple[int, list[int]] | int:  # fmt: skip
    """(cost, day of each visit), or the place of the first visit that nothing reaches.

    With `most` only what costs no more counts.
    """
    best = _within(_first_layer(nodes[0], visits[0], after, widen), most)
    came: list[dict[int, int]] = []
    if not best:
        return 0
    for place, (layer, visit) in enumerate(zip(nodes[1:], visits[1:], strict=True), 1):
        gaps = _gaps(visit, layer, best, widen)
        now, back = {}, {}
        for day in _reached(layer, best, gaps):
            if found := _nearest(day, best, gaps):
                now[day], back[day] = found[0] + layer[day], found[1]
        now = _within(now, most)
        if not now:
            return place
        came.append(back)
        best = now
    day = min(best, key=lambda day: (best[day], day))
    cost, days = best[day], [day]
    for back in reversed(came):
        days.append(back[days[-1]])
    return cost, days[::-1]


def _within(costs: dict[int, int], most: int | None) -> dict[int, int]:
    return costs if most is None else {day: cost for day, cost in costs.items() if cost <= most}


def _gaps(visit: Visit, layer, before, widen: int) -> list[tuple[int, int]]:
    """Each number of days since the visit before, the least first, with what it costs."""
    window = visit.window or Window(1, 1, max(1, max(layer, default=0) - min(before)))
    return [
        (gap, abs(gap - window.typical) + window.misses(gap) * DAY_OUTSIDE_WINDOW)
        for gap in range(max(1, window.least - widen), window.most + widen + 1)
    ]


def _reached(layer, before, gaps) -> list[int]:
    """The days of a layer that some day before can reach at all."""
    first, last = min(before) + gaps[0][0], max(before) + gaps[-1][0]
    return [day for day in layer if first <= day <= last]


def _cheapest_with_people(choices, visits, after, most: int | None):
    """As `_cheapest`, with the practitioner as a second coordinate of the state."""
    best: dict[int | None, dict[int, int]] = {}
    for person, days in choices[0].items():
        first = _first_layer(dict.fromkeys(days, 0), visits[0], after, 0)
        best[person] = _within(first, most)
    trail = []
    for people, (visit_before, visit) in zip(choices[1:], itertools.pairwise(visits), strict=True):
        whose: dict[int, int | None] = {}
        anyone: dict[int, int] = {}
        for person, costs in best.items():
            for day, cost in costs.items():
                if day not in anyone or cost < anyone[day]:
                    anyone[day], whose[day] = cost, person
        if not anyone:
            return None
        every = {day for days in people.values() for day in days}
        gaps = _gaps(visit, every, anyone, 0)
        # A visit that needs no practitioner is no change, either way.
        change = CHANGE_OF_PERSON if visit_before.lead and visit.lead else 0
        by_another = {
            day: (cost + change, before, whose[before])
            for day in _reached(every, anyone, gaps)
            if (found := _nearest(day, anyone, gaps))
            for cost, before in [found]
        }
        now, back = {}, {}
        for person, days in people.items():
            same, now[person] = best.get(person, {}), {}
            for day in days.keys() & by_another.keys():  # `same` leads nowhere that all do not
                options = [by_another[day]]
                if same and (found := _nearest(day, same, gaps)):
                    options.insert(0, (*found, person))
                cost, before, other = min(options, key=_cost_and_day)
                now[person][day] = cost
                back[person, day] = (before, other)
            now[person] = _within(now[person], most)
        trail.append(back)
        best = now
    ends = [(cost, day, person) for person, costs in best.items() for day, cost in costs.items()]
    if not ends:
        return None
    cost, day, person = min(ends, key=_cost_and_day)
    steps = [(day, person)]
    for back in reversed(trail):
        day, person = back[person, day]
        steps.append((day, person))
    return cost, steps[::-1]


def _cost_and_day(option):
    return option[:2]


def _nearest(day: int, costs: Mapping[int, int], gaps) -> tuple[int, int] | None:
    """The cheapest way to a day: (cost, day before it); on a tie the earlier day."""
    cheapest = before = None
    for gap, extra in gaps:
        cost = costs.get(day - gap)
        if cost is not None and (cheapest is None or cost + extra <= cheapest):
            cheapest, before = cost + extra, day - gap
    return None if before is None else (cheapest, before)


def _shortfall(diary, visits, stuck: int, *, wish: Wish, after: int | None) -> Shortfall:
    visit = visits[stuck]
    reach = _reach(diary, visits, stuck, wish, after)
    first, last = min(reach, default=visit.not_before), max(reach, default=visit.not_before)
    short = tuple(
        need for need in visit.needs if reach & diary.days(visit, wish, ignoring=need).keys()
    )
    layers = [diary.days(each, wish) for each in visits]
    nodes = [dict.fromkeys(layer, 0) for layer in layers]
    wider = _cheapest(nodes, visits, after, MOST_DAYS_OUTSIDE)
    if isinstance(wider, int):
        return Shortfall(visit.key, first, last, short)
    cost, days = wider
    offer = Offer(_place(diary, visits, layers, days, wish, after), cost % DAY_OUTSIDE_WINDOW)
    widen, before = [], after
    for each, day in zip(visits, days, strict=True):
        if each.window is not None and before is not None:
            gap = day - before
            if each.window.misses(gap):
                over = gap - each.window.most if gap > each.window.most else gap - each.window.least
                widen.append(Widened(each.key, over))
        before = day
    return Shortfall(visit.key, first, last, short, tuple(widen), offer)


def _reach(diary, visits, stuck: int, wish: Wish, after: int | None) -> set[int]:
    """The days on which the stuck visit could be, were everything free for it."""
    days = set() if after is None else {after}
    for place, visit in enumerate(visits):
        reach = set(range(visit.not_before, diary.grid.days))
        if days and visit.window is not None:
            gaps = range(visit.window.least, visit.window.most + 1)
            reach &= {day + gap for day in days for gap in gaps}
        if place == stuck:
            return reach
        days = reach & diary.days(visit, wish).keys()
    raise AssertionError("the stuck visit is one of them")
