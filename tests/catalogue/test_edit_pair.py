"""The editor of a pair: what two treatments do to each other, built from choices."""

import json

import pytest
from django.urls import reverse

from clinic.catalogue import checks, documents, drafting, services
from clinic.catalogue.pair_form import PairForm, next_code
from clinic.catalogue.reading import Book
from clinic.catalogue.rule_form import Choices
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.catalogue.test_edit_rule import controls, post, posted, sent
from tests.factories import make_user, shipped

ADDRESS = "/catalogue/pairs/c1/edit/"


@pytest.fixture
def small(tmp_path, db):
    return services.load(write_small(tmp_path))


@pytest.fixture
def keeper(client, db):
    client.force_login(make_user(Role.CATALOGUE_ADMIN))
    return client


def opened(keeper, address=ADDRESS):
    return controls(keeper.get(address).content.decode())


def save(keeper, address=ADDRESS, **changes):
    changes = {f"p0__{name}": value for name, value in changes.items()}
    return post(keeper, opened(keeper, address), "save", address=address, **changes)


def test_every_pair_comes_back_from_the_form_as_it_was():
    sections = ("questions", "regions", "treatments", "sources", "pairs")
    document = {name: shipped(name) for name in sections}
    tidy = checks.tidy(json.loads(json.dumps(document, default=str)))
    choices = Choices(Book({name: tidy[name] for name in sections}))

    for row in tidy["pairs"]:
        shown = PairForm(choices=choices, row=row, initial=PairForm.initial_of(row))
        form = PairForm(posted(sent(shown)), choices=choices, row=row)

        assert form.is_valid(), (row["code"], form.errors)
        assert documents.canonical(form.row()) == documents.canonical(row)


def test_a_pair_is_edited_and_the_matrix_opens_at_it(keeper, small):
    answer = save(keeper, relation="avoid", first="", weeks_min="", weeks_typical="",
                  scar_types=["rolling"], why="never")  # fmt: skip

    kept = drafting.read("pairs", "c1")
    assert answer.url == "/catalogue/pairs/matrix/#c1"
    assert (kept["relation"], kept["first"], kept["weeks"]) == ("avoid", None, None)
    assert (kept["scar_types"], kept["why"]) == (["rolling"], "never")


def test_a_condition_is_built_by_buttons_and_kept(keeper, small):
    built = controls(post(keeper, opened(keeper), "add p0-when", address=ADDRESS).content.decode())
    built["p0-when-fact"] = "isotretinoin.last_dose"
    built = controls(post(keeper, built, "", address=ADDRESS).content.decode())

    answer = post(keeper, built, "save", address=ADDRESS,
                  p0__when__v="3", p0__condition="lately on isotretinoin")  # fmt: skip

    assert built["p0-when-op"] == "within"
    assert answer.status_code == 302
    assert drafting.read("pairs", "c1")["when"] == {
        "fact": "isotretinoin.last_dose",
        "within": {"months": 3},
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"first": ""}, "Say which of the two comes first."),
        ({"relation": "separate_by_weeks", "weeks_min": ""}, "Say how many weeks"),
        ({"relation": "separate_by_weeks", "weeks_typical": ""}, "Say the usual number of weeks"),
        ({"weeks_typical": ""}, "Say the usual number of weeks too."),
        (
            {"relation": "separate_by_weeks", "weeks_min": "0", "weeks_typical": "0"},
            "Say how many weeks usually lie between the two.",
        ),
        ({"weeks_min": "9"}, "At least 9 weeks is above the usual 4."),
        ({"weeks_min": "-1"}, "Give a number of weeks, 0 or more."),
        ({"weeks_min": "soon"}, "Give a number of weeks, such as 4"),
        ({"condition": "in winter"}, "say how the words are read"),
        ({"assume": "holds"}, "Give the condition in words"),
        ({"condition": "in winter", "assume": "holds"}, "Say why it is read so."),
        ({"why": ""}, "Say why, in words."),
        ({"sources": []}, "Name at least one source."),
        ({"sources": ["nobody"]}, "There is no nobody"),
        ({"regions": ["moon"]}, "There is no moon"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(keeper, small, changes, words):
    before = drafting.read("pairs", "c1")

    answer = save(keeper, **changes)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert drafting.read("pairs", "c1") == before


def test_a_contradiction_is_refused_and_names_the_rows(keeper, small):
    address = reverse("catalogue:new_pair") + "?a=laser&b=subcision"
    given = {"relation": "avoid", "why": "no", "sources": ["gk"]}

    answer = save(keeper, address, **given)

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "c1 (order_before)" in shown or "c1" in shown
    assert "ban it" in shown
    assert controls(shown)["p0-why"] == "no"
    assert drafting.read("pairs", "c002") is None


def test_a_second_row_for_other_scars_is_made_and_shown_beside_the_first(keeper, small):
    first = save(keeper, scar_types=["rolling"])
    address = reverse("catalogue:new_pair") + "?a=laser&b=subcision"
    made = save(keeper, address, relation="avoid", why="no", sources=["gk"], scar_types=["keloid"])

    assert (first.status_code, made.status_code) == (302, 302)
    assert drafting.read("pairs", "c002")["a"] == "laser"
    assert "/catalogue/pairs/c002/edit/" in keeper.get(ADDRESS).content.decode()


def test_two_that_are_not_combined_have_neither_order_nor_weeks(keeper, small):
    shown = save(keeper, relation="avoid").content.decode()

    assert "Two that are not combined have no order" in shown
    assert shown.count("have no weeks between them") == 2
    assert drafting.read("pairs", "c1")["relation"] == "order_before"


def test_nothing_typed_is_lost_when_somebody_else_was_faster(keeper, small):
    data, row = opened(keeper), drafting.read("pairs", "c1")
    drafting.save("pairs", row | {"why": "theirs"}, seen=drafting.token(row))
    moved = post(keeper, data, "save", address=ADDRESS, p0__why="mine")
    drafting.remove("pairs", "c1", seen=drafting.token(drafting.read("pairs", "c1")))
    gone = post(keeper, data, "save", address=ADDRESS, p0__why="mine")

    assert (moved.status_code, gone.status_code) == (409, 409)
    assert "<td>mine</td><td>theirs</td>" in moved.content.decode()
    assert controls(moved.content.decode())["p0-why"] == "mine"
    again = controls(gone.content.decode())
    assert (again["p0-code"], again["p0-a"], again["p0-why"]) == ("c1", "subcision", "mine")


def test_a_pair_is_removed(keeper, small):
    answer = post(keeper, opened(keeper), "remove", address=ADDRESS)

    assert answer.status_code == 302
    assert drafting.rows("pairs") == []


def test_a_new_pair_is_called_after_the_last():
    assert next_code(["c1", "c132", "own", "cx"]) == "c133"
