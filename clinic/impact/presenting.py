"""A preview's result as people read it: sentences, and for each person the names they may see."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from clinic.catalogue.conditions import spaced
from clinic.catalogue.models import Clinic
from clinic.catalogue.terms import Effect
from clinic.impact.models import Preview
from clinic.impact.report import INTERVAL_OF
from clinic.impact.signed import UNJUDGED
from clinic.scheduling.models import Appointment
from planner.models import Plan
from planner.plain_words import listed

A_FEW = 12
"""Rows of a section that are seen at once; the others unfold."""

PRICE_UNITS = {"session": "a session", "region": "a region", "syringe": "a syringe"}
PRICE_UNITS |= {"scar": "a scar", "course": "a course"}


@dataclass(frozen=True)
class Row:
    """A plan, a visit or a case, and in sentences what becomes of it."""

    name: str
    url: str
    more: str
    lines: tuple[str, ...]
    grave: bool = False
    proposals: tuple[dict, ...] = ()


@dataclass(frozen=True)
class Section:
    code: str
    title: str
    rows: tuple
    nothing: str

    @property
    def first(self) -> tuple:
        return self.rows[:A_FEW]

    @property
    def rest(self) -> tuple:
        return self.rows[A_FEW:]


def sections_of(preview: Preview, user) -> list[Section]:
    """The result's lists, drawn for `user`."""
    result, words = preview.result, _Words(preview.result["names"])
    plans = _plans(result, user)
    told = _in_full if _meets_patients(user) else words.titles
    signed = [row for row in result["signed"] if not row["appointment"]]
    visits = [row for row in result["signed"] if row["appointment"]]
    at = _times(visits)
    return [
        Section(
            "drafts",
            "Open drafts",
            tuple(_changed(plans, row, words) for row in result["drafts"] if row["plan"] in plans),
            "No open draft would come out differently.",
        ),
        Section(
            "signed",
            "Signed plans that a rule speaks against",
            tuple(_signed(plans, row, told) for row in signed if row["plan"] in plans),
            "Nothing new stands against a signed plan. A signed plan is never altered.",
        ),
        Section(
            "visits",
            "Booked visits",
            tuple(_signed(plans, row, told, at) for row in visits if row["plan"] in plans),
            "No booked visit would break an interval, or lack a person, a device or time.",
        ),
        Section(
            "cases",
            "The library’s cases",
            tuple(
                Row(row["about"], "", "", words.lines(row), _is_grave(row), words.proposals(row))
                for row in result["cases"]
            ),
            "No case of the library would come out differently.",
        ),
    ]


def _is_grave(row: dict) -> bool:
    return row["fits"] == "no longer" or bool(row["draft"].get("breaks"))


def _changed(plans: dict, row: dict, words) -> Row:
    name, url, which = plans[row["plan"]]
    return Row(name, url, which, words.lines(row), _is_grave(row), words.proposals(row))


def _meets_patients(user) -> bool:
    return user.has_perm("planner.suggest_plan")


def _in_full(reasons: list[dict]) -> tuple[str, ...]:
    return tuple(reason["words"] for reason in reasons)


def _signed(plans: dict, row: dict, told, at=None) -> Row:
    name, url, which = plans[row["plan"]]
    when = at.get(row["appointment"]) if at else ""
    return Row(name, url, ", ".join(filter(None, (which, when))), told(row["reasons"]), True)


def _plans(result: dict, user) -> dict[str, tuple[str, str, str]]:
    """Key -> what a plan is called, its address, and its number; by record number alone for who
    meets no patient."""
    keys = {row["plan"] for row in (*result["drafts"], *result["signed"])}
    if _meets_patients(user):
        mine = Plan.objects.visible_to(user).filter(pk__in=keys).select_related("patient")
        return {
            str(p.pk): (str(p.patient), p.get_absolute_url(), f"{p}, {p.get_state_display()}")
            for p in mine
        }
    numbers = Plan.objects.filter(pk__in=keys).values_list("pk", "number", "patient__record_number")
    return {str(pk): (f"Record {record}", "", f"Plan {number}") for pk, number, record in numbers}


def _times(visits: list[dict]) -> dict[str, str]:
    rows = Appointment.objects.filter(pk__in=[row["appointment"] for row in visits])
    return {
        str(pk): f"visit of {timezone.localtime(at):%d-%b-%Y %H:%M}"
        for pk, at in rows.values_list("pk", "starts_at")
    }


def counts_of(preview: Preview) -> dict[str, int]:
    """How many were looked at, and what came of them; the numbers add up."""
    result = preview.result
    compared = {"untouched": result["untouched"], "same": result["same"]}
    compared["differ"] = len(result["drafts"]) + len(result["cases"])
    suggested = sum(compared.values())
    signed = preview.total - suggested
    touched = len({row["plan"] for row in result["signed"]})
    return compared | {"suggested": suggested, "signed": signed, "touched": touched}


def prices_of(preview: Preview) -> list[dict]:
    currency = Clinic.current().currency
    return [
        row
        | {
            "per": PRICE_UNITS.get(row["unit"], "")
            if row["section"] == "treatments"
            else "package",
            "before": _amount(row["amounts"][0], currency),
            "after": _amount(row["amounts"][1], currency),
        }
        for row in preview.result["prices"]
    ]


def _amount(value: str | None, currency: str) -> str:
    return "no price" if value is None else f"{value} {currency}"


