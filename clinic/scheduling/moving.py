"""Move a visit, and with it the later ones of its plan that must move too; and take it back."""

import datetime as dt

from django.utils import timezone
from uuid_utils.compat import uuid7

from clinic.scheduling import (
    attention,
    bridge,
    drafting,
    errors,
    holds,
    marking,
    notices,
    openings,
    verdicts,
)
from clinic.scheduling.judging import Judged, judge_moved
from clinic.scheduling.models import (
    COMING,
    Appointment,
    Change,
    Claim,
    Deed,
    ResourceKind,
    VisitKind,
)
from clinic.scheduling.offers import Choice
from clinic.scheduling.writing import in_clinic_time, locked, write_parts


@in_clinic_time
def move(
    *, appointment: Appointment, starts_at: dt.datetime, resources: tuple[int, ...], by,
    revision: int, later: tuple[verdicts.Later, ...] = (), reason: str = "", note: str = "",
    historic: bool = False, now: dt.datetime | None = None, deed: str = Deed.MOVED,
) -> list[Appointment]:  # fmt: skip
    """Move a visit, and with it the later ones given in `later` (from `verdicts.verdict_on_move`).

    All or none. Every visit of the plan is judged again by its window; one that would be outside
    needs a `reason`, a DeviationReason, and somebody who may.
    """
    now = now or timezone.now()
    holds.release_expired(now)
    drafts: list[drafting.Draft] = []
    besides: list[Appointment] = []
    with drafting.all_or_none(appointment.patient, drafts, besides):
        fresh = locked(appointment, revision)
        if fresh.state not in COMING:
            raise errors.CannotChange(
                f"The visit is {fresh.get_state_display().lower()}: only a coming visit moves."
            )
        house, who = bridge.House(), bridge.patient_resource(fresh.patient)
        rows = _rows_to_move(fresh, starts_at, resources, later, house, who)
        besides += [row for row, _ in rows]
        drafts += [draft for _, draft in rows]
        drafting.lock(_resources_of(rows))
        _check_moves(rows, house, now=now, historic=historic)
        judged = judge_moved(rows, reason=reason, by=by)
        _rewrite(rows, judged, by=by, reason=reason, note=note, deed=deed)
        moved = [row for row, _ in rows]
        attention.settle(moved, by=by)
        marking.mark_lapsed(moved)
        if deed == Deed.MOVED:
            notices.tell(notices.Event.MOVED, moved, by)
        return moved


def _rows_to_move(fresh, starts_at, resources, later, house, who):
    rows = [(fresh, _moved_draft(fresh, starts_at, resources, house, who))]
    for each in later:
        other = (
            Appointment.objects.select_for_update(no_key=True, of=("self",))
            .select_related("patient", "session__block__plan")
            .get(pk=each.appointment.pk)
        )
        if other.revision != each.appointment.revision:
            raise errors.StalePage(other)
        if other.pinned:
            raise errors.CannotChange(f"{other} is the patient's fixed date and stays.")
        choice = each.choice
        rows.append((other, _moved_draft(other, choice.starts_at, choice.resources, house, who)))
    return rows


def _resources_of(rows) -> list[int]:
    """Everything held before and after the move."""
    held = Claim.objects.filter(part__appointment__in=[row.pk for row, _ in rows])
    before = held.values_list("resource", flat=True)
    return [pk for _, draft in rows for pk, _ in draft.holds] + list(before)


def _check_moves(rows, house, *, now, historic: bool):
    zone = bridge.clinic_zone()
    for _, draft in rows:
        drafting.check_time(draft, now=now, historic=historic)
        drafting.check_hours(draft, house, zone)
    drafting.check_free([draft for _, draft in rows], besides=[row for row, _ in rows])


def _moved_draft(appointment, starts_at, resources, house, who) -> drafting.Draft:
    if appointment.session_id:
        return drafting.draft_for_session(appointment.session, starts_at, resources, house, who)
    visit = openings.visit_of_appointment(appointment, house, who)
    kind = VisitKind(appointment.kind)
    holds = drafting.fill_needs(
        visit.needs, drafting.named(resources, house), house, f"a {kind.label.lower()}"
    )
    return drafting.Draft(kind, starts_at, visit.parts, holds)


def _rewrite(rows, judged, *, by, reason: str, note: str, deed: str):
    batch = uuid7()
    changes = [
        Change(
            appointment=row,
            deed=deed,
            old_state=row.state,
            new_state=row.state,
            old_start=row.starts_at,
            new_start=draft.starts_at,
            old_resources=_resource_ids(row),
            batch=batch,
            reason=reason,
            note=note,
            by=by,
        )
        for row, draft in rows
    ]
    moved = {row.pk for row, _ in rows}
    for pk, each in judged.items():
        if pk not in moved:
            fields = {"deviation_reason": reason} if each.missed and reason else {}
            Appointment.objects.filter(pk=pk).update(target_on=each.target, **fields)
    for row, draft in rows:
        verdict = judged.get(row.pk, Judged())
        row.target_on = verdict.target
        row.deviation_reason = reason if verdict.missed else ""
        row.deviation_note = note if verdict.missed else ""
        row.starts_at, row.ends_at = draft.starts_at, draft.ends_at
        row.sequence, row.revision = row.sequence + 1, row.revision + 1
        row.parts.all().delete()
        row.save()
    write_parts(rows)
    Change.objects.bulk_create(changes)


def _resource_ids(row: Appointment) -> list[int]:
    claims = Claim.objects.filter(part__appointment=row)
    claims = claims.exclude(resource__kind=ResourceKind.PATIENT).order_by("resource")
    return list(claims.values_list("resource", flat=True).distinct())


def undo_move(row: Appointment, last: Change, *, by, now) -> list[Appointment]:
    """Back to the time before, with the visits that the move took along and that stand as it left
    them."""
    together = Change.objects.filter(batch=last.batch).exclude(appointment=row)
    together = together.select_related("appointment__session__block__plan")
    later = tuple(
        verdicts.Later(change.appointment, "moved", _choice_before(change))
        for change in together
        if change.appointment.starts_at == change.new_start and not change.appointment.is_off
    )
    back = _choice_before(last)
    return move(
        appointment=row,
        starts_at=back.starts_at,
        resources=back.resources,
        by=by,
        revision=row.revision,
        later=later,
        reason=row.deviation_reason,
        now=now,
        deed=Deed.UNDONE,
    )


def _choice_before(change: Change) -> Choice:
    session = change.appointment.session
    return Choice(session, change.old_start, tuple(change.old_resources))
