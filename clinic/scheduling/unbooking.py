"""Take back a whole booking as one deed, while nothing came of it yet."""

from django.db import transaction

from clinic.scheduling import errors, notices
from clinic.scheduling.models import Appointment, CancelReason, Deed, State
from clinic.scheduling.states import cancel
from clinic.scheduling.writing import in_clinic_time
from planner.models import Plan


def untouched(plan: Plan, ids) -> list[Appointment]:
    """The visits of one booking, if each stands as it was booked and nobody was told; else none."""
    rows = Appointment.objects.of_plan(plan).filter(pk__in=ids).prefetch_related("changes")
    rows = list(rows.order_by("starts_at"))
    if not rows or len(rows) < len(set(ids)) or notices.messenger.was_told(rows):
        return []
    return rows if all(_as_booked(row) for row in rows) else []


def _as_booked(row: Appointment) -> bool:
    return row.state == State.SCHEDULED and {each.deed for each in row.changes.all()} == {
        Deed.BOOKED.value
    }


@in_clinic_time
@transaction.atomic
def unbook(*, plan: Plan, ids, by) -> list[Appointment]:
    """Every visit of the booking is called off, or none."""
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    rows = untouched(plan, ids)
    if not rows:
        raise errors.CannotChange(
            "This booking is not taken back at once any more: a visit of it was changed, or the "
            "patient was told. Cancel its visits one by one, each on its page."
        )
    return [
        cancel(appointment=row, reason=CancelReason.BOOKED_WRONGLY, by=by, revision=row.revision)
        for row in rows
    ]
