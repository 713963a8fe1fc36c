"""The page of one treatment's draft: all of it saved or none, and nothing verified by accident."""

import re

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.catalogue import drafting, services
from clinic.catalogue.checks import SECTIONS
from clinic.catalogue.terms import Verification
from clinic.catalogue.treatment_entries import flat, read
from clinic.catalogue.treatment_support import claim
from clinic.staff.roles import Role
from tests.catalogue.small import SMALL, write_small
from tests.factories import make_user, shipped


@pytest.fixture
def admin(client, db):
    client.force_login(make_user(Role.CATALOGUE_ADMIN), "clinic.staff.backends.RoleBackend")
    return client


@pytest.fixture
def small(tmp_path, db):
    return services.load(write_small(tmp_path, SMALL.replace("sources:\n", OWN, 1)))


OWN = "sources:\n  - {code: clinic_default, title: The clinic's own, how: a default}\n"
URL = "/catalogue/treatments/subcision/edit/"


def subcision():
    return drafting.read("treatments", "subcision")


def opened(client, url=URL) -> dict:
    """The entries as a page shows them, to be posted back."""
    page = client.get(url)
    assert page.status_code == 200
    return {"base": page.context["base"], **page.context["sheet"].entries}


def post(client, entries, url=URL, **changes):
    data = {name: value for name, value in {**entries, **changes}.items() if value != []}
    return client.post(url, data)


def saved(client, entries, url=URL, **changes):
    answer = post(client, entries, url, **changes)
    assert answer.status_code == 302, refusals(answer)
    return answer


def refusals(answer) -> dict:
    return answer.context["sheet"].errors if answer.context else {}


def figure(row, kind):
    return next(one for one in row["figures"] if one["kind"] == kind)


def marks(item):
    return item["verification"], item["sources"]


# ---- saving


def test_the_answer_to_a_save_opens_at_its_top_with_what_is_told(admin, small):
    shown = admin.get(URL).content.decode()

    assert f'<form method="post" action="{URL}"' in shown  # a section's anchor is not sent along


def test_what_is_saved_untouched_stays_as_it_was(admin, small):
    before = subcision()

    saved(admin, opened(admin))

    assert subcision() == before
    assert services.publish(by=None).number == small.number


TYPED_WRONG = {
    "f-price-typical": ("-1", "cannot be negative"),
    "f-price-max": ("1.005", "two decimals"),
    "f-sessions-max": ("3 or 4", "no number"),
    "i-rolling-any-worth": ("5", "4 is the ceiling"),
    "i-boxcar-deep-meaning": ("good", "Say how well"),
    "c-0-sources": ("", "Name a source"),
    "order": ("6", "0 to 5"),
    "name": (" ", "Give it a name"),
}
UNSOUND = {
    "f-sessions-min": ("5", "above"),
    "i-rolling-any-sources": ("nobody1999", "no nobody1999"),
    "requires": (["needle", "hammer"], "no hammer"),
    "c-0-word": ("rubbish", "no rubbish"),
    "skill": ("NOBODY", "no NOBODY"),
    "kind": ("magic", "not one of"),
}
ELSEWHERE = {"i-boxcar-deep-meaning": "i-boxcar-deep-worth"}


@pytest.mark.parametrize("wrong", [TYPED_WRONG, UNSOUND], ids=["typed wrong", "unsound"])
def test_wrong_entries_are_refused_beside_their_fields_and_nothing_is_saved(admin, small, wrong):
    before, typed = subcision(), opened(admin)

    answer = post(
        admin,
        typed,
        **{"f-downtime_days-typical": "9", **{name: value for name, (value, _) in wrong.items()}},
    )

    assert answer.status_code == 422
    shown = answer.content.decode()
    for name, (_, reason) in wrong.items():
        beside = ELSEWHERE.get(name, name)
        assert reason in " ".join(refusals(answer).get(beside, [])), name
        assert f'id="{beside}-refused"' in shown or beside == "requires"
    assert 'name="f-downtime_days-typical" id="f-downtime_days-typical" value="9"' in shown
    assert subcision() == before


