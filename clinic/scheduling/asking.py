"""What the desk cannot decide, put to the clinician of the plan as a task."""

from django.db import transaction
from django.utils import timezone

from clinic.scheduling import errors, tasks
from clinic.scheduling.models import Appointment, Task
from clinic.scheduling.writing import in_clinic_time
from planner.models import Plan

QUESTIONS = {
    "over": "{what} of {plan}: its window is over. Revise the plan, or allow a later day",
    "full": "{what} of {plan}: nothing is free inside the windows. Revise the plan, or allow a day",
    "missed": "{what} of {plan} was missed and a later one is done: say what becomes of it",
    "review": "{plan}: decide at the review whether the next block goes ahead",
    "quote": "{plan}: the quote ran out. Hand over a new one",
    "move": "{what} of {plan}: the patient asks for a day outside its window",
}
"""What can be asked. Days outside a window need the clinician's documented reason."""


@in_clinic_time
@transaction.atomic
def ask(
    *, plan: Plan, what: str, by, session=None, appointment: Appointment | None = None, now=None
) -> Task:  # fmt: skip
    """A task for today of whoever signed the plan; one that is open already is found again."""
    if what not in QUESTIONS:
        raise errors.CannotChange("That is no question to a clinician. Choose one on the page.")
    named = session or (appointment.session if appointment else None)
    title = QUESTIONS[what].format(what=named or "A visit", plan=plan)[:200]
    Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)  # asked once, however often pressed
    asked = tasks.open_tasks(patient=plan.patient).filter(title=title).first()
    return asked or Task.objects.create(
        title=title,
        due_on=timezone.localtime(now or timezone.now()).date(),
        patient=plan.patient,
        appointment=None,
        owner=plan.approved_by or plan.drafted_by,
        created_by=by,
    )
