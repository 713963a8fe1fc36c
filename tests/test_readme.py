"""What the README shows is what the commands say."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

from clinic.catalogue import services as catalogue

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.django_db
def test_the_planner_says_what_the_readme_shows(capsys):
    catalogue.load()
    command = re.search(r"manage\.py (suggest tests/cases/.+)", README)[1].split()

    call_command(*command)

    said = capsys.readouterr().out.strip()
    shown = README.partition("<!-- suggest:begin -->")[2].partition("<!-- suggest:end -->")[0]
    assert said in shown, "Write it anew: .venv/bin/python docs/readme.py"


def test_every_picture_of_the_readme_is_there_and_small():
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", README)

    assert pictures
    for picture in pictures:
        assert (Path(__file__).parents[1] / picture).stat().st_size < 300_000, picture
