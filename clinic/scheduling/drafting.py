"""A visit before it is written: who and what it claims, and every check that it must pass."""

import datetime as dt
import itertools
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from clinic.scheduling import bridge, errors, lapses, openings
from clinic.scheduling.calendar import QUARTER
from clinic.scheduling.models import Claim, Resource, ResourceKind, VisitKind

RESOURCE_LOCKS = 7301  # the first key of our advisory locks; the second is the resource
OVERLAP = "resource_in_one_place_at_a_time"


@dataclass(frozen=True)
class Draft:
    """One visit before it is written: each part with the resources that it claims."""

    kind: VisitKind
    starts_at: dt.datetime
    parts: tuple  # calendar.Part
    holds: tuple[tuple[int, frozenset[str]], ...]  # a resource and the kinds of part it is held for
    session: object = None
    latest: dt.date | None = None  # the last day inside its window, once that is known

    @property
    def ends_at(self) -> dt.datetime:
        return self.starts_at + sum(part.quarters for part in self.parts) * QUARTER

    def spans(self):
        """(part, start, end, resources) in order."""
        at = self.starts_at
        for part in self.parts:
            end = at + part.quarters * QUARTER
            yield part, at, end, [pk for pk, kinds in self.holds if part.kind in kinds]
            at = end

    def claims(self):
        """(resource, start, end), the parts of one resource joined where they touch."""
        for pk in dict.fromkeys(pk for pk, _ in self.holds):
            stretch = None
            for _, start, end, held in self.spans():
                if pk not in held:
                    continue
                if stretch and stretch[1] == start:
                    stretch = (stretch[0], end)
                    continue
                if stretch:
                    yield pk, *stretch
                stretch = (start, end)
            if stretch:
                yield pk, *stretch


def fill_needs(needs, chosen: list[Resource], house, what: str):
    """Who of the chosen fills which need; a refusal that names who could when one stays empty."""
    patient = [need for need in needs if need.kind == ResourceKind.PATIENT]
    wanted = [need for need in needs if need.kind != ResourceKind.PATIENT]
    held = [(need.pool[0], need.parts) for need in patient]
    used: set[int] = set()
    for kind, group in itertools.groupby(wanted, key=lambda need: need.kind):
        group = list(group)
        here = [each for each in chosen if each.kind == kind]
        team = _match(group, here)
        if team is None:
            raise _unfilled(group, here, house, what)
        held += [(pk, need.parts) for pk, need in zip(team, group, strict=True)]
        used |= set(team)
    # A chaperone or an interpreter: chosen besides, and held for the procedure.
    extra = [each for each in chosen if each.pk not in used]
    if rooms := [each for each in extra if each.kind == ResourceKind.ROOM]:
        raise errors.Unfit(f"One visit has one room: leave out {rooms[0].name}.", [])
    held += [(each.pk, bridge.PROCEDURE) for each in extra]
    return tuple(held)


def _match(needs, chosen) -> tuple[int, ...] | None:
    """A different one of the chosen for each need, or None."""
    for team in itertools.permutations([each.pk for each in chosen], len(needs)):
        if all(pk in need.pool for pk, need in zip(team, needs, strict=True)):
            return team
    return None


def _unfilled(needs, chosen, house, what: str) -> errors.SchedulingError:
    lacking = next(
        (need for need in needs if not any(each.pk in need.pool for each in chosen)), needs[0]
    )
    able = house.named(lacking.pool)
    if lacking.kind == ResourceKind.PERSON:
        return errors.NotQualified(lacking.what.partition(" for ")[2] or what, chosen, able)
    names = " and ".join(each.name for each in chosen)
    start = f"{names} does not serve {what}" if names else f"{what} has none chosen"
    return errors.Unfit(f"{start}: it needs {lacking.what}.", able)


def named(ids, house) -> list[Resource]:
    found = house.named(ids)
    if len(found) < len(set(ids)):
        raise errors.Unfit(
            "Somebody or something chosen can no longer be booked. Open the offers again.", []
        )
    return found


def draft_for_session(session, starts_at, resources, house, patient) -> Draft:
    needs = bridge.needs_of_session(session, house, patient)
    held = fill_needs(needs, named(resources, house), house, str(session))
    kind = bridge.kind_of_session(session)
    return Draft(kind, starts_at, bridge.parts_of_session(session), held, session)


# --- locks and checks --------------------------------------------------------------------------


