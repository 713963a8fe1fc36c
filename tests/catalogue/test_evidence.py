"""Evidence: the work list of what nobody verified, and what a review may and may not say."""

import datetime as dt
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from clinic.catalogue import documents, drafting, evidence, services
from clinic.catalogue.errors import RowMoved, RowRefused
from clinic.catalogue.evidence_models import EvidenceReview
from clinic.catalogue.models import Figure, Source
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_user
from tests.sizes import tablet_first

PRICE = ("treatments", "subcision", "figures/price")


@pytest.fixture
def small(tmp_path, db):
    return services.load(write_small(tmp_path))


@pytest.fixture
def keeper(small):
    return make_user(Role.CATALOGUE_ADMIN, name="Kim Keeper")


@pytest.fixture
def signed_in(client, keeper):
    client.force_login(keeper, "clinic.staff.backends.RoleBackend")
    return client


def listed(**wanted):
    return evidence.work_list(documents.draft(), evidence.Wanted(**wanted))


def item_of(key=PRICE):
    return next(item for item in listed() if item.key == key)


def look(by, key=PRICE, outcome="kept", note="", **changes):
    item, row = item_of(key), drafting.read(*key[:2])
    line = evidence.line_of(item, row) | changes
    return evidence.review(
        item, seen=drafting.token(row), outcome=outcome, by=by, line=line, note=note
    )


def test_the_list_holds_what_is_not_verified_and_nothing_else(small):
    assert {item.key for item in listed()} == {
        ("words", "on_isotretinoin", ""),
        PRICE,
        ("treatments", "subcision", "statements/1"),
        ("treatments", "subcision", "statements/2"),
        ("treatments", "subcision", "contraindications/on_isotretinoin"),
        ("treatments", "subcision", "fitzpatrick"),
    }
    assert {item.section for item in listed(section="words")} == {"words"}
    assert len(listed(treatment="subcision")) == 5
    assert [item.place for item in listed(verification="P")] == ["fitzpatrick"]


def test_what_nobody_looked_at_comes_first_and_then_the_oldest_review(keeper):
    look(keeper)
    look(keeper, ("words", "on_isotretinoin", ""))

    assert [item.key for item in listed()][-2:] == [PRICE, ("words", "on_isotretinoin", "")]
    assert item_of().last.by == keeper
    assert PRICE not in [item.key for item in listed(due=True)]


def test_a_value_that_changed_since_is_due_again(keeper):
    look(keeper)
    Figure.objects.filter(treatment="subcision", kind="price").update(typical=300)

    assert item_of().is_due
    assert item_of().last is not None


def test_a_correction_changes_the_draft_and_is_reviewed_with_it(keeper):
    look(keeper, outcome="corrected", typical="275.00", note="The list of 2026.")

    assert Figure.objects.get(treatment="subcision", kind="price").typical == 275
    assert not item_of().is_due
    assert item_of().last.note == "The list of 2026."


def test_a_source_that_is_found_verifies_and_ends_the_work(keeper):
    look(keeper, outcome="sourced", verification="V", sources=["smith2020"], note="Page 4")

    figure = Figure.objects.get(treatment="subcision", kind="price")
    assert figure.verification == "V"
    assert [source.pk for source in figure.sources.all()] == ["smith2020"]
    assert PRICE not in [item.key for item in listed()]


@pytest.mark.parametrize(
    ("key", "changes", "column"),
    [
        (PRICE, {"verification": "V", "sources": ["gk"]}, "sources"),
        (PRICE, {"verification": "V", "sources": []}, "sources"),
        (PRICE, {"sources": ["nobody"]}, "sources"),
        (PRICE, {"typical": "-1.00"}, "typical"),
        (PRICE, {"min": "300.00"}, "min"),
    ],
)
def test_nothing_is_verified_without_a_document_nor_saved_unsound(keeper, key, changes, column):
    with pytest.raises(RowRefused) as refused:
        look(keeper, key, outcome="corrected", **changes)

    assert refused.value.problems[0].path[0] == column
    assert not EvidenceReview.objects.exists()
    assert documents.hash_of(documents.draft()) == documents.hash_of(
        services.publish(by=None).document
    )


def test_a_new_value_does_not_keep_the_old_ones_verification(keeper):
    key = ("treatments", "subcision", "fitzpatrick")

    with pytest.raises(RowRefused, match="The value is new"):
        look(keeper, key, outcome="corrected", safe=["I", "II"])


def test_what_is_verified_names_the_place_where_it_was_read(keeper):
    key = ("treatments", "subcision", "fitzpatrick")

    with pytest.raises(RowRefused, match="name the page") as refused:
        look(keeper, key, outcome="corrected", safe=["I", "II"], verification="V")

    assert refused.value.problems[0].path == (evidence.LOOKED,)
    assert item_of(key).value["safe"] == ["I"]
    look(keeper, key, outcome="corrected", safe=["I", "II"], verification="V", note="Page 4")
    assert key not in [item.key for item in listed()]


def test_what_is_out_of_order_is_told_before_its_source(keeper):
    with pytest.raises(RowRefused, match="is above"):
        look(keeper, outcome="corrected", min="300.00", verification="V", sources=["gk"])


