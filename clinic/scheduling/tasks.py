"""Things to do by a day: calls, recalls, what the desk must not forget; each with its owner."""

import calendar
import datetime as dt

from django.db import transaction
from django.utils import timezone

from clinic.catalogue.reading import book
from clinic.scheduling import errors, visit_types
from clinic.scheduling.models import Appointment, Task, TaskKind, VisitKind
from clinic.scheduling.writing import in_clinic_time
from patients.facts import answers_in_force
from patients.questions import questions, says_yes
from planner.models import ACTIVE

RECALL_MONTHS = (6, 12)
"""After a filler, and for who tends to keloids."""

FILLERS = "FILL"
KELOID = "keloid"


def open_tasks(*, owner=None, due_by: dt.date | None = None, patient=None):
    """What waits, the longest due first; without an owner everybody's."""
    rows = Task.objects.open().select_related("patient", "owner", "appointment")
    if owner is not None:
        rows = rows.filter(owner=owner)
    if patient is not None:
        rows = rows.filter(patient=patient)
    return rows.filter(due_on__lte=due_by) if due_by else rows


@in_clinic_time
@transaction.atomic
def add(
    *, title: str, due_on: dt.date, by, kind: str = TaskKind.OTHER, patient=None,
    appointment: Appointment | None = None, owner=None, note: str = "",
) -> Task:  # fmt: skip
    """A new task; of a visit there is one of a kind for a day, and asking again finds it."""
    fields = {"title": title, "owner": owner, "note": note, "created_by": by}
    if appointment is None:
        return Task.objects.create(kind=kind, due_on=due_on, patient=patient, **fields)
    fields["patient"] = patient or appointment.patient
    task, _ = Task.objects.get_or_create(
        appointment=appointment, kind=kind, due_on=due_on, defaults=fields
    )
    return task


def add_for_each(*, patients, title: str, due_on: dt.date, by, owner=None, note: str = ""):
    """The same call to every patient of a list, such as those of a lot."""
    return [
        add(
            title=title,
            due_on=due_on,
            by=by,
            kind=TaskKind.LOT,
            patient=patient,
            owner=owner,
            note=note,
        )
        for patient in patients
    ]


@in_clinic_time
@transaction.atomic
def finish(*, task: Task, by, revision: int, outcome: str = "", now=None) -> Task:
    row = _locked(task, revision)
    if row.done_at is None:
        row.done_at, row.done_by, row.outcome = now or timezone.now(), by, outcome.strip()
        _save(row)
    return row


@in_clinic_time
@transaction.atomic
def reopen(*, task: Task, by, revision: int) -> Task:
    row = _locked(task, revision)
    row.done_at, row.done_by = None, None
    _save(row)
    return row


@in_clinic_time
@transaction.atomic
def change(*, task: Task, revision: int, by, **fields) -> Task:
    """Another owner, day, title or note."""
    row = _locked(task, revision)
    for name, value in fields.items():
        setattr(row, name, value)
    _save(row)
    return row


def _locked(task: Task, revision: int) -> Task:
    row = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    if row.revision != revision:
        raise errors.CannotChange(
            "Somebody changed this task meanwhile. Nothing of yours was saved; look at it as it is "
            "now, then try again."
        )
    return row


def _save(row: Task):
    row.revision += 1
    row.save()


# --- what a visit leaves to be done --------------------------------------------------------------


def after_visit(visit: Appointment, *, by) -> list[Task]:
    """Calls and recalls that a completed visit asks for; each can be given to somebody later."""
    made = []
    days = visit_types.type_of(visit.kind).call_after_days
    if days is not None:
        due = visit.day + dt.timedelta(days=days)
        made.append(
            _of_visit(visit, TaskKind.AFTER_CARE, f"After-care call, {visit.what}", due, by)
        )
    if visit.kind == VisitKind.PROCEDURE:
        made += _recalls(visit, by)
    return made


def _recalls(visit: Appointment, by):
    plan = visit.session.block.plan
    codes = set(visit.session.steps.values_list("treatment", flat=True))
    due = [(months, months_after(visit.day, months)) for months in RECALL_MONTHS]
    if codes & book(plan.catalogue_version).treatments_of([FILLERS]):
        for months, on in due:
            yield _of_visit(
                visit, TaskKind.FILLER_RECALL, f"Filler recall at {months} months", on, by
            )
    if _has_keloids(visit.patient, visit.day):
        for months, on in due:
            yield _of_visit(
                visit, TaskKind.KELOID_RECALL, f"Keloid recall at {months} months", on, by
            )


def _of_visit(visit, kind, title, due, by) -> Task:
    return add(title=title, due_on=due, by=by, kind=kind, appointment=visit)


def _has_keloids(patient, on) -> bool:
    question = questions().get(KELOID)
    value, *_ = answers_in_force(patient, on).get(KELOID, (None,))
    return bool(question) and says_yes(question, value)


def after_no_show(visit: Appointment, *, by, now=None) -> Task:
    """Somebody asks the patient what happened, and finds another time."""
    on = timezone.localtime(now or timezone.now()).date()
    return _of_visit(visit, TaskKind.NO_SHOW, f"Call after a no-show, {visit.what}", on, by)


def to_rebook(visit: Appointment, *, by, why: str, now=None) -> Task | None:
    """A visit that lost its time and whose plan still runs is to be booked again."""
    if visit.session_id and visit.session.block.plan.state not in ACTIVE:
        return None
    on = timezone.localtime(now or timezone.now()).date()
    return _of_visit(
        visit, TaskKind.REBOOK, f"Find another time, {visit.what}: {why}"[:200], on, by
    )


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day of a later month, or its last day where the month is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
