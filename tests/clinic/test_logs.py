"""A log holds no patient."""

import logging

import pytest

from clinic.logs import PlainFormatter


def line(message, *words):
    record = logging.LogRecord("django", logging.WARNING, "", 0, message, words, None)
    return PlainFormatter().format(record)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Not Found: /patients/?q=Zebedee", "Not Found: /patients/?…"),
        ('"GET /patients/?q=Zebedee&page=2 HTTP/1.1" 404', '"GET /patients/?… HTTP/1.1" 404'),
        (
            "duplicate key\nDETAIL:  Key (name)=(Zebedee) exists.",
            "duplicate key\nDETAIL: (left out)",
        ),
        ("Is anybody there? Nobody.", "Is anybody there? Nobody."),
    ],
)
def test_a_line_keeps_the_event_and_not_the_name(message, kept):
    assert line(message) == kept
