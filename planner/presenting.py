"""What the planner's pages need, put together from stored content; no rule is judged here."""

from dataclasses import dataclass

from django.utils import timezone

from clinic.catalogue.models import Clinic, Version
from clinic.catalogue.reading import book
from clinic.catalogue.terms import Effect, ScarType
from patients.chart import Load, chart_context
from planner import bridge, services
from planner.agreement import agreement_status
from planner.asking import missing
from planner.documents import NEEDS_CONSENT, scars_of
from planner.models import ACTIVE, SessionKind, State
from planner.plain_words import listed
from planner.reviewing import confirmed_blocks
from planner.standing import standing
from planner.timeline import NARROW, Timeline, span, timeline

ALWAYS = "Always so with these treatments; printed on the consent form"
FIRST_CHOICE = 4
"""Effectiveness in the catalogue is 0 to 4."""

FACE_VIEWS = ("F", "R45", "L45")
"""Every region of the face is on one of these; the profiles would double the size of a page."""


@dataclass(frozen=True)
class Column:
    """One protocol beside the others; `regions` are its loads, `notes` its cautions.

    `left_out` are usual first treatments that the patient's wishes do not allow.
    """

    proposal: dict
    timeline: Timeline
    is_protocol: bool
    regions: tuple["RegionLoad", ...]
    notes: list[dict]
    left_out: list[dict]


@dataclass(frozen=True)
class RegionLoad:
    """Load of one place now, and as it may be after: shares of the heaviest place, 0 to 100."""

    place: str
    load: float
    after: tuple[float, float]
    share: float
    share_after: tuple[float, float]


def suggestion_page(suggestion) -> dict:
    """Everything that the alternatives page shows about one stored suggestion."""
    result = suggestion.result
    names = bridge.names(suggestion.catalogue_version)
    doubts = _doubts(suggestion, names)
    return {
        "suggestion": suggestion,
        "patient": suggestion.patient,
        "groups": _groups(result["proposals"], _first_choices(suggestion)),
        "few": result.get("few", ""),
        "no_plan": result["no_plan"],
        "possible": result["possible_with_override"],
        "excluded": result["excluded"],
        "flags": by_effect([flag for flag in result["flags"] if flag["known"]]),
        "open_flags": _open_flags(result["flags"], doubts),
        "unanswered": [doubts[code] for code in result["ask"]],
        "notes": result["notes"],
        "currency": Clinic.current().currency,
        "names": names,
    } | chart_context(loads_of(suggestion), mode="read", uid="suggestion-chart", codes=FACE_VIEWS)


WOULD_BE = {
    "BLOCK": "Would be contraindicated if",
    "DELAY": "Would be postponed if",
    "OVERRIDE": "Would need a documented reason if",
    "PRETREAT": "Would need a preparation if",
    "CAUTION": "To keep in mind if",
}


def _open_flags(flags: list[dict], doubts: dict) -> list[dict]:
    """What would hold if a missing answer were yes: the doubt first, then what hangs on it."""
    rows = [
        flag
        | {
            "would": WOULD_BE[flag["effect"]],
            "doubts": [doubts[code] for code in flag["ask"]],
        }
        for flag in flags
        if not flag["known"]
    ]
    return sorted(rows, key=lambda row: (Effect(row["effect"]).rank, row["doubts"]))


def _doubts(suggestion, names) -> dict[str, str]:
    """Every question that something hangs on, with what the record holds of it today."""
    result, today = suggestion.result, timezone.localdate()
    codes = sorted({*result["ask"], *(code for flag in result["flags"] for code in flag["ask"])})
    said = missing(codes, suggestion.patient, today, names, suggestion.created_at)
    return dict(zip(codes, said, strict=True))


def _first_choices(suggestion) -> dict[str, str]:
    """Treatments that are the first choice for a scar type of this face, with those types."""
    types = {group["scar_type"] for group in suggestion.case["findings"]}
    found = {}
    for code, row in book(suggestion.catalogue_version).rows("treatments").items():
        served = {
            scar
            for one in row.get("indications", ())
            if one["effectiveness"] == FIRST_CHOICE
            for scar in types & scars_of(one)
        }
        if served:
            found[code] = listed(ScarType(scar).label.lower() for scar in sorted(served))
    return found


def _left_out(proposal: dict, first_choices: dict) -> list[dict]:
    """First choices that a wish of the patient's leaves out of a protocol."""
    return [
        row | {"types": first_choices[row["treatment"]]}
        for row in proposal["why_not"]
        if row["kind"] == "wish" and row["treatment"] in first_choices
    ]


def _groups(proposals: list[dict], first_choices: dict) -> list[tuple[str, list[Column]]]:
    """The planner's own protocols first, then the published ones that fit; each to one scale."""
    own = [proposal for proposal in proposals if not proposal["protocol"]]
    published = [proposal for proposal in proposals if proposal["protocol"]]
    named = [("Made for this face", own), ("Published protocols that fit", published)]
    return [(title, _columns(found, first_choices)) for title, found in named if found]


def _columns(proposals: list[dict], first_choices: dict) -> list[Column]:
    spans = [span(proposal) for proposal in proposals]
    shown = min(first for first, _ in spans), max(last for _, last in spans)
    return [
        Column(
            proposal,
            timeline(proposal, width=NARROW, shown=shown),
            bool(proposal["protocol"]),
            region_loads(proposal),
            notes_of(proposal),
            _left_out(proposal, first_choices),
        )
        for proposal in proposals
    ]


