"""What counts as lowered safety: everything that cannot be shown to be stricter or neutral."""

import copy
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from clinic.catalogue import checks
from clinic.catalogue.implying import at_least, implies
from clinic.catalogue.lowering import lowered
from clinic.catalogue.lowering_rules import STANDS_FOR
from planner.engine.conditions import shifted
from tests.catalogue.small import SMALL

OLD = checks.tidy(yaml.safe_load(SMALL))
RULE = ("safety_rules", "ISO-1")
SUBCISION, LASER = ("treatments", "subcision"), ("treatments", "laser")
PAIR, QUESTION, WORD = ("pairs", "c1"), ("questions", "isotretinoin"), ("words", "on_isotretinoin")
MONTHS = {"fact": "isotretinoin.last_dose", "within": {"months": 6}}
MARKS = {"verification": "gk", "sources": ["gk"]}


def row_of(document, place):
    section, code = place
    return next(row for row in document[section] if row["code"] == code)


def changed(place, path, value):
    new = copy.deepcopy(OLD)
    inside = row_of(new, place)
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    assert checks.problems(new) == []
    return checks.tidy(new)


def until(**span):
    return {"fact": "isotretinoin.last_dose", "plus": span}


LOWERINGS = [
    (RULE, ("clauses", 1, "effect"), "CAUTION"),
    (RULE, ("clauses", 0, "effect"), "OVERRIDE"),
    (RULE, ("clauses",), OLD["safety_rules"][0]["clauses"][:1]),
    (RULE, ("clauses", 0, "targets"), ["laser"]),
    (RULE, ("clauses", 0, "except"), ["subcision"]),
    (RULE, ("clauses", 1, "targets"), ["subcision"]),
    (RULE, ("clauses", 0, "regions"), ["malar"]),
    (RULE, ("clauses", 0, "scar_types"), ["rolling"]),
    (RULE, ("clauses", 0, "when", "within"), {"months": 5}),
    (RULE, ("clauses", 0, "when", "within"), {"weeks": 24}),
    (RULE, ("clauses", 0, "when"), {"all": [MONTHS, {"fact": "patient.age", "lt": 60}]}),
    (RULE, ("clauses", 0, "until"), until(months=5)),
    (RULE, ("clauses", 0, "until"), {"fact": "today", "plus": {"months": 6}}),
    (("families", "WOUND"), ("members",), ["laser"]),
    (SUBCISION, ("figures", 1, "max"), 4),
    (SUBCISION, ("contraindications",), []),
    (SUBCISION, ("fitzpatrick", "avoid"), []),
    (SUBCISION, ("fitzpatrick",), None),
    (SUBCISION, ("fitzpatrick", "safe"), ["I", "II"]),
    (SUBCISION, ("requires",), []),
    (SUBCISION, ("skill",), None),
    (SUBCISION, ("performers",), ["doctor", "nurse"]),
    (SUBCISION, ("order",), 3),
    (PAIR, ("relation",), "same_session_ok"),
    (PAIR, ("weeks", "min"), 1),
    (PAIR, ("weeks", "typical"), 3),
    (PAIR, ("weeks",), None),
    (PAIR, ("scar_types",), ["rolling"]),
    (PAIR, ("regions",), ["cheek_medial"]),
    (PAIR, ("when",), MONTHS),
    (PAIR, ("first",), "laser"),
    (QUESTION, ("parts", 1, "show_if"), {"fact": "isotretinoin.taking", "eq": True}),
    (QUESTION, ("applies",), {"fact": "patient.age", "lt": 50}),
    (QUESTION, ("regional",), True),
    (QUESTION, ("text",), "Any capsules?"),
    (WORD, ("when",), None),
    (WORD, ("rules",), ["ISO-1"]),
    (("regions", "malar"), ("field",), "cheek"),
]


@pytest.mark.parametrize(("place", "path", "value"), LOWERINGS, ids=str)
def test_a_lowering_is_found_at_its_row(place, path, value):
    found = lowered(OLD, changed(place, path, value))

    assert found
    rows = {(one.section, one.code) for one in found}
    assert place in rows or place[0] == "families"
    assert all(one.words and one.name for one in found)


