"""A log line that holds no patient: query strings and SQL values stay out of it."""

import logging
import re

QUERY = re.compile(r"(/[^\s?\"']*)\?[^\s\"']*")
DETAIL = re.compile(r"^(DETAIL|HINT|CONTEXT):.*$", re.MULTILINE)


class PlainFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = DETAIL.sub(r"\1: (left out)", super().format(record))
        return QUERY.sub(r"\1?…", line)
