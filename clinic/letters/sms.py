"""SMS behind one door: `send(number, text, reference)`.

A gateway is a class that the setting SMS_GATEWAY names. It raises Unreachable when nobody took
the message, Refused when it is not wanted, and CutOff when that cannot be known. `reference` is the
same whenever a message is handed over again, for gateways that recognise what they have had.
"""

import json
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from clinic.letters.errors import Unreachable


class Gateway(Protocol):
    def send(self, number: str, text: str, reference: str) -> None: ...


class FileGateway:
    """One file a message in settings.SMS_FOLDER, where no gateway has been chosen."""

    def send(self, number: str, text: str, reference: str) -> None:
        folder = Path(settings.SMS_FOLDER)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sheet = json.dumps({"to": number, "text": text, "reference": reference}, indent=1)
            (folder / f"{reference}.json").write_text(sheet)
        except OSError as error:
            raise Unreachable(error.strerror) from error


def gateway() -> Gateway | None:
    """The clinic's gateway; None where it has none, and SMS is not offered."""
    return import_string(settings.SMS_GATEWAY)() if settings.SMS_GATEWAY else None
