"""What the apps above say on a page of this or the next layer: they register, nothing here knows
them. A patient's are shown in the banner."""

from collections.abc import Callable

_sources: dict[type, list[Callable]] = {}


def register(about: type, source: Callable) -> None:
    """`source(row)` gives sentences about a row of that model; an app registers in `ready()`."""
    known = _sources.setdefault(about, [])
    if source not in known:
        known.append(source)


def of(row) -> list[str]:
    return [words for source in _sources.get(type(row), ()) for words in source(row)]
