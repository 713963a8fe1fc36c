"""What an editor, and a second person, should know on every page of the catalogue."""

from django import template
from django.urls import NoReverseMatch, reverse

from clinic.catalogue import drafting, services
from clinic.catalogue.editors import edited_at

register = template.Library()

EDIT = "catalogue.edit_catalogue"
WORKSHOP = (
    ("draft", "Draft", EDIT, ("draft", "publish", "discard", "lowering")),
    ("pair_matrix", "Pair matrix", EDIT, ("pair_matrix", "edit_pair", "new_pair")),
    ("prices", "Prices", EDIT, ("prices",)),
    ("packages", "Packages", EDIT, ("packages", "package")),
    ("evidence", "Evidence", EDIT, ("evidence", "evidence_item")),
    ("exchange", "Import and export", EDIT, ("exchange", "exchange_confirm")),
    ("impact:preview", "What it changes", "impact.run_preview", ()),
    ("impact:ledger", "Overrides", "impact.view_ledger", ()),
    ("versions", "Versions", "catalogue.view_catalogue", ("versions", "compare", "restore")),
    ("history", "History", "catalogue.view_history", ("history", "row_history")),
)
"""Rooms where one works on the catalogue: page, label, permission, and the pages that are there."""


@register.simple_tag(takes_context=True)
def workshop(context):
    """The rooms that this person may enter, with what waits in the draft."""
    request = context["request"]
    here = request.resolver_match.view_name.removeprefix("catalogue:")
    rooms = [
        {"url": reverse(address_of(page)), "label": label, "here": here in pages}
        for page, label, permission, pages in WORKSHOP
        if request.user.has_perm(permission) and is_there(page)
    ]
    if request.user.has_perm(EDIT):
        rooms[0]["count"] = drafting.count_of_changes()
    return rooms


@register.simple_tag
def editor(section, code):
    """The address where a row is edited."""
    return edited_at(section, code)


@register.inclusion_tag("catalogue/_draft_banner.html", takes_context=True)
def draft_banner(context):
    """The unpublished changes, for those who edit; a waiting request, for those who confirm."""
    user = context["request"].user
    shown = {"here": context["request"].resolver_match.url_name}
    if user.has_perm("catalogue.edit_catalogue"):
        shown["count"] = drafting.count_of_changes()
    if user.has_perm("catalogue.confirm_lowered"):
        waiting = services.waiting_request()
        if waiting and waiting.asked_by != user:
            shown["waiting"] = waiting
    return shown


def address_of(page: str) -> str:
    """A room of another app is named with it."""
    return page if ":" in page else f"catalogue:{page}"


def is_there(page: str) -> bool:
    try:
        return bool(reverse(address_of(page)))
    except NoReverseMatch:
        return False
