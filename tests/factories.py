"""Functions that make what a test needs, with plain, dull defaults: name only what matters."""

import datetime as dt
import hashlib
import json
from functools import cache
from itertools import count
from pathlib import Path

import yaml

from clinic.catalogue.models import Version
from clinic.staff.models import User
from clinic.staff.roles import Role
from patients import services as patient_services

numbers = count(1)
PASSWORD = "a long enough password"


def make_user(*roles: Role | str, **fields) -> User:
    """Somebody who can sign in with PASSWORD; a clinician unless told otherwise."""
    number = next(numbers)
    fields = {"email": f"person{number}@clinic.example", "name": f"Person {number}", **fields}
    password = fields.pop("password", PASSWORD)
    return User.objects.create_user(
        password=password, roles=[Role(role).value for role in roles or (Role.CLINICIAN,)], **fields
    )


@cache
def shipped(section: str) -> list[dict]:
    """The rows of one section as the data files have them."""
    folder = Path(__file__).parents[1] / "clinic/catalogue/data"
    files = (yaml.safe_load(file.read_text()) for file in sorted(folder.glob("*.yaml")))
    return [row for content in files for row in content.get(section) or ()]


def make_version(**sections) -> Version:
    """A published catalogue with what patients' pages read, as shipped unless told otherwise."""
    document = {
        "schema": 1,
        "regions": shipped("regions"),
        "scales": shipped("scales"),
        "questions": shipped("questions"),
        "treatments": [{"code": "subcision", "name": "Subcision"}],
        **sections,
    }
    written = json.dumps(document, sort_keys=True, default=str)
    return Version.objects.create(
        number=next(numbers),
        document=json.loads(written),
        hash=hashlib.sha256(written.encode()).hexdigest(),
    )


def make_patient(*, by=None, **fields):
    """Somebody of 27, registered the way the front desk does it."""
    number = next(numbers)
    fields = {
        "record_number": f"R-{number:05d}",
        "given_name": "Ada",
        "family_name": "Example",
        "born": dt.date(1999, 3, 2),
        "sex": "F",
        "fitzpatrick": 3,
        **fields,
    }
    return patient_services.register(by=by or make_user(), **fields)


def make_assessment(*, patient=None, by=None, on=dt.date(2026, 11, 1), **fields):
    """A draft; publishes a catalogue if there is none yet."""
    if not Version.objects.exists():
        make_version()
    by = by or make_user()
    draft = patient_services.start_assessment(patient=patient or make_patient(by=by), by=by, on=on)
    if fields:
        draft = patient_services.update_assessment(assessment=draft, by=by, **fields)
    return draft


def make_finding(*, assessment=None, by=None, **fields):
    fields = {"region": "malar", "side": "L", "scar_type": "ice_pick", "count": 3, **fields}
    assessment = assessment or make_assessment(by=by)
    return patient_services.log_finding(
        assessment=assessment, by=by or assessment.assessed_by, **fields
    )


def make_mark(*, assessment=None, by=None, **fields):
    fields = {"region": "malar", "side": "L", "mark_type": "pih", "count": 3, **fields}
    assessment = assessment or make_assessment(by=by)
    return patient_services.log_mark(
        assessment=assessment, by=by or assessment.assessed_by, **fields
    )


def make_signed_assessment(*, findings=(), **fields):
    """Signed with the given findings (columns of each); without them, with one."""
    draft = make_assessment(**fields)
    for columns in findings or ({},):
        make_finding(assessment=draft, **columns)
    return patient_services.sign_assessment(assessment=draft, by=draft.assessed_by)
