"""Filters that put stored plan content into a clinic's words."""

from datetime import date
from decimal import Decimal

from django import template
from django.utils.html import format_html

from clinic.catalogue.terms import Effect, ScarType
from patients.chart import place_name
from planner.engine.effect import in_words
from planner.engine.relax import WORDS as WISHES
from planner.plain_words import listed
from planner.timeline import KINDS

register = template.Library()


@register.filter
def percent_range(pair) -> str:
    """[0.35, 0.56] as "35-56 %"; a range that rounds to one figure is written once."""
    low, high = (round(share * 100) for share in pair)
    return f"{low} %" if low == high else f"{low}\N{EN DASH}{high} %"


@register.filter
def better(expected) -> str:
    """ "27 to 66 % better, most likely about 47 %"; a range of one figure is written once."""
    low, high = (round(share * 100) for share in expected["improvement"])
    if low == high:
        return f"about {low} % better"
    middle = expected.get("middle") or sum(expected["improvement"]) / 2
    return f"{low} to {high} % better, most likely about {round(middle * 100)} %"


@register.filter
def quarters(expected) -> str:
    """The quarters that the whole range lies in: "26-50 % to 51-75 %"."""
    ends = (in_words(share).removesuffix(" better") for share in expected["improvement"])
    return " to ".join(dict.fromkeys(end.replace("-", "\N{EN DASH}") for end in ends))


@register.filter
def tells_a_year(content) -> bool:
    """Whether the figure at a year says something: not the first again, where effects wear off."""
    expected = content["expected"]
    return expected["at_12_months"] != expected["improvement"] or not content["top_ups"]


@register.filter
def points(gain) -> str:
    """ "+4 points", of a share."""
    return f"{100 * gain:+.0f} points".replace("-", "\N{MINUS SIGN}")


@register.filter
def points_range(pair) -> str:
    """[0.006, 0.014] as "+1 point", [-0.02, 0.05] as "\u22122 to +5 points"."""
    low, high = (f"{round(share * 100):+d}".replace("-", "\N{MINUS SIGN}") for share in pair)
    unit = "point" if high in ("+1", "\N{MINUS SIGN}1") and low == high else "points"
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


@register.filter
def wish(pair) -> str:
    """("budget", "1200") as "raise the budget to 1200": one wish, and what it would have to be."""
    name, to = pair
    return WISHES[name].format(f"{date.fromisoformat(to):%d-%b-%Y}" if name == "finish_by" else to)


@register.filter
def load_range(pair) -> str:
    low, high = (round(value, 1) for value in pair)
    return f"{low}" if low == high else f"{low}\N{EN DASH}{high}"


@register.filter
def percent(share) -> str:
    return f"{round(share * 100)} %"


@register.filter
def places(keys) -> str:
    """["malar.L", "malar.R", "chin.M"] as "Both malar cheeks ..." in reading order."""
    sides = {}
    for key in keys:
        region, side = key.split(".")
        sides.setdefault(region, []).append(side)
    return "; ".join(_region_in_words(region, found) for region, found in sides.items())


def _region_in_words(region, sides) -> str:
    if {"L", "R"} <= set(sides):
        name = place_name(region, "L").removeprefix("Left ")
        middle = " and middle" if "M" in sides else ""
        return f"{name[0].upper()}{name[1:]}, both sides{middle}"
    return ", ".join(place_name(region, side) for side in sides)


@register.filter
def scar_types(codes) -> str:
    return ", ".join(ScarType(code).label.lower() for code in codes)


@register.filter
def scar_type(code) -> str:
    return ScarType(code).label


@register.filter
def effect(code) -> str:
    return Effect(code).label


@register.filter
def rule_codes(rules):
    """The codes of written rules, set off; what the program names by itself is not shown."""
    rules = rules.split(",") if isinstance(rules, str) else rules
    codes = ", ".join(rule for rule in rules if rule[:1].isupper())
    return format_html('<span class="rule">{}</span>', codes) if codes else ""


@register.filter
def money(amount, currency="") -> str:
    """Thousands apart, pence only where there are any: "GBP 2,480" or "GBP 12.50"."""
    amount = Decimal(amount)
    figures = f"{amount:,.2f}".removesuffix(".00")
    return f"{currency} {figures}".strip()


@register.filter
def iso_day(text) -> str:
    """A date kept as text, as the clinic writes dates: 14-Aug-2026."""
    return f"{date.fromisoformat(text):%d-%b-%Y}" if text else "Not known"


@register.filter
def weeks_and_days(days) -> str:
    """28 as "4 weeks", 10 as "10 days"; a range is the template's to join."""
    if days % 7 == 0 and days:
        return f"{days // 7} week{'' if days == 7 else 's'}"
    return f"{days} day{'' if days == 1 else 's'}"


@register.filter
def week_of(day) -> int:
    return day // 7


@register.filter
def visit_kind(kind) -> str:
    return KINDS.get(kind, kind)


@register.filter
def minutes(session) -> int:
    """How long the patient is in the house for one stored session."""
    return sum(session[part] for part in ("numbing_min", "procedure_min", "recovery_min"))


@register.filter
def session_price(session) -> Decimal:
    return sum((Decimal(step["price"]) for step in session["steps"]), Decimal(0))


@register.filter
def place(key) -> str:
    return place_name(*key.split("."))


@register.filter
def named(treatment, names) -> str:
    """A treatment's name by the catalogue version that the plan was made with."""
    return names.treatment(treatment)


@register.filter
def by_reason(deferred, names) -> list[dict]:
    """What has to wait, once for each reason: the treatments, and the day that they wait for."""
    reasons: dict = {}
    for one in deferred:
        reasons.setdefault((one["until"] or "", one["text"]), []).append(one)
    return [
        {
            "names": listed(dict.fromkeys(names.treatment(one["treatment"]) for one in rows)),
            "until": date.fromisoformat(until) if until else None,
            "text": text,
            "rules": sorted({rule for one in rows for rule in one["rules"]}),
        }
        for (until, text), rows in sorted(reasons.items())
    ]
