"""Runs the long proofs and writes docs/proof.md: what was proven, with which seed, for how long.

python tests/prove.py [--workers 2]; SEED in the environment repeats an earlier run.
"""

import argparse
import os
import platform
import random
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "var/proof.xml"
PAGE = ROOT / "docs/proof.md"
SLOWEST = 20


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", default="2")
    workers = parser.parse_args().workers
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    began = time.monotonic()
    status = run(seed, workers)
    seconds = time.monotonic() - began
    if REPORT.exists():
        PAGE.write_text(page(seed, seconds, ElementTree.parse(REPORT).getroot()))
    sys.exit(status)


def run(seed: int, workers: str) -> int:
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    words = [sys.executable, "-m", "pytest", "-n", workers, "--dist", "worksteal"]
    words += [f"--hypothesis-seed={seed}"]
    words += [f"--junitxml={REPORT}"]
    return subprocess.run(words, cwd=ROOT, env={**os.environ, "CICATRIX_FULL": "1"}).returncode


def page(seed: int, seconds: float, report: ElementTree.Element) -> str:
    cases = list(report.iter("testcase"))
    lost = [
        case for case in cases if case.find("failure") is not None or case.find("error") is not None
    ]
    skipped = [case for case in cases if case.find("skipped") is not None]
    longest = sorted(cases, key=lambda case: -float(case.get("time", 0)))[:SLOWEST]
    lines = [
        "# What was proven last",
        "",
        "Written by `make test-full`; not edited by hand.",
        "",
        f"- when: {datetime.now(UTC):%d-%b-%Y %H:%M} UTC",
        f"- commit: {commit()}",
        f"- seed: {seed} (repeat with `make test-full SEED={seed}`)",
        f"- duration: {seconds / 60:.1f} minutes on {os.cpu_count()} cores",
        f"- Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"- tests: {len(cases)}, of which failed {len(lost)}, skipped {len(skipped)}",
        "",
        "The longest of them:",
        "",
        "| seconds | test |",
        "| ---: | --- |",
    ]
    lines += [f"| {float(case.get('time', 0)):.1f} | {named(case)} |" for case in longest]
    lines += ["", *(f"- failed: {named(case)}" for case in lost)]
    return "\n".join(lines).rstrip() + "\n"


def named(case: ElementTree.Element) -> str:
    return f"`{case.get('classname')}.{case.get('name')}`".replace("|", "\\|")


def commit() -> str:
    told = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.strip()
    return f"{told or 'unknown'}{' with changes that are not committed' if changed else ''}"


if __name__ == "__main__":
    main()
