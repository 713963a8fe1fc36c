"""Book a whole plan, or a visit without one.

All of a booking is one transaction. The resources are locked first, by advisory locks in one order,
so that whole plans booked at once wait for one another instead of deadlocking; the exclusion
constraint over the claims has the last word.
"""

import datetime as dt
from dataclasses import replace

from django.utils import timezone

from clinic.scheduling import bridge, drafting, errors, holds, marking, notices, visit_types
from clinic.scheduling.judging import check_sessions
from clinic.scheduling.models import (
    Appointment,
    State,
    VisitKind,
)
from clinic.scheduling.offers import Choice
from clinic.scheduling.writing import fingerprint, in_clinic_time, new_row, once, write
from planner.models import ACTIVE, Plan
from planner.models import State as PlanState
from planner.reviewing import confirmed_blocks

HISTORIC = (*ACTIVE, PlanState.COMPLETED)


@in_clinic_time
def book_plan(
    *, plan: Plan, choices: list[Choice], by, key: str, reason: str = "", note: str = "",
    historic: bool = False, hold_minutes: int | None = None, now: dt.datetime | None = None,
) -> list[Appointment]:  # fmt: skip
    """Book the chosen sessions of an approved plan, all of them or none.

    Sessions of firm blocks are booked firmly, later ones as provisional dates. Sent again with the
    same `key` it books nothing more and returns what it booked. `reason` (a DeviationReason) lets
    who may leave a clinical window. `historic` is for bringing in past visits: they must be past,
    and all else is checked as ever. With `hold_minutes` nothing is booked yet: the times are held
    so long (see `holds`).

    Raises NotApproved, SlotTaken, TooSoon, TooLate, NotQualified and the rest of the family.
    """
    now, zone = now or timezone.now(), bridge.clinic_zone()
    held_until = now + dt.timedelta(minutes=hold_minutes) if hold_minutes else None
    holds.release_expired(now)
    drafts: list[drafting.Draft] = []
    with drafting.all_or_none(plan.patient, drafts):
        asked = [str(plan.pk), [choice.as_json() for choice in choices], reason, hold_minutes]
        request, fresh = once(key, fingerprint("plan", asked), by)
        if not fresh:
            return list(request.appointments.order_by("starts_at"))
        plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        if plan.state not in (HISTORIC if historic else ACTIVE):
            raise errors.NotApproved(plan)
        if not choices:
            raise errors.CannotChange("Choose at least one session to book.")
        house, who = bridge.House(), bridge.patient_resource(plan.patient)
        drafts += [
            drafting.draft_for_session(each.session, each.starts_at, each.resources, house, who)
            for each in sorted(choices, key=lambda choice: choice.session.number)
        ]
        drafting.lock(pk for draft in drafts for pk, _ in draft.holds)
        judged = check_sessions(plan, drafts, zone, reason=reason, by=by, historic=historic)
        drafts[:] = [replace(each, latest=judged[each.session.pk].latest) for each in drafts]
        for draft in drafts:
            drafting.check_time(draft, now=now, historic=historic)
            drafting.check_hours(draft, house, zone)
        drafting.check_free(drafts)
        firm = confirmed_blocks(plan)
        rows = [
            (
                new_row(
                    draft,
                    plan.patient,
                    by,
                    state=State.REQUESTED if held_until else State.SCHEDULED,
                    held_until=held_until,
                    provisional=draft.session.block.number not in firm,
                    target_on=judged[draft.session.pk].target,
                    deviation_reason=reason if judged[draft.session.pk].missed else "",
                    deviation_note=note if judged[draft.session.pk].missed else "",
                ),
                draft,
            )
            for draft in drafts
        ]
        write(rows, by)
        booked = [appointment for appointment, _ in rows]
        request.appointments.set(booked)
        marking.mark_lapsed(booked)
        notices.tell(notices.Event.HELD if held_until else notices.Event.BOOKED, booked, by)
        return booked


@in_clinic_time
def book_visit(
    *, patient, kind: str, starts_at: dt.datetime, resources: tuple[int, ...], by, key: str,
    minutes: int | None = None, note: str = "", state: str = State.SCHEDULED,
    historic: bool = False, now: dt.datetime | None = None,
) -> Appointment:  # fmt: skip
    """Book a visit without a plan. A procedure is refused here: it comes from an approved plan."""
    now, zone, kind = now or timezone.now(), bridge.clinic_zone(), VisitKind(kind)
    if kind == VisitKind.PROCEDURE:
        raise errors.CannotChange(
            "A procedure is booked from an approved plan: open the patient's plan, book it there."
        )
    holds.release_expired(now)
    drafts: list[drafting.Draft] = []
    with drafting.all_or_none(patient, drafts):
        asked = [str(patient.pk), kind, starts_at, list(resources), minutes, note]
        request, fresh = once(key, fingerprint("visit", asked), by)
        if not fresh:
            return request.appointments.get()
        house, who = bridge.House(), bridge.patient_resource(patient)
        needs = bridge.needs_of_kind(kind, house, who)
        what = f"a {kind.label.lower()}"
        held = drafting.fill_needs(needs, drafting.named(resources, house), house, what)
        length = minutes or visit_types.usual_minutes(kind)
        drafts.append(drafting.Draft(kind, starts_at, bridge.parts_of(procedure=length), held))
        drafting.lock(pk for pk, _ in held)
        drafting.check_time(drafts[0], now=now, historic=historic)
        drafting.check_hours(drafts[0], house, zone)
        drafting.check_free(drafts)
        row = new_row(drafts[0], patient, by, note=note, state=state)
        write([(row, drafts[0])], by)
        request.appointments.set([row])
        marking.mark_lapsed([row])
        notices.tell(notices.Event.BOOKED, [row], by)
        return row
