"""The tables that the migrations make are the ones that the models describe."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_no_model_has_moved_on_without_its_migration(capsys):
    try:
        call_command("makemigrations", check=True, dry_run=True)
    except SystemExit:
        pytest.fail(f"Run `manage.py makemigrations`:\n{capsys.readouterr().out}")
