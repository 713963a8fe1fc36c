"""What this app reads of a published catalogue, read once for each version: it never changes."""

from dataclasses import dataclass
from functools import lru_cache

from clinic.catalogue.models import Version


@dataclass(frozen=True, eq=False)
class Definitions:
    scales: dict[str, dict]
    sides: dict[str, tuple[str, ...]]  # of each region
    treatments: tuple[tuple[str, str], ...]  # code and name, by name
    questions: tuple[dict, ...]  # in the order of asking


NOTHING = Definitions({}, {}, (), ())


def in_force() -> Definitions:
    """Of the newest version; empty before the first is published."""
    version = Version.objects.in_force()
    return of_version(version.pk) if version else NOTHING


@lru_cache(maxsize=8)
def of_version(pk) -> Definitions:
    document = Version.objects.get(pk=pk).document
    treatments = ((row["code"], row["name"]) for row in document["treatments"])
    return Definitions(
        scales={row["code"]: row for row in document["scales"]},
        sides={row["code"]: tuple(row["sides"]) for row in document["regions"]},
        treatments=tuple(sorted(treatments, key=lambda row: row[1])),
        questions=tuple(sorted(document["questions"], key=lambda row: (row["order"], row["code"]))),
    )
