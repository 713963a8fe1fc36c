"""Refusals, worded for the reader."""


class LettersError(Exception):
    """A message cannot be made or sent; the text says why and what next."""


class OutOfDate(LettersError):
    def __init__(self):
        super().__init__(
            "The visits have changed since this message was written. The patient gets, or has "
            "got, a newer one: send that one again instead."
        )


class TooLate(LettersError):
    def __init__(self):
        super().__init__("Its visits are over or have begun: there is nothing left to tell.")


class PartlyPast(LettersError):
    def __init__(self):
        super().__init__(
            "A visit in this message has begun or is past, so it is not sent again. Call the "
            "patient, or hand them their list of visits."
        )


class NotWanted(LettersError):
    def __init__(self, channel):
        super().__init__(
            f"The patient has not agreed to messages by {channel.road}. Record their choice first."
        )


class NoAddress(LettersError):
    def __init__(self, channel):
        what = "e-mail address" if channel == "email" else "phone number"
        super().__init__(f"The record has no {what}. Add it to the record first.")


class OnItsWay(LettersError):
    def __init__(self, message):
        super().__init__(
            f"The message is {message.get_state_display().lower()}: "
            "it cannot be stopped or sent again now."
        )


class ChangedMeanwhile(LettersError):
    def __init__(self, what):
        super().__init__(
            f"{what} changed while this page was open. Look over what stands there now, "
            "then save again."
        )


# --- what a road answers, told by code alone so that no log and no table holds an address


class NotDelivered(Exception):
    def __init__(self, answer=""):
        self.answer = str(answer)[:60]
        super().__init__(self.answer)


class Unreachable(NotDelivered):
    """Nobody took it: it can be tried again without fear of sending twice."""


class Refused(NotDelivered):
    """The other side said no, and will again."""


class CutOff(NotDelivered):
    """It may have been taken, or not: trying again might send it twice."""
