"""The catalogue as shipped, straight from its data files, and small faces to try it on."""

import random
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import yaml

from planner.casefile import CaseReader, load
from planner.engine.catalogue import Catalogue, catalogue_from
from planner.engine.suggest import suggest
from planner.engine.values import (
    Case,
    ClinicFacts,
    GivenPlan,
    GivenSession,
    GivenStep,
    Group,
    PatientFacts,
    Proposal,
    Suggestion,
    Wishes,
)

ROOT = Path(__file__).parents[2]
DATA = ROOT / "clinic/catalogue/data"
CASES = ROOT / "tests/cases"
TODAY = date(2026, 11, 21)


@cache
def load_document_from_yaml() -> dict:
    """The document of docs/catalogue.md, merged from the data files."""
    merged: dict = {"schema": 1}
    for path in sorted(DATA.glob("*.yaml")):
        content = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        for section, rows in content.items():
            merged.setdefault(section, []).extend(rows)
    return merged


@cache
def catalogue() -> Catalogue:
    return catalogue_from(load_document_from_yaml())


@cache
def sides() -> dict:
    return {row["code"]: row["sides"] for row in load_document_from_yaml()["regions"]}


def reader_of(text: str) -> CaseReader:
    rows = next(
        {row["code"] for row in scale["rows"]}
        for scale in load_document_from_yaml()["scales"]
        if scale["code"] == "goodman_baron_quantitative"
    )
    return CaseReader(load(text), catalogue(), sides=sides(), rows=rows)


@cache
def read_file(name: str) -> tuple[Case, GivenPlan | None, dict]:
    """A case file of tests/cases, by its name: its case, its plan and the whole document."""
    reader = reader_of((CASES / f"{name}.yaml").read_text("utf-8"))
    case, plan = reader.case(TODAY), reader.plan()
    assert reader.problems == []
    return case, plan, reader.document


def read_case(name: str) -> Case:
    return read_file(name)[0]


def scars(place: str, scar_type: str, count: int = 8, **more) -> Group:
    return Group(place, scar_type, count=count, **more)


def face(*groups, skin=3, age=28, born=None, lacks=(), wishes=None, marks=(), **answers) -> Case:
    """A woman of 28 with skin type III and no to every question but those given."""
    return Case(
        id="face",
        on=TODAY,
        patient=PatientFacts(
            age=None if born else age, born=born, sex="F", fitzpatrick=skin, weight_kg=60.0
        ),
        answers=tuple((code, _frozen(value)) for code, value in sorted(answers.items())),
        absent="no",
        findings=tuple(groups),
        marks=tuple(marks),
        wishes=wishes or Wishes(),
        clinic=ClinicFacts(tuple(lacks)),
    )


def _frozen(value):
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


def ago(**units) -> date:
    return TODAY - timedelta(**units)


@cache
def suggested(case: Case) -> Suggestion:
    return suggest(case, catalogue())


def treatments_of(proposal: Proposal) -> set[str]:
    return {step.treatment for session in proposal.sessions for step in session.steps}


def all_treatments(suggestion: Suggestion) -> set[str]:
    return set().union(*(treatments_of(proposal) for proposal in suggestion.proposals))


def days_of(proposal: Proposal, treatment: str) -> list[int]:
    return [
        session.day
        for session in proposal.sessions
        if any(step.treatment == treatment for step in session.steps)
    ]


def held_back(suggestion: Suggestion) -> dict:
    """Treatment -> effect, for all that is kept out everywhere."""
    return {row.treatment: str(row.effect) for row in suggestion.excluded}


def plan_of(*visits, first_on=None) -> GivenPlan:
    """A plan from (week, treatment, ..., places) tuples: (0, "subcision", ["malar.L"])."""
    return GivenPlan(
        tuple(
            GivenSession(round(7 * week), tuple(GivenStep(code, tuple(places)) for code in codes))
            for week, *codes, places in visits
        ),
        first_on,
    )


def as_given(proposal: Proposal) -> GivenPlan:
    """A proposal as a plan somebody wrote, so that the check can judge it."""
    return GivenPlan(
        tuple(
            GivenSession(
                session.day,
                tuple(GivenStep(step.treatment, step.places) for step in session.steps),
                session.kind,
            )
            for session in proposal.sessions
        ),
        proposal.first_session_on,
        bool(proposal.protocol),
    )


@cache
def generated(seed: int) -> Catalogue:
    """Another clinic's catalogue: fewer treatments, pairs and rules, other figures and prices.

    Made from the shipped one, so that every word still has its source; 0 is the shipped one.
    """
    if not seed:
        return catalogue()
    chance = random.Random(seed)
    shipped = load_document_from_yaml()
    return catalogue_from(
        shipped
        | {
            "treatments": [_other(row, chance) for row in shipped["treatments"]],
            "pairs": [row for row in shipped["pairs"] if chance.random() < 0.7],
            "safety_rules": [row for row in shipped["safety_rules"] if chance.random() < 0.8],
            "strategies": [
                row
                | {
                    "weights": {
                        aim: round(weight * chance.choice((0.5, 1, 2)), 3)
                        for aim, weight in row["weights"].items()
                    }
                    | {"improvement": 1.0}
                }
                for row in shipped["strategies"]
            ],
        }
    )


def _other(row: dict, chance: random.Random) -> dict:
    factor = {"interval_weeks": (0.5, 1, 2), "downtime_days": (0, 1, 2), "price": (0.5, 1, 3)}
    figures = []
    for figure in row.get("figures", []):
        by = chance.choice(factor.get(figure["kind"], (1,)))
        numbers = {key: figure.get(key) for key in ("min", "typical", "max")}
        scaled = {k: v if v is None else float(v) * by for k, v in numbers.items()}
        figures.append(figure | (scaled if by != 1 else {}))
    indications = [
        item
        | {"effectiveness": min(4, max(0, item["effectiveness"] + chance.choice((-1, 0, 0, 1))))}
        for item in row.get("indications", [])
    ]
    withdrawn = row.get("withdrawn") or (row["kind"] == "procedure" and chance.random() < 0.3)
    return row | {"figures": figures, "indications": indications, "withdrawn": withdrawn}
