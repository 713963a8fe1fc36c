"""Who may do what: the table, and the backend that reads it."""

import pytest

from clinic.staff.roles import ROLES, Role, permissions_of
from tests.factories import make_user

CLINICAL = {"patients.log_assessment", "patients.sign_assessment", "planner.approve_plan"}


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CLINICIAN])
def test_only_a_clinician_touches_what_is_clinical(role):
    assert permissions_of([role]) & CLINICAL == set()


@pytest.mark.parametrize("role", [Role.OWNER, Role.CATALOGUE_ADMIN])
def test_no_patient_is_seen_by_whoever_does_not_meet_them(role):
    patients = {p for p in permissions_of([role]) if p.startswith(("patients.", "planner."))}

    assert patients == set()


def test_the_front_desk_sees_no_photo_and_no_assessment():
    held = permissions_of([Role.FRONT_DESK])

    assert "patients.change_patient" in held
    assert held & {"patients.view_photo", "patients.view_assessment"} == set()


def test_two_roles_hold_what_either_holds():
    both = permissions_of([Role.OWNER, Role.CLINICIAN])

    assert both == permissions_of([Role.OWNER]) | permissions_of([Role.CLINICIAN])


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_a_user_may_do_what_the_table_says_and_nothing_else(role):
    user = make_user(role)

    assert {p for p in ROLES if user.has_perm(p)} == permissions_of([role])
    assert not user.has_perm("patients.delete_everything")
    assert not user.has_perm("patients.delete_patient")


@pytest.mark.django_db
def test_without_a_log_in_nothing_is_allowed():
    user = make_user(*Role)
    user.is_active = False

    assert [p for p in ROLES if user.has_perm(p)] == []


@pytest.mark.django_db
def test_the_tables_of_the_admin_open_to_the_catalogue_admin_alone(client):
    for role, status in ((Role.CATALOGUE_ADMIN, 200), (Role.OWNER, 403), (Role.CLINICIAN, 403)):
        client.force_login(make_user(role))

        assert client.get("/admin/").status_code == status
