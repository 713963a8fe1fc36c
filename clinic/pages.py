"""Pages over several apps: today's work, and one patient's whole chart."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from clinic.catalogue import drafting
from clinic.catalogue import services as catalogue_deeds
from clinic.catalogue.models import Version
from clinic.impact import review
from clinic.letters.models import Message
from clinic.scheduling import lapses, worklist
from clinic.scheduling import today as day_list
from clinic.scheduling.calendar_views import beside
from clinic.scheduling.live import live
from clinic.scheduling.models import Appointment
from clinic.staff.models import User
from patients.models import Assessment, Patient
from patients.views import overview
from planner.models import Plan, State
from planner.standing import troubled

A_FEW = 12
"""Rows of a work list on Today; the rest is behind its link."""


@require_GET
@live
def today(request):
    """Each role's own work: a person with two roles sees both."""
    user, day = request.user, timezone.localdate()
    context = {"day": day}
    if user.has_perm("scheduling.view_calendar"):
        context |= day_list.as_list(day_list.day_list(user, day)) | beside(request)
        context["look_at"] = day_list.to_look_at(user)
        context |= {"mine": hasattr(user, "resource"), "on": day, "back": request.path}
    if user.has_perm("planner.approve_plan"):
        context |= _clinician(user)
    if user.has_perm("scheduling.book"):
        context["plans_to_book"] = worklist.plans_to_book(user)[:A_FEW]
        context["due"] = worklist.sessions_due(user, day)[:A_FEW]
        listed = [*context["plans_to_book"], *(each.plan for each in context["due"])]
        context["troubled"] = troubled(listed)
    if user.has_perm("letters.view_messages"):
        context["undelivered"] = Message.objects.visible_to(user).undelivered().count()
    if user.has_perm("scheduling.manage_resources") or user.has_perm("scheduling.book"):
        context["lapsing"] = lapses.lapsing(day)
    if user.has_perm("catalogue.edit_catalogue"):
        context["catalogue"] = _catalogue()
    if user.has_perm("catalogue.confirm_lowered"):
        waiting = catalogue_deeds.waiting_request()
        context["lowering"] = waiting if waiting and waiting.asked_by != user else None
    if user.has_perm("staff.manage_users"):
        context["house"] = _house(day)
    return render(request, "clinic/today.html", context)


def _clinician(user) -> dict:
    plans = Plan.objects.visible_to(user).with_people()
    mine = Patient.objects.visible_to(user)
    drafts = Assessment.objects.filter(patient__in=mine, state=Assessment.State.DRAFT)
    return {
        "to_sign": plans.filter(state=State.PROPOSED)[:A_FEW],
        "drafts": plans.filter(state=State.DRAFT)[:A_FEW],
        "unsigned": drafts.select_related("patient", "assessed_by")[:A_FEW],
        "to_review": review.open_items(user)[:A_FEW],
    }


def _catalogue() -> dict:
    version = Version.objects.in_force()
    unpublished = drafting.count_of_changes()
    return {"version": version, "versions": Version.objects.count(), "unpublished": unpublished}


def _house(day) -> dict:
    return {
        "people": User.objects.filter(is_active=True).count(),
        "patients": Patient.objects.count(),
        "active_plans": Plan.objects.active().count(),
        "visits": Appointment.objects.standing().filter(starts_at__date=day).count(),
    }


@require_GET
def chart(request, pk):
    """One patient's whole chart: the record, and what was planned and booked on it."""
    context = overview(request, pk)
    patient, user = context["patient"], request.user
    return render(
        request,
        "clinic/chart.html",
        context
        | {
            "plans": Plan.objects.visible_to(user).with_people().filter(patient=patient),
            "visits": Appointment.objects.visible_to(user)
            .with_people()
            .filter(patient=patient)
            .order_by("starts_at"),
            "latest_signed": patient.assessments.filter(
                state=Assessment.State.SIGNED, correction=None
            )
            .order_by("-assessed_on", "-id")
            .first(),
        },
    )
