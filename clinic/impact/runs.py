"""A preview from its start to its end: started by a person, carried out by the worker.

Whoever carries it out holds its `runner`: a run that was cancelled, or that another one took over
after a worker died, finds that it may no longer write, and stops.
"""

import logging
import time
import uuid
from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from clinic.catalogue import drafting
from clinic.catalogue.models import Version
from clinic.impact import queue, report
from clinic.impact.crew import Crew, CrewLost, Here, Task, size_of_crew
from clinic.impact.kept import Kept
from clinic.impact.models import OPEN, Preview, State
from clinic.impact.reading import Read, read_everything
from clinic.impact.signed import active_plans, judged
from clinic.impact.touching import Changes
from planner.engine.catalogue import catalogue_from

log = logging.getLogger(__name__)

SILENT = timedelta(seconds=45)
"""After so long without a sign a run counts as dead."""
MOST_TRIES = 3
BEAT = 0.5  # seconds between two signs
FEW = 8
"""So few subjects are computed by the worker itself: a child takes a second to be there."""

DIED = "The worker was stopped in the middle of it. What was computed is kept."
LOST = "One case could not be computed: the computer has too little memory free, or it was stopped."
FELL = "A fault in the program stopped it. It is in the clinic's log; please tell the support."


class NothingToPreview(Exception):
    """There is no published version to compare with, or the draft is the version in force."""


class Stopped(Exception):
    """This run may no longer write: somebody cancelled it, or another took over."""


# ---- a person's deeds


def start(*, by) -> Preview:
    """The draft as it is now, to be tried; a preview that still runs makes way for it."""
    version = Version.objects.in_force()
    if version is None:
        raise NothingToPreview("There is no published version yet to compare the draft with.")
    draft = drafting.draft_state()
    if draft.hash == version.hash:
        raise NothingToPreview("The draft is the same as the version in force: nothing changes.")
    with transaction.atomic():
        for each in Preview.objects.select_for_update().filter(state__in=OPEN):
            _end(each, State.CANCELLED, by=by)
        preview = Preview.objects.create(
            version=version, draft=draft.document, draft_hash=draft.hash, asked_by=by
        )
        queue.carry_out(preview.pk)
    return preview


def cancel(*, preview: Preview, by) -> bool:
    """Whether there was something to cancel; the worker stops within a second."""
    with transaction.atomic():
        row = Preview.objects.select_for_update().get(pk=preview.pk)
        if not row.is_open:
            return False
        _end(row, State.CANCELLED, by=by)
        return True


def go_on(*, preview: Preview, by) -> bool:
    """Have the worker take up one that failed, was cancelled, or fell silent."""
    with transaction.atomic():
        row = Preview.objects.select_for_update().get(pk=preview.pk)
        if row.state == State.DONE or (row.is_open and not is_silent(row)):
            return False
        for each in Preview.objects.filter(state__in=OPEN).exclude(pk=row.pk):
            _end(each, State.CANCELLED, by=by)
        row.state, row.tries, row.trouble, row.runner = State.WAITING, 0, "", None
        row.ended_at = row.ended_by = None
        row.save()
        queue.carry_out(row.pk)
        return True


def _end(preview: Preview, state, *, by) -> None:
    preview.state, preview.runner = state, None
    preview.ended_at, preview.ended_by = timezone.now(), by
    preview.save()


def is_silent(preview: Preview) -> bool:
    """Whether the worker that computes it has given no sign for long."""
    since = preview.beat_at or preview.asked_at
    return preview.state == State.RUNNING and timezone.now() - since > SILENT


def take_up_silent() -> None:
    """Once a minute: what a killed worker left is taken up again, a few times."""
    silent = Q(state=State.RUNNING, beat_at__lt=timezone.now() - SILENT)
    for each in Preview.objects.filter(silent).defer("draft", "result"):
        if each.tries >= MOST_TRIES:
            fields = {"trouble": DIED, "ended_at": timezone.now(), "runner": None}
            Preview.objects.filter(silent, pk=each.pk).update(state=State.FAILED, **fields)
        else:
            queue.carry_out(each.pk)


# ---- the worker's


def carry_out(pk, *, size: int | None = None) -> None:
    """Compute a preview that waits, or that fell silent; whatever it is, it is not done twice."""
    runner = _claim(pk)
    if runner is None:
        return
    try:
        _Run(pk, runner, size_of_crew() if size is None else size).go()
    except Stopped:
        return
    except CrewLost:
        _fail(pk, runner, LOST)
    except Exception:
        log.exception("The preview %s could not be computed", pk)
        _fail(pk, runner, FELL)


