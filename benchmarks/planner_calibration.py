"""The effect model against every reported mean fall of a severity score, all of them at once.

    python -m benchmarks.planner_calibration [--fit]

Like with like only: outcomes that are a mean percentage reduction of a severity score. Each is
set on a face with the scar types that its source names, in equal load. `--fit` looks for the four
course constants with the least mean absolute error over all of them, and says how each would have
been predicted by a fit that leaves it out.
"""

import argparse
import sys
from dataclasses import replace
from datetime import date
from itertools import product
from statistics import mean

from benchmarks.planner_bench import catalogue
from planner.engine.effect import Dose, EffectModel, Joint, middle_of
from planner.engine.values import Case, Group

PLACE = "malar.L"
MIXED = ("ice_pick", "boxcar_shallow", "rolling")
TETHERED = ("rolling", "boxcar_shallow")
OUTCOMES = {
    "kang_triple": (MIXED, {"tca_cross": 2, "subcision": 2, "fractional_nonablative": 12}, 55.3),
    "subcision_fco2": (TETHERED, {"subcision": 1, "fractional_ablative_co2": 5}, 54.7),
    "subcision_fco2, laser side": (TETHERED, {"fractional_ablative_co2": 5}, 43.0),
    "leheta_alternating": (
        MIXED,
        {"microneedling_clinic": 3, "peel_medium_tca": 3, "fractional_nonablative": 3},
        78.27,
    ),
    "leheta, needling + TCA arm": (MIXED, {"microneedling_clinic": 6, "peel_medium_tca": 6}, 59.79),
    "leheta, laser arm": (MIXED, {"fractional_nonablative": 6}, 61.83),
    "subcision_fat": (("rolling",), {"subcision": 1, "fat_autologous": 1}, 61.23),
    "subcision_prp_x3": (("rolling",), {"subcision": 1, "prp_alone": 3}, 44.16),
    "exosome_fco2, control side": (MIXED, {"fractional_ablative_co2": 3}, 19.9),
}
COURSES = ("course.2", "course.3", "course.4")
GRID = {
    "course.2": (0.18, 0.22, 0.26, 0.30),
    "course.3": (0.32, 0.36, 0.40, 0.44, 0.48),
    "course.4": (0.44, 0.48, 0.52, 0.56, 0.60, 0.64),
}


def predicted(catalogue, name: str) -> float:
    types, sessions, _ = OUTCOMES[name]
    groups = []
    for scar_type in types:
        severity = "moderate" if scar_type == "rolling" else ""
        weight = catalogue.constant(f"load.{scar_type}{'.moderate' if severity else ''}")
        groups.append(Group(PLACE, scar_type, count=round(12 / weight), severity=severity))
    case = Case(on=date(2026, 1, 1), findings=tuple(groups))
    doses = [Dose(code, PLACE, count) for code, count in sessions.items()]
    return 100 * middle_of(case, EffectModel(catalogue), doses, joints(catalogue, sessions))


def joints(catalogue, sessions: dict) -> list[Joint]:
    found = []
    for pair in catalogue.pairs:
        if pair.relation == "same_session_synergy" and {pair.a, pair.b} <= set(sessions):
            a, b = sorted((pair.a, pair.b))
            met = min(sessions[a], sessions[b])
            found.append(Joint(a, b, PLACE, met, pair.scar_types))
    return found


def errors(catalogue, names) -> list[float]:
    return [abs(predicted(catalogue, name) - OUTCOMES[name][2]) for name in names]


def with_courses(catalogue, values):
    constants = {**catalogue.calibration, **dict(zip(COURSES, values, strict=True))}
    return replace(catalogue, calibration=constants)


def fitted(catalogue, names) -> tuple:
    grid = product(*(GRID[name] for name in COURSES))
    rising = (values for values in grid if list(values) == sorted(values))
    return min(
        rising, key=lambda values: (mean(errors(with_courses(catalogue, values), names)), values)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fit", action="store_true")
    asked = parser.parse_args()
    whole = catalogue()
    lines = [f"{'outcome':32} reported expected"]
    for name, (_, _, reported) in OUTCOMES.items():
        lines.append(f"{name:32} {reported:8.1f} {predicted(whole, name):8.1f}")
    lines.append(f"mean absolute error {mean(errors(whole, OUTCOMES)):.1f} points")
    if asked.fit:
        best = fitted(whole, OUTCOMES)
        lines.append(f"best of the grid: {dict(zip(COURSES, best, strict=True))}")
        lines.append(f"its error: {mean(errors(with_courses(whole, best), OUTCOMES)):.1f} points")
        left_out = []
        for name in OUTCOMES:
            values = fitted(whole, [other for other in OUTCOMES if other != name])
            left_out += errors(with_courses(whole, values), [name])
        lines.append(f"each left out of its own fit: {mean(left_out):.1f} points")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
