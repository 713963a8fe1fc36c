"""Prices and packages of the draft: the whole list on one page, saved whole or not at all."""

from decimal import Decimal

import pytest

from clinic.catalogue import documents, drafting, packages, services
from clinic.catalogue.models import Figure, Version
from clinic.staff.roles import Role
from tests.catalogue.small import SMALL, write_small
from tests.factories import make_user

OWN = "sources:\n  - {code: clinic_default, title: The clinic's own, how: a default}\n"
PRICES, PACKAGES = "/catalogue/prices/", "/catalogue/packages/"
THREE = {
    "code": "three",
    "name": "Three sessions",
    "treatments": ["subcision"],
    "sessions": "3",
    "percent": "10",
    "price": "",
    "note": "",
}


@pytest.fixture
def admin(client, db):
    client.force_login(make_user(Role.CATALOGUE_ADMIN), "clinic.staff.backends.RoleBackend")
    return client


@pytest.fixture
def small(tmp_path, db):
    return services.load(write_small(tmp_path, SMALL.replace("sources:\n", OWN, 1)))


def opened(client, url=PRICES):
    page = client.get(url)
    return {"base": page.context["base"], **page.context["sheet"].entries}


def post(client, entries, url=PRICES, **changes):
    return client.post(url, {**entries, **changes})


def price(code):
    row = drafting.read("treatments", code)
    figure = next((one for one in row["figures"] if one["kind"] == "price"), {})
    return row["price_unit"], *(figure.get(end) for end in ("min", "typical", "max"))


def refusals(answer):
    return answer.context["sheet"].errors


# ---- the price list


def test_prices_of_many_treatments_are_set_on_one_page(admin, small):
    changes = {"subcision-typical": "300", "subcision-max": "340.5", "laser-typical": "90"}

    answer = post(admin, opened(admin), **changes, **{"laser-unit": "region"})

    assert answer.status_code == 302
    assert price("subcision") == ("session", None, "300.00", "340.50")
    assert price("laser") == ("region", "90.00", "90.00", "90.00")
    figure = drafting.read("treatments", "laser")["figures"][0]
    assert (figure["verification"], figure["sources"]) == ("clinic_default", ["clinic_default"])
    shown = admin.get(PRICES).content.decode()
    assert "in force: 250.00" in shown
    assert "in force: per session" in shown


WRONG_PRICES = [
    ({"subcision-typical": "-5"}, "subcision-typical", "cannot be negative"),
    ({"subcision-typical": "NaN"}, "subcision-typical", "no number"),
    ({"subcision-typical": "", "subcision-max": "9"}, "subcision-typical", "usual price"),
    ({"subcision-min": "400"}, "subcision-min", "above"),
    ({"subcision-unit": "kilo"}, "subcision-unit", "not one of"),
]


def test_a_wrong_price_is_refused_beside_it_and_no_other_is_saved(admin, small):
    before, typed = documents.draft(), opened(admin)

    for changes, beside, reason in WRONG_PRICES:
        answer = post(admin, typed, **{"laser-typical": "77"}, **changes)

        assert answer.status_code == 422
        assert reason in " ".join(refusals(answer)[beside])
        assert 'value="77"' in answer.content.decode()
    assert documents.draft() == before


def test_one_wrong_price_that_stands_for_all_three_is_told_once(admin, small):
    answer = post(admin, opened(admin), **{"laser-typical": "-1"})

    assert refusals(answer) == {"laser-typical": ["A price cannot be negative."]}


def test_a_price_that_somebody_else_changed_meanwhile_is_not_overwritten(admin, small):
    mine, theirs = opened(admin), opened(admin)
    post(admin, theirs, **{"subcision-typical": "260", "laser-typical": "80"})

    answer = post(admin, mine, **{"subcision-typical": "270"})

    assert "it is 260.00 per session now" in refusals(answer)["subcision"][0]
    assert price("subcision")[2] == "260.00"
    again = {"base": answer.context["base"], **answer.context["sheet"].entries}
    post(admin, again)
    assert price("subcision")[2] == "270.00"
    assert price("laser")[2] == "80.00"  # not touched here, so theirs stays


def test_an_emptied_price_is_not_known_and_no_price_of_nought(admin, small):
    post(admin, opened(admin), **{"subcision-typical": ""})

    assert price("subcision") == ("session", None, None, None)


