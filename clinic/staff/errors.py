"""Refusals, worded for the person who reads them."""


class StaffError(Exception):
    """What was asked cannot be done; its text is the sentence that is shown."""


class LastOwner(StaffError):
    def __init__(self, user):
        super().__init__(
            f"{user} is the only owner who can sign in. "
            "Make somebody else an owner first, and wait until they have joined."
        )


class ChangedMeanwhile(StaffError):
    def __init__(self, user, differences):
        self.differences = differences
        super().__init__(
            f"{user} was changed by somebody else while this form was open: "
            f"{'; '.join(differences)}. Look the form over and save it again."
        )


class NotWaiting(StaffError):
    def __init__(self, user):
        super().__init__(f"{user} is not waiting for an invitation: they have joined already.")


class LetterNotSent(StaffError):
    def __init__(self, user):
        super().__init__(
            f"{user} is on the list, but the mail server did not take the letter to "
            f"{user.email}. Send the invitation again in a while."
        )


class InvitationOver(StaffError):
    def __init__(self):
        super().__init__(
            "This invitation was used already, was withdrawn, or is too old. "
            "Ask the owner of the clinic to send a new one."
        )
