"""A case file is read to the letter: every fault has its place and says what would be accepted."""

from itertools import pairwise

import pytest

from planner.casefile import CaseError
from tests.planner.shipped import TODAY, catalogue, reader_of

WHO = "id: odd\npatient: {age: 27, sex: F, fitzpatrick: IV}\n"
SCARS = "findings: [{region: malar, side: both, type: rolling, count: 9}]\n"


def read(text):
    reader = reader_of(text)
    return reader, reader.case(TODAY), reader.plan()


def problems_of(text):
    return [str(problem) for problem in read(text)[0].problems]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("surprise: 1", "surprise: not a known key; accepted: about, answers,"),
        ("1: 2", "1: not a known key"),
        ("on: 2026-11-21 10:00:00", "on: 2026-11-21 10:00:00 is not accepted; a date such as"),
        ("on: tomorrow", "on: tomorrow is not accepted; a date such as 2026-08-01"),
        ("unanswered: maybe", "unanswered: maybe is not accepted; no or unknown is"),
        ("answers: [smoking]", "answers: a mapping is expected, not ['smoking']"),
        (
            "answers: {smoking: {packs: 1}}",
            "answers.smoking.packs: not a known part; accepted: one",
        ),
        (
            'answers: {breastfeeding: "yes"}',
            'answers.breastfeeding: "yes" is not accepted; yes, no',
        ),
        (
            "answers: {isotretinoin: maybe}",
            "answers.isotretinoin: maybe is not accepted; no, unkno",
        ),
        (
            "answers: {isotretinoin: {last_dose: 12}}",
            "answers.isotretinoin.last_dose: 12 is not accepted; a date (2026-08-01 or 2026-08)",
        ),
        ("wishes: {budget: 3000 EUR}", "wishes.budget: 3000 EUR is not accepted; 0 to 10000000"),
        ("wishes: {budget: .inf}", "wishes.budget: inf is not accepted"),
        ("wishes: {max_visits: 2.5}", "wishes.max_visits: 2.5 is not accepted; a whole number, 0"),
        ('wishes: {no_needles: "no"}', 'wishes.no_needles: "no" is not accepted; yes, no or unkn'),
        (
            "wishes: {finish_by: 2027-01-01, finish_within_weeks: 4}",
            "wishes.finish_by: give finish_",
        ),
        ("clinic: {lacks: rf_microneedling}", "clinic.lacks: a list of treatments"),
        ("clinic: {lacks: [{a: b}]}", "clinic.lacks[0]: {'a': 'b'} is not in the catalogue; accep"),
        ("previous: [{treatment: magic}]", "previous[0].treatment: magic is not known; accepted:"),
        (
            "on: 2026-11-21\nprevious: [{treatment: subcision, on: 2027-01-01}]",
            "previous[0].on: 2027-01-01 lies after the case's day, 2026-11-21",
        ),
        ("plan: {sessions: []}", "plan.sessions: a list of at least one session is expected"),
        (
            "plan: {sessions: [{week: 0, day: 3, steps: []}]}",
            "plan.sessions[0]: give the week or the day",
        ),
        (
            "plan: {sessions: [{week: 0, steps: [{treatment: subcision, regions: [[malar.L]]}]}]}",
            "plan.sessions[0].steps[0].regions[0]: ['malar.L'] is not a place",
        ),
        (
            "plan: {sessions: [{week: 0, steps: [{treatment: subcision, regions: [malar.X]}]}]}",
            "plan.sessions[0].steps[0].regions[0]: malar.X is not a place; accepted: back",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_with_what_is_accepted(more, problem):
    assert any(told.startswith(problem) for told in problems_of(f"{WHO}{SCARS}{more}\n"))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("{}", ["id", "patient", "findings"]),
        ("id:\npatient:\nfindings:\n", ["id", "patient", "findings"]),
        ("id: [1]\npatient: {}\nfindings: []\n", ["id"]),
        ("id: a\npatient: {age: 27, born: 1999-03-02}\nfindings: []\n", ["patient.age"]),
        ("id: a\npatient: {born: 2050-01-01}\nfindings: []\n", ["patient.born"]),
        ("id: a\npatient: {weight_kg: 60 kg}\nfindings: []\n", ["patient.weight_kg"]),
        ("id: a\npatient: {fitzpatrick: 7}\nfindings: []\n", ["patient.fitzpatrick"]),
    ],
)
def test_what_every_case_has_is_asked_for(text, places):
    assert [told.partition(":")[0] for told in problems_of(text)] == places


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a case file is a mapping"),
        ("- a list\n", "a case file is a mapping"),
        ("id: [", "line 1: not readable as YAML"),
        ("id: a\nid: b\n", "line 2: id is given twice"),
        ("id: a\n---\nid: b\n", "line 2: not readable as YAML"),
        ("id: !!python/object/apply:os.system [ls]\n", "line 1: not readable as YAML"),
        (f"id: {'9' * 5000}\n", "line 1: '999"),
        (f"id: {'[' * 3000}", "nested too deep"),
        ("x" * 1_000_001, "too long for a case file"),
    ],
)
def test_what_is_no_case_file_is_refused_in_one_line(text, words):
    with pytest.raises(CaseError) as refused:
        read(text)

    assert words in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_bomb_of_aliases_is_told_in_few_words():
    rows = [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise("abcdefghi")]
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(rows)

    told = problems_of(f"{WHO}{bomb}\nfindings: [*i]\n")

    assert any(words.startswith("findings[0]: a mapping") and len(words) < 300 for words in told)


def test_anchors_and_merged_keys_are_read_as_yaml_has_them():
    _, case, _ = read(
        f"{WHO}findings:\n"
        "  - &one {region: malar, side: L, type: rolling, count: 3}\n"
        "  - {<<: *one, side: R, count: 4}\n"
    )

    assert [(group.place, group.count) for group in case.findings] == [
        ("malar.L", 3), ("malar.R", 4),
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["2026-08-01", '"2026-08-01"'])
def test_a_date_is_one_with_and_without_quotes(written):
    reader, case, _ = read(
        f"{WHO}{SCARS}answers: {{isotretinoin: {{taking: no, last_dose: {written}}}}}\n"
    )

    assert reader.problems == []
    assert str(dict(dict(case.answers)["isotretinoin"])["last_dose"]) == "2026-08-01"


def test_a_month_counts_to_its_last_day():
    _, case, _ = read(f"{WHO}{SCARS}answers: {{isotretinoin: {{last_dose: 2026-02}}}}\n")

    assert str(dict(dict(case.answers)["isotretinoin"])["last_dose"]) == "2026-02-28"


def test_both_sides_share_a_count_the_odd_one_to_the_left():
    _, case, _ = read(f"{WHO}{SCARS}")

    assert [(g.place, g.count) for g in case.findings] == [("malar.L", 5), ("malar.R", 4)]


def test_every_question_may_be_answered_with_no_and_with_unknown():
    for word in ("no", "unknown"):
        answers = ", ".join(
            f"{code}: {word}"
            for code, question in catalogue().questions.items()
            if word == "unknown" or question.parts[0].kind == "yes_no"
        )
        assert problems_of(f"{WHO}{SCARS}answers: {{{answers}}}\n") == []