def test_all_prices_are_raised_on_the_page_and_saved_only_when_looked_at(admin, small):
    answer = post(admin, opened(admin), do="raise", percent="7.5", step="5")

    raised = answer.context["sheet"].entries
    assert raised["subcision-typical"] == "270.00"  # 268.75
    assert raised["laser-typical"] == ""
    assert price("subcision")[2] == "250.00"
    post(admin, {"base": answer.context["base"], **raised})
    assert price("subcision")[2] == "270.00"
    wrong = post(admin, opened(admin), do="raise", percent="lots")
    assert "a number" in refusals(wrong)["percent"][0]


# ---- packages


def test_a_package_is_kept_published_and_taken_out_again(admin, small):
    answer = post(admin, {}, PACKAGES, **THREE)

    assert answer.status_code == 302
    assert drafting.read("packages", "three") == THREE | {
        "sessions": 3,
        "percent": 10,
        "price": None,
        "note": None,
    }
    assert "750.00 becomes 675.00" in admin.get(PACKAGES).content.decode()
    version = services.publish(by=None)
    assert Version.objects.get(pk=version.pk).document["packages"][0]["code"] == "three"
    read = admin.get("/catalogue/treatments/subcision/").content.decode()
    assert "Three sessions (3 sessions, 10 % off each)" in read
    one = f"{PACKAGES}three/"
    post(admin, opened(admin, one), one, percent="", price="600")
    assert drafting.read("packages", "three")["price"] == "600.00"
    post(admin, {"base": opened(admin, one)["base"]}, one, do="remove")
    assert drafting.rows("packages") == []


WRONG_PACKAGES = [
    ({"price": "500"}, "percent", "not both"),
    ({"percent": ""}, "percent", "not both"),
    ({"percent": "101", "sessions": "1"}, "percent", "over 100"),
    ({"percent": "0"}, "percent", "none"),
    ({"percent": "", "price": "-1"}, "price", "cannot be negative"),
    ({"sessions": "1"}, "sessions", "under 2"),
    ({"sessions": "2.5", "treatments": "magic"}, "sessions", "whole number"),
    ({"treatments": "magic"}, "treatments", "no magic"),
    ({"code": "no spaces"}, "code", "A code starts"),
    ({"name": ""}, "name", "Give it a name"),
]


def test_a_wrong_package_is_refused_beside_its_field(admin, small):
    for changes, beside, reason in WRONG_PACKAGES:
        answer = post(admin, {}, PACKAGES, **THREE | changes)

        assert answer.status_code == 422
        assert reason in " ".join(refusals(answer)[beside]), (changes, refusals(answer))
    assert drafting.rows("packages") == []


def test_a_package_that_somebody_else_changed_is_not_overwritten(admin, small):
    post(admin, {}, PACKAGES, **THREE)
    one = f"{PACKAGES}three/"
    mine = opened(admin, one)
    post(admin, opened(admin, one), one, percent="20")

    answer = post(admin, mine, one, sessions="4")

    assert answer.status_code == 409
    assert "Percent: 10 became 20" in answer.content.decode()
    assert drafting.read("packages", "three")["sessions"] == 3


def test_a_package_that_was_taken_out_meanwhile_may_be_saved_anew(admin, small):
    post(admin, {}, PACKAGES, **THREE)
    one = f"{PACKAGES}three/"
    typed = opened(admin, one)
    drafting.remove("packages", "three", seen=drafting.token(drafting.read("packages", "three")))

    gone = post(admin, typed, one, name="Three and a talk")

    assert gone.status_code == 409
    assert f'action="{PACKAGES}"' in gone.content.decode()
    shown = {**gone.context["sheet"].entries, "base": gone.context["base"]}
    assert (shown["code"], shown["name"]) == ("three", "Three and a talk")
    post(admin, shown, PACKAGES)
    assert drafting.read("packages", "three")["name"] == "Three and a talk"


def test_a_treatment_without_a_usual_price_has_no_example(admin, small):
    post(admin, {}, PACKAGES, **THREE)
    Figure.objects.filter(treatment="subcision", kind="price").update(min="200", typical=None)

    page = admin.get(PACKAGES)

    assert page.context["lines"][0]["examples"] == []


def test_a_catalogue_without_packages_is_sound_and_its_canonical_form_has_none(small):
    assert small.document["packages"] == []
    bare = {key: rows for key, rows in small.document.items() if key != "packages"}
    drafting.apply(bare)
    assert documents.draft() == small.document


def test_an_example_is_never_dearer_than_the_list():
    row = {"percent": None, "price": "900.00"}
    assert packages.after(row, Decimal("750.00")) == Decimal("750.00")
