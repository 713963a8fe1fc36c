"""A draft in a clinician's hand: its visits with what the rules say, and what was changed."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from clinic.catalogue.models import Version
from clinic.catalogue.terms import Effect
from planner import bridge, draft_forms
from planner import outline as hand
from planner.asking import missing
from planner.editing import keyed
from planner.engine.arranged import open_for
from planner.engine.check import check
from planner.errors import NotEditable
from planner.judging import given_of, judged
from planner.presenting import notes_of
from planner.rebuilding import givens
from planner.templatetags.planning import money, percent_range
from planner.timeline import MIDDLE, timeline

ACCEPTED = {
    "BLOCK": "Take another treatment, or leave these places out.",
    "DELAY": "Move the visit behind that day.",
    "OVERRIDE": "It may stay with a documented reason: record one, or take another treatment.",
    "PRETREAT": "Move the visit, so that there is time for the preparation.",
    "interval": "Move this visit to a later day, or drop the step.",
    "order": "Move one of the two, so that they come in that order.",
    "same_session": "Split the visit, or drop one of the two.",
    "lidocaine": "Split the visit, or treat fewer places in it.",
    "chair_time": "Split the visit.",
    "filler": "Split the visit, or treat fewer places in it.",
    "areas": "Split the visit, or treat fewer places in it.",
    "clinic": "Take another treatment.",
    "indication": "Take another treatment, or other places.",
}
"""What would be accepted in place of a hit that breaks, by its effect or its kind."""


SOON, LATE = 43, 27 * 7  # days: each of the first, then by weeks


class Desk:
    """What the forms of one draft choose from."""

    def __init__(self, plan):
        self.plan = plan
        self.content = keyed(plan)
        self.outline = hand.outline_of(self.content["sessions"])

    @cached_property
    def engine(self):
        version = self.plan.catalogue_version
        return bridge.desk_of(self.plan.assessment, version, on=timezone.localdate())

    @cached_property
    def in_force(self):
        return Version.objects.defer("document").in_force()

    @property
    def catalogue_moved(self) -> bool:
        return self.plan.catalogue_version_id != self.in_force.pk

    @cached_property
    def engine_today(self):
        """By the catalogue in force, which an approval is judged by."""
        if not self.catalogue_moved:
            return self.engine
        return bridge.desk_of(self.plan.assessment, self.in_force, on=timezone.localdate())

    @cached_property
    def places(self) -> tuple[str, ...]:
        return self.engine.places

    def after(self, draft) -> "Desk":
        """The same desk for the draft as it has become: the facts of the patient have not moved."""
        new = Desk(draft)
        known = {"engine", "in_force", "engine_today"} & vars(self).keys()
        vars(new).update({name: vars(self)[name] for name in known})
        return new

    def treatment(self, code: str) -> str:
        return self.engine.catalogue.name_of(code)

    def number_of(self, key: str) -> int:
        return self.outline.index(hand.visit_with(self.outline, key)) + 1

    def open_for(self, places, instead_of: str | None = None):
        """Treatments for these places, with what each would change, in all visits at once."""
        counted = givens(self.outline, self.engine, self.plan.assessment.assessed_on)
        old = (instead_of, places) if instead_of else None
        return open_for(self.engine, places, counted, old)

    def first_day(self, number: int, with_later: bool) -> date:
        """The first day, from the visit's own on, on which no rule stands against that visit."""
        visit = hand.visit_at(self.outline, number)
        for days in (*range(SOON), *range(SOON, LATE, 7)):
            day = visit.on + timedelta(days=days)
            moved = hand.move_visit(self.outline, number, day, with_later)
            if not self._breaks(moved, hand.visit_with(moved, visit.lines[0].key)):
                return day
        raise NotEditable(
            f"No day within {LATE // 7} weeks is free of what stands against this visit. "
            "Drop or swap what it says is contraindicated."
        )

    def _breaks(self, moved, visit) -> bool:
        content = self.content | {"first_session_on": moved[0].on.isoformat()}
        given = given_of(content | {"sessions": hand.plain_sessions(moved)})
        found = check(self.engine.case, self.engine.catalogue, given, self.engine).findings
        return any(one.breaks and one.session == moved.index(visit) for one in found)

    def places_for(self, treatment: str) -> tuple[str, ...]:
        """Where it is indicated and nothing holds it back; else wherever it is indicated."""
        found = next((c for c in self.engine.candidates if c.code == treatment), None)
        return tuple(sorted((found.starts or found.verdicts) if found else self.places))


@dataclass(frozen=True)
class Hit:
    """What a rule says at a step or a visit, and what would be accepted instead."""

    text: str
    rule: str
    breaks: bool
    accepted: str = ""


@dataclass(frozen=True)
class Figure:
    """`since_last` and `since_taken` are empty where nothing changed."""

    label: str
    now: str
    since_last: str
    since_taken: str


def draft_page(plan, *, at: str = "", bound=None, desk: Desk | None = None) -> dict:
    """The part of a draft's page that every change draws anew.

    `at` names what is open for a change: a step's key, "visit-2" or "add"; `bound` is a form that
    was refused and keeps what was typed.
    """
    desk = desk or Desk(plan)
    content = desk.content
    said = judged(content, desk.engine_today)
    findings = said.findings
    names = bridge.names(plan.catalogue_version)
    edits = list(plan.edits.select_related("made_by").defer("content", "case"))
    done = [edit for edit in edits if edit.number and not edit.undone]
    return {
        "plan": plan,
        "content": content,
        "names": names,
        "timeline": timeline(content, width=MIDDLE),
        "blocks": _blocks(content, findings),
        "breaking": _once(finding for finding in findings if finding.breaks),
        "wishes": [finding.text for finding in findings if finding.kind == "wish"],
        "unanswered": missing(said.ask, plan.patient, timezone.localdate(), names),
        "notes": notes_of(content),
        "figures": _figures(plan, content, done),
        "pinned": sum(line.pinned for visit in desk.outline for line in visit.lines),
        "undo": done[-1] if done else None,
        "redo": next((edit for edit in edits if edit.undone), None),
        "edits": done,
        "menu": _menu(desk, at, bound),
        "catalogue_moved": desk.catalogue_moved,
    }


