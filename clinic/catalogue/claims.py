"""No value passes as verified that nobody verified, however it came into the draft. Pure.

A value that was changed was not read where the old one was. Where its marks still say verified and
name no further document, it is marked as not verified; its sources stay, to be read again. Words
that only explain (titles, reasons, notes) are no value.
"""

from collections.abc import Iterator

from clinic.catalogue.terms import Verification
from clinic.catalogue.treatment_support import CLAIMS
from clinic.catalogue.treatment_support import MARKS as NO_DOCUMENT

VALUES = {
    "words": ("when",),
    "pairs": (
        *("a", "b", "relation", "first", "weeks", "condition", "when", "assume"),
        *("scar_types", "regions"),
    ),
    "policies": ("text", "detail"),
    "questions": ("parts", "regional", "applies", "expires_days", "each_session"),
    "safety_rules": ("legal", "clauses"),
    "limits": ("drug", "when", "mg_per_kg", "cap_mg", "with_adrenaline", "factor"),
    "scales": ("range", "rows", "definition"),
    "instruments": ("items", "range", "bands", "thresholds"),
    "protocols": ("scar_types", "fitzpatrick", "severity", "steps", "reported"),
    "strategies": ("weights", "min_share", "min_gain", "exclude_device"),
    "calibration": ("value",),
}
"""What the marks of a row speak for; of an item inside a row, all but its marks and words."""
BESIDE = ("verification", "sources", "evidence", "note", "meaning", "words")
KEYS = {"indications": ("scar_type", "depth"), "figures": ("kind",), "contraindications": ("word",)}
"""What tells the items of a list apart; of others, those that left gave way in their order."""


TOLD = (
    "The value changed and no further source was named, so it counts as not verified now. "
    "Name the document that gives it, or confirm it once you have read it there."
)


def settled(old: dict, new: dict) -> dict:
    """`new`, a canonical document, with marks that still fit what changed since `old`."""
    before = {
        section: {row["code"]: row for row in rows}
        for section, rows in old.items()
        if section != "schema"
    }
    return {
        section: rows
        if section == "schema"
        else [settled_row(section, row, before.get(section, {}).get(row["code"])) for row in rows]
        for section, rows in new.items()
    }


def settled_row(section: str, row: dict, was: dict | None) -> dict:
    if was is None or row == was:
        return row
    return _settled(row, was, VALUES.get(section))


def _settled(item: dict, was: dict, values: tuple | None = None) -> dict:
    kept = {key: _inside(key, value, was.get(key)) for key, value in item.items()}
    if _still_claims(item, was) and _value(item, values) != _value(was, values):
        kept["verification"] = Verification.GK.value
    return kept


def _inside(key: str, value, was):
    if isinstance(value, dict) and isinstance(was, dict):
        return _settled(value, was)
    if isinstance(value, list) and isinstance(was, list):
        return list(_items(key, value, was))
    return value


def _items(key: str, items: list, before: list) -> Iterator:
    gone = [one for one in before if isinstance(one, dict) and one not in items]
    for item in items:
        if not isinstance(item, dict) or item in before:
            yield item
            continue
        same = KEYS.get(key, ())
        twin = next((one for one in gone if all(one[at] == item[at] for at in same)), None)
        if twin is not None:
            gone.remove(twin)
        yield item if twin is None else _settled(item, twin)


def _still_claims(item: dict, was: dict) -> bool:
    now, before = item.get("verification"), was.get("verification")
    if now not in CLAIMS or before not in CLAIMS:
        return False
    more = CLAIMS.index(now) < CLAIMS.index(before)  # somebody says that they verified it
    return not more and not _documents(item) - _documents(was)


def _documents(item: dict) -> set:
    return set(item.get("sources") or ()) - NO_DOCUMENT


def _value(item, values: tuple | None = None):
    if isinstance(item, dict):
        keys = item.keys() - set(BESIDE) if values is None else values
        return {key: _value(item.get(key)) for key in keys}
    return [_value(one) for one in item] if isinstance(item, list) else item
