"""Published protocols that fit a case, as their authors prescribed them, each with its outcome."""

from planner.engine.build import Given
from planner.engine.catalogue import ROMAN, Protocol, numeral
from planner.engine.compose import Course, joints_of
from planner.engine.desk import Desk
from planner.engine.effect import Dose
from planner.engine.scars import pair_word
from planner.engine.values import Proof, Proposal

AS_PUBLISHED = "The published protocol as it stands: checked by the same rules, not optimised."


def fitting_protocols(desk: Desk, finish) -> list[Proposal]:
    """Those that treat what this face has, that nothing forbids, and that keep the wishes."""
    found = []
    for protocol in desk.catalogue.protocols:
        visits = protocol_visits(desk, protocol)
        if not visits or not _is_for(desk, protocol) or not _is_a_course(desk, visits):
            continue
        doses, joints = doses_of(desk, visits)
        course = Course(None, (), 0, doses, joints)
        proposal = finish(
            course,
            visits,
            protocol.code,
            protocol.name,
            Proof(False, 0.0, 0.0, 0.0, AS_PUBLISHED),
            by_protocol=True,
            protocol=protocol.code,
            reported=protocol.reported,
            sources=protocol.sources,
            notes=(f"Limits of the source: {protocol.limitations}",)
            if protocol.limitations
            else (),
        )
        if keeps_wishes(desk, proposal):
            found.append(proposal)
    found.sort(key=lambda p: (-p.expected.middle, p.protocol))
    return found[: int(desk.catalogue.constant("protocols.most"))]


def protocol_visits(desk: Desk, protocol: Protocol) -> list[Given]:
    """Its procedure visits from the first possible day on; empty where a step is not open here."""
    open_ones = {c.code: c for c in desk.candidates if c.out is None}
    table: dict = {}
    for step in protocol.steps:
        repeats, every = step.get("repeat") or 1, step.get("every_weeks")
        if repeats > 1 and not every:
            return []
        for code in step["treatments"]:
            row = desk.catalogue.treatments.get(code)
            if row is None:
                return []
            if not row.is_procedure:
                continue
            if code not in open_ones:
                return []
            for k in range(repeats):
                week = step["week"] + k * (every or 0)
                table.setdefault(round(7 * week), set()).add(code)
    if not table:
        return []
    codes = {code for uses in table.values() for code in uses}
    start = max(max(open_ones[code].starts.values()) for code in codes)
    first = min(table)
    return [
        Given(
            start + day - first,
            1,
            tuple((code, tuple(sorted(open_ones[code].starts))) for code in sorted(uses)),
        )
        for day, uses in sorted(table.items())
    ]


def doses_of(desk: Desk, visits: list[Given]) -> tuple:
    """Doses and joint sessions of visits that somebody else arranged."""
    counts: dict = {}
    days: dict = {}
    for visit in visits:
        for code, places in visit.uses:
            for place in places:
                counts[code, place] = counts.get((code, place), 0) + 1
                days.setdefault((code, place), set()).add(visit.day)
    doses = tuple(Dose(code, place, count) for (code, place), count in sorted(counts.items()))
    return doses, joints_of(desk, days)


def _is_for(desk: Desk, protocol: Protocol) -> bool:
    phototype = desk.case.patient.fitzpatrick
    if protocol.fitzpatrick and phototype is not None:
        low, _, high = protocol.fitzpatrick.replace("–", "-").partition("-")
        if low in ROMAN and not numeral(low) <= phototype <= numeral(high or low):
            return False
    total = sum(desk.loads) or 1.0
    suits = sum(
        load
        for load, group in zip(desk.loads, desk.case.findings, strict=True)
        if pair_word(group.scar_type) in protocol.scar_types
    )
    return suits / total >= desk.catalogue.constant("protocols.share")


def _is_a_course(desk: Desk, visits: list[Given]) -> bool:
    """Whether its source says how often: a treatment given less than its least course is a gap."""
    counts: dict = {}
    for visit in visits:
        for code, _ in visit.uses:
            counts[code] = counts.get(code, 0) + 1
    rows = desk.catalogue.treatments
    return all(count >= rows[code].course[0] for code, count in counts.items())


def keeps_wishes(desk: Desk, proposal: Proposal) -> bool:
    wishes = desk.case.wishes
    healed = (proposal.first_session_on - desk.case.on).days + 7 * proposal.weeks
    limit = (wishes.finish_by - desk.case.on).days if wishes.finish_by else None
    return (
        (wishes.budget is None or proposal.cost <= wishes.budget)
        and (wishes.max_visits is None or proposal.visits <= wishes.max_visits)
        and (limit is None or healed <= limit)
    )
