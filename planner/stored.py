"""Engine values as plain JSON and back, and its hash: how suggestions and signed plans are kept."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import get_args, get_origin, get_type_hints

import ortools

from planner.engine.values import UNKNOWN, Case


def plain(value):
    """`value` with only what JSON knows: field names as keys, dates ISO, money as text."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        return value + 0.0  # the database keeps no negative nought
    return value


def canonical(content) -> str:
    """The one way to write `content` down: sorted keys, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(content) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def solver_version() -> str:
    return f"ortools {ortools.__version__}"


def case_from_plain(data: dict, document: dict) -> Case:
    """The case that `plain` wrote down; `document` is the catalogue whose questions it answers.

    In `plain` a date and a word look alike: which it is says the kind of the question's part.
    """
    kinds = {
        (question["code"], part["code"]): part["kind"]
        for question in document.get("questions", ())
        for part in question["parts"]
    }
    answers = tuple((code, _answer(kinds, code, value)) for code, value in data["answers"])
    return _value(Case, {**data, "answers": ()}, answers=answers)


def _answer(kinds: dict, code: str, value):
    if isinstance(value, list) and value and all(isinstance(one, list) for one in value):
        return tuple((part, _part(kinds.get((code, part)), one)) for part, one in value)
    first = next((kind for (question, _part), kind in kinds.items() if question == code), None)
    return _part(first, value)


def _part(kind: str | None, value):
    if value == UNKNOWN.value:
        return UNKNOWN
    if kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def _value(wanted, data, **given):
    """`data` as the type that a field of the engine's values asks for."""
    if data is None:
        return None
    if isinstance(wanted, UnionType):
        return _value(next(one for one in get_args(wanted) if one is not type(None)), data)
    if get_origin(wanted) is tuple:
        return tuple(_value(get_args(wanted)[0], one) for one in data)
    if is_dataclass(wanted):
        types = get_type_hints(wanted)
        return wanted(**{name: _value(types[name], one) for name, one in data.items()} | given)
    if wanted is date:
        return date.fromisoformat(data)
    return wanted(data) if wanted in (Decimal, float) else data
