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
