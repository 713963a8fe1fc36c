"""From the draft to a version: what stops it, who answers for lower safety, and the way back."""

import io

import pytest
from django.core.management import call_command

from clinic.catalogue import documents, drafting, services
from clinic.catalogue.errors import (
    CatalogueRefused,
    DraftMoved,
    EditedByTheClinic,
    NotAnswerable,
    NotConfirmed,
)
from clinic.catalogue.models import Treatment, Version
from clinic.catalogue.reading import book
from clinic.staff.roles import Role
from tests.catalogue.small import SMALL, write_small
from tests.factories import make_user


@pytest.fixture
def version(tmp_path, db):
    return services.load(write_small(tmp_path))


@pytest.fixture
def admin(db):
    return make_user(Role.CATALOGUE_ADMIN)


def edit(section, code, **values):
    row = drafting.read(section, code)
    return drafting.save(section, row | values, seen=drafting.token(row))


def lower():
    row = drafting.read("safety_rules", "ISO-1")
    row["clauses"][1]["effect"] = "CAUTION"
    return drafting.save("safety_rules", row, seen=drafting.token(drafting.read(*RULE)))


RULE = ("safety_rules", "ISO-1")


def ask(by):
    seen = drafting.draft_state().hash
    return services.ask(by=by, words="Softer.", reason="New label.", seen=seen)


def test_the_draft_knows_what_stands_between_it_and_the_version_in_force(version):
    unchanged = drafting.draft_state()
    edit("treatments", "laser", name="Laser, the new one")
    edit("pairs", "c1", why="because")

    state = drafting.draft_state()

    assert (unchanged.is_changed, unchanged.changes) == (False, [])
    assert [(one.section, one.code, one.kind) for one in state.changes] == [
        ("treatments", "laser", "changed"),
        ("pairs", "c1", "changed"),
    ]
    assert drafting.draft_state() is state


def test_publishing_needs_words_and_the_draft_that_was_looked_at(version, admin):
    seen = drafting.draft_state().hash
    edit("treatments", "laser", name="Laser, the new one")

    with pytest.raises(DraftMoved):
        services.publish(by=admin, words="Named.", seen=seen)
    with pytest.raises(CatalogueRefused, match="Say what changed"):
        services.publish(by=admin, words="  ", seen=drafting.draft_state().hash)
    newer = services.publish(by=admin, words="Named.", seen=drafting.draft_state().hash)

    assert (newer.number, newer.published_by, newer.words) == (2, admin, "Named.")
    assert not drafting.draft_state().is_changed


def test_a_rule_that_nobody_can_meet_stops_publishing(version, admin):
    row = drafting.read(*RULE)
    never = [{"fact": "patient.age", "lt": 5}, {"fact": "patient.age", "gt": 9}]
    edit(*RULE, clauses=[row["clauses"][0], row["clauses"][1] | {"when": {"all": never}}])

    with pytest.raises(CatalogueRefused, match=r"“Isotretinoin” \(ISO-1\), never holds"):
        services.publish(by=admin, words="x")


def test_lower_safety_waits_for_a_second_person_who_publishes_it(version, admin):
    clinician = make_user(Role.CLINICIAN)
    lower()
    with pytest.raises(NotConfirmed) as told:
        services.publish(by=admin, words="Softer.")

    request = ask(admin)
    with pytest.raises(NotAnswerable, match="asked for it yourself"):
        services.answer(request=request, by=admin, agreed=True)
    assert Version.objects.in_force() == version
    assert services.waiting_request() == request
    newer = services.answer(request=request, by=clinician, agreed=True)

    assert [one.code for one in told.value.lowered] == ["ISO-1"]
    assert (newer.published_by, newer.lowering, newer.words) == (admin, request, "Softer.")
    assert request.answer.answered_by == clinician
    assert services.waiting_request() is None


def test_an_edit_after_the_request_voids_it(version, admin):
    lower()
    request = ask(admin)
    edit("treatments", "laser", name="Another")

    assert services.waiting_request() is None
    with pytest.raises(NotAnswerable, match="request is void"):
        services.answer(request=request, by=make_user(Role.CLINICIAN), agreed=True)
    assert Version.objects.in_force() == version


def test_a_second_person_who_declines_says_why_and_nothing_is_published(version, admin):
    clinician = make_user(Role.CLINICIAN)
    lower()
    request = ask(admin)

    with pytest.raises(CatalogueRefused):
        services.answer(request=request, by=clinician, agreed=False)
    services.answer(request=request, by=clinician, agreed=False, words="Not with our patients.")

    assert Version.objects.in_force() == version
    with pytest.raises(NotAnswerable, match="answered this request already"):
        services.answer(request=request, by=clinician, agreed=True)


