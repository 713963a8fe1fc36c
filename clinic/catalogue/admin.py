"""The working draft in Django's admin: plain, but nothing malformed gets past it.

What a column holds that has a shape of its own (a condition, the parts of a question, the steps of
a protocol) is checked by the same table that checks the data files.
"""

from django import forms
from django.contrib import admin
from django.db import models

from clinic.catalogue import checks, contradictions, documents
from clinic.catalogue import models as tables

SHAPES: dict[type[models.Model], dict[str, checks.Kind]] = {
    tables.Word: {"when": checks.CONDITION},
    tables.PairRule: {"when": checks.CONDITION},
    tables.Question: {
        "parts": checks.list_of(checks.PART, least=1),
        "applies": checks.CONDITION,
    },
    tables.SafetyClause: {
        "when": checks.CONDITION,
        "targets": checks.TARGETS,
        "excluded": checks.TARGETS,
        "until": checks.UNTIL,
        "preparation": checks.PREPARATION.or_null(),
        "test_spot": checks.TEST_SPOT.or_null(),
    },
    tables.Limit: {"when": checks.CONDITION},
    tables.Protocol: {
        "steps": checks.list_of(checks.STEP, least=1),
        "reported": checks.REPORTED,
    },
    tables.Strategy: {"weights": checks.WEIGHTS},
}


def _pair(cleaned: dict) -> dict:
    row = {name: cleaned.get(name) for name in ("code", "relation", "when", "condition", "assume")}
    codes = {name: getattr(cleaned.get(name), "pk", None) for name in ("a", "b", "first")}
    more = {name: cleaned.get(name) or [] for name in ("scar_types", "regions")}
    return row | codes | more


def _family(cleaned: dict) -> dict:
    members = [row.pk for name in ("treatments", "families") for row in cleaned.get(name) or ()]
    return {"code": cleaned.get("code"), "members": members}


def _constant(cleaned: dict) -> dict:
    return {"code": cleaned.get("code"), "value": float(cleaned.get("value") or 0)}


ROWS = {
    tables.PairRule: ("pairs", _pair),
    tables.Family: ("families", _family),
    tables.Calibration: ("calibration", _constant),
}
"""Rows that may contradict others: their section, and how a form's values make one."""


class CheckedForm(forms.ModelForm):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        for name, entry in self.fields.items():
            if isinstance(entry, forms.CharField) and self._meta.model._meta.get_field(name).null:
                entry.empty_value = None  # nothing typed is nothing said, not empty words

    def clean(self):
        cleaned = super().clean()
        if self._meta.model in ROWS and not self.errors:
            for reason in self._contradictions(cleaned):
                self.add_error(None, reason)
        return self._shaped(cleaned)

    def _contradictions(self, cleaned: dict) -> list[str]:
        """What this row would contradict, that does not contradict itself without it."""
        section, made = ROWS[self._meta.model]
        row = made({"code": self.instance.pk, **cleaned})
        document = documents.draft()
        others = [one for one in document[section] if one["code"] != row["code"]]
        before = {
            problem.reason for problem in contradictions.problems({**document, section: others})
        }
        after = contradictions.problems({**document, section: [*others, row]})
        return sorted({problem.reason for problem in after} - before)

    def _shaped(self, cleaned: dict) -> dict:
        shapes = SHAPES.get(self._meta.model, {})
        book = checks.book_of(documents.draft()) if shapes else None
        for name, kind in shapes.items():
            if name in cleaned:
                for problem in kind.check(cleaned[name], (), book):
                    self.add_error(name, str(problem).removeprefix(": "))
        return cleaned


def sources_of(table: type[models.Model]) -> list[str]:
    """Sources are typed as their codes: a list of all of them in every line would be too long."""
    return [relation.name for relation in table._meta.local_many_to_many]


def part_of(table: type[models.Model], look=admin.TabularInline):
    """The rows of `table` on the page of the row they belong to."""
    fields = {"model": table, "form": CheckedForm, "extra": 0, "raw_id_fields": sources_of(table)}
    return type(f"{table.__name__}Inline", (look,), fields)


class RowAdmin(admin.ModelAdmin):
    """A row by its code, which is its name for good: another code is another row."""

    form = CheckedForm
    search_fields = ["code"]
    list_per_page = 200

    def __init__(self, model, site):
        self.raw_id_fields = sources_of(model)
        names = {column.name for column in model._meta.local_fields}
        self.list_display = ["code", "__str__"]
        self.list_filter = [one for one in ("kind", "family", "verification") if one in names]
        super().__init__(model, site)

    def get_readonly_fields(self, request, row=None):
        return ["code"] if row else []

    def has_delete_permission(self, request, row=None):
        """A treatment is withdrawn, never deleted: plans of the past name it."""
        return False


@admin.register(tables.Treatment)
class TreatmentAdmin(RowAdmin):
    search_fields = ["code", "name", "aliases"]
    inlines = [
        part_of(tables.Indication),
        part_of(tables.Figure),
        part_of(tables.SkinTypes),
        part_of(tables.Contraindication),
        part_of(tables.Statement),
    ]


@admin.register(tables.SafetyRule)
class SafetyRuleAdmin(RowAdmin):
    search_fields = ["code", "title", "text"]
    inlines = [part_of(tables.SafetyClause, admin.StackedInline)]


@admin.register(
    tables.Source,
    tables.Region,
    tables.Family,
    tables.Requirement,
    tables.Word,
    tables.PairRule,
    tables.Policy,
    tables.Question,
    tables.Limit,
    tables.Scale,
    tables.Instrument,
    tables.Protocol,
    tables.Strategy,
    tables.Calibration,
)
class PlainRowAdmin(RowAdmin):
    pass


@admin.register(tables.Version)
class VersionAdmin(admin.ModelAdmin):
    """To look at; the database itself refuses a change."""

    list_display = ["number", "published_at", "published_by", "words", "hash"]
    fields = ["number", "published_at", "published_by", "words", "hash"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, row=None):
        return False

    def has_delete_permission(self, request, row=None):
        return False
