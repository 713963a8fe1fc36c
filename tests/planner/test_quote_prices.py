"""What a quote adds up: list prices, packages, tax; and that nothing changes it afterwards."""

from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.catalogue.models import Clinic
from clinic.staff.roles import Role
from planner import agreement as agreements
from planner.pricing import CENT, Line, Package, lines_of, reckon
from tests.factories import (
    TREATMENTS,
    make_approved_plan,
    make_draft_plan,
    make_user,
    make_version,
)

TWO_CROSS = {
    "code": "two_cross",
    "name": "Two sessions of CROSS",
    "treatments": ["CROSS"],
    "sessions": 2,
    "percent": 10,
    "price": None,
    "note": None,
}


def laser(*visits, amount="200.00"):
    return [Line(visit, "laser", "Laser", Decimal(amount)) for visit in visits]


def package(code="three", sessions=3, percent=None, price=None, treatments=("laser",)):
    return Package(
        code,
        code,
        frozenset(treatments),
        sessions,
        percent and Decimal(percent),
        price and Decimal(price),
    )


def taken(sheet):
    return [(one.package, one.visits, str(one.amount)) for one in sheet.reductions]


# ---- packages


def test_a_package_takes_its_share_off_the_sessions_it_covers_and_no_others():
    sheet = reckon(laser(1, 2, 4, 5), [package(percent="10")])

    assert taken(sheet) == [("three", (1, 2, 4), "60.00")]
    assert (sheet.listed, sheet.total) == (Decimal("800.00"), Decimal("740.00"))


def test_a_package_that_the_plan_does_not_fill_takes_nothing_off():
    assert taken(reckon(laser(1, 2), [package(percent="10")])) == []


def test_a_package_is_taken_as_often_as_the_plan_fills_it():
    assert len(taken(reckon(laser(1, 2, 3, 4, 5, 6), [package(price="450")]))) == 2


def test_a_price_for_the_whole_that_is_above_the_list_is_not_taken():
    assert taken(reckon(laser(1, 2, 3), [package(price="601")])) == []


def test_of_several_packages_the_patient_gets_those_that_spare_most():
    dear = [package("a_four", 4, percent="8"), package("b_three", 3, percent="10")]

    sheet = reckon(laser(1, 2, 3, 4, 5, 6), dear)

    assert [one[0] for one in taken(sheet)] == ["b_three", "b_three"]


def test_a_visit_without_a_charge_fills_no_package():
    step = {"treatment": "peel", "name": "Peel"}
    sessions = [{"steps": [step | {"price": price}]} for price in ("300.00", "0.00", "0.00")]

    sheet = reckon(lines_of(sessions), [package(percent="10", treatments=("peel",))])

    assert (taken(sheet), sheet.total) == ([], Decimal("300.00"))


# ---- tax


def test_tax_is_held_in_the_prices_or_added_as_the_clinic_has_it():
    held = reckon(laser(1), [], tax_percent=Decimal("19.00"))
    added = reckon(laser(1), [], tax_percent=Decimal("19.00"), tax_included=False)

    assert (held.tax, held.total) == (Decimal("31.93"), Decimal("200.00"))
    assert (added.tax, added.total) == (Decimal("38.00"), Decimal("238.00"))


cents = st.integers(1, 90_000).map(lambda number: Decimal(number) / 100)
charges = st.lists(st.tuples(st.sampled_from("abc"), cents), max_size=9)


@st.composite
def offered(draw):
    made = []
    for number in range(draw(st.integers(0, 4))):
        percent = draw(st.none() | st.decimals("0.01", "100", places=2))
        price = draw(cents) if percent is None else None
        treatments = frozenset(draw(st.sets(st.sampled_from("abc"), min_size=1)))
        made.append(Package(f"p{number}", "P", treatments, draw(st.integers(2, 4)), percent, price))
    return made


@given(charges, offered(), st.decimals("0", "100", places=2), st.booleans())
def test_whatever_is_offered_the_lines_add_up_and_no_price_rises(charged, packages, tax, included):
    lines = [Line(visit, code, code, amount) for visit, (code, amount) in enumerate(charged, 1)]

    sheet = reckon(lines, packages, tax_percent=tax, tax_included=included)
    plain = sheet.plain()

    amounts = [Decimal(line[3]) for line in plain["lines"]]
    off = [Decimal(line[3]) for line in plain["reductions"]]
    after = sum(amounts) - sum(off)
    assert Decimal(plain["total"]) == after + (0 if included else Decimal(plain["tax"]))
    assert all(amount == amount.quantize(CENT) for amount in [*amounts, *off, sheet.tax])
    assert all(amount > 0 for amount in off)
    assert 0 <= after <= sum(amounts)
    used = [visit for one in sheet.reductions for visit in one.visits]
    assert len(used) == len(set(used))


# ---- the quote


@pytest.fixture
def catalogue(db):
    return make_version(
        treatments=TREATMENTS,
        families=[{"code": "CROSS", "name": "CROSS", "members": ["tca_cross"]}],
        packages=[TWO_CROSS],
    )


def with_tax(percent, included):
    Clinic.current()
    Clinic.objects.update(tax_percent=percent, tax_included=included)


def main_of(page):
    return page.split("<main")[1].split("</main>")[0]


def test_a_signed_quote_stands_whatever_the_clinic_changes_afterwards(catalogue, client):
    with_tax(19, included=False)
    plan = make_approved_plan()
    quote = plan.quotes.get()
    agreed = (quote.total, quote.sheet)
    reader = make_user(Role.CLINICIAN)
    client.force_login(reader, "clinic.staff.backends.RoleBackend")
    paper = reverse("planner:plan_paper", args=[plan.pk])
    shown = client.get(paper).content.decode()

    make_version(
        treatments=TREATMENTS, families=[], packages=[TWO_CROSS | {"percent": 50, "sessions": 3}]
    )
    with_tax(5, included=True)
    quote.refresh_from_db()

    # 180 + 180 + 320, less 10 % of the two sessions of CROSS, and 19 % of 644.
    assert quote.sheet["reductions"] == [["two_cross", TWO_CROSS["name"], [1, 2], "36.00"]]
    assert agreed == (Decimal("766.36"), quote.sheet)
    assert (quote.total, quote.sheet["tax"]) == (Decimal("766.36"), "122.36")
    again = client.get(paper).content.decode()
    assert [part in again for part in ("EUR 766.36", "19 % tax", "EUR 36")] == [True] * 3
    assert main_of(again) == main_of(shown)


def test_a_quote_issued_anew_takes_the_prices_and_packages_that_were_signed(catalogue):
    plan = make_approved_plan()
    make_version(treatments=TREATMENTS, families=[], packages=[])

    quote = agreements.issue_quote(plan=plan, by=make_user())

    assert quote.total == Decimal("644.00")
    assert quote.sheet == plan.quotes.first().sheet


def test_alternatives_and_drafts_tell_what_they_cost_with_packages(catalogue, client):
    plan = make_draft_plan()
    client.force_login(make_user(Role.CLINICIAN), "clinic.staff.backends.RoleBackend")

    shown = client.get(plan.suggestion.get_absolute_url()).content.decode()
    paper = client.get(reverse("planner:plan_paper", args=[plan.pk])).content.decode()

    assert "EUR 680, EUR 644 with packages" in shown
    assert "Two sessions of CROSS, visits 1, 2" in paper