# --- visits ------------------------------------------------------------------------------------


def _blocks(content: dict, findings) -> list[dict]:
    visits = [
        {
            "number": number,
            "at": f"visit-{number}",
            "content": session,
            "done": bool(session.get("performed_on")),
            "hits": [_hit(f) for f in findings if _at(f, number - 1, None)],
            "steps": [
                {"content": step, "hits": [_hit(f) for f in findings if _at(f, number - 1, place)]}
                for place, step in enumerate(session["steps"])
            ],
        }
        for number, session in enumerate(content["sessions"], 1)
    ]
    return [
        {
            "number": number,
            "firm": firm,
            "cost": cost,
            "visits": [visit for visit in visits if visit["content"]["block"] == number],
        }
        for number, firm, cost in content["blocks"]
    ]


def _at(finding, session: int, step: int | None) -> bool:
    """Whether it belongs there; notes and wishes are gathered elsewhere."""
    here = finding.session == session and finding.step == step
    return here and finding.kind not in ("wish", "unknown") and not _is_note(finding)


def _is_note(finding) -> bool:
    return not finding.breaks and finding.effect in (Effect.CAUTION, Effect.PRETREAT)


def _hit(finding) -> Hit:
    accepted = ACCEPTED.get(finding.effect) or ACCEPTED.get(finding.kind, "")
    return Hit(finding.text, finding.rule, finding.breaks, accepted if finding.breaks else "")


def _once(findings) -> list[dict]:
    """Hits that stand in the way of approval, each once, with the visits that they are about."""
    rows: dict[str, list[int]] = {}
    for finding in findings:
        rows.setdefault(finding.text, []).append((finding.session or 0) + 1)
    return [{"text": text, "visits": sorted(set(visits))} for text, visits in rows.items()]


# --- figures -----------------------------------------------------------------------------------


def _figures(plan, content: dict, done) -> list[Figure]:
    """Each figure as it is now, and what the last change and all changes did to it."""
    last = first = content
    if done:
        before = done[-1].number - 1
        stored = {e.number: e.content for e in plan.edits.filter(number__in=(0, before))}
        last, first = stored[before], stored[0]
    currency = plan.currency
    return [
        Figure(
            "Expected improvement",
            percent_range(content["expected"]["improvement"]),
            *(_points(content, other) for other in (last, first)),
        ),
        Figure(
            "Cost",
            money(content["cost"], currency),
            *(_money(content, other, currency) for other in (last, first)),
        ),
        *(
            Figure(label, _counted(content[key], unit), *(_count(content, o, key) for o in both))
            for both in [(last, first)]
            for label, key, unit in (
                ("Weeks", "weeks", "week"),
                ("Visits", "visits", "visit"),
                ("Longest downtime", "downtime_longest", "day"),
                ("Downtime in all", "downtime_total", "day"),
            )
        ),
    ]


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _count(new: dict, old: dict, key: str) -> str:
    change = new[key] - old[key]
    return _signed(f"{change:+d}") if change else ""


def _money(new: dict, old: dict, currency: str) -> str:
    change = Decimal(new["cost"]) - Decimal(old["cost"])
    if not change:
        return ""
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}{money(abs(change), currency)}"


def _points(new: dict, old: dict) -> str:
    """The change of the middle of the range, in percentage points."""
    change = round(100 * (_middle(new) - _middle(old)))
    return _signed(f"{change:+d} points") if change else ""


def _middle(content: dict) -> float:
    expected = content["expected"]
    return expected.get("middle") or sum(expected["improvement"]) / 2


# --- what is open for a change -----------------------------------------------------------------


def _menu(desk: Desk, at: str, bound) -> dict | None:
    """The forms of what is open; None when nothing is, or when it is no longer in the plan."""
    try:
        forms, options = _forms_at(desk, at)
    except NotEditable:
        return None
    if not forms:
        return None
    made = {
        op: bound if bound is not None and bound.op == op else form(desk=desk, **options)
        for op, form in forms.items()
    }
    return {"at": at, "forms": made, "bound": bound}


def _forms_at(desk: Desk, at: str):
    if at == "add":
        return draft_forms.PLAN_FORMS, {}
    if at.startswith("visit-") and at[6:].isdigit():
        number = int(at[6:])
        visit = hand.visit_at(desk.outline, number)
        forms = dict(draft_forms.VISIT_FORMS)
        if len(visit.lines) < 2:
            del forms["split"]
        return ({} if visit.done else forms), {"number": number}
    if at:
        visit = hand.visit_with(desk.outline, at)
        forms = dict(draft_forms.STEP_FORMS)
        if not _needs_reason(desk, at):
            del forms["reason"]
        return ({} if visit.done else forms), {"key": at}
    return {}, {}


def _needs_reason(desk: Desk, key: str) -> bool:
    steps = (step for session in desk.content["sessions"] for step in session["steps"])
    return next(step["needs_override"] for step in steps if step["key"] == key)


def form_for(desk: Desk, at: str, op: str, data):
    """The bound form of a change at `at`; NotEditable where there is none such."""
    forms, options = _forms_at(desk, at)
    if op not in forms:
        raise NotEditable("This cannot be changed in that way. Look at the plan once more.")
    return forms[op](data, desk=desk, **options)
