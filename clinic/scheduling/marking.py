"""Marks on visits for what changed about a person or a device after they were booked."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from clinic.scheduling import attention, bridge, lapses
from clinic.scheduling.models import Appointment, Attention, Claim, Resource, Why

LAPSING = Q(resource__registered_until__isnull=False) | Q(resource__service_due_on__isnull=False)


def mark_lapsed(visits) -> None:
    """Mark the visits after the end of a registration or past a service; settle the others."""
    visits = {visit.pk: visit for visit in visits}
    claims = Claim.objects.filter(LAPSING, active=True, part__appointment__in=visits)
    found: dict = {}
    for claim in claims.select_related("resource", "part").order_by("pk"):
        visit = visits[claim.part.appointment_id]
        if visit.day > claim.resource.lapses_on:
            words = found.setdefault(visit.pk, [])
            told = lapses.words_of(claim.resource)
            words += [told] if told not in words else []
    attention.settle([pk for pk in visits if pk not in found], whys=[Why.LAPSED])
    for pk, words in found.items():
        attention.mark(visits[pk], Why.LAPSED, " ".join(words))


def lapsed_words(visits) -> list[str]:
    """What the marks of `mark_lapsed` say, for whoever has just booked these visits."""
    rows = Attention.objects.open().filter(appointment__in=visits, why=Why.LAPSED)
    return sorted(set(rows.values_list("words", flat=True)))


def coming_with(resource: Resource):
    """The coming visits that somebody or something is booked for."""
    claims = Claim.objects.filter(resource=resource, active=True)
    visits = Appointment.objects.standing().filter(parts__claims__in=claims)
    visits = visits.filter(starts_at__gt=timezone.now())
    return visits.with_people().distinct().order_by("starts_at")


@transaction.atomic
def look_again(resource: Resource, *, hit: list[Appointment]) -> None:
    """After the resource was saved: mark its coming visits by what it may do now."""
    coming = list(coming_with(resource))
    mark_lapsed(coming)
    if resource.active:
        gone = Attention.objects.open().filter(why=Why.AWAY, words=_gone(resource))
        gone.filter(appointment__in=coming).update(cleared_at=timezone.now())
    words = (
        f"{resource.name} can do what this visit needs no more."
        if resource.active
        else _gone(resource)
    )
    for visit in hit:
        if resource.lapses_on is None or visit.day <= resource.lapses_on or not resource.active:
            attention.mark(visit, Why.AWAY, words)


def _gone(resource: Resource) -> str:
    return f"{resource.name} is not booked any more."


def hit_by(resource: Resource, *, before: Resource) -> list[Appointment]:
    """The coming visits that the resource, as it is now typed, would leave without their need."""
    zone = bridge.clinic_zone()
    gone = set(before.capabilities) - set(resource.capabilities)
    until = resource.lapses_on
    sooner = until and (before.lapses_on is None or until < before.lapses_on)
    hit = []
    for visit in coming_with(before):
        on = timezone.localtime(visit.starts_at, zone).date()
        stopped = before.active and not resource.active
        moved = before.room_kind != resource.room_kind
        if stopped or moved or (sooner and on > until) or _needs(visit, gone):
            hit.append(visit)
    return hit


def _needs(visit: Appointment, gone: set[str]) -> bool:
    if not gone or visit.session_id is None:
        return False
    return any(
        gone & {step.skill, *step.requires, *step.performers} for step in visit.session.steps.all()
    )
