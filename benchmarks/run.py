"""How long things take: the planner on one core and on two, what the server answers to a change
of a draft, a finding and the catalogue's editors, then the offers of the calendar.

make bench
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = (
    ("The planner, one process", "benchmarks.planner_bench", "--processes=1"),
    ("The planner, two processes", "benchmarks.planner_bench", "--processes=2"),
    ("One change of a draft, answered by the server", "benchmarks.planner_edit"),
    ("One logged finding, answered by the server", "benchmarks.log_finding"),
    ("The catalogue's editors", "benchmarks.catalogue_pages"),
    ("What a change of the catalogue would do", "benchmarks.impact"),
    ("Offers for whole plans", "benchmarks.scheduling_offers"),
    ("Offers, booking and calendar over 100,000 visits", "benchmarks.scheduling_database"),
)


def main() -> int:
    """Each in a process of its own, so that no one's memory is another's; 1 if any failed."""
    failed = 0
    for title, module, *words in RUNS:
        sys.stdout.write(f"\n{title}\n{'-' * len(title)}\n")
        sys.stdout.flush()
        failed |= subprocess.run([sys.executable, "-m", module, *words], cwd=ROOT).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