def _claim(pk) -> uuid.UUID | None:
    runner, now = uuid.uuid4(), timezone.now()
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, beat_at__lt=now - SILENT)
    with transaction.atomic():
        row = Preview.objects.select_for_update().filter(free, pk=pk).first()
        if row is None:
            return None
        row.state, row.runner, row.tries = State.RUNNING, runner, row.tries + 1
        row.begun_at, row.beat_at = row.begun_at or now, now
        row.phase, row.finished, row.untouched = "Reading the draft and the plans", 0, 0
        row.save()
    return runner


def _fail(pk, runner, words: str) -> None:
    Preview.objects.filter(pk=pk, runner=runner).update(
        state=State.FAILED, trouble=words, ended_at=timezone.now(), runner=None
    )


class _Run:
    def __init__(self, pk, runner, size: int):
        self.runner, self.size = runner, size
        self.preview = Preview.objects.select_related("version").get(pk=pk)
        self.documents = (self.preview.version.document, self.preview.draft)
        self.changes = Changes(*(catalogue_from(each) for each in self.documents))
        self.total = self.finished = self.untouched = 0
        self.told_at, self.phase = 0.0, self.preview.phase
        self.began = time.monotonic()
        self.computed = Counter()

    def go(self) -> None:
        read = list(read_everything(self.preview.version, self.changes, self._beat))
        plans = list(active_plans())
        self.total = len(read) + len(plans)
        self._say("Suggesting anew for open drafts and the library's cases")
        compared = self._compare(read)
        self._say("Looking at signed plans and booked visits")
        touched = self._signed(plans)
        self._say("Writing it down")
        result = report.result_of(compared, touched, self.documents) | {
            "seconds": round(time.monotonic() - self.began, 1),
            "untouched": self.untouched,
            "computed": dict(self.computed),
        }
        self._write(
            state=State.DONE,
            result=result,
            finished=self.total,
            ended_at=timezone.now(),
            phase="",
            runner=None,
        )

    # -- drafts and cases

    def _compare(self, read: list[Read]) -> list[report.Compared]:
        """Each with both outcomes; what the change does not reach is not among them."""
        kept = Kept(self.preview.version.hash, self.preview.draft_hash)
        maybe = [each for each in read if self._glance(each)]
        known = kept.of([each.subject for each in maybe], between=self._beat)
        compared, tasks = [], []
        for number, (each, (old, new)) in enumerate(zip(maybe, known, strict=True)):
            if old and new:
                compared.append(report.Compared(each, old, new))
                self._step()
            else:
                tasks.append(Task(number, each.subject, bool(old), bool(new)))
        for answer in self._crew(len(tasks)).answers(tasks, self._beat):
            self._step(untouched=not answer.touched)
            if answer.touched:
                old, new = known[answer.number]
                self.computed["old"] += answer.old is not None
                self.computed["new"] += answer.new is not None
                each = maybe[answer.number]
                kept.keep(each.subject, answer.old, answer.new)
                compared.append(report.Compared(each, old or answer.old, new or answer.new))
        kept.write()
        return compared

    def _glance(self, each: Read) -> bool:
        touched = self.changes.may_touch(each.subject)
        if not touched:
            self._step(untouched=True)
        return touched

    def _crew(self, tasks: int):
        if self.size < 1 or tasks <= FEW:
            return Here(self.changes)
        return Crew(*self.documents, self.size)

    # -- signed plans

    def _signed(self, plans) -> list:
        found = []
        for plan in plans:
            found += judged(plan, self.changes)
            self._step()
        return found

    # -- signs of life

    def _say(self, words: str) -> None:
        self.phase, self.told_at = words, 0.0
        self._beat()

    def _step(self, *, untouched: bool = False) -> None:
        self.finished += 1
        self.untouched += untouched
        self._beat()

    def _beat(self) -> None:
        if time.monotonic() - self.told_at < BEAT:
            return
        self.told_at = time.monotonic()
        self._write(
            total=self.total, finished=self.finished, untouched=self.untouched, phase=self.phase
        )

    def _write(self, **fields) -> None:
        mine = Preview.objects.filter(pk=self.preview.pk, runner=self.runner, state=State.RUNNING)
        if not mine.update(beat_at=timezone.now(), **fields):
            raise Stopped