def lock(ids):
    """Wait for our turn at these resources. One order for everybody, so nobody waits in a ring."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, pk) FROM unnest(%s::int[]) AS pk",
            [RESOURCE_LOCKS, sorted(set(ids))],
        )


def check_time(draft: Draft, *, now, historic: bool):
    if draft.starts_at.minute % 15 or draft.starts_at.second or draft.starts_at.microsecond:
        raise errors.OffTheGrid(draft.starts_at)
    if historic and draft.ends_at > now:
        raise errors.NotPast(draft.starts_at)
    # A visit may be entered in the quarter hour in which it starts.
    if not historic and draft.starts_at <= now - QUARTER:
        raise errors.InThePast(draft.starts_at, now)


def check_hours(draft: Draft, house, zone):
    """Every resource works through all it is held for; one reading for the whole visit."""
    on = timezone.localtime(draft.starts_at, zone).date()
    clinics = [house.resources[pk] for pk, _, _ in draft.claims() if pk in house.resources]
    diary = bridge.read_diary(on, 1, resources=clinics, zone=zone, bookings=False)
    grid = diary.grid
    for pk, start, end in draft.claims():
        if pk not in house.resources:
            continue  # the patient keeps no hours
        first, last = grid.slot(start), grid.slot(end)
        span = (1 << last) - (1 << first)
        if last <= grid.size and diary.free[pk] & span == span:
            continue
        resource = house.resources[pk]
        if lapses.last_days([resource]).get(pk, on) < on:
            raise errors.Lapsed(lapses.words_of(resource), is_device=bool(resource.service_due_on))
        if absence := bridge.absence_of(resource, start, end):
            raise errors.Away(absence.resource, absence)
        hours = bridge.day_of(resource, on, zone)
        raise errors.OutsideHours(resource, start, end, hours)


def check_free(drafts: list[Draft], besides=()):
    """The resource that is taken, said before the constraint would say it less well."""
    near = Q()  # around each visit alone: months lie between the visits of a plan
    for draft in drafts:
        held = {pk for pk, _, _ in draft.claims()}
        near |= Q(resource__in=held, during__overlap=(draft.starts_at, draft.ends_at))
    taken = (
        Claim.objects.filter(near, active=True)
        .exclude(part__appointment__in=[each.pk for each in besides])
        .select_related("resource")
    )
    for claim in taken:
        for draft in drafts:
            for pk, start, end in draft.claims():
                if (
                    pk == claim.resource_id
                    and claim.during.lower < end
                    and start < claim.during.upper
                ):
                    raise Collision(claim.resource, draft)
    # Two visits of one request may not take the same time either.
    for one, other in itertools.combinations(drafts, 2):
        for (pk, start, end), (pk2, start2, end2) in itertools.product(
            one.claims(), other.claims()
        ):
            if pk == pk2 and start < end2 and start2 < end:
                raise Collision(Resource.objects.get(pk=pk), other)


class Collision(Exception):
    """Inside the transaction; told as SlotTaken, with what is free next, once it is over."""

    def __init__(self, resource, draft):
        self.resource, self.draft = resource, draft


def _collision_from(error: IntegrityError, drafts) -> Collision | None:
    """What the exclusion constraint refused, read from its answer."""
    diag = getattr(error.__cause__, "diag", None)
    if diag is None or diag.constraint_name != OVERLAP:
        return None
    key = (diag.message_detail or "").partition("=(")[2].partition(",")[0]
    resource = Resource.objects.filter(pk=int(key)).first() if key.isdigit() else None
    for draft in drafts:
        if resource is None or any(pk == resource.pk for pk, _, _ in draft.claims()):
            return Collision(resource or Resource(name="Somebody or something"), draft)
    return None


def _told(collision: Collision, patient, besides=()) -> errors.SlotTaken:
    """SlotTaken with the next time at which the same visit would fit."""
    draft = collision.draft
    free_next = openings.next_start(
        patient,
        kind=draft.kind,
        parts=draft.parts,
        session=draft.session,
        start_from=draft.starts_at,
        latest=draft.latest,
        besides=besides,
    )
    return errors.SlotTaken(
        collision.resource,
        draft.starts_at,
        draft.ends_at,
        free_next=free_next,
        patient=patient if collision.resource.kind == ResourceKind.PATIENT else None,
    )


@contextmanager
def all_or_none(patient, drafts: list[Draft], besides: list = ()):
    """One transaction; when somebody was there first, SlotTaken says what is free next.

    `drafts` and `besides` are read when that happens, so the caller may fill them meanwhile.
    """
    try:
        with transaction.atomic():
            yield
    except Collision as collision:
        raise _told(collision, patient, besides) from None
    except IntegrityError as error:
        if collision := _collision_from(error, drafts):
            raise _told(collision, patient, besides) from error
        raise
