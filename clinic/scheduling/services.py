"""The deeds of booking, by one name: what pages and other apps call."""

from clinic.scheduling.booking import book_plan, book_visit
from clinic.scheduling.moving import move
from clinic.scheduling.states import (
    cancel,
    change_state,
    confirm_block,
    confirm_provisional,
    last_undoable,
    set_pinned,
    undo,
)

__all__ = [
    "book_plan",
    "book_visit",
    "cancel",
    "change_state",
    "confirm_block",
    "confirm_provisional",
    "last_undoable",
    "move",
    "set_pinned",
    "undo",
]
