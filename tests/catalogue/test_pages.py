"""The catalogue's pages: they answer, and every figure shows what it rests on."""

import re

import pytest
from django.urls import reverse

from clinic.catalogue import drafting, services
from clinic.catalogue.models import PairRule, Treatment, Word
from clinic.catalogue.presenting import time_apart
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_user

PAGES = [
    "home",
    "treatments",
    "pairs",
    "safety",
    "questions",
    "scales",
    "protocols",
    "policies",
    "sources",
    "unverified",
]


@pytest.fixture
def reader(client, db):
    client.force_login(make_user(Role.FRONT_DESK), "clinic.staff.backends.RoleBackend")
    return client


@pytest.fixture
def small(tmp_path, db):
    return services.load(write_small(tmp_path))


def page(client, name, *args, **query):
    response = client.get(reverse(f"catalogue:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_answers_with_the_version_it_shows(reader, small, name):
    assert "Version 1" in page(reader, name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_answers_before_anything_is_published(reader, name):
    assert "No catalogue yet" in page(reader, name)


def test_a_treatment_shows_all_that_is_known_of_it(reader, small):
    shown = page(reader, "treatment", "subcision")

    assert "4 of 4: first choice or strongest" in shown
    assert "1 to 3, usually 2" in shown
    assert "on isotretinoin" in shown
    assert "isotretinoin: taking is yes" in shown
    assert "release first" in shown  # the pair
    assert "Wait six months." not in shown
    assert "last dose within 6 months" in shown  # the rule's clause, through a family of families
    assert "Not verified" in shown


def test_every_figure_of_a_treatment_leads_to_its_sources(reader, small):
    shown = page(reader, "treatment", "subcision")
    figures = re.search(r'id="figures".*?</table>', shown, re.S).group()

    rows = re.findall(r"<tr>.*?</tr>", figures, re.S)[1:]

    assert len(rows) == 2
    for row in rows:
        assert re.search(r'class="cat-source" href="/catalogue/sources/(smith2020|gk)/"', row)
        assert re.search(r"Verified|Not verified", row)


def test_a_rule_spares_what_it_excepts(reader, small):
    shown = page(reader, "treatment", "subcision")

    assert "Contraindicated" not in shown
    assert "Contraindicated" in page(reader, "treatment", "laser")


def test_no_word_of_the_machine_is_shown(reader, small):
    shown = page(reader, "safety") + page(reader, "treatment", "laser")

    for word in ("BLOCK", "DELAY", "OVERRIDE", "PRETREAT", "CAUTION"):
        assert word not in shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "subc"}, {"Subcision"}),
        ({"q": "leeches"}, set()),
        ({"target": "rolling"}, {"Subcision"}),
        ({"target": "keloid"}, set()),
        ({"skin": "VI"}, {"Laser"}),
        ({"performer": "doctor"}, {"Subcision"}),
        ({"chapter": "resurfacing"}, {"Laser"}),
        ({"kind": "nonsense"}, {"Subcision", "Laser"}),
    ],
)
def test_treatments_are_narrowed(reader, small, query, found):
    shown = page(reader, "treatments", **query)

    links = re.findall(r'"cx-row-link" href="/catalogue/treatments/[^>]*>([^<]+)</a>', shown)
    assert set(links) == found


def test_a_source_tells_what_rests_on_it(reader, small):
    shown = page(reader, "source", "smith2020")

    assert "release first" in shown
    assert "Weeks" not in shown


def test_an_older_version_is_shown_as_it_was(reader, small):
    Treatment.objects.filter(code="laser").update(name="A new laser")
    services.publish(by=None)

    old, new = page(reader, "treatments", version=1), page(reader, "treatments")

    assert "A new laser" not in old
    assert "not in force" in old
    assert "/catalogue/treatments/laser/?version=1" in old
    assert "A new laser" in new


@pytest.mark.parametrize(
    "address", ["treatments/leeches/", "sources/nobody/", "?version=9", "?version=x"]
)
def test_what_is_not_there_is_not_found(reader, small, address):
    assert reader.get(f"/catalogue/{address}").status_code == 404


def test_unverified_lists_what_nobody_checked_and_nothing_else(reader, small):
    shown = page(reader, "unverified")

    assert "on isotretinoin" in shown
    assert "c1" not in re.findall(r'cat-code">([^<]+)<', shown)


