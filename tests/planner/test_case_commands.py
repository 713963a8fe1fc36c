"""The two commands over case files: what they print, where, and how they end."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clinic.catalogue.models import Version
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


BESIDE = """
id: beside
patient: {age: 30, fitzpatrick: III, weight_kg: 60}
unanswered: no
findings:
  - {region: malar, side: both, type: rolling, count: 8}
  - {region: chin, side: M, type: tunnel, count: 1}
"""
HOPELESS = """
id: hopeless
patient: {age: 30, fitzpatrick: III, weight_kg: 60}
unanswered: no
findings: [{region: malar, side: both, type: rolling, severity: severe, count: 20}]
wishes: {max_downtime_days: 0, budget: 10}
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


DOCUMENTED = {
    "": "id grade proposals possible_with_override flags excluded no_plan",
    "grade": "goodman_baron_qualitative goodman_baron_quantitative ecca",
    "proposals[]": "strategy optimal recommended expected weeks visits downtime_days cost sessions "
    "home_care preparations deferred untreated",
    "proposals[].expected": "load_before load_after improvement at_12_months",
    "proposals[].downtime_days": "longest total",
    "proposals[].sessions[]": "week block steps",
    "proposals[].sessions[].steps[]": "treatment regions for needs_override cautions",
    "proposals[].home_care[]": "treatment from_week",
    "proposals[].preparations[]": "treatment before_session",
    "proposals[].deferred[]": "treatment until rules",
    "proposals[].untreated[]": "region type why",
    "possible_with_override[]": "treatment rules gain",
    "flags[]": "rule effect text",
    "excluded[]": "treatment effect rules text",
    "no_plan": "text relax",
    "no_plan.relax[]": "wish to",
}
"""The keys that an answer keeps, by their place in it."""


def at(documents, place):
    """Everything at a place of these documents: "proposals[].sessions[]"."""
    for part in place.split(".") if place else ():
        key, many = part.removesuffix("[]"), part.endswith("[]")
        found = [document[key] for document in documents if document[key] is not None]
        documents = [one for row in found for one in row] if many else found
    return documents


def test_suggest_prints_one_document_a_line_with_the_documented_keys(tmp_path):
    files = [CASES / "example.yaml", CASES / "primed_cross.yaml"]
    for name, text in (("beside", BESIDE), ("hopeless", HOPELESS)):
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(text)

    status, out, err = run("suggest", *files)
    documents = [json.loads(line) for line in out.splitlines()]

    assert (status, err) == (0, "")
    assert [one["id"] for one in documents] == ["example-1", "primed_cross", "beside", "hopeless"]
    for place, keys in DOCUMENTED.items():
        found = at(documents, place)
        assert found, place
        for one in found:
            assert set(keys.split()) <= one.keys(), place


def test_an_answer_says_what_the_page_of_case_files_shows():
    _, out, _ = run("suggest", CASES / "example.yaml")
    (document,) = [json.loads(line) for line in out.splitlines()]
    proposal = document["proposals"][0]

    assert document["grade"]["goodman_baron_qualitative"] is None
    assert document["no_plan"] is None
    assert [p["recommended"] for p in document["proposals"]].index(True) == 0
    assert proposal["strategy"] == "balanced"
    assert isinstance(proposal["cost"], str)
    assert proposal["visits"] == len(proposal["sessions"])
    assert proposal["sessions"][0]["week"] == 0 or proposal["sessions"][0]["kind"] == "test_spot"
    assert [s["week"] for s in proposal["sessions"]] == [
        s["day"] // 7 for s in proposal["sessions"]
    ]
    assert {row["treatment"] for row in document["excluded"]} >= {"dermabrasion"}
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


PLAN = """
id: hurried
on: 2026-11-21
patient: {age: 26, fitzpatrick: III, weight_kg: 55}
unanswered: no
findings: [{region: malar, side: L, type: ice_pick, count: 8}]
plan:
  sessions:
    - {week: 0, steps: [{treatment: tca_cross, regions: [malar.L]}]}
    - {week: 1, steps: [{treatment: tca_cross, regions: [malar.L]}]}
"""


def test_checkplan_answers_with_hits_by_session_and_step(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)

    status, out, _ = run("checkplan", path, CASES / "kang_triple.yaml")
    answer, published = [json.loads(line) for line in out.splitlines()]

    assert status == 0
    assert (answer["id"], answer["allowed"], published["allowed"]) == ("hurried", False, True)
    broken = [f for f in answer["findings"] if f["breaks"]]
    assert [(f["session"], f["step"], f["kind"]) for f in broken] == [(1, 0, "interval")]
    assert {"load_before", "load_after", "improvement", "at_12_months"} <= set(answer["expected"])


def test_a_case_without_a_plan_is_nothing_to_check():
    status, out, err = run("checkplan", CASES / "example.yaml")

    assert (status, out) == (2, "")
    assert "example.yaml: plan: missing; a plan such as" in err


@pytest.mark.parametrize("command", ["suggest", "checkplan"])
@pytest.mark.parametrize("number", [0, 999])
def test_a_version_of_the_catalogue_that_is_not_there_is_refused(command, number):
    assert run(command, CASES / "kang_triple.yaml", catalogue_version=number)[:2] == (2, "")


def test_an_older_version_of_the_catalogue_can_be_asked():
    older = Version.objects.get().number
    make_version(**_with_half_the_ceiling())

    _, new, _ = run("checkplan", CASES / "primed_cross.yaml")
    _, old, _ = run("checkplan", CASES / "primed_cross.yaml", catalogue_version=older)

    new, old = (json.loads(answer)["expected"]["middle"] for answer in (new, old))
    assert new == pytest.approx(old / 2, abs=0.001)


def _with_half_the_ceiling():
    document = load_document_from_yaml()
    rows = [
        row | {"value": row["value"] / 2} if row["code"] == "ceiling" else row
        for row in document["calibration"]
    ]
    return document | {"calibration": rows}
