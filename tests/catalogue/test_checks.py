"""What no catalogue may hold: values that the columns, the pages or the planner cannot take."""

import pytest

from clinic.catalogue import checks
from clinic.catalogue.files import OneFile
from tests.catalogue.small import SMALL

UNFIT = [
    ("weeks: {min: 2, typical: 4}", "weeks: {min: 2, typical: null}",
     "weeks need the usual number too, as typical"),
    ("order_before, first: subcision,\n     weeks: {min: 2, typical: 4}",
     "separate_by_weeks, first: subcision,\n     weeks: {min: 0, typical: 0}",
     "separate_by_weeks needs weeks, and more than none"),
    ("within: {months: 6}", "within: {months: 1201}",
     "a span is 100 years at the most, which is 1200 months"),
    ("until: {fact: isotretinoin.last_dose, plus: {months: 6}}", "judged_by: planner_event",
     "judged_by needs an until that names the date of the event"),
    ("min: 1, typical: 2, max: 3", "min: 1, typical: 2, max: 100000", "100000 is over 10000"),
    ("min: 1, typical: 2, max: 3", "min: 1, typical: 2, max: .inf", "'.inf' cannot be read"),
    ("typical: '250.00'", "typical: '1e12'", "1e12 is over 99999999"),
    ("typical: '250.00'", "typical: Infinity", "'Infinity' is no amount; one is written '250.00'"),
    ("text: Do you take", "expires_days: 99999999999\n    text: Do you take",
     "99999999999 is over 32767"),
    ("requirements:", "calibration:\n  - {code: stricter_interval.SUBC, value: 6, text: Six,"
     " verification: gk, sources: [gk]}\nrequirements:",
     "stricter_interval is followed by a family or treatment and skin types, such as .FABL.4-6"),
    ("requirements:", "policies:\n  - {code: d2, kind: default_rule, text: Both, detail: {inherits:"
     " [laser]}, verification: gk, sources: [gk]}\nrequirements:",
     "inherits needs the treatment that inherits"),
    ("      - when: {fact: isotretinoin.taking, eq: true}\n        targets: [laser]",
     "      - when: {any: [" + "{fact: isotretinoin.taking, eq: true}, " * 41 + "]}\n"
     "        targets: [laser]", "any holds 40 conditions at the most; make groups of them"),
    ("      - when: {fact: isotretinoin.taking, eq: true}\n        targets: [laser]",
     "      - when: " + "{not: " * 7 + "{fact: isotretinoin.taking, eq: true}" + "}" * 7
     + "\n        targets: [laser]", "conditions stand inside each other 6 deep at the most"),
    ("        except: [SUBC]\n        effect: BLOCK\n",
     "        effect: BLOCK\n" + "      - {targets: [laser], effect: CAUTION}\n" * 29,
     "this list has 31 entries, more than 30"),
    ("skill: SUBC", "skill: [SUBC]", "there is no ['SUBC'] in families"),
    ("fact: isotretinoin.taking, eq: true}, verification",
     "fact: [a], eq: true}, verification", "no question feeds the fact ['a']"),
    ("safe: [I], caution: []", "safe: 7, caution: []", "this is a list"),
]  # fmt: skip
MISSHAPEN = [
    ("sources: none\nsources: []\n", "small.yaml:2: sources stands here twice"),
    ("? [a, b]\n: []\n", "small.yaml:1: a data file is SECTION: [row, ...]"),
    ("sources:\n  - ? [a, b]\n    : x\n", "small.yaml:2: a key is a word"),
    ("sources:\n  - {<<: {code: a}}\n", "small.yaml:2: "),
    (f"sources:\n  - {{{'9' * 5000}: x}}\n", "small.yaml:2: "),
    (f"sources:\n  - {{code: {'9' * 5000}}}\n", "small.yaml:2: "),
    (f"sources:\n  - {{code: 0x{'f' * 5000}}}\n", "small.yaml:2: "),
]


def told(text: str) -> list[str]:
    file = OneFile("small.yaml", text)
    return file.faults + [file.line_of(one) for one in checks.problems(file.document)]


def test_the_small_catalogue_is_sound():
    assert not told(SMALL)


@pytest.mark.parametrize(("sound", "unfit", "reason"), UNFIT)
def test_what_would_stop_the_planner_or_a_page_is_refused(sound, unfit, reason):
    assert sound in SMALL

    lines = told(SMALL.replace(sound, unfit, 1))

    assert any(line.endswith(reason) for line in lines), lines


@pytest.mark.parametrize(("text", "line"), MISSHAPEN)
def test_a_file_of_another_shape_is_refused_by_name_and_line(text, line):
    assert any(one.startswith(line) for one in told(text)), told(text)
