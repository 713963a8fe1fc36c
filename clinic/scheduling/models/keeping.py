"""What every table of booking shares: its history, its author, and values from a known list."""

import pghistory
from django.db import models
from django.db.models import Q

AUTHOR = {"on_delete": models.PROTECT, "related_name": "+"}


def tracked(**options):
    """Keep every insert, change and deletion. An event serves one model: it learns its fields."""
    return pghistory.track(
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), **options
    )


def one_of(field: str, choices) -> Q:
    return Q(**{f"{field}__in": [choice.value for choice in choices]})
