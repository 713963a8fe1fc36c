"""What the planner expects of every published protocol, beside what its authors reported.

    python -m benchmarks.planner_calibration [--write] [--fit]

The patients, the protocols and their comparators are the case files under tests/cases. `--write`
puts the tables into docs/expected.md; `--fit` looks for the scale of the effect model again.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from statistics import mean, median

import yaml

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.test")

from planner.casefile import CaseReader, load
from planner.engine.build import Given
from planner.engine.catalogue import Catalogue, catalogue_from
from planner.engine.check import check
from planner.engine.desk import Desk
from planner.engine.effect import EffectModel, middle_of
from planner.engine.protocols import doses_of
from planner.engine.values import Case, GivenPlan, GivenSession, GivenStep

ROOT = Path(__file__).resolve().parent.parent
CASES, PAGE = ROOT / "tests/cases", ROOT / "docs/expected.md"
BEGIN, END = "<!-- tables:begin -->", "<!-- tables:end -->"
SCALE = "course.4"
SCALES = tuple(value / 100 for value in range(40, 71))


def as_reported(plan: GivenPlan) -> GivenPlan:
    return plan


def without(*codes: str) -> Callable:
    """The same visits without these treatments."""

    def arm(plan: GivenPlan) -> GivenPlan:
        kept = [
            replace(s, steps=tuple(x for x in s.steps if x.treatment not in codes))
            for s in plan.sessions
        ]
        return replace(plan, sessions=tuple(s for s in kept if s.steps))

    return arm


def every(weeks: int, times: int, *codes: str) -> Callable:
    """Another course in the places of the plan: these treatments together, so often."""

    def arm(plan: GivenPlan) -> GivenPlan:
        places = plan.sessions[0].steps[0].places
        steps = tuple(GivenStep(code, places) for code in codes)
        days = range(0, 7 * weeks * times, 7 * weeks)
        return GivenPlan(tuple(GivenSession(day, steps) for day in days), by_protocol=True)

    return arm


@dataclass(frozen=True)
class Outcome:
    """One arm of a trial: the mean percentage by which a severity score fell."""

    case: str
    arm: str
    plan: Callable
    reported: float

    @property
    def name(self) -> str:
        return f"{self.case}, {self.arm}" if self.arm else self.case


LASER_6 = every(4, 6, "fractional_nonablative")
PEEL_6 = every(4, 6, "microneedling_clinic", "peel_medium_tca")
OUTCOMES = (
    Outcome("kang_triple", "", as_reported, 55.3),
    Outcome("subcision_fco2", "", as_reported, 54.7),
    Outcome("subcision_fco2", "laser alone", without("subcision"), 43.0),
    Outcome("leheta_alternating", "", as_reported, 78.27),
    Outcome("leheta_alternating", "needling with peel x6", PEEL_6, 59.79),
    Outcome("leheta_alternating", "laser x6", LASER_6, 61.83),
    Outcome("subcision_fat", "", as_reported, 61.23),
    Outcome("subcision_prp_x3", "", as_reported, 44.16),
    Outcome("exosome_fco2", "", as_reported, 32.5),
    Outcome("exosome_fco2", "control gel", without("exosome_adjunct"), 19.9),
)
"""Every outcome of the 25 protocols that is a mean fall of a severity score, in per cent, after a
course whose sessions are told: named before anything was fitted, none left out for its error."""

NEEDLING = without("peel_superficial")
SUCTIONLESS = without("suction_after_subcision")
ORDERS = (
    ("subcision_fco2", "laser alone", without("subcision"), "54.7 % against 43.0 %"),
    ("subcision_rfmn", "RF needling alone", without("subcision"), "better (p = .009)"),
    ("nafl_rfmn", "laser alone", without("rf_microneedling"), "better (pair c050)"),
    ("leheta_alternating", "needling with peel x6", PEEL_6, "78.27 % against 59.79 %"),
    ("leheta_alternating", "laser x6", LASER_6, "78.27 % against 61.83 %"),
    ("fco2_prp", "laser alone", without("prp_alone"), "as good, or better (two sources)"),
    ("eryag_prp", "laser alone", without("prp_alone"), "better (p = 0.007)"),
    ("eryag_prp", "PRP alone", without("fractional_ablative_erbium"), "better (p = 0.001)"),
    ("subcision_prp", "subcision alone", without("prp_alone"), "32.08 % against 8.33 %"),
    ("subcision_ha", "subcision alone", without("filler_ha"), "94.1 % against 52.9 %"),
    ("subcision_threads", "subcision alone", without("threads"), "82.4 % against 52.9 %"),
    ("tsasrt", "subcision alone", without("filler_ha"), "better on two scales"),
    ("subcision_suction", "subcision alone", SUCTIONLESS, "65 % against 33.3 %"),
    ("mn_glycolic_sharad", "needling alone", NEEDLING, "better"),
    ("mn_glycolic_rana", "needling alone", NEEDLING, "ECCA fall 39.65 against 29.58"),
    ("exosome_fco2", "control gel", without("exosome_adjunct"), "32.5 % against 19.9 %"),
)
"""A combination and a part of it, in one trial: which was better, whatever was measured."""

ALONE = (
    *("garg_baveja", "narayanan_triple", "mn_prp_yadav", "subcision_mn", "primed_cross"),
    *("mn_phenolcross", "subcision_caha", "low_iso_nafl"),
)
"""Neither a mean fall of a score nor a part to compare with: shown beside each other only."""


# --- expectations -------------------------------------------------------------------


@cache
def documents() -> dict:
    merged: dict = {}
    for path in sorted((ROOT / "clinic/catalogue/data").glob("*.yaml")):
        for section, rows in yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader).items():
            merged.setdefault(section, []).extend(rows)
    return merged


@cache
def catalogue() -> Catalogue:
    return catalogue_from(documents())


@cache
def file_of(name: str) -> tuple[Case, GivenPlan]:
    sides = {row["code"]: row["sides"] for row in documents()["regions"]}
    text = (CASES / f"{name}.yaml").read_text("utf-8")
    reader = CaseReader(load(text), catalogue(), sides=sides)
    case, plan = reader.case(date(2026, 11, 21)), reader.plan()
    if reader.problems:
        raise ValueError(f"{name}: {reader.problems[0]}")
    return case, plan


@cache
def checked(name: str, arm: Callable):
    case, plan = file_of(name)
    return check(case, catalogue(), arm(plan))


def expected(name: str, arm: Callable) -> float:
    return 100 * checked(name, arm).expected.middle


@cache
def dosed(outcome: Outcome) -> tuple:
    """A case with the doses and joint sessions of one arm."""
    case, plan = file_of(outcome.case)
    visits = [
        Given(s.day, 1, tuple((step.treatment, step.places) for step in s.steps))
        for s in outcome.plan(plan).sessions
    ]
    return case, *doses_of(Desk(case, catalogue()), visits)


def predicted(outcome: Outcome, model: EffectModel) -> float:
    case, doses, joints = dosed(outcome)
    return 100 * middle_of(case, model, doses, joints)


# --- the fit ------------------------------------------------------------------------


def model_of(scale: float, **constants) -> EffectModel:
    """The effect model whose courses are even parts of the first choice's."""
    courses = {f"course.{rank}": round(scale * rank / 4, 2) for rank in (1, 2, 3, 4)}
    changed = {**catalogue().calibration, **courses, **constants}
    return EffectModel(replace(catalogue(), calibration=changed))