NEUTRAL_OR_STRICTER = [
    (RULE, ("clauses", 0, "effect"), "BLOCK"),
    (RULE, ("clauses", 0, "until"), None),
    (RULE, ("clauses", 0, "until"), until(months=7)),
    (RULE, ("clauses", 0, "when", "within"), {"months": 7}),
    (RULE, ("clauses", 0, "when"), {"any": [MONTHS, {"fact": "isotretinoin.taking", "eq": True}]}),
    (RULE, ("clauses", 0, "when"), None),
    (RULE, ("clauses", 1, "targets"), ["WOUND"]),
    (RULE, ("clauses", 1, "except"), []),
    (RULE, ("title",), "Isotretinoin capsules"),
    (RULE, ("clauses",), list(reversed(OLD["safety_rules"][0]["clauses"]))),
    (SUBCISION, ("name",), "Release of tethers"),
    (SUBCISION, ("figures", 1, "max"), 2),
    (SUBCISION, ("figures", 0, "typical"), "900.00"),
    (SUBCISION, ("contraindications", 0, "level"), "absolute"),
    (SUBCISION, ("fitzpatrick", "avoid"), ["V", "VI"]),
    (SUBCISION, ("withdrawn",), True),
    (SUBCISION, ("indications", 0, "effectiveness"), 1),
    (LASER, ("needles",), True),
    (LASER, ("requires",), ["needle"]),
    (PAIR, ("relation",), "avoid"),
    (PAIR, ("weeks",), {"min": 3, "typical": 6}),
    (PAIR, ("why",), "release comes first"),
    (QUESTION, ("expires_days",), 30),
    (QUESTION, ("each_session",), True),
    (QUESTION, ("flag",), "Isotretinoin"),
    (WORD, ("when",), {"any": [row_of(OLD, WORD)["when"], MONTHS]}),
]


@pytest.mark.parametrize(("place", "path", "value"), NEUTRAL_OR_STRICTER, ids=str)
def test_raising_is_free(place, path, value):
    assert lowered(OLD, changed(place, path, value)) == []


@pytest.mark.parametrize("place", [RULE, PAIR])
def test_a_removed_rule_or_pair_is_a_lowering_and_a_new_one_of_the_rules_is_not(place):
    new = copy.deepcopy(OLD)
    new[place[0]].remove(row_of(new, place))

    assert [(one.section, one.code) for one in lowered(OLD, new)] == [place]
    assert lowered(new, OLD) == [] or place == PAIR


def test_a_rule_that_takes_the_say_from_an_absolute_word_lowers_it():
    old = changed(SUBCISION, ("contraindications", 0, "level"), "absolute")
    row_of(old, WORD)["rules"] = ["ISO-1"]
    row_of(old, RULE)["clauses"][0]["targets"] = ["laser"]
    new = copy.deepcopy(old)
    row_of(new, RULE)["clauses"][0]["targets"] = ["laser", "subcision"]

    [found] = lowered(old, new)

    assert (found.section, found.code) == SUBCISION
    assert "ISO-1 now speaks of this treatment" in found.words


def test_weeks_that_come_to_a_pair_without_any_may_be_fewer_than_their_intervals():
    old = changed(PAIR, ("weeks",), None)

    assert [(one.section, one.path) for one in lowered(old, OLD)] == [
        ("pairs", ("weeks", "typical"))
    ]


def test_withdrawing_a_treatment_is_no_way_round_its_rules():
    new = changed(LASER, ("withdrawn",), True)
    row_of(new, RULE)["clauses"].pop(1)

    assert {(one.section, one.code) for one in lowered(OLD, new)} == {RULE}


@pytest.mark.parametrize(
    ("kind", "was", "now", "lower"),
    [
        ("downtime_days", (5, None, 14), (5, 5, 14), True),  # the middle of 5-14 was planned
        ("downtime_days", (5, None, 14), (5, 12, 14), False),
        ("downtime_days", None, (1, 2, 3), False),  # none was planned
        ("interval_weeks", (4, None, 8), (4, 4, 8), True),
        ("interval_weeks", (4, None, 8), (4, None, 6), True),
        ("interval_weeks", (4, None, 8), (4, None, 10), False),
        ("interval_weeks", (None, 6, None), (2, 6, None), True),  # the usual one was the least
        ("interval_weeks", None, (1, 1, 1), True),  # the default gap was kept to others
        ("sessions", (1, 2, None), (1, 2, 10), True),  # no more than the usual number
        ("sessions", None, (None, 3, None), True),
        ("sessions", (None, 3, None), (None, 2, None), False),
    ],
)
def test_a_figure_counts_as_the_planner_reads_it(kind, was, now, lower):
    old, new = (copy.deepcopy(OLD) for _ in range(2))
    for document, numbers in ((old, was), (new, now)):
        figure = dict(zip(("min", "typical", "max"), numbers or (), strict=False))
        figures = [{"kind": kind, "note": None, **figure, **MARKS}] if numbers else []
        row_of(document, LASER)["figures"] = figures
        assert checks.problems(document) == []

    assert bool(lowered(old, new)) is lower


