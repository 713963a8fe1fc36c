"""What the database itself keeps: published treatments, second persons, and all history."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from clinic.catalogue import documents, drafting, services
from clinic.catalogue.models import (
    Indication,
    LinkEvent,
    LoweringAnswer,
    LoweringRequest,
    Treatment,
)
from clinic.staff.roles import Role
from tests.catalogue.small import write_small
from tests.factories import make_user


@pytest.fixture
def version(tmp_path, db):
    return services.load(write_small(tmp_path))


@pytest.fixture
def request_of_one(version):
    return LoweringRequest.objects.create(
        base=version.number,
        draft_hash=version.hash,
        reason="The label says so.",
        words="Shorter wait.",
        lowered=[],
        asked_by=make_user(Role.CATALOGUE_ADMIN),
    )


def sql(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_published_treatment_cannot_be_deleted_even_by_hand(version):
    sql("DELETE FROM catalogue_family_treatments")
    sql("DELETE FROM catalogue_pairrule_sources; DELETE FROM catalogue_pairrule")

    with pytest.raises(IntegrityError, match="laser is withdrawn, never deleted"):
        sql("DELETE FROM catalogue_treatment WHERE code = 'laser'")


def test_a_treatment_that_no_version_names_may_go(version):
    row = drafting.read("treatments", "laser")
    drafting.save("treatments", row | {"code": "new_laser"}, seen=None)

    Treatment.objects.get(code="new_laser").delete()


def test_whoever_asks_for_lower_safety_never_answers(request_of_one):
    asked_by, other = request_of_one.asked_by, make_user(Role.CLINICIAN)

    with pytest.raises(IntegrityError, match="second_person_answers"), transaction.atomic():
        LoweringAnswer.objects.create(request=request_of_one, agreed=True, answered_by=asked_by)
    LoweringAnswer.objects.create(request=request_of_one, agreed=True, answered_by=other)

    for table in ("loweringrequest", "loweringanswer"):
        with pytest.raises(DatabaseError, match="Cannot update or delete rows"):
            sql(f"DELETE FROM catalogue_{table}")


@pytest.mark.parametrize("blank", ["reason", "words"])
def test_lower_safety_needs_words(request_of_one, blank):
    given = {"reason": "why", "words": "what", blank: "  "}

    with pytest.raises(IntegrityError, match="lowering_has_a_reason"), transaction.atomic():
        LoweringRequest.objects.create(
            base=1,
            draft_hash=request_of_one.draft_hash,
            lowered=[],
            asked_by=request_of_one.asked_by,
            **given,
        )


def links_of_many():
    parts = [part for some in documents.PARTS.values() for part in some.values()]
    for table in [*documents.TABLES.values(), *parts]:
        for relation in table._meta.local_many_to_many:
            yield relation.remote_field.through._meta.db_table


def test_every_link_of_many_to_many_keeps_its_history(version):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'keep_link'")
        kept = {name for (name,) in cursor.fetchall()}
    indication = Indication.objects.get()
    indication.sources.set(["gk"])

    assert kept == set(links_of_many())
    told = LinkEvent.objects.filter(link="indication_sources", owner=indication.pk)
    assert [(one.pgh_label, one.target) for one in told.order_by("pgh_id")] == [
        ("insert", "smith2020"),
        ("delete", "smith2020"),
        ("insert", "gk"),
    ]


def test_no_history_of_the_catalogue_can_be_edited(version):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname ~ '^catalogue_.*event$' AND relkind = 'r'"
        )
        events = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname ~ '^pgtrigger_append_only'"
        )
        guarded = {name for (name,) in cursor.fetchall()}

    assert len(events) > 20
    assert set(events) <= guarded
    with pytest.raises(DatabaseError, match="Cannot update or delete rows"):
        sql("UPDATE catalogue_treatmentevent SET name = 'other'")
    with pytest.raises(DatabaseError, match="Cannot update or delete rows"):
        sql("DELETE FROM catalogue_linkevent")
