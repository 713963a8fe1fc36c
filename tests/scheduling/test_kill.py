"""kill -9 in the middle of booking: nothing is ever half, and what was confirmed is there.

Real processes on a PostgreSQL of their own: a web server that books by the page the desk uses, a
worker that gives back holds, and PostgreSQL itself, each killed at random moments.
"""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from signal import SIGKILL
from threading import Event
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from clinic.embedded.errors import PostgresRefuses
from clinic.embedded.server import Server, is_alive
from tests.scheduling.victims import SESSIONS, TOKEN

ROOT = Path(__file__).parents[2]
CLAIMS = """
    SELECT count(DISTINCT visit.id), count(claim.id) FROM scheduling_appointment visit
    JOIN planner_plannedsession session ON session.id = visit.session_id
    JOIN planner_block block ON block.id = session.block_id
    LEFT JOIN scheduling_appointmentpart part ON part.appointment_id = visit.id
    LEFT JOIN scheduling_claim claim ON claim.part_id = part.id AND claim.active
    WHERE block.plan_id = %s AND visit.state NOT IN ('cancelled', 'no_show')
"""
CLAIMS_OF_A_VISIT = 2 + 3 + 1  # numbing, procedure, clean-up: room and patient, all, room


class House:
    """The clinic's processes, each started anew after it was killed."""

    def __init__(self, folder: Path):
        self.postgres = Server(folder / "postgres")
        self.postgres.ensure_running()
        address = f"postgres://cicatrix@/cicatrix?host={self.postgres.socket_folder}"
        words = {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "clinic.settings.test"}
        self.environment = os.environ | words
        self.web = self.worker = None

    def run(self, *words, **streams) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.scheduling.victims", *words],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def prepare(self, plans: int) -> dict:
        told, _ = self.run("prepare", str(plans)).communicate(timeout=300)
        return json.loads(told.splitlines()[-1])

    def up(self):
        """Everything runs, whatever was killed."""
        deadline = time.monotonic() + 60
        while not self.postgres.is_running():  # its children may still hold the shared memory
            try:
                self.postgres.ensure_running()
            except PostgresRefuses:
                assert time.monotonic() < deadline
        if self.web is None or self.web.poll() is not None:
            self.web = self.run("serve")
            self.port = int(self.web.stdout.readline())
        if self.worker is None or self.worker.poll() is not None:
            self.worker = self.run("work")
            assert self.worker.stdout.readline() == "ready\n"

    def kill(self, victim: str):
        if victim == "postgres":
            pid = self.postgres.postmaster()
            os.kill(pid, SIGKILL)
            while is_alive(pid):
                pass
            self.worker.kill()  # its connection is gone with it
            return
        process = {"web": self.web, "worker": self.worker}[victim]
        process.send_signal(SIGKILL)
        process.wait()

    def down(self):
        for process in (self.web, self.worker):
            if process:
                process.kill()
                process.wait()
        self.postgres.remove()

    def standing(self, plan: str) -> tuple[int, int]:
        with self.postgres.connect("cicatrix") as connection:
            return connection.execute(CLAIMS, [plan]).fetchone()

    def release(self):
        self.worker.stdin.write("now\n")
        self.worker.stdin.flush()


def post(house, cookie: str, plan: dict, key: str, **more) -> bool:
    """Book by the page, as a browser does; True once the page has confirmed it."""
    form = {"step": "book", "key": key, "choices": plan["choices"], "csrfmiddlewaretoken": TOKEN}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": cookie,
    }
    connection = HTTPConnection("127.0.0.1", house.port, timeout=60)
    try:
        address = f"/calendar/plans/{plan['plan']}/"
        connection.request("POST", address, urlencode(form | more), headers)
        answer = connection.getresponse()
        return answer.status == 302 and answer.getheader("Location") == address
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.down()


@pytest.mark.parametrize(
    "rounds", [3, pytest.param(50, marks=pytest.mark.full)], ids=lambda rounds: f"{rounds} kills"
)
def test_a_kill_in_the_middle_of_booking_leaves_all_of_a_plan_or_nothing(house, rounds):
    random, moment = Random(20270111), Event()
    made = house.prepare(rounds + 1)
    cookie, (first, *plans) = made["cookie"], made["plans"]
    house.up()
    began = time.monotonic()
    assert post(house, cookie, first, uuid4().hex)
    usual = time.monotonic() - began
    whole = (SESSIONS, SESSIONS * CLAIMS_OF_A_VISIT)
    assert house.standing(first["plan"]) == whole
    caught = 0

    for number, plan in enumerate(plans):
        victim = ("web", "postgres", "worker")[number % 3]
        key = uuid4().hex
        if victim == "worker":
            assert post(house, cookie, plan, key, hold="yes", minutes=10)
        with ThreadPoolExecutor(1) as desk:
            if victim == "worker":
                house.release()
                booking = None
            else:
                booking = desk.submit(post, house, cookie, plan, key)
            moment.wait(random.uniform(0, usual))
            house.kill(victim)
            confirmed = booking.result() if booking else False
        house.up()

        assert house.standing(plan["plan"]) in (whole, (0, 0))
        if confirmed:
            assert house.standing(plan["plan"]) == whole
        elif booking:
            caught += 1
            assert post(house, cookie, plan, key)  # sent again with its key: booked once
            assert house.standing(plan["plan"]) == whole
        assert house.standing(first["plan"]) == whole
    assert caught
