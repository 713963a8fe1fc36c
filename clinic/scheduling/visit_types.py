"""How long each kind of visit takes and who sees it: the clinic's rows, else these defaults."""

from django.db import transaction

from clinic.catalogue.terms import Performer
from clinic.scheduling import errors
from clinic.scheduling.models import VisitKind, VisitType

DOCTOR, NURSE = Performer.DOCTOR.value, Performer.NURSE.value

DEFAULTS = {
    VisitKind.PROCEDURE: {"minutes": 60, "seen_by": [DOCTOR], "in_procedure_room": True},
    VisitKind.FIRST_CONSULTATION: {"minutes": 60, "seen_by": [DOCTOR]},
    VisitKind.CONSULTATION: {"minutes": 30, "seen_by": [DOCTOR]},
    VisitKind.REVIEW: {"minutes": 30, "seen_by": [DOCTOR]},
    VisitKind.TEST_SPOT: {
        "minutes": 30,
        "seen_by": [DOCTOR, NURSE],
        "in_procedure_room": True,
    },
    VisitKind.TEST_READING: {"minutes": 15, "seen_by": [DOCTOR, NURSE]},
    VisitKind.SUTURE_REMOVAL: {"minutes": 15, "seen_by": [DOCTOR, NURSE]},
    VisitKind.WALK_IN: {"minutes": 15, "seen_by": [DOCTOR, NURSE]},
    VisitKind.URGENT: {"minutes": 30, "seen_by": [DOCTOR]},
}
"""The clinic's own defaults, editable by a row; a first consultation has double length."""


def all_types() -> dict[VisitKind, VisitType]:
    """One for every kind, in the order of the kinds; unsaved where the default counts."""
    rows = {row.kind: row for row in VisitType.objects.all()}
    return {kind: rows.get(kind) or VisitType(kind=kind, **DEFAULTS[kind]) for kind in VisitKind}


def type_of(kind: str) -> VisitType:
    row = VisitType.objects.filter(kind=kind).first()
    return row or VisitType(kind=kind, **DEFAULTS[VisitKind(kind)])


def usual_minutes(kind: str) -> int:
    return type_of(kind).minutes


@transaction.atomic
def change(*, kind: str, revision: int, **fields) -> VisitType:
    """Keep how the clinic holds visits of this kind; visits that are booked stay as they are."""
    row = VisitType.objects.select_for_update().filter(kind=kind).first()
    if (row.revision if row else 1) != revision:
        raise errors.CannotChange(
            "Somebody changed this kind of visit meanwhile. Look at it as it is now, and try again."
        )
    if row is None:
        return VisitType.objects.create(kind=kind, revision=2, **fields)
    for name, value in fields.items():
        setattr(row, name, value)
    row.revision += 1
    row.save()
    return row
