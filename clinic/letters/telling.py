"""What a patient was told last, and what is true now: the difference is the next message.

Every change of a day comes down to one question, asked once the delay is over. So a visit moved
and moved back tells nobody, and a whole plan booked, or moved as a chain, is one message.
"""

import hashlib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.utils import timezone

from clinic.catalogue.models import Clinic
from clinic.letters import queue, wording
from clinic.letters.kinds import TELLING, Channel, Kind, Reason, State
from clinic.letters.models import ContactChoice, Habits, Message, Told, Wording
from clinic.scheduling.models import OFF, Appointment, Change
from clinic.scheduling.models import State as Visit

NOT_YET = (Visit.REQUESTED,)
"""A visit asked for or held at the desk is no promise yet."""


@dataclass(frozen=True)
class Difference:
    """One visit, and how it was told last; `before` is None for one that is news."""

    visit: Appointment
    before: Told | None

    @property
    def on(self) -> bool:
        return is_on(self.visit)

    @property
    def sequence(self) -> int:
        """Above all that was told before, or a calendar takes it for old news."""
        last = -1 if self.before is None else self.before.sequence
        return max(self.visit.sequence, last + 1)


def is_on(visit: Appointment) -> bool:
    return visit.state not in (*OFF, *NOT_YET)


# --- finding what to tell ----------------------------------------------------------------------


def patients_to_tell(now) -> list:
    """Ids of the patients who may be written to and for whom truth and telling differ."""
    last = Told.objects.that_counts().filter(appointment=OuterRef("pk")).order_by("-pk")
    visits = Appointment.objects.filter(starts_at__gt=now).annotate(
        told_on=Subquery(last.values("on")[:1]),
        told_start=Subquery(last.values("starts_at")[:1]),
        told_end=Subquery(last.values("ends_at")[:1]),
        told_provisional=Subquery(last.values("provisional")[:1]),
    )
    off, known = Q(state__in=(*OFF, *NOT_YET)), Q(told_on=True)
    unknown = Q(told_on=None) | Q(told_on=False)
    as_told = Q(told_start=F("starts_at"), told_end=F("ends_at"), told_provisional=F("provisional"))
    news = (~off & unknown) | (off & known) | (~off & known & ~as_told)
    wants = ContactChoice.objects.filter(Q(email=True) | Q(sms=True)).values("patient")
    found = visits.filter(news, patient__in=wants).values_list("patient", flat=True)
    return list(found.order_by("patient").distinct())


def differences(patient_id, now) -> list[Difference]:
    """What the patient should know and does not; visits that have begun are no news."""
    visits = Appointment.objects.filter(patient=patient_id, starts_at__gt=now).order_by(
        "starts_at", "pk"
    )
    told = {
        row.appointment_id: row
        for row in Told.objects.that_counts().filter(appointment__in=visits).order_by("pk")
    }
    pairs = (Difference(visit, told.get(visit.pk)) for visit in visits)
    return [pair for pair in pairs if _differs(pair)]


def _differs(pair: Difference) -> bool:
    known = pair.before is not None and pair.before.on
    if not pair.on or not known:
        return pair.on != known
    names = ("starts_at", "ends_at", "provisional")
    return any(getattr(pair.visit, name) != getattr(pair.before, name) for name in names)


# --- looking -------------------------------------------------------------------------------------


@transaction.atomic
def look(patient_id, now=None):
    """Write what the patient has to be told; the time to look again, where it is too soon.

    The patient's own choice is the lock: of two workers one writes and the other finds it written.
    """
    now = now or timezone.now()
    choice = (
        ContactChoice.objects.select_for_update(of=("self",))
        .select_related("patient")
        .filter(patient=patient_id)
        .first()
    )
    if choice is None or not choice.wants:
        return None
    if not differences(patient_id, now):
        return None
    if (calm := _calm_at(patient_id, now)) > now:
        return calm
    _take_back_what_waits(patient_id)
    if found := differences(patient_id, now):
        _write(choice, found, now)
    return None


def _calm_at(patient_id, now):
    """When the delay is over that begins anew with each change."""
    changes = Change.objects.filter(appointment__patient=patient_id, at__lte=now)
    last = changes.aggregate(at=Max("at"))["at"]
    return last + Habits.current().delay if last else now


