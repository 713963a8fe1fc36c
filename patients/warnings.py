"""What the apps above say in a patient's banner: they register, so nothing here knows them."""

from collections.abc import Callable

_sources: list[Callable] = []


def register(source: Callable) -> None:
    """`source(patient)` gives sentences; an app above registers it in its `ready()`."""
    if source not in _sources:
        _sources.append(source)


def of(patient) -> list[str]:
    return [words for source in _sources for words in source(patient)]
