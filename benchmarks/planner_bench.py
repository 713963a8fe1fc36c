"""How long the planner takes: a corpus of 50 generated faces, one process or several.

    python -m benchmarks.planner_bench [--processes 2] [--faces 50]

Prints p50 and p95 until the first ranked proposal, until all alternatives with explanations, and
of the check of an edit; the share proven optimal, the gap of the rest, and memory. Beside the time
that passed stands the processor's: on a machine with other work it is the one to compare.
"""

import argparse
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from statistics import median

import yaml
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
AIMS = {"first": 0.300, "all": 2.0, "check": 0.020}


def document() -> dict:
    merged: dict = {}
    for path in sorted((ROOT / "clinic/catalogue/data").glob("*.yaml")):
        content = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        for section, rows in content.items():
            merged.setdefault(section, []).extend(rows)
    return merged


def catalogue():
    from planner.engine.catalogue import catalogue_from

    return catalogue_from(document())


def cases(catalogue):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.test")
    from planner.casefile import CaseReader, load

    sides = {row["code"]: row["sides"] for row in document()["regions"]}
    for face in yaml.safe_load((ROOT / "clinic/impact/library/faces.yaml").read_text("utf-8")):
        reader = CaseReader(load(yaml.safe_dump(face)), catalogue, sides=sides)
        case = reader.case(date(2026, 11, 21))
        assert not reader.problems, (face["id"], reader.problems)
        yield case


def measure(case, catalogue) -> dict:
    from planner.engine.check import check
    from planner.engine.suggest import suggest

    first, _ = timed(lambda: suggest(case, catalogue, strategies=("balanced",)))
    whole, suggestion = timed(lambda: suggest(case, catalogue))
    strategies = [p for p in suggestion.proposals if not p.protocol]
    plans = [edited(proposal) for proposal in strategies[:1]]
    checks = [timed(lambda: check(case, catalogue, plans[0]))[0] for _ in plans]
    return {
        "first": [first],
        "all": [whole],
        "check": checks,
        "proven": [p.proof.optimal for p in strategies],
        "gaps": [p.proof.gap / max(p.proof.bound, 1.0) for p in strategies if not p.proof.optimal],
        "none": not suggestion.proposals,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def timed(deed) -> tuple:
    """(seconds that passed, seconds of the processor), and what was done."""
    passed, used = time.perf_counter(), time.process_time()
    done = deed()
    return (time.perf_counter() - passed, time.process_time() - used), done


def edited(proposal):
    """The proposal with its second visit moved a week: what a clinician's drag sends."""
    from planner.engine.values import GivenPlan, GivenSession, GivenStep

    sessions = [
        GivenSession(
            session.day + (7 if index == 1 else 0),
            tuple(GivenStep(step.treatment, step.places) for step in session.steps),
            session.kind,
        )
        for index, session in enumerate(proposal.sessions)
    ]
    return GivenPlan(tuple(sessions), proposal.first_session_on)


_ready: list = []


def measure_in_process(case) -> dict:
    if not _ready:
        _ready.append(catalogue())
    return measure(case, _ready[0])


def percentile(values, share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def run(processes: int, faces: int) -> list[dict]:
    whole = catalogue()
    corpus = list(cases(whole))[:faces]
    bar = {"total": len(corpus), "desc": "Faces", "file": sys.stderr, "disable": None}
    if processes == 1:
        return [measure(case, whole) for case in tqdm(corpus, **bar)]
    with ProcessPoolExecutor(processes) as pool:
        return list(tqdm(pool.map(measure_in_process, corpus), **bar))


def report(rows: list[dict], processes: int) -> str:
    lines = [f"{len(rows)} faces, {processes} process(es)"]
    words = {"first": "first ranked proposal", "all": "all, explained", "check": "check of an edit"}
    for name, aim in AIMS.items():
        passed, used = zip(*(pair for row in rows for pair in row[name]), strict=True)
        lines.append(
            f"{words[name]:>22}: p50 {1000 * median(passed):7.1f} ms, "
            f"p95 {1000 * percentile(passed, 0.95):7.1f} ms (aim {1000 * aim:.0f}); processor "
            f"p50 {1000 * median(used):.1f}, p95 {1000 * percentile(used, 0.95):.1f}"
        )
    proven = [flag for row in rows for flag in row["proven"]]
    gaps = [gap for row in rows for gap in row["gaps"]]
    share = sum(proven) / max(len(proven), 1)
    lines.append(f"{'proven optimal':>22}: {share:.1%} of {len(proven)} proposals")
    if gaps:
        lines.append(f"{'gap of the rest':>22}: median {median(gaps):.2%}, most {max(gaps):.2%}")
    lines.append(f"{'without a plan':>22}: {sum(row['none'] for row in rows)}")
    lines.append(f"{'memory':>22}: {max(row['memory'] for row in rows):.0f} MB at most, a process")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--faces", type=int, default=50)
    asked = parser.parse_args()
    sys.stdout.write(report(run(asked.processes, asked.faces), asked.processes) + "\n")


if __name__ == "__main__":
    main()
