"""The way to a review, and a section's name: {% load evidence %}."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse

from clinic.catalogue import differing

register = template.Library()


@register.simple_tag
def review_of(item, query):
    here = reverse("catalogue:evidence_item", args=[item.section, item.code])
    return f"{here}?{urlencode({'at': item.place})}{'&' if query else ''}{query}"


@register.simple_tag
def section_name(code):
    return differing.SECTIONS[code]


@register.inclusion_tag("catalogue/_source_line.html", takes_context=True)
def source_line(context, code):
    """A source in one line: what it is, of when, where it is, and how it was read."""
    names = context["names"]
    return {"code": code, "source": names.book.source(code)}
