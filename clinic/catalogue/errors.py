"""What the catalogue refuses, worded for the person who reads it."""

from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong, and where: a path into the document, such as ("pairs", 3, "weeks")."""

    path: tuple
    reason: str

    def __str__(self):
        return f"{'.'.join(str(step) for step in self.path)}: {self.reason}"


class CatalogueError(Exception):
    pass


class CatalogueRefused(CatalogueError):
    """A catalogue with anything wrong in it is refused whole; `lines` say each thing."""

    def __init__(self, lines):
        self.lines = [str(line) for line in lines]
        super().__init__("The catalogue is refused, nothing was changed:\n" + "\n".join(self.lines))


class EditedByTheClinic(CatalogueError):
    def __init__(self):
        super().__init__(
            "The clinic has edited this catalogue since it was loaded; nothing was changed. "
            "--overwrite puts the files' rows in place of the clinic's."
        )


class RowRefused(CatalogueError):
    """A row that may not be saved so; each problem's path is inside the row."""

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__("\n".join(str(one).removeprefix(": ") for one in self.problems))


class RowMoved(CatalogueError):
    """Somebody saved the row after it was read.

    `theirs` is the row now, None if it is gone; `changes` what became of it since it was read;
    `by` whoever saved it last, empty where that is not known.
    """

    def __init__(self, theirs, changes, by=""):
        self.theirs, self.changes, self.by = theirs, changes, by
        super().__init__(
            f"{by or 'Somebody else'} changed this row after you opened it. Nothing was saved."
        )


class DraftMoved(CatalogueError):
    PAGE = "The draft changed after you opened this page. Nothing was done; look at it again."
    REPORT = (
        "Somebody changed the draft since this report was made; nothing was applied. "
        "Look at the new report and confirm that."
    )

    def __init__(self, words: str = PAGE):
        super().__init__(words)


class NotConfirmed(CatalogueError):
    """A draft that lowers safety is published only after a second person has confirmed it."""

    def __init__(self, lowered):
        self.lowered = list(lowered)
        super().__init__(
            "This draft lowers safety. It needs a reason, and a second person who confirms it."
        )


class NotAnswerable(CatalogueError):
    """A request for lower safety that is answered, void, or the asker's own."""
