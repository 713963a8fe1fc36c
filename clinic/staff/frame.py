"""What stands at the side of every page: the places that a person may go to."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from clinic.staff.doors import may_enter


@dataclass(frozen=True)
class Place:
    """A name at the side, the pages behind it, and the addresses that count as being there.

    Its link leads to the first page that the person may enter; with none it is not shown.
    """

    label: str
    icon: str
    pages: tuple[str, ...]
    prefixes: tuple[str, ...] = ()


PLACES = (
    Place("Today", "sun", ("today",), ("/",)),
    Place("Patients", "people", ("patients:list",), ("/patients/",)),
    Place("Calendar", "calendar3", ("scheduling:day",), ("/calendar/",)),
    Place("Plans", "signpost-split", ("planner:plans",), ("/plans/",)),
    Place("Catalogue", "journal-medical", ("catalogue:home",), ("/catalogue/", "/impact/")),
    Place(
        "Clinic",
        "house-gear",
        ("catalogue:clinic", "staff:users", "scheduling:resources", "letters:words"),
        ("/catalogue/clinic/", "/staff/users/", "/calendar/resources/", "/messages/words/"),
    ),
)
ROOMS_OF_THE_CLINIC = (
    ("Settings", "catalogue:clinic"),
    ("People", "staff:users"),
    ("Rooms and devices", "scheduling:resources"),
    ("Messages", "letters:words"),
)


def places_for(user, path: str) -> list[dict]:
    """The places open to `user`; `here` is the one that the page at `path` belongs to."""
    nearest = nearest_place(path)
    return [
        {"label": place.label, "icon": place.icon, "url": url, "here": place == nearest}
        for place in PLACES
        if (url := first_open(user, place.pages))
    ]


def rooms_for(user, path: str) -> list[dict]:
    rooms = ((label, first_open(user, (page,))) for label, page in ROOMS_OF_THE_CLINIC)
    return [
        {"label": label, "url": url, "here": path.startswith(url)} for label, url in rooms if url
    ]


def nearest_place(path: str) -> Place | None:
    """The place with the longest prefix of `path`; "/" is the address of today alone."""
    found = [
        (len(prefix), place)
        for place in PLACES
        for prefix in place.prefixes
        if path == prefix or (prefix != "/" and path.startswith(prefix))
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def first_open(user, pages) -> str | None:
    return next((url for page in pages if may_enter(user, page) and (url := address(page))), None)


def address(page: str) -> str | None:
    """None for a page that this clinic does not have."""
    try:
        return reverse(page)
    except NoReverseMatch:
        return None
