"""What the demo clinic's patients have on record beside a face: photos, totals, wishes, a past.

Each is written by the service that its page calls. A person's number decides what they have, and a
random source of their own decides the figures, so that nobody's story depends on another's.
"""

import datetime as dt
from random import Random

from django.core.files.base import ContentFile

from clinic.scheduling.demo import faces, portraits
from patients import photos, reported
from patients import services as records
from patients.models import PhotoConsent, PreviousTreatment, ReportedTotal

VIEWS = ("front", "left_45", "right_45")
PAST = (
    {"treatment": "", "name": "Chemical peel", "result": "slightly_better"},
    {"treatment": "", "name": "Needling at home", "result": "unchanged"},
    {"treatment": "subcision", "name": "Subcision", "result": "better"},
    {"treatment": "", "name": "Microdermabrasion, six sessions", "result": "unchanged"},
)


def has_photos(number: int) -> bool:
    return number % 9 == 0 or number % 8 in (0, 2)


def photograph(number: int, patient, day: dt.date, by, face, groups):
    """Three views on the day of an assessment, with consent; one patient has not given it yet."""
    if number % 27 != 18:
        photos.give_consent(
            patient=patient, purpose=PhotoConsent.Purpose.RECORD, given_on=day, by=by
        )
    if number % 27 == 0:
        photos.give_consent(
            patient=patient, purpose=PhotoConsent.Purpose.TEACHING, given_on=day, by=by
        )
    for view in VIEWS:
        picture = portraits.portrait(
            view,
            patient.fitzpatrick,
            groups,
            face.spots,
            seed=patient.record_number,
            day=f"{day}",
        )
        photos.add_photo(
            patient=patient,
            by=by,
            file=ContentFile(picture, name=f"{view}.jpg"),
            view=view,
            taken_on=day,
        )


def ask(number: int, patient, day: dt.date, by, *, visit: int):
    """Totals of two questionnaires; they fall a little from visit to visit."""
    random = Random(f"{faces.SEED} totals {number}")
    if number % 3:
        return
    start = random.randrange(8, 17)
    manner = ReportedTotal.Manner.SELF
    for instrument, total in (
        ("dlqi", max(1, start - 4 * visit)),
        ("phq_2", max(0, random.randrange(0, 3) - visit)),
    ):
        reported.record_total(
            patient=patient,
            by=by,
            instrument=instrument,
            total=total,
            answered_on=day,
            manner=manner,
            administered_by=by,
            language="English",
        )


def wish(number: int, patient, by):
    if number % 4 == 1:
        records.record_wishes(
            patient=patient, by=by, max_downtime_days=Random(number).choice((5, 7, 10))
        )
    elif number % 4 == 2:
        records.record_wishes(patient=patient, by=by, budget=2500 + 500 * (number % 5))


def tell_the_past(number: int, patient, came: dt.date, by):
    """One treatment elsewhere, years ago and known to the year, for a part of the patients."""
    if number % 5 != 2:
        return
    past = PAST[number % len(PAST)]
    records.note_previous_treatment(
        row=PreviousTreatment(patient=patient),
        by=by,
        performed_on=dt.date(came.year - 2 - number % 3, 1, 1),
        precision=PreviousTreatment.Precision.YEAR,
        places=["malar.L", "malar.R"],
        **past,
    )
