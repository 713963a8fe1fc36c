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


@dataclass(frozen=True)
class Late:
    """By how much a visit may be late: a share of its interval, but so many days in any case."""

    share: float
    least: int

    def days(self, interval: int) -> int:
        return max(self.least, ceil(interval * self.share))


def late_of(catalogue) -> Late:
    share = catalogue.constant("window.late_share")
    return Late(share, int(catalogue.constant("window.late_days", 0)))


def chain(sessions: list[dict], late: Late) -> list[Link]:
    """One link for each stored session, in their order.

    Where no latest day is known clinically, booking may be late by a share of the interval, and by
    some days at least (both editable defaults of the clinic).
    """
    links: list[Link] = []
    for place in range(len(sessions)):
        links.append(_link(sessions, links, place, late) if place else Link())
    return links


def _link(sessions, links, place, late: Late) -> Link:
    session, before = sessions[place], sessions[place - 1]
    typical = max(1, session["day"] - before["day"])
    reference = _counts_from(sessions, place)
    if session["gap_min_days"] is None or reference is None:
        return Link(1, typical, typical + late.days(typical))
    between = links[reference + 1 : place]
    least = session["gap_min_days"] - sum(link.least for link in between)
    least = min(max(1, least), typical)
    if session["gap_max_days"] is None:
        most = typical + late.days(typical)
    else:
        most = session["gap_max_days"] - sum(link.most for link in between)
    return Link(least, typical, max(typical, most))


def _counts_from(sessions, place) -> int | None:
    """The place of the visit that the engine's gap counts from."""
    kind = "test_spot" if sessions[place]["kind"] == "test_reading" else "procedure"
    earlier = (at for at in reversed(range(place)) if sessions[at]["kind"] == kind)
    return next(earlier, None)
