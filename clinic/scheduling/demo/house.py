"""The demo clinic itself: its settings, its people and log-ins, its rooms, devices and hours."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from clinic.catalogue.models import Clinic, Family
from clinic.scheduling import resources
from clinic.scheduling.models import AbsenceKind, RoomKind
from clinic.staff.models import User
from clinic.staff.roles import Role

PASSWORD = "linden-tree-demo"


@dataclass(frozen=True)
class Colleague:
    email: str
    name: str
    title: str
    role: Role
    registration: str = ""
    performs: str = ""  # doctor, nurse, aesthetician; empty for who treats nobody


COLLEAGUES = (
    Colleague("doctor@demo.example", "Imogen Lark", "Dr", Role.CLINICIAN, "DEMO-1001", "doctor"),
    Colleague("doctor2@demo.example", "Rafael Oakes", "Dr", Role.CLINICIAN, "DEMO-1002", "doctor"),
    Colleague("nurse@demo.example", "Senna Wells", "", Role.CLINICIAN, "DEMO-2001", "nurse"),
    Colleague("desk@demo.example", "Toby Marsh", "", Role.FRONT_DESK),
    Colleague("catalogue@demo.example", "Ruth Ember", "", Role.CATALOGUE_ADMIN),
    Colleague("owner@demo.example", "Hanna Brook", "", Role.OWNER),
)

ROOMS = (
    ("room-1", "Room 1", RoomKind.CONSULTATION),
    ("room-2", "Room 2", RoomKind.PROCEDURE),
    ("room-3", "Room 3", RoomKind.PROCEDURE),
    ("room-4", "Room 4", RoomKind.PROCEDURE),
)

DEVICES = (
    ("co2-laser", "Fractional CO2 laser", ["co2_laser_fractional"]),
    ("nafl-laser", "Non-ablative fractional laser", ["nafl"]),
    ("rf-needling", "RF microneedling device", ["rfmn_device"]),
    ("needling-pen", "Needling pen", ["mn_device"]),
    ("dye-laser", "Pulsed dye laser", ["pdl"]),
)

LACKS = (
    "co2_laser_full",
    "er_yag_full",
    "er_yag_fractional",
    "pico_fractional",
    "ndyag",
    "dermabrader",
    "microderm_unit",
    "cell_culture",
    "filler_pmma",
    "phenol_peel",
    "exosome_vial",
)
"""Devices, services and products that a clinic of this size would not keep."""

MORNING = (dt.time(9), dt.time(13))
AFTERNOON = (dt.time(13, 30), dt.time(18))


def settle() -> dict[str, User]:
    """Write the clinic's settings, people, rooms, devices and hours; its users by e-mail."""
    clinic = Clinic.current()
    clinic.name = "Linden Skin Clinic"
    clinic.legal_name = "Linden Skin Clinic (demonstration, invented)"
    clinic.address = "1 Linden Walk\nExampleton"
    clinic.phone, clinic.email = "01632 960000", "hello@demo.example"
    clinic.time_zone, clinic.currency, clinic.country = "Europe/London", "GBP", "GB-ENG"
    clinic.lacks = sorted(LACKS)
    clinic.save()
    users = {one.email: _user(one) for one in COLLEAGUES}
    for one in COLLEAGUES:
        if one.performs:
            _person(one, users[one.email], _skills_of(one.performs))
    resources.add_person(
        code="aesthetician",
        name="Mina Fell",
        capabilities=["aesthetician", *_skills_of("aesthetician")],
    )
    for code, name, kind in ROOMS:
        resources.add_room(code=code, name=name, room_kind=kind, site="Linden Walk")
    for code, name, meets in DEVICES:
        resources.add_device(
            code=code,
            name=name,
            capabilities=meets,
            site="Linden Walk",
            serviced_on=timezone.localdate() - dt.timedelta(days=40),
        )
    resources.set_hours(
        resource=None, weekly={day: [MORNING, AFTERNOON] for day in range(5)} | {5: [MORNING]}
    )
    return users


def _skills_of(profession: str) -> list[str]:
    """The skills of the treatments that the catalogue lets this profession perform."""
    rows = Family.objects.filter(skilled_treatments__performers__contains=[profession])
    return list(rows.values_list("code", flat=True).distinct())


def _user(one: Colleague) -> User:
    return User.objects.create_user(
        email=one.email,
        password=PASSWORD,
        name=one.name,
        title=one.title,
        roles=[one.role.value],
        registration_number=one.registration,
        joined_at=timezone.now(),
    )


def _person(one: Colleague, user: User, skills: list[str]):
    return resources.add_person(
        code=one.email.partition("@")[0],
        name=f"{one.title} {one.name}".strip(),
        capabilities=[one.performs, *skills],
        user=user,
        registration_body="Demo register",
        registration_number=one.registration,
        registered_until=timezone.localdate() + dt.timedelta(days=500),
    )


def close_for_holidays(today: dt.date) -> None:
    """The year's end, and a week in which one doctor is away."""
    zone = timezone.get_current_timezone()
    for year in (today.year, today.year + 1):
        starts = dt.datetime(year, 12, 24, tzinfo=zone)
        resources.add_absence(
            resource=None,
            starts_at=starts,
            ends_at=starts + dt.timedelta(days=9),
            kind=AbsenceKind.HOLIDAY,
            note="Closed over the holidays",
        )