def _take_back_what_waits(patient_id) -> None:
    """A message on its way that tells what is no longer true."""
    waiting = Message.objects.select_for_update().filter(
        patient=patient_id, kind__in=TELLING, state=State.WAITING
    )
    pks = [message.pk for message in waiting]
    Message.objects.filter(pk__in=pks).update(state=State.DROPPED, reason=Reason.OVERTAKEN)


def kind_of(found: list[Difference]) -> Kind:
    if all(not each.on for each in found):
        return Kind.CANCELLATION
    news = all(each.on and (each.before is None or not each.before.on) for each in found)
    return Kind.CONFIRMATION if news else Kind.CHANGE


def _write(choice: ContactChoice, found: list[Difference], now) -> None:
    wording.settle()
    kind, clinic = kind_of(found), Clinic.current()
    with timezone.override(ZoneInfo(clinic.time_zone)):
        for channel in choice.wants:
            if not choice.address(channel):
                continue
            words = Wording.objects.in_use(kind, channel).first()
            values = {"visits": "\n".join(line(each, channel) for each in found)}
            make(
                choice=choice,
                kind=kind,
                channel=channel,
                about=_about(found),
                words=words,
                values=values,
                told=[_told(each) for each in found],
                until=max(each.visit.starts_at for each in found),
                now=now,
            )


def _about(found: list[Difference]) -> str:
    facts = sorted(
        f"{each.visit.pk} {each.sequence} {each.on} {each.visit.provisional}"
        f" {each.visit.starts_at:%Y%m%dT%H%M} {each.visit.ends_at:%Y%m%dT%H%M}"
        for each in found
    )
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:40]


def _told(each: Difference) -> Told:
    """A visit called off is told with the time that the patient knows it by."""
    source = each.visit if each.on else each.before
    return Told(
        appointment=each.visit,
        starts_at=source.starts_at,
        ends_at=source.ends_at,
        provisional=source.provisional,
        on=each.on,
        sequence=each.sequence,
    )


def line(each: Difference, channel: str) -> str:
    """One visit as the message tells it, in the clinic's time."""
    if not each.on:
        return f"{moment(each.before.starts_at)}: cancelled"
    span = moment(each.visit.starts_at)
    if channel == Channel.EMAIL:
        span += f"–{timezone.localtime(each.visit.ends_at):%H:%M}"
    notes = ["provisional"] if each.visit.provisional else []
    if each.before and each.before.on:
        if each.before.starts_at != each.visit.starts_at:
            notes.append(f"instead of {moment(each.before.starts_at)}")
        elif each.before.provisional and not each.visit.provisional:
            notes.append("now firm")
    return f"{span} ({', '.join(notes)})" if notes else span


def moment(at) -> str:
    return f"{timezone.localtime(at):%a %d-%b-%Y %H:%M}"


# --- writing one ---------------------------------------------------------------------------------


def make(*, choice, kind, channel, about, words, values, told, until, now, due_at=None, **fields):
    """One message, once: None where the same was made before. It goes with the next round.

    Without `words` the clinic has switched such messages off: the row says so and nothing is sent.
    """
    clinic = Clinic.current()
    values = wording.of_the_clinic(clinic) | {"given_name": choice.patient.given_name} | values
    message = Message(
        patient=choice.patient,
        kind=kind,
        channel=channel,
        key=f"{kind}:{channel}:{about}",
        made_at=now,
        due_at=due_at or now,
        until=until,
        **fields,
    )
    if words is None:
        message.state, message.reason = State.DROPPED, Reason.SWITCHED_OFF
    else:
        message.address = choice.address(channel)
        message.subject = " ".join(wording.fill(words.subject, values).split())
        message.text = wording.fill(words.text, values)
    return keep(message, told)


def keep(message: Message, told: list[Told]) -> Message | None:
    """Write the message with its visits and its job; None where it is there already."""
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != "a_message_is_made_once":
            raise
        return None
    for row in told:
        row.pk, row.message = None, message
    Told.objects.bulk_create(told)
    if message.state == State.WAITING:
        queue.send(message.pk, message.due_at)
    return message
