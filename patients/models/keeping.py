"""How facts are kept: with their history, by the database's own rules."""

import pghistory
import pgtrigger
from django.db.models import Q

CODE = r"^[a-z][a-z0-9_]*$"


def tracked(**options):
    """History by database triggers of every insert, change and removal."""
    return pghistory.track(
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), **options
    )


# A trigger of ours refuses as a constraint does, so that callers see an IntegrityError.
REFUSE = "RAISE EXCEPTION '{name}: {words}' USING ERRCODE = 'integrity_constraint_violation';"


def codes(terms) -> list[str]:
    return [term.value for term in terms]


def unknown_or_between(field: str, low, high) -> Q:
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__range": (low, high)})


def unknown_or_above_zero(field: str, high) -> Q:
    inside = Q(**{f"{field}__gt": 0, f"{field}__lte": high})
    return Q(**{f"{field}__isnull": True}) | inside


def append_only(words: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=REFUSE.format(name="append_only", words=words),
    )
