from django.shortcuts import render
from django.views.decorators.http import require_GET

from patients import chart, definitions
from patients.guide import walk
from patients.seen import assessment_of


@require_GET
def guide(request, pk):
    """One question of the decision rule, or the type that it ends in; `?close` puts it away."""
    found = assessment_of(request, pk)
    rule = definitions.in_force().scales.get("scar_type_rule")
    place = request.GET.get("place", "")
    place = place if place in chart.places() else ""
    closed = "close" in request.GET or rule is None
    context = {
        "assessment": found,
        "patient": found.patient,
        "place": place,
        "rule": rule,
        "walk": None if closed else walk(request.GET, rule, place),
    }
    page = "_guide" if request.htmx else "guide"
    return render(request, f"patients/{page}.html", context)
