"""The engine's answer as a plain document and as bytes, and the hash of what it was asked."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from planner.engine.values import Case, Checked, Proposal, Session, Step, Suggestion


def as_json(suggestion: Suggestion) -> str:
    """One canonical line: the same input gives the same bytes."""
    return to_json(as_document(suggestion))


def to_json(document: dict) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_plain)


def digest_of(case: Case) -> str:
    """SHA-256 of everything the engine was told about the patient."""
    text = json.dumps(plain(case), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value):
    """Any engine value as JSON values: dates as ISO text, money as text, enums by value."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return _plain(value) if isinstance(value, (date, Decimal)) else value


def _plain(value):
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no plain form for {value!r}")


def as_document(suggestion: Suggestion) -> dict:
    """The keys of docs/cases.md, and more beside them."""
    return {
        "id": suggestion.case_id,
        "proposals": [_proposal(proposal) for proposal in suggestion.proposals],
        "possible_with_override": [
            {
                "treatment": row.treatment,
                "name": row.name,
                "rules": list(row.rules),
                "gain": list(row.gain),
                "text": row.text,
            }
            for row in suggestion.possible_with_override
        ],
        "flags": [plain(flag) for flag in suggestion.flags],
        "excluded": [plain(row) for row in suggestion.excluded],
        "no_plan": _no_plan(suggestion),
        "ask": list(suggestion.ask),
        "notes": list(suggestion.notes),
        "few": suggestion.few or None,
        "planner_version": suggestion.planner_version,
        "catalogue_hash": suggestion.catalogue_hash,
        "input_hash": suggestion.input_hash,
    }


def _no_plan(suggestion: Suggestion) -> dict | None:
    if suggestion.no_plan is None:
        return None
    ways = [[{"wish": w, "to": plain(to)} for w, to in way] for way in suggestion.no_plan.relax]
    # `relax` holds the first way, as the case files' page has it; `ways` all of them.
    return {"text": suggestion.no_plan.text, "relax": ways[0] if ways else [], "ways": ways}


def _proposal(p: Proposal) -> dict:
    return {
        "strategy": p.strategy,
        "name": p.name,
        "text": p.text,
        "optimal": p.proof.optimal,
        "proof": plain(p.proof),
        "recommended": p.recommended,
        "expected": plain(p.expected),
        "weeks": p.weeks,
        "visits": p.visits,
        "downtime_days": {"longest": p.downtime_longest, "total": p.downtime_total},
        "cost": str(p.cost),
        "pigment_risk": p.pigment_risk,
        "first_session_on": p.first_session_on.isoformat(),
        "blocks": [{"number": n, "firm": firm, "cost": str(cost)} for n, firm, cost in p.blocks],
        "sessions": [_session(session) for session in p.sessions],
        "home_care": [plain(row) for row in p.home_care],
        "preparations": [plain(row) for row in p.preparations],
        "deferred": [plain(row) for row in p.deferred],
        "untreated": [plain(row) for row in p.untreated],
        "why_not": [plain(row) for row in p.why_not],
        "top_ups": [
            {"treatment": code, "every_months": months, "cost_a_year": str(cost)}
            for code, months, cost in p.top_ups
        ],
        "beside": [plain(row) for row in p.beside],
        "protocol": p.protocol or None,
        "reported": p.reported or None,
        "sources": list(p.sources),
        "notes": list(p.notes),
        "ask": list(p.ask),
    }


def _session(session: Session) -> dict:
    document = {"week": session.week, **plain(session)}
    document["steps"] = [_step(step) for step in session.steps]
    return document


def _step(step: Step) -> dict:
    document = plain(step)
    document["regions"] = document.pop("places")
    document["for"] = document.pop("scar_types")
    return document


def checked_document(checked: Checked, case_id: str) -> dict:
    return {
        "id": case_id,
        "allowed": checked.allowed,
        "findings": [
            {key: value for key, value in plain(finding).items() if key != "hit"}
            for finding in checked.findings
        ],
        "expected": plain(checked.expected),
        "weeks": checked.weeks,
        "visits": checked.visits,
        "downtime_days": {"longest": checked.downtime_longest, "total": checked.downtime_total},
        "cost": str(checked.cost),
        "first_session_on": checked.first_session_on.isoformat(),
        "ask": list(checked.ask),
    }
