"""Money as the desk sees it: deposits, no-show fees, and until when the quote holds.

Amounts are recorded; the payment itself is the till's.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic.catalogue.models import Clinic
from clinic.scheduling import errors
from clinic.scheduling.models import Appointment, Charge, ChargeKind, ChargeState, State
from clinic.scheduling.writing import in_clinic_time
from planner.agreement import quote_in_force
from planner.models import Plan


@dataclass(frozen=True)
class QuoteStanding:
    """The plan's quote on a day; `quote` is None when none was ever handed over."""

    quote: object
    on: dt.date

    @property
    def expired(self) -> bool:
        return self.quote is not None and self.quote.expires_on < self.on

    @property
    def words(self) -> str:
        if self.quote is None:
            return "No quote was handed over."
        if self.expired:
            return (
                f"Quote {self.quote.number} ran out on {errors.day(self.quote.expires_on)}. Visits "
                "can be booked all the same; a clinician hands over a new quote before treatment."
            )
        return f"Quote {self.quote.number} holds until {errors.day(self.quote.expires_on)}."


def quote_of(plan: Plan, *, now=None) -> QuoteStanding:
    return QuoteStanding(quote_in_force(plan), timezone.localtime(now or timezone.now()).date())


def charges_of(*, plan=None, appointment=None):
    """What was asked for a plan and all of its visits, or for one visit."""
    rows = Charge.objects.select_related("asked_by", "settled_by", "appointment")
    if appointment is not None:
        return rows.filter(appointment=appointment)
    return rows.filter(plan=plan) | rows.filter(appointment__session__block__plan=plan)


@in_clinic_time
@transaction.atomic
def ask(
    *, kind: str, amount: Decimal, by, plan: Plan | None = None,
    appointment: Appointment | None = None, note: str = "",
) -> Charge:  # fmt: skip
    """Ask for a deposit on a plan or visit, or for the fee of a visit that was missed."""
    if kind == ChargeKind.NO_SHOW_FEE and (
        appointment is None or appointment.state != State.NO_SHOW
    ):
        raise errors.CannotChange("A no-show fee belongs to a visit that the patient missed.")
    patient = appointment.patient if appointment else plan.patient
    charge = Charge(
        kind=kind,
        patient=patient,
        plan=plan,
        appointment=appointment,
        amount=amount,
        currency=plan.currency if plan else Clinic.current().currency,
        note=note.strip(),
        asked_by=by,
    )
    try:
        charge.full_clean()
        with transaction.atomic():
            charge.save(force_insert=True)
    except ValidationError as error:
        raise errors.CannotChange(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise errors.CannotChange("This is asked for this visit already.") from error
    return charge


@in_clinic_time
@transaction.atomic
def settle(*, charge: Charge, to: str, by, revision: int, note: str = "", now=None) -> Charge:
    """Paid at the till, waived with words, or back to asked: each is the undo of the others."""
    row = Charge.objects.select_for_update(of=("self",)).get(pk=charge.pk)
    if row.revision != revision:
        raise errors.CannotChange(
            "Somebody changed this amount meanwhile. Look at it as it is now, then try again."
        )
    if to == ChargeState.WAIVED and not note.strip():
        raise errors.CannotChange("Say why it is waived.")
    settled = to != ChargeState.ASKED
    row.state, row.revision = to, row.revision + 1
    row.settled_at = (now or timezone.now()) if settled else None
    row.settled_by = by if settled else None
    row.note = note.strip() or row.note
    row.save()
    return row
