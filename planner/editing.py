"""The deeds of a clinician's hand on a draft: change it, undo, redo.

Every change is refused unless the person saw the draft as it is; each leaves an Edit with the
whole content after it, so that nothing that was arranged is lost.
"""

from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from planner import bridge
from planner.engine.complete import complete
from planner.engine.suggest import PLANNER_VERSION
from planner.engine.values import GivenPlan, GivenSession, GivenStep
from planner.errors import DraftChanged, NotEditable
from planner.judging import judged
from planner.models import Block, Edit, Plan, PlannedSession, State, Step
from planner.outline import Outline, filled, outline_of
from planner.rebuilding import rebuilt
from planner.services import session_row, step_row
from planner.spacing import chain, late_of
from planner.stored import digest, plain

AS_TAKEN = "As it was taken"


@transaction.atomic
def edit(*, plan, by, revision, change, words, keeps_protocol=False, desk=None) -> Plan:
    """Change a draft by `change`, which takes an outline and gives one; `words` say what it did.

    `revision` is the draft's as the person saw it: DraftChanged if somebody was quicker.
    NotEditable says why a change cannot be made. A change of what is done when in a published
    protocol makes it the clinician's own plan, unless it `keeps_protocol`. `desk` is the engine's
    for this draft today, where the caller has it.
    """
    draft = _open(plan, revision)
    content = keyed(draft)
    new = change(outline_of(content["sessions"]))
    desk = desk or _desk_of(draft)
    made = _rebuild(content, new, draft, desk, keeps_protocol)
    _remember(draft, content, made, by=by, words=words, case=desk.case)
    _write(draft, made)
    return draft


@transaction.atomic
def fill(*, plan, by, revision) -> Plan:
    """Keep what was performed and what is pinned, and let the planner fill in the rest."""
    draft = _open(plan, revision)
    content = keyed(draft)
    outline = outline_of(content["sessions"])
    desk = _desk_of(draft)
    completed = _completed(draft, outline, desk)
    new = filled(outline, plain(completed.proposal)["sessions"])
    made = _rebuild(content, new, draft, desk)
    _remember(draft, content, made, by=by, words=completed.text.rstrip("."), case=desk.case)
    _write(draft, made)
    return draft


def _completed(draft, outline: Outline, desk):
    pinned = tuple(
        GivenSession(
            day=0,
            on=visit.on,
            steps=tuple(
                GivenStep(line.treatment, line.places, line.key, line.words)
                for line in visit.lines
                if line.pinned
            ),
        )
        for visit in outline
        if not visit.done and any(line.pinned for line in visit.lines)
    )
    if not pinned:
        raise NotEditable(
            "Pin at least one step first: the planner fills in the rest around it. "
            "For a plan that is all new, ask for protocols anew."
        )
    known = {strategy.code for strategy in desk.catalogue.strategies}
    aim = draft.strategy if draft.strategy in known else "balanced"
    return complete(desk.case, desk.catalogue, GivenPlan(pinned), strategy=aim)


@transaction.atomic
def undo(*, plan, by, revision) -> Plan:
    """Take the last change back; it can be done again until another takes its place."""
    draft = _open(plan, revision)
    last = draft.edits.filter(undone=False, number__gt=0).last()
    if last is None:
        raise NotEditable("There is nothing to undo: the draft is as it was taken.")
    draft.edits.filter(pk=last.pk).update(undone=True)
    _write(draft, draft.edits.get(number=last.number - 1).content)
    return draft


@transaction.atomic
def redo(*, plan, by, revision) -> Plan:
    draft = _open(plan, revision)
    following = draft.edits.filter(undone=True).first()
    if following is None:
        raise NotEditable("There is nothing to do again.")
    draft.edits.filter(pk=following.pk).update(undone=False)
    _write(draft, following.content)
    return draft


def _open(plan, revision) -> Plan:
    """The draft, locked, if it is one still and as the person saw it."""
    draft = Plan.objects.select_for_update(of=("self",)).with_people().get(pk=plan.pk)
    if draft.state != State.DRAFT:
        raise NotEditable(
            f"{draft} is {draft.get_state_display().lower()}: only a draft can be changed."
        )
    if draft.revision != revision:
        raise DraftChanged(draft, draft.edits.filter(undone=False).last())
    return draft


# --- content -----------------------------------------------------------------------------------


def keyed(plan) -> dict:
    """The plan's content with the key of every step; a draft as taken has them in its rows only."""
    sessions = plan.content["sessions"]
    if all("key" in step for session in sessions for step in session["steps"]):
        return plan.content
    rows = plan.sessions.prefetch_related("steps")
    return plan.content | {
        "sessions": [
            session
            | {
                "steps": [
                    step | {"key": str(kept.key)}
                    for step, kept in zip(session["steps"], row.steps.all(), strict=True)
                ]
            }
            for session, row in zip(sessions, rows, strict=True)
        ]
    }


