"""`manage.py grade`: case files in, one JSON line each out, errors that say where."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from patients import casefile
from tests.factories import make_version

REGIONS = {"malar": ["L", "R"], "chin": ["M", "L", "R"], "glabella": ["M"]}

EXAMPLE = """
id: example-1
on: 2026-11-21
patient: {age: 27, sex: F, fitzpatrick: IV}
answers:
  isotretinoin: {taking: false, last_dose: 2026-08-01}
findings:
  - {region: malar, side: both, type: rolling, severity: moderate, count: 9, width_mm: 5}
  - {region: lateral_cheek, side: L, type: boxcar_shallow, count: 8, width_mm: 3, depth_mm: 0.3}
  - {region: jawline_anterior, side: L, type: keloid, count: 1, area_cm2: 7}
marks:
  - {type: pih, region: malar, side: both, count: 12}
bedside: {obvious_at_50cm: yes, easily_covered: no, flattens_on_stretch: no}
scar_s: {face: 3, chest: 1, back: 0}
"""


def read(text):
    reader = casefile.Reader(casefile.load(text), regions=REGIONS, rows={"A1", "C2"})
    return reader.facts(), [str(problem) for problem in reader.problems]


def run(*files, **options):
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("grade", *map(str, files), stdout=out, stderr=err, **options)
    except CommandError as error:
        status = error.returncode
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue(), status


@pytest.fixture
def write(tmp_path):
    def make(name, text):
        file = tmp_path / name
        file.write_text(text)
        return file

    return make


@pytest.mark.django_db
def test_the_documented_example_has_the_documented_grades(write):
    make_version()

    (answer,), errors, status = run(write("case.yaml", EXAMPLE))

    assert (errors, status) == ("", 0)
    qualitative = answer["goodman_baron_qualitative"]
    assert (qualitative["value"], qualitative["indeterminate"]) == (4, False)
    quantitative = answer["goodman_baron_quantitative"]
    assert quantitative["value"] == 18
    assert quantitative["rows"] == {"A1": 12, "B1": 9, "B2": 8, "D2_cm2": 7}
    assert quantitative["why_null"] is None
    parts = {key: answer["ecca"][key] for key in ("value", "atrophic", "raised", "not_captured")}
    assert parts == {"value": 140, "atrophic": 90, "raised": 50, "not_captured": []}
    scar_s = answer["scar_s"]
    assert (scar_s["overall"], scar_s["relevant_sites"]) == (4, ["face"])


@pytest.mark.django_db
def test_a_faulty_file_is_named_and_the_others_still_run(write):
    make_version()
    bad = write(
        "bad.yaml", "id: b\nfindings:\n  - {region: malar, side: L, type: rolling, width_mm: 50}"
    )

    answers, errors, status = run(
        bad, write("none.yaml", "id: n\nfindings: []"), write("broken.yaml", "id: [")
    )

    assert [answer["id"] for answer in answers] == ["n"]
    assert (
        "bad.yaml: findings[0].width_mm: 50 is not accepted; more than 0 and at most 30 mm"
        in errors
    )
    assert "broken.yaml: line 1" in errors
    assert status == 2


@pytest.mark.django_db
def test_one_lesion_is_classified(write):
    make_version()
    lesion = write(
        "lesion.yaml", "palpable: yes\nwall: sharp\nbase: flat\ndepth_mm: 0.5\nwidth_mm: 5"
    )

    (answer,), _, _ = run(lesion, classify=True)

    assert (answer["type"], answer["flags"], answer["ask"]) == (
        "boxcar_deep",
        ["width_above_typical"],
        [],
    )


@pytest.mark.django_db
def test_a_lesion_with_an_unknown_word_is_refused(write):
    make_version()

    _, errors, status = run(write("lesion.yaml", "wall: rough"), classify=True)

    assert "wall: rough is not known; accepted: sharp, sloping" in errors
    assert status == 2


def test_both_is_one_finding_on_each_side_with_the_odd_one_on_the_left():
    facts, problems = read(
        "findings: [{region: malar, side: both, type: keloid, count: 9, area_cm2: 3}]"
    )

    assert problems == []
    assert [(scar.place, scar.count, float(scar.area_cm2)) for scar in facts.findings] == [
        ("malar.L", 5, 1.5),
        ("malar.R", 4, 1.5),
    ]


def test_one_lesion_on_both_sides_stands_on_the_left():
    facts, _ = read("findings: [{region: malar, side: both, type: rolling, count: 1}]")

    assert [(scar.place, scar.count) for scar in facts.findings] == [("malar.L", 1)]


def test_a_band_holds_for_each_side_and_an_absent_count_is_unknown():
    facts, _ = read("marks: [{type: pie, region: malar, side: both, count: over-20}]")
    unknown, _ = read("marks: [{type: pie, region: malar, side: L}]")

    assert [(mark.place, mark.band) for mark in facts.marks] == [
        ("malar.L", "over-20"),
        ("malar.R", "over-20"),
    ]
    assert (unknown.marks[0].count, unknown.marks[0].band) == (None, "")


def test_a_region_with_one_side_needs_no_side():
    facts, problems = read("findings: [{region: glabella, type: rolling}]")

    assert problems == []
    assert facts.findings[0].place == "glabella.M"


@pytest.mark.parametrize(
    ("finding", "problem"),
    [
        ("{region: moon, side: L, type: rolling}", "findings[0].region: moon is not known"),
        ("{region: malar, side: M, type: rolling}", "findings[0].side: M is not a side of malar"),
        ("{region: malar, type: rolling}", "findings[0].side: missing; accepted: L, R, both"),
        ("{region: malar, side: L, type: pih}", "findings[0].type: pih is not known"),
        ("{region: malar, side: L}", "findings[0].type: missing"),
        ("{region: malar, side: L, type: rolling, count: -1}", "-1 is not accepted; 1 to 500"),
        ("{region: malar, side: L, type: rolling, count: 5-9}", "5-9 is not accepted; 1 to 500 or"),
        (
            "{region: malar, side: L, type: rolling, count: 2.5}",
            "2.5 is not accepted; a whole number, 1 to 500, is",
        ),
        ("{region: malar, side: L, type: rolling, depth_mm: deep}", "deep is not accepted"),
        ("{region: malar, side: L, type: rolling, distensible: maybe}", "yes, no or unknown is"),
        ("{region: malar, side: L, type: rolling, colour: red}", "not a known key"),
        ("{region: malar, side: L, type: rolling, width_mm: .nan}", "nan is not accepted"),
        ("rolling", "a mapping such as"),
    ],
)
def test_a_fault_says_where_it_is_and_what_would_be_accepted(finding, problem):
    _, problems = read(f"findings:\n  - {finding}")

    assert any(problem in words for words in problems), problems


def test_every_fault_of_a_file_is_told_at_once():
    _, problems = read("findings: [{region: x, type: y}]\nmarks: 3\nscar_s: {face: 9}")

    assert len(problems) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2", "line 2: a is given twice"),
        ("- 1", "a case file is a mapping"),
        ("", "a case file is a mapping"),
        ("a: [", "not readable as YAML"),
        ("a: !!python/object:os.system x", "not readable as YAML"),
        ("on: 2026-02-31", "line 1: 2026-02-31 is not accepted"),
        ("? [1]\n: 2", "a key must be one word"),
    ],
)
def test_what_is_no_case_file_is_refused(text, words):
    with pytest.raises(casefile.CaseError, match=words.replace("[", r"\[")):
        casefile.load(text)
