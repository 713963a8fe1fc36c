"""What the planner's pages need, put together from stored content; no rule is judged here."""

from dataclasses import dataclass

from django.utils import timezone

from clinic.catalogue.models import Clinic
from clinic.catalogue.terms import Effect
from patients.chart import Load, chart_context
from planner import bridge, services
from planner.agreement import agreement_status
from planner.models import ACTIVE, SessionKind, State
from planner.reviewing import confirmed_blocks
from planner.timeline import Timeline, timeline

FACE_VIEWS = ("F", "R45", "L45")
"""Every region of the face is on one of these; the profiles would double the size of a page."""


@dataclass(frozen=True)
class Column:
    """One protocol beside the others."""

    proposal: dict
    timeline: Timeline
    is_protocol: bool


def suggestion_page(suggestion) -> dict:
    """Everything that the alternatives page shows about one stored suggestion."""
    result = suggestion.result
    names = bridge.names(suggestion.catalogue_version)
    return {
        "suggestion": suggestion,
        "patient": suggestion.patient,
        "groups": _groups(
            [
                Column(proposal, timeline(proposal), bool(proposal["protocol"]))
                for proposal in result["proposals"]
            ]
        ),
        "no_plan": result["no_plan"],
        "possible": result["possible_with_override"],
        "excluded": result["excluded"],
        "flags": by_effect(result["flags"]),
        "unanswered": [names.question(code) for code in result["ask"]],
        "notes": result["notes"],
        "currency": Clinic.current().currency,
        "names": names,
    } | chart_context(loads_of(suggestion), mode="read", uid="suggestion-chart", codes=FACE_VIEWS)


def _groups(columns: list[Column]) -> list[tuple[str, list[Column]]]:
    """The planner's own protocols first, then the published ones that fit."""
    own = [column for column in columns if not column.is_protocol]
    published = [column for column in columns if column.is_protocol]
    named = [("Made for this face", own), ("Published protocols that fit", published)]
    return [(title, found) for title, found in named if found]


def plan_page(plan, user) -> dict:
    """Everything that one plan's page shows; obstacles are looked for only where one may sign."""
    content = plan.content
    may_sign = plan.state == State.PROPOSED and user.has_perm("planner.approve_plan")
    return {
        "plan": plan,
        "patient": plan.patient,
        "content": content,
        "names": bridge.names(plan.catalogue_version),
        "timeline": timeline(content),
        "sessions": [
            {"number": number, "content": session}
            for number, session in enumerate(content["sessions"], 1)
        ],
        "decisions": plan.decisions.select_related("decided_by"),
        "may_sign": may_sign,
        "obstacles": services.approval_obstacles(plan) if may_sign else [],
        "is_active": plan.state in ACTIVE,
        "agreement": agreement_status(plan, timezone.localdate()) if plan.state in ACTIVE else None,
        "reviews": plan.sessions.filter(kind=SessionKind.REVIEW) if plan.state in ACTIVE else [],
        "confirmed": confirmed_blocks(plan),
        "revisions": plan.revisions.visible_to(user).exclude(state=State.REJECTED),
        "is_open": plan.state in (State.DRAFT, State.PROPOSED),
    } | lit_chart(plan)


def lit_chart(plan) -> dict:
    """The face as it was logged, lit where the plan treats."""
    return chart_context(
        loads_of(plan.suggestion),
        mode="read",
        lit=treated_places(plan.content),
        uid="plan-chart",
        codes=FACE_VIEWS,
    )


def by_effect(flags: list[dict]) -> list[tuple[str, list[dict]]]:
    """Hits of safety rules under the words of their effect, the strongest first."""
    groups = {effect.value: [] for effect in Effect}
    for flag in flags:
        groups[flag["effect"]].append(flag)
    return [(Effect(effect).label, hits) for effect, hits in groups.items() if hits]


def treated_places(content: dict) -> frozenset[str]:
    return frozenset(
        place
        for session in content["sessions"]
        for step in session["steps"]
        for place in step["places"]
    )


def loads_of(suggestion) -> dict[str, Load]:
    """What was logged in each place when the planner was asked, for the face chart."""
    symbols = {}
    for group in suggestion.case["findings"]:
        symbols.setdefault(group["place"], []).append((group["scar_type"], _how_many(group)))
    for mark in suggestion.case["marks"]:
        symbols.setdefault(mark["place"], []).append((f"mark_{mark['mark_type']}", _how_many(mark)))
    shares = _levels(suggestion)
    return {place: Load(shares.get(place, 1), tuple(found)) for place, found in symbols.items()}


def _how_many(group) -> int | str | None:
    return group["count"] if group["count"] is not None else (group["count_band"] or None)


def _levels(suggestion) -> dict[str, int]:
    """1 to 4 by a place's share of the heaviest place's load; 1 where no load is known."""
    for proposal in suggestion.result["proposals"]:
        regions = {place: load for place, load, _improvement in proposal["expected"]["regions"]}
        heaviest = max(regions.values(), default=0)
        if heaviest:
            return {
                place: 1 + min(3, int(3.999 * load / heaviest)) for place, load in regions.items()
            }
    return {}


def _level(share: float) -> int:
    """Quarters: 1 for the lightest places, 4 for the heaviest."""
    return 1 + min(3, int(share * 4))
