"""One PostgreSQL for one folder: started by whoever needs it first, shared by all.

It is nobody's child: a session of its own, so that it outlives whoever started it, killed or
not. There is no TCP port, only a unix socket that its own account and root may open.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from clinic.embedded import binaries
from clinic.embedded.account import Account, account_for, name_of
from clinic.embedded.errors import PostgresRefuses

PORT = 5432  # only the ending of the socket's name
LONGEST_SOCKET = 103  # macOS allows 104 bytes with the closing nought, Linux 108
SECONDS_TO_START = 60  # a crash recovery is part of a start
LARGEST_LOG = 5_000_000  # bytes
ROLE = "cicatrix"


class Server:
    """The PostgreSQL whose data lie in `folder`; a `throw_away` one trades safety for speed."""

    def __init__(self, folder: Path, *, throw_away: bool = False):
        self.data = Path(folder).resolve()
        self.throw_away = throw_away
        self.log = self.data.with_name(f"{self.data.name}.log")
        self.socket_folder = self._socket_folder()

    # ---- asking

    def is_running(self) -> bool:
        """Whether it takes connections now; costs two files and one socket.

        The process is asked for too: the socket of a killed one answers a moment longer.
        """
        try:
            status = (self.data / "postmaster.pid").read_text().splitlines()[7].strip()
        except (OSError, IndexError):
            return False
        return status == "ready" and self.postmaster() is not None and self._answers()

    def postmaster(self) -> int | None:
        """Its process, if it lives; a number that another program has meanwhile is not it."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, IndexError, ValueError):
            return None
        return pid if str(self.data) in command_of(pid) else None

    def connect(self, database: str = "postgres", **options) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket_folder), port=PORT, user=ROLE, dbname=database, **options
        )

    def others_connected(self) -> int:
        with self.connect(autocommit=True) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchone()
        return row[0]

    # ---- doing

    def ensure_running(self, database: str = ROLE) -> None:
        """Start it if it does not run, and make `database` if it is not there yet."""
        if self.is_running():
            return
        with self._alone():
            if self.is_running():
                return
            account = account_for(self.data, binaries.program("postgres"))
            self._make_data(account)
            self._refuse_another_version()
            self._start(account)
            self._make_database(database)

    def stop(self, *, only_if_idle: bool = False) -> bool:
        """Stop it and say whether it is stopped; `only_if_idle` leaves it to those connected."""
        if not self.data.exists():
            return True
        with self._alone():
            pid = self.postmaster()
            if pid is None:
                return True
            if only_if_idle and self.is_running() and self.others_connected():
                return False
            os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown
            wait_until(lambda: self.postmaster() is None, SECONDS_TO_START)
            return True

    def remove(self) -> None:
        """Stop it and delete its data, log and socket: for tests and a demo started anew."""
        self.stop()
        for folder in (self.data, self.socket_folder):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.log, self._lock):
            file.unlink(missing_ok=True)

    # ---- the parts

    def _socket_folder(self) -> Path:
        """Beside the data; where that path is too long for a socket, a short one of our own."""
        beside = self.data.with_name(f"{self.data.name}.run")
        if len(bytes(beside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET:
            return beside
        key = hashlib.sha256(bytes(self.data)).hexdigest()[:16]
        return Path(os.environ.get("CICATRIX_RUN", "/tmp")) / f"cicatrix-{key}"

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as knock:
            try:
                knock.connect(str(self.socket_folder / f".s.PGSQL.{PORT}"))
            except OSError:
                return False
        return True

    @property
    def _lock(self) -> Path:
        return self.data.with_name(f"{self.data.name}.lock")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One starter or stopper at a time, in whatever process; a dead one lets go."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with open(self._lock, "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_data(self, account: Account) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise PostgresRefuses(f"{self.data} is neither empty nor a PostgreSQL data folder.")
        binaries.restore_links()
        draft = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)  # left by a start that was cut off
        account.owns(draft)
        ctype = "UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        words = [binaries.program("initdb"), "--pgdata", draft, "--username", ROLE]
        words += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        words += ["--locale=C", f"--lc-ctype={ctype}", "--auth=peer", "--data-checksums"]
        words += ["--no-instructions"] + ["--no-sync"] * self.throw_away
        self._run(account.command(*words), "make its data folder")
        if self.data.exists():
            self.data.rmdir()
        draft.rename(self.data)  # whole or not at all

    def _refuse_another_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = binaries.major_version()
        if made_by != ours:
            raise PostgresRefuses(
                f"The data in {self.data} were made by PostgreSQL {made_by}, and this is {ours}.\n"
                f"Dump them with PostgreSQL {made_by} and load the dump into an empty folder,"
                " or go back to the commit that made them. Nothing was changed."
            )

    def _start(self, account: Account) -> None:
        binaries.restore_links()
        account.owns(self.socket_folder)
        self._drop_stale_pid()
        self._write_configuration(account)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        command = account.command(binaries.program("postgres"), "-D", self.data)
        with open(self.log, "ab") as log:
            os.fchmod(log.fileno(), 0o600)
            # Twice removed from us: what has no living parent here cannot become a zombie.
            starter = subprocess.Popen(
                [sys.executable, "-I", Path(__file__).with_name("detach.py"), *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                env={"PATH": os.defpath, "LC_MESSAGES": "C", "TZ": "UTC"},
            )
            pid = int(starter.communicate()[0])
        self._wait_for(pid)

    def _wait_for(self, pid: int) -> None:
        wait_until(lambda: self.is_running() or not is_alive(pid), SECONDS_TO_START)
        if not self.is_running():
            last = self.log.read_text(errors="replace").splitlines()[-8:]
            raise PostgresRefuses(
                "\n  ".join(["The embedded PostgreSQL did not start. Its last words:", *last])
            )

    def _drop_stale_pid(self) -> None:
        """After a reboot the number in the file may be another program's: then it says nothing.

        Where it is a postmaster's that died a moment ago, its last children still hold the
        shared memory, and a new one may not begin before they are gone.
        """
        if self.postmaster() is not None:
            return
        wait_until(lambda: not children_of_the_dead(self.data), 30)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for left_over in self.socket_folder.glob(".s.PGSQL.*"):
            left_over.unlink()

    def _make_database(self, name: str) -> None:
        with self.connect(autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if not connection.execute(query, [name]).fetchone():
                connection.execute(
                    psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
                )

    def _write_configuration(self, account: Account) -> None:
        """Ours at every start; what an owner tunes with ALTER SYSTEM is read after it and wins."""
        lines = [f"{name} = {value}" for name, value in self._settings().items()]
        self._put(account, "postgresql.conf", lines)
        self._put(account, "pg_hba.conf", ["local all all peer map=house"])
        users = {name_of(account.uid), name_of(os.geteuid()), "root"}
        self._put(account, "pg_ident.conf", [f'house "{user}" {ROLE}' for user in sorted(users)])

    def _settings(self) -> dict[str, str]:
        settings = {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{quoted(self.socket_folder)}'",
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "max_connections": "100",
            "shared_buffers": "64MB",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
            "lc_messages": "'C'",
            # The log may not hold what a statement carried: it could name a patient.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_statement": "none",
            "log_checkpoints": "off",
        }
        if self.throw_away:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                settings[name] = "off"
        return settings

    def _put(self, account: Account, name: str, lines: list[str]) -> None:
        draft = self.data / f"{name}.new"
        draft.write_text("\n".join(lines) + "\n")
        if os.geteuid() == 0:
            os.chown(draft, account.uid, account.gid)
        draft.chmod(0o600)
        draft.replace(self.data / name)

    def _run(self, command: list[str], deed: str) -> None:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            raise PostgresRefuses(f"PostgreSQL could not {deed}:\n{done.stderr.strip()}")


def quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def is_alive(pid: int) -> bool:
    """Whether it runs; a zombie, which nobody has buried yet, does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    except OSError:
        return not Path("/proc/self/stat").exists()  # died meanwhile, or macOS
    return state not in "ZX"


def command_of(pid: int) -> str:
    """The words that `pid` was started with; none for a dead one, a zombie, or just before exec."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    said = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return said.stdout.strip()


def children_of_the_dead(data: Path) -> bool:
    """Whether processes of PostgreSQL still stand in `data`; they leave when they notice."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd") == str(data) and is_alive(int(process.name)):
                return True
        except OSError:
            continue
    return False


def wait_until(fact, seconds: float) -> bool:
    """Ask for `fact` until it holds; False once `seconds` are over."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
