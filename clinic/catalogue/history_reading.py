"""What became of each row, read from the events that the database's own triggers keep.

Every transaction that touched a row, its parts or its links is one step; the row is built anew
after each, so that a change reads as it does everywhere else: fields before and after, in words.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import connection
from pghistory.models import Context

from clinic.catalogue import checks, differing, documents
from clinic.catalogue.differing import RowChange
from clinic.catalogue.models import LinkEvent
from clinic.catalogue.reading import Names

NOBODY = "The program"


@dataclass(frozen=True)
class Step:
    """One row before and after one transaction; None where it was not there."""

    section: str
    code: str
    at: dt.datetime
    context: object
    before: dict | None
    after: dict | None

    def change(self, names: Names) -> RowChange:
        return differing.row_change(self.section, self.before, self.after, names, names)


def steps(section: str, codes: Iterable[str]) -> dict[str, list[Step]]:
    """By code, oldest first."""
    codes = list(codes)
    histories = {code: _History(section, code) for code in codes}
    main = documents.TABLES[section]
    for event in _events(main, "code", codes):
        histories[event["code"]].add(event, None)
    for code, link in _links(main, {code: code for code in codes}):
        histories[code].add(link, None)
    for key, part in documents.PARTS.get(section, {}).items():
        owner_column, owners = f"{documents.owner_of(part)}_id", {}
        for event in _events(part, owner_column, codes):
            owners[str(event["id"])] = event[owner_column]
            histories[event[owner_column]].add(event, key)
        for code, link in _links(part, owners):
            histories[code].add(link, key)
    return {code: list(history.steps()) for code, history in histories.items()}


def _events(table, column: str, codes: list[str]) -> Iterator[dict]:
    found = table.pgh_event_model.objects.filter(**{f"{column}__in": codes})
    yield from found.order_by("pgh_id").values()


def _links(table, owners: dict[str, str]) -> Iterator[tuple[str, dict]]:
    """(code of the row, event) of the links of a table, by the keys of the rows that own them."""
    relations = {
        relation.remote_field.through._meta.db_table.removeprefix("catalogue_"): relation.name
        for relation in table._meta.local_many_to_many
    }
    found = LinkEvent.objects.filter(link__in=relations, owner__in=owners).order_by("pgh_id")
    for event in found.values() if relations and owners else ():
        yield owners[event["owner"]], event | {"joins": relations[event["link"]]}


class _History:
    """The events of one row, gathered, and the row put together after each transaction."""

    def __init__(self, section: str, code: str):
        self.section, self.code = section, code
        self.events = defaultdict(list)
        self.parts = documents.PARTS.get(section, {})
        self.row, self.items = None, {key: {} for key in self.parts}
        self.targets: dict[tuple, list] = defaultdict(list)

    def add(self, event: dict, part: str | None):
        self.events[event["pgh_created_at"], event["pgh_context_id"]].append((part, event))

    def steps(self) -> Iterator[Step]:
        before = None
        for (at, context), events in sorted(self.events.items(), key=lambda item: item[0][0]):
            for part, event in events:
                self._apply(part, event)
            after = self._row()
            if after != before:
                yield Step(self.section, self.code, at, context, before, after)
            before = after

    def _apply(self, part: str | None, event: dict):
        gone = event["pgh_label"] == "delete"
        if "joins" in event:
            targets = self.targets[part, event["owner"], event["joins"]]
            if not gone:
                targets.append(event["target"])
            elif event["target"] in targets:
                targets.remove(event["target"])
        elif part is None:
            self.row = None if gone else event
        elif gone:
            self.items[part].pop(event["id"], None)
        else:
            self.items[part][event["id"]] = event

    def _row(self) -> dict | None:
        if self.row is None:
            return None
        table = documents.TABLES[self.section]
        row = self._values(table, self.row, None, self.code)
        for key, part in self.parts.items():
            items = sorted(
                self.items[key].values(), key=lambda item: (item.get("position", 0), item["id"])
            )
            shaped = [
                documents.shaped_item(part, self._values(part, item, key, str(item["id"])))
                for item in items
            ]
            row[key] = next(iter(shaped), None) if documents.is_single(part) else shaped
        return checks.SECTIONS[self.section].tidy(documents.shaped(self.section, row))

    def _values(self, table, event: dict, part: str | None, owner: str) -> dict:
        left_out = {"id", documents.owner_of(table) if part else ""}
        values = {
            documents.key_of(field): documents.plain_value(event[field.attname])
            for field in table._meta.local_fields
            if field.name not in left_out
        }
        for relation in table._meta.local_many_to_many:
            values[relation.name] = list(self.targets[part, owner, relation.name])
        return values


# ---- the log: which rows changed when


@dataclass(frozen=True)
class Wanted:
    """A filter of the log; what is empty does not narrow."""

    section: str = ""
    code: str = ""
    user: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def touched(wanted: Wanted) -> list[tuple]:
    """(section, code, at, context) of every change, newest first.

    A big write may put a row's parts down again as they were; that is no change. Whatever was
    touched once was made then, so only rows touched more often are read.
    """
    where, values = _where(wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT section, code, at, context, times FROM (
                SELECT *, count(*) OVER (PARTITION BY section, code) AS times
                FROM ({" UNION ".join(_touches())}) AS every
            ) AS touched
            LEFT JOIN pghistory_context ON pghistory_context.id = touched.context
            {where} ORDER BY at DESC, section, code
            """,
            values,
        )
        lines = cursor.fetchall()
    changed = _changed({line[:2] for line in lines if line[4] > 1})
    return [line[:4] for line in lines if line[4] == 1 or line[:4] in changed]


