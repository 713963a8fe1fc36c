"""What packages make of a cost: {% load prices %}."""

from django import template

from planner.pricing import lines_of, packages_of, reckon

register = template.Library()


@register.filter
def with_packages(content, version):
    """What the visits of `content` cost with packages, before tax is added; None without any."""
    sheet = reckon(lines_of(content["sessions"]), packages_of(version))
    return sheet.net if sheet.reductions else None
