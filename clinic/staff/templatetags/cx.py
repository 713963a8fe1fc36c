"""What templates of every app share: {% load cx %}."""

from django import template
from django.urls import resolve
from django.utils.html import format_html

from clinic.staff.doors import may_enter
from clinic.staff.frame import places_for, rooms_for

register = template.Library()
NOT_RECORDED = format_html('<span class="cx-unknown">{}</span>', "Not recorded")


@register.simple_tag(takes_context=True)
def places(context):
    request = context["request"]
    return places_for(request.user, request.path)


@register.simple_tag(takes_context=True)
def clinic_rooms(context):
    request = context["request"]
    return rooms_for(request.user, request.path)


@register.filter
def opens_to(address, user):
    """Whether the page at `address` is open to somebody: a link that leads to a refusal is none."""
    return may_enter(user, resolve(address).view_name)


@register.filter
def recorded(value, unit=""):
    """The value with its unit, or "Not recorded"; nought is a value."""
    if value is None or value == "" or value == []:
        return NOT_RECORDED
    return format_html('{} <span class="cx-unit">{}</span>', value, unit) if unit else value


@register.simple_tag(takes_context=True)
def address_with(context, **changes):
    """This page's address with some of its query changed: the next page of the same search."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query[name] = value
    return f"?{query.urlencode()}"
