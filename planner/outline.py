"""A draft as a clinician arranges it: which treatment where, in which visit, on which day.

Plain values and plain changes of them. Nothing is judged here and nothing is priced: an outline
says what somebody wants, `planner.rebuilding` makes a plan of it, the engine's check says what is
wrong with that.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from planner.errors import NotEditable


@dataclass(frozen=True)
class Line:
    """One step; `reason` and `words` are the documented reason of one that needs it."""

    key: str
    treatment: str
    places: tuple[str, ...]
    pinned: bool = False
    reason: str = ""
    words: str = ""


@dataclass(frozen=True)
class Visit:
    """`done` was performed and stays as it is; `placed` is a review or reading put on its day."""

    on: date
    kind: str
    block: int
    lines: tuple[Line, ...] = ()
    done: bool = False
    placed: bool = False
    stored: dict = field(default_factory=dict, compare=False)

    def has(self, key: str) -> bool:
        return any(line.key == key for line in self.lines)


Outline = tuple[Visit, ...]


def outline_of(sessions: list[dict]) -> Outline:
    """The outline of stored visits whose steps have their keys."""
    return tuple(
        Visit(
            on=date.fromisoformat(stored["on"]),
            kind=stored["kind"],
            block=stored["block"],
            lines=tuple(
                Line(
                    key=step["key"],
                    treatment=step["treatment"],
                    places=tuple(step["places"]),
                    pinned=step.get("pinned", False),
                    reason=step.get("override_reason", ""),
                    words=step.get("override_words", ""),
                )
                for step in stored["steps"]
            ),
            done=bool(stored.get("performed_on")),
            placed=stored.get("placed", False),
            stored=stored,
        )
        for stored in sessions
    )


def plain_sessions(outline: Outline) -> list[dict]:
    """As much of stored visits as judging them takes."""
    first = min(visit.on for visit in outline if visit.lines)
    return [
        {
            "day": (visit.on - first).days,
            "kind": visit.kind,
            "on": visit.on.isoformat(),
            "steps": [
                {
                    "treatment": line.treatment,
                    "places": line.places,
                    "key": line.key,
                    "override_words": line.words,
                }
                for line in visit.lines
            ],
        }
        for visit in outline
    ]


# --- finding ---------------------------------------------------------------------------------


def visit_with(outline: Outline, key: str) -> Visit:
    found = next((visit for visit in outline if visit.has(key)), None)
    if found is None:
        raise NotEditable("That step is no longer in the plan. Look at the plan as it is now.")
    return found


def line_of(outline: Outline, key: str) -> Line:
    return next(line for line in visit_with(outline, key).lines if line.key == key)


def visit_at(outline: Outline, number: int) -> Visit:
    """Visit `number`, counted from 1, as the page counts them."""
    if not 1 <= number <= len(outline):
        raise NotEditable("There is no such visit in the plan now. Look at it once more.")
    return outline[number - 1]


def alike(outline: Outline, key: str) -> tuple[str, ...]:
    """The keys of every step still to come with the treatment of this one, this one first."""
    treatment = line_of(outline, key).treatment
    others = (
        line.key
        for visit in outline
        if not visit.done
        for line in visit.lines
        if line.treatment == treatment and line.key != key
    )
    return (key, *others)


# --- changing --------------------------------------------------------------------------------


def swap(outline: Outline, keys, treatment: str, places=None) -> Outline:
    """Another treatment in the place of these steps; its documented reason was not for it."""

    def changed(line: Line) -> Line:
        at = tuple(places) if places else line.places
        return replace(line, treatment=treatment, places=at, reason="", words="")

    return _each(outline, keys, changed)


def treat(outline: Outline, keys, places) -> Outline:
    """These steps in other places."""
    return _each(outline, keys, lambda line: replace(line, places=tuple(places)))


def pin(outline: Outline, keys, pinned: bool) -> Outline:
    """Pinned steps stay where they are when the planner fills the rest."""
    return _each(outline, keys, lambda line: replace(line, pinned=pinned))


def give_reason(outline: Outline, keys, reason: str, words: str) -> Outline:
    return _each(outline, keys, lambda line: replace(line, reason=reason, words=words))


def drop(outline: Outline, keys) -> Outline:
    for key in keys:
        _refuse_done(visit_with(outline, key))
    return _tidy(_without(outline, keys))


def add(outline: Outline, treatment: str, places, on: date) -> Outline:
    line = Line(str(uuid.uuid4()), treatment, tuple(places))
    return _tidy((*outline, _new_visit(outline, on, (line,))))


def move_line(outline: Outline, key: str, on: date) -> Outline:
    """One step to another day: into the visit of that day, or into one of its own."""
    visit = visit_with(outline, key)
    _refuse_done(visit)
    moved = _new_visit(outline, on, (line_of(outline, key),), visit.block)
    return _tidy((*_without(outline, (key,)), moved))


def split(outline: Outline, keys, on: date) -> Outline:
    """Some steps of a visit in a visit of their own."""
    visit = visit_with(outline, keys[0])
    _refuse_done(visit)
    going = tuple(line for line in visit.lines if line.key in keys)
    if len(going) == len(visit.lines):
        raise NotEditable("At least one step has to stay in the visit. Move the visit instead.")
    moved = _new_visit(outline, on, going, visit.block)
    return _tidy((*_without(outline, keys), moved))


def move_visit(outline: Outline, number: int, on: date, with_later: bool = False) -> Outline:
    """A visit to another day; with the later ones, these keep their distance from it."""
    visit = visit_at(outline, number)
    _refuse_done(visit)
    days = on - visit.on
    behind = outline[number:] if with_later else ()

    def moved(other: Visit) -> Visit:
        if other.done or (other is not visit and other not in behind):
            return other
        return replace(other, on=other.on + days, placed=other.placed or other is visit)

    return _tidy(tuple(moved(other) for other in outline))


def filled(outline: Outline, visits: list[dict]) -> Outline:
    """What was performed or is pinned, among the visits that the planner made around it.

    `visits` are stored sessions with steps; a pinned step is known by its day and treatment.
    """
    done = [visit for visit in outline if visit.done]
    kept = {
        (visit.on, line.treatment): line
        for visit in outline
        for line in visit.lines
        if line.pinned and not visit.done
    }
    before = max((visit.block for visit in done), default=1) - 1
    made = []
    for stored in visits:
        on = date.fromisoformat(stored["on"])
        lines = tuple(
            kept.get((on, step["treatment"]))
            or Line(str(uuid.uuid4()), step["treatment"], tuple(step["places"]))
            for step in stored["steps"]
        )
        if lines:
            made.append(Visit(on, "procedure", stored["block"] + before, lines))
    return _tidy((*done, *made))


def _each(outline: Outline, keys, changed) -> Outline:
    for key in keys:
        _refuse_done(visit_with(outline, key))
    return _tidy(
        tuple(
            replace(
                visit,
                lines=tuple(changed(line) if line.key in keys else line for line in visit.lines),
            )
            for visit in outline
        )
    )


def _without(outline: Outline, keys) -> Outline:
    return tuple(
        replace(visit, lines=tuple(line for line in visit.lines if line.key not in keys))
        for visit in outline
    )


def _new_visit(outline: Outline, on: date, lines, block: int | None = None) -> Visit:
    """In the block of what goes before it, unless it comes out of a block of its own."""
    earlier = [visit.block for visit in outline if visit.lines and visit.on <= on]
    first = min((visit.block for visit in outline), default=1)
    return Visit(on, "procedure", block or max(earlier, default=first), lines)


def _refuse_done(visit: Visit) -> None:
    if visit.done:
        raise NotEditable(
            f"The visit of {visit.on:%d-%b-%Y} was performed: it stays as it was done."
        )


def _tidy(outline: Outline) -> Outline:
    """In order of time, one visit of procedures a day, one step a treatment in a visit."""
    done = [visit.on for visit in outline if visit.done and visit.lines]
    by_day: dict[date, Visit] = {}
    rest = []
    for visit in sorted(outline, key=lambda visit: (visit.on, not visit.done)):
        if visit.kind != "procedure":
            rest.append(visit)
        elif visit.lines:
            if not visit.done and done and visit.on <= max(done):
                raise NotEditable(
                    f"The visit of {max(done):%d-%b-%Y} was performed already: "
                    f"choose a day from {max(done) + timedelta(days=1):%d-%b-%Y} on."
                )
            there = by_day.get(visit.on)
            by_day[visit.on] = _joined(there, visit) if there else _joined(visit)
    if not by_day:
        raise NotEditable(
            "A plan needs at least one procedure. To give this one up, reject the draft."
        )
    return tuple(sorted([*by_day.values(), *rest], key=lambda visit: visit.on))


def _joined(visit: Visit, other: Visit | None = None) -> Visit:
    """Both visits in one; a treatment that is in both is one step in the places of both."""
    lines: dict[str, Line] = {}
    for line in (*visit.lines, *(other.lines if other else ())):
        same = lines.get(line.treatment)
        lines[line.treatment] = _both(same, line) if same else line
    return replace(visit, lines=tuple(lines.values()))


def _both(one: Line, other: Line) -> Line:
    return replace(
        one,
        places=tuple(sorted({*one.places, *other.places})),
        pinned=one.pinned or other.pinned,
        reason=one.reason or other.reason,
        words=one.words or other.words,
    )
