"""Settings: production refuses what it cannot do without, all at once and with the reason."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import formats

from clinic.settings import env

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {
    "SECRET_KEY": "x7#Kq!" * 10,
    "ALLOWED_HOSTS": "clinic.example, www.clinic.example",
    "DATABASE_URL": "postgres://cicatrix:secret@db.example/cicatrix",
    "MEDIA_ROOT": "/srv/cicatrix/photos",
    "EMAIL_HOST": "mail.example",
    "DEFAULT_FROM_EMAIL": "clinic@clinic.example",
}


def manage(*words, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={**kept, "DJANGO_SETTINGS_MODULE": "clinic.settings.production", **environment},
        capture_output=True,
        text=True,
    )


def test_production_says_everything_that_is_missing_at_once():
    done = manage("check")

    assert done.returncode != 0
    assert [name for name in REQUIRED if f"{name} is not set: " not in done.stderr] == []
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_production_does_not_start_without(missing):
    done = manage("check", **{**REQUIRED, missing: ""})

    assert done.returncode != 0
    assert f"{missing} is not set: " in done.stderr
    assert done.stderr.count("is not set") == 1


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be at least 50"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must be host names"),
        ({"DATABASE_URL": "sqlite:///db"}, "DATABASE_URL must be a postgres://"),
        ({"SSL_REDIRECT": "perhaps"}, "SSL_REDIRECT must be on or off"),
        ({"EMAIL_PORT": "smtp"}, "EMAIL_PORT must be a whole number"),
    ],
)
def test_production_refuses_a_value_that_cannot_be(wrong, word):
    done = manage("check", **{**REQUIRED, **wrong})

    assert done.returncode != 0
    assert word in done.stderr


def test_the_deployment_check_is_clean_in_production():
    done = manage("check", "--deploy", "--fail-level", "DEBUG", **REQUIRED)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_words_are_split_at_commas_and_stripped(monkeypatch):
    monkeypatch.setenv("HOSTS", " a.example, ,b.example,")

    assert env.words("HOSTS") == ["a.example", "b.example"]


def test_a_refusal_is_said_again_when_settings_are_read_again(monkeypatch):
    monkeypatch.setattr(env, "_missing", {})
    monkeypatch.delenv("NOT_THERE", raising=False)
    env.required("NOT_THERE", "tests need it")

    for _ in range(2):
        with pytest.raises(ImproperlyConfigured, match="NOT_THERE is not set: tests need it"):
            env.refuse_if_incomplete()


def test_days_and_times_are_written_so_that_no_country_misreads_them():
    moment = datetime(1980, 8, 14, 15, 5, tzinfo=UTC)

    assert formats.date_format(date(1980, 8, 14)) == "14-Aug-1980"
    assert formats.date_format(moment, "DATETIME_FORMAT") == "14-Aug-1980 15:05"
    assert formats.time_format(moment.time()) == "15:05"


def test_no_script_and_no_style_may_stand_in_a_page(settings):
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]

    assert "'unsafe-inline'" not in str(directives)
    assert "'unsafe-eval'" not in str(directives)
    assert directives["script-src"] == directives["style-src"] == ["'self'"]
