"""Published protocols that fit a case, as their authors prescribed them, each with its outcome."""

from dataclasses import replace

from clinic.catalogue.terms import TreatmentKind
from planner.engine.build import Given
from planner.engine.catalogue import ROMAN, Protocol, numeral
from planner.engine.compose import Course, joints_of
from planner.engine.desk import Desk
from planner.engine.effect import Dose
from planner.engine.safety import clinic_lacks
from planner.engine.scars import pair_word
from planner.engine.values import HomeCare, Preparation, Proof, Proposal

AS_PUBLISHED = "The published protocol as it stands: checked by the same rules, not optimised."

AT_HOME = (TreatmentKind.PREPARATION, TreatmentKind.HOME_CARE, TreatmentKind.ACNE_CONTROL)


def fitting_protocols(desk: Desk, finish) -> tuple[list[Proposal], list[str]]:
    """Those that treat what this face has, that nothing forbids, and that keep the wishes.

    Beside them, in words, those that would fit but for an interval or a pair rule.
    """
    found, notes = [], []
    for protocol in desk.catalogue.protocols:
        visits = protocol_visits(desk, protocol)
        if not visits or not _is_for(desk, protocol) or not _is_a_course(desk, visits):
            continue
        if rule := _broken_rule(desk, visits):
            notes.append(f"The published protocol {protocol.name} is not offered here: {rule}")
            continue
        doses, joints = doses_of(desk, visits)
        proposal = finish(
            Course(None, (), 0, doses, joints),
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
            found.append(_with_its_own_care(desk, protocol, proposal))
    found.sort(key=lambda p: (-p.expected.middle, p.protocol))
    return found[: int(desk.catalogue.constant("protocols.most"))], notes


def protocol_visits(desk: Desk, protocol: Protocol) -> list[Given]:
    """Its visits from the first possible day on; empty where a step is not open here.

    What is given with a procedure is a step too, where its procedures are. Preparations, home care
    and acne control are no visits, but what forbids them forbids the protocol.
    """
    table = _days_of(desk, protocol)
    codes = {code for uses in table.values() for code in uses}
    places = _places(desk, codes)
    if not codes or codes != places.keys():
        return []
    open_ones = {c.code: c for c in desk.candidates}
    procedures = [code for code in codes if code in open_ones]
    start = max(max(open_ones[code].starts.values()) for code in procedures)
    first = min(table)
    start = max(start, first - min((day for day, _, _ in _care(desk, protocol)), default=first))
    return [
        Given(start + day - first, 1, tuple((code, places[code]) for code in sorted(uses)))
        for day, uses in sorted(table.items())
    ]


def _days_of(desk: Desk, protocol: Protocol) -> dict:
    """Treatments by day; none where the source does not say when, or where one is held back."""
    table: dict = {}
    for step in protocol.steps:
        repeats, every = step.get("repeat") or 1, step.get("every_weeks")
        if repeats > 1 and not every:
            return {}
        for code in step["treatments"]:
            row = desk.catalogue.treatments.get(code)
            if row is None or (row.kind in AT_HOME and _is_held(desk, code)):
                return {}
            if row.kind in AT_HOME:
                continue
            for k in range(repeats):
                table.setdefault(round(7 * (step["week"] + k * (every or 0))), set()).add(code)
    return table


def _is_held(desk: Desk, code: str) -> bool:
    return any(desk.safety.verdict(code, place).effect for place in desk.places)


def _places(desk: Desk, codes) -> dict:
    """Where each may be given: a procedure where it is open, an adjunct where they are."""
    candidates = {c.code: c for c in desk.candidates if c.out is None}
    table = {code: tuple(sorted(candidates[code].starts)) for code in codes if code in candidates}
    everywhere = sorted({place for places in table.values() for place in places})
    for code in codes - table.keys():
        row = desk.catalogue.treatments[code]
        if row.kind != TreatmentKind.ADJUNCT or clinic_lacks(desk.case, desk.catalogue, row):
            continue
        here = tuple(p for p in everywhere if desk.safety.verdict(code, p).effect is None)
        if here:
            table[code] = here
    return table


def _care(desk: Desk, protocol: Protocol):
    """(day, treatment, words) of what the protocol prepares with, and has done at home."""
    for step in protocol.steps:
        for code in step["treatments"]:
            row = desk.catalogue.treatments.get(code)
            if row is not None and row.kind in AT_HOME:
                yield round(7 * step["week"]), row, step.get("note") or ""


def _with_its_own_care(desk: Desk, protocol: Protocol, proposal: Proposal) -> Proposal:
    """The proposal with the preparations and the home care that its source prescribes."""
    prepared = {row.treatment for row in proposal.preparations}
    at_home = {row.treatment for row in proposal.home_care}
    preparations, home_care = list(proposal.preparations), list(proposal.home_care)
    number = next(n for n, session in enumerate(proposal.sessions, start=1) if session.steps)
    for day, row, note in _care(desk, protocol):
        text = f"As the protocol has it: {note}" if note else "As the protocol has it."
        rules = (protocol.code,)
        if row.kind == TreatmentKind.PREPARATION and row.code not in prepared:
            preparations.append(Preparation(row.code, row.name, number, day, 0, rules, text))
        elif row.kind != TreatmentKind.PREPARATION and row.code not in at_home:
            home_care.append(HomeCare(row.code, row.name, day // 7, text, rules))
    return replace(
        proposal,
        preparations=tuple(preparations),
        home_care=tuple(sorted(home_care, key=lambda row: row.treatment)),
    )


def _broken_rule(desk: Desk, visits: list[Given]) -> str:
    """The least interval or the pair rule that its own visits break, in words; "" if none."""
    for number, visit in enumerate(visits):
        for one, places in visit.uses:
            for earlier in visits[: number + 1]:
                for other, theirs in earlier.uses:
                    days = visit.day - earlier.day
                    words = ""
                    if one == other:
                        words = _too_soon(desk, one, days) if days else ""
                    elif days or other < one:
                        words = _kept_apart(desk, (one, places), (other, theirs), days)
                    if words:
                        return words
    return ""


def _too_soon(desk: Desk, code: str, days: int) -> str:
    row = desk.catalogue.treatments[code]
    least, usual, _ = row.interval_days
    least = max(least, desk.interval(row)) if desk.interval(row) > usual else least
    return f"{row.name} again after {days} days; {least} are the least." if days < least else ""


def _kept_apart(desk: Desk, step, earlier, days: int) -> str:
    (one, places), (other, theirs) = step, earlier
    fields = {desk.catalogue.field_of(place) for place in places}
    common = [place for place in theirs if desk.catalogue.field_of(place) in fields]
    if not common:
        return ""
    between = desk.rule_between(one, other, common)
    meet = days == 0 and not between.together
    soon = 0 < days < between.least_days and not between.together
    if not (between.avoid or meet or soon):
        return ""
    names = f"{desk.catalogue.name_of(other)} and {desk.catalogue.name_of(one)}"
    when = "in one session" if days == 0 else f"{days} days apart"
    return f"{names} {when}: {between.text} ({', '.join(between.rules)})"


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
    wishes, downtime = desk.case.wishes, desk.case.wishes.max_downtime_days
    healed = (proposal.first_session_on - desk.case.on).days + 7 * proposal.weeks
    limit = (wishes.finish_by - desk.case.on).days if wishes.finish_by else None
    return (
        (wishes.budget is None or proposal.cost <= wishes.budget)
        and (wishes.max_visits is None or proposal.visits <= wishes.max_visits)
        and (downtime is None or proposal.downtime_longest <= downtime)
        and (limit is None or healed <= limit)
    )