def test_a_new_treatment_is_confirmed_by_somebody_unless_it_is_not_offered():
    new = copy.deepcopy(OLD)
    clone = row_of(OLD, SUBCISION) | {"code": "release", "contraindications": []}
    new["treatments"].append(clone)

    assert [(one.section, one.code) for one in lowered(OLD, new)] == [("treatments", "release")]
    new["treatments"][-1] = clone | {"withdrawn": True}
    assert lowered(OLD, new) == []


@pytest.mark.parametrize(
    ("detail", "lower"),
    [({"treatment": "laser", "inherits": ["subcision"]}, True), (None, False)],
)
def test_a_new_principle_that_the_planner_reads_is_a_lowering(detail, lower):
    policy = {"code": "d9", "kind": "default_rule", "text": "As its parts.", "detail": detail}
    new = checks.tidy({**OLD, "policies": [policy | {"evidence": "D"} | MARKS]})

    assert [one.code for one in lowered(OLD, new)] == ["d9"] * lower


@pytest.mark.parametrize(
    ("code", "lower"),
    [("pigment.from_skin_type", True), ("lidocaine_share.laser", False), ("course.3", False)],
)
def test_a_new_constant_is_a_lowering_where_the_planner_was_stricter(code, lower):
    constant = {"code": code, "value": 4, "text": "four", **MARKS}

    assert bool(lowered(OLD, {**OLD, "calibration": [constant]})) is lower


LIMIT = {"code": "LA-1", "drug": "lidocaine", "when": None, "mg_per_kg": 4.5, "cap_mg": None}
LIMIT |= {"with_adrenaline": None, "factor": None, "text": "4.5 mg/kg", **MARKS}


@pytest.mark.parametrize(
    ("key", "was", "now", "lower"),
    [
        ("mg_per_kg", 4.5, 7, True),
        ("mg_per_kg", 4.5, 0, True),
        ("mg_per_kg", 4.5, None, True),
        ("mg_per_kg", 4.5, 4, False),
        ("cap_mg", None, 300, False),
        ("cap_mg", 0, 0, False),
        ("cap_mg", 0, None, False),
        ("with_adrenaline", None, True, True),
        ("when", None, {"fact": "patient.age", "lt": 18}, True),
    ],
)
def test_a_dose_limit_may_only_fall_and_nought_is_no_limit(key, was, now, lower):
    old, new = ({**OLD, "limits": [LIMIT | {key: value}]} for value in (was, now))

    assert bool(lowered(old, new)) is lower


def test_a_lowering_says_what_was_and_what_is():
    found = lowered(OLD, changed(RULE, ("clauses", 0, "when", "within"), {"months": 4}))

    assert [(one.path, one.words) for one in found] == [
        (
            ("clauses", 0, "when"),
            "clause 1: may hold for fewer: “isotretinoin: last dose within 6 months” becomes "
            "“isotretinoin: last dose within 4 months”",
        )
    ]


# ---- properties

VALUES = [0, 1, 2, 3, None]  # None: not known


def facts():
    number = some.sampled_from([1, 2])
    compared = some.builds(
        lambda name, how, value: {"fact": name, how: value},
        some.sampled_from("ab"),
        some.sampled_from(["eq", "lt", "le", "gt", "ge"]),
        number,
    )
    listed = some.builds(
        lambda name, values: {"fact": name, "in": values},
        some.sampled_from("ab"),
        some.lists(number, min_size=1, max_size=2, unique=True),
    )
    return compared | listed


