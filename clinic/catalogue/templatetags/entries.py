"""The entries of a sheet, each with its refusal and its mark of a change: {% load entries %}."""

from django import template
from django.utils.html import format_html, format_html_join, mark_safe

from clinic.catalogue import terms
from clinic.catalogue.sheets import Sheet

register = template.Library()


@register.simple_tag
def box(sheet: Sheet, name: str, label: str = "", **look):
    """A line to type in. With `label` it has no label beside it, and says this to a reader."""
    return format_html(
        '<input class="form-control{}" type="{}" name="{}" id="{}" value="{}"{}{}>{}',
        _refusal_class(sheet, name),
        look.get("type", "text"),
        name,
        name,
        sheet.value(name),
        _told(sheet, name, label),
        _more(look, ("inputmode", "list", "maxlength", "placeholder", "data_part", "autocomplete")),
        _under(sheet, name, sheet.before(name)),
    )


@register.simple_tag
def words(sheet: Sheet, name: str, label: str = "", **look):
    """Several lines to type in."""
    return format_html(
        '<textarea class="form-control{}" name="{}" id="{}" rows="{}"{}{}>\n{}</textarea>{}',
        _refusal_class(sheet, name),
        name,
        name,
        look.get("rows", 2),
        _told(sheet, name, label),
        _more(look, ("data_part",)),
        sheet.value(name),
        _under(sheet, name, sheet.before(name)),
    )


@register.simple_tag
def choose(sheet: Sheet, name: str, choices, label: str = "", **look):
    """One of `choices`; what was posted and is none of them stands there too, and is refused."""
    value = sheet.value(name)
    known = [(str(code), str(words)) for code, words in choices]
    if value and value not in dict(known):
        known.append((value, value))
    before = sheet.before(name)
    return format_html(
        '<select class="form-select{}" name="{}" id="{}"{}{}>{}</select>{}',
        _refusal_class(sheet, name),
        name,
        name,
        _told(sheet, name, label),
        _more(look, ("data_part",)),
        format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((code, " selected" if code == value else "", words) for code, words in known),
        ),
        _under(sheet, name, dict(known).get(before, before)),
    )


@register.simple_tag
def tick(sheet: Sheet, name: str, code: str, words: str):
    """One of several that may be chosen together."""
    key = f"{name}-{code}"
    return format_html(
        '<div class="form-check"><input class="form-check-input" type="checkbox" name="{}" '
        'value="{}" id="{}"{}><label class="form-check-label" for="{}">{}</label></div>',
        name,
        code,
        key,
        " checked" if sheet.holds(name, code) else "",
        key,
        words,
    )


@register.simple_tag
def refusals(sheet: Sheet, name: str):
    """What is wrong with something that has no entry of its own."""
    return _refused(sheet, name)


@register.filter
def value_of(sheet: Sheet, name: str) -> str:
    return sheet.value(name)


@register.filter
def is_wrong(sheet: Sheet, prefix: str) -> bool:
    return sheet.wrong_in(prefix)


@register.filter
def verified_in_words(code: str) -> str:
    known = {term.value: term.label for term in terms.Verification}
    return known.get(code, code)


def _refusal_class(sheet, name) -> str:
    return " is-invalid" if sheet.refusals(name) else ""


def _told(sheet, name, label):
    """What a reader is told of the entry: its name, and that and why it was refused."""
    told = format_html(' aria-label="{}"', label) if label else ""
    if sheet.refusals(name):
        told += format_html(' aria-invalid="true" aria-describedby="{}-refused"', name)
    return mark_safe(told)


def _more(look, allowed):
    pairs = ((key.replace("_", "-"), look[key]) for key in allowed if key in look)
    return format_html_join("", ' {}="{}"', pairs)


def _under(sheet, name, before):
    return mark_safe(_refused(sheet, name) + _changed(before))


def _refused(sheet, name):
    if not (reasons := sheet.refusals(name)):
        return ""
    return format_html(
        '<span class="invalid-feedback" id="{}-refused">{}</span>', name, " ".join(reasons)
    )


def _changed(before):
    if before is None:
        return ""
    if isinstance(before, list):
        before = ", ".join(before)
    return format_html('<span class="ed-was">in force: {}</span>', before or "nothing")
