"""The windows of a plan's visits, as a chain in which each counts from the visit before it.

The engine counts a visit from the last procedure, a reading from its test area; a calendar moves
visits one after the other. The chain is on the safe side: whatever each link allows, no visit
comes nearer to the procedure that it counts from than the engine's minimum.
"""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Link:
    """Days after the visit before; all None for the first visit."""

    least: int | None = None
    typical: int | None = None
    most: int | None = None


def chain(sessions: list[dict], late_share: float) -> list[Link]:
    """One link for each stored session, in their order.

    Where no latest day is known clinically, booking may be late by `late_share` of the interval
    (an editable default of the clinic), and by three days at least.
    """
    links: list[Link] = []
    for place in range(len(sessions)):
        links.append(_link(sessions, links, place, late_share) if place else Link())
    return links


def _link(sessions, links, place, late_share) -> Link:
    session, before = sessions[place], sessions[place - 1]
    typical = max(1, session["day"] - before["day"])
    reference = _counts_from(sessions, place)
    if session["gap_min_days"] is None or reference is None:
        return Link(1, typical, typical + _late(typical, late_share))
    between = links[reference + 1 : place]
    least = session["gap_min_days"] - sum(link.least for link in between)
    least = min(max(1, least), typical)
    if session["gap_max_days"] is None:
        most = typical + _late(typical, late_share)
    else:
        most = session["gap_max_days"] - sum(link.most for link in between)
    return Link(least, typical, max(typical, most))


def _counts_from(sessions, place) -> int | None:
    """The place of the visit that the engine's gap counts from."""
    kind = "test_spot" if sessions[place]["kind"] == "test_reading" else "procedure"
    earlier = (at for at in reversed(range(place)) if sessions[at]["kind"] == kind)
    return next(earlier, None)


def _late(typical: int, share: float) -> int:
    return max(3, ceil(typical * share))
