"""What an edited rule hits on the case library, told without a plan."""

from copy import deepcopy
from dataclasses import replace
from functools import cache

import pytest

from clinic.catalogue import services
from clinic.impact import cases
from clinic.impact.hits import clauses_of, rule_hits
from clinic.staff.roles import Role
from planner.engine.safety import Safety
from tests.catalogue.small import write_small
from tests.catalogue.test_edit_rule import opened, post
from tests.factories import make_user, shipped
from tests.planner import shipped as engine


@cache
def library():
    return cases.read(engine.catalogue(), engine.load_document_from_yaml())


def hits_of(code: str, change=lambda rule: None):
    rule = deepcopy(next(row for row in shipped("safety_rules") if row["code"] == code))
    change(rule)
    now = clauses_of(rule, shipped("families"))
    return rule_hits(code, now, engine.catalogue(), library())


def within(months):
    def change(rule):
        rule["clauses"][0]["when"]["any"][1]["within"] = {"months": months}
        rule["clauses"][0]["until"]["plus"] = {"months": months}

    return change


def test_a_rule_that_is_not_changed_changes_nothing():
    hits = hits_of("ISO-1")

    assert hits.now
    assert hits.now == hits.before
    assert not hits.changed


def test_a_longer_time_hits_more_and_a_shorter_one_opens_what_was_closed():
    longer, shorter = hits_of("ISO-1", within(12)), hits_of("ISO-1", within(1))

    new = {one.code for one in longer.now} - {one.code for one in longer.before}
    assert "history-03" in new  # 6 months ago, to the day
    assert "history-04" not in new  # 12 months ago, to the day
    assert dict(longer.treatments("closes"))["ablative_co2_full"] >= 1
    assert not longer.treatments("opens")
    assert len(shorter.now) < len(shorter.before)
    assert shorter.treatments("opens")
    assert not shorter.treatments("closes")


def test_a_new_rule_closes_what_it_bans_and_a_note_closes_nothing():
    def rule(effect):
        clause = {"when": {"all": []}, "targets": ["subcision"], "effect": effect}
        return {"code": "own", "title": "own", "text": "", "clauses": [clause]}

    ban, note = (
        rule_hits("own", clauses_of(rule(effect), []), engine.catalogue(), library())
        for effect in ("BLOCK", "CAUTION")
    )

    assert len(ban.now) == ban.cases == len(note.now)
    assert [code for code, _ in ban.treatments("closes")] == ["subcision"]
    assert not note.treatments("closes")
    assert not ban.before


def test_what_closes_is_what_the_planner_no_longer_plans():
    hits = hits_of("ISO-1", within(12))
    after = replace(
        engine.catalogue(),
        clauses=tuple(
            replace(one, when={"fact": "isotretinoin.last_dose", "within": {"months": 12}})
            if one.rule == "ISO-1"
            else one
            for one in engine.catalogue().clauses
        ),
    )
    found = next(one for one in hits.found if one.code == "history-03")
    case = next(one.case for one in library() if one.code == found.code)

    place = case.findings[0].place
    verdicts = [Safety(case, one).verdict("ablative_co2_full", place) for one in (
        engine.catalogue(), after)]  # fmt: skip
    assert [verdict.effect for verdict in verdicts] == [None, "BLOCK"]
    assert "ablative_co2_full" in found.closes


# ---- the part of the page


@pytest.fixture
def keeper(client, tmp_path, db):
    services.load(write_small(tmp_path))
    client.force_login(make_user(Role.CATALOGUE_ADMIN))
    return client


def asked(keeper, **changes) -> str:
    answer = post(keeper, opened(keeper), "show", address="/impact/hits/", **changes)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_hits_now_and_before_of_an_unsaved_edit(keeper):
    same, never = asked(keeper), asked(keeper, c0__when__k="none", c0__effect="BLOCK")

    assert "of 100 cases" in same
    assert "(before: " in same
    assert "No treatment is ruled out, and none may be planned again, against version 1." in same
    assert "<b>Subcision</b> is ruled out in" in never


def test_a_rule_that_asks_for_a_reason_rules_nothing_out(keeper):
    shown = asked(keeper, c0__when__k="none", c0__effect="OVERRIDE")

    assert "<b>Subcision</b> needs a documented reason in" in shown
    assert "is ruled out in" not in shown
    assert "; ruled out" not in shown


def test_an_incomplete_rule_asks_no_case(keeper):
    assert "Sentence 1 is not complete yet." in asked(keeper, c0__when__v="soon")


def test_hits_are_asked_for_and_by_editors_only(client, keeper):
    assert keeper.get("/impact/hits/").status_code == 405
    keeper.force_login(make_user(Role.OWNER))
    assert keeper.post("/impact/hits/").status_code == 403
