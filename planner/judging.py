"""What the planner's rules say about a stored plan, by the same check whoever asks."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from planner.engine.check import check
from planner.engine.desk import Desk
from planner.engine.values import Checked, Finding, GivenPlan, GivenSession, GivenStep


@dataclass(frozen=True)
class Judged:
    """`findings` are about visits still to come, their `session` an index of the plan's visits."""

    findings: tuple[Finding, ...]
    ask: tuple[str, ...]

    @property
    def breaking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.breaks)


def judged(content: dict, desk: Desk) -> Judged:
    """What the rules of a desk's catalogue say on its day; what was performed counts as done."""
    sessions = content["sessions"]
    checked = _checked(given_of(content), desk)
    ahead = tuple(
        finding
        for finding in checked.findings
        if finding.session is None or not sessions[finding.session].get("performed_on")
    )
    return Judged(ahead, checked.ask)


@lru_cache(maxsize=8)
def _checked(given: GivenPlan, desk: Desk) -> Checked:
    """The service that changes a draft asks, and at once the page that shows it."""
    return check(desk.case, desk.catalogue, given, desk)


def given_of(content: dict) -> GivenPlan:
    """Stored content as the engine's check takes it, each visit on its date."""
    return GivenPlan(
        sessions=tuple(
            GivenSession(
                day=session["day"],
                kind=session["kind"],
                on=date.fromisoformat(session["on"]),
                steps=tuple(_step(step) for step in session["steps"]),
            )
            for session in content["sessions"]
        ),
        first_session_on=date.fromisoformat(content["first_session_on"]),
        by_protocol=bool(content["protocol"]),
    )


def _step(step: dict) -> GivenStep:
    return GivenStep(
        step["treatment"],
        tuple(step["places"]),
        step.get("key", ""),
        step.get("override_words", ""),
    )