def test_a_row_that_somebody_changed_meanwhile_is_not_reviewed(keeper):
    item, row = item_of(), drafting.read("treatments", "subcision")
    Figure.objects.filter(treatment="subcision", kind="price").update(typical=300)

    with pytest.raises(RowMoved):
        evidence.review(item, seen=drafting.token(row), outcome="kept", by=keeper)
    assert not EvidenceReview.objects.exists()


def test_the_log_is_only_ever_added_to(keeper):
    done = look(keeper)

    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        EvidenceReview.objects.filter(pk=done.pk).update(note="never")
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        done.delete()


# ---- pages


def address(key=PRICE, **query):
    here = reverse("catalogue:evidence_item", args=key[:2])
    return f"{here}?{urlencode({'at': key[2], **query})}"


def form_of(client, key=PRICE, **changes):
    form = client.get(address(key)).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()} | changes


def test_one_statement_follows_the_other_within_the_filter(signed_in):
    keys = [item.key for item in listed(treatment="subcision")]

    answer = signed_in.post(
        address(keys[0], treatment="subcision"), form_of(signed_in, keys[0], outcome="kept")
    )

    assert answer.status_code == 302
    assert answer.url == address(keys[1], treatment="subcision")
    shown = signed_in.get(reverse("catalogue:evidence"), {"treatment": "subcision"})
    assert "by Kim Keeper" in shown.text
    assert timezone.localdate().strftime("%-d-%b-%Y") in shown.text


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"outcome": ""}, "outcome", "Say what you found"),
        ({"outcome": "kept", "v_typical": "300"}, "outcome", "You changed usual"),
        ({"outcome": "corrected"}, "outcome", "Nothing is changed yet"),
        ({"outcome": "corrected", "v_typical": "many"}, "v_typical", "is no number"),
        ({"outcome": "corrected", "v_typical": "2.505"}, "v_typical", "two decimals"),
        ({"outcome": "sourced"}, "verification", "in full or partly"),
        ({"outcome": "sourced", "verification": "V"}, "sources", "read in a document"),
        (
            {"outcome": "sourced", "verification": "V", "sources": "smith2020"},
            "note",
            "name the page",
        ),
        (
            {"outcome": "sourced", "verification": "V", "sources": "nobody"},
            "sources",
            "There is no nobody",
        ),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field_and_kept(signed_in, changes, field, words):
    answer = signed_in.post(address(), form_of(signed_in, **changes))

    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    for name, value in changes.items():
        assert answer.context["form"][name].value() == value
    assert not EvidenceReview.objects.exists()


def test_a_correction_is_told_with_what_it_says_now_and_counted_down(signed_in):
    first = signed_in.get(address())
    done = form_of(signed_in, outcome="corrected", v_typical="275")

    told = signed_in.post(address(), done, follow=True)

    message = str(*told.context["messages"])
    assert "275.00: corrected. It said:" in message
    assert message.index("275.00") < message.index("250.00")
    assert "6 of 6 still to look at" in first.text
    assert "5 of 6 still to look at" in told.text


def test_a_stale_page_is_told_and_keeps_what_was_typed(signed_in):
    typed = form_of(signed_in, outcome="corrected", v_typical="275")
    Figure.objects.filter(treatment="subcision", kind="price").update(note="ours")

    answer = signed_in.post(address(), typed)

    assert "Somebody else changed this" in answer.text
    assert answer.context["form"]["v_typical"].value() == "275"


def test_a_statement_that_went_meanwhile_keeps_the_note(signed_in):
    typed = form_of(signed_in, outcome="kept", note="Page 4 of the leaflet")
    Figure.objects.filter(treatment="subcision", kind="price").delete()

    answer = signed_in.post(address(), typed, follow=True)

    assert "no longer has this statement" in answer.text
    assert "Page 4 of the leaflet" in answer.text


def test_a_source_is_added_to_the_draft_and_refused_without_its_parts(signed_in):
    new, fields = reverse("catalogue:new_source"), {"title": "A second trial", "how": "read"}

    bad = signed_in.post(new, {**fields, "code": "x y", "url": "ftp://x", "year": "20"})
    good = signed_in.post(new, {**fields, "code": "jones2021", "url": "https://x.example/"})
    taken = signed_in.post(new, {**fields, "code": "gk"})

    assert {"url"} <= set(bad.context["form"].errors)
    assert good.status_code == 302
    assert Source.objects.get(pk="jones2021").title == "A second trial"
    assert "is taken" in taken.text


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@tablet_first
def test_the_list_is_worked_through_by_keyboard(page, sign_in, axe, keeper):
    sign_in(page, keeper)
    page.goto("/catalogue/evidence/")
    axe(page)
    page.click("text=Start with the first")
    axe(page)
    first = page.inner_text(".ev-says")

    page.keyboard.press("Space")  # the first choice has the focus
    page.keyboard.press("Enter")
    page.wait_for_function(
        "said => document.querySelector('.ev-says').innerText != said", arg=first
    )

    done = EvidenceReview.objects.get()
    assert (done.outcome, done.by) == ("kept", keeper)
    assert done.at > timezone.now() - dt.timedelta(minutes=5)
