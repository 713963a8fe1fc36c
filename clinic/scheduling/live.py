"""Screens that keep themselves up to date: a cheap mark that changes when a calendar would."""

import hashlib
from functools import wraps

from django.db import connection
from django.http import HttpResponse
from django.utils import timezone

from clinic.scheduling.models import (
    Absence,
    Appointment,
    Attention,
    GateCheck,
    Resource,
    WorkingHours,
)

HEADER = "X-Calendar-Mark"
LOOKED_BACK = 64
"""Numbers are given before they are committed: a late one may land below the highest."""


def mark() -> str:
    """Another text when a visit or what surrounds it changed, and every new day.

    Reads the newest rows of their histories by the primary key: it costs the same in any year.
    """
    tracked = [Appointment, Absence, WorkingHours, Resource, Attention]
    histories = [(model.pgh_event_model._meta.db_table, "pgh_id") for model in tracked]
    histories.append((GateCheck._meta.db_table, "id"))  # append-only: its own history
    newest = ", ".join(
        f"(SELECT string_agg(n::text, ',') FROM (SELECT {key} AS n FROM {table} "
        f"ORDER BY {key} DESC LIMIT {LOOKED_BACK}) AS newest)"
        for table, key in histories
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {newest}")
        row = cursor.fetchone()
    return hashlib.sha256(f"{timezone.localdate()}|{row}".encode()).hexdigest()[:20]


def live(view):
    """A page that asks for itself every few seconds: an empty answer while nothing changed."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        request.calendar_mark = mark()
        if request.headers.get(HEADER) == request.calendar_mark:
            return HttpResponse(status=204)
        return view(request, *args, **kwargs)

    return answer
