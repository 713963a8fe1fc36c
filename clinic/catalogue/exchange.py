"""What a file would do to the draft, row by row, and then exactly that.

    report = examine("figures.csv", data)       # nothing is changed
    report.sound, report.refused, report.rows
    apply("figures.csv", data, shown=report.stamp)

The stamp stands for the file and for the draft as they were when the report was shown. Applied is
what was shown, or nothing.
"""

import difflib
import hashlib
from dataclasses import dataclass, field

from clinic.catalogue import checks, claims, differing, documents, drafting
from clinic.catalogue.conditions import spaced
from clinic.catalogue.errors import DraftMoved
from clinic.catalogue.exchange_files import Sheet, read, table_for
from clinic.catalogue.exchange_tables import Lines, Table, all_tables, merged
from clinic.catalogue.files import OneFile

__all__ = ["DraftMoved", "Report", "all_tables", "apply", "examine"]


@dataclass(frozen=True)
class Change:
    column: str
    before: str
    after: str


@dataclass
class Row:
    """What becomes of one row of the file. `number` counts as a spreadsheet does, from 1."""

    number: int | None
    name: str
    kind: str  # new, changed, unchanged, removed, refused
    changes: list[Change] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)  # column, reason


@dataclass
class Report:
    file: str
    about: str  # the table, or the whole catalogue
    rows: list[Row] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # of the file as a whole
    document: dict | None = field(default=None, repr=False)
    stamp: str = ""

    def of(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]

    @property
    def refused(self) -> list[Row]:
        return self.of("refused")

    @property
    def sound(self) -> bool:
        return not self.faults and not self.refused

    @property
    def counts(self) -> dict[str, int]:
        kinds = ("refused", "new", "changed", "removed", "unchanged")
        return {kind: len(self.of(kind)) for kind in kinds}

    @property
    def shown(self) -> list[tuple[str, str, list[Row]]]:
        words = {"removed": "Removed", "changed": "Changed", "new": "New"}
        return [(kind, word, self.of(kind)) for kind, word in words.items() if self.of(kind)]

    @property
    def has_numbers(self) -> bool:
        return any(row.number for row in self.rows)

    @property
    def changes_anything(self) -> bool:
        return any(row.kind in ("new", "changed", "removed") for row in self.rows)


def examine(name: str, data: bytes) -> Report:
    """Raises FileRefused for a file that cannot be read at all."""
    content, draft = read(name, data), documents.draft()
    made = _of_catalogue if isinstance(content, OneFile) else _of_table
    report = made(name, content, draft)
    report.stamp = f"{hashlib.sha256(data).hexdigest()}.{documents.hash_of(draft)}"
    return report


def apply(name: str, data: bytes, *, shown: str) -> Report:
    """Raises DraftMoved where the file or the draft is not what was shown."""
    with drafting.writing():
        report = examine(name, data)
        if report.stamp != shown or not report.sound:
            raise DraftMoved(DraftMoved.REPORT)
        if report.changes_anything:
            drafting.apply(report.document)
        return report


# ---- one table


def _of_table(name: str, sheet: Sheet, draft: dict) -> Report:
    table = table_for(sheet)
    report = Report(name, table.label)
    report.faults = list(_wrong_columns(table, sheet.headers))
    if report.faults:
        return report
    lines = Lines(table)
    result = lines.import_data(sheet.dataset(table), use_transactions=False)
    numbers = dict(enumerate(sheet.rows, 1))
    faults = {numbers[invalid.number]: _cell_faults(invalid) for invalid in result.invalid_rows}
    read_lines = {numbers[at]: line for at, line in lines.read.items()}
    new, paths, more = merged(table, draft, read_lines)
    for number, column, reason in more:
        faults.setdefault(number, []).append((column, reason))
    faults, report.faults = _judged(table, new, paths, faults)
    before = {table.key_of(line): line for line in table.lines(draft)}
    after = {}
    if not faults and not report.faults:
        report.document = claims.settled(draft, checks.tidy(new))
        after = {table.key_of(line): line for line in table.lines(report.document)}
    for number in sheet.rows:
        line = read_lines.get(number, {})
        if number in faults:
            named = _named(table, line) or _named_by_cells(table, sheet, number)
            report.rows.append(Row(number, named, "refused", faults=faults[number]))
        else:
            key = table.key_of(line)
            report.rows.append(_row(table, number, line, before.get(key), after.get(key, line)))
    return report


