"""Conditions: how they read, and what is wrong with them."""

import pytest

from clinic.catalogue.conditions import facts_of, problems, words

QUESTIONS = [
    {
        "code": "isotretinoin",
        "parts": [{"code": "taking", "kind": "yes_no"}, {"code": "last_dose", "kind": "date"}],
    },
    {"code": "pregnancy", "parts": [{"code": "", "kind": "yes_no"}]},
    {
        "code": "smoking",
        "parts": [{"code": "", "kind": "choice", "choices": [{"code": "now", "label": "Now"}]}],
    },
]
FACTS = facts_of(QUESTIONS, [{"code": "malar", "name": "Malar cheek"}])


def fact(name, **operator):
    return {"fact": name, **operator}


TAKING = fact("isotretinoin.taking", eq=True)
RECENT = fact("isotretinoin.last_dose", within={"months": 6})


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (None, "always"),
        ({"all": []}, "always"),
        (
            {"any": [TAKING, RECENT]},
            "isotretinoin: taking is yes, or last dose within 6 months",
        ),
        (fact("pregnancy", eq=False), "pregnancy is no"),
        (fact("patient.age", lt=18), "age under 18"),
        (fact("patient.fitzpatrick", ge=4), "skin type IV to VI"),
        (fact("patient.fitzpatrick", le=2), "skin type I or II"),
        (fact("patient.sex", eq="F"), "sex is Female"),
        (fact("smoking", eq="now"), "smoking is Now"),
        (fact("region", **{"in": ["malar"]}), "region is Malar cheek"),
        (fact("face.scar_types", **{"in": ["keloid", "rolling"]}),
         "scars of the face is Keloid or Rolling"),
        (fact("isotretinoin.last_dose", within={"days": 1}),
         "isotretinoin: last dose within 1 day"),
        (fact("pregnancy", known=False), "pregnancy is not recorded"),
        ({"not": TAKING}, "not (isotretinoin: taking is yes)"),
        (
            {"all": [fact("pregnancy", eq=True), {"any": [TAKING, RECENT]}]},
            "pregnancy is yes, and (isotretinoin: taking is yes, or last dose within 6 months)",
        ),
    ],
)  # fmt: skip
def test_a_condition_reads_as_a_sentence(condition, sentence):
    assert words(condition, FACTS) == sentence


@pytest.mark.parametrize(
    "condition",
    [
        TAKING,
        RECENT,
        {"all": []},
        {"any": [TAKING, {"not": RECENT}]},
        fact("isotretinoin", eq=True),
        fact("clinic.country", eq="GB-ENG"),
        fact("marks.pih", eq=True),
        fact("scar.type", **{"in": ["keloid"]}),
    ],
)
def test_a_sound_condition_has_no_problems(condition):
    assert list(problems(condition, FACTS)) == []


@pytest.mark.parametrize(
    ("condition", "where", "reason"),
    [
        ("pregnancy", (), "a condition is"),
        ({}, (), "a condition is"),
        ({"any": []}, ("any",), "needs a list"),
        ({"all": TAKING}, ("all",), "needs a list"),
        ({"all": [TAKING], "any": [TAKING]}, (), "stands alone"),
        ({"not": [TAKING]}, ("not",), "a condition is"),
        (fact("pregnancy"), (), "exactly one operator"),
        (fact("patient.age", ge=18, lt=21), (), "exactly one operator"),
        (fact("patient.age", ge="18"), ("ge",), "is a number"),
        (fact("patient.age", within={"months": 6}), ("within",), "within does not fit"),
        (fact("pregnancy", eq="yes"), ("eq",), "true or false"),
        (fact("smoking", eq="often"), ("eq",), "no choice often"),
        (fact("region", eq="elbow"), ("eq",), "no choice elbow"),
        (fact("isotretinoin.last_dose", within={"months": -1}), ("within",), "not negative"),
        (fact("isotretinoin.dose", eq=1), ("fact",), "no question feeds"),
        ({"any": [TAKING, fact("leeches", eq=True)]}, ("any", 1, "fact"), "no question feeds"),
    ],
)
def test_a_condition_that_cannot_be_judged_is_told_where_and_why(condition, where, reason):
    [(path, told)] = problems(condition, FACTS)

    assert path == where
    assert reason in told
