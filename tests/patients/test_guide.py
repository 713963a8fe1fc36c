"""The decision rule as questions: each way through it ends in the type that the rule gives."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from patients import definitions, guide
from tests.factories import make_assessment, make_user, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule():
    make_version()
    return definitions.in_force().scales["scar_type_rule"]


DIP = {"palpable": "yes", "raised": "no", "complex": "none"}
SHARP = DIP | {"wall": "sharp"}
BUMP = {"palpable": "yes", "raised": "yes", "beyond_original_outline": "no"}


@pytest.mark.parametrize(
    ("answers", "place", "type_"),
    [
        ({"palpable": "no", "colour": "brown"}, "", "mark_pih"),
        ({"palpable": "no", "colour": "red"}, "", "mark_pie"),
        ({"palpable": "no", "colour": "pale"}, "", "mark_hypo"),
        (BUMP | {"beyond_original_outline": "yes"}, "", "keloid"),
        (BUMP, "", "hypertrophic"),
        (BUMP, "malar.L", "hypertrophic"),
        (BUMP | {"width_mm": "small"}, "chin.M", "papular"),
        (BUMP | {"width_mm": "large"}, "chin.M", "hypertrophic"),
        (DIP | {"complex": "band"}, "", "bridge"),
        (DIP | {"complex": "tract"}, "", "tunnel"),
        (DIP | {"wall": "sloping"}, "", "rolling"),
        (SHARP | {"base": "pointed"}, "", "ice_pick"),
        (SHARP | {"base": "flat", "depth_mm": "shallow"}, "", "boxcar_shallow"),
        (SHARP | {"base": "flat", "depth_mm": "deep"}, "", "boxcar_deep"),
        (SHARP | {"base": "flat", "depth_mm": "unknown"}, "", "boxcar_unspecified"),
    ],
)
def test_each_way_ends_in_its_type(rule, answers, place, type_):
    found = guide.walk(answers, rule, place)

    assert (found.type, found.step) == (type_, None)
    assert [one.step.code for one in found.answered] == list(answers)


def test_every_way_through_ends_and_no_question_comes_twice(rule):
    ends, ways = set(), [{}]
    while ways:
        answers = ways.pop()
        for place in ("", "chin.M"):
            found = guide.walk(answers, rule, place)
            asked = [one.step.code for one in found.answered]
            assert len(asked) == len(set(asked)) <= 6
            if found.step is None:
                ends.add(found.type)
            else:
                ways += [answers | {found.step.code: one.code} for one in found.step.choices]

    assert None not in ends
    assert {"ice_pick", "boxcar_shallow", "boxcar_deep", "rolling", "keloid", "mark_pie"} <= ends


def test_an_answer_that_nobody_asked_for_changes_nothing(rule):
    found = guide.walk({"wall": "sharp", "base": "flat", "colour": "nonsense"}, rule)

    assert found.step.code == "palpable"


def test_the_guide_is_a_page_of_its_own_without_scripts(client, rule):
    client.force_login(make_user())
    draft = make_assessment()

    page = client.get(reverse("patients:guide", args=[draft.pk]), SHARP | {"base": "pointed"})
    back = client.get(draft.get_absolute_url(), {"kind": "ice_pick", "place": "malar.L"})

    assert "Ice pick" in page.content.decode()
    assert (
        'id="kind-ice_pick" data-key="I" data-asks="distensible" checked' in back.content.decode()
    )


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_keys_lead_through_the_guide_to_a_saved_entry(tablet, live_server, sign_in, axe):
    make_version()
    clinician = make_user()
    draft = make_assessment(by=clinician)
    sign_in(tablet, clinician)
    tablet.goto(f"{live_server.url}{draft.get_absolute_url()}")
    tablet.locator("[data-view=F] [data-place='malar.L']").tap()

    tablet.keyboard.press("?")
    for question, key in (
        ("Felt with the eyes closed?", "1"),
        ("Above or below", "2"),
        ("A band of skin", "1"),
        ("Sharp wall?", "1"),
        ("Flat base?", "1"),
    ):
        expect(tablet.locator("#h-guide")).to_contain_text(question)
        expect(tablet.locator("#h-guide")).to_be_focused()
        tablet.keyboard.press(key)
    expect(tablet.locator("#h-guide")).to_contain_text("How deep?")
    axe(tablet)
    tablet.get_by_role("link", name="0.5 mm or more").tap()
    expect(tablet.locator("#h-guide")).to_have_text("Deep boxcar")
    tablet.get_by_role("link", name="Use this type").tap()
    expect(tablet.locator("#kind-boxcar_deep")).to_be_checked()
    tablet.keyboard.press("1")

    expect(tablet.locator("#h-logged")).to_have_text("Logged (1)")
    assert draft.findings.get().scar_type == "boxcar_deep"
