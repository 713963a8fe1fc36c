"""How long the clinic's server takes to answer the pages on which the catalogue is edited.

    python -m benchmarks.catalogue_pages [--rounds 20]

Real requests through every middleware to the embedded PostgreSQL of the tests, with the shipped
catalogue: the whole matrix of pairs, the editor of its longest rule, and the hits of an edited rule
on the case library.
"""

import argparse
import os
import sys
import time
from statistics import median, quantiles

from tqdm import tqdm

AIMS_MS = {"matrix of all treatments": 200, "editor of a rule": 200, "hits on the library": 1000}


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--rounds", type=int, default=20)
    asked = asked.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings.test"
    import django
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    from benchmarks.planner_edit import take_away_the_server

    django.setup()
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        times = measure(asked.rounds)
    finally:
        teardown_databases(made, verbosity=0)
        take_away_the_server()
    for name, (whole, own) in times.items():
        p95 = quantiles(whole, n=20)[-1] if len(whole) > 1 else whole[0]
        sys.stdout.write(
            f"{name:<26}{median(whole):>6.0f} ms median{p95:>6.0f} ms p95 (aim {AIMS_MS[name]}), "
            f"the web process alone {median(own):.0f} ms\n"
        )
    return 0


def measure(rounds: int) -> dict:
    from django.test import Client

    from clinic.catalogue import services
    from clinic.staff.roles import Role
    from tests.catalogue.test_edit_rule import opened
    from tests.factories import make_user

    services.load()
    client = Client()
    client.force_login(make_user(Role.CATALOGUE_ADMIN))
    edited = opened(client)
    edited["c0-when-1-v"] = "12"
    sent = {"data": edited.urlencode(), "content_type": "application/x-www-form-urlencoded"}
    requests = {
        "matrix of all treatments": lambda: client.get("/catalogue/pairs/matrix/"),
        "editor of a rule": lambda: client.get("/catalogue/safety/PIH-1/edit/"),
        "hits on the library": lambda: client.post("/impact/hits/", **sent),
    }
    times = {}
    for name, request in requests.items():
        request()  # what a process reads once
        whole, own = [], []
        for _ in tqdm(range(rounds), name, file=sys.stderr, disable=None):
            began, worked = time.perf_counter(), time.process_time()
            assert request().status_code == 200
            whole.append((time.perf_counter() - began) * 1000)
            own.append((time.process_time() - worked) * 1000)
        times[name] = whole, own
    return times


if __name__ == "__main__":
    sys.exit(main())
