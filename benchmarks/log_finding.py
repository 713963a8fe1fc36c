"""How long the server takes to answer one logged finding, as the logging page asks for it.

    python -m benchmarks.log_finding [--faces 5]

Logs the 14 entries of a mixed face, one after another, through every middleware to the embedded
PostgreSQL of the tests. Prints the median and the 95th percentile in milliseconds of an entry, of a
detail, of "same on the other side" and of the chart drawn anew, and the milliseconds that this
process itself worked, which say more on a busy machine. Fails where the median of an entry is
50 ms or more.
"""

import argparse
import os
import statistics
import sys
import time
from uuid import uuid4

LIMIT_MS = 50
FACE = (
    ("forehead_central.M", "boxcar_shallow", "5-10"),
    ("temple.L", "rolling", "1-4"),
    ("malar.L", "ice_pick", "11-20"),
    ("malar.L", "rolling", "5-10"),
    ("lateral_cheek.L", "boxcar_shallow", "5-10"),
    ("lateral_cheek.L", "rolling", "5-10"),
    ("chin.M", "papular", "1-4"),
    ("chin.M", "mark_pih", "11-20"),
    ("lateral_cheek.R", "boxcar_shallow", "11-20"),
    ("malar.R", "ice_pick", "11-20"),
    ("malar.R", "rolling", "5-10"),
    ("temple.R", "rolling", "1-4"),
    ("nasal_tip.M", "ice_pick", "1-4"),
    ("upper_lip_perioral.M", "mark_pie", "5-10"),
)
PART = {"HTTP_HX_REQUEST": "true"}


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--faces", type=int, default=5)
    faces = asked.parse_args().faces
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings.test"
    import django
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    django.setup()
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        times = measure(faces)
    finally:
        teardown_databases(made, verbosity=0)
        take_away_the_server()
    say(f"{faces} faces of {len(FACE)} entries")
    say(f"{'answer to':<26}{'median ms':>10}{'p95 ms':>10}{'worked ms':>11}")
    for name, pairs in times.items():
        lengths, worked = zip(*pairs, strict=True)
        p95 = statistics.quantiles(lengths, n=20)[-1]
        middles = statistics.median(lengths), p95, statistics.median(worked)
        say(f"{name:<26}{middles[0]:>10.1f}{middles[1]:>10.1f}{middles[2]:>11.1f}")
    return 0 if statistics.median(pair[0] for pair in times["one entry"]) < LIMIT_MS else 1


def take_away_the_server():
    from clinic.embedded.server import Server
    from clinic.settings.test import TEST_FOLDER

    Server(TEST_FOLDER / "postgres").remove()


def measure(faces: int) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of each answer, and those that this process worked for it."""
    from clinic.catalogue import services as catalogue

    catalogue.load()
    times = {"one entry": [], "a detail": [], "the other side": [], "the chart": []}
    for number in range(faces + 1):  # the first face warms the templates up
        log_a_face(times if number else {name: [] for name in times})
    return times


def log_a_face(times):
    from django.urls import reverse

    client, draft = a_draft()
    address = reverse("patients:log", args=[draft.pk])
    for place, kind, band in FACE:
        entry = {"place": place, "kind": kind, "count_band": band, "key": str(uuid4())}
        times["one entry"].append(timed(lambda e=entry: client.post(address, e, **PART)))
        if kind == "rolling":
            more = {"of": entry["key"], "deed": "detail", "name": "severity", "value": "mild"}
            times["a detail"].append(said(client, draft, more))
            rolling = entry["key"]
    times["the other side"].append(said(client, draft, {"of": rolling, "deed": "mirror"}))
    chart = reverse("patients:assessment_chart", args=[draft.pk])
    times["the chart"].append(timed(lambda: client.get(chart, **PART)))


def said(client, draft, more) -> tuple[float, float]:
    from django.urls import reverse

    address = reverse("patients:entry", args=[draft.pk])
    return timed(lambda: client.post(address, more | {"key": str(uuid4())}, **PART))


def a_draft():
    """A clinician who is signed in, and a draft of a new patient."""
    from django.test import Client

    from tests.factories import make_assessment, make_patient, make_user

    user, client = make_user(), Client()
    client.force_login(user)
    return client, make_assessment(patient=make_patient(), by=user)


def timed(deed) -> tuple[float, float]:
    began, worked = time.perf_counter(), time.process_time()
    answer = deed()
    length = (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"The server answered {answer.status_code}.")
    return length


def say(line: str):
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
