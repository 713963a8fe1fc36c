"""What became of each row, as people read it; the events are the database's own."""

import pghistory
import pytest
from django.urls import reverse

from clinic.catalogue import documents, drafting, history_views, services
from clinic.catalogue.errors import RowMoved
from clinic.catalogue.history_reading import steps
from clinic.catalogue.models import Indication
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_user


@pytest.fixture
def small(tmp_path, db):
    """Contexts tell the deeds apart: a test is one transaction, whose clock stands still."""
    with pghistory.context(deed="load"):
        return services.load(write_small(tmp_path))


@pytest.fixture
def admin(client, small):
    user = make_user(Role.CATALOGUE_ADMIN, name="Ada Keller")
    client.force_login(user, "clinic.staff.backends.RoleBackend")
    return user


def edit(by, section, code, **values):
    with pghistory.context(user=str(by.pk)):
        row = drafting.read(section, code)
        return drafting.save(section, row | values, seen=drafting.token(row))


def changes(section, code):
    names = drafting.Names(drafting.book())
    return [
        [(one.label, one.before, one.after) for one in step.change(names).fields]
        for step in steps(section, [code])[code]
    ]


@pytest.mark.parametrize("section", ["treatments", "pairs", "families", "safety_rules", "words"])
def test_the_events_of_a_row_lead_to_the_row_as_it_is(small, section):
    for row in drafting.rows(section):
        [step] = steps(section, [row["code"]])[row["code"]]
        assert (step.before, step.after) == (None, row)


def test_a_change_of_a_part_and_of_its_sources_is_in_the_history_of_its_row(admin):
    row = drafting.read("treatments", "subcision")
    edit(
        admin, "treatments", "subcision", indications=[row["indications"][0] | {"effectiveness": 2}]
    )
    with pghistory.context(user=str(admin.pk)):
        Indication.objects.get().sources.set(["gk"])

    assert changes("treatments", "subcision")[1:] == [
        [
            ("Indication Rolling: effectiveness", "4: First choice or strongest", "2: Moderate"),
            ("Indication Rolling: how far verified", "Verified", "Not verified"),
        ],
        [("Indication Rolling: sources", "smith2020", "gk")],
    ]


def test_a_row_that_went_and_came_back_says_so(client, admin):
    row = edit(admin, "pairs", "c1", why="because")
    with pghistory.context(user=str(admin.pk)):
        drafting.remove("pairs", "c1", seen=drafting.token(row))
    with pghistory.context(user=str(admin.pk)):
        drafting.undo("pairs", "c1", seen="")

    kinds = [(one.before is None, one.after is None) for one in steps("pairs", ["c1"])["c1"]]
    page = client.get(reverse("catalogue:row_history", args=["pairs", "c1"])).content.decode()

    assert kinds == [(True, False), (False, False), (False, True), (True, False)]
    assert page.count("Ada Keller") >= 3
    assert "Subcision and Laser" in page


def test_whoever_comes_second_is_told_who_changed_what_since(admin):
    other = make_user(Role.CATALOGUE_ADMIN, name="Ben Ortiz")
    row = drafting.read("pairs", "c1")
    seen = drafting.token(row)
    edit(other, "pairs", "c1", why="theirs")

    with pytest.raises(RowMoved, match="Ben Ortiz changed this row") as moved:
        drafting.save("pairs", row | {"weeks": {"min": 3, "typical": 5}}, seen=seen)

    assert [(one.label, one.before, one.after) for one in moved.value.changes] == [
        ("Reason", "release first", "theirs")
    ]


def test_the_log_is_narrowed_by_what_who_and_when(client, admin):
    other = make_user(Role.CATALOGUE_ADMIN, name="Ben Ortiz")
    edit(admin, "pairs", "c1", why="a reason of Ada")
    edit(other, "treatments", "laser", aliases=["a word of Ben"])

    def log(**query):
        return client.get(reverse("catalogue:history"), query).content.decode()

    assert "a reason of Ada" in log(section="pairs")
    assert "a word of Ben" not in log(section="pairs")
    assert "a word of Ben" in log(user=str(other.pk))
    assert "a reason of Ada" not in log(user=str(other.pk))
    assert "No change like that" in log(until="2020-01-01")
    assert "Give a day before the year 3000" in log(until="9999-12-31")
    assert "Give a day after 1900" in log(since="0001-01-01")
    assert "changes, newest first" in log(since="2020-01-01", code="laser")


def test_a_big_write_of_one_change_counts_as_one_and_leaves_no_page_empty(
    client, admin, monkeypatch
):
    monkeypatch.setattr(history_views, "PER_PAGE", 5)

    def pages():
        first = client.get(reverse("catalogue:history")).context["page_obj"].paginator
        asked = [client.get(reverse("catalogue:history"), {"page": at}) for at in first.page_range]
        return first.count, [len(one.context["entries"]) for one in asked]

    before, _ = pages()
    document = documents.draft()
    document["treatments"][0]["aliases"] = ["another word"]
    with pghistory.context(user=str(admin.pk)):
        drafting.apply(document)
    after, shown = pages()

    assert after == before + 1
    assert sum(shown) == after
    assert set(shown[:-1]) == {5}


def test_the_front_desk_reads_no_history(client, small):
    client.force_login(make_user(Role.FRONT_DESK), "clinic.staff.backends.RoleBackend")

    assert client.get(reverse("catalogue:history")).status_code == 403
