"""Packages of the draft as the entries of a form: several sessions for less than their list."""

from decimal import Decimal

from clinic.catalogue import drafting, kinds
from clinic.catalogue.price_list import price_of
from clinic.catalogue.reading import Book, Names
from clinic.catalogue.treatment_entries import Entries, Reading, number_typed, shown

EITHER = "Give either a reduction in % or one price for all sessions, not both and not neither."


def flat(row: dict) -> Entries:
    return Entries(
        {
            "code": row["code"],
            "name": row["name"],
            "treatments": list(row["treatments"]),
            "sessions": str(row["sessions"]),
            "percent": shown(row["percent"]),
            "price": shown(row["price"]),
            "note": row["note"] or "",
        }
    )


def read(entries: Entries, base: dict | None) -> Reading:
    reading = Reading(
        {
            "code": base["code"] if base else entries.text("code"),
            "name": entries.text("name"),
            "treatments": entries.several("treatments"),
            "note": entries.text("note") or None,
        }
    )
    for name, is_money in (("sessions", False), ("percent", False), ("price", True)):
        try:
            reading.row[name] = number_typed(entries.text(name), is_money=is_money)
        except ValueError as refused:
            reading.row[name] = None
            reading.refuse(name, str(refused))
    if not reading.errors and (reading.row["percent"] is None) == (reading.row["price"] is None):
        reading.refuse("percent", EITHER)
    for name, words in (
        ("code", "Give it a code."),
        ("name", "Give it a name, as a patient reads it on the quote."),
        ("treatments", "Tick what counts."),
        ("sessions", "Say how many sessions it covers: 2 or more."),
    ):
        if not reading.row[name] and name not in reading.errors:
            reading.refuse(name, words)
    return reading


def choices(draft: Book, chosen) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a package may count: families, and treatments that have a price."""
    families = [(code, row["name"]) for code, row in draft.rows("families").items()]
    priced = [
        (code, row["name"])
        for code, row in draft.rows("treatments").items()
        if code in chosen or (price_of(row) and not row["withdrawn"])
    ]
    return [
        (label, sorted(some, key=lambda one: one[1].casefold()))
        for label, some in (("Treatments", priced), ("Whole families", families))
        if some
    ]


def lines(draft: Book) -> list[dict]:
    names = Names(draft)
    return [
        {
            "row": row,
            "for": [names.treatment_or_family(code) for code in row["treatments"]],
            "examples": examples(row, draft),
        }
        for row in draft.rows("packages").values()
    ]


def examples(row: dict, draft: Book) -> list[tuple[str, Decimal, Decimal, str]]:
    """For each treatment that counts: sessions at list price, and what the package makes of them.

    Where the price is by region, scar or syringe, for one of these a session. A treatment without
    a usual price has no example.
    """
    found = []
    for code in sorted(draft.treatments_of(row["treatments"])):
        treatment = draft.row("treatments", code)
        price = price_of(treatment) if treatment else None
        if (
            price
            and price["typical"] is not None
            and treatment["price_unit"] != kinds.PriceUnit.COURSE
        ):
            listed = Decimal(price["typical"]) * row["sessions"]
            found.append((treatment["name"], listed, after(row, listed), treatment["price_unit"]))
    return found


def after(row: dict, listed: Decimal) -> Decimal:
    if row["price"] is not None:
        return min(listed, Decimal(row["price"]))
    return (listed * (100 - Decimal(str(row["percent"]))) / 100).quantize(Decimal("0.01"))


def save(row: dict, base: dict | None) -> dict:
    return drafting.save("packages", row, seen=drafting.token(base) if base else None)
