"""Refusals of the planner's services, each worded for the person who reads it."""


class PlannerError(Exception):
    """Its text is the sentence that the person reads."""


class PlanMoved(PlannerError):
    def __init__(self, plan):
        super().__init__(
            f"{plan} was changed meanwhile: it is now {plan.get_state_display().lower()}. "
            "Nothing was done. Look at it again and decide anew."
        )


class NothingToPlan(PlannerError):
    """The assessment is not in a state that a plan can be made of."""


class NoSuchProposal(PlannerError):
    def __init__(self, strategy):
        super().__init__(
            f"This suggestion holds no protocol called {strategy}. Choose one of those shown."
        )


class NotApprovable(PlannerError):
    """The plan breaks a rule or waits for answers; `reasons` are whole sentences."""

    def __init__(self, reasons):
        self.reasons = tuple(reasons)
        super().__init__("This plan cannot be approved yet. " + " ".join(self.reasons))


class ActivePlanExists(PlannerError):
    def __init__(self, plan):
        super().__init__(
            f"{plan.patient} already has an active plan ({plan}). "
            "Discontinue or revise that one before you approve another."
        )


class SignatureRefused(PlannerError):
    """What was sent as a drawing is no signature."""


class NotAgreeable(PlannerError):
    """The patient cannot agree to this plan now; the text says what stands in the way."""


class NotRevisable(PlannerError):
    """This plan cannot be revised, reviewed or replaced; the text says why."""


class PerformedMeanwhile(PlannerError):
    def __init__(self, sessions):
        numbers = ", ".join(str(session.number) for session in sessions)
        super().__init__(
            f"Visit {numbers} of the plan in force was performed after this revision was begun, "
            "and the revision does not know of it. Reject it and begin the revision again."
        )


class NotEditable(PlannerError):
    """This change of a draft cannot be made; the text says why and what can."""


class DraftChanged(PlannerError):
    def __init__(self, plan, last):
        by = f" by {last.made_by}: {last.words}" if last else ""
        super().__init__(
            f"{plan} was changed meanwhile{by}. Your change was not made. "
            "Look at the plan as it is now, and make it again if it is still wanted."
        )
