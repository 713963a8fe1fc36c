"""The result of a preview, as it is stored: codes and figures, and the names of what it speaks of.

It holds no patient's name and no answer: a plan is there by its key, and whoever may see more is
shown more when the page is drawn.
"""

from dataclasses import dataclass

from clinic.catalogue.reading import Book, Names
from clinic.impact.comparing import differences
from clinic.impact.reading import Read
from clinic.impact.signed import Touched

INTERVAL_OF = "interval:"
"""How the check names the rule between two sessions of one treatment, before its code."""


@dataclass(frozen=True)
class Compared:
    """A subject with what the planner says of it by the version in force, and by the draft."""

    read: Read
    old: dict
    new: dict


def result_of(compared: list[Compared], touched: list[Touched], documents) -> dict:
    changed = [(each.read, diff) for each in compared if (diff := differences(each.old, each.new))]
    drafts = [{"plan": str(read.plan.pk), **diff} for read, diff in changed if read.plan]
    cases = [
        {"code": read.code, "about": read.about, **diff}
        for read, diff in sorted(changed, key=lambda row: row[0].code)
        if not read.plan
    ]
    return {
        "drafts": sorted(drafts, key=_gravity),
        "cases": sorted(cases, key=_gravity),
        "signed": [_signed(each) for each in touched],
        "prices": prices(*documents),
        "same": len(compared) - len(changed),
        "names": _names([diff for _, diff in changed], touched, documents),
    }


def _gravity(row: dict) -> tuple:
    """Where nothing fits any more, then where a rule is broken, then the rest."""
    return (row["fits"] != "no longer", not row["draft"].get("breaks"))


def _signed(each: Touched) -> dict:
    kept = ("kind", "rule", "words")
    return {
        "plan": str(each.plan.pk),
        "appointment": each.appointment and str(each.appointment.pk),
        "reasons": [{key: reason[key] for key in kept} for reason in each.reasons],
    }


def prices(old: dict, new: dict) -> list[dict]:
    """Treatments and packages whose price is another, with both amounts (None: no price)."""
    found = []
    for section, price in (("treatments", _price), ("packages", lambda row: row.get("price"))):
        before, after = (
            {row["code"]: row for row in document.get(section, ())} for document in (old, new)
        )
        for code in sorted({*before, *after}):
            mine, theirs = before.get(code), after.get(code)
            amounts = [row and price(row) for row in (mine, theirs)]
            if amounts[0] != amounts[1]:
                row = theirs or mine
                found.append(
                    {
                        "section": section,
                        "code": code,
                        "name": row["name"],
                        "unit": row.get("price_unit") or "",
                        "amounts": amounts,
                    }
                )
    return found


def _price(row: dict) -> str | None:
    return next((f["typical"] for f in row.get("figures", ()) if f["kind"] == "price"), None)


# ---- names


def _names(diffs: list[dict], touched: list[Touched], documents) -> dict[str, str]:
    """Words for every code that the result speaks of; the draft's own where it has them."""
    old, new = (Names(Book(document)) for document in documents)
    table: dict[str, str] = {}

    def name(section: str, code: str, key: str = "name") -> None:
        knows = new if new.book.row(section, code) else old
        if knows.book.row(section, code):
            table[code] = knows.of(section, code, key)

    for diff in diffs:
        for code in _strategies(diff):
            name("strategies", code)
            name("protocols", code)
        for code in _treatments(diff):
            name("treatments", code)
        for code in _rules(diff):
            name("words", code, "meaning")
            name("safety_rules", code, "title")
        for code in _questions(diff):
            name("questions", code, "text")
    for each in touched:
        for reason in each.reasons:
            name("treatments", reason["rule"].removeprefix(INTERVAL_OF))
            name("limits", reason["rule"], "text")
            name("words", reason["rule"], "meaning")
            name("safety_rules", reason["rule"], "title")
    return table


def _strategies(diff: dict) -> list[str]:
    changed = [each["strategy"] for each in diff["changed"]]
    return [*diff["lost"], *diff["gained"], *diff["recommended"], *changed]


def _treatments(diff: dict) -> list[str]:
    changes, plan = diff["changed"], diff["draft"]
    broken = [*plan.get("breaks", ()), *plan.get("mends", ())]
    return [
        *(code for each in changes for code in (*each["with"], *each["without"])),
        *(code for each in changes for code in _both(each["preparations"])),
        *(treatment for _kind, _rule, _effect, treatment, _visit in broken if treatment),
    ]


def _rules(diff: dict) -> list[str]:
    plan = diff["draft"]
    broken = [*plan.get("breaks", ()), *plan.get("mends", ())]
    notes = [code for each in diff["changed"] for code in _both(each["notes"])]
    return [*notes, *(rule for _kind, rule, *_ in broken)]


def _questions(diff: dict) -> list[str]:
    asked = [each["ask"] for each in diff["changed"]]
    plan = diff["draft"]
    return [code for each in (*asked, plan.get("ask") or {}) for code in _both(each)]


def _both(came_and_went: dict) -> list[str]:
    return [*came_and_went.get("came", ()), *came_and_went.get("went", ())] if came_and_went else []
