"""What a clinician confirms about the house once a day, and that visits with fillers wait for."""

import datetime as dt

from django.utils import timezone

from clinic.catalogue.reading import book
from clinic.scheduling import errors
from clinic.scheduling.models import Answer, DayCheck, HouseItem
from clinic.scheduling.writing import in_clinic_time

PERMISSION = "scheduling.check_house"
FILLERS, HYALURONIC = "FILL", "HA"  # families of the catalogue

ASKS = {
    HouseItem.HYALURONIDASE: "See that it is at hand, and read its expiry date.",
    HouseItem.EMERGENCY_KIT: "See that it is complete and where it belongs.",
    HouseItem.TRAINED_PERSON: "Somebody trained to treat a blocked vessel is in the house all day.",
}


def needed_by(session) -> list[HouseItem]:
    """What the treatments of a session want in the house: for fillers alone, as the rules say."""
    catalogue = book(session.block.plan.catalogue_version)
    codes = {step.treatment for step in session.steps.all()}
    if not codes & catalogue.treatments_of([FILLERS]):
        return []
    if codes & catalogue.treatments_of([HYALURONIC]):
        return list(HouseItem)
    return [HouseItem.EMERGENCY_KIT, HouseItem.TRAINED_PERSON]


def needed_on(visits) -> list[HouseItem]:
    """What the visits of a day want together."""
    wanted = {item for visit in visits if visit.session_id for item in needed_by(visit.session)}
    return [item for item in HouseItem if item in wanted]


def found_on(on: dt.date) -> dict[str, DayCheck]:
    """The latest finding of each thing on that day; what was taken back is not found."""
    rows = {row.item: row for row in DayCheck.objects.filter(on=on).select_related("by")}
    return {item: row for item, row in rows.items() if row.answer != Answer.TAKEN_BACK}


@in_clinic_time
def note(
    *, item: str, answer: str, by, expires_on: dt.date | None = None, words: str = "", now=None
) -> DayCheck:  # fmt: skip
    """Write down what was found today; it counts for every visit of the day."""
    now = now or timezone.now()
    today = timezone.localtime(now).date()
    if not by.has_perm(PERMISSION):
        raise errors.NotAllowed("A clinician confirms what the house has ready.")
    if item == HouseItem.HYALURONIDASE and answer == Answer.DONE:
        if expires_on is None:
            raise errors.CannotChange("Give the expiry date of the hyaluronidase.")
        if expires_on < today:
            raise errors.CannotChange(
                f"It ran out on {errors.day(expires_on)}: note “not in order” and get another."
            )
    if item == HouseItem.TRAINED_PERSON and answer == Answer.DONE and not words.strip():
        raise errors.CannotChange("Name who is in the house.")
    return DayCheck.objects.create(
        on=today,
        item=item,
        answer=answer,
        expires_on=expires_on,
        note=words.strip(),
        by=by,
        at=now,
    )
