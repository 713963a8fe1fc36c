"""The price list of the draft: every treatment's unit and price as the entries of one form.

The whole list is saved or nothing of it. What was not touched on the page is left as it stands,
so two people may work on different prices at once; a price that both changed is refused.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from clinic.catalogue import checks, documents, drafting, kinds, terms
from clinic.catalogue.errors import CatalogueRefused
from clinic.catalogue.treatment_entries import (
    NO_USUAL_PRICE,
    PRICE,
    SPAN,
    Entries,
    as_on_the_page,
    number_typed,
    sentence,
    shown,
)
from clinic.catalogue.treatment_support import OWN

PARTS = ("unit", *SPAN)


@dataclass
class Outcome:
    """What came of saving: names of what changed, and what was refused beside which entry."""

    changed: list[str] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, name: str, reason: str):
        self.errors.setdefault(name, []).append(reason)


def prices_in(row: dict) -> dict[str, str]:
    figure = price_of(row) or dict.fromkeys(SPAN)
    return {"unit": row["price_unit"]} | {end: shown(figure[end]) for end in SPAN}


def price_of(row: dict) -> dict | None:
    return next((one for one in row["figures"] if one["kind"] == PRICE), None)


def flat(rows) -> Entries:
    return Entries(
        {f"{row['code']}-{part}": value for row in rows for part, value in prices_in(row).items()}
    )


def lines_of(rows) -> list[tuple[str, list[dict]]]:
    """The treatments by their part in a plan, procedures first, by name."""
    ordered = sorted(rows, key=lambda row: (row["withdrawn"], row["name"].casefold()))
    groups = [
        (kind.label, [row for row in ordered if row["kind"] == kind])
        for kind in terms.TreatmentKind
    ]
    return [(label, some) for label, some in groups if some]


def save(entries: Entries, base: dict[str, dict]) -> Outcome:
    """Put every price that was touched into the draft, or none; `base` is what the page showed."""
    outcome = Outcome()
    try:
        _save(entries, base, outcome)
    except CatalogueRefused as refused:
        outcome.errors[""] = refused.lines
    return outcome


def _save(entries: Entries, base: dict[str, dict], outcome: Outcome):
    with drafting.writing():
        document = documents.draft()
        book = checks.book_of(document)
        for row in document["treatments"]:
            if row["code"] in base:
                _change(row, entries, base[row["code"]], book, outcome)
        if outcome.changed and not outcome.errors:
            drafting.apply(document)


def raised(entries: Entries, percent: Decimal, step: Decimal) -> Entries:
    """Every price that can be read, more (or less) by `percent`, in whole `step`s; not saved."""
    found = Entries(entries)
    for name, typed in entries.items():
        if name.rpartition("-")[2] in SPAN and (price := _readable(typed)):
            steps = (price * (100 + percent) / 100 / step).quantize(Decimal(1), ROUND_HALF_UP)
            found[name] = f"{steps * step:.2f}"
    return found


def _readable(typed: str) -> Decimal | None:
    try:
        return Decimal(number_typed(typed.strip(), is_money=True) or 0)
    except ValueError:
        return None


def merged(entries: Entries, seen: dict, now: dict) -> Entries:
    """What was typed; a price that was not touched here is as it stands now."""
    found = Entries(entries)
    for code, prices in now.items():
        was = seen.get(code, {})
        if all(_same(entries.text(f"{code}-{part}"), was.get(part, "")) for part in PARTS):
            found |= {f"{code}-{part}": value for part, value in prices.items()}
    return found


def _change(row: dict, entries: Entries, base: dict, book, outcome: Outcome):
    code, here = row["code"], prices_in(row)
    typed = {part: entries.text(f"{code}-{part}") for part in PARTS}
    is_single = _keep_single(typed, base)
    if all(_same(typed[part], base.get(part, "")) for part in PARTS):
        return
    if any(not _same(here[part], base.get(part, "")) for part in PARTS):
        outcome.refuse(code, _moved(here))
        return
    ends = ("typical",) if is_single else SPAN
    numbers = {end: _number(f"{code}-{end}", typed[end], outcome) for end in ends}
    if any(f"{code}-{end}" in outcome.errors for end in SPAN):
        return
    numbers = dict.fromkeys(SPAN, numbers["typical"]) | numbers
    if any(numbers.values()) and numbers["typical"] is None:
        outcome.refuse(f"{code}-typical", NO_USUAL_PRICE)
        return
    _set(row, typed["unit"], numbers)
    problems = list(checks.SECTIONS["treatments"].check(row, (), book))
    for path, reason in problems:
        outcome.refuse(_entry(code, path), sentence(as_on_the_page(reason)))
    outcome.changed.append(row["name"])


def _keep_single(typed: dict, base: dict) -> bool:
    """One price for all stays one where only the usual one was changed; whether it does."""
    was_single = base.get("min") == base.get("typical") == base.get("max")
    stays = was_single and all(_same(typed[end], base.get(end, "")) for end in ("min", "max"))
    if stays:
        typed |= {"min": typed["typical"], "max": typed["typical"]}
    return stays


def _set(row: dict, unit: str, numbers: dict):
    """A price is always the clinic's own figure: nobody else can have set it."""
    was = price_of(row)
    row["price_unit"] = unit
    if was and all(was[end] == numbers[end] for end in SPAN):
        return
    row["figures"] = [one for one in row["figures"] if one["kind"] != PRICE]
    if any(value is not None for value in numbers.values()):
        marks = {"verification": OWN, "sources": [OWN], "note": was["note"] if was else None}
        row["figures"].append({"kind": PRICE, **numbers, **marks})


def _number(name: str, typed: str, outcome: Outcome):
    try:
        return number_typed(typed, is_money=True)
    except ValueError as refused:
        outcome.refuse(name, str(refused))
        return None


def _same(one: str, other: str) -> bool:
    """Whether two entries say the same: 250 is 250.00."""
    if one == other:
        return True
    try:
        return number_typed(one, is_money=True) == number_typed(other, is_money=True)
    except ValueError:
        return False


def _moved(here: dict) -> str:
    price = here["typical"] or "no price"
    unit = kinds.PriceUnit(here["unit"]).label
    return (
        f"Somebody else changed this after you opened the page: it is {price} {unit} now. "
        "Save again to put yours in its place."
    )


def _entry(code: str, path: tuple) -> str:
    last = path[-1] if path else ""
    if path[:1] == ("price_unit",):
        return f"{code}-unit"
    return f"{code}-{last}" if last in SPAN else code
