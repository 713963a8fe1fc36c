"""The catalogue as a clinic reads it: the version in force, or another that the address names."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render

from clinic.catalogue import kinds, presenting
from clinic.catalogue.filters import (
    PairFilter,
    RuleFilter,
    SourceFilter,
    TreatmentFilter,
    UnverifiedFilter,
)
from clinic.catalogue.models import Clinic, Version
from clinic.catalogue.reading import Names, book


def version_of(request) -> Version | None:
    """`?version=N`, else the one in force."""
    number = request.GET.get("version")
    if not number:
        return Version.objects.in_force()
    if not number.isdecimal():
        raise Http404("A version is a number.")
    return get_object_or_404(Version.objects.defer("document"), number=int(number))


def reader(view):
    """Give a view the book of the version it shows, and its page what every page of it needs."""

    def page(request, **named):
        version = version_of(request)
        if version is None:
            return render(request, "catalogue/none.html")
        shown = book(version)
        template, context = view(request, shown, **named)
        in_force = Version.objects.in_force()
        frame = {
            "version": version,
            "in_force": in_force,
            "version_query": "" if version == in_force else f"version={version.number}",
            "names": Names(shown),
            "clinic": Clinic.current(),
        }
        return render(request, f"catalogue/{template}.html", frame | context)

    return page


def row_or_404(shown, section: str, code: str) -> dict:
    row = shown.row(section, code)
    if row is None:
        raise Http404(f"This version has no {code}.")
    return row


@reader
def home(request, shown):
    return "home", {
        "sections": presenting.sections(shown),
        "tally": presenting.tally(shown),
        "versions": Version.objects.defer("document").select_related("published_by")[:5],
    }


@reader
def treatments(request, shown):
    form = TreatmentFilter(request.GET, book=shown)
    found = presenting.treatments(shown, form.as_wanted())
    return "treatments", {"form": form, "found": found, "all": len(shown.rows("treatments"))}


@reader
def treatment(request, shown, code):
    return "treatment", presenting.treatment_page(shown, row_or_404(shown, "treatments", code))


@reader
def pairs(request, shown):
    form = PairFilter(request.GET, book=shown)
    form.is_valid()
    wanted = [form.wanted(name) for name in ("treatment", "relation", "target")]
    found = presenting.pairs(shown, *wanted)
    return "pairs", {"form": form, "found": found, "all": len(shown.rows("pairs"))}


@reader
def safety(request, shown):
    form = RuleFilter(request.GET, book=shown)
    form.is_valid()
    groups = presenting.rules_by_family(shown, form.wanted("q"), form.wanted("family"))
    return "safety", {"form": form, "groups": groups, "limits": shown.rows("limits").values()}


@reader
def questions(request, shown):
    return "questions", {"groups": presenting.questions_by_group(shown)}


@reader
def scales(request, shown):
    return "scales", {
        "scales": shown.rows("scales").values(),
        "instruments": shown.rows("instruments").values(),
    }


@reader
def protocols(request, shown):
    return "protocols", {"found": presenting.protocol_lines(shown)}


@reader
def policies(request, shown):
    rows = list(shown.rows("policies").values())
    return "policies", {
        "groups": presenting.by_kind(rows, kinds.PolicyKind),
        "strategies": shown.rows("strategies").values(),
        "constants": shown.rows("calibration").values(),
    }


@reader
def sources(request, shown):
    form = SourceFilter(request.GET)
    form.is_valid()
    found = presenting.sources(shown, form.wanted("q"))
    return "sources", {"form": form, "found": found, "all": len(shown.rows("sources"))}


@reader
def source(request, shown, code):
    row = row_or_404(shown, "sources", code)
    return "source", {"row": row, "uses": presenting.uses_of_sources(shown)[code]}


@reader
def unverified(request, shown):
    form = UnverifiedFilter(request.GET)
    form.is_valid()
    groups = presenting.unverified(shown, form.wanted("verification"))
    return "unverified", {"form": form, "groups": groups, "tally": presenting.tally(shown)}
