"""The two commands over case files: what they print, where, and how they end."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_version
from tests.planner.shipped import CASES, load_document_from_yaml

pytestmark = pytest.mark.django_db

FAULTY = """
id: faulty
patient: {age: 200, fitzpatrick: VII}
answers: {unheard_of: yes, isotretinoin: maybe, smoking: sometimes}
findings:
  - {region: malar, side: X, type: rolling}
wishes: {budget: -1, hurry: yes}
plan: {sessions: [{week: 0, steps: [{treatment: magic, regions: [elbow.L]}]}]}
"""


@pytest.fixture(autouse=True)
def _catalogue():
    make_version(**load_document_from_yaml())


def run(name, *args, **options):
    out, err = StringIO(), StringIO()
    status = 0
    try:
        call_command(name, *map(str, args), stdout=out, stderr=err, **options)
    except CommandError as error:
        status = error.returncode
    return status, out.getvalue(), err.getvalue()


def test_suggest_prints_one_document_a_line_with_the_documented_keys():
    status, out, err = run("suggest", CASES / "example.yaml", CASES / "primed_cross.yaml")
    documents = [json.loads(line) for line in out.splitlines()]

    assert (status, err, len(documents)) == (0, "", 2)
    first = documents[0]
    assert first["id"] == "example-1"
    assert set(first["grade"]) == {
        "goodman_baron_qualitative", "goodman_baron_quantitative", "ecca",
    }  # fmt: skip
    assert [p["recommended"] for p in first["proposals"]].index(True) == 0
    proposal = first["proposals"][0]
    assert proposal["strategy"] == "balanced"
    assert {"load_before", "load_after", "improvement", "at_12_months"} <= set(proposal["expected"])
    step = proposal["sessions"][0]["steps"][0]
    assert {"treatment", "regions", "for", "needs_override", "cautions"} <= set(step)
    assert {row["treatment"] for row in first["excluded"]} >= {"dermabrasion"}
    assert any(row["rules"] == ["PIH-1"] for row in proposal["deferred"])


def test_a_faulty_file_names_every_place_and_the_others_still_run(tmp_path):
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(FAULTY)

    status, out, err = run("suggest", faulty, CASES / "primed_cross.yaml")

    assert status == 2
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["primed_cross"]
    for place in (
        "patient.age", "patient.fitzpatrick", "answers.unheard_of", "answers.isotretinoin",
        "answers.smoking", "findings[0].side", "wishes.budget", "wishes.hurry",
        "plan.sessions[0].steps[0].treatment", "plan.sessions[0].steps[0].regions",
    ):  # fmt: skip
        assert f"faulty.yaml: {place}" in err


@pytest.mark.parametrize("text", ["- a list", "id: [", "id: a\nid: b\n"])
def test_what_is_no_case_file_is_told(tmp_path, text):
    path = tmp_path / "none.yaml"
    path.write_text(text)

    status, out, err = run("suggest", path)

    assert (status, out) == (2, "")
    assert "none.yaml: " in err


def test_one_strategy_can_be_asked_for_and_an_unknown_one_is_refused():
    _, out, _ = run("suggest", CASES / "kang_triple.yaml", strategy="lowest_cost")
    status, _, _ = run("suggest", CASES / "kang_triple.yaml", strategy="wildest")

    assert [p["strategy"] for p in json.loads(out)["proposals"]] == ["lowest_cost"]
    assert status == 2


def test_the_text_format_is_for_people():
    _, out, _ = run("suggest", CASES / "subcision_fco2.yaml", format="text")

    assert "proven optimal" in out
    assert "published protocol subcision_fco2" in out


def test_questions_are_listed_with_the_shape_of_their_answers():
    _, out, _ = run("suggest", questions=True)

    assert "isotretinoin: no, unknown or {taking: yes, no or unknown" in out


def test_checkplan_answers_with_hits_by_session_and_step(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(
        (CASES / "primed_cross.yaml").read_text()
        + "plan: {sessions: [{week: 0, steps: [{treatment: tca_cross, regions: [malar.L]}]},"
        " {week: 1, steps: [{treatment: tca_cross, regions: [malar.L]}]}]}\n"
    )

    status, out, _ = run("checkplan", path)
    answer = json.loads(out)

    assert status == 0
    assert answer["allowed"] is False
    broken = [f for f in answer["findings"] if f["breaks"]]
    assert [(f["session"], f["step"], f["kind"]) for f in broken] == [(1, 0, "interval")]
    assert run("checkplan", CASES / "primed_cross.yaml")[0] == 2
