"""The catalogue as tables: which there are, their columns, and a document's rows as lines of them.

A table is a section of the document, or a list inside its rows (the figures of the treatments) as
a table of its own, whose first columns name the row it belongs to.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import Resource

from clinic.catalogue import checks, documents
from clinic.catalogue.differing import SECTIONS
from clinic.catalogue.exchange_cells import Number, Shape, Text, Words, YesNo
from clinic.catalogue.kinds import FigureKind

SINGLE = "fitzpatrick"  # one a treatment, or none
PART_TABLES = {
    "indications": ("treatments", "indications", ("scar_type", "depth")),
    "figures": ("treatments", "figures", ("kind",)),
    "statements": ("treatments", "statements", ("kind", "position")),
    "contraindications": ("treatments", "contraindications", ("word",)),
    "skin_types": ("treatments", SINGLE, ()),
    "clauses": ("safety_rules", "clauses", ("position",)),
}
OWNERS = {"treatments": "treatment", "safety_rules": "rule"}
AMOUNTS = ("min", "typical", "max")
PART_LABELS = {
    "indications": "Indications of treatments",
    "figures": "Figures of treatments (prices too)",
    "statements": "Statements of treatments",
    "contraindications": "Contraindications of treatments",
    "skin_types": "Skin types of treatments",
    "clauses": "Clauses of safety rules",
}


class Column(Field):
    """A column of a line, which is a mapping."""

    def save(self, instance, row, is_m2m=False, **kwargs):
        instance[self.attribute] = self.clean(row, **kwargs)

    def get_value(self, instance):
        return instance.get(self.attribute)


@dataclass(frozen=True)
class Table:
    name: str
    section: str
    part: str = ""
    within: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return PART_LABELS.get(self.name) or SECTIONS[self.section]

    @property
    def owner(self) -> str:
        """The column that names the row a part belongs to."""
        return OWNERS[self.section] if self.part else ""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns by which a line is known again."""
        return (self.owner, *self.within) if self.part else ("code",)

    def money_of(self, line: dict) -> tuple[str, ...]:
        """The columns of a line that hold an amount in the clinic's currency."""
        if self.name == "packages":
            return ("price",)
        return AMOUNTS if self.name == "figures" and line["kind"] == FigureKind.PRICE else ()

    @cached_property
    def columns(self) -> dict[str, Column]:
        return {
            name: Column(attribute=name, column_name=name, widget=cell)
            for name, cell in self._cells().items()
        }

    def _cells(self) -> dict:
        model = documents.TABLES[self.section]
        if self.part:
            model = documents.PARTS[self.section][self.part]
        cells = {} if not self.part else {self.owner: Text()}
        if "position" in self.within:
            cells["position"] = Number()
        for field in model._meta.local_fields:
            if field.name not in ("id", self.owner, "position"):
                cells[documents.KEY_OF.get(field.name, field.name)] = _cell_of(field)
        for relation in model._meta.local_many_to_many:
            cells[relation.name] = Words()
        if self.section == "families":
            del cells["treatments"], cells["families"]
            cells["members"] = Words()
        return cells

    # ---- from a document

    def lines(self, document: dict) -> list[dict]:
        return [line for row in document[self.section] for line in self._lines_of(row)]

    def _lines_of(self, row: dict) -> Iterator[dict]:
        if not self.part:
            yield self._flat(row)
            return
        place: dict = {}
        for item in _as_list(row[self.part]):
            line = {self.owner: row["code"], **item}
            if "position" in self.within:
                group = item.get("kind")
                place[group] = place.get(group, 0) + 1
                line["position"] = place[group]
            yield line

    def _flat(self, row: dict) -> dict:
        if self.section != "pairs":
            return row
        weeks = row["weeks"] or {"min": None, "typical": None}
        return row | {"weeks_min": weeks["min"], "weeks_typical": weeks["typical"]}

    # ---- into a document

    def key_of(self, line: dict) -> tuple:
        return tuple(line.get(name) for name in self.key)

    def row_of(self, line: dict, old: dict | None) -> dict:
        """The row or part of a document that a line stands for."""
        row = {name: value for name, value in line.items() if name != self.owner or not self.part}
        row.pop("position", None)
        if self.section == "pairs":
            low, usual = row.pop("weeks_min"), row.pop("weeks_typical")
            both = {"min": low, "typical": usual}
            row["weeks"] = None if low is None and usual is None else both
        if not self.part:
            for part in documents.PARTS.get(self.section, {}):
                row[part] = old[part] if old else None if part == SINGLE else []
        return row

    def column_of(self, path: tuple) -> str:
        """The column that a path inside the row speaks of; empty for the whole line."""
        if self.section == "pairs" and path[:1] == ("weeks",):
            return "weeks_typical" if path[1:] == ("typical",) else "weeks_min"
        return path[0] if path and path[0] in self.columns else ""

    def put(self, document: dict, line: dict) -> tuple | None:
        """Put a line into the document; the path of what it became, None where nothing has it.

        ValueError where the line would leave a gap.
        """
        rows = document[self.section]
        wanted = line[self.owner or "code"]
        at = next((index for index, row in enumerate(rows) if row["code"] == wanted), None)
        if not self.part:
            if at is None:
                rows.append(self.row_of(line, None))
                return self.section, len(rows) - 1
            rows[at] = self.row_of(line, rows[at])
            return self.section, at
        if at is None:
            return None
        return (self.section, at, *self._put_part(rows[at], line))

    def _put_part(self, row: dict, line: dict) -> tuple:
        item = self.row_of(line, None)
        if self.part == SINGLE:
            row[SINGLE] = item
            return (SINGLE,)
        items, known = row[self.part], [self.key_of(one) for one in self._lines_of(row)]
        if (key := self.key_of(line)) in known:
            at = known.index(key)
            items[at] = item
            return self.part, at
        if "position" in self.within:
            last = sum(one[:-1] == key[:-1] for one in known)
            if line["position"] != last + 1:
                raise ValueError(f"the next free position is {last + 1}")
        items.append(item)
        return self.part, len(items) - 1


