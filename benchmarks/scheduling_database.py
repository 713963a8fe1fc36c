"""Offers, booking and the day's page of the calendar over a table of 100,000 visits.

    python -m benchmarks.scheduling_database [--visits 100000] [--rounds 15] [--seed 20261121]

The calendar is generated into a throw-away PostgreSQL: six practitioners, five rooms three quarters
full, four devices, ten years back and nine months ahead. Beside each figure stands its floor: the
very same queries once more as plain SQL over the same connection, without Django; the ratio is of
medians of one run. CPU is what our process computed, whatever else the machine did. Writing is
rolled back, so that neither side counts the disk's commit.
"""

import argparse
import datetime as dt
import os
import random
import statistics
import sys
import time
import uuid
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from tqdm import tqdm

LONDON = ZoneInfo("Europe/London")
AHEAD = 280  # days
PEOPLE, ROOMS, DEVICES, PATIENTS = 6, 5, 4, 5000
OPENS, QUARTERS, FULL = 9, 36, 0.75
LENGTHS = (2, 3, 4, 6)
BATCH = 2000


@contextmanager
def throw_away_database():
    """A PostgreSQL of this run's own, with all tables; gone afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.test")
    import django

    django.setup()
    from django.db import connection

    from clinic.embedded.server import Server
    from clinic.settings.test import TEST_FOLDER

    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield connection
    finally:
        connection.close()
        Server(TEST_FOLDER / "postgres").remove()


# --- the calendar --------------------------------------------------------------------------------


def make_house():
    from clinic.scheduling import resources

    weekly = {day: [(dt.time(OPENS), dt.time(18))] for day in range(5)}
    resources.set_hours(resource=None, weekly=weekly)
    skills = ["doctor", "SUBC", "LASER"]
    people = [
        resources.add_person(code=f"p{number}", name=f"Doctor {number}", capabilities=skills)
        for number in range(PEOPLE)
    ]
    rooms = [
        resources.add_room(code=f"r{number}", name=f"Room {number}", room_kind="procedure")
        for number in range(ROOMS)
    ]
    devices = [
        resources.add_device(code=f"d{number}", name=f"Laser {number}", capabilities=["co2_laser"])
        for number in range(DEVICES)
    ]
    return people, rooms, devices


def make_patients(count: int):
    """Patients who are resources too, each with a plan that their visits belong to."""
    from clinic.scheduling.models import Resource
    from patients.models import Patient
    from planner.models import Block, Plan
    from tests.factories import make_user
    from tests.scheduling.making import make_plan

    by, pattern = make_user(), make_plan(sessions=1)
    patients = Patient.objects.bulk_create(
        [
            Patient(
                record_number=f"B{number:06}",
                given_name=f"Given{number}",
                family_name=f"Family{number}",
                born=dt.date(1990, 1, 1),
                sex="F",
                registered_by=by,
            )
            for number in range(count)
        ],
        BATCH,
    )
    resources = Resource.objects.bulk_create(
        [
            Resource(code=f"patient-{one.pk}", kind="patient", name=one.record_number, patient=one)
            for one in patients
        ],
        BATCH,
    )
    copied = {
        name: getattr(pattern, name)
        for name in ("assessment", "suggestion", "strategy", "catalogue_version", "starts_on")
    }
    plans = Plan.objects.bulk_create(
        [
            Plan(
                patient=one,
                number=1,
                planner_version="1",
                currency="EUR",
                cost=100,
                content={"protocol": "", "preparations": []},
                content_hash="0",
                drafted_by=by,
                **copied,
            )
            for one in patients
        ],
        BATCH,
    )
    blocks = Block.objects.bulk_create([Block(plan=one, number=1, firm=True) for one in plans])
    return by, patients, resources, blocks


def spans_of_a_room(dice: random.Random) -> list[tuple[int, int]]:
    """Bookings at random places of a day until three quarters of it are taken."""
    at, bookings = 0, []
    while at < QUARTERS:
        length = min(dice.choice(LENGTHS), QUARTERS - at)
        bookings.append((at, at + length))
        at += length
    dice.shuffle(bookings)
    taken, filled = [], 0
    for booking in bookings:
        if filled >= FULL * QUARTERS:
            break
        taken.append(booking)
        filled += booking[1] - booking[0]
    return taken


def parts_of(start: int, end: int) -> list[tuple[str, int, int]]:
    if end - start < 3:
        return [("procedure", start, end)]
    return [
        ("numbing", start, start + 1),
        ("procedure", start + 1, end - 1),
        ("clean_up", end - 1, end),
    ]


class Pool:
    """People or devices of a day: the first that is free takes the booking."""

    def __init__(self, resources):
        self.taken = {one.pk: 0 for one in resources}

    def take(self, start: int, end: int) -> int | None:
        bits = (1 << end) - (1 << start)
        free = next((pk for pk, taken in self.taken.items() if not taken & bits), None)
        if free is not None:
            self.taken[free] |= bits
        return free


class Filler:
    """Rows for one day after another; visits are dealt out to patients at random."""

    def __init__(self, house, people, seed: int):
        from clinic.scheduling.models import Appointment, AppointmentPart, Claim
        from planner.models import PlannedSession, Step

        self.house, (self.by, self.patients, self.resources, self.blocks) = house, people
        self.dice = random.Random(seed)
        self.rows = {m: [] for m in (PlannedSession, Step, Appointment, AppointmentPart, Claim)}
        self.part = self.claim = 0
        self.numbers = [1] * len(self.patients)

    def day(self, on: dt.date) -> int:
        people, rooms, devices = self.house
        doctors, lasers = Pool(people), Pool(devices)
        spans = sorted(
            (start, end, room.pk) for room in rooms for start, end in spans_of_a_room(self.dice)
        )
        whose = self.dice.sample(range(len(self.patients)), len(spans))
        made = 0
        for (start, end, room), patient in zip(spans, whose, strict=True):
            parts = parts_of(start, end)
            _, first, last = next(part for part in parts if part[0] == "procedure")
            if doctor := doctors.take(first, last):
                laser = lasers.take(first, last) if self.dice.random() < 0.4 else None
                self._visit(on, parts, patient, room, [one for one in (doctor, laser) if one])
                made += 1
        return made

    def _add(self, of: str, /, **row):
        next(rows for model, rows in self.rows.items() if model.__name__ == of).append(row)

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self.dice.getrandbits(128))

    def _visit(self, on, parts, patient, room, team):
        visit, session, number = self._id(), self._id(), self.numbers[patient]
        self.numbers[patient] += 1
        self._add(
            "PlannedSession",
            id=session,
            block_id=self.blocks[patient].pk,
            number=number,
            kind="procedure",
            day=28 * number,
            target_on=on,
            procedure_min=45,
        )
        self._add(
            "Step",
            session_id=session,
            key=self._id(),
            order=1,
            treatment="subcision",
            name="Subcision",
            performers=["doctor"],
            places=["malar.L"],
            scar_types=["rolling"],
            duration_min=45,
            downtime_days=2,
            price=50,
        )
        self._add(
            "Appointment",
            id=visit,
            patient_id=self.patients[patient].pk,
            kind="procedure",
            session_id=session,
            starts_at=moment(on, parts[0][1]),
            ends_at=moment(on, parts[-1][2]),
            target_on=on,
            booked_by_id=self.by.pk,
        )
        for order, (kind, start, end) in enumerate(parts, 1):
            self.part += 1
            during = f"[{moment(on, start).isoformat()},{moment(on, end).isoformat()})"
            self._add(
                "AppointmentPart",
                id=self.part,
                appointment_id=visit,
                order=order,
                kind=kind,
                during=during,
            )
            held = [room] if kind == "clean_up" else [room, self.resources[patient].pk]
            for resource in held + (team if kind == "procedure" else []):
                self.claim += 1
                self._add(
                    "Claim", id=self.claim, part_id=self.part, resource_id=resource, during=during
                )

    def write(self, connection) -> None:
        """By COPY and past the triggers: they judge what people do, and this is generated right."""
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for model, rows in self.rows.items():
                if rows:
                    copy_rows(connection, cursor, model, rows)
                rows.clear()
            cursor.execute("SET session_replication_role = DEFAULT")


def moment(on: dt.date, quarter: int) -> dt.datetime:
    start = dt.datetime.combine(on, dt.time(OPENS), LONDON).astimezone(dt.UTC)
    return start + dt.timedelta(minutes=15 * quarter)


def copy_rows(connection, cursor, model, rows: list[dict]) -> None:
    """What a row leaves out gets the field's default; the database counts a key by itself."""
    fields = [
        field
        for field in model._meta.concrete_fields
        if not field.generated and (not field.primary_key or field.has_default() or "id" in rows[0])
    ]
    usual = {f: f.get_db_prep_save(f.get_default(), connection) for f in fields}
    names = ", ".join(f'"{field.column}"' for field in fields)
    with cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as target:
        for row in rows:
            fresh = {f.attname: f.get_default() for f in fields if f.primary_key} | row
            target.write_row([fresh[f.attname] if f.attname in fresh else usual[f] for f in fields])


