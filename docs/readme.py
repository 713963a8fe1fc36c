"""Writes what the planner says about one case into the README: python docs/readme.py

The catalogue is read from its data files, so that no database is needed; a test holds the result
against what the command prints.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
CASE, STRATEGY = "subcision_fco2", "balanced"
BEGIN, END = "<!-- suggest:begin -->", "<!-- suggest:end -->"


def main() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.test")
    import django

    django.setup()
    from planner.engine.suggest import suggest
    from planner.management.in_words import suggestion_in_words
    from tests.planner.shipped import catalogue, read_case

    suggestion = suggest(read_case(CASE), catalogue(), strategies=(STRATEGY,))
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(before + block(suggestion_in_words(suggestion, catalogue())) + after)


def block(words: str) -> str:
    return f"{BEGIN}\n\n```text\n{words}```\n\n{END}"


if __name__ == "__main__":
    main()
