"""What the desk sees beside a visit, and beside the offers of a plan."""

from django.utils import timezone

from clinic.scheduling import (
    attention,
    bridge,
    following,
    gates,
    holds,
    money,
    notices,
    waiting,
    windows,
)
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
        "untold": notices.messenger.why_untold(visit.patient) if visit.state in COMING else "",
        "may_waive": user.has_perm("scheduling.override_window"),
        "can_change_people": visit.state in COMING,
    }


def _waits(visit) -> Waiting | None:
    rows = Waiting.objects.open()
    if visit.session_id:
        return rows.filter(session=visit.session_id).first()
    return rows.filter(patient=visit.patient_id, session=None, kind=visit.kind).first()


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
    } | _left(plan, firm)


def _left(plan, firm) -> dict:
    """The sessions that hold no place: of signed blocks, of later ones, and missed ones."""
    sessions, standing = bridge.sessions_of(plan), bridge.standing_by_session(plan)
    open_now = [
        each for each in sessions if each.pk not in standing and not bridge.performed_on(each)
    ]
    missed = [each for each in open_now if windows.is_passed_over(each, sessions)]
    left = open_now
    held = sum(visit.is_held for visit in standing.values())
    signed = [each for each in left if each.block.number in firm]
    later = [each for each in left if each.block.number not in firm]
    coming = any(visit.state in COMING for visit in standing.values())
    return {
        "missed": missed,
        "waiting": left,
        "signed": signed,
        "later": later,
        "words": _words(held, len(signed), len(later)),
        "untold": notices.messenger.why_untold(plan.patient) if coming and not held else "",
    }


def _words(held: int, signed: int, later: int) -> str:
    said = []
    if held:
        said.append(f"{_count(held)} held, not booked yet.")
    if signed:
        said.append(f"{_count(signed)} of the signed block to book.")
    if later:
        waits = "waits" if later == 1 else "wait"
        said.append(f"{_count(later)} of later blocks {waits} for the review.")
    return " ".join(said) or "Everything is booked."


def _count(number: int) -> str:
    return f"{number} session" if number == 1 else f"{number} sessions"