class _Words:
    """Sentences for what is different about one subject."""

    def __init__(self, names: dict):
        self.names, self.currency = names, Clinic.current().currency

    def lines(self, row: dict) -> tuple[str, ...]:
        return tuple(line for line in self._lines(row) if line)

    def name(self, code: str) -> str:
        return self.names.get(code) or spaced(code)

    def titles(self, reasons: list[dict]) -> tuple[str, ...]:
        """What speaks against a plan, without what the sentence says of the patient's days,
        answers and doses."""
        return tuple(dict.fromkeys(self._title(reason) for reason in reasons))

    def _title(self, reason: dict) -> str:
        if reason["kind"] in OF_THE_CATALOGUE:
            return reason["words"]
        treatment = reason["rule"].removeprefix(INTERVAL_OF)
        if treatment != reason["rule"] and treatment in self.names:
            return f"{BROKEN['interval']}: {self.names[treatment]}"
        return self.names.get(reason["rule"]) or UNTITLED[reason["kind"]]

    def named(self, codes) -> str:
        return listed(self.name(code) for code in codes)

    def _lines(self, row: dict):
        if row["fits"]:
            yield {
                "no longer": "No protocol fits any more.",
                "now": "A protocol fits now; before, none did.",
            }[row["fits"]]
        yield from self._draft(row["draft"])
        if row["fits"]:
            return
        if row["lost"]:
            yield f"No longer proposed: {self.named(row['lost'])}."
        if row["gained"]:
            yield f"Proposed besides: {self.named(row['gained'])}."
        if row["recommended"]:
            old, new = row["recommended"]
            yield f"Recommended is {self.name(new)}, and no longer {self.name(old)}."

    def _draft(self, draft: dict):
        """What the rules say of the draft as it lies there."""
        if not draft:
            return
        broken = {(rule, treatment) for _, rule, _, treatment, _ in draft["breaks"]}
        mended = [each for each in draft["mends"] if (each[1], each[3]) not in broken]
        yield from (f"The draft breaks a rule now. {each}" for each in self._rules(draft["breaks"]))
        yield from (f"The draft breaks a rule no longer. {each}" for each in self._rules(mended))
        if asked := (draft["ask"] or {}).get("came"):
            yield f"Wants an answer before it is signed: {self._asked(asked)}."
        if draft["cost"]:
            yield f"The draft costs {self._span(draft['cost'], self._money)}."
        if draft["expected"]:
            yield f"The draft is expected to improve by {self._span(draft['expected'], _share)}."

    def _rules(self, broken: list):
        """One sentence for a rule and a treatment, with all the visits that it meets."""
        table: dict[tuple, list[str]] = {}
        for kind, rule, effect, treatment, visit in broken:
            table.setdefault((kind, rule, effect, treatment), []).append(str(visit))
        for (kind, rule, effect, treatment), visits in table.items():
            what = f"{Effect(effect).label}: {self.name(rule)}" if effect else BROKEN.get(kind)
            where = [self.name(treatment)] if treatment else []
            if visits != ["0"]:
                where.append(f"visit{'s' if visits[1:] else ''} {listed(visits)}")
            place = f" ({', '.join(where)})" if where else ""
            yield f"{what or self.name(rule)}{place}."

    def proposals(self, row: dict) -> tuple[dict, ...]:
        """A line of a table for each proposal that comes out differently."""
        return tuple(self._proposal(each) for each in row["changed"])

    def _proposal(self, each: dict) -> dict:
        figures = (
            ("Visits", "visits", str),
            ("Cost", "cost", self._money),
            ("Expected improvement", "expected", _share),
            ("Longest downtime, days", "downtime", str),
            ("First visit", "starts", _day),
        )
        return {
            "name": self.name(each["strategy"]),
            "without": [self.name(code) for code in each["without"]],
            "with": [self.name(code) for code in each["with"]],
            "cells": [each[key] and self._span(each[key], shown) for _, key, shown in figures],
            "more": ". ".join(self._more(each)),
        }

    def _more(self, each: dict):
        for key, word in (("notes", "note"), ("preparations", "preparation")):
            change = each[key] or {}
            if change.get("came"):
                yield f"New {word}: {self.named(change['came'])}"
            if change.get("went"):
                yield f"No more {word}: {self.named(change['went'])}"
        if asked := (each["ask"] or {}).get("came"):
            yield f"Asks for an answer: {self._asked(asked)}"
        if each["arranged"] and not any(each[key] for key in ("with", "without", "visits")):
            yield "Arranged over other days or places"

    def _asked(self, codes) -> str:
        return "; ".join(self.name(code) for code in codes)

    def _span(self, pair, shown) -> str:
        old, new = pair
        return f"{shown(old)} \N{RIGHTWARDS ARROW} {shown(new)}"

    def _money(self, value) -> str:
        return f"{value} {self.currency}"


OF_THE_CATALOGUE = ("resource", "time", UNJUDGED)
"""Kinds of reasons whose sentences tell nothing of a patient."""

UNTITLED = {"interval": "An interval or an order is another", "safety": "A rule speaks against it"}

BROKEN = {
    "interval": "An interval is too short",
    "order": "The order is another",
    "same_session": "Two treatments do not go together",
    "lidocaine": "Too much lidocaine in one visit",
    "filler": "Too much filler in one visit",
    "chair_time": "The visit takes too long",
    "clinic": "The clinic does not offer it",
    "indication": "The treatment is no longer in the catalogue",
}


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _day(value: str) -> str:
    return f"{date.fromisoformat(value):%d-%b-%Y}"
