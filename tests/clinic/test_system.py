"""What the system lacks is installed where we may, and told with a way out where we may not."""

import pytest

from clinic import system
from clinic.system import Need


@pytest.fixture
def lacking(monkeypatch):
    """A machine without Chromium, whose apt-get is recorded and brings it or does not."""
    asked, brings = [], []
    need = Need("Chromium", "the browser tests", lambda: bool(brings), ("chromium",), "Get it.")
    monkeypatch.setitem(system.NEEDS, "browser", (need,))
    monkeypatch.setattr(system.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(
        system, "install", lambda needs: asked.append(needs) or brings.extend(asked)
    )
    return asked


def test_root_on_debian_gets_it_installed(lacking, monkeypatch):
    monkeypatch.setattr(system.os, "geteuid", lambda: 0)

    with pytest.raises(SystemExit) as ended:
        system.main(["browser"])

    assert ended.value.code == 0
    assert len(lacking) == 1


def test_anybody_else_is_told_what_root_would_type(lacking, monkeypatch, capsys):
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)

    with pytest.raises(SystemExit) as ended:
        system.main(["browser"])

    assert ended.value.code == 1
    assert not lacking
    told = capsys.readouterr().err
    assert "Chromium is missing" in told
    assert "apt-get install --no-install-recommends chromium" in told


def test_away_from_debian_the_way_is_told_too(lacking, monkeypatch, capsys):
    monkeypatch.setattr(system.shutil, "which", lambda name: None)

    with pytest.raises(SystemExit):
        system.main(["browser"])

    assert "Get it." in capsys.readouterr().err


def test_advice_alone_lets_the_clinic_start_without(lacking, monkeypatch):
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)

    with pytest.raises(SystemExit) as ended:
        system.main(["browser", "--advise"])

    assert ended.value.code == 0
