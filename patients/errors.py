"""Refusals, worded for the reader."""


class PatientsError(Exception):
    """The text is the sentence that the person reads."""


class RecordNumberTaken(PatientsError):
    def __init__(self, record_number):
        super().__init__(
            f"Another patient already has record number {record_number}. Choose another one."
        )


class Stale(PatientsError):
    """Somebody else saved first. `changed` lists (field name, label, their value)."""

    def __init__(self, changed):
        self.changed = list(changed)
        what = "; ".join(f"{label} is now {shown}" for _, label, shown in self.changed)
        super().__init__(
            "Somebody else saved this record while you were editing. "
            + (f"Changed since: {what}. " if what else "")
            + "What you typed is still here: check it and save again."
        )


class RemovedMeanwhile(PatientsError):
    def __init__(self):
        super().__init__("Somebody else removed this meanwhile. Nothing was saved.")


class AlreadySigned(PatientsError):
    def __init__(self):
        super().__init__("This assessment is signed and cannot be changed. Correct it instead.")


class DraftOpen(PatientsError):
    def __init__(self, draft):
        self.draft = draft
        super().__init__(
            f"This patient already has a draft assessment of {draft.assessed_on:%d-%b-%Y}. "
            "Continue it, or discard it first."
        )


class NotSigned(PatientsError):
    def __init__(self):
        super().__init__("Only a signed assessment is corrected; a draft can simply be changed.")


class AlreadyCorrected(PatientsError):
    def __init__(self, correction):
        self.correction = correction
        super().__init__("This assessment has been corrected already. Correct the newer one.")


class NoSuchPlace(PatientsError):
    def __init__(self, region, sides):
        accepted = ", ".join(sides) if sides else "one of the regions on the chart"
        super().__init__(f"{region} has no such side; choose {accepted}.")


class NoCatalogue(PatientsError):
    def __init__(self):
        super().__init__("No catalogue has been published yet, so nothing can be graded.")


class NothingToUndo(PatientsError):
    def __init__(self, deed):
        super().__init__(f"There is nothing to {deed}.")


class PhotoRefused(PatientsError):
    pass


class WithdrawnAlready(PatientsError):
    def __init__(self):
        super().__init__("This was withdrawn meanwhile. Nothing was changed.")


class PadOver(PatientsError):
    def __init__(self):
        super().__init__("The tablet has been taken back already.")


class WrongPin(PatientsError):
    """`left` is how many tries remain."""

    def __init__(self, left):
        self.left = left
        tries = f"{left} {'try' if left == 1 else 'tries'} left." if left else ""
        after = "" if left else "Give your password instead."
        super().__init__(f"This is not the PIN. {tries}{after}")


class NoSuchInstrument(PatientsError):
    def __init__(self):
        super().__init__("The catalogue in force has no such questionnaire.")


class TotalRefused(PatientsError):
    """`field` is what the sentence is about."""

    def __init__(self, field, words):
        self.field = field
        super().__init__(words)
