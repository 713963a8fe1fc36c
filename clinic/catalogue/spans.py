"""Times that a safety rule gives more than once, and where they no longer say the same."""

import re
from collections.abc import Iterator

from clinic.catalogue.conditions import leaves, span_in_words

IN_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


def uneven(clause: dict) -> str:
    """Where the condition runs for another time than “until” says: that time, in words."""
    until = clause["until"] or {"fact": "", "plus": None}
    spans = [
        leaf["within"]
        for leaf in leaves(clause["when"])
        if leaf["fact"] == until["fact"] and "within" in leaf
    ]
    differs = spans and until["plus"] not in spans
    return " and ".join(span_in_words(span) for span in spans) if differs else ""


def still_said(was: dict | None, rule: dict) -> list[str]:
    """Times that the rule was about, and its words still name: "6 months"."""
    if was is None:
        return []
    text, now = " ".join(_words(rule)), list(_spans(rule))
    left = {span_in_words(span): span for span in _spans(was) if span not in now}
    return [words for words, span in left.items() if _names(text, span)]


def _spans(rule: dict) -> Iterator[dict]:
    for clause in rule["clauses"]:
        yield from (leaf["within"] for leaf in leaves(clause["when"]) if "within" in leaf)
        if clause["until"]:
            yield clause["until"]["plus"]


def _words(rule: dict) -> Iterator[str]:
    yield from (rule.get("title") or "", rule.get("text") or "")
    for clause in rule["clauses"]:
        yield from (clause["words"] or "", clause["until_text"] or "")


def _names(text: str, span: dict) -> bool:
    [(unit, length)] = span.items()
    number = f"{length}|{IN_WORDS[length]}" if length < len(IN_WORDS) else str(length)
    named = rf"(?<![\w.,])(?:{number})[\s-]+{unit.removesuffix('s')}s?\b"
    return re.search(named, text, re.IGNORECASE) is not None
