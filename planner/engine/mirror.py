"""Left and right: a case is brought to one orientation before it is solved, its answer turned back.

The order in which findings, answers and marks were read is lost on the way, on purpose.
"""

import re
from dataclasses import fields, is_dataclass, replace

from planner.engine.values import Case, Group, MarkGroup, Suggestion

PLACE = re.compile(r"^([a-z_]+)\.([LR])$")
IN_WORDS = re.compile(r", (left|right)\b")
SWAP = {"L": "R", "R": "L", "left": "right", "right": "left"}


def canonical(case: Case) -> tuple[Case, bool]:
    """The case in sorted order, in the orientation that sorts first, and whether it was turned."""
    upright, other = _sorted(case), _sorted(mirrored_case(case))
    flipped = _key(other) < _key(upright)
    return (other, True) if flipped else (upright, False)


def mirrored_case(case: Case) -> Case:
    return replace(
        case,
        findings=tuple(replace(g, place=mirrored(g.place)) for g in case.findings),
        marks=tuple(replace(m, place=mirrored(m.place)) for m in case.marks),
        answers=tuple((code, turned(value)) for code, value in case.answers),
        previous=tuple(
            replace(p, places=tuple(mirrored(place) for place in p.places)) for p in case.previous
        ),
    )


def mirrored(text: str) -> str:
    """A place on the other side; a sentence with its sides swapped."""
    match = PLACE.match(text)
    if match:
        return f"{match[1]}.{SWAP[match[2]]}"
    return IN_WORDS.sub(lambda found: f", {SWAP[found[1]]}", text)


def mirrored_suggestion(suggestion: Suggestion) -> Suggestion:
    return turned(suggestion)


def turned(value):
    """Any engine value with left and right exchanged, in its places and in its words."""
    if isinstance(value, str) and type(value) is str:
        return mirrored(value)
    if isinstance(value, tuple):
        items = tuple(turned(item) for item in value)
        return tuple(sorted(items)) if _are_places(items) else items
    if is_dataclass(value):
        return replace(value, **{f.name: turned(getattr(value, f.name)) for f in fields(value)})
    return value


def _are_places(items: tuple) -> bool:
    return bool(items) and all(
        isinstance(item, str) and "." in item and PLACE_LIKE.match(item) for item in items
    )


PLACE_LIKE = re.compile(r"^[a-z_]+\.[LRM]$")


def _sorted(case: Case) -> Case:
    return replace(
        case,
        findings=tuple(sorted(case.findings, key=_group_key)),
        marks=tuple(sorted(case.marks, key=_mark_key)),
        answers=tuple(sorted(((c, _tidy(v)) for c, v in case.answers), key=lambda row: row[0])),
        previous=tuple(sorted(case.previous, key=repr)),
        clinic=replace(case.clinic, lacks=tuple(sorted(case.clinic.lacks))),
    )


def _tidy(value):
    """An answer with its parts and regions in one order."""
    if not isinstance(value, tuple):
        return value
    if all(isinstance(item, str) for item in value):
        return tuple(sorted(value))
    return tuple(sorted(((code, _tidy(part)) for code, part in value), key=lambda row: row[0]))


def _group_key(group: Group) -> str:
    return repr(replace(group, key=""))


def _mark_key(mark: MarkGroup) -> str:
    return repr(mark)


def _key(case: Case) -> str:
    return repr((tuple(map(_group_key, case.findings)), case.marks, case.answers, case.previous))
