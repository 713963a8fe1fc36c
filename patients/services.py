"""What is done to patients' facts, one function a deed; `by` is the person who answers for it."""

import pghistory
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic.catalogue.models import Version
from patients import chart, definitions, grading
from patients.errors import (
    AlreadyCorrected,
    AlreadySigned,
    DraftOpen,
    NoCatalogue,
    NoSuchPlace,
    NothingToUndo,
    NotSigned,
    RecordNumberTaken,
    RemovedMeanwhile,
    Stale,
)
from patients.models import (
    Answer,
    Assessment,
    Change,
    Finding,
    FollowUp,
    Mark,
    Patient,
    PreviousTreatment,
    Wishes,
)

TABLES = {"finding": Finding, "mark": Mark}


# --- patients -----------------------------------------------------------------------------------


def register(*, by, **fields) -> Patient:
    """A new patient with the given columns; RecordNumberTaken if the number is in use."""
    fields["record_number"] = fields["record_number"].strip().upper()
    patient = Patient(registered_by=by, **fields)
    with _record_number_told(patient), transaction.atomic(), _author(by):
        patient.save(force_insert=True)
    patient.refresh_from_db()  # the columns as the database keeps them
    return patient


@transaction.atomic
def update_patient(*, patient, changes, revision, by) -> Patient:
    """Change columns of the patient as of `revision`; Stale if somebody saved since."""
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    if current.revision != revision:
        raise Stale(_changed_since(current, revision))
    for name, value in changes.items():
        setattr(current, name, value)
    current.record_number = current.record_number.strip().upper()
    current.revision += 1
    with _record_number_told(current), transaction.atomic(), _author(by):
        current.save()
    return current


@transaction.atomic
def record_wishes(*, patient, by, revision=None, **changes) -> Wishes:
    """What the patient will accept; Stale if somebody saved since `revision`, 0 for none yet."""
    Patient.objects.select_for_update().get(pk=patient.pk)
    current = Wishes.objects.filter(patient=patient).first() or Wishes(patient=patient, revision=0)
    return _save_as_of(revision, current, changes, by)


@transaction.atomic
def note_previous_treatment(*, row, by, revision=None, **changes) -> PreviousTreatment:
    """A new row or a changed one; Stale if somebody saved since `revision`, or removed it."""
    Patient.objects.select_for_update().get(pk=row.patient_id)
    if row._state.adding:
        current = PreviousTreatment(patient_id=row.patient_id, revision=0)
    elif not (current := PreviousTreatment.objects.filter(pk=row.pk).first()):
        raise RemovedMeanwhile
    return _save_as_of(revision, current, changes, by)


def _save_as_of(revision, current, changes, by):
    if revision is not None and current.revision != revision:
        raise Stale(_changed_since(current, revision))
    for name, value in changes.items():
        setattr(current, name, value)
    current.revision += 1
    with _author(by):
        current.save()
    return current


def remove_previous_treatment(*, treatment, by) -> None:
    with _author(by):
        treatment.delete()


def _changed_since(current, revision):
    """What the history says was different at `revision`: (name, label, value now)."""
    past = current.events.filter(revision=revision).order_by("-pgh_id").first()
    if past is None:
        return
    for field in current._meta.concrete_fields:
        if field.name in ("revision", "search") or not field.editable:
            continue
        if getattr(past, field.attname) != getattr(current, field.attname):
            shown = getattr(current, f"get_{field.name}_display", None)
            value = shown() if shown else getattr(current, field.attname)
            yield field.name, str(field.verbose_name), _words(value)


def _words(value) -> str:
    if value is None or value == "":
        return "Not recorded"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(chart.places().get(one, one) for one in value) or "Not recorded"
    return f"{value:%d-%b-%Y}" if hasattr(value, "strftime") else str(value)


class _record_number_told:
    """Names the one constraint that two people can break at once."""

    def __init__(self, patient):
        self.patient = patient

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, IntegrityError) and "record_number" in _broken(error):
            raise RecordNumberTaken(self.patient.record_number) from error
        return False


