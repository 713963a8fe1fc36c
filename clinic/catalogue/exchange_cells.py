"""Between a value of the catalogue and the cell of a table that holds it: exact, either way.

A spreadsheet takes a text that begins like a formula for one. Such a text is written with an
apostrophe before it, which is taken away again when the table is read; numbers stay numbers.

    text        as it is; where nothing and an empty text differ, the empty one is ""
    a list      one; two; three
    a shape     {fact: isotretinoin.taking, eq: true}, as in the data files
    yes or no   yes, no
"""

import datetime as dt
import json
import math
import re
from decimal import Decimal, InvalidOperation

import yaml
from import_export.widgets import Widget

from clinic.catalogue.files import Loader

BEGINS_LIKE_A_FORMULA = re.compile(r"^(['\t\r\n]|\s*[=+\-@＝＋－＠])")
# A workbook cannot hold these, or reads them as something else.
UNWRITABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]|_x[0-9A-Fa-f]{4}_|x005F_"
)
LARGEST = 12  # digits before the point
DEEPEST = 40  # collections inside each other


class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    def ignore_aliases(self, data):
        return True


def guarded(text: str) -> str:
    return f"'{text}" if BEGINS_LIKE_A_FORMULA.match(text) else text


def unguarded(text: str) -> str:
    return text.removeprefix("'")


class Cell(Widget):
    """A kind of column. `clean` raises ValueError in words for the person who made the table."""

    def __init__(self, *, null: bool = False):
        super().__init__()
        self.null = null

    def render(self, value, obj=None, **kwargs):
        shown = self.written(value)
        return guarded(shown) if isinstance(shown, str) else shown

    def clean(self, value, row=None, **kwargs):
        if isinstance(value, dt.date | dt.time):
            raise ValueError("the spreadsheet made a date of this; format the cell as text")
        return self.read(unguarded(value) if isinstance(value, str) else value)

    def written(self, value):
        raise NotImplementedError

    def read(self, value):
        raise NotImplementedError


class Text(Cell):
    def written(self, value):
        if value is None:
            return ""
        plain = (value or not self.null) and value[:1] != '"' and not UNWRITABLE.search(value)
        return value if plain else _quoted(value)

    def read(self, value):
        if value is None or value == "":
            return None if self.null else ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int | float):
            return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)
        return _unquoted(value)


def _quoted(text: str) -> str:
    """As JSON has it, so that every character survives every program."""
    return _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(written: str) -> str:
    return UNWRITABLE.sub(lambda found: rf"\u{ord(found[0][0]):04x}{found[0][1:]}", written)


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, str) else text


class Number(Cell):
    """Kept as a Decimal until it is known whether it is a price."""

    def written(self, value):
        return "" if value is None else Decimal(value) if isinstance(value, str) else value

    def read(self, value):
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            raise ValueError("this is yes or no, where a number belongs")
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            hint = "; write the decimals after a point, as in 0.5" if "," in str(value) else ""
            raise ValueError(f"“{_short(value)}” is no number{hint}") from None
        if not found.is_finite() or found.adjusted() > LARGEST or found.adjusted() < -LARGEST:
            raise ValueError(f"“{_short(value)}” is no number that a catalogue can hold")
        return found


class YesNo(Cell):
    WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

    def written(self, value):
        return "" if value is None else "yes" if value else "no"

    def read(self, value):
        if isinstance(value, bool):
            return value
        word = "" if value is None else str(value).strip().casefold()
        if word == "" and self.null:
            return None
        if word not in self.WORDS:
            raise ValueError(f"“{_short(word)}” is neither yes nor no" if word else "yes or no?")
        return self.WORDS[word]


class Words(Cell):
    """A list of codes or words: one; two. What could be misread so is written as JSON."""

    def written(self, value):
        if value is None:
            return ""
        if not value:
            return "[]" if self.null else ""
        joined = "; ".join(value)
        plain = self._split(joined) == value and joined[:1] != "["
        if plain and not UNWRITABLE.search(joined):
            return joined
        return _escaped(json.dumps(value, ensure_ascii=False))

    def read(self, value):
        if value is None or value == "":
            return None if self.null else []
        text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
        if not text.startswith("["):
            return self._split(text)
        try:
            found = json.loads(text)
        except ValueError:
            raise ValueError("a list is written one; two; three") from None
        if not all(isinstance(one, str) for one in found):
            raise ValueError('a list that starts with [ is written ["one", "two"]')
        return found

    @staticmethod
    def _split(text: str) -> list[str]:
        return [piece.strip() for piece in text.split(";") if piece.strip()]


class Shape(Cell):
    """A condition, the steps of a protocol: on one line, and a list with a line for each item."""

    def written(self, value):
        if value is None:
            return ""
        if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
            return "[" + ",\n ".join(_flow(one) for one in value) + "]"
        return _flow(value)

    def read(self, value):
        if value is None or value == "":
            return None
        if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
            raise ValueError("this is written {key: value}, or [one, two] for a list")
        return read_shape(value)


def _flow(value) -> str:
    written = _dumped(value, allow_unicode=True)
    return _dumped(value, allow_unicode=False) if UNWRITABLE.search(written) else written


def _dumped(value, **how) -> str:
    how |= {"default_flow_style": True, "sort_keys": False, "width": 2**31 - 1}
    written = yaml.dump(value, Dumper=Dumper, **how)
    return written.removesuffix("\n").removesuffix("\n...")


def read_shape(text: str):
    """The value that a short YAML text stands for; ValueError says what is wrong with it."""
    try:
        check_events(text)
        found = yaml.load(text, Loader=Loader)
    except yaml.YAMLError as fault:
        reason = getattr(fault, "problem", None) or "a bracket or a comma is missing"
        raise ValueError(f"this cannot be read: {reason}") from None
    _check_plain(found)
    return found


class Trap(ValueError):
    """YAML that stands for more than it says; `line` counts from 1."""

    def __init__(self, line: int, reason: str):
        self.line = line
        super().__init__(reason)


def check_events(text: str) -> None:
    """Refuse names, repetitions and types before anything is built: they can grow without end."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Trap(line, "the marks & and * are not used in a catalogue; write it out")
        if getattr(event, "tag", None):
            raise Trap(line, f"the type {event.tag} is not used in a catalogue; leave it out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Trap(line, f"this is more than {DEEPEST} levels deep")


def _check_plain(value) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ValueError(f"a key is a word, and “{_short(key)}” is none")
            _check_plain(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_plain(inner)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number that a catalogue can hold")


def _short(value) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
