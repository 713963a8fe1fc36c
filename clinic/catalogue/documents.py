"""Between the tables and the document: the same rows, either way, with nothing lost."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.db import models

from clinic.catalogue import checks
from clinic.catalogue import models as tables

TABLES: dict[str, type[models.Model]] = {
    "sources": tables.Source,
    "regions": tables.Region,
    "requirements": tables.Requirement,
    "families": tables.Family,
    "treatments": tables.Treatment,
    "packages": tables.Package,
    "words": tables.Word,
    "pairs": tables.PairRule,
    "policies": tables.Policy,
    "questions": tables.Question,
    "safety_rules": tables.SafetyRule,
    "limits": tables.Limit,
    "scales": tables.Scale,
    "instruments": tables.Instrument,
    "protocols": tables.Protocol,
    "strategies": tables.Strategy,
    "calibration": tables.Calibration,
}
"""In an order in which they can be written; a row that others need comes first."""

PARTS: dict[str, dict[str, type[models.Model]]] = {
    "treatments": {
        "indications": tables.Indication,
        "figures": tables.Figure,
        "statements": tables.Statement,
        "contraindications": tables.Contraindication,
        "fitzpatrick": tables.SkinTypes,
    },
    "safety_rules": {"clauses": tables.SafetyClause},
}
"""What is a list inside a row of the document and a table of its own in the database."""

COLUMN_OF = {"except": "excluded"}  # a word that Python keeps for itself
KEY_OF = {column: key for key, column in COLUMN_OF.items()}


def canonical(document: dict) -> str:
    """The one way to write a document: keys sorted, no spaces, UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(document: dict) -> str:
    return hashlib.sha256(canonical(document).encode()).hexdigest()


# ---- reading


def draft() -> dict:
    """The working draft in the tables, as the canonical document."""
    return checks.tidy({name: _rows(name) for name in TABLES})


def rows(section: str, codes: Iterable[str] | None = None) -> list[dict]:
    """The canonical rows of one section of the draft, all of them or those with `codes`."""
    kind = checks.SECTIONS[section]
    found = _rows(section, None if codes is None else list(codes))
    return sorted((kind.tidy(row) for row in found), key=lambda row: row["code"])


def codes(section: str) -> list[str]:
    return list(TABLES[section].objects.order_by("pk").values_list("pk", flat=True))


def _rows(name: str, codes: list[str] | None = None) -> list[dict]:
    rows = {row["code"]: row for row in _plain(TABLES[name], "pk", codes)}
    for key, part in PARTS.get(name, {}).items():
        _hang_on(rows, key, part, codes)
    return [shaped(name, row) for row in rows.values()]


def shaped(name: str, row: dict) -> dict:
    """A row as the document has it, whose columns stand otherwise in the table."""
    if name == "families":
        row["members"] = row.pop("treatments") + row.pop("families")
    if name == "packages":
        row["price"] = _money(row["price"])
    if name == "pairs":
        low, usual = row.pop("weeks_min"), row.pop("weeks_typical")
        row["weeks"] = None if low is None else {"min": low, "typical": usual}
    return row


def shaped_item(part: type[models.Model], item: dict) -> dict:
    item.pop("position", None)
    if part is tables.Figure and item["kind"] == "price":
        item.update({at: _money(item[at]) for at in ("min", "typical", "max")})
    return item


def _hang_on(rows: dict[str, dict], key: str, part: type[models.Model], codes: list[str] | None):
    single = is_single(part)
    for row in rows.values():
        row[key] = None if single else []
    for item in _plain(part, owner_of(part), codes):
        owner = item.pop(owner_of(part))
        item = shaped_item(part, item)
        if single:
            rows[owner][key] = item
        else:
            rows[owner][key].append(item)


def is_single(part: type[models.Model]) -> bool:
    """Whether a row has one of these at most."""
    return isinstance(part._meta.get_field(owner_of(part)), models.OneToOneField)


def owner_of(part: type[models.Model]) -> str:
    return "rule" if part is tables.SafetyClause else "treatment"


def _money(value) -> str | None:
    return None if value is None else f"{value:.2f}"


def _plain(table: type[models.Model], owner: str, codes: list[str] | None) -> Iterator[dict]:
    """Rows as mappings by the keys of the document, many-to-many relations as lists of codes."""
    wanted = {} if codes is None else {f"{owner}__in": codes}
    found = table.objects.filter(**wanted)
    only = found.values("pk") if wanted else None
    joined = {relation.name: _joined(relation, only) for relation in table._meta.local_many_to_many}
    columns = {field.attname: key_of(field) for field in table._meta.local_fields}
    pk = table._meta.pk.attname
    for values in found.order_by(*_reading_order(table)).values(*columns):
        row = {columns[column]: plain_value(value) for column, value in values.items()}
        row |= {name: targets[values[pk]] for name, targets in joined.items()}
        row.pop("id", None)
        yield row