def _desk_of(draft):
    return bridge.desk_of(draft.assessment, draft.catalogue_version, on=timezone.localdate())


def _rebuild(content: dict, outline: Outline, draft, desk, keeps_protocol=False) -> dict:
    by_protocol = bool(content["protocol"]) and keeps_protocol
    return arranged_by(content, outline, desk, draft.assessment, by_protocol=by_protocol)


def arranged_by(content: dict, outline: Outline, desk, assessment, *, by_protocol: bool) -> dict:
    """What a draft of this content becomes by an outline, with what is asked before approval."""
    seen_on = assessment.assessed_on
    made = rebuilt(content, outline, desk, seen_on=seen_on, by_protocol=by_protocol)
    return made | {"ask": list(judged(made, desk).ask)}


def _remember(draft, before: dict, after: dict, *, by, words, case) -> None:
    stored = dict(draft.edits.values_list("number", "undone"))
    if not stored:
        stored[0] = False
        Edit.objects.create(plan=draft, number=0, words=AS_TAKEN, content=before, made_by=by)
    if any(stored.values()):
        draft.edits.filter(undone=True).delete()
    number = 1 + max(number for number, undone in stored.items() if not undone)
    Edit.objects.create(
        plan=draft,
        number=number,
        words=words[:300],
        content=after,
        case=plain(case),
        planner_version=PLANNER_VERSION,
        made_by=by,
    )


# --- rows --------------------------------------------------------------------------------------


def _write(draft, content: dict) -> None:
    draft.content = content
    draft.content_hash = digest(content)
    draft.cost = Decimal(content["cost"])
    draft.starts_on = date.fromisoformat(content["first_session_on"])
    draft.revision += 1
    draft.save(
        update_fields=["content", "content_hash", "cost", "starts_on", "revision"],
    )
    _write_sessions(draft, content)


def _write_sessions(draft, content: dict) -> None:
    """Rows as the content has them: only what differs is written anew; what was performed stays."""
    blocks = _blocks(draft, content)
    links = chain(content["sessions"], late_of(bridge.catalogue_of(draft.catalogue_version)))
    ahead = draft.sessions.filter(performance=None).prefetch_related("steps")
    stale = {row.number: row for row in ahead}
    performed, fresh = [], []
    for number, (stored, link) in enumerate(zip(content["sessions"], links, strict=True), 1):
        if stored.get("performed_on"):
            performed.append((stored["continues"], number, stored["day"]))
            continue
        row = session_row(blocks[stored["block"]], number, stored, link)
        steps = [step_row(row, place, step) for place, step in enumerate(stored["steps"], 1)]
        if number in stale and _is_as_stored(stale[number], row, steps):
            del stale[number]
        else:
            fresh.append((row, steps))
    _delete_visits(stale.values())
    for continues, number, day in performed:
        done = draft.sessions.filter(continues=continues)
        done.exclude(number=number, day=day).update(number=number, day=day)
    PlannedSession.objects.bulk_create([row for row, _ in fresh])
    Step.objects.bulk_create([step for _, steps in fresh for step in steps])


def _is_as_stored(old: PlannedSession, new: PlannedSession, steps: list[Step]) -> bool:
    kept = list(old.steps.all())
    return (
        _equal(old, new)
        and len(kept) == len(steps)
        and all(_equal(one, other, but="session") for one, other in zip(kept, steps, strict=True))
    )


def _equal(old, new, but: str = "") -> bool:
    """Whether two rows say the same, but for their keys; one may hold words not yet read."""
    return all(
        field.to_python(getattr(old, field.attname)) == field.to_python(getattr(new, field.attname))
        for field in old._meta.concrete_fields
        if not field.primary_key and field.name != but
    )


def _delete_visits(rows) -> None:
    """In two statements: nothing but steps hangs on a draft's visits, or the database refuses."""
    keys = [row.pk for row in rows]
    if keys:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM planner_step WHERE session_id = ANY(%s)", [keys])
            cursor.execute("DELETE FROM planner_plannedsession WHERE id = ANY(%s)", [keys])


def _blocks(draft, content: dict) -> dict[int, Block]:
    wanted = {number: firm for number, firm, _cost in content["blocks"]}
    blocks = {block.number: block for block in draft.blocks.all()}
    for number, block in blocks.items():
        if number not in wanted:
            block.delete()
    for number, firm in wanted.items():
        if number not in blocks:
            blocks[number] = Block.objects.create(plan=draft, number=number, firm=firm)
    return blocks