# ---- what a changed value rests on


def test_a_changed_figure_does_not_stay_verified(admin, small):
    typed = opened(admin)

    answer = saved(admin, typed, **{"f-sessions-max": "5"})

    assert marks(figure(subcision(), "sessions")) == ("clinic_default", ["clinic_default"])
    told = " ".join(str(one) for one in admin.get(answer.url).context["messages"])
    assert "Sessions" in told


def test_a_changed_figure_stays_verified_where_its_source_is_named(admin, small):
    saved(admin, opened(admin), **{"f-sessions-max": "5", "f-sessions-read_in": "smith2020"})

    assert marks(figure(subcision(), "sessions")) == ("V", ["smith2020"])
    assert figure(subcision(), "sessions")["max"] == 5


@pytest.mark.parametrize("named", ["gk", "nobody1999"])
def test_a_mark_or_an_unknown_code_is_no_source_of_a_new_value(named):
    old = {"verification": "V", "sources": ["smith2020"]}

    judged = claim(old, old, same=False, read_in=named, documents={"smith2020"})

    assert "no document" in dict(judged.errors)["read_in"]


def test_a_new_value_is_not_called_verified_without_its_source(admin, small):
    new = {
        "f-downtime_days-typical": "4",
        "f-downtime_days-verification": "V",
        "f-downtime_days-sources": "smith2020",
    }

    answer = post(admin, opened(admin), **new)

    assert "Read in" in refusals(answer)["f-downtime_days-read_in"][0]
    saved(admin, opened(admin), **new, **{"f-downtime_days-read_in": "smith2020"})
    assert marks(figure(subcision(), "downtime_days")) == ("V", ["smith2020"])


def test_changed_words_and_effects_do_not_stay_verified_either(admin, small):
    row = subcision()
    row["statements"][0] |= {"verification": "V", "sources": ["smith2020"]}
    row["fitzpatrick"] |= {"verification": "V", "sources": ["smith2020"]}
    drafting.save("treatments", row, seen=drafting.token(subcision()))
    changes = {"s-0-text": "other words", "i-rolling-any-worth": "3", "k-VI": "caution"}

    saved(admin, opened(admin), **changes)

    now = subcision()
    lowered = [now["statements"][0], now["indications"][0], now["fitzpatrick"]]
    assert [marks(one) for one in lowered] == [("clinic_default", ["clinic_default"])] * 3
    assert now["indications"][0]["evidence"] == "D"


CODES = st.lists(st.sampled_from(["smith2020", "kang2009", "gk", "conv", "clinic_default"]))
CLAIMED = st.builds(
    lambda verification, sources: {"verification": verification, "sources": sources},
    st.sampled_from([term.value for term in Verification]),
    CODES,
)


@given(CLAIMED, st.none() | CLAIMED, st.sampled_from(["", "smith2020", "gk", "nobody1999"]))
def test_no_changed_value_passes_as_verified_without_a_source_named_for_it(new, old, read_in):
    documents = {"smith2020", "kang2009"}

    judged = claim(new, old, same=False, read_in=read_in, documents=documents)

    added = (set(judged.sources) - set(old["sources"] if old else ())) & documents
    named = read_in in documents or (old is not None and added)
    assert judged.errors or judged.verification not in ("V", "P") or named


# ---- two at once


def test_nobody_overwrites_what_another_saved_meanwhile(admin, small):
    typed = opened(admin)
    saved(admin, opened(admin), **{"f-sessions-max": "4", "name": "Subcision by needle"})

    answer = post(admin, typed, **{"f-sessions-typical": "3", "family": "release"})

    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else changed this treatment" in shown
    assert "Subcision became Subcision by needle" in shown
    assert subcision()["family"] == "lifting-volume"
    both = answer.context["sheet"].entries
    assert (both["name"], both["family"]) == ("Subcision by needle", "release")
    assert (both["f-sessions-typical"], both["f-sessions-max"]) == ("3", "4")
    saved(admin, {"base": answer.context["base"], **both})
    assert subcision()["family"] == "release"
    assert subcision()["name"] == "Subcision by needle"