def _cell_of(field: models.Field):
    match field:
        case ArrayField():
            return Words(null=field.null)
        case models.JSONField():
            return Shape(null=field.null)
        case models.BooleanField():
            return YesNo(null=field.null)
        case models.IntegerField() | models.DecimalField():
            return Number(null=field.null)
    return Text(null=field.null)


def _as_list(some) -> list:
    return [] if some is None else some if isinstance(some, list) else [some]


@cache
def all_tables() -> dict[str, Table]:
    """By name, each part behind the section it belongs to."""
    found = {}
    for section in documents.TABLES:
        found[section] = Table(section, section)
        for name, (owner, part, within) in PART_TABLES.items():
            if owner == section:
                found[name] = Table(name, section, part, within)
    return found


class Lines(Resource):
    """The lines of one table for django-import-export, which reads and writes their cells.

    Nothing is saved here: what the lines become is judged as a whole, with the rest of the draft.
    """

    def __init__(self, table: Table):
        super().__init__()
        self.table = table
        self.fields = dict(table.columns)
        self.read: dict[int, dict] = {}

    class Meta:
        instance_loader_class = BaseInstanceLoader
        skip_diff = True
        report_skipped = True

    def get_import_id_fields(self):
        return list(self.table.key)

    def get_or_init_instance(self, instance_loader, row):
        return {}, True

    def skip_row(self, instance, original, row, import_validation_errors=None):
        return False

    def import_instance(self, instance, row, **kwargs):
        super().import_instance(instance, row, **kwargs)
        settle(self.table, instance)

    def save_instance(self, instance, is_create, row, **kwargs):
        self.read[kwargs["row_number"]] = instance

    def save_m2m(self, instance, row, **kwargs):
        """A line holds its lists itself."""


def settle(table: Table, line: dict) -> None:
    """Make numbers of the Decimals that were read, and amounts of money where money stands."""
    for name in table.money_of(line):
        line[name] = _money(name, line[name])
    for name, value in line.items():
        if isinstance(value, Decimal):
            line[name] = checks.as_number(value)


def _money(name: str, value: Decimal | str | None) -> str | None:
    """Written as text, so that no cent is lost."""
    if isinstance(value, str) or value is None:
        return value
    if round(value, 2) != value:
        raise ValidationError({name: f"{value} has more than two decimals"})
    return f"{value:.2f}"


def merged(table: Table, document: dict, lines: dict[int, dict]):
    """A copy of `document` with the lines in it.

    Also the path of each line in it, by its number, and what is wrong with a line by itself:
    `(number, column, reason)`.
    """
    new = {**document, table.section: deepcopy(document[table.section])}
    paths, faults, seen = {}, [], {}
    for number, line in lines.items():
        key = table.key_of(line)
        if key in seen:
            words = " ".join(str(one) for one in key)
            faults.append((number, table.key[-1], f"{words} stands in row {seen[key]} already"))
            continue
        seen[key] = number
        try:
            paths[number] = table.put(new, line)
        except ValueError as fault:
            faults.append((number, "position", str(fault)))
            continue
        if paths[number] is None:
            missing = f"there is no {line[table.owner] or 'row'} in {table.section}"
            faults.append((number, table.owner, missing))
    return new, {number: path for number, path in paths.items() if path}, faults
