"""Which answer is missing, and how: never asked, answered "not known", or answered too long ago."""

from datetime import date, datetime

from patients.facts import answers_in_force
from patients.questions import UNKNOWN
from planner.engine.catalogue import ON_THE_RECORD


def missing(codes, patient, on: date, names, made_at: datetime | None = None) -> list[str]:
    """One sentence for each of these questions, by what the record holds on that day.

    `made_at` is when something was made that lacked them: an answer may have come since.
    """
    if not codes:
        return []
    stored = answers_in_force(patient, on)
    before = answers_in_force(patient, on, made_at) if made_at else stored
    return [
        _missing(code, stored.get(code), names, since=stored.get(code) != before.get(code))
        for code in codes
    ]


def still_open(codes, patient, on: date) -> list[str]:
    """Those of these questions that the record has no known answer to on that day."""
    stored = answers_in_force(patient, on) if codes else {}
    return [code for code in codes if _is_open(code, patient, stored.get(code))]


def _is_open(code: str, patient, stored) -> bool:
    if code in ON_THE_RECORD:
        fact = code.removeprefix("patient.")
        return getattr(patient, "born" if fact == "age" else fact) in (None, "")
    return stored is None or stored[2] or _says_unknown(stored[0])


def _missing(code: str, stored, names, *, since: bool) -> str:
    if code in ON_THE_RECORD:
        return f"Not recorded: {ON_THE_RECORD[code]}"
    question = names.question(code)
    if stored is None:
        return f"Not answered yet: {question}"
    value, answered_on, expired = stored
    if expired:
        return f"To be confirmed, last answered on {answered_on:%d-%b-%Y}: {question}"
    if _says_unknown(value):
        return f"Answered “not known” on {answered_on:%d-%b-%Y}: {question}"
    if since:
        return f"Answered since, ask for protocols anew: {question}"
    return f"Answered on {answered_on:%d-%b-%Y}, but not far enough: {question}"


def _says_unknown(value) -> bool:
    return value == UNKNOWN or (isinstance(value, dict) and UNKNOWN in value.values())
