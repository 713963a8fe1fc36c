"""The hits of a rule that is being edited, as a part of its page or as a page of its own."""

from django.shortcuts import render
from django.views.decorators.http import require_POST

from clinic.catalogue import drafting
from clinic.catalogue.models import Version
from clinic.catalogue.reading import Names
from clinic.catalogue.rule_form import Choices, RuleDesk
from clinic.impact.cases import library
from clinic.impact.hits import DEEDS, clauses_of, rule_hits
from planner import bridge

UNNAMED = "the-new-rule"


@require_POST
def hits_of_rule(request):
    choices = Choices(drafting.book())
    code = request.POST.get("of") or UNNAMED
    row = drafting.read("safety_rules", code)
    shown = RuleDesk.sent(request.POST, row, choices).shown_clauses()
    version = Version.objects.in_force()
    hits = _hits(code, shown, version, choices) if version and None not in shown else None
    return render(
        request,
        "impact/_rule_hits.html" if request.htmx else "impact/rule_hits.html",
        {
            "hits": hits,
            "version": version,
            **(_in_words(hits, Names(choices.book)) if hits else {}),
            "incomplete": [at for at, clause in enumerate(shown, 1) if clause is None],
            "code": "" if code == UNNAMED else code,
        },
    )


def _hits(code: str, clauses: list[dict], version: Version, choices: Choices):
    rule = {"code": code, "title": code, "text": "", "clauses": clauses}
    now = clauses_of(rule, choices.book.rows("families").values())
    return rule_hits(code, now, bridge.catalogue_of(version), library(version))


def _in_words(hits, names: Names) -> dict:
    """Treatments by name, with in how many cases; the cases that changed before the others."""
    lines = [
        {"case": one, **{deed: [names.treatment(code) for code in getattr(one, deed)]
                         for deed in DEEDS}}
        for one in sorted(hits.found, key=lambda one: (not one.is_changed, not one.now, one.about))
    ]  # fmt: skip
    return {
        "lines": lines,
        **{
            deed: [(names.treatment(code), count) for code, count in hits.treatments(deed)]
            for deed in DEEDS
        },
    }