conditions = some.recursive(
    facts(),
    lambda inner: some.one_of(
        some.builds(lambda part: {"not": part}, inner),
        some.builds(lambda parts: {"all": parts}, some.lists(inner, max_size=3)),
        some.builds(lambda parts: {"any": parts}, some.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=4,
)
TESTS = {
    "eq": lambda value, wanted: value == wanted,
    "in": lambda value, wanted: value in wanted,
    "lt": lambda value, wanted: value < wanted,
    "le": lambda value, wanted: value <= wanted,
    "gt": lambda value, wanted: value > wanted,
    "ge": lambda value, wanted: value >= wanted,
}


def truth(condition, answers):
    """1, 0.5 where unknown, 0; as docs/catalogue.md has it."""
    if condition is None:
        return 1
    if "not" in condition:
        return 1 - truth(condition["not"], answers)
    if "all" in condition:
        return min((truth(part, answers) for part in condition["all"]), default=1)
    if "any" in condition:
        return max(truth(part, answers) for part in condition["any"])
    [(how, wanted)] = [pair for pair in condition.items() if pair[0] != "fact"]
    value = answers[condition["fact"]]
    return 0.5 if value is None else int(TESTS[how](value, wanted))


EVERYBODY = [{"a": a, "b": b} for a in VALUES for b in VALUES]


@given(conditions, conditions | some.none())
def test_what_is_said_to_follow_always_follows(one, other):
    if implies(one, other):
        assert all(truth(one, who) <= truth(other, who) for who in EVERYBODY)


@given(conditions)
def test_widening_a_condition_is_always_recognised(one):
    assert implies(one, one)
    assert implies(one, None)
    assert implies(one, {"any": [{"fact": "b", "eq": 3}, one]})
    assert implies({"all": [one, {"fact": "b", "eq": 3}]}, one)


spans = some.builds(
    lambda unit, length: {unit: length},
    some.sampled_from(["days", "weeks", "months"]),
    some.integers(0, 60),
)


@given(spans, spans, some.dates(date(2024, 1, 1), date(2028, 12, 31)))
def test_a_span_said_to_be_no_shorter_ends_no_earlier_from_any_day(one, other, day):
    if at_least(one, other):
        assert shifted(day, one) >= shifted(day, other)


clauses = some.builds(
    lambda when, targets, effect: {"when": when, "targets": targets, "effect": effect},
    conditions | some.none(),
    some.lists(some.sampled_from(["subcision", "laser", "SUBC", "WOUND"]), max_size=2, unique=True),
    some.sampled_from(list(STANDS_FOR)),
)


def rules_of(clauses):
    """A document in which ISO-1 has these clauses; the facts are of the planner's own making."""
    document = copy.deepcopy(OLD)
    plain = row_of(OLD, RULE)["clauses"][1] | {"except": []}
    row_of(document, RULE)["clauses"] = [plain | clause for clause in clauses]
    return document


def hits(clauses, who):
    members = {"SUBC": {"subcision"}, "WOUND": {"subcision", "laser"}}
    return [
        (treatment, clause["effect"], truth(clause["when"], who))
        for clause in clauses
        for code in clause["targets"]
        for treatment in members.get(code, {code})
    ]


def altered(clause):
    """The clause with one thing of it anew, which may be stricter or looser."""
    return some.one_of(
        some.just(clause),
        some.sampled_from(list(STANDS_FOR)).map(lambda effect: clause | {"effect": effect}),
        (conditions | some.none()).map(lambda when: clause | {"when": when}),
        clauses.map(lambda other: clause | {"targets": clause["targets"] + other["targets"]}),
    )


edits = some.lists(clauses, min_size=1, max_size=3).flatmap(
    lambda before: some.tuples(
        some.just(before),
        some.tuples(*map(altered, before), *[clauses] * (len(before) == 1)).map(list),
    )
)


@given(edits)
def test_where_no_lowering_is_found_every_patient_is_kept_as_safe_as_before(edit):
    before, after = edit
    if lowered(rules_of(before), rules_of(after)):
        return
    for who in EVERYBODY:
        now = hits(after, who)
        for treatment, effect, held in hits(before, who):
            assert (
                any(
                    at == treatment and other in STANDS_FOR[effect] and holds >= held
                    for at, other, holds in now
                )
                or held == 0
            )


WEIGHED = {
    "treatments": "withdrawn needles skill kind order stage mechanisms requires performers figures "
    "contraindications fitzpatrick statements",
    "pairs": "a b relation weeks first condition when assume scar_types regions",
    "safety_rules": "editable legal clauses",
    "clauses": "when targets except regions scar_types effect until until_text preparation "
    "test_spot standing judged_by words",
    "words": "when rules",
    "questions": "expires_days each_session clinician_only regional flag applies text help parts",
    "parts": "code kind label unit choices min max show_if",
    "regions": "lidocaine_ml filler_ml prone field area",
}
NO_SAFETY = {
    "treatments": "name aliases family price_unit seed_mentions indications",
    "pairs": "assume_reason why",
    "safety_rules": "family title text note disagreement alternatives",
    "words": "meaning kind",
    "questions": "order group",
    "regions": "name sides views snomed gags_unit note",
}
MARKS_OF_ALL = {"code", "verification", "sources", "evidence"}


@pytest.mark.parametrize("section", WEIGHED)
def test_somebody_decided_of_every_key_whether_it_is_safety(section):
    """A key that is new to the catalogue fails here until lowering weighs it, or it is neutral."""
    rule, question = OLD["safety_rules"][0], OLD["questions"][0]
    rows = {"clauses": rule["clauses"], "parts": question["parts"], **OLD}[section]
    known = set(WEIGHED[section].split()) | set(NO_SAFETY.get(section, "").split())

    assert set(rows[0]) - MARKS_OF_ALL == known - MARKS_OF_ALL
