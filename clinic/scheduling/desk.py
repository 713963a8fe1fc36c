"""What the desk sees beside a visit, and beside the offers of a plan."""

from django.utils import timezone

from clinic.scheduling import attention, following, gates, holds, money, waiting
from clinic.scheduling.desk_forms import ChargeForm
from clinic.scheduling.models import COMING, Appointment, Task, Waiting
from planner.reviewing import confirmed_blocks


def about_visit(user, visit) -> dict:
    """Gates, marks, money, tasks and the freed time of one visit."""
    if visit.session_id and visit.state in COMING:
        attention.recheck(visit.session.block.plan)
    return {
        "gates": gates.gates_of(visit),
        "marks": attention.open_marks([visit.pk]),
        "charges": money.charges_of(appointment=visit),
        "charge_form": ChargeForm(visit=visit, currency=_currency(visit)),
        "tasks": Task.objects.filter(appointment=visit).select_related("owner"),
        "quote": money.quote_of(visit.session.block.plan) if visit.session_id else None,
        "freed": waiting.freed_by(visit) if visit.starts_at > timezone.now() else None,
        "waits": _waits(visit),
        "may_waive": user.has_perm("scheduling.override_window"),
        "can_change_people": visit.state in COMING,
    }


def _waits(visit) -> Waiting | None:
    return (
        Waiting.objects.open().filter(session=visit.session_id).first()
        if visit.session_id
        else None
    )


def _currency(visit) -> str:
    return visit.session.block.plan.currency if visit.session_id else ""


def about_plan(plan) -> dict:
    """What the desk sees beside the offers of a plan: hold, quote, deposit, what is to be firm."""
    held = holds.held(plan).order_by("held_until").first()
    firm = confirmed_blocks(plan)
    to_confirm = (
        Appointment.objects.coming()
        .of_plan(plan)
        .filter(provisional=True, session__block__number__in=firm)
    )
    return {
        "held": held,
        "hold_lengths": holds.LENGTHS,
        "quote": money.quote_of(plan),
        "charges": money.charges_of(plan=plan),
        "charge_form": ChargeForm(currency=plan.currency),
        "to_confirm": sorted(set(to_confirm.values_list("session__block__number", flat=True))),
        "left_behind": following.left_behind().of_plan(plan).exists(),
        "waits": Waiting.objects.open().filter(session__block__plan=plan),
    }
