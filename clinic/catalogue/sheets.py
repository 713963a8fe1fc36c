"""A form of many entries as its page draws it: what stands in each, and what is wrong beside it."""

import json
from collections.abc import Callable

from clinic.catalogue.treatment_entries import BLANK, Entries

MOVABLE = ("c-", "s-")
DEFAULTS = BLANK | {"evidence": "D"}


class Sheet:
    """`entries` as they are now, `errors` by name, `in_force` the entries of the last version."""

    def __init__(self, entries: Entries, errors=None, in_force: Entries | None = None):
        self.entries, self.errors = entries, errors or {}
        self.in_force = in_force

    def value(self, name: str) -> str:
        return self.entries.get(name, DEFAULTS.get(name.rpartition("-")[2], ""))

    def holds(self, name: str, code: str) -> bool:
        return code in self.entries.get(name, ())

    def refusals(self, name: str) -> list[str]:
        return self.errors.get(name, [])

    def before(self, name: str) -> str | None:
        """What stands in the version in force where that is something else; else None.

        Rows that move have no names of their own to be compared by.
        """
        if self.in_force is None or name[:2] in MOVABLE:
            return None
        was = self.in_force.get(name, "")
        return was if was != self.entries.get(name, "") else None

    def wrong_in(self, prefix: str) -> bool:
        return any(name == prefix or name.startswith(f"{prefix}-") for name in self.errors)

    @property
    def count(self) -> int:
        return sum(len(reasons) for reasons in self.errors.values())


def base_in(text: str, flat: Callable[[dict], Entries], code: str) -> dict | None:
    """The row as the editor read it, which the page carries; None for one that cannot be read."""
    try:
        base = json.loads(text)
        return base if flat(base) and base["code"] == code else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