def _broken(error: IntegrityError) -> str:
    """The name of the constraint, empty where the driver does not say."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return (diagnosis.constraint_name if diagnosis else None) or ""


def _author(by):
    """Every event of the history names the person, in a request or out of one."""
    return pghistory.context(user=str(by.pk))


@transaction.atomic
def record_answers(*, patient, answers, on, by, source=Answer.Source.CLINICIAN, confirmed=()):
    """Append what differs from the answers in force, and anew those `confirmed` as unchanged.

    `answers` maps question codes to values. Returns the rows written.
    """
    Patient.objects.select_for_update().get(pk=patient.pk)
    latest = {row.question: row.value for row in patient.answers.in_force()}
    changed = {
        code: value
        for code, value in answers.items()
        if code not in latest or latest[code] != value
    }
    again = {code: latest[code] for code in confirmed if code in latest and code not in changed}
    rows = [
        Answer(
            patient=patient,
            question=code,
            value=value,
            answered_on=on,
            answered_by=by,
            source=source,
        )
        for code, value in {**changed, **again}.items()
    ]
    with _author(by):
        return Answer.objects.bulk_create(rows)


# --- assessments --------------------------------------------------------------------------------


@transaction.atomic
def start_assessment(*, patient, by, on, copy_last=False) -> Assessment:
    """A draft; with `copy_last` it begins with the groups of the last signed assessment, each under
    the lineage it had. DraftOpen if the patient has a draft already."""
    Patient.objects.select_for_update().get(pk=patient.pk)
    _refuse_second_draft(patient)
    with _author(by):
        draft = Assessment.objects.create(patient=patient, assessed_on=on, assessed_by=by)
        last = patient.assessments.in_force().newest_first().first() if copy_last else None
        if last:
            _copy_groups(last, draft)
    return draft


@transaction.atomic
def correct_assessment(*, assessment, by, reason) -> Assessment:
    """A draft with everything of a signed assessment, to be changed and signed in its place."""
    if not assessment.is_signed:
        raise NotSigned
    Patient.objects.select_for_update().get(pk=assessment.patient_id)
    if correction := Assessment.objects.filter(corrects=assessment).first():
        raise AlreadyCorrected(correction)
    _refuse_second_draft(assessment.patient)
    kept = (
        *("patient_id", "assessed_on", "obvious_at_50cm", "easily_covered", "flattens_on_stretch"),
        *("scar_s_face", "scar_s_chest", "scar_s_back", "note"),
    )
    with _author(by):
        draft = Assessment.objects.create(
            **{name: getattr(assessment, name) for name in kept},
            assessed_by=by,
            corrects=assessment,
            correction_reason=reason,
        )
        _copy_groups(assessment, draft)
        if said := FollowUp.objects.filter(assessment=assessment).first():
            FollowUp.objects.create(
                assessment=draft, **_columns(said, leave_out=("id", "assessment_id"))
            )
    return draft


def _refuse_second_draft(patient):
    if draft := patient.assessments.drafts().first():
        raise DraftOpen(draft)


def _copy_groups(source, target):
    for rows in (source.findings.all(), source.marks.all()):
        for row in rows:
            copied = _columns(row, leave_out=("id", "assessment_id", "revision"))
            type(row).objects.create(assessment=target, **copied)


@transaction.atomic
def update_assessment(*, assessment, by, revision=None, **changes) -> Assessment:
    """Change the bedside answers, SCAR-S, note or day of a draft; Stale if somebody saved since."""
    draft = _lock_draft(assessment.pk)
    if revision is not None and draft.revision != revision:
        raise Stale(_changed_since(draft, revision))
    for name, value in changes.items():
        setattr(draft, name, value)
    draft.revision += 1
    with _author(by):
        draft.save()
    return draft


@transaction.atomic
def discard_draft(*, assessment, by) -> None:
    with _author(by):
        _lock_draft(assessment.pk).delete()


@transaction.atomic
def sign_assessment(*, assessment, by) -> Assessment:
    """Freeze the assessment with its grades as computed now; the database refuses later changes."""
    draft = _lock_draft(assessment.pk)
    version = Version.objects.in_force()
    if version is None:
        raise NoCatalogue
    draft.grades = compute_grades(draft, definitions.of_version(version.pk).scales)
    draft.catalogue_version = version
    draft.state = Assessment.State.SIGNED
    draft.signed_at = timezone.now()
    draft.signed_by = by
    draft.revision += 1
    draft.changes.all().delete()
    with _author(by):
        draft.save()
    return draft


def _lock_draft(pk) -> Assessment:
    draft = Assessment.objects.select_for_update().get(pk=pk)
    if draft.is_signed:
        raise AlreadySigned
    return draft


# --- findings and marks -------------------------------------------------------------------------


def log_finding(*, assessment, by, **fields) -> Finding:
    """A group of like scars in one place of a draft: region, side, scar_type, and what is known."""
    return _log("finding", assessment, by, fields)


def log_mark(*, assessment, by, **fields) -> Mark:
    return _log("mark", assessment, by, fields)


def change_finding(*, finding, by, revision=None, **changes) -> Finding:
    return _change("finding", finding, by, revision, changes)


def change_mark(*, mark, by, revision=None, **changes) -> Mark:
    return _change("mark", mark, by, revision, changes)


def remove_finding(*, finding, by) -> None:
    _remove("finding", finding, by)


def remove_mark(*, mark, by) -> None:
    _remove("mark", mark, by)


@transaction.atomic
def _log(table, assessment, by, fields):
    draft = _lock_draft(assessment.pk)
    check_place(fields["region"], fields["side"])
    row = TABLES[table](assessment=draft, **fields)
    with _author(by):
        row.save(force_insert=True)
    _note_change(table, draft, row.pk, None, _columns(row), by)
    return row


@transaction.atomic
def _change(table, row, by, revision, changes):
    draft = _lock_draft(row.assessment_id)
    current = TABLES[table].objects.select_for_update().get(pk=row.pk)
    if revision is not None and current.revision != revision:
        raise Stale(_changed_since(current, revision))
    before = _columns(current)
    for name, value in changes.items():
        setattr(current, name, value)
    check_place(current.region, current.side)
    current.revision += 1
    with _author(by):
        current.save()
    _note_change(table, draft, current.pk, before, _columns(current), by)
    return current


@transaction.atomic
def _remove(table, row, by):
    draft = _lock_draft(row.assessment_id)
    current = TABLES[table].objects.get(pk=row.pk)
    _note_change(table, draft, current.pk, _columns(current), None, by)
    with _author(by):
        current.delete()


def check_place(region, side):
    """NoSuchPlace unless the catalogue's region has that side."""
    sides = definitions.in_force().sides
    if side not in sides.get(region, ()):
        raise NoSuchPlace(region, sides.get(region, ()))