def errors_by_scale(**constants) -> dict:
    models = {scale: model_of(scale, **constants) for scale in SCALES}
    return {
        scale: [abs(predicted(one, model) - one.reported) for one in OUTCOMES]
        for scale, model in models.items()
    }


def best_of(errors: dict, left_out: int | None = None) -> float:
    def off(scale: float) -> float:
        return mean(e for number, e in enumerate(errors[scale]) if number != left_out)

    return min(SCALES, key=lambda scale: (round(off(scale), 6), scale))


def left_out_error(errors: dict) -> float:
    """Each outcome as a fit to the others predicts it."""
    return mean(errors[best_of(errors, number)][number] for number in range(len(OUTCOMES)))


def guess_error() -> float:
    """Each outcome as the median of the others predicts it, with no model at all."""
    values = [one.reported for one in OUTCOMES]
    others = [values[:number] + values[number + 1 :] for number in range(len(values))]
    return mean(abs(value - median(rest)) for value, rest in zip(values, others, strict=True))


# --- the page -----------------------------------------------------------------------


def tables() -> str:
    return "\n".join([*_scores(), "", *_orders(), "", *_alone()]) + "\n"


def _scores() -> list[str]:
    lines = [
        "| outcome | reported | expected | range | off by |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    inside = 0
    for one in OUTCOMES:
        found = checked(one.case, one.plan).expected
        low, high = (100 * value for value in found.improvement)
        middle = 100 * found.middle
        inside += low <= one.reported <= high
        row = (one.name, f"{one.reported:.1f} %", f"{middle:.1f} %", f"{low:.0f} to {high:.0f} %")
        lines.append(f"| {' | '.join(row)} | {middle - one.reported:+.1f} |")
    off = mean(abs(expected(one.case, one.plan) - one.reported) for one in OUTCOMES)
    errors, independent = errors_by_scale(), errors_by_scale(repeat=1.0)
    lines += [
        "",
        f"Mean absolute error **{off:.1f} points**; each outcome left out of its own fit: "
        f"**{left_out_error(errors):.1f} points**. {inside} of {len(OUTCOMES)} reported figures "
        "lie in their range.",
        "",
        f"For comparison: with sessions counted as independent (`repeat` 1) "
        f"{mean(independent[best_of(independent)]):.1f} and {left_out_error(independent):.1f} "
        f"points; the median of the other outcomes as a guess, with no model at all, "
        f"{guess_error():.1f} points.",
    ]
    return lines


def _orders() -> list[str]:
    lines = [
        "| combination | compared with | reported | expected | in order |",
        "| --- | --- | --- | --- | --- |",
    ]
    held = 0
    for name, other, arm, reported in ORDERS:
        both, part = expected(name, as_reported), expected(name, arm)
        held += both >= part
        row = (name, other, reported, f"{both:.0f} % against {part:.0f} %")
        lines.append(f"| {' | '.join(row)} | {'yes' if both >= part else 'no'} |")
    return [*lines, "", f"{held} of {len(ORDERS)} in the reported order."]


def _alone() -> list[str]:
    reported = {row["code"]: row["reported"]["text"] for row in documents()["protocols"]}
    lines = ["| protocol | reported | expected |", "| --- | --- | ---: |"]
    for name in ALONE:
        low, high = (100 * value for value in checked(name, as_reported).expected.improvement)
        lines.append(f"| {name} | {reported[name].strip()} | {low:.0f} to {high:.0f} % |")
    return lines


def page() -> str:
    """docs/expected.md as it would be written now."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--fit", action="store_true")
    asked = parser.parse_args()
    if asked.fit:
        errors = errors_by_scale()
        best = best_of(errors)
        sys.stdout.write(f"{SCALE}: {best}, off by {mean(errors[best]):.1f} points\n")
    elif asked.write:
        PAGE.write_text(page(), "utf-8")
    else:
        sys.stdout.write(tables())


if __name__ == "__main__":
    main()
