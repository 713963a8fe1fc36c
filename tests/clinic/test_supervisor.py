"""The supervisor starts the dead again, ever more slowly, and stops what it started."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from clinic import supervisor
from clinic.embedded.server import is_alive, wait_until
from clinic.supervisor import Child, port_from, refuse_second

FOREVER = [sys.executable, "-c", "import threading; threading.Event().wait()"]
FALLS = [sys.executable, "-c", "raise SystemExit(3)"]


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def die(child):
    """Start it if it is due, and let it fall."""
    child.look_after()
    child.process.wait()
    child.look_after()


def test_a_child_that_dies_is_started_again_after_a_pause():
    clock = Clock()
    child = Child("worker", FALLS, clock)
    die(child)

    child.look_after()
    assert child.process is None

    clock.now += supervisor.FIRST_PAUSE
    child.look_after()
    assert child.process.wait() == 3


def test_the_pause_doubles_up_to_a_limit():
    clock = Clock()
    child = Child("worker", FALLS, clock)
    pauses = []
    for _ in range(9):
        die(child)
        pauses.append(child.due - clock.now)
        clock.now = child.due

    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert pauses[-1] == supervisor.LONGEST_PAUSE


def test_a_child_that_lived_long_is_started_again_soon():
    clock = Clock()
    child = Child("worker", FALLS, clock, pause=16.0)
    child.look_after()
    child.process.wait()
    clock.now += supervisor.LONG_ENOUGH

    child.look_after()

    assert child.due - clock.now == supervisor.FIRST_PAUSE


@contextmanager
def supervised(tmp_path, command=FOREVER):
    """A supervisor in a process of its own, with one child, as `make run` has it."""
    state = tmp_path / "running.json"
    words = "import sys, json; from pathlib import Path; from clinic.supervisor import *;"
    words += "Supervisor([Child('worker', json.loads(sys.argv[2]))], Path(sys.argv[1]), None)"
    words += ".run(once_up=lambda: None, is_up=lambda: True)"
    process = subprocess.Popen([sys.executable, "-c", words, state, json.dumps(command)])
    try:
        assert wait_until(state.exists, 20)
        yield process, state
    finally:
        process.kill()
        process.wait()


def worker_of(state):
    return json.loads(state.read_text()).get("worker")


def test_a_child_that_is_killed_has_a_successor(tmp_path):
    with supervised(tmp_path) as (process, state):
        first = worker_of(state)
        os.kill(first, signal.SIGKILL)

        assert wait_until(lambda: worker_of(state) not in (first, None), 10)
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_its_child(tmp_path, number):
    with supervised(tmp_path) as (process, state):
        worker = worker_of(state)
        process.send_signal(number)

        assert process.wait(20) == 0
        assert not is_alive(worker)
        assert not state.exists()


def test_a_port_that_is_taken_is_told_with_a_way_out(tmp_path):
    with socket.socket() as other:
        other.bind((supervisor.HOST, 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(SystemExit, match=f"make run PORT={port + 1}"):
            refuse_second(tmp_path / "running.json", port)


def test_a_second_supervisor_is_refused_while_the_first_prepares(tmp_path):
    with socket.socket() as free:
        free.bind((supervisor.HOST, 0))
        port = free.getsockname()[1]
    first = refuse_second(tmp_path / "running.json", port)

    with pytest.raises(SystemExit, match="runs from this checkout already"):
        refuse_second(tmp_path / "running.json", port)
    first.close()
    refuse_second(tmp_path / "running.json", port).close()


@pytest.mark.parametrize("word", ["", "http", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_is_refused(word):
    with pytest.raises(SystemExit, match="PORT is a number from 1 to 65535"):
        port_from(word)


def test_a_number_that_is_another_program_by_now_is_left_alone(tmp_path):
    state = tmp_path / "running.json"
    state.write_text(json.dumps({"supervisor": os.getpid(), "worker": os.getppid()}))

    assert supervisor.running_pids(state) == {}
