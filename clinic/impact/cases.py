"""The library of a hundred made-up cases on which a change of the catalogue is tried."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

from clinic.catalogue.models import Version
from planner import bridge
from planner.casefile import CaseReader
from planner.engine.catalogue import Catalogue
from planner.engine.values import Case

FOLDER = Path(__file__).with_name("library")
FILES = ("histories.yaml", "faces.yaml")
MADE_ON = date(2026, 11, 21)


@dataclass(frozen=True)
class LibraryCase:
    case: Case
    about: str

    @property
    def code(self) -> str:
        return self.case.id


def library(version: Version | None = None) -> tuple[LibraryCase, ...]:
    """All cases as the engine takes them, read by a version's questions (the one in force).

    What that catalogue no longer asks or names is left out of a case: no rule of it can read it.
    """
    version = version or Version.objects.defer("document").in_force()
    return _library(version.hash)


@lru_cache(maxsize=2)
def _library(hash_: str) -> tuple[LibraryCase, ...]:
    version = Version.objects.get(hash=hash_)
    return read(bridge.catalogue_of(version), version.document)


def read(catalogue: Catalogue, document: dict) -> tuple[LibraryCase, ...]:
    """The cases by a catalogue that need not be a published one."""
    sides = {row["code"]: row["sides"] for row in document["regions"]}
    return tuple(
        LibraryCase(reader(content, catalogue, sides).case(MADE_ON), about(content))
        for content in contents()
    )


def reader(content: dict, catalogue: Catalogue, sides: dict) -> CaseReader:
    return CaseReader(content, catalogue, sides=sides)


@lru_cache(maxsize=1)
def contents() -> tuple[dict, ...]:
    return tuple(
        content
        for name in FILES
        for content in yaml.load((FOLDER / name).read_text("utf-8"), Loader=yaml.CSafeLoader)
    )


def about(content: dict) -> str:
    """What a reader knows the case by."""
    return content.get("about") or f"Face {content['id'].removeprefix('face-')}"
