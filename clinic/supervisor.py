"""Keeps the clinic running: the web server, the queue's worker and the embedded PostgreSQL.

A child that dies is started again, sooner the longer it had lived. Ctrl-C and SIGTERM stop
the children and then PostgreSQL, unless somebody else is still connected to it.

    python -m clinic.supervisor          prepare, serve, and stay until stopped
    python -m clinic.supervisor --stop   stop the one that runs from this checkout
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.conf import settings

from clinic.embedded.errors import PostgresRefuses
from clinic.embedded.server import Server, command_of, wait_until

HOST = "127.0.0.1"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between a death and the next start
LONG_ENOUGH = 60.0  # seconds of life after which a death is an accident, not a habit
SECONDS_TO_STOP = 15
ROUND = 0.2  # seconds between two looks at the children


@dataclass
class Child:
    name: str
    command: list[str]
    clock: Callable[[], float] = time.monotonic
    process: subprocess.Popen | None = None
    pause: float = FIRST_PAUSE
    started: float = 0.0
    due: float = field(default=0.0)

    def look_after(self) -> None:
        """Start it when it is due; note its death and when it is due again."""
        if self.process and self.process.poll() is not None:
            self._note_death(self.process.returncode)
        if self.process is None and self.clock() >= self.due:
            self._start()

    def _start(self) -> None:
        self.started = self.clock()
        # A session of its own, so that Ctrl-C reaches the supervisor alone, which then asks.
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def _note_death(self, status: int) -> None:
        if self.clock() - self.started >= LONG_ENOUGH:
            self.pause = FIRST_PAUSE
        self.due = self.clock() + self.pause
        say(f"The {self.name} ended ({reason(status)}); again in {self.pause:g} s.")
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        end_group(self.process.pid, signal.SIGKILL)  # what a killed parent left behind
        self.process = None


class Supervisor:
    def __init__(self, children: list[Child], state: Path, server: Server | None):
        self.children, self.state, self.server = children, state, server
        self.stopping = False

    def run(self, once_up: Callable[[], None], is_up: Callable[[], bool]) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop_soon)
        told = False
        while not self.stopping:
            self._look_after_all()
            if not told and is_up():
                told = True
                once_up()
            time.sleep(ROUND)
        self._stop_all()

    def _stop_soon(self, *_) -> None:
        self.stopping = True

    def _look_after_all(self) -> None:
        try:
            if self.server:
                self.server.ensure_running()
        except PostgresRefuses as refusal:
            say(str(refusal))
        before = self._pids()
        for child in self.children:
            child.look_after()
        if self._pids() != before:
            self._write_state()

    def _pids(self) -> dict[str, int]:
        return {child.name: child.process.pid for child in self.children if child.process}

    def _write_state(self) -> None:
        draft = self.state.with_suffix(".new")
        draft.write_text(json.dumps({"supervisor": os.getpid(), **self._pids()}))
        draft.replace(self.state)

    def _stop_all(self) -> None:
        say("Stopping …")
        running = [child.process for child in self.children if child.process]
        for process in running:
            process.terminate()
        wait_until(lambda: all(p.poll() is not None for p in running), SECONDS_TO_STOP)
        for process in running:
            end_group(process.pid, signal.SIGKILL)
        if self.server and not self.server.stop(only_if_idle=True):
            say("PostgreSQL keeps running: somebody else is connected to it.")
        self.state.unlink(missing_ok=True)


# ---- one supervisor a checkout


def running_pids(state: Path) -> dict[str, int]:
    """Those of the last supervisor and its children that still live, and still are they."""
    try:
        noted = json.loads(state.read_text())
    except (OSError, ValueError):
        return {}
    words = {"supervisor": "clinic.supervisor", "web server": "gunicorn", "worker": "procrastinate"}
    return {name: pid for name, pid in noted.items() if words.get(name, "\0") in command_of(pid)}


def stop_running(state: Path) -> bool:
    """Stop the supervisor that runs from this checkout, or what a killed one left behind."""
    pids = running_pids(state)
    if "supervisor" in pids:
        os.kill(pids["supervisor"], signal.SIGTERM)
    else:
        for pid in pids.values():
            os.kill(pid, signal.SIGTERM)
    return wait_until(lambda: not running_pids(state), SECONDS_TO_STOP + 10)


def refuse_second(state: Path, port: int) -> IO:
    """The lock that this supervisor holds while it lives, so that there is no other."""
    lock = open(state.with_suffix(".lock"), "a")  # noqa: SIM115, held as long as we live
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("Cicatrix runs from this checkout already. Stop it with: make stop")
    stop_running(state)
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
        except OSError as error:
            sys.exit(
                f"Port {port} of {HOST} cannot be had: {error.strerror}.\n"
                f"Stop what uses it, or choose another: make run PORT={port + 1}"
            )
    return lock


# ---- the clinic


def children_for(port: int) -> list[Child]:
    python = sys.executable
    web = [python, "-m", "gunicorn", "clinic.wsgi", f"--bind={HOST}:{port}"]
    web += ["--workers=2", "--threads=4", "--timeout=60", "--graceful-timeout=10"]
    web += ["--no-control-socket", "--log-level=warning"]
    queue = [python, "manage.py", "procrastinate", "worker", "--concurrency=2"]
    queue += ["--shutdown-graceful-timeout=10"]
    return [Child("web server", web), Child("worker", queue)]


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/account/login/", timeout=5):
            return True
    except OSError as error:
        return hasattr(error, "code")  # an answer, if no happy one


def prepare() -> str:
    """Tables, catalogue and demo, in a process that then gives its memory back."""
    done = subprocess.run(
        [sys.executable, "-m", "clinic.prepare"], stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        sys.exit(done.returncode)
    return done.stdout.strip()


def embedded_server() -> Server | None:
    database = settings.DATABASES["default"]
    return Server(database["FOLDER"]) if "FOLDER" in database else None


def end_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return


def reason(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def port_from(word: str) -> int:
    if not word.isascii() or not word.isdigit() or not 0 < int(word) < 65536:
        sys.exit(f"PORT is a number from 1 to 65535, and not {word!r}.")
    return int(word)


def main(words: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.dev")
    state = settings.VAR / "running.json"
    if words == ["--stop"]:
        stopped = stop_running(state)
        sys.exit(0 if stopped else "It did not stop within its time; see var/running.json.")
    port = port_from(os.environ.get("PORT", "8000"))
    lock = refuse_second(state, port)
    logins = prepare()

    def tell() -> None:
        lines = [f"\nCicatrix is open at http://{HOST}:{port}/", logins, "Stop it with Ctrl-C.\n"]
        say("\n".join(line for line in lines if line))

    supervisor = Supervisor(children_for(port), state, embedded_server())
    supervisor.run(once_up=tell, is_up=lambda: answers(port))
    lock.close()


if __name__ == "__main__":
    main(sys.argv[1:])
