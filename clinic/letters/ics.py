"""Visits as calendar files: RFC 5545, and RFC 5546 for what one message asks of a calendar.

An object with a METHOD speaks of one UID alone, so a message about six visits carries six files.
"""

import datetime as dt
from email.utils import parseaddr
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from icalendar import Calendar, Event, Timezone, vCalAddress

PRODUCT = "-//Cicatrix//Appointments//EN"


def uid(appointment_id) -> str:
    return f"visit-{appointment_id}@cicatrix"


def invitation(told, *, clinic, patient_email: str, made_at: dt.datetime) -> tuple[str, bytes]:
    """The METHOD and the file that put a visit into a calendar, move it there or take it out."""
    method = "REQUEST" if told.on else "CANCEL"
    event = _event(told.appointment_id, told.starts_at, told.ends_at, clinic, made_at)
    event.add("sequence", told.sequence)
    event.add("summary", f"Appointment at {clinic.name}")
    event.add("status", "CANCELLED" if not told.on else _status(told.provisional))
    event.add("organizer", _organizer(clinic))
    event.add("attendee", _attendee(patient_email), encode=0)
    return method, _calendar([event], clinic, method)


def feed(visits, *, clinic, name: str, address_of) -> bytes:
    """A practitioner's visits: when, where and which kind; who and why stand behind the sign-in."""
    events = []
    for visit in visits:
        event = _event(visit.pk, visit.starts_at, visit.ends_at, clinic, visit.booked_at)
        event.add("sequence", visit.sequence)
        event.add("summary", visit.get_kind_display())
        event.add("status", _status(visit.provisional))
        if visit.room:
            event["location"] = event["location"].__class__(visit.room.where)
        event.add("url", address_of(visit))
        events.append(event)
    return _calendar(events, clinic, "PUBLISH", name)


def _event(pk, starts_at, ends_at, clinic, stamp) -> Event:
    zone = ZoneInfo(clinic.time_zone)
    event = Event()
    event.add("uid", uid(pk))
    event.add("dtstamp", stamp.astimezone(dt.UTC))
    event.add("dtstart", starts_at.astimezone(zone))
    event.add("dtend", ends_at.astimezone(zone))
    event.add("class", "PRIVATE")
    event.add("location", ", ".join(clinic.address.split("\n")) or clinic.name)
    return event


def _status(provisional: bool) -> str:
    return "TENTATIVE" if provisional else "CONFIRMED"


def _organizer(clinic) -> vCalAddress:
    address = clinic.email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    organizer = vCalAddress(f"mailto:{address}")
    organizer.params["CN"] = clinic.name
    return organizer


def _attendee(email: str) -> vCalAddress:
    """The patient agreed to the time at the desk: no answer is asked for."""
    attendee = vCalAddress(f"mailto:{email}")
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "ACCEPTED"
    attendee.params["RSVP"] = "FALSE"
    return attendee


def _calendar(events, clinic, method: str, name: str = "") -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    if name:
        calendar.add("x-wr-calname", name)
    years = [event.decoded("dtstart").year for event in events]
    if years:
        calendar.add_component(_zone(clinic.time_zone, min(years), max(years)))
    for event in events:
        calendar.add_component(event)
    return calendar.to_ical()


@lru_cache(maxsize=64)
def _zone(name: str, first: int, last: int) -> Timezone:
    """The rules of the zone over these years; working them out takes a while."""
    return Timezone.from_tzinfo(
        ZoneInfo(name), name, dt.date(first - 1, 1, 1), dt.date(last + 1, 12, 31)
    )
