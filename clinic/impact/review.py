"""Signed plans and booked visits that a changed catalogue speaks against, for a clinician."""

from django.db import transaction

from clinic.catalogue.models import Version
from clinic.impact.models import Look, Preview, ReviewItem, State, Swept
from clinic.impact.signed import UNJUDGED, Touched, active_plans, judged
from clinic.impact.touching import Changes
from clinic.scheduling import attention
from planner import bridge
from planner.engine.catalogue import catalogue_from
from planner.stored import digest


class NotListed(Exception):
    """There is nothing to list; the text says why."""


# ---- listing


def list_touched(*, preview: Preview, by) -> int:
    """Put what a finished preview found on the clinicians' list; how many are new there."""
    if preview.state != State.DONE:
        raise NotListed("The preview is not finished: there is nothing to list yet.")
    changes = Changes(
        bridge.catalogue_of(preview.version), catalogue_from(preview.draft, preview.draft_hash)
    )
    wanted = {row["plan"] for row in preview.result["signed"]}
    plans = active_plans().filter(pk__in=wanted)
    return _list([one for plan in plans for one in judged(plan, changes)], None, by)


@transaction.atomic
def sweep() -> int:
    """List what the version in force speaks against, once for each version; how many are new.

    Called by the worker, so that a plan is listed though nobody ran a preview before publishing.
    """
    version = Version.objects.in_force()
    if version is None or Swept.objects.filter(version=version).exists():
        return 0
    if not _claim(version):
        return 0
    before = _swept_before(version)
    listed = 0
    if before is not None:
        changes = Changes(*(bridge.catalogue_of(each) for each in (before, version)))
        found = [one for plan in active_plans() for one in judged(plan, changes, attention.recheck)]
        listed = _list(found, version, None)
    Swept.objects.filter(version=version).update(listed=listed)
    return listed


def _claim(version: Version) -> bool:
    """One sweep of a version at a time: a second one waits here, and then finds it done."""
    _, made = Swept.objects.get_or_create(version=version)
    return made


def _swept_before(version: Version) -> Version | None:
    """The version that signed plans were last judged by: the last one swept, else the one before.

    Several may be published between two rounds of the worker.
    """
    earlier = Version.objects.defer("document").filter(number__lt=version.number)
    swept = earlier.filter(pk__in=Swept.objects.values("version")).order_by("-number").first()
    return swept or earlier.order_by("-number").first()


def _list(found: list[Touched], version: Version | None, by) -> int:
    new = 0
    for one in found:
        reasons = list(one.reasons)
        appointment = one.appointment and str(one.appointment.pk)
        said = [[each["kind"], each["rule"], each["words"]] for each in reasons]
        if reasons[0]["kind"] == UNJUDGED:  # of another version nobody has looked yet
            said.append(version and version.number)
        row, made = ReviewItem.objects.get_or_create(
            fingerprint=digest([str(one.plan.pk), appointment, said]),
            defaults={
                "plan": one.plan,
                "appointment": one.appointment,
                "version": version,
                "reasons": reasons,
                "listed_by": by,
            },
        )
        new += made
        if version and row.version_id is None:
            ReviewItem.objects.filter(pk=row.pk).update(version=version)
    return new


# ---- looking


def look(*, item: ReviewItem, by, choice: str, words: str) -> Look:
    return Look.objects.create(item=item, looked_by=by, choice=choice, words=words.strip())


def open_items(user):
    """What a clinician has not settled yet, the oldest first; bookings that are over drop out."""
    return ReviewItem.objects.visible_to(user).open().with_people()