def _wrong_columns(table: Table, headers: list[str]):
    own = list(table.columns)
    for name in dict.fromkeys(headers):
        if headers.count(name) > 1:
            yield f"The column {name or 'without a name'} stands there {headers.count(name)} times."
        if name not in own:
            near = difflib.get_close_matches(name, [one for one in own if one not in headers], 1)
            hint = f" Is {near[0]} meant?" if near else " Take it out."
            yield f"There is no column {name or 'without a name'} in {table.label}.{hint}"
    missing = [name for name in own if name not in headers]
    if missing:
        yield (
            f"{table.label} needs the column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)}. Put every column there, as in an export of this table."
        )


def _cell_faults(invalid) -> list[tuple[str, str]]:
    return [
        (column, reason)
        for column, reasons in invalid.error.message_dict.items()
        for reason in reasons
    ]


def _judged(table: Table, new: dict, paths: dict[int, tuple], faults: dict):
    """The faults of each line with those that the whole catalogue has with it, and the others."""
    whole, lines = [], {path: number for number, path in paths.items()}
    for problem in checks.problems(new):
        path = next((path for path in lines if problem.path[: len(path)] == path), None)
        if path is None:
            whole.append(drafting.in_words(new, problem))
            continue
        inner = problem.path[len(path) :]
        column = table.column_of(inner)
        steps = inner[1:] if column else inner
        deeper = ".".join(str(step) for step in steps if isinstance(step, str))
        reason = (
            f"{deeper}: {problem.reason}" if deeper and column != "weeks_min" else problem.reason
        )
        faults.setdefault(lines[path], []).append((column, reason))
    return faults, whole


def _row(table: Table, number: int, line: dict, before: dict | None, after: dict) -> Row:
    named = _named(table, line)
    if before is None:
        return Row(number, named, "new", _cells(table, {}, after))
    changes = _cells(table, before, after)
    return Row(number, named, "changed" if changes else "unchanged", changes)


def _cells(table: Table, before: dict, after: dict) -> list[Change]:
    found = []
    for name, column in table.columns.items():
        old = column.widget.render(before[name]) if name in before else ""
        new = column.widget.render(after.get(name))
        if old != new and before.get(name) != after.get(name):
            found.append(Change(name, _shown(old), _shown(new)))
    return found


def _shown(cell) -> str:
    return "" if cell is None else str(cell)


def _named(table: Table, line: dict) -> str:
    named = [str(line[name]) for name in table.key if line.get(name) not in (None, "")]
    inner = ", ".join(spaced(one) for one in named[1:])
    return f"{named[0]}: {inner}" if inner else "".join(named)


def _named_by_cells(table: Table, sheet: Sheet, number: int) -> str:
    """A row that could not be read whole, by what stands in its first columns."""
    cells = [sheet.rows[number][sheet.headers.index(name)] for name in table.key]
    return " ".join(str(cell) for cell in cells if cell not in (None, ""))[:80]


# ---- the whole catalogue


def _of_catalogue(name: str, file: OneFile, draft: dict) -> Report:
    report, new = Report(name, "the whole catalogue"), file.document
    report.faults = [*file.faults, *_not_whole(new, draft)]
    if not report.faults:
        report.faults = [file.line_of(one) for one in checks.problems(new)]
    if report.faults:
        return report
    new = claims.settled(draft, checks.tidy(new))
    report.faults = list(_lost_for_good(draft, new))
    report.document = new
    changed = drafting.changes(draft, new)
    for one in changed:
        fields = [
            Change(each.label, _shown(each.before), _shown(each.after)) for each in one.fields
        ]
        kind = {"added": "new"}.get(one.kind, one.kind)
        section = differing.SECTIONS[one.section]
        report.rows.append(Row(None, f"{section}: {one.name} ({one.code})", kind, fields))
    same = sum(len(new[section]) for section in documents.TABLES) - sum(
        one.kind in ("added", "changed") for one in changed
    )
    report.rows += [Row(None, "", "unchanged") for _ in range(same)]
    return report


def _not_whole(new: dict, draft: dict):
    """A file that was cut short would empty the draft."""
    for section in documents.TABLES:
        if not new.get(section) and draft[section]:
            yield (
                f"The section {section} is missing. A .yaml file holds the whole catalogue; for a "
                "part of it, import the table as .csv or .xlsx."
            )


def _lost_for_good(draft: dict, new: dict):
    for section, reason in drafting.LASTING.items():
        kept = {row["code"] for row in new[section]}
        for row in draft[section]:
            if row["code"] not in kept and drafting.is_published(section, row["code"]):
                yield f"{section} {row['code']} is not in the file: {reason}. Put it back."
