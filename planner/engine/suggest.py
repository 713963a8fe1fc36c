"""The one door of the engine: a case and a catalogue in, a few explained protocols out."""

from planner.engine.values import Case, Suggestion

PLANNER_VERSION = "1.0"


def suggest(case: Case, catalogue, *, strategies: tuple[str, ...] | None = None) -> Suggestion:
    """Explained protocols for one case; `strategies` narrows them to those codes."""
    raise NotImplementedError
