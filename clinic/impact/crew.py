"""The children that compute outcomes, beside the worker: the planner's engine alone, no database.

A child lives no longer than the one that started it: when that one dies, its line falls silent and
the child leaves. Two of them use two processors; they are polite to whoever serves pages.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from clinic.impact.outcomes import Subject, outcome_of
from clinic.impact.touching import Changes
from planner.engine.catalogue import catalogue_from

ROUND = 0.3  # seconds between two looks at what else is to be done
POLITE = 2  # added to the niceness of the worker
TRIES = 2  # a case whose child died is tried once more


class CrewLost(Exception):
    """A child died twice over one case."""


@dataclass(frozen=True)
class Task:
    """A subject, and which sides are not known yet."""

    number: int
    subject: Subject
    knows_old: bool = False
    knows_new: bool = False


@dataclass(frozen=True)
class Answer:
    number: int
    touched: bool
    old: dict | None = None
    new: dict | None = None


def answer_to(task: Task, changes: Changes) -> Answer:
    """Untouched, or the outcomes of both sides as far as they were not known."""
    if not changes.touches(task.subject):
        return Answer(task.number, False)
    old, new = zip(task.subject.sides, changes.both, strict=True)
    return Answer(
        task.number,
        True,
        None if task.knows_old else outcome_of(*old),
        None if task.knows_new else outcome_of(*new),
    )


class Here:
    """The same work in this process, one case after the other."""

    def __init__(self, changes: Changes):
        self.changes = changes

    def answers(self, tasks: list[Task], between: Callable[[], None]) -> Iterator[Answer]:
        for task in tasks:
            between()
            yield answer_to(task, self.changes)


@dataclass
class _Child:
    process: object
    line: Connection
    task: Task | None = None


@dataclass
class Crew:
    """`size` children that share the tasks."""

    old: dict
    new: dict
    size: int
    _children: list[_Child] = field(default_factory=list)

    def answers(self, tasks: list[Task], between: Callable[[], None]) -> Iterator[Answer]:
        """Answers as they come; `between` is called every moment, and may raise to stop it all."""
        waiting, failed = deque(tasks), {}
        try:
            self._children = [self._hire() for _ in range(min(self.size, len(tasks)))]
            while waiting or any(child.task for child in self._children):
                for child in self._children:
                    if child.task is None and waiting:
                        self._hand(child, waiting.popleft())
                between()
                busy = {child.line: child for child in self._children if child.task}
                for line in wait(list(busy), ROUND):
                    child = busy[line]
                    task, child.task = child.task, None
                    try:
                        yield line.recv()
                    except (EOFError, OSError):
                        self._replace(child)
                        failed[task.number] = failed.get(task.number, 0) + 1
                        if failed[task.number] >= TRIES:
                            raise CrewLost from None
                        waiting.appendleft(task)
        finally:
            self._dismiss()

    def _hand(self, child: _Child, task: Task) -> None:
        with suppress(OSError):  # it died while it had nothing to do; its silence is heard above
            child.line.send(task)
        child.task = task

    def _hire(self) -> _Child:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.old, self.new), daemon=True)
        process.start()
        theirs.close()
        return _Child(process, ours)

    def _replace(self, child: _Child) -> None:
        child.line.close()
        child.process.kill()
        child.process.join()
        fresh = self._hire()
        child.process, child.line = fresh.process, fresh.line

    def _dismiss(self) -> None:
        for child in self._children:
            child.process.kill()
        for child in self._children:
            child.process.join()
            child.line.close()
        self._children = []


def _serve(line: Connection, old: dict, new: dict) -> None:
    os.nice(POLITE)
    changes = Changes(catalogue_from(old), catalogue_from(new))
    while True:
        try:
            line.send(answer_to(line.recv(), changes))
        except (EOFError, OSError):  # whoever asked is gone
            return


def size_of_crew() -> int:
    return max(1, min(2, os.cpu_count() or 1))
