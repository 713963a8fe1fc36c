"""The clinic of these tests, made once a module: every test's own rows are rolled back over it."""

import pytest

from clinic.impact import cases, reading
from clinic.staff.roles import Role
from tests.factories import make_user
from tests.impact.making import make_admin, make_drafts, sign
from tests.planner.drafts import at_this_time, make_clinic, rolled_back


class House:
    """One draft and one signed plan that the rule can touch, and a draft that it cannot."""

    def __init__(self):
        make_clinic()
        self.doctor, self.admin = make_user(Role.CLINICIAN), make_admin()
        self.draft = make_drafts(self.doctor)[0]
        self.signed = sign(make_drafts(self.doctor)[0], self.doctor)
        self.other = make_drafts(self.doctor, severity_mismatch=False)[0]


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), at_this_time(), rolled_back():
        yield House()


FEW_CASES = 12
"""So much of the library is enough to see that it is read, and that it is not reached."""


@pytest.fixture
def house(made, db, monkeypatch):
    monkeypatch.setattr(reading, "library", lambda version: cases.library(version)[:FEW_CASES])
    with at_this_time():
        yield made