def fill(connection, visits: int, seed: int) -> tuple[dt.date, int]:
    """A calendar that ends AHEAD days from now and goes back until it holds so many visits."""
    people = make_patients(PATIENTS)
    filler = Filler(make_house(), people, seed)
    today = dt.date.today()
    on, made = today + dt.timedelta(days=AHEAD), 0
    with tqdm(total=visits, desc="Visits", file=sys.stderr, disable=None) as bar:
        while made < visits:
            if on.weekday() < 5:
                more = filler.day(on)
                made += more
                bar.update(more)
            on -= dt.timedelta(days=1)
            if len(filler.rows[next(iter(filler.rows))]) > BATCH:
                filler.write(connection)
        filler.write(connection)
    with connection.cursor() as cursor:
        for table in ("scheduling_appointmentpart", "scheduling_claim"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        cursor.execute("VACUUM ANALYZE")
    return today, made


# --- measuring -----------------------------------------------------------------------------------


def timed(deed) -> tuple[float, float]:
    """Milliseconds by the clock, and those in which this process computed."""
    began, worked = time.perf_counter(), time.process_time()
    deed()
    return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000


def undone(deed):
    """The deed in a transaction that is rolled back."""
    from django.db import transaction

    def run():
        with transaction.atomic():
            deed()
            transaction.set_rollback(True)

    return run


def queries_of(deed, connection) -> list[str]:
    """The SQL that the deed sends, with its values.

    Claims name their part by the number that the database gave it, so the count is set back first.
    """
    from django.test.utils import CaptureQueriesContext

    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM scheduling_appointmentpart_id_seq")
        (last,) = cursor.fetchone()
    with CaptureQueriesContext(connection) as captured:
        deed()
    skipped = ("BEGIN", "COMMIT", "ROLLBACK;", "ROLLBACK")
    sent = [one["sql"] for one in captured.captured_queries if one["sql"] not in skipped]
    if any(query.startswith("INSERT") for query in sent):
        sent.insert(0, f"SELECT setval('scheduling_appointmentpart_id_seq', {last})")
    return sent


def plain(queries: list[str], connection):
    """The same queries over the same connection, by the driver alone; rows are fetched."""
    raw = connection.connection

    def run():
        with raw.transaction(force_rollback=True), raw.cursor() as cursor:
            for query in queries:
                cursor.execute(query)
                if cursor.description:
                    cursor.fetchall()

    return run


def measure(name: str, deed, connection, rounds: int) -> str:
    """Both sides in turn, so that a busy machine is as unfair to the one as to the other."""
    deed()  # what is read once for good is read now
    queries = queries_of(deed, connection)
    floor = plain(queries, connection)
    floor()
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(timed(deed))
        theirs.append(timed(floor))
    mine, least = (statistics.median(wall for wall, _ in side) for side in (ours, theirs))
    p95 = statistics.quantiles([wall for wall, _ in ours], n=20)[-1]
    worked = statistics.median(cpu for _, cpu in ours)
    figures = "".join(f"{figure:>10.1f}" for figure in (mine, p95, worked, least, mine / least))
    return f"{name:<34}{figures}{len(queries):>10}"


def deeds(today: dt.date):
    """(name, deed) for each figure."""
    from django.test import Client

    from clinic.scheduling import offers, services
    from tests.factories import make_user
    from tests.scheduling.making import DULL, LASER, make_plan

    by = make_user("clinician", "front_desk")
    client = Client()
    client.force_login(by)
    steps = [[LASER if number % 2 else DULL] for number in range(6)]
    start = today + dt.timedelta(days=3)
    plan = make_plan(sessions=6, gap=(32, 42, 52), steps=steps, starts_on=start)
    choices = offers.offers_for(plan)[0].choices
    keys = iter(range(10**9))

    def book():
        services.book_plan(plan=plan, choices=choices, by=by, key=f"bench-{next(keys)}")

    busy = today + dt.timedelta(days=7 - today.weekday() + 1)

    def read(address):
        assert client.get(address).status_code == 200

    yield "offers for a plan of 6 sessions", lambda: offers.offers_for(plan)
    yield "booking these 6 visits", undone(book)
    yield "one day's calendar page", lambda: read(f"/calendar/?on={busy}")
    yield "one week's calendar page", lambda: read(f"/calendar/week/?on={busy}")


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--visits", type=int, default=100_000)
    asked.add_argument("--rounds", type=int, default=15)
    asked.add_argument("--seed", type=int, default=20261121)
    asked = asked.parse_args()
    with throw_away_database() as connection:
        began = time.perf_counter()
        today, made = fill(connection, asked.visits, asked.seed)
        say(f"seed {asked.seed}, {made} visits, written in {time.perf_counter() - began:.0f} s")
        heads = ("median ms", "p95 ms", "CPU ms", "floor ms", "ratio", "queries")
        say(" " * 34 + "".join(f"{head:>10}" for head in heads))
        for name, deed in deeds(today):
            say(measure(name, deed, connection, asked.rounds))
    return 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
