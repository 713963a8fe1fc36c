"""The fact base's own checks (k01-k25) and the published protocols, as case files."""

from collections import Counter
from datetime import timedelta

import pytest

from planner.engine.check import check
from planner.engine.scars import words_for
from planner.engine.values import MarkGroup
from tests.planner.expecting import KEYS, Answer
from tests.planner.shipped import (
    CASES,
    TODAY,
    as_given,
    catalogue,
    days_of,
    face,
    load_document_from_yaml,
    read_case,
    read_file,
    suggested,
)

CHECKS = sorted(f"checks/{path.stem}" for path in (CASES / "checks").glob("*.yaml"))
FILES = sorted(path.stem for path in CASES.glob("*.yaml"))
PROTOCOLS = {row["code"]: row for row in load_document_from_yaml()["protocols"]}
ADJUNCT = "it rests on a treatment that the catalogue calls an adjunct, never a step by itself"
UNTOLD = "its source does not say how often, or at what interval"
NO_INTERVAL = ("exosome_fco2", "mn_phenolcross")
ROUNDING = 0.01
NOT_OFFERED = {
    "eryag_prp": ADJUNCT,
    "fco2_prp": ADJUNCT,
    "mn_glycolic_rana": ADJUNCT,
    "mn_glycolic_sharad": ADJUNCT,
    "subcision_prp": ADJUNCT,
    "subcision_prp_x3": ADJUNCT,
    "exosome_fco2": UNTOLD,
    "mn_phenolcross": UNTOLD,
    "mn_prp_yadav": UNTOLD,
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_the_fact_base_holds(name):
    case, plan, document = read_file(name)
    answer = Answer(case, plan)

    assert document["id"] == name.removeprefix("checks/")
    assert document["expect"]
    for key, expected in document["expect"].items():
        KEYS[key](answer, expected)


def test_every_check_of_the_fact_base_has_a_case():
    assert {name.removeprefix("checks/")[:3] for name in CHECKS} == {
        f"k{number:02}" for number in range(1, 26)
    }


@pytest.mark.parametrize("name", FILES)
def test_every_case_file_is_read_and_every_proposal_passes_the_check(name):
    case = read_case(name)

    for proposal in suggested(case).proposals:
        checked = check(case, catalogue(), as_given(proposal))
        assert checked.allowed, [f.text for f in checked.findings if f.breaks]
        assert checked.expected == proposal.expected
        assert (checked.cost, checked.visits) == (proposal.cost, proposal.visits)


# ---- the published protocols


def test_every_published_protocol_is_a_case_that_says_what_it_assumes():
    assert set(FILES) - {"example"} == set(PROTOCOLS)
    for name in PROTOCOLS:
        assumed = read_file(name)[2]["assumed"]
        assert any("history" in line for line in assumed), name
        assert any("age" in line for line in assumed), name


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_a_published_protocol_is_allowed_in_its_own_population(name):
    case, plan, _ = read_file(name)

    checked = check(case, catalogue(), plan)

    assert checked.allowed, [f.text for f in checked.findings if f.breaks]
    low, high = checked.expected.improvement
    assert 0 < low < high < catalogue().constant("ceiling")
    told = prescribed(PROTOCOLS[name]["steps"], given(plan))
    if name in NO_INTERVAL:
        assert counts(given(plan)) == counts(told)
    else:
        assert given(plan) == told


def counts(given: Counter) -> Counter:
    return Counter(code for code, _ in given.elements())


def given(plan) -> Counter:
    return Counter(
        (step.treatment, session.day) for session in plan.sessions for step in session.steps
    )


def prescribed(steps, found: Counter) -> Counter:
    """What the protocol's row prescribes on its days, of the treatments that the plan names."""
    named = {code for code, _ in found}
    table = Counter()
    for step in steps:
        every = step.get("every_weeks")
        for time in range(step.get("repeat") or 1):
            for code in named & set(step["treatments"]):
                week = step["week"] + time * (every or 0)
                table[code, round(7 * week)] += 1
    return table


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_a_published_protocol_is_named_where_its_own_population_stands(name):
    case, plan, _ = read_file(name)
    proposals = suggested(case).proposals

    shown = {p.protocol: p.expected.middle for p in proposals if p.protocol}
    if name in NOT_OFFERED:
        assert name not in shown
    elif name not in shown:  # others that fit this face too promise more
        assert len(shown) == catalogue().constant("protocols.most")
        mine = check(case, catalogue(), plan).expected.middle
        assert min(shown.values()) >= mine - ROUNDING
    assert [p.recommended for p in proposals] == [True, *(False for _ in proposals[1:])]


def test_the_primed_cross_protocol_is_prepared_for_two_weeks():
    suggestion = suggested(read_case("primed_cross"))
    protocol = next(p for p in suggestion.proposals if p.protocol == "primed_cross")

    assert days_of(protocol, "tca_cross") == [0, 14, 28, 42]
    assert protocol.first_session_on >= TODAY + timedelta(days=14)
    assert "hydroquinone_priming" in {row.treatment for row in protocol.preparations}


# ---- what no case file can say


def test_marks_alone_get_no_scar_procedure():
    suggestion = suggested(face(marks=[MarkGroup("malar.L", "pih", 12)]))

    assert suggestion.proposals == ()
    assert "colour" in suggestion.no_plan.text


def test_source_words_of_an_unspecified_boxcar_do_not_guess_shallow():
    assert ("boxcar", "shallow") not in words_for("boxcar_unspecified")
