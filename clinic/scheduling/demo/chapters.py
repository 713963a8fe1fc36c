"""What the apps above add to the demo clinic once its half year is told."""

from collections.abc import Callable

CHAPTERS: list[Callable[[], dict[str, int]]] = []
"""Each tells how many of what it made; an app above appends its own in its `ready()`."""