def test_a_visitor_is_sent_to_sign_in(client, small):
    response = client.get(reverse("catalogue:home"))

    assert response.status_code == 302


# ---- the admin


@pytest.fixture
def keeper(client, db):
    client.force_login(make_user(Role.CATALOGUE_ADMIN), "clinic.staff.backends.RoleBackend")
    return client


def word_form(token=None, **changes):
    seen = drafting.read("words", "on_isotretinoin")
    return {
        "token": drafting.token(seen) if token is None else token,
        "meaning": "on isotretinoin",
        "kind": "medication",
        "rules": "",
        "verification": "gk",
        "sources": "gk",
        "when": '{"fact": "isotretinoin.taking", "eq": true}',
        **changes,
    }


def test_the_admin_saves_a_sound_condition(keeper, small):
    address = reverse("admin:catalogue_word_change", args=["on_isotretinoin"])

    response = keeper.post(address, word_form(when='{"fact": "isotretinoin", "known": true}'))

    assert response.status_code == 302
    assert Word.objects.get().when == {"fact": "isotretinoin", "known": True}


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ('{"fact": "acitretin", "eq": true}', "no question feeds the fact acitretin"),
        ('{"fact": "isotretinoin.taking", "within": {"months": 6}}', "within does not fit"),
        ("{", "Enter a valid JSON"),
    ],
)
def test_the_admin_refuses_a_malformed_condition_beside_its_field(keeper, small, when, reason):
    address = reverse("admin:catalogue_word_change", args=["on_isotretinoin"])

    response = keeper.post(address, word_form(when=when))

    assert response.status_code == 200
    [told] = response.context["adminform"].form.errors["when"]
    assert reason in told
    assert Word.objects.get().when == {"fact": "isotretinoin.taking", "eq": True}


def test_the_admin_never_puts_a_row_over_what_somebody_else_saved(keeper, small):
    address = reverse("admin:catalogue_word_change", args=["on_isotretinoin"])
    opened = keeper.get(address).context["adminform"].form["token"].value()
    assert keeper.post(address, word_form(opened, kind="medicine")).status_code == 302

    response = keeper.post(address, word_form(opened, meaning="takes isotretinoin"))

    form = response.context["adminform"].form
    [told] = form.non_field_errors()
    assert "Somebody else changed this row" in told
    assert "Kind is now “medicine”" in told
    assert form["meaning"].value() == "takes isotretinoin"
    assert Word.objects.get().meaning == "on isotretinoin"
    again = word_form(form["token"].value(), meaning="takes isotretinoin", kind="medicine")
    assert keeper.post(address, again).status_code == 302
    assert Word.objects.get().meaning == "takes isotretinoin"
    assert keeper.post(address, word_form("", kind="x")).status_code == 200


def test_the_admin_tells_what_the_database_would_refuse(keeper, small):
    address = reverse("admin:catalogue_pairrule_change", args=["c1"])
    form = {
        "a": "subcision",
        "b": "laser",
        "relation": "order_before",
        "first": "subcision",
        "weeks_min": "9",
        "weeks_typical": "4",
        "why": "release first",
        "evidence": "C",
        "verification": "V",
        "sources": "smith2020",
    }

    response = keeper.post(address, form)

    assert "Weeks min may not be above weeks typical." in response.content.decode()
    assert PairRule.objects.get().weeks_min == 2


@pytest.mark.parametrize("table", ["treatment", "safetyrule", "version", "pairrule"])
def test_the_admin_shows_its_lists_and_rows(keeper, small, table):
    rows = {"treatment": "subcision", "safetyrule": "ISO-1", "pairrule": "c1", "version": small.pk}

    for address in (
        reverse(f"admin:catalogue_{table}_changelist"),
        reverse(f"admin:catalogue_{table}_change", args=[rows[table]]),
    ):
        assert keeper.get(address).status_code == 200


@pytest.mark.parametrize(
    ("least", "usual", "words"),
    [
        (0.4, 0.4, "3 days"),
        (0.5, 1, "4 to 7 days"),
        (1, 1, "1 week"),
        (1, 2, "1 to 2 weeks"),
        (4, 26, "4 to 26 weeks"),
        (0, 0, "no wait between"),
        (2, None, "2 weeks"),
    ],
)
def test_the_time_between_two_treatments_is_said_as_people_say_it(least, usual, words):
    assert time_apart({"min": least, "typical": usual}) == words
