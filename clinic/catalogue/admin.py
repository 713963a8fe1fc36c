"""The plain sections of the working draft in Django's admin: saved the way every page saves them.

A row goes through clinic.catalogue.drafting, which checks it with the whole catalogue and refuses
to overwrite what somebody else saved meanwhile. Treatments and safety rules are only looked at
here: they have pages of their own.
"""

from decimal import Decimal

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import models
from django.shortcuts import redirect

from clinic.catalogue import checks, documents, drafting
from clinic.catalogue import models as tables
from clinic.catalogue.errors import RowMoved, RowRefused

SECTION_OF = {table: section for section, table in documents.TABLES.items()}
MOVED = (
    "Somebody else changed this row after you opened it; nothing was saved. {} "
    "What you typed stands below: look it over, and save again to put it in place of theirs."
)


class RowForm(forms.ModelForm):
    """A row of the draft with `token`, which says what its editor has read."""

    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.section = SECTION_OF[self._meta.model]
        self.is_new = self.instance._state.adding
        self.fields["token"].initial = drafting.token(self._kept())
        for name, entry in self.fields.items():
            if isinstance(entry, forms.CharField) and self._is_nullable(name):
                entry.empty_value = None  # nothing typed is nothing said, not empty words

    def _is_nullable(self, name: str) -> bool:
        return name != "token" and self._meta.model._meta.get_field(name).null

    def _kept(self) -> dict | None:
        return None if self.is_new else drafting.read(self.section, self.instance.pk)

    def _post_clean(self):
        """Once each field is sound the row is saved, so that every refusal stands on the form."""
        super()._post_clean()
        if not self.errors:
            self._save_in_the_draft()

    def _save_in_the_draft(self):
        seen = None if self.is_new else self.cleaned_data["token"]
        try:
            drafting.save(self.section, self._row(), seen=seen)
        except RowRefused as refused:
            for path, reason in refused.problems:
                self.add_error(self._field_of(path), reason)
        except RowMoved as moved:
            told = [f"{one.label} is now “{one.after or 'empty'}”." for one in moved.changes]
            self.add_error(None, MOVED.format(" ".join(told)))
            self.data = self.data.copy()
            self.data[self.add_prefix("token")] = drafting.token(moved.theirs)

    def _row(self) -> dict:
        row = {**(self._kept() or {}), "code": self.instance.pk}
        for name, value in self.cleaned_data.items():
            if name != "token":
                row[documents.KEY_OF.get(name, name)] = as_in_the_document(value)
        if self.section == "families":
            row["members"] = row.pop("treatments") + row.pop("families")
        if self.section == "pairs":
            low, usual = row.pop("weeks_min"), row.pop("weeks_typical")
            row["weeks"] = None if low is None else {"min": low, "typical": usual}
        return row

    def _field_of(self, path: tuple) -> str | None:
        name = documents.COLUMN_OF.get(path[0], path[0]) if path else None
        return name if name in self.fields else None


def as_in_the_document(value):
    """What a form field gives, as a row of the document has it."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, models.QuerySet):
        return [row.pk for row in value]
    return checks.as_number(value) if isinstance(value, Decimal) else value


def sources_of(table: type[models.Model]) -> list[str]:
    """Sources are typed as their codes: a list of all of them in every line would be too long."""
    return [relation.name for relation in table._meta.local_many_to_many]


def part_of(table: type[models.Model], look=admin.TabularInline):
    """The rows of `table` on the page of the row they belong to."""
    fields = {"model": table, "extra": 0, "raw_id_fields": sources_of(table)}
    return type(f"{table.__name__}Inline", (look,), fields)


class RowAdmin(admin.ModelAdmin):
    """A row by its code, which is its name for good: another code is another row."""

    form = RowForm
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

    def save_model(self, request, row, form, change):
        """The form has saved the row, with what belongs to it."""

    def save_related(self, request, form, formsets, change):
        """See save_model."""

    def has_delete_permission(self, request, row=None):
        """A row that plans of the past name is withdrawn, never deleted."""
        return False

    def history_view(self, request, object_id, extra_context=None):
        """The catalogue's own history says more than the admin's."""
        return redirect("catalogue:row_history", SECTION_OF[self.model], unquote(object_id))


class LookedAt(RowAdmin):
    """Changed on a page of its own."""

    form = forms.ModelForm

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, row=None):
        return False


@admin.register(tables.Treatment)
class TreatmentAdmin(LookedAt):
    search_fields = ["code", "name", "aliases"]
    inlines = [
        part_of(tables.Indication),
        part_of(tables.Figure),
        part_of(tables.SkinTypes),
        part_of(tables.Contraindication),
        part_of(tables.Statement),
    ]


@admin.register(tables.SafetyRule)
class SafetyRuleAdmin(LookedAt):
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