def _columns(row, leave_out=("assessment_id",)) -> dict:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in leave_out
    }


# --- undo and redo ------------------------------------------------------------------------------


def _note_change(table, draft, target, before, after, by):
    """Remember one step; a new one makes those that were undone unreachable."""
    draft.changes.filter(undone=True).delete()
    Change.objects.create(
        assessment=draft, table=table, target=target, before=before, after=after, by=by
    )


@transaction.atomic
def undo(*, assessment, by) -> Change:
    """Take back the last step of logging; NothingToUndo if there is none."""
    draft = _lock_draft(assessment.pk)
    step = draft.changes.filter(undone=False).order_by("-id").first()
    if step is None:
        raise NothingToUndo("undo")
    _restore(draft, step, step.before, by)
    Change.objects.filter(pk=step.pk).update(undone=True)
    return step


@transaction.atomic
def redo(*, assessment, by) -> Change:
    draft = _lock_draft(assessment.pk)
    step = draft.changes.filter(undone=True).order_by("id").first()
    if step is None:
        raise NothingToUndo("do again")
    _restore(draft, step, step.after, by)
    Change.objects.filter(pk=step.pk).update(undone=False)
    return step


def _restore(draft, step, columns, by):
    model = TABLES[step.table]
    with _author(by):
        if columns is None:
            model.objects.filter(pk=step.target).delete()
            return
        values = {
            field.attname: field.to_python(columns[field.attname])
            for field in model._meta.concrete_fields
            if field.attname in columns
        }
        now = model.objects.filter(pk=step.target).values_list("revision", flat=True).first()
        values["revision"] = (now or values["revision"]) + 1  # what others hold is out of date
        row = model(assessment=draft, **values)
        row.save(force_insert=now is None, force_update=now is not None)


# --- grades -------------------------------------------------------------------------------------


def grades_of(assessment, scales=None) -> dict:
    """The grades as signed, or as they stand now for a draft, by the scales in force."""
    if assessment.grades is not None:
        return assessment.grades
    scales = scales or definitions.in_force().scales
    if not scales:
        raise NoCatalogue
    return compute_grades(assessment, scales)


def compute_grades(assessment, scales) -> dict:
    bedside = grading.Bedside(
        assessment.obvious_at_50cm, assessment.easily_covered, assessment.flattens_on_stretch
    )
    sites = {
        "face": assessment.scar_s_face,
        "chest": assessment.scar_s_chest,
        "back": assessment.scar_s_back,
    }
    scars = [scar_of(finding) for finding in assessment.findings.all()]
    marks = [stain_of(mark) for mark in assessment.marks.all()]
    return grading.grade_face(scars, marks, bedside, sites, scales)


def scar_of(finding) -> grading.Scar:
    return grading.Scar(
        type=finding.scar_type,
        place=finding.place,
        count=finding.count,
        band=finding.count_band,
        width_mm=finding.width_mm,
        depth_mm=finding.depth_mm,
        severity=finding.severity,
        distensible=finding.distensible,
        area_cm2=finding.area_cm2,
        age_months=finding.age_months,
        broad=finding.broad,
        significant=finding.significant,
        gb_row=finding.gb_row,
        secondary_type=finding.secondary_type,
    )


def stain_of(mark) -> grading.Stain:
    return grading.Stain(
        type=mark.mark_type, place=mark.place, count=mark.count, band=mark.count_band
    )
