"""How a statement of the catalogue is shown with what it rests on: {% load catalogue %}."""

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from clinic.catalogue import kinds, presenting, terms

register = template.Library()
TONES = {"V": "ok", "P": "info", "gk": "warn", "conv": "open", "clinic_default": "open"}
SIGNS = {
    "V": "check2-circle",
    "P": "circle-half",
    "gk": "question-circle",
    "conv": "pencil",
    "clinic_default": "sliders",
}
EFFECT_TONES = {"BLOCK": "danger", "DELAY": "warn", "OVERRIDE": "warn", "PRETREAT": "info"}
EFFECT_SIGNS = {
    "BLOCK": "slash-circle",
    "DELAY": "hourglass-split",
    "OVERRIDE": "pencil-square",
    "PRETREAT": "capsule",
    "CAUTION": "info-circle",
}


def badge(words: str, tone: str, icon: str):
    return format_html(
        '<span class="cx-badge{}"><i class="bi bi-{}" aria-hidden="true"></i>{}</span>',
        f" is-{tone}" if tone else "",
        icon,
        words,
    )


@register.simple_tag
def verification(code):
    return badge(terms.Verification(code).label, TONES[code], SIGNS[code])


@register.simple_tag
def effect(code):
    word = terms.Effect(code)
    return badge(word.label, EFFECT_TONES.get(word.value, ""), EFFECT_SIGNS[word.value])


@register.simple_tag(takes_context=True)
def at(context, name, *args):
    """The address of a catalogue page, in the version that this page shows."""
    query = context.get("version_query", "")
    return reverse(f"catalogue:{name}", args=args) + (f"?{query}" if query else "")


@register.simple_tag(takes_context=True)
def sources(context, codes):
    """A small button for each source, with its title; it leads to the source's own entry."""
    names = context["names"]
    return format_html_join(
        " ",
        '<a class="cat-source" href="{}" title="{}">{}</a>',
        ((at(context, "source", code), names.source(code), code) for code in codes),
    )


@register.simple_tag(takes_context=True)
def marks(context, row):
    """Evidence, verification and sources of one statement."""
    grade = row.get("evidence")
    evidence = ""
    if grade:
        evidence = format_html(
            '<span class="cat-grade" title="{}">Evidence {}</span> ',
            terms.Evidence(grade).label,
            grade,
        )
    return format_html(
        '<span class="cat-marks">{}{} {}</span>',
        evidence,
        verification(row["verification"]),
        sources(context, row.get("sources") or []),
    )


@register.filter
def span(figure):
    return presenting.span_of(figure)


@register.simple_tag
def brief(figure, unit=""):
    """A figure in a list: its span, and a word where it is not verified in full."""
    if figure is None:
        return format_html('<span class="cx-unknown">{}</span>', "Not known")
    word = terms.Verification(figure["verification"])
    mark = "" if word.is_verified else format_html(' <span class="cat-mark">{}</span>', word.label)
    tail = format_html(' <span class="cx-unit">{}</span>', unit) if unit else ""
    rests_on = f"{word.label}: {', '.join(figure['sources'])}"
    return format_html(
        '<span title="{}">{}{}{}</span>', rests_on, presenting.span_of(figure), tail, mark
    )


@register.simple_tag
def worth(effectiveness):
    """Four dots for the eye, and the word for everybody."""
    word = dict(kinds.EFFECTIVENESS)[effectiveness].lower()
    words = format_html('<span class="cat-worth">{} of 4: {}</span>', effectiveness, word)
    return format_html("{} {}", _dots(effectiveness), words)


@register.simple_tag
def dots(effectiveness):
    """The dots alone, where room is short; a reader that shows nothing says the number."""
    words = format_html('<span class="visually-hidden">{} of 4</span>', effectiveness)
    return format_html("{}{}", _dots(effectiveness), words)


def _dots(effectiveness):
    filled = "●" * effectiveness + "○" * (4 - effectiveness)
    return format_html('<span class="cat-dots" aria-hidden="true">{}</span>', filled)


@register.filter
def spaced(code):
    return str(code).replace("_", " ")


@register.filter
def label_of(code, kind):
    return {"scar": terms.ScarType, "target": kinds.Target}[kind](code).label
