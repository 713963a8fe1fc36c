"""What is looked at before a draft is published: each finding has its row and says what to do."""

import copy

import pytest
import yaml

from clinic.catalogue import checks
from clinic.catalogue.conditions import Fact
from clinic.catalogue.findings import ERROR, WARNING, findings
from clinic.catalogue.holding import never_holds
from tests.catalogue.small import SMALL

OLD = checks.tidy(
    yaml.safe_load(
        SMALL.replace(
            "order: 3, stage: 3,",
            "order: 3, stage: 3, performers: [doctor], indications: [{scar_type: rolling, "
            "effectiveness: 2, evidence: C, verification: V, sources: [smith2020]}], "
            "figures: [{kind: price, typical: '400.00', verification: gk, sources: [gk]}],",
        )
    )
)
RULE, SUBCISION = ("safety_rules", "ISO-1"), ("treatments", "subcision")
LASER, PAIR = ("treatments", "laser"), ("pairs", "c1")
NEVER = {"all": [{"fact": "patient.age", "lt": 5}, {"fact": "patient.age", "ge": 5}]}


def changed(place, path, value):
    new = copy.deepcopy(OLD)
    inside = next(row for row in new[place[0]] if row["code"] == place[1])
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return new


def test_times_that_no_longer_agree_are_told():
    leaf = {"fact": "isotretinoin.last_dose", "within": {"months": 9}}
    until = {"fact": leaf["fact"], "plus": {"months": 6}}
    clause = OLD["safety_rules"][0]["clauses"][0]
    uneven = changed(RULE, ("clauses", 0), clause | {"when": leaf, "until": until})
    stale = changed(RULE, ("clauses", 0), clause | {"when": leaf, "until": None})

    [first] = [one for one in findings(uneven, OLD) if "clauses" in one.path]
    [other] = [one for one in findings(stale, OLD) if one.path == ("text",)]

    assert (first.kind, first.path) == (WARNING, ("clauses", 0, "until"))
    assert "condition runs 9 months" in first.words
    assert "still speak of 6 months" in other.words


def test_a_sound_draft_has_no_finding():
    assert findings(OLD, OLD) == []


PREPARED = {"treatment": "laser", "lead_days": 7, "course_days": None}
STANDING_BAN = {"when": None, "effect": "BLOCK", "targets": ["laser"], "except": []}


@pytest.mark.parametrize(
    ("place", "path", "value", "kind", "words"),
    [
        (PAIR, ("a",), "leeches", ERROR, "there is no leeches"),
        (PAIR, ("first",), None, ERROR, "which is first"),
        (RULE, ("clauses", 0, "when"), NEVER, ERROR, "never holds for anybody"),
        (("words", "on_isotretinoin"), ("when",), NEVER, ERROR, "never holds for anybody"),
        (("families", "WOUND"), ("members",), ["WOUND"], ERROR, "a circle"),
        (RULE, ("clauses", 0, "targets"), ["EMPTY"], WARNING, "no treatment that is still offered"),
        (LASER, ("performers",), [], WARNING, "nobody may perform it"),
        (LASER, ("indications",), [], WARNING, "for no scar"),
        (LASER, ("figures",), [], WARNING, "has no price"),
        (LASER, ("figures", 0, "typical"), "4000.00", WARNING, "goes from 400.00 to 4000.00"),
        (LASER, ("figures", 0, "typical"), "0.00", WARNING, "costs 0.00"),
        (LASER, ("figures", 0, "min"), "300.00", WARNING, "the price is a range"),
        (LASER, ("indications", 0, "sources"), ["gk"], WARNING, "names no document"),
        (PAIR, ("sources",), ["gk"], WARNING, "rests on no document"),
    ],
)
def test_a_fault_is_found_at_its_row_with_what_to_do(place, path, value, kind, words):
    new = changed(place, path, value)
    if value == ["EMPTY"]:
        new["families"].append({"code": "EMPTY", "name": "Empty", "members": []})

    told = findings(new, OLD)

    fitting = [one for one in told if words in one.words and (one.section, one.code) == place]
    assert fitting, told
    assert all(one.kind == kind and one.advice and one.name for one in fitting)


def test_a_treatment_that_a_rule_bans_for_everybody_is_out_of_reach():
    new = copy.deepcopy(OLD)
    new["safety_rules"][0]["clauses"][1] |= STANDING_BAN

    [found] = findings(new, OLD)

    assert (found.section, found.code, found.kind) == (*LASER, WARNING)
    assert "ISO-1 contraindicates it for everybody" in found.words


def test_a_preparation_that_is_withdrawn_can_be_met_by_nobody():
    new = changed(RULE, ("clauses", 0, "preparation"), PREPARED)
    new["safety_rules"][0]["clauses"][0]["effect"] = "PRETREAT"
    new["treatments"][0]["withdrawn"] = True

    told = [one for one in findings(new, OLD) if one.kind == ERROR]

    assert [(one.code, one.path[:2]) for one in told] == [("ISO-1", ("clauses", 0))]


@pytest.mark.parametrize("lacking", ["needle", "SUBC", "subcision"])
def test_what_the_clinic_cannot_offer_is_told(lacking):
    [found] = findings(OLD, OLD, lacks=[lacking])

    assert (found.name, found.kind) == ("1 treatment that the clinic cannot offer", WARNING)
    assert found.words.startswith("Subcision (")
    assert "set by its owner" in found.advice


def test_all_that_the_clinic_cannot_offer_stands_in_one_line():
    [found] = findings(OLD, OLD, lacks=["laser", "subcision"])

    assert found.name == "2 treatments that the clinic cannot offer"
    assert "Laser (" in found.words
    assert "Subcision (" in found.words


def test_a_new_procedure_that_no_rule_speaks_of_is_told():
    new = copy.deepcopy(OLD)
    laser = next(row for row in new["treatments"] if row["code"] == "laser")
    new["treatments"].append(laser | {"code": "new", "name": "New"})

    assert any("no safety rule speaks of" in one.words for one in findings(new, OLD))


AGE, YES = Fact("number", "age"), Fact("yes_no", "taking")
FACTS = {"age": AGE, "taking": YES, "sex": Fact("choice", "sex", {"F": "Female", "M": "Male"})}


@pytest.mark.parametrize(
    ("condition", "never"),
    [
        (None, False),
        ({"all": []}, False),
        ({"all": [{"fact": "age", "ge": 3}, {"fact": "age", "lt": 4}]}, False),
        ({"all": [{"fact": "age", "gt": 3}, {"not": {"fact": "age", "ge": 2}}]}, True),
        ({"all": [{"fact": "taking", "eq": True}, {"fact": "taking", "eq": False}]}, True),
        ({"any": [{"fact": "taking", "eq": True}, {"fact": "taking", "eq": False}]}, False),
        ({"not": {"fact": "sex", "in": ["F", "M"]}}, True),
        ({"all": [{"fact": "taking", "known": False}, {"fact": "taking", "eq": True}]}, True),
        ({"fact": "patient.fitzpatrick", "gt": 6}, True),
    ],
)
def test_a_condition_that_contradicts_itself_is_known(condition, never):
    facts = FACTS | {"patient.fitzpatrick": Fact("number", "skin type")}

    assert never_holds(condition, facts) is never
