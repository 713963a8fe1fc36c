"""Files that come in and go out: their kind by name and content, and what no file may be."""

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

import tablib
import yaml
from import_export.formats.base_formats import CSV, XLSX
from openpyxl import load_workbook

from clinic.catalogue import checks, documents
from clinic.catalogue.exchange_cells import Dumper, Trap, check_events
from clinic.catalogue.exchange_tables import Lines, Table, all_tables
from clinic.catalogue.files import OneFile

MB = 2**20
LARGEST = 8 * MB
LARGEST_UNPACKED = 60 * MB
MOST_ROWS = 20_000
MOST_COLUMNS = 200
LAST_ROW = 1_048_576  # of a workbook; one that names a later row is made to be counted for ever
LONGEST_CELL = 32_767  # of a workbook; a longer text would be cut off without a word
SEPARATORS = ",;\t"
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "yaml": "application/yaml; charset=utf-8",
}


class FileRefused(Exception):
    """A file that cannot be read at all; the words say what is wrong and what to do."""


@dataclass(frozen=True)
class Sheet:
    """A table as it stands in a file: its first row, and the others by their number there."""

    headers: list
    rows: dict[int, list]

    def dataset(self, table: Table) -> tablib.Dataset:
        """The rows in the order of the table's own columns."""
        places = [self.headers.index(name) for name in table.columns]
        found = tablib.Dataset(headers=list(table.columns))
        found.extend([[row[place] for place in places] for row in self.rows.values()])
        return found


# ---- coming in


def read(name: str, data: bytes) -> Sheet | OneFile:
    """Raises FileRefused."""
    kind = PurePath(name).suffix.lower().removeprefix(".")
    if not data:
        raise FileRefused("The file is empty. Choose one that was exported here and edited.")
    if len(data) > LARGEST:
        size, most = len(data) / MB, LARGEST // MB
        raise FileRefused(f"The file has {size:.1f} MB; the most is {most} MB. Split the table.")
    match kind:
        case "yaml" | "yml":
            return _yaml(name, _text(data))
        case "csv":
            return _csv(_text(data))
        case "xlsx":
            return _xlsx(data)
    raise FileRefused(
        "A file ends in .yaml (the whole catalogue), .csv or .xlsx (one table). "
        "Save it as one of these."
    )


def _text(data: bytes) -> str:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")) or b"\x00" in data:
        raise FileRefused(
            "The name says text, but the file holds something else. "
            "A workbook is sent as .xlsx; a table is saved as “CSV UTF-8”."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        raise FileRefused(
            f"Line {line} holds letters that are not in UTF-8. Save the table as “CSV UTF-8”."
        ) from None


def _yaml(name: str, text: str) -> OneFile:
    try:
        check_events(text)
    except Trap as trap:
        raise FileRefused(f"Line {trap.line}: {trap}.") from None
    except yaml.YAMLError as fault:
        mark, reason = getattr(fault, "problem_mark", None), getattr(fault, "problem", None)
        line = f"Line {mark.line + 1}: " if mark else ""
        raise FileRefused(f"{line}{reason or 'this is no YAML'}. Mend the file there.") from None
    return OneFile(PurePath(name).name, text)


def _csv(text: str) -> Sheet:
    csv.field_size_limit(LARGEST)
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return _sheet(enumerate(reader, 1))
    except csv.Error as fault:
        raise FileRefused(
            f"Line {reader.line_num} cannot be read ({fault}). See whether a quotation mark is "
            "left open there."
        ) from None


def _xlsx(data: bytes) -> Sheet:
    _check_archive(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        return _sheet(enumerate((_values(row) for row in sheet.iter_rows()), 1))
    except FileRefused:
        raise
    except Exception:
        raise FileRefused(
            "This workbook cannot be read. Open it in a spreadsheet and save it as .xlsx again."
        ) from None


def _check_archive(data: bytes) -> None:
    """A workbook is an archive, and a small one can unpack to anything."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise FileRefused("This is no workbook, whatever its name. Save it as .xlsx.") from None
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise FileRefused("This archive holds no workbook. Save the table as .xlsx.")
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED or len(entries) > 1000:
        most = LARGEST_UNPACKED // MB
        raise FileRefused(f"This workbook unpacks to more than {most} MB. Split the table.")


def _values(row) -> list:
    for cell in row:
        if cell.data_type == "f":
            raise FileRefused(
                f"Cell {cell.coordinate} holds a formula. A catalogue holds values alone: copy "
                "the column and paste it as values."
            )
        if cell.data_type == "e":
            raise FileRefused(f"Cell {cell.coordinate} holds the error {cell.value}. Mend it.")
    return [cell.value for cell in row]


def _sheet(numbered) -> Sheet:
    headers, rows = None, {}
    for number, row in numbered:
        if number > LAST_ROW:
            raise FileRefused(f"The table goes on after row {LAST_ROW}. Take out its empty rows.")
        while row and row[-1] in (None, ""):
            row.pop()
        if not row:
            continue
        if len(row) > MOST_COLUMNS:
            raise FileRefused(f"Row {number} has {len(row)} columns. No table has so many.")
        if headers is None:
            headers = [str(name or "").strip() for name in row]
            continue
        if len(row) > len(headers):
            raise FileRefused(
                f"Row {number} has {len(row)} cells, and there are {len(headers)} columns. "
                "See whether a separator stands in a text without quotation marks."
            )
        rows[number] = [*row, *[None] * (len(headers) - len(row))]
        if len(rows) > MOST_ROWS:
            raise FileRefused(f"The table has more than {MOST_ROWS} rows. Split it.")
    if headers is None:
        raise FileRefused("The table is empty. Its first row names the columns.")
    return Sheet(headers, rows)


# ---- going out


def write_table(table: Table, document: dict, kind: str) -> bytes:
    dataset = Lines(table).export(queryset=table.lines(document))
    dataset.title = table.label
    if kind == "csv":  # a spreadsheet takes a file for UTF-8 by the mark at its start
        return CSV().export_data(dataset).encode("utf-8-sig")
    for place, row in enumerate(dataset, 2):
        for name, value in zip(dataset.headers, row, strict=True):
            if isinstance(value, str) and len(value) > LONGEST_CELL:
                raise FileRefused(
                    f"Row {place}, column {name} is longer than the cell of a workbook may be. "
                    "Export this table as CSV."
                )
    return XLSX().export_data(dataset, column_width=24)


def write_catalogue(document: dict) -> bytes:
    """The whole document as one file, in the order in which people look for things."""
    sections = {name: document[name] for name in documents.TABLES if name in document}
    ordered = {"schema": document.get("schema", checks.SCHEMA), **sections}
    written = yaml.dump(
        ordered,
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=110,
        default_flow_style=None,
    )
    return written.encode()


def table_for(sheet: Sheet) -> Table:
    """The table whose columns are most like those of the sheet."""
    own = set(sheet.headers)
    return max(
        all_tables().values(),
        key=lambda table: len(own & set(table.columns)) / len(own | set(table.columns)),
    )
