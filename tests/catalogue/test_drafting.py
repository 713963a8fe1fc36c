"""The draft a row at a time: checked, all or nothing, and never over somebody else's work."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from clinic.catalogue import documents, drafting, services
from clinic.catalogue.errors import CatalogueRefused, RowMoved, RowRefused
from clinic.catalogue.models import PairRule, Requirement, Treatment
from tests.catalogue.small import write_small

RULE = ("safety_rules", "ISO-1")


@pytest.fixture
def small(tmp_path, db):
    return services.load(write_small(tmp_path))


def read(section, code):
    row = drafting.read(section, code)
    return row, drafting.token(row)


def refused(section, row, seen):
    before = documents.draft()
    with pytest.raises(RowRefused) as refusal:
        drafting.save(section, row, seen=seen)
    assert documents.draft() == before
    return {one.path: one.reason for one in refusal.value.problems}


def test_a_row_is_read_as_the_document_has_it(small):
    document = documents.draft()

    for section in documents.TABLES:
        assert drafting.rows(section) == document[section]
    assert drafting.read("treatments", "laser") in document["treatments"]
    assert drafting.read("treatments", "leeches") is None


def test_a_saved_row_is_the_draft_and_touches_no_other(small):
    before = documents.draft()
    row, seen = read("treatments", "subcision")
    row["indications"][0]["effectiveness"] = 3
    row["requires"] = []

    kept = drafting.save("treatments", row, seen=seen)

    assert drafting.read("treatments", "subcision") == kept
    [change] = drafting.changes(before, documents.draft())
    assert [(one.label, one.before, one.after) for one in change.fields] == [
        ("Needs", "A needle", ""),
        ("Indication Rolling: effectiveness", "4: First choice or strongest", "3: Good"),
        ("Indication Rolling: how far verified", "Verified", "Not verified"),
    ]


def test_every_fault_of_a_row_is_told_with_its_place_and_nothing_is_saved(small):
    row, seen = read("treatments", "subcision")
    row["skill"] = "NOPE"
    row["figures"][1] |= {"min": 4}
    row["indications"][0]["effectiveness"] = 5

    assert refused("treatments", row, seen) == {
        ("skill",): "there is no NOPE in families",
        ("figures", 1, "min"): "min 4 is above typical 2",
        ("indications", 0, "effectiveness"): "5 is over 4",
    }


def test_a_row_that_others_rely_on_is_refused_with_their_names(small):
    row, seen = read("questions", "isotretinoin")
    row["parts"].pop(1)

    told = refused("questions", row, seen)

    assert "safety rule “Isotretinoin” (ISO-1), clause 1, until, fact:" in told[()]
    assert "no question feeds a date called isotretinoin.last_dose" in told[()]


def test_a_contradiction_is_told_at_the_row_that_brings_it(small):
    row, _ = read("pairs", "c1")
    row |= {"code": "c2", "relation": "avoid", "first": None, "weeks": None}

    told = refused("pairs", row, None)

    assert "ban it" in told[("relation",)]


def test_a_new_row_may_not_take_the_code_of_another(small):
    row, _ = read("sources", "gk")

    assert "taken by “General knowledge”" in refused("sources", row, None)[("code",)]


def test_a_row_that_somebody_saved_meanwhile_is_not_overwritten(small):
    mine, seen = read("pairs", "c1")
    drafting.save("pairs", mine | {"why": "theirs"}, seen=seen)

    with pytest.raises(RowMoved) as moved:
        drafting.save("pairs", mine | {"why": "mine"}, seen=seen)

    assert moved.value.theirs["why"] == "theirs"
    assert [one.label for one in moved.value.changes] == ["Reason"]
    assert drafting.read("pairs", "c1")["why"] == "theirs"


def test_a_row_in_use_stays_and_its_users_are_named(small):
    row, seen = read("words", "on_isotretinoin")
    with pytest.raises(RowRefused, match=r"still needed: .*“Subcision” \(subcision\)"):
        drafting.remove("words", "on_isotretinoin", seen=seen)

    _, seen = read("pairs", "c1")
    drafting.remove("pairs", "c1", seen=seen)

    assert drafting.read("words", "on_isotretinoin") == row
    assert drafting.read("pairs", "c1") is None


def test_a_treatment_is_withdrawn_and_reinstated_but_never_removed(small):
    _, seen = read("treatments", "laser")
    with pytest.raises(RowRefused, match="withdrawn, never removed"):
        drafting.remove("treatments", "laser", seen=seen)

    kept = drafting.withdraw("laser", seen=seen)
    assert Treatment.objects.get(code="laser").withdrawn

    drafting.reinstate("laser", seen=drafting.token(kept))
    assert not Treatment.objects.get(code="laser").withdrawn


def test_a_broken_document_changes_nothing(small):
    before = documents.draft()
    broken = documents.draft()
    broken["pairs"][0]["a"] = "leeches"
    broken["sources"].pop()

    with pytest.raises(CatalogueRefused, match="there is no leeches"):
        drafting.apply(broken)

    assert documents.draft() == before


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_save_one_row_at_once_one_is_told(tmp_path):
    services.load(write_small(tmp_path))
    row, seen = read("pairs", "c1")
    both_ready = Barrier(2)

    def save(words):
        both_ready.wait()
        try:
            return drafting.save("pairs", row | {"why": words}, seen=seen)["why"]
        except RowMoved as moved:
            return moved
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(save, ["one", "other"]))

    [told] = [one for one in answers if isinstance(one, RowMoved)]
    [kept] = [one for one in answers if isinstance(one, str)]
    assert drafting.read("pairs", "c1")["why"] == told.theirs["why"] == kept


def test_what_was_taken_back_in_one_table_is_not_seen_after_an_edit_of_another(small):
    with transaction.atomic():
        PairRule.objects.filter(code="c1").update(why="taken back")
        assert [one.code for one in drafting.draft_state().changes] == ["c1"]
        transaction.set_rollback(True)

    Requirement.objects.filter(code="needle").update(name="A longer needle")

    assert [one.code for one in drafting.draft_state().changes] == ["needle"]


# ---- what a changed value claims


def claimed(section, code, **fields):
    """How far a row counts as verified once these fields of it were saved."""
    row, seen = read(section, code)
    return drafting.save(section, row | fields, seen=seen)["verification"]


def test_a_changed_value_is_not_verified_by_where_the_old_one_was_read(small):
    drafting.save("sources", {"code": "box", "title": "The box", "how": "read"}, seen=None)
    milder = [clause | {"effect": "CAUTION"} for clause in read(*RULE)[0]["clauses"]]
    documents_named = ["box", "smith2020"]

    assert claimed("pairs", "c1", why="in other words") == "V"
    assert claimed("pairs", "c1", weeks={"min": 1, "typical": 3}) == "gk"
    assert read("pairs", "c1")[0]["sources"] == ["smith2020"]
    assert claimed("pairs", "c1", verification="V") == "V"  # somebody read it again
    assert claimed("pairs", "c1", weeks={"min": 1, "typical": 2}, sources=documents_named) == "V"
    assert claimed(*RULE, clauses=milder, verification="P") == "gk"


def test_the_items_of_a_row_lose_only_their_own_marks(small):
    row, seen = read("treatments", "subcision")
    told = {"kind": "note", "text": "new", "verification": "V", "sources": ["smith2020"]}
    row["statements"].insert(0, told)
    sessions = next(one for one in row["figures"] if one["kind"] == "sessions")
    sessions["max"] = 2

    kept = drafting.save("treatments", row, seen=seen)

    assert [one["verification"] for one in kept["statements"]] == ["V", "gk", "gk"]
    assert {one["kind"]: one["verification"] for one in kept["figures"]} == {
        "price": "gk",
        "sessions": "gk",
    }
    assert kept["indications"][0]["verification"] == "V"
    assert kept["fitzpatrick"]["verification"] == "P"


def test_a_whole_document_is_held_to_the_same_but_what_was_published_comes_back(small):
    document = documents.draft()
    document["pairs"][0]["weeks"] = {"min": 1, "typical": 1}
    drafting.apply(document)
    assert read("pairs", "c1")[0]["verification"] == "gk"

    drafting.undo("pairs", "c1", seen=read("pairs", "c1")[1])
    assert read("pairs", "c1")[0]["verification"] == "V"

    drafting.apply(document)
    drafting.restore(small, seen=drafting.draft_state().hash)
    assert documents.draft() == small.document