def _reading_order(table: type[models.Model]) -> list[str]:
    names = {field.name for field in table._meta.local_fields}
    return ["position", "pk"] if "position" in names else ["pk"]


def key_of(field: models.Field) -> str:
    return KEY_OF.get(field.name, field.name)


def _joined(relation, only: models.QuerySet | None) -> dict:
    through, owner = relation.remote_field.through, f"{relation.m2m_field_name()}_id"
    pairs = through.objects.values_list(owner, f"{relation.m2m_reverse_field_name()}_id")
    if only is not None:
        pairs = pairs.filter(**{f"{owner}__in": only})
    found = defaultdict(list)
    for one, target in pairs.order_by("pk"):
        found[one].append(target)
    return found


def plain_value(value):
    return checks.as_number(value) if isinstance(value, Decimal) else value


# ---- writing


def write(document: dict, *, step=lambda rows: rows):
    """Make the tables equal to a canonical `document`; rows that are equal are not touched.

    `step` wraps the sections while they are written, for a progress bar. Called inside a
    transaction, since a document is all or nothing.
    """
    old = draft()
    for name in reversed(TABLES):
        _remove_what_left(name, document, old)
    for name in step(list(TABLES)):
        known = {row["code"]: row for row in old[name]}
        changed = [row for row in document[name] if known.get(row["code"]) != row]
        if changed:
            _write_section(name, changed)
    _join_families(document, old)


def write_row(section: str, row: dict):
    """One canonical row into the tables, in place of the one with its code."""
    _write_section(section, [row])
    if section == "families":
        _join_members({row["code"]: row["members"]})


def remove_row(section: str, code: str):
    TABLES[section].objects.filter(pk=code).delete()


def _remove_what_left(name: str, document: dict, old: dict):
    gone = {row["code"] for row in old[name]} - {row["code"] for row in document[name]}
    if not gone:
        return
    if name == "families":  # a treatment may still name one as its skill; it is written later
        tables.Treatment.objects.filter(skill__in=gone).update(skill=None)
    TABLES[name].objects.filter(pk__in=gone).delete()


def _write_section(name: str, rows: list[dict]):
    table = TABLES[name]
    objects = [_object(table, _flat(name, row)) for row in rows]
    columns = [field.name for field in table._meta.local_fields if not field.primary_key]
    table.objects.bulk_create(
        objects, update_conflicts=True, unique_fields=["code"], update_fields=columns
    )
    for relation in table._meta.local_many_to_many:
        if name != "families":
            _join(relation, {row["code"]: row[relation.name] for row in rows})
    for key, part in PARTS.get(name, {}).items():
        _write_parts(part, {row["code"]: row[key] for row in rows})


def _flat(name: str, row: dict) -> dict:
    if name == "pairs":
        weeks = row["weeks"] or {"min": None, "typical": None}
        return row | {"weeks_min": weeks["min"], "weeks_typical": weeks["typical"]}
    return row


def _object(table: type[models.Model], row: dict) -> models.Model:
    fields = table._meta.local_fields
    return table(**{field.attname: row[key_of(field)] for field in fields if key_of(field) in row})


def _write_parts(part: type[models.Model], owned: dict[str, list | dict | None]):
    owner = owner_of(part)
    part.objects.filter(**{f"{owner}__in": owned}).delete()
    items = [
        {**item, owner: code, "position": position}
        for code, some in owned.items()
        for position, item in enumerate(_as_list(some))
    ]
    objects = part.objects.bulk_create([_object(part, item) for item in items])
    for relation in part._meta.local_many_to_many:
        pairs = zip(objects, items, strict=True)
        _join(relation, {one.pk: item[relation.name] for one, item in pairs})


def _as_list(some: list | dict | None) -> list:
    return [] if some is None else some if isinstance(some, list) else [some]


def _join(relation, targets: dict[object, Iterable[str]]):
    through = relation.remote_field.through
    owner, target = relation.m2m_field_name(), relation.m2m_reverse_field_name()
    through.objects.filter(**{f"{owner}__in": targets}).delete()
    through.objects.bulk_create(
        through(**{f"{owner}_id": one, f"{target}_id": code})
        for one, codes in targets.items()
        for code in codes
    )


def _join_families(document: dict, old: dict):
    """Members are treatments or families, so they wait until both are there."""
    if document["families"] == old["families"] and document["treatments"] == old["treatments"]:
        return
    _join_members({row["code"]: row["members"] for row in document["families"]})


def _join_members(members: dict[str, list[str]]):
    treatments = set(tables.Treatment.objects.values_list("code", flat=True))
    for name, fits in (("treatments", True), ("families", False)):
        chosen = {
            code: [one for one in some if (one in treatments) is fits]
            for code, some in members.items()
        }
        _join(tables.Family._meta.get_field(name), chosen)
