"""Published versions: what is in force, and that nothing changes it."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from clinic.catalogue import documents, drafting, services
from clinic.catalogue.errors import CatalogueRefused
from clinic.catalogue.models import (
    Calibration,
    Clinic,
    Figure,
    Indication,
    PairRule,
    Treatment,
    Version,
)
from clinic.catalogue.reading import book, names
from tests.catalogue.small import write_small
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(tmp_path):
    return services.load(write_small(tmp_path))


def sql(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE catalogue_version SET document = '{}'",
        "UPDATE catalogue_version SET number = number + 1",
        "UPDATE catalogue_version SET published_by_id = NULL, words = 'other'",
        "DELETE FROM catalogue_version",
    ],
)
def test_a_version_cannot_be_changed_or_deleted_even_by_hand(version, statement):
    with pytest.raises(DatabaseError, match="Cannot update or delete rows"):
        sql(statement)

    assert Version.objects.get().hash == version.hash


def test_the_hash_is_that_of_the_document_as_it_is_kept(version):
    kept = Version.objects.get()

    assert documents.hash_of(kept.document) == kept.hash


def test_publishing_an_unchanged_draft_makes_no_version(version):
    assert services.publish(by=make_user(), words="Nothing new.") == version


def test_publishing_a_change_makes_the_next_version_with_its_author(version):
    who = make_user()
    Treatment.objects.filter(code="laser").update(name="Laser, the new one")

    second = services.publish(by=who, words="Named as on its box.")

    assert (second.number, second.published_by) == (2, who)
    assert Version.objects.in_force() == second
    assert names(version).treatment("laser") == "Laser"
    assert names(second).treatment("laser") == "Laser, the new one"


def test_a_draft_that_contradicts_itself_is_not_published(version):
    PairRule.objects.filter(code="c1").update(when={"fact": "acitretin", "eq": True})

    with pytest.raises(CatalogueRefused, match=r"\(c1\), condition, fact: no question"):
        services.publish(by=make_user())

    assert Version.objects.in_force() == version


def test_withdrawing_a_treatment_keeps_it_and_marks_it(version):
    drafting.withdraw("laser", seen=drafting.token(drafting.read("treatments", "laser")))

    newer = services.publish(by=make_user(), words="The device was sold.")

    assert book(newer).row("treatments", "laser")["withdrawn"] is True
    assert book(version).row("treatments", "laser")["withdrawn"] is False


def test_before_the_first_version_everything_is_empty():
    assert Version.objects.in_force() is None
    assert names().treatment("tca_cross") == "tca cross"


def test_families_of_families_stand_for_their_treatments(version):
    assert book(version).treatments_of(["WOUND"]) == {"subcision", "laser"}


def test_a_place_is_read_with_its_side(version):
    assert names(version).region("malar.L") == "Malar cheek, left"


# ---- what the database itself refuses


@pytest.mark.parametrize(
    ("table", "change", "constraint"),
    [
        (Indication, {"effectiveness": 5}, "effectiveness_0_to_4"),
        (Indication, {"evidence": "E"}, "indication_evidence_known"),
        (Figure, {"min": 99, "max": None}, "figure_min_up_to_typical"),
        (Figure, {"typical": -1, "min": None}, "figure_typical_never_negative"),
        (Figure, {"verification": "surely"}, "figure_verification_known"),
        (PairRule, {"b": "subcision"}, "pair_of_two_treatments"),
        (PairRule, {"first": None}, "pair_in_order_says_which_is_first"),
        (PairRule, {"weeks_min": 9}, "pair_weeks_min_up_to_typical"),
        (PairRule, {"condition": "a tan"}, "pair_condition_is_judged_or_assumed"),
        (Treatment, {"kind": "magic"}, "treatment_kind_known"),
        (Treatment, {"order": 6}, "treatment_order_0_to_5"),
    ],
)
def test_an_impossible_value_is_refused_by_the_database(version, table, change, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        table.objects.update(**change)


def test_a_source_that_something_rests_on_cannot_dangle(version):
    with pytest.raises(IntegrityError, match="smith2020"):
        sql("SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM catalogue_source WHERE code = 'smith2020'")


def test_there_is_one_clinic_and_it_cannot_go():
    Clinic.current()

    with pytest.raises(IntegrityError, match="clinic_is_one_row"), transaction.atomic():
        Clinic.objects.create(pk=2)
    with pytest.raises(DatabaseError, match="Cannot delete rows"), transaction.atomic():
        Clinic.objects.all().delete()

    assert Clinic.objects.count() == 1


def test_every_change_of_a_row_is_kept(version):
    Treatment.objects.filter(code="laser").update(name="Laser, the new one")
    Calibration.objects.create(code="ceiling", value=1, text="one", verification="conv")
    Calibration.objects.all().delete()

    names_kept = Treatment.pgh_event_model.objects.filter(pgh_obj="laser").order_by("pgh_id")
    assert [event.name for event in names_kept] == ["Laser", "Laser, the new one"]
    assert Calibration.pgh_event_model.objects.filter(pgh_label="delete").count() == 1
