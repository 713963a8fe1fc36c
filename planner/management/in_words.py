"""A suggestion as a page of text, for a reader at a terminal."""

from textwrap import wrap

from planner.engine.catalogue import Catalogue
from planner.engine.values import Proposal, Session, Suggestion

COLUMNS = 100


def suggestion_in_words(suggestion: Suggestion, catalogue: Catalogue) -> str:
    lines = [f"Case {suggestion.case_id}", ""]
    if suggestion.no_plan:
        lines += [suggestion.no_plan.text, ""]
    if suggestion.few:
        lines += [suggestion.few, ""]
    for proposal in suggestion.proposals:
        lines += [*_proposal(proposal, catalogue), ""]
    for row in suggestion.possible_with_override:
        low, high = (round(100 * value) for value in row.gain)
        rules = ", ".join(row.rules)
        lines.append(
            f"With a documented reason ({rules}): {row.name}, {low:+d} to {high:+d} points"
        )
    for row in suggestion.excluded:
        lines.append(f"Not now ({', '.join(row.rules)}): {row.name}. {row.text}")
    if suggestion.ask:
        lines.append(f"Not answered yet, and needed: {', '.join(suggestion.ask)}")
    lines += suggestion.notes
    return "\n".join(part for line in lines for part in _folded(line)).rstrip() + "\n"


def _folded(line: str) -> list[str]:
    """A long line as several; what follows stands deeper than its first word."""
    deeper = " " * (24 if line.startswith("  Week") else 4)
    kept = {"break_long_words": False, "break_on_hyphens": False, "drop_whitespace": True}
    return wrap(line, COLUMNS, subsequent_indent=deeper if line[:1] == " " else "", **kept) or [""]


def _proposal(proposal: Proposal, catalogue: Catalogue) -> list[str]:
    marks = "recommended" if proposal.recommended else ""
    proof = "proven optimal" if proposal.proof.optimal else f"gap {proposal.proof.gap:g}"
    if proposal.protocol:
        proof = f"published protocol {proposal.protocol}"
    head = f"{proposal.name} ({'; '.join(word for word in (marks, proof) if word)})"
    low, high = (round(100 * value) for value in proposal.expected.improvement)
    late_low, late_high = (round(100 * value) for value in proposal.expected.at_12_months)
    lines = [
        head,
        "-" * len(head),
        proposal.text,
        f"Expected {low}-{high} % better, at 12 months {late_low}-{late_high} %; in a clinician's "
        f"words: {proposal.expected.words}. {proposal.weeks} weeks, {proposal.visits} visits, "
        f"downtime {proposal.downtime_longest} days at most and {proposal.downtime_total} in all, "
        f"cost {proposal.cost}.",
    ]
    lines += [_session(session, catalogue) for session in proposal.sessions]
    for row in proposal.preparations:
        lines.append(f"  Prepare: {row.name} from {_days(row.from_day)} ({', '.join(row.rules)})")
    for row in proposal.home_care:
        lines.append(f"  At home: {row.name} from week {row.from_week}")
    for row in proposal.untreated:
        where = catalogue.place_name(row.region)
        lines.append(f"  Untreated: {row.type.replace('_', ' ')} at {where}. {row.why}")
    if proposal.reported:
        lines.append(f"  Reported: {proposal.reported}")
    return lines


def _session(session: Session, catalogue: Catalogue) -> str:
    when = f"  Week {session.week:>3} {session.on:%d-%b-%Y}"
    if not session.steps:
        return f"{when}  {session.text}"
    parts = [f"{step.name} ({_where(step.places, catalogue)})" for step in session.steps]
    return f"{when}  {' + '.join(parts)}"


def _where(places, catalogue: Catalogue) -> str:
    """Regions by name, once for both of their sides."""
    sides: dict[str, list] = {}
    for place in places:
        sides.setdefault(place.partition(".")[0], []).append(place)
    return "; ".join(
        f"{catalogue.place_name(region)}, both sides"
        if len(found) == 2
        else catalogue.place_name(found[0])
        for region, found in sides.items()
    )


def _days(day: int) -> str:
    return f"day {day}"