def test_a_treatment_that_was_taken_out_meanwhile_keeps_what_was_typed(admin, small):
    typed = opened(admin)

    gone = post(admin, typed, URL.replace("subcision", "needling"), name="Needling")

    assert gone.status_code == 409
    assert "was taken out of the draft" in gone.text
    shown = gone.context["sheet"].entries
    assert (shown["code"], shown["name"]) == ("needling", "Needling")


def test_words_that_both_changed_are_kept_as_typed_and_count_as_new(admin, small):
    typed = opened(admin)
    saved(admin, opened(admin), **{"s-0-text": "theirs"})

    answer = post(admin, typed, **{"s-0-text": "mine", "s-0-verification": "V"})
    both = answer.context["sheet"].entries
    again = post(admin, {"base": answer.context["base"], **both})

    assert both["s-0-text"] == "mine"
    assert "Read in" in refusals(again)["s-0-read_in"][0]


# ---- rows, new treatments, withdrawing


def test_rows_are_added_moved_and_taken_out_without_a_script(admin, small):
    typed = opened(admin)
    for deed in ("up-s-1", "add-s", "remove-c-0"):
        answer = post(admin, typed, do=deed)
        assert answer.status_code == 200
        typed = {"base": answer.context["base"], **answer.context["sheet"].entries}

    assert typed["s"] == ["1", "0", "2"]
    assert len(subcision()["contraindications"]) == 1
    saved(admin, typed, **{"s-2-kind": "after_care", "s-2-text": "sunscreen"})
    kept = [(one["kind"], one["text"]) for one in subcision()["statements"]]
    assert kept == [("after_care", "sunscreen"), ("note", "another"), ("note", "first")]
    assert subcision()["contraindications"] == []


def test_a_new_treatment_is_made_on_the_same_page_under_a_code_of_its_own(admin, small):
    url = reverse("catalogue:new_treatment")
    new = {"code": "peel", "name": "Peel", "family": "resurfacing", "f-price-typical": "90"}

    taken = post(admin, opened(admin, url), url, **new | {"code": "laser"})
    saved(admin, opened(admin, url), url, **new)

    assert "taken" in refusals(taken)["code"][0]
    peel = drafting.read("treatments", "peel")
    assert (peel["name"], figure(peel, "price")["typical"]) == ("Peel", "90.00")


def test_a_treatment_in_use_is_withdrawn_and_reinstated_and_says_who_uses_it(admin, small):
    page = admin.get(URL)
    seen = page.context["seen"]

    assert "All that wounds" in page.content.decode()
    admin.post(URL, {"do": "withdraw", "seen": seen})
    assert subcision()["withdrawn"]
    admin.post(URL, {"do": "reinstate", "seen": seen})
    assert subcision()["withdrawn"]  # the page that was open is older than the withdrawal
    admin.post(URL, {"do": "reinstate", "seen": drafting.token(subcision())})
    assert not subcision()["withdrawn"]


def test_a_change_is_marked_against_the_version_in_force(admin, small):
    saved(admin, opened(admin), **{"f-sessions-max": "5", "s-0-text": "other words"})

    shown = admin.get(URL).content.decode()

    assert re.search(r'name="f-sessions-max"[^>]*><span class="ed-was">in force: 3<', shown)
    assert shown.count("is-new") == 1
    assert "in force" not in opened_part(shown, "f-sessions-min")


def opened_part(shown, name):
    return shown.split(f'name="{name}"')[1].split("</td>")[0]


def test_the_entries_of_every_shipped_treatment_make_the_same_treatment():
    documents = {row["code"] for row in shipped("sources")}
    for raw in shipped("treatments"):
        row = SECTIONS["treatments"].tidy(raw)
        reading = read(flat(row), row, documents)
        assert (reading.errors, reading.lowered) == ({}, [])
        assert SECTIONS["treatments"].tidy(reading.row) == row
