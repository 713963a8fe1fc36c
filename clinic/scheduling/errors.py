"""Refusals. Each text is the sentence the person reads: what is wrong, why, and what would do."""

from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format


def day(value) -> str:
    return date_format(value, "D d-M-Y")


def moment(value, zone: ZoneInfo | None = None) -> str:
    return date_format(timezone.localtime(value, zone), "D d-M-Y H:i")


def clock(value, zone: ZoneInfo | None = None) -> str:
    return date_format(timezone.localtime(value, zone), "H:i")


def days(count: int) -> str:
    return f"{count} day" if abs(count) == 1 else f"{count} days"


def off_target_words(count: int) -> str:
    """How far from its target day a visit is: the same words wherever it is said."""
    if count == 0:
        return "on its target day"
    return f"{days(abs(count))} {'after' if count > 0 else 'before'} its target day"


class SchedulingError(Exception):
    """The family: a view shows `str(error)`."""


class SlotTaken(SchedulingError):
    """Somebody else was there first. `resource` is taken; `free_next` is a start or None."""

    def __init__(self, resource, starts, ends, *, free_next=None, patient=None):
        self.resource, self.starts, self.ends, self.free_next = resource, starts, ends, free_next
        who = "The patient has another visit" if patient else f"{resource.name} is already booked"
        words = f"{who} on {moment(starts)} to {clock(ends)}."
        if free_next:
            words += f" The same visit would fit on {moment(free_next)}."
        else:
            words += " Choose another time."
        super().__init__(words)


class OutsideHours(SchedulingError):
    def __init__(self, resource, starts, ends, hours):
        self.resource, self.starts, self.ends, self.hours = resource, starts, ends, hours
        name = resource.name if resource else "The clinic"
        if hours:
            spans = " and ".join(f"{opens} to {closes}" for opens, closes in hours)
            does = f"works from {spans} that day" if resource else f"is open from {spans} that day"
        else:
            does = "does not work that day" if resource else "is closed that day"
        super().__init__(f"{moment(starts)} to {clock(ends)} is outside hours: {name} {does}.")


AWAY_WORDS = {
    "ill": "ill",
    "leave": "on leave",
    "training": "at a training",
    "service": "being serviced",
    "holiday": "closed",
}


class Away(SchedulingError):
    """Ill, on leave, being serviced, or the clinic closed for a holiday."""

    def __init__(self, resource, absence):
        self.resource, self.absence = resource, absence
        name = resource.name if resource else "The clinic"
        kind = absence.get_kind_display().lower()
        state = AWAY_WORDS.get(absence.kind, "away")
        why = f" ({absence.note})" if absence.note else ""
        super().__init__(
            f"{name} is {state}{why} until {moment(absence.during.upper)}. "
            f"Choose a time after that, or someone or something else."
        )
        self.kind = kind


class Lapsed(SchedulingError):
    """A registration that ends before the visit, or a device whose service will be overdue."""

    def __init__(self, words: str, *, is_device: bool):
        then = "until its service is noted" if is_device else "until a later end is recorded"
        super().__init__(f"{words} Nothing is booked after that {then}.")


class InThePast(SchedulingError):
    def __init__(self, starts, now):
        super().__init__(f"{moment(starts)} is past. Book from {moment(now)} on.")


class NotPast(SchedulingError):
    def __init__(self, starts):
        super().__init__(f"{moment(starts)} is still to come: only past visits are imported.")


class NoSuchTime(SchedulingError):
    def __init__(self, on, at):
        super().__init__(
            f"{at:%H:%M} does not exist on {day(on)}: the clocks go forward that night. "
            f"Choose a time an hour later."
        )


class OffTheGrid(SchedulingError):
    def __init__(self, starts):
        super().__init__(f"{moment(starts)} is not on a quarter hour. Choose :00, :15, :30 or :45.")


class NotApproved(SchedulingError):
    def __init__(self, plan):
        self.plan = plan
        super().__init__(
            f"{plan} is {plan.get_state_display().lower()}. Only a plan that a clinician has "
            f"approved, and that is not finished, can be booked."
        )


class WindowMissed(SchedulingError):
    """Outside the clinical window; `earliest` and `latest` would be accepted."""

    def __init__(self, session, on, after, earliest, latest):
        self.session, self.on, self.after = session, on, after
        self.earliest, self.latest = earliest, latest
        since = f", counted from the visit on {day(after)}" if after else ""
        super().__init__(
            f"{session} on {day(on)} is too {self.word}: it belongs between {day(earliest)} and "
            f"{day(latest)}{since}."
            if latest
            else f"{session} on {day(on)} is too {self.word}: book it from {day(earliest)} on."
        )


class AgainstTheRules(SchedulingError):
    """The days break a rule of the planner; `reasons` are its own sentences."""

    def __init__(self, reasons):
        self.reasons = tuple(reasons)
        super().__init__("These days cannot be booked. " + " ".join(self.reasons))


class TooSoon(WindowMissed):
    word = "soon"


class TooLate(WindowMissed):
    word = "late"


class NotQualified(SchedulingError):
    def __init__(self, what, people, able):
        self.people, self.able = people, able
        who = " and ".join(person.name for person in people) or "Nobody chosen"
        does = "may not perform" if people else "can perform"
        others = (
            f" These may: {', '.join(person.name for person in able)}."
            if able
            else " Nobody who can be booked may perform it."
        )
        super().__init__(f"{who} {does} {what}.{others}")


class Unfit(SchedulingError):
    """A room or device that does not serve the visit, or one that is missing."""

    def __init__(self, what, able):
        self.able = able
        fit = f" These would do: {', '.join(each.name for each in able)}." if able else ""
        super().__init__(f"{what}{fit}")


class NothingFits(SchedulingError):
    """No sequence of visits fits. `offer` is the way out; `ask` what to put to a clinician, if it
    is theirs to decide, about which `session`."""

    def __init__(self, words, *, offer=None, ask="", session=None):
        self.offer, self.ask, self.session = offer, ask, session
        super().__init__(words)


class AlreadyBooked(SchedulingError):
    def __init__(self, session, appointment):
        self.appointment = appointment
        super().__init__(
            f"{session} is already booked for {moment(appointment.starts_at)}. "
            f"Move that visit instead."
        )


class OutOfOrder(SchedulingError):
    def __init__(self, session, before):
        super().__init__(
            f"{session} counts from {str(before).lower()}, which is not booked. "
            f"Book {str(before).lower()} first or together with it."
        )


class StalePage(SchedulingError):
    def __init__(self, appointment):
        self.appointment = appointment
        last = appointment.changes.select_related("by").last()
        who = f" by {last.by}: {last.words}" if last else ""
        super().__init__(
            f"This visit was changed meanwhile{who}. Nothing of yours was saved; look at it as it "
            f"is now, then try again."
        )


class CannotChange(SchedulingError):
    pass


class KeyReused(SchedulingError):
    def __init__(self):
        super().__init__(
            "This page has already booked something else. Open the offers again to book this."
        )


class NotAllowed(SchedulingError):
    pass


class GatesOpen(SchedulingError):
    """A visit that may not start yet; `gates` are those that are not met."""

    def __init__(self, appointment, gates):
        self.appointment, self.gates = appointment, gates
        told = " ".join(f"{gate.label}: {gate.words} ({gate.who}.)" for gate in gates)
        super().__init__(f"{appointment.what} cannot start yet. {told}")
