"""Everything between installed and running: tables, catalogue, demo. Safe to say again.

What it does is told on stderr; stdout gets the log-ins of the demo, if this clinic is one.
"""

import os
import sys
from contextlib import redirect_stdout

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command, get_commands

from clinic.embedded.errors import PostgresRefuses
from clinic.settings import env


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.dev")
    try:
        prepare()
    except (CommandError, ImproperlyConfigured, PostgresRefuses) as refusal:
        sys.exit(str(refusal))


def prepare() -> None:
    django.setup()
    with redirect_stdout(sys.stderr):
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_if_there("load_catalogue")
        if wants_demo():
            call_if_there("demo")
    if wants_demo():
        call_if_there("demo", show_logins=True)


def wants_demo() -> bool:
    """A demo belongs into a database of our own making, not unasked into somebody's server."""
    embedded = "FOLDER" in settings.DATABASES["default"]
    return env.flag("DEMO", default="on" if embedded else "off")


def call_if_there(command: str, **options) -> None:
    if command in get_commands():
        call_command(command, **options)


if __name__ == "__main__":
    main()