def _changed(rows: set[tuple]) -> set[tuple]:
    codes = defaultdict(list)
    for section, code in rows:
        codes[section].append(code)
    return {
        (section, code, step.at, step.context)
        for section, some in codes.items()
        for code, found in steps(section, some).items()
        for step in found
    }


def _where(wanted: Wanted) -> tuple[str, list]:
    tests = {
        "section = %s": wanted.section,
        "code = %s": wanted.code,
        "pghistory_context.metadata->>'user' = %s": wanted.user,
        "at >= %s": wanted.since,
        "at < %s": wanted.until,
    }
    chosen = {test: value for test, value in tests.items() if value}
    return ("WHERE " + " AND ".join(chosen) if chosen else ""), list(chosen.values())


def _touches() -> Iterator[str]:
    """A query for each table of events, with the row that each of them belongs to."""
    kept = "pgh_created_at AS at, pgh_context_id AS context"
    for section, table in documents.TABLES.items():
        events = table.pgh_event_model._meta.db_table
        yield f"SELECT '{section}' AS section, code, {kept} FROM {events}"
        yield from _touches_of_links(section, table, "owner AS code", "")
        for part in documents.PARTS.get(section, {}).values():
            events = part.pgh_event_model._meta.db_table
            owner = f"{documents.owner_of(part)}_id"
            yield f"SELECT '{section}' AS section, {owner} AS code, {kept} FROM {events}"
            joined = f"JOIN (SELECT DISTINCT id, {owner} AS code FROM {events}) AS parts"
            yield from _touches_of_links(
                section, part, "parts.code", f"{joined} ON parts.id::text = owner"
            )


def _touches_of_links(section: str, table, code: str, joined: str) -> Iterator[str]:
    links = [
        f"'{relation.remote_field.through._meta.db_table.removeprefix('catalogue_')}'"
        for relation in table._meta.local_many_to_many
    ]
    if links:
        yield f"""
            SELECT '{section}' AS section, {code}, pgh_created_at AS at, pgh_context_id AS context
            FROM catalogue_linkevent {joined} WHERE link IN ({", ".join(links)})
        """


# ---- who did it


def people(contexts: Iterable) -> dict:
    """Whoever acted in each context, by its id; NOBODY where nobody was signed in."""
    found = Context.objects.in_bulk({one for one in contexts if one})
    users = {str((context.metadata or {}).get("user")) for context in found.values()} - {"None"}
    known = {str(user.pk): str(user) for user in get_user_model().objects.filter(pk__in=users)}
    return {
        key: known.get(str((context.metadata or {}).get("user")), NOBODY)
        for key, context in found.items()
    }