def region_loads(proposal: dict) -> tuple[RegionLoad, ...]:
    """Heaviest place first."""
    regions = sorted(proposal["expected"]["regions"], key=lambda row: (-row[1], row[0]))
    most = max((load for _place, load, _improvement in regions), default=0) or 1
    found = []
    for place, load, (low, high) in regions:
        after = (load * (1 - high), load * (1 - low))
        shares = tuple(round(100 * one / most, 1) for one in after)
        found.append(RegionLoad(place, load, after, round(100 * load / most, 1), shares))
    return tuple(found)


def plan_page(plan, user) -> dict:
    """Everything that one plan's page shows; obstacles are looked for only where one may sign."""
    content = plan.content
    may_sign = plan.state == State.PROPOSED and user.has_perm("planner.approve_plan")
    today, in_force = timezone.localdate(), Version.objects.defer("document").in_force()
    standing_now = standing(plan)
    return {
        "plan": plan,
        "patient": plan.patient,
        "content": content,
        "names": bridge.names(plan.catalogue_version),
        "timeline": timeline(content),
        "notes": notes_of(content),
        "sessions": [
            {"number": number, "content": session}
            for number, session in enumerate(content["sessions"], 1)
        ],
        "decisions": plan.decisions.select_related("decided_by"),
        "may_sign": may_sign,
        "obstacles": services.approval_obstacles(plan) if may_sign else [],
        "is_active": plan.state in ACTIVE,
        "against": standing_now.against,
        "to_confirm": missing(standing_now.ask, plan.patient, today, bridge.names(in_force)),
        "agreement": _agreement(plan),
        "next_visit": next_to_consent(plan),
        "reviews": plan.sessions.filter(kind=SessionKind.REVIEW) if plan.state in ACTIVE else [],
        "confirmed": confirmed_blocks(plan),
        "revisions": plan.revisions.visible_to(user).exclude(state=State.REJECTED),
        "is_open": plan.state in (State.DRAFT, State.PROPOSED),
    }


def next_to_consent(plan):
    """The first visit still to come that needs the patient's consent."""
    return plan.sessions.filter(performance=None, kind__in=NEEDS_CONSENT).first()


def _agreement(plan):
    """What the next visit lacks; None where nothing is to be performed any more."""
    visit = next_to_consent(plan)
    if plan.state not in ACTIVE or visit is None:
        return None
    return agreement_status(plan, timezone.localdate(), visit)


def lit_chart(suggestion, content: dict, *, visit: str = "", after: bool = False) -> dict:
    """The face lit where a plan treats, in all visits or one; as logged, or as expected after.

    `visit` is a number as the page counts them; what is no such number means all.
    """
    numbered = {str(number): one for number, one in enumerate(content["sessions"], 1)}
    shown = {"sessions": [numbered[visit]]} if visit in numbered else content
    return {
        "chosen_visit": visit if visit in numbered else "",
        "after": after,
        "face_visits": [(n, one) for n, one in numbered.items() if one["steps"]],
    } | chart_context(
        loads_of(suggestion, content if after else None),
        mode="read",
        lit=treated_places(shown),
        uid="plan-chart",
        codes=FACE_VIEWS,
    )


def notes_of(content: dict) -> list[dict]:
    """Cautions gathered: each once, with its treatments; standing ones go to the consent form."""
    rows: dict[tuple, dict] = {}
    for session in content["sessions"]:
        for step in session["steps"]:
            for caution in step["cautions"]:
                row = rows.setdefault(
                    (caution["rule"], caution["text"]),
                    {**caution, "names": {}, "standing": caution["standing"]},
                )
                row["names"][step["name"]] = None
    groups = {False: [], True: []}
    for row in rows.values():
        groups[row["standing"]].append(row | {"names": list(row["names"])})
    titles = {False: "To keep in mind", True: ALWAYS}
    return [{"title": titles[k], "rows": found} for k, found in groups.items() if found]


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


def loads_of(suggestion, expected_of: dict | None = None) -> dict[str, Load]:
    """What was logged in each place when the planner was asked, for the face chart.

    With `expected_of`, a plan's content, the load is what it is expected to leave.
    """
    symbols = {}
    for group in suggestion.case["findings"]:
        symbols.setdefault(group["place"], []).append((group["scar_type"], _how_many(group)))
    for mark in suggestion.case["marks"]:
        symbols.setdefault(mark["place"], []).append((f"mark_{mark['mark_type']}", _how_many(mark)))
    levels = _levels(suggestion, expected_of)
    return {place: Load(levels.get(place, 1), tuple(found)) for place, found in symbols.items()}


def _how_many(group) -> int | str | None:
    return group["count"] if group["count"] is not None else (group["count_band"] or None)


def _levels(suggestion, expected_of: dict | None) -> dict[str, int]:
    """1 to 4 by a place's share of the load of the heaviest place as logged; 1 if not known."""
    contents = [expected_of] if expected_of else suggestion.result["proposals"]
    for content in contents:
        if rows := region_loads(content):
            middle = {row.place: sum(row.share_after) / 2 for row in rows}
            shares = middle if expected_of else {row.place: row.share for row in rows}
            return {place: 1 + min(3, int(share / 25.01)) for place, share in shares.items()}
    return {}
