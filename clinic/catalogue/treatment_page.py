"""What the page of one treatment's draft needs, beside the entries themselves."""

from clinic.catalogue import drafting, kinds, presenting, terms
from clinic.catalogue.checks import TYPES
from clinic.catalogue.differing import field_changes
from clinic.catalogue.reading import Book, Names
from clinic.catalogue.reading import book as published
from clinic.catalogue.sheets import Sheet
from clinic.catalogue.treatment_entries import DEPTHS, Entries, flat

BY_REGION = {"interval_weeks", "sessions"}
ORDERS = (
    (0, "0 vascular or light"),
    (1, "1 release"),
    (2, "2 focal"),
    (3, "3 whole area"),
    (4, "4 booster"),
    (5, "5 filler"),
)
STAGES = (
    (0, "0 acne control"),
    (1, "1 release and volume"),
    (2, "2 focal"),
    (3, "3 whole area"),
)
MANY_PARTS = {"c": "contraindications", "s": "statements"}


def page_of(row: dict | None, sheet: Sheet, *, version) -> dict:
    """`row` is the treatment as it stands in the draft, None for one that is new."""
    draft = drafting.book()
    names = Names(draft)
    return {
        "row": row,
        "sheet": sheet,
        "names": names,
        "new_items": new_items(sheet.entries, version, row),
        "targets": [
            {
                "label": target.label,
                "cells": [
                    {
                        "key": f"i-{target}-{depth}",
                        "label": f"{target.label}, {kinds.Depth(depth).label.lower()}",
                    }
                    for depth in DEPTHS
                ],
            }
            for target in kinds.Target
        ],
        "depths": [kinds.Depth(depth).label for depth in DEPTHS],
        "figures": [(f"f-{kind}", kind.label, kind.value) for kind in kinds.FigureKind],
        "types": [(f"k-{name}", name) for name in TYPES],
        "requirements": requirements_of(draft),
        "performers": terms.Performer.choices(),
        "kinds": terms.TreatmentKind.choices(),
        "units": kinds.PriceUnit.choices(),
        "orders": ORDERS,
        "stages": STAGES,
        "worths": [("", "—"), *((code, f"{code} {said}") for code, said in kinds.EFFECTIVENESS)],
        "skins": [("", "Not said"), ("safe", "Safe"), ("caution", "Caution"), ("avoid", "Avoid")],
        "levels": kinds.Level.choices(),
        "statement_kinds": kinds.StatementKind.choices(),
        "verifications": terms.Verification.choices(),
        "grades": [(term.value, term.value) for term in terms.Evidence],
        "words": [("", "Choose"), *sorted_choices(draft, "words", "meaning")],
        "skills": [("", "No special skill"), *sorted_choices(draft, "families", "name")],
        "chapters": sorted({one["family"] for one in draft.rows("treatments").values()}),
        "mechanisms": sorted(
            {word for one in draft.rows("treatments").values() for word in one["mechanisms"]}
        ),
        "documents": [(code, one["title"]) for code, one in draft.rows("sources").items()],
        "uses": uses_of(draft, names, row["code"]) if row else [],
    }


def sorted_choices(book: Book, section: str, key: str) -> list[tuple[str, str]]:
    pairs = ((code, one[key]) for code, one in book.rows(section).items())
    return sorted(pairs, key=lambda pair: pair[1].casefold())


def requirements_of(book: Book) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a treatment may need, by its kind."""
    rows = sorted(book.rows("requirements").values(), key=lambda one: one["name"].casefold())
    groups = [
        (kind.label, [(one["code"], one["name"]) for one in rows if one["kind"] == kind])
        for kind in kinds.RequirementKind
    ]
    return [(label, some) for label, some in groups if some]


def new_items(entries: Entries, version, row: dict | None) -> set[str]:
    """Rows of lists that stand otherwise, or not at all, in the version in force."""
    was = in_force_row(version, row["code"]) if row else None
    if was is None:
        return set()
    before = flat(was)
    alike = {
        "c": {_signature(before, f"c-{one}", ("word", "level")) for one in before["c"]},
        "s": {_signature(before, f"s-{one}", ("kind", "text")) for one in before["s"]},
    }
    parts = {"c": ("word", "level"), "s": ("kind", "text")}
    return {
        f"{key}-{one}"
        for key, names in parts.items()
        for one in entries.several(key)
        if _signature(entries, f"{key}-{one}", names) not in alike[key]
    }


def _signature(entries: Entries, key: str, names) -> tuple:
    marks = (entries.text(f"{key}-verification"), tuple(entries.codes(f"{key}-sources")))
    return (*(entries.text(f"{key}-{name}") for name in names), *marks)


def in_force_row(version, code: str) -> dict | None:
    return published(version).row("treatments", code) if version else None


def uses_of(draft: Book, names: Names, code: str) -> list[tuple[str, list[str]]]:
    """What in the draft names this treatment: each kind of row, with their names."""

    def naming(section: str, key: str) -> list[str]:
        return [
            one["name"]
            for one in draft.rows(section).values()
            if code in draft.treatments_of(one[key])
        ]

    pairs = [
        presenting.pair_line(pair, names, seen_from=code)["other"][1]
        for pair in draft.rows("pairs").values()
        if code in (pair["a"], pair["b"])
    ]
    protocols = [
        one["name"]
        for one in draft.rows("protocols").values()
        if any(code in step["treatments"] for step in one["steps"])
    ]
    rules = [line["row"]["code"] for line in presenting.rules_on(draft, names, code)]
    found = [
        ("Families", naming("families", "members")),
        ("Pairs with", sorted(set(pairs))),
        ("Safety rules", rules),
        ("Published protocols", protocols),
        ("Packages", naming("packages", "treatments")),
    ]
    return [(label, some) for label, some in found if some]


# ---- somebody else was faster


def merged(typed: Entries, base: dict | None, theirs: dict) -> Entries:
    """What was typed over what stands there now: entries nobody touched here are theirs."""
    before, now = (flat(base) if base else Entries()), flat(theirs)
    found = Entries(typed)
    for key in MANY_PARTS:
        mine = {name: typed.get(name) for name in typed if _is_of(key, name)}
        if mine == {name: before.get(name, "") for name in mine} and len(mine) == sum(
            _is_of(key, name) for name in before
        ):
            for name in mine:
                found.pop(name)
            found |= {name: value for name, value in now.items() if _is_of(key, name)}
        else:
            _look_up_again(found, key, base, theirs)
    for name in {**before, **now}:
        if not any(_is_of(key, name) for key in MANY_PARTS):
            if typed.get(name, "") == before.get(name, "") and name in now:
                found[name] = now[name]
            elif typed.get(name, "") == before.get(name, ""):
                found.pop(name, None)
    return found


def _is_of(key: str, name: str) -> bool:
    return name == key or name.startswith(f"{key}-")


def _look_up_again(entries: Entries, key: str, base: dict | None, theirs: dict):
    """Say anew which item each row was; one that is no longer there counts as new."""
    items = (base or {}).get(MANY_PARTS[key], [])
    for number in entries.several(key):
        at = entries.text(f"{key}-{number}-was")
        old = items[int(at)] if at.isdecimal() and int(at) < len(items) else None
        now = theirs[MANY_PARTS[key]]
        entries[f"{key}-{number}-was"] = str(now.index(old)) if old in now else ""


def what_they_changed(base: dict | None, theirs: dict) -> list:
    names = Names(drafting.book())
    return list(field_changes(base, theirs, names, names)) if base else []
