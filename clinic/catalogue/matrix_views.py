"""The matrix of pairs in the draft."""

from django import forms
from django.db.models.functions import Lower
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.catalogue import contradictions, drafting, matrix
from clinic.catalogue.filters import Filter, with_all
from clinic.catalogue.matrix import Defaults, Facts, Matrix
from clinic.catalogue.models import Calibration, Policy, Treatment, Version
from clinic.catalogue.reading import Names, book
from clinic.catalogue.terms import TreatmentKind

JUDGED = ("pairs", "families", "safety_rules")  # what a contradiction between pairs is about


class MatrixFilter(Filter):
    rows = forms.ChoiceField(label="Lines", required=False)
    columns = forms.ChoiceField(label="Columns", required=False)
    kind = forms.ChoiceField(
        label="Kind",
        required=False,
        choices=[("", "All treatments"), (TreatmentKind.PROCEDURE.value, "Only procedures")],
    )

    def __init__(self, *args, treatments: list[Facts], **kwargs):
        super().__init__(*args, **kwargs)
        if "kind" not in self.data:  # most pairs are about procedures; the rest is one choice away
            self.data = self.data.copy()
            self.data["kind"] = TreatmentKind.PROCEDURE.value
        chapters = sorted({one.chapter for one in treatments})
        named = with_all([(one, one.replace("-", " ").capitalize()) for one in chapters])
        for name in ("rows", "columns"):
            self.fields[name].choices = named
        self.helper.attrs = {"data-send-on-change": ""}

    def narrowed(self, some: list[Facts], name: str) -> list[Facts]:
        chapter, kind = self.wanted(name), self.wanted("kind")
        return [one for one in some if chapter in ("", one.chapter) and kind in ("", one.kind)]


@require_safe
def pair_matrix(request):
    shown = treatments()
    form = MatrixFilter(request.GET, treatments=shown)
    form.is_valid()
    rows, columns = form.narrowed(shown, "rows"), form.narrowed(shown, "columns")
    document = {name: drafting.rows(name) for name in JUDGED}
    made = of_draft(document, shown)
    in_force = Version.objects.in_force()
    return render(
        request,
        "catalogue/matrix.html",
        {
            "form": form,
            "table": made.table(rows, columns),
            "counted": (len(rows), len(columns)),
            "pairs": len(document["pairs"]),
            "differing": sorted(made.differing.items()),
            "clashes": [(code, words) for code, words in sorted(made.clashes.items()) if words],
            "legend": matrix.legend(),
            "defaults": list(matrix.DEFAULTS.items()),
            "rules": Policy.objects.filter(code__in=("d1", "d2", "d3", "d4", "d5", "d6")),
            "choices": [(one.code, one.name) for one in shown],
            "in_force": in_force,
            "names": Names(drafting.book()),
        },
    )


def of_draft(document: dict, shown: list[Facts]) -> Matrix:
    classes = Calibration.objects.filter(code__startswith="mechanism.")
    details = Policy.objects.filter(detail__has_key="inherits").values_list("detail", flat=True)
    defaults = Defaults(
        matrix.by_pair(document["pairs"]),
        {row.code.removeprefix("mechanism."): float(row.value) for row in classes},
        {detail["treatment"]: detail["inherits"] for detail in details},
    )
    in_force = Version.objects.in_force()
    return Matrix(
        document["pairs"],
        book(in_force).rows("pairs") if in_force else {},
        contradictions.problems(document),
        defaults,
        {one.code: one.name for one in shown},
    )


def treatments() -> list[Facts]:
    """Procedures first, chapter by chapter, in the order inside a session."""
    rows = Treatment.objects.filter(withdrawn=False).order_by("order", Lower("name"))
    facts = [
        Facts(code, name, kind, chapter, mechanisms[0] if mechanisms else "")
        for code, name, kind, chapter, mechanisms in rows.values_list(
            "code", "name", "kind", "family", "mechanisms"
        )
    ]
    return sorted(facts, key=lambda one: one.place)
