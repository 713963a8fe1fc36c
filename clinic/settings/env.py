"""What the environment says, and a refusal to start that says why a variable matters."""

import os

import environ
from django.core.exceptions import ImproperlyConfigured

YES = {"on", "true", "yes", "1"}
NO = {"off", "false", "no", "0"}

read = environ.Env()

# Kept for good: Django reads settings a second time when the first reading was refused, and
# base.py, which is not read again, would then seem to have no fault.
_missing: dict[str, str] = {}
_wrong: dict[str, str] = {}


def text(name: str, default: str = "") -> str:
    return read.str(name, default).strip()


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit():
        _wrong[name] = f"a whole number, and not {value!r}"
        return default
    return int(value)


def flag(name: str, default: str = "off") -> bool:
    """True for on, true, yes, 1; a word that is neither yes nor no is refused, not guessed."""
    value = text(name, default).lower()
    if value not in YES | NO:
        _wrong[name] = f"on or off, and not {value!r}"
    return value in YES


def words(name: str, default: str = "") -> list[str]:
    """The values between commas, without spaces and without empty ones."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def required(name: str, why: str) -> str:
    """The value of `name`, or nothing: then `refuse_if_incomplete` says `why` it matters."""
    value = text(name)
    if not value:
        _missing[name] = why
    return value


def must(condition: bool, name: str, wanted: str) -> None:
    """Note that `name` is set, but not to what is wanted."""
    if name not in _missing and not condition:
        _wrong[name] = wanted


def database(name: str, fallback: dict) -> dict:
    """The database that the URL in `name` points at; `fallback` where there is none."""
    if not text(name):
        return fallback
    found = read.db_url(name)
    must(found["ENGINE"].endswith("postgresql"), name, "a postgres:// address, the only database")
    return found


def refuse_if_incomplete() -> None:
    """Say everything that is missing or wrong at once, so that nobody mends it one by one."""
    lines = [f"  {name} is not set: {why}" for name, why in sorted(_missing.items())]
    lines += [f"  {name} must be {wanted}" for name, wanted in sorted(_wrong.items())]
    if lines:
        module = os.environ.get("DJANGO_SETTINGS_MODULE", "these settings")
        raise ImproperlyConfigured("\n".join([f"Cicatrix cannot start with {module}:", *lines]))
