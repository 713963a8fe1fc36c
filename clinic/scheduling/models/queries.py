"""Work that waits for the desk."""

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from clinic.scheduling.models.visits import Appointment
from planner.models import Decision, Plan, PlannedSession
from planner.reviewing import CONTINUE


def unbooked_plans():
    """Active plans with a session of the firm blocks that is neither booked nor performed."""
    continued = Decision.objects.filter(
        reason_code=CONTINUE,
        review__block__plan=models.OuterRef("block__plan"),
        review__block__number=models.OuterRef("block__number") - 1,
    )
    open_sessions = (
        PlannedSession.objects.filter(performance=None)
        .filter(models.Q(block__firm=True) | models.Exists(continued))
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
