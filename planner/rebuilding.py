"""From a clinician's outline to the content of a plan: built, summed up and judged anew.

The engine builds the visits and judges them; here its answer is joined with what the draft keeps:
keys, pins, documented reasons, and the visits that were performed.
"""

from datetime import date
from decimal import Decimal
from math import ceil

from planner.engine.arranged import arranged
from planner.engine.build import FIRST, Given
from planner.outline import Outline, Visit
from planner.stored import plain

BY_HAND = "Changed by a clinician: judged by the planner's rules, not composed by it."


def rebuilt(content: dict, outline: Outline, desk, *, seen_on: date, by_protocol: bool) -> dict:
    """`content` with the visits of `outline`; `seen_on` is the day of the assessment behind it."""
    procedures = [visit for visit in outline if visit.lines]
    first_on = procedures[0].on
    given = {visit.on: _given(visit, desk) for visit in procedures}
    counted = [given[v.on] for v in procedures if not v.done or v.on >= seen_on]
    made = arranged(desk, list(given.values()), counted, by_protocol=by_protocol)
    sessions = _sessions(outline, plain(made.sessions), first_on)
    done = sum(bool(session.get("performed_on")) for session in sessions)
    return content | {
        "sessions": sessions,
        "blocks": _blocks(content["blocks"], sessions),
        "first_session_on": first_on.isoformat(),
        "expected": plain(made.expected),
        "preparations": _preparations(plain(made.preparations), made.sessions, sessions, done),
        "home_care": plain(made.home_care),
        "untreated": plain(made.untreated),
        "why_not": plain(made.why_not),
        "top_ups": plain(made.top_ups),
        "beside": plain(made.beside),
        "pigment_risk": made.pigment_risk,
        "text": made.text,
        **_sums(sessions),
        **_origin(content, by_protocol),
    }


def givens(outline: Outline, desk, seen_on: date) -> list[Given]:
    """The procedure visits whose effect the findings of that day do not show yet."""
    return [_given(v, desk) for v in outline if v.lines and (not v.done or v.on >= seen_on)]


def _given(visit: Visit, desk) -> Given:
    uses = tuple((line.treatment, line.places) for line in visit.lines)
    return Given((visit.on - desk.case.on).days, visit.block, uses)


# --- visits ----------------------------------------------------------------------------------


def _sessions(outline: Outline, built: list[dict], first_on: date) -> list[dict]:
    """Every visit as it is stored: performed ones as they are, the rest as the engine made it."""
    procedures = {visit.on: visit for visit in outline if visit.lines}
    waiting = [visit for visit in outline if not visit.lines]
    found = []
    for session in built:
        if session["steps"]:
            found.append(_procedure(procedures[date.fromisoformat(session["on"])], session))
            continue
        visit = next((one for one in waiting if _is_same(one, session)), None)
        if visit:
            waiting.remove(visit)
            found.append(_visit_between(visit, session))
        elif not _is_past(session, procedures):
            found.append(session)
    found += [visit.stored for visit in waiting if visit.done]
    for session in found:
        session["day"] = (date.fromisoformat(session["on"]) - first_on).days
    return sorted(found, key=lambda one: (one["day"], FIRST.index(one["kind"])))


def _procedure(visit: Visit, session: dict) -> dict:
    if visit.done:
        return dict(visit.stored)
    lines = {line.treatment: line for line in visit.lines}
    steps = []
    for step in session["steps"]:
        line = lines[step["treatment"]]
        steps.append(
            step
            | {
                "key": line.key,
                "pinned": line.pinned,
                "override_reason": line.reason if step["needs_override"] else "",
                "override_words": line.words if step["needs_override"] else "",
            }
        )
    return session | _bound(visit) | {"steps": steps}


def _visit_between(visit: Visit, session: dict) -> dict:
    """A review, reading or the like: on the day that somebody put it, else where it belongs."""
    if visit.done:
        return dict(visit.stored)
    placed = {"on": visit.on.isoformat(), "placed": True} if visit.placed else {}
    return session | _bound(visit) | placed


def _bound(visit: Visit) -> dict:
    """What ties a visit of a revision to the one that it continues."""
    return {key: visit.stored[key] for key in ("continues", "performed_on") if key in visit.stored}


def _is_same(visit: Visit, session: dict) -> bool:
    stored = visit.stored
    return all(stored.get(key) == session[key] for key in ("kind", "block", "text"))


def _is_past(session: dict, procedures: dict[date, Visit]) -> bool:
    """Whether what this visit belongs to was performed, so that the draft does without it."""
    on = date.fromisoformat(session["on"])
    if session["kind"] == "review":
        mine = [v for v in procedures.values() if v.block == session["block"]]
        return all(visit.done for visit in mine)
    if session["kind"] == "suture_removal":
        return max((v for v in procedures.values() if v.on <= on), key=lambda v: v.on).done
    return next((visit.done for day, visit in sorted(procedures.items()) if day >= on), False)


# --- sums ------------------------------------------------------------------------------------


def _sums(sessions: list[dict]) -> dict:
    procedures = [session for session in sessions if session["steps"]]
    healed = max(session["day"] + session["downtime_days"] for session in procedures)
    return {
        "cost": str(_cost(procedures)),
        "visits": len(sessions),
        "weeks": ceil(healed / 7),
        "downtime_longest": max(session["downtime_days"] for session in procedures),
        "downtime_total": sum(session["downtime_days"] for session in procedures),
    }


def _blocks(stored: list, sessions: list[dict]) -> list:
    firm = {number: is_firm for number, is_firm, _cost in stored}
    numbers = sorted({session["block"] for session in sessions})
    mine = {n: [s for s in sessions if s["block"] == n] for n in numbers}
    return [[n, firm.get(n, False), str(_cost(mine[n]))] for n in numbers]


def _cost(sessions: list[dict]) -> Decimal:
    steps = (step for session in sessions for step in session["steps"])
    return sum((Decimal(step["price"]) for step in steps), Decimal("0.00"))


def _preparations(rows: list[dict], built, sessions: list[dict], done: int) -> list[dict]:
    """Preparations before a visit that is still to come, by the visit's number in the plan."""
    numbers = {session["on"]: n for n, session in enumerate(sessions, 1) if session["steps"]}
    found = []
    for row in rows:
        number = numbers[built[row["before_session"] - 1].on.isoformat()]
        if number > done:
            found.append(row | {"before_session": number})
    return found


def _origin(content: dict, by_protocol: bool) -> dict:
    """A changed protocol is the clinician's own: nothing is reported of it, nothing proven."""
    name = content["name"].removesuffix(", changed")
    changed = {
        "name": f"{name}, changed",
        "edited": True,
        "proof": {"optimal": False, "value": 0.0, "bound": 0.0, "gap": 0.0, "covers": BY_HAND},
    }
    return changed if by_protocol else changed | {"protocol": "", "reported": "", "sources": []}
