"""Work that waits for the desk."""

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from clinic.scheduling.models.visits import Appointment
from planner.models import Plan, PlannedSession


def unbooked_plans():
    """Active plans with a session of the firm blocks that is neither booked nor performed."""
    open_sessions = (
        PlannedSession.objects.filter(block__firm=True, performance=None)
        .annotate(
            booked=models.Exists(
                Appointment.objects.standing().filter(session=models.OuterRef("pk"))
            )
        )
        .filter(booked=False)
    )
    return (
        Plan.objects.active()
        .filter(pk__in=open_sessions.values("block__plan"))
        .with_people()
        .annotate(waiting_since=Coalesce("approved_at", timezone.now()))
        .order_by("waiting_since")
    )
