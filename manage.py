#!/usr/bin/env python
"""Runs commands; without other word with the settings of one machine, clinic.settings.dev."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.dev")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from clinic.embedded.errors import PostgresRefuses

    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, PostgresRefuses) as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
