"""A catalogue whose rows are sound one by one and cannot all be true is refused, with the rows."""

import pytest
import yaml
from django.urls import reverse

from clinic.catalogue import checks, services
from clinic.catalogue.errors import CatalogueRefused
from clinic.catalogue.models import PairRule
from clinic.staff.roles import Role
from tests.catalogue.small import SMALL, write_small
from tests.factories import make_user

HELD = {"fact": "isotretinoin.taking", "eq": True}


def pair(code, a, b, relation, first=None, **more):
    return {
        "code": code, "a": a, "b": b, "relation": relation, "first": first,
        "weeks": {"min": 1, "typical": 2}, "why": "w", "evidence": "C", "verification": "gk",
        "sources": ["gk"], **more,
    }  # fmt: skip


def reasons(*pairs, **sections) -> list[str]:
    document = yaml.safe_load(SMALL)
    for code in ("peel", "filler"):
        document["treatments"].append(
            {"code": code, "name": code, "kind": "procedure", "family": "x", "order": 3,
             "stage": 3, "price_unit": "session"}
        )  # fmt: skip
    document["pairs"] += pairs
    for name, rows in sections.items():
        document[name] = [*document.get(name, []), *rows]
    return [str(problem) for problem in checks.problems(document)]


def test_a_circle_of_orders_is_told_with_its_rows():
    [told] = reasons(
        pair("c2", "laser", "peel", "separate_by_weeks", "laser"),
        pair("c3", "peel", "subcision", "order_before", "peel"),
    )

    assert all(code in told for code in ("c1 (subcision first)", "c2", "c3", "a circle"))


@pytest.mark.parametrize(
    "changed",
    [{"scar_types": ["ice_pick"]}, {"when": HELD}, {"assume": "not_holds", "condition": "x",
     "assume_reason": "y"}],
)  # fmt: skip
def test_rows_that_never_hold_together_are_no_circle(changed):
    found = reasons(
        pair("c2", "laser", "peel", "order_before", "laser", scar_types=["rolling"], when=None),
        pair("c3", "peel", "laser", "order_before", "peel", **changed),
    )

    assert bool(found) is ("when" in changed)


def test_a_circle_inside_one_session_is_told():
    [told] = reasons(
        pair("c2", "laser", "peel", "same_session_ok", "laser"),
        pair("c3", "filler", "peel", "same_session_ok", "peel"),
        pair("c4", "filler", "laser", "same_session_synergy", "filler"),
    )

    assert "in one session" in told


def test_a_pair_asked_for_and_banned_is_told_with_both_rows():
    [told] = reasons(
        pair("c2", "laser", "peel", "same_session_synergy"), pair("c3", "peel", "laser", "avoid")
    )

    assert "c2 (same_session_synergy) and c3 (avoid)" in told


def test_a_pair_banned_for_other_scars_or_in_a_condition_is_no_contradiction():
    wanted = pair("c2", "laser", "peel", "same_session_ok", scar_types=["rolling"])

    assert reasons(wanted, pair("c3", "laser", "peel", "avoid", scar_types=["keloid"])) == []
    assert reasons(wanted, pair("c3", "laser", "peel", "avoid", when=HELD)) == []


def test_a_preparation_that_a_pair_bans_is_told_with_rule_and_pair():
    clause = {
        "targets": ["WOUND"], "effect": "PRETREAT",
        "preparation": {"treatment": "peel", "lead_days": 14},
    }  # fmt: skip
    rule = {"code": "PIH-9", "family": "PIH", "title": "t", "text": "t", "verification": "gk",
            "sources": ["gk"], "clauses": [clause]}  # fmt: skip

    [told] = reasons(pair("c3", "laser", "peel", "avoid"), safety_rules=[rule])

    assert "PIH-9 prepares laser with peel, and pair c3 bans" in told


def test_a_least_interval_above_the_longest_is_told():
    slow = {"code": "slow", "name": "s", "kind": "procedure", "family": "x", "order": 3, "stage": 3,
            "price_unit": "session", "figures": [{"kind": "interval_weeks", "min": 2, "max": 4,
            "verification": "gk", "sources": ["gk"]}]}  # fmt: skip
    row = {"code": "stricter_interval.slow.4-6", "value": 6, "text": "t", "verification": "gk",
           "sources": ["gk"]}  # fmt: skip

    [told] = reasons(treatments=[slow], calibration=[row])

    assert "6 weeks at the least; the longest interval of slow is 4" in told


def test_families_that_hold_each_other_are_told():
    rows = [{"code": c, "name": c, "members": [m]} for c, m in (("ONE", "TWO"), ("TWO", "ONE"))]

    [told] = reasons(families=rows)

    assert "ONE, TWO" in told


@pytest.mark.parametrize(("key", "low", "high"), [("figures", 5, 2), ("weeks", 5, 2)])
def test_a_minimum_above_its_maximum_is_told_at_its_row(key, low, high):
    document = yaml.safe_load(SMALL)
    if key == "figures":
        document["treatments"][0]["figures"][0] |= {"min": low, "typical": None, "max": high}
    else:
        document["pairs"][0]["weeks"] = {"min": low, "typical": high}

    [told] = [str(problem) for problem in checks.problems(document)]

    assert "min 5 is above" in told


@pytest.fixture
def small(db, tmp_path):
    return services.load(write_small(tmp_path))


def test_a_contradiction_in_the_draft_is_not_published(small):
    PairRule.objects.create(
        code="c2", a_id="laser", b_id="subcision", relation="avoid", why="w", evidence="C",
        verification="gk",
    ).sources.set(["gk"])  # fmt: skip

    with pytest.raises(CatalogueRefused, match=r"\(c2\), relation: c1 .* and c2 \(avoid\)"):
        services.publish(by=make_user())


def test_the_admin_refuses_a_row_that_contradicts_another(client, small):
    client.force_login(make_user(Role.CATALOGUE_ADMIN), "clinic.staff.backends.RoleBackend")
    form = {
        "code": "c2", "a": "laser", "b": "subcision", "relation": "order_before", "first": "laser",
        "weeks_min": "1", "weeks_typical": "2", "why": "w", "evidence": "C", "verification": "gk",
        "sources": "gk",
    }  # fmt: skip

    response = client.post(reverse("admin:catalogue_pairrule_add"), form)

    told = [one for some in response.context["adminform"].form.errors.values() for one in some]
    assert any("c1 (subcision first)" in one and "c2 (laser first)" in one for one in told), told
    assert len(told) == 1, told
    assert not PairRule.objects.filter(code="c2").exists()
