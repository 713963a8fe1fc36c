"""How long the clinic's server takes to answer one change of a draft, and to draw its page.

    python -m benchmarks.planner_edit [--edits 60]

A real request through every middleware to the embedded PostgreSQL of the tests, in one process:
a clinician moves, swaps, drops, adds, pins and undoes in a draft made of the shipped catalogue.
What is shown at once is in the answer: visits, what the rules say, figures and differences.
"""

import argparse
import datetime as dt
import os
import random
import sys
import time
from statistics import median, quantiles

from tqdm import tqdm

AIM_MS = 150


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--edits", type=int, default=60)
    asked = asked.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings.test"
    import django
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    django.setup()
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        times, own, refused = measure(asked.edits)
    finally:
        teardown_databases(made, verbosity=0)
        take_away_the_server()
    for name, lengths in times.items():
        p95 = quantiles(lengths, n=20)[-1] if len(lengths) > 1 else lengths[0]
        sys.stdout.write(f"{name:<8}{median(lengths):>8.0f} ms median{p95:>8.0f} ms p95\n")
    whole = median([length for lengths in times.values() for length in lengths])
    sys.stdout.write(f"every change: {whole:.0f} ms median (aim {AIM_MS}), {refused} refused\n")
    sys.stdout.write(f"of it the web process alone: {median(own):.0f} ms median\n")
    return 0


def take_away_the_server():
    from clinic.embedded.server import Server
    from clinic.settings.test import TEST_FOLDER

    Server(TEST_FOLDER / "postgres").remove()


def measure(edits: int):
    from django.test import Client
    from django.urls import reverse

    from planner import services
    from tests.factories import make_user
    from tests.planner.drafts import make_clinic, make_suggested

    make_clinic()
    doctor = make_user()
    suggestion = make_suggested(by=doctor)
    plan = services.draft_plan(suggestion=suggestion, strategy="best_result", by=doctor)
    client = Client(headers={"HX-Request": "true"})
    client.force_login(doctor)
    page = reverse("planner:plan", args=[plan.pk])
    client.get(page, {"at": "add"})
    times: dict[str, list[float]] = {}
    own: list[float] = []
    refused = 0
    dice = random.Random(20261121)
    for _ in tqdm(range(edits), "Edits", file=sys.stderr, disable=None):
        plan.refresh_from_db()
        op, typed = a_change(plan, dice)
        typed |= {"op": op, "revision": plan.revision}
        began, worked = time.perf_counter(), time.process_time()
        answer = client.post(reverse("planner:edit", args=[plan.pk]), typed)
        times.setdefault(op, []).append((time.perf_counter() - began) * 1000)
        own.append((time.process_time() - worked) * 1000)
        refused += answer.status_code != 200
    return times, own, refused


def a_change(plan, dice) -> tuple[str, dict]:
    """What a clinician might do next; now and then it goes against a rule."""
    from planner import outline as hand
    from planner.editing import keyed

    outline = hand.outline_of(keyed(plan)["sessions"])
    number = dice.choice([n for n, visit in enumerate(outline, 1) if visit.lines])
    visit = outline[number - 1]
    line = dice.choice(visit.lines)
    day = visit.on + dt.timedelta(days=dice.choice((-7, 7, 14)))
    return dice.choice(
        [
            ("visit", {"at": f"visit-{number}", "on": day.isoformat(), "with_later": "on"}),
            ("move", {"at": line.key, "to": "", "on": day.isoformat()}),
            ("swap", {"at": line.key, "treatment": dice.choice(("microneedling", "tca_cross"))}),
            ("pin", {"at": line.key}),
            ("add", {"at": "add", "treatment": "tca_cross", "to": "", "on": day.isoformat()}),
            ("undo", {}),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
