"""The embedded PostgreSQL by hand: python -m clinic.embedded start|stop|status|shell|set-aside"""

import os
import shutil
import sys
from pathlib import Path

from clinic.embedded.errors import PostgresRefuses
from clinic.embedded.server import PORT, ROLE, Server

VAR = Path(__file__).resolve().parents[2] / "var"


def start(server: Server) -> str:
    server.ensure_running()
    return status(server)


def stop(server: Server) -> str:
    if server.stop(only_if_idle=True):
        return "PostgreSQL is stopped."
    return "PostgreSQL keeps running: somebody is connected to it."


def status(server: Server) -> str:
    if not server.is_running():
        return "PostgreSQL does not run."
    return f"PostgreSQL runs as process {server.postmaster()}, socket in {server.socket_folder}"


def shell(server: Server) -> str:
    """Becomes psql, which the npm package does not bring."""
    server.ensure_running()
    words = ["psql", "-h", str(server.socket_folder), "-p", str(PORT), "-U", ROLE, ROLE]
    if shutil.which("psql") is None:
        raise PostgresRefuses(f"There is no psql on the PATH. With one: {' '.join(words)}")
    os.execvp("psql", words)


def set_aside(server: Server) -> str:
    """Move database and photos out of the way, in place of those that were moved before."""
    server.stop()
    aside = VAR / "before-reset"
    if not server.data.exists():
        return "There is no database yet, so nothing was set aside."
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for path in (server.data, VAR / "media"):
        if path.exists():
            path.rename(aside / path.name)
    return f"What was here is kept in {aside} until the next reset."


DEEDS = {"start": start, "stop": stop, "status": status, "shell": shell, "set-aside": set_aside}


def main(words: list[str]) -> None:
    if len(words) != 1 or words[0] not in DEEDS:
        sys.exit(__doc__)
    if os.environ.get("DATABASE_URL"):
        sys.exit("DATABASE_URL is set: that server is used, and the embedded one is left alone.")
    try:
        sys.stdout.write(DEEDS[words[0]](Server(VAR / "postgres")) + "\n")
    except PostgresRefuses as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main(sys.argv[1:])
