"""What an editor, and a second person, should know on every page of the catalogue."""

from django import template
from django.urls import reverse

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

ROW_PAGES = {
    **dict.fromkeys(("treatment", "edit_treatment"), "treatments"),
    **dict.fromkeys(("source", "edit_source"), "sources"),
    "edit_pair": "pairs",
    "edit_rule": "safety_rules",
    "package": "packages",
}
"""Pages of one row, and the section it is of."""


@register.simple_tag(takes_context=True)
def workshop(context):
    """The rooms that this person may enter, with what waits in the draft."""
    request = context["request"]
    here = request.resolver_match.view_name.removeprefix("catalogue:")
    rooms = [
        {"url": reverse(address_of(page)), "label": label, "here": here in pages}
        for page, label, permission, pages in WORKSHOP
        if request.user.has_perm(permission)
    ]
    if request.user.has_perm(EDIT):
        rooms[0]["count"] = _count(request)
    code = request.resolver_match.kwargs.get("code")
    if here in ROW_PAGES and code and request.user.has_perm("catalogue.view_history"):
        address = reverse("catalogue:row_history", args=[ROW_PAGES[here], code])
        rooms.append({"url": address, "label": "History of this row", "here": False})
    return rooms


def _count(request) -> int:
    """Counted once for the whole page."""
    if not hasattr(request, "unpublished_changes"):
        request.unpublished_changes = drafting.count_of_changes()
    return request.unpublished_changes


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
        shown["count"] = _count(context["request"])
    if user.has_perm("catalogue.confirm_lowered"):
        waiting = services.waiting_request()
        if waiting and waiting.asked_by != user:
            shown["waiting"] = waiting
    return shown


def address_of(page: str) -> str:
    """A room of another app is named with it."""
    return page if ":" in page else f"catalogue:{page}"
