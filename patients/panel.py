"""What the assessment page shows beside the chart, put together from rows and definitions."""

from django.db import models

from patients import chart, classifying, definitions, grading, services
from patients.forms import (
    BAND_KEYS,
    BedsideForm,
    FindingForm,
    MarkForm,
    kinds,
    quick_details,
)
from patients.models import Mark

# What the keys of fast logging set on the last finding, and on nothing else.
DETAIL_KEYS = {
    ("severity", "mild"): {"severity": "mild"},
    ("severity", "moderate"): {"severity": "moderate"},
    ("severity", "severe"): {"severity": "severe"},
    ("distensible", "yes"): {"distensible": True},
    ("distensible", "no"): {"distensible": False},
}
OTHER_SIDE = {"L": "R", "R": "L"}
# For the colour of a region: lesions at the middle of their band, a raised one as ten.
BAND_MIDDLE = {"1-4": 2, "5-10": 7, "11-20": 15, "over-20": 25, "": 1}
LEVELS = (1, 5, 11, 21)


def panel(assessment, last=None, known=None) -> dict:
    """`rows` as logged (newest first), grades with their definitions, and what can be undone.

    `known` are the definitions in force, where the caller has them already.
    """
    scales = (known or definitions.in_force()).scales
    models.prefetch_related_objects([assessment], "findings", "marks")
    findings = list(assessment.findings.all())
    marks = list(assessment.marks.all())
    rule = scales.get("scar_type_rule")
    rows = [_shown(finding, rule, last) for finding in findings]
    rows += [_shown(mark, None, last) for mark in marks]
    rows.sort(key=lambda row: row["row"].pk, reverse=True)
    if not assessment.is_signed:
        _warn_of_twice(rows)
    undone = set(assessment.changes.values_list("undone", flat=True).distinct())
    return {
        "assessment": assessment,
        "rows": rows,
        "last": next((row for row in rows if row["is_last"]), None),
        "grades": services.grades_of(assessment, scales) if scales else None,
        "scales": scales,
        "kinds": kinds(),
        "bands": [(band, key) for band, key in BAND_KEYS.items()],
        "can_undo": False in undone,
        "can_redo": True in undone,
    }


def _shown(row, rule, last) -> dict:
    is_mark = isinstance(row, Mark)
    code = f"mark_{row.mark_type}" if is_mark else row.scar_type
    return {
        "row": row,
        "is_mark": is_mark,
        "table": "mark" if is_mark else "finding",
        "code": code,
        "symbol": chart.SYMBOLS.get(code),
        "warnings": classifying.contradictions(services.scar_of(row), rule)
        if rule and not is_mark
        else [],
        "is_last": last is not None and last.pk == row.pk,
        "asks": asks(row),
    }


def _warn_of_twice(rows) -> None:
    """On the later ones of a type in a place: nobody means two entries by counting twice."""
    first: dict[tuple, dict] = {}
    for one in reversed(rows):  # oldest first
        earlier = first.setdefault((one["row"].place, one["code"]), one)
        if earlier is not one:
            one["warnings"] = [
                *one["warnings"],
                f"Already logged here: {earlier['row'].how_many}. Add this to the first entry and "
                "remove it here, or keep both if they are two groups.",
            ]


def asks(row) -> set[str]:
    """The details that the keys of fast logging may set on this finding; none on a mark."""
    return set() if isinstance(row, Mark) else quick_details(row.scar_type)


def chart_of(assessment, *, selected=None, mode="edit", tab="F", **options) -> dict:
    """The context of the face chart with what is logged; `options` are the chart's own."""
    loads: dict[str, list] = {}
    for row in assessment.findings.all():
        loads.setdefault(row.place, []).append((row.scar_type, row))
    for row in assessment.marks.all():
        loads.setdefault(row.place, []).append((f"mark_{row.mark_type}", row))
    known = {place: _load(groups) for place, groups in loads.items() if place in chart.places()}
    selected = selected if selected in chart.places() else None
    return chart.chart_context(known, selected, mode=mode, form_id="log-form", tab=tab, **options)


def _load(groups) -> chart.Load:
    lesions = 0
    for code, row in groups:
        amount = row.count if row.count is not None else BAND_MIDDLE[row.count_band]
        lesions += amount * (10 if code in grading.RAISED else 1)
    level = sum(lesions >= limit for limit in LEVELS)
    symbols = tuple((code, row.amount) for code, row in groups if code in chart.SYMBOLS)
    return chart.Load(level, symbols)


def gb_rows(known=None) -> list[tuple[str, str]]:
    scale = (known or definitions.in_force()).scales.get("goodman_baron_quantitative")
    return (
        [(row["code"], f"{row['code']}: {row['name']}") for row in scale["rows"]] if scale else []
    )


def finding_form(data=None, **kwargs) -> FindingForm:
    return FindingForm(data, rows=gb_rows(), **kwargs)


def mark_form(data=None, **kwargs) -> MarkForm:
    return MarkForm(data, **kwargs)


class _LogMark(MarkForm):
    def log(self, *, assessment, by):
        return services.log_mark(assessment=assessment, by=by, **self.columns())


class _LogFinding(FindingForm):
    def log(self, *, assessment, by):
        return services.log_finding(assessment=assessment, by=by, **self.columns())


def log_form(data=None, *, known=None, initial=None):
    """The form that a posted `kind` calls for: a mark is read by the form of marks alone."""
    given = data.copy() if data is not None else None
    kind = (data or {}).get("kind", "")
    if kind.startswith("mark_"):
        given["mark_type"] = kind.removeprefix("mark_")
        return _LogMark(given)
    if given is not None:
        given["scar_type"] = kind
    return _LogFinding(given, rows=gb_rows(known), initial=initial)


def bedside_form(assessment, data=None) -> BedsideForm:
    scale = definitions.in_force().scales.get("scar_s")
    categories = (
        [(row["code"], f"{row['code']} {row['name']}") for row in scale["rows"]] if scale else []
    )
    return BedsideForm(data, instance=assessment, categories=categories)


def mirrored(row) -> dict | None:
    """The columns of the same group on the other side; None where there is no other side."""
    if row.side not in OTHER_SIDE:
        return None
    own = {"id", "lineage", "assessment", "side", "revision"}
    fields = {
        field.name: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in own and not isinstance(field, models.ForeignKey)
    }
    return {**fields, "side": OTHER_SIDE[row.side]}
