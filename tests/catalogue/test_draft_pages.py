"""The draft's pages: what they show, whom they ask, and what they refuse."""

import pytest
from django.urls import reverse

from clinic.catalogue import drafting, services
from clinic.catalogue.models import LoweringRequest, Version
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_approved_plan, make_user

RULE = ("safety_rules", "ISO-1")


@pytest.fixture
def small(tmp_path, db):
    return services.load(write_small(tmp_path))


@pytest.fixture
def admin(client, small):
    user = make_user(Role.CATALOGUE_ADMIN, name="Ada Keller")
    client.force_login(user, "clinic.staff.backends.RoleBackend")
    return user


def edit(section, code, **values):
    row = drafting.read(section, code)
    return drafting.save(section, row | values, seen=drafting.token(row))


def lower():
    clauses = [one | {"effect": "CAUTION"} for one in drafting.read(*RULE)["clauses"]]
    return edit(*RULE, clauses=clauses)


def at(name, *args):
    return reverse(f"catalogue:{name}", args=args)


def shown(client, name, *args, **query):
    response = client.get(at(name, *args), query)
    assert response.status_code == 200
    return response.content.decode()


def hash_now():
    return drafting.draft_state().hash


def test_the_draft_shows_each_change_in_words_and_undoes_one(client, admin):
    kept = edit("treatments", "laser", name="Laser, the new one")
    edit("pairs", "c1", weeks={"min": 3, "typical": 6})

    page = shown(client, "draft")
    seen = drafting.token(kept)
    client.post(at("undo"), {"section": "treatments", "code": "laser", "seen": seen})

    assert "2 changes since version 1" in page
    assert "Weeks: least" in page
    assert "1 unpublished change in the draft" in shown(client, "treatments")
    assert [one.code for one in drafting.draft_state().changes] == ["c1"]


def test_an_undo_of_a_row_that_somebody_changed_since_does_nothing(client, admin):
    seen = drafting.token(edit("treatments", "laser", name="Once"))
    edit("treatments", "laser", name="Twice")

    answer = client.post(
        at("undo"), {"section": "treatments", "code": "laser", "seen": seen}, follow=True
    )

    assert "Somebody else changed this row" in answer.content.decode()
    assert drafting.read("treatments", "laser")["name"] == "Twice"


def test_readers_see_versions_but_no_draft(client, admin):
    edit("treatments", "laser", name="Another")
    client.force_login(make_user(Role.FRONT_DESK), "clinic.staff.backends.RoleBackend")

    assert "unpublished" not in shown(client, "versions")
    answer = client.get(at("compare"), {"old": "1", "new": "draft"})

    assert answer.status_code == 422
    assert client.get(at("draft")).status_code == 403


def test_a_version_is_published_with_words_and_compared(client, admin):
    edit("treatments", "laser", name="Another laser")

    refused = client.post(at("publish"), {"seen": hash_now(), "words": ""})
    client.post(at("publish"), {"seen": hash_now(), "words": "As on its box."})

    assert (refused.status_code, Version.objects.count()) == (422, 2)
    assert "Say in a few words" in refused.content.decode()
    newest = Version.objects.in_force()
    assert (newest.words, newest.published_by) == ("As on its box.", admin)
    assert "As on its box." in shown(client, "versions")
    assert "Another laser" in shown(client, "compare", old="1", new="2")


def test_a_form_about_an_older_draft_is_refused_and_keeps_what_was_typed(client, admin):
    edit("treatments", "laser", name="Another")
    seen = hash_now()
    edit("pairs", "c1", why="because")

    answer = client.post(at("publish"), {"seen": seen, "words": "All I typed"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The draft changed after you opened this page" in page
    assert "All I typed" in page
    assert f'value="{hash_now()}"' in page


def test_errors_leave_no_way_to_publish(client, admin):
    never = {"all": [{"fact": "patient.age", "lt": 5}, {"fact": "patient.age", "gt": 9}]}
    edit("words", "on_isotretinoin", when=never)

    page = shown(client, "publish")

    assert "Correct first" in page
    assert "Never holds for anybody" in page
    assert "Publish version 2</button>" not in page


def test_lower_safety_is_asked_of_another_who_sees_it_and_declines(client, admin):
    lower()
    asked = {"seen": hash_now(), "words": "Milder.", "reason": "New label."}
    without = client.post(at("publish"), asked | {"reason": ""})
    publishing = shown(client, "publish")
    client.post(at("publish"), asked)
    request = LoweringRequest.objects.get()

    by_self = client.post(at("lowering", request.pk), {"agreed": "true"})
    other = make_user(Role.CLINICIAN)
    client.force_login(other, "clinic.staff.backends.RoleBackend")
    banner, page = shown(client, "safety"), shown(client, "lowering", request.pk)
    today = client.get(reverse("today")).content.decode()
    silent = client.post(at("lowering", request.pk), {"words": ""})
    client.post(at("lowering", request.pk), {"words": "Not with our patients."})

    assert "Say why safety may be lowered" in without.content.decode()
    assert by_self.status_code == 422
    assert "asks a second person" in banner
    assert "New label." in page
    assert f'href="{at("safety")}#ISO-1"' in page
    assert 'href="#change-safety_rules-ISO-1"' in page
    assert 'id="change-safety_rules-ISO-1"' in page
    assert "Sources: " in page
    assert reverse("impact:preview") in page
    assert reverse("impact:preview") in publishing
    assert today.index("Lower safety to confirm") < today.index("Plans to sign")
    assert "Contraindicated" in page
    assert "Say why you decline" in silent.content.decode()
    assert (request.answer.agreed, request.answer.answered_by) == (False, other)
    assert Version.objects.count() == 1


def test_restoring_says_what_is_lost_and_asks_before_it_is(client, admin):
    edit("treatments", "laser", name="Second")
    services.publish(by=admin, words="x")
    edit("pairs", "c1", why="typed for hours")

    page = shown(client, "restore", 1)
    refused = client.post(at("restore", 1), {"seen": hash_now()})
    client.post(at("restore", 1), {"seen": hash_now(), "lose": "on"})

    assert "typed for hours" in page
    assert (refused.status_code, drafting.read("pairs", "c1")["why"]) == (422, "release first")
    assert drafting.read("treatments", "laser")["name"] == "Laser"
    assert Version.objects.in_force().number == 2


def test_discarding_shows_what_goes_and_refuses_what_came_since(client, admin):
    edit("treatments", "laser", name="Another")
    seen = hash_now()
    edit("pairs", "c1", why="since")

    refused = client.post(at("discard"), {"seen": seen})
    client.post(at("discard"), {"seen": hash_now()})

    assert refused.status_code == 422
    assert not drafting.draft_state().is_changed


def test_a_signed_plan_keeps_its_version_when_others_are_published_and_restored(
    client, tmp_path, db
):
    plan = make_approved_plan()
    signed_with = (plan.catalogue_version.number, plan.catalogue_version.hash)
    loaded = services.load(write_small(tmp_path), overwrite=True)
    client.force_login(make_user(Role.CATALOGUE_ADMIN), "clinic.staff.backends.RoleBackend")
    edit("treatments", "laser", name="Another laser")
    client.post(at("publish"), {"seen": hash_now(), "words": "Renamed."})
    client.post(at("restore", loaded.number), {"seen": hash_now()})
    client.post(at("publish"), {"seen": hash_now(), "words": "Back."})

    plan.refresh_from_db()

    assert Version.objects.in_force().number == loaded.number + 2
    assert (plan.catalogue_version.number, plan.catalogue_version.hash) == signed_with