def test_one_row_goes_back_and_the_others_stay_edited(version):
    laser = edit("treatments", "laser", name="Another")
    edit("pairs", "c1", why="because")
    drafting.remove(*RULE, seen=drafting.token(drafting.read(*RULE)))
    added = drafting.save("sources", {"code": "new", "title": "New", "how": "read"}, seen=None)

    drafting.undo("treatments", "laser", seen=drafting.token(laser))
    drafting.undo(*RULE, seen="")
    drafting.undo("sources", "new", seen=drafting.token(added))

    assert [one.code for one in drafting.draft_state().changes] == ["c1"]


def test_discarding_puts_everything_back_but_only_what_was_seen(version):
    edit("treatments", "laser", name="Another")
    seen = drafting.draft_state().hash
    edit("pairs", "c1", why="because")

    with pytest.raises(DraftMoved):
        drafting.discard(seen=seen)
    drafting.discard(seen=drafting.draft_state().hash)

    assert documents.draft() == book(version).document


def test_an_earlier_version_comes_back_as_a_draft_and_keeps_newer_treatments(version, admin):
    laser = drafting.read("treatments", "laser")
    source = {"code": "box", "title": "The box", "how": "read"}
    drafting.save("sources", source, seen=None)
    statement = {"kind": "note", "text": "n", "verification": "V", "sources": ["box"]}
    drafting.save("treatments", laser | {"code": "new", "statements": [statement]}, seen=None)
    edit("pairs", "c1", why="because")
    services.publish(by=None, words="A new laser.")

    kept = drafting.restore(version, seen=drafting.draft_state().hash)

    assert kept == ["new"]
    assert Treatment.objects.get(code="new").withdrawn
    assert drafting.read("pairs", "c1")["why"] == "release first"
    assert drafting.read("sources", "box") is not None
    third = services.publish(by=admin, words="Back.")
    assert (third.number, book(third).row("treatments", "new")["withdrawn"]) == (3, True)


MARKS = {"verification": "conv", "sources": ["gk"]}
LASTING = {
    "regions": {
        "code": "chin",
        "name": "Chin",
        "sides": ["M"],
        "views": ["F"],
        "field": "chin",
        "area": "face",
    },
    "scales": {"code": "depth", "name": "Depth", **MARKS},
    "instruments": {"code": "dlqi", "name": "DLQI", **MARKS, "sources": ["box"]},
    "strategies": {
        "code": "balanced",
        "name": "Balanced",
        "text": "A middle way.",
        "weights": dict.fromkeys(
            ["improvement", "downtime", "cost", "visits", "weeks", "pigment"], 1
        ),
        "min_share": 0.5,
        "min_gain": 1,
        "verification": "conv",
    },
    "calibration": {"code": "ideal_weight.from_bmi", "value": 30, "text": "BMI", **MARKS},
}


def test_what_records_and_the_planner_name_outlasts_every_whole_document(version, tmp_path):
    drafting.save("sources", {"code": "box", "title": "The box", "how": "read"}, seen=None)
    for section, row in LASTING.items():
        drafting.save(section, row, seen=None)
    services.publish(by=None)

    drafting.restore(version, seen=drafting.draft_state().hash)
    services.load(tmp_path, overwrite=True)

    for section, row in LASTING.items():
        assert drafting.read(section, row["code"]), section
    assert drafting.read("sources", "box")
    assert drafting.draft_state().is_sound


def test_an_upgrade_keeps_an_unpublished_draft_and_says_so(tmp_path, version):
    edit("treatments", "laser", name="Our laser")
    before = documents.draft()
    write_small(tmp_path, SMALL.replace("why: release first", "why: newer"))
    told = io.StringIO()

    call_command("load_catalogue", tmp_path, stdout=told)

    assert documents.draft() == before
    assert Version.objects.in_force() == version
    assert "has edited this catalogue" in told.getvalue()


def test_an_upgrade_leaves_a_clinic_that_went_back_to_the_files_on_its_own_version(
    tmp_path, version, admin
):
    edit("treatments", "laser", name="Our laser")
    services.publish(by=admin, words="Ours.")
    drafting.restore(version, seen=drafting.draft_state().hash)
    write_small(tmp_path, SMALL.replace("why: release first", "why: newer"))

    with pytest.raises(EditedByTheClinic):
        services.load(tmp_path)


def test_a_treatment_that_left_the_files_is_withdrawn_and_not_deleted(tmp_path, version):
    shorter = SMALL.replace("code: laser,", "code: other_laser,").replace("laser]", "other_laser]")
    shorter = shorter.replace("b: laser", "b: other_laser").replace("[laser]", "[other_laser]")
    write_small(tmp_path, shorter)

    newer = services.load(tmp_path)

    rows = book(newer).rows("treatments")
    assert (rows["laser"]["withdrawn"], rows["other_laser"]["withdrawn"]) == (True, False)
