"""Outcomes that were computed before: of the same input and catalogue they are the same again."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from clinic.impact.models import KeptOutcome, Preview
from clinic.impact.outcomes import FORMAT, Subject
from planner.engine.suggest import PLANNER_VERSION
from planner.stored import digest, plain, solver_version

AT_ONCE = 25
DAYS = 30
"""A patient's case is another one each day, so that outcomes age quickly."""


class Kept:
    """The outcomes of two catalogues, by their hashes."""

    def __init__(self, old: str, new: str):
        self.hashes = (old, new)
        self.fresh: list[KeptOutcome] = []

    def of(self, subjects: list[Subject], *, between: Callable[[], None]) -> list[list]:
        """Of each subject the two outcomes, None where one is not known."""
        keys = []
        for subject in subjects:
            keys.append(self._keys(subject))
            between()
        wanted = [key for both in keys for key in both]
        rows = KeptOutcome.objects.filter(pk__in=wanted)
        found = dict(rows.values_list("key", "outcome"))
        return [[found.get(key) for key in both] for both in keys]

    def keep(self, subject: Subject, *outcomes) -> None:
        for key, outcome in zip(self._keys(subject), outcomes, strict=True):
            if outcome is not None:
                self.fresh.append(KeptOutcome(key=key, outcome=outcome))
        if len(self.fresh) >= AT_ONCE:
            self.write()

    def write(self) -> None:
        KeptOutcome.objects.bulk_create(self.fresh, ignore_conflicts=True)
        self.fresh = []

    def _keys(self, subject: Subject) -> list[str]:
        planner = [FORMAT, PLANNER_VERSION, solver_version()]
        return [
            digest([digest([*planner, plain(side)]), hash_])
            for side, hash_ in zip(subject.sides, self.hashes, strict=True)
        ]


def forget_old() -> None:
    """Outcomes of past days, and old previews but the latest; no record of care is among them."""
    before = timezone.now() - timedelta(days=DAYS)
    KeptOutcome.objects.filter(kept_on__lt=timezone.localdate(before)).delete()
    latest = Preview.objects.values_list("pk", flat=True).first()
    Preview.objects.filter(asked_at__lt=before).exclude(pk=latest).delete()
