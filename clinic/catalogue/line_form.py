"""Form fields for a line of one of the catalogue's tables: its columns, by their kind."""

from django import forms
from django.db import models

from clinic.catalogue import differing, documents, terms
from clinic.catalogue.exchange_cells import Number, Text, Words
from clinic.catalogue.exchange_tables import Table

MARKS = ("verification", "sources")


class CellField(forms.CharField):
    """What stands in a cell of the table, typed; it is read as the table's import reads it."""

    def __init__(self, *, cell, **options):
        self.cell = cell
        super().__init__(required=False, strip=True, **options)

    def prepare_value(self, value):
        return value if isinstance(value, str) else self.cell.written(value)

    def clean(self, value):
        try:
            return self.cell.read((value or "").replace("\r\n", "\n").strip())
        except ValueError as fault:
            raise forms.ValidationError(f"{str(fault).capitalize()}.") from None


def fields_for(table: Table) -> dict[str, forms.Field]:
    """Numbers, choices and texts; what has a shape of its own is edited on the row's own page."""
    model = documents.TABLES[table.section]
    if table.part:
        model = documents.PARTS[table.section][table.part]
    columns = {field.name: field for field in model._meta.local_fields}
    found = {}
    for name, column in table.columns.items():
        made = _field(name, column.widget, columns.get(documents.COLUMN_OF.get(name, name)))
        if made is not None and name not in (*table.key, *MARKS):
            label = differing.label_of(name)
            made.label = label[:1].upper() + label[1:]
            found[name] = made
    return found


def _field(name: str, cell, column) -> forms.Field | None:
    if column is None or isinstance(column, models.ForeignKey):
        return None
    if column.choices:
        first = [("", "Not recorded")] if cell.null else []
        return forms.TypedChoiceField(
            choices=[*first, *column.choices],
            coerce=int if isinstance(column, models.IntegerField) else str,
            empty_value=None,
            required=not cell.null,
        )
    if isinstance(cell, Number):
        return CellField(cell=cell, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    if isinstance(cell, Text):
        long = isinstance(column, models.TextField)
        rows = forms.Textarea(attrs={"rows": 2}) if long else forms.TextInput()
        return CellField(cell=cell, widget=rows)
    return None


def marks_fields() -> dict[str, forms.Field]:
    """How far it was checked, and where."""
    return {
        "verification": forms.ChoiceField(
            label="How far it is checked", choices=terms.Verification.choices()
        ),
        "sources": CellField(
            cell=Words(),
            label="Sources",
            help_text="Codes, as in kang2009; goodman2006.",
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        ),
    }
