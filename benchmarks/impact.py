"""How long the preview of a changed catalogue takes, over open drafts and the library's cases.

    python -m benchmarks.impact [--drafts 200] [--processes 2]

Everything as in the clinic: drafts in the embedded PostgreSQL of the tests, an edit of the draft,
the worker's own run with its children. Nothing is kept from before but in the last line, where
the same draft is tried again. Beside the time that passed stands the processor's: on a machine with
other work it is the one to compare.
"""

import argparse
import datetime as dt
import os
import random
import resource
import sys
import time

from tqdm import tqdm

AIM = 60  # seconds, 200 drafts and 100 cases on two cores
SEED = 20261121


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--drafts", type=int, default=200)
    asked.add_argument("--processes", type=int, default=2)
    asked = asked.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings.test"
    import django
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    django.setup()
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        measure(asked.drafts, asked.processes)
    finally:
        teardown_databases(made, verbosity=0)
        take_away_the_server()
    return 0


def take_away_the_server():
    from clinic.embedded.server import Server
    from clinic.settings.test import TEST_FOLDER

    Server(TEST_FOLDER / "postgres").remove()


def measure(drafts: int, processes: int) -> None:
    from tests.impact.making import make_admin

    admin = make_admin()
    make_drafts(drafts)
    load = os.getloadavg()[0]
    sys.stdout.write(f"{drafts} drafts, 100 cases, {processes} process(es), load {load:.1f}\n")
    for words, section, code, change in EDITS:
        kept = replace_row(section, code, change)
        tell(words, *timed(admin, processes))
        if words == EDITS[-1][0]:
            tell("the same draft again", *timed(admin, processes))
        replace_row(section, code, lambda row, kept=kept: kept)


def timed(admin, processes: int) -> tuple:
    from clinic.impact import runs

    began, used = time.perf_counter(), processor()
    preview = runs.start(by=admin)
    runs.carry_out(preview.pk, size=processes)
    passed, used = time.perf_counter() - began, processor() - used
    preview.refresh_from_db()
    assert preview.result, preview.trouble
    return preview, passed, used


def tell(words: str, preview, passed: float, used: float) -> None:
    result = preview.result
    sys.stdout.write(
        f"{words:>36}: {passed:6.1f} s (aim {AIM}), processor {used:6.1f} s; "
        f"{result['untouched']} of {preview.total} not reached, {len(result['drafts'])} drafts and "
        f"{len(result['cases'])} cases come out differently\n"
    )
    sys.stdout.flush()


def processor() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


# ---- the demo


def make_drafts(wanted: int) -> None:
    """Open drafts of made-up patients with other skins, histories and scars: each proposal one."""
    from planner import services
    from tests.factories import make_user
    from tests.planner.drafts import make_clinic

    make_clinic()
    rng, by, made = random.Random(SEED), make_user(), 0
    bar = tqdm(total=wanted, desc="Drafts", file=sys.stderr, disable=None)
    while made < wanted:
        suggestion = services.suggest_for(assessment=assessed(rng, by), by=by)
        for proposal in suggestion.result["proposals"][: wanted - made]:
            services.draft_plan(suggestion=suggestion, strategy=proposal["strategy"], by=by)
            made += 1
            bar.update()
    bar.close()


def assessed(rng: random.Random, by):
    from django.utils import timezone

    from clinic.impact.library.make_faces import HOME, MIDDLE
    from patients.services import record_answers
    from tests.planner.drafts import make_answered_patient, make_assessed

    born = dt.date(rng.randint(1975, 2004), rng.randint(1, 12), rng.randint(1, 28))
    patient = make_answered_patient(by, fitzpatrick=rng.randint(1, 6), born=born)
    told = {code: value for code, value in HISTORY.items() if rng.random() < 0.15}
    record_answers(patient=patient, answers=told, on=timezone.localdate(), by=by)
    found = {}
    for _ in range(rng.randint(3, 12)):
        scar_type = rng.choice([kind for kind in sorted(HOME) if kind != "hypertrophic"])
        region = rng.choice(HOME[scar_type])
        side = "M" if region in MIDDLE else rng.choice("LR")
        found[region, side, scar_type] = rng.randint(1, 20)
    return make_assessed(patient, by, [(*key, count) for key, count in found.items()])


HISTORY = {
    "herpes_history": True,
    "pih_history": True,
    "smoking": "some",
    "implanted_device": True,
    "psoriasis": True,
    "severity_mismatch": True,
}


# ---- what the admin does


def replace_row(section: str, code: str, change) -> dict:
    """Change a row of the draft; what it was."""
    from clinic.catalogue import drafting

    row = drafting.read(section, code)
    drafting.save(section, change(row), seen=drafting.token(row))
    return row


def raised(row: dict) -> dict:
    return row | {"clauses": [clause | {"effect": "BLOCK"} for clause in row["clauses"]]}


def dearer(row: dict) -> dict:
    price = dict.fromkeys(("min", "typical", "max"), "990.00")
    figures = [one | price if one["kind"] == "price" else one for one in row["figures"]]
    return row | {"figures": figures}


def reworded(row: dict) -> dict:
    return row | {"title": f"{row['title']}, said otherwise"}


EDITS = (
    ("other words of a rule", "safety_rules", "FST-6", reworded),
    ("a rule that few answer to, raised", "safety_rules", "PSY-6", raised),
    ("a rule of darker skin, raised", "safety_rules", "FST-6", raised),
    ("another price of a common laser", "treatments", "fractional_nonablative", dearer),
    ("a constant, which touches everybody", "calibration", "overlap",
     lambda row: row | {"value": 0.123}),
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
