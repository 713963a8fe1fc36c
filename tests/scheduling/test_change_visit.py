"""Moving, cancelling, the states of a clinic's day, and taking each of them back."""

from uuid import uuid4

import pytest

from clinic.scheduling import errors, openings, resources, services, verdicts
from clinic.scheduling.models import Appointment, Claim, State
from tests.factories import make_user
from tests.scheduling.making import (
    MONDAY,
    NOW,
    agree_to,
    at,
    choice,
    days_later,
    make_house,
    make_patient,
    make_plan,
    note_gates,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def by():
    return make_user()


@pytest.fixture
def course(house, by):
    """Three booked visits, four weeks apart, each at nine with Dr Ada."""
    plan = make_plan(sessions=3, gap=(21, 28, 35))
    visits = [
        choice(plan, number, at(days_later(28 * number - 28), 9), house.doctor, house.theatre)
        for number in (1, 2, 3)
    ]
    return services.book_plan(plan=plan, choices=visits, by=by, key=uuid4().hex, now=NOW)


def move(visit, to, house, by, **fields):
    fields = {"revision": visit.revision, "now": NOW, **fields}
    chosen = (house.doctor.pk, house.theatre.pk)
    return services.move(appointment=visit, starts_at=to, resources=chosen, by=by, **fields)


def verdict(visit, to, house):
    return verdicts.verdict_on_move(visit, to, (house.doctor.pk, house.theatre.pk), now=NOW)


def test_a_small_move_keeps_every_later_visit(course, house, by):
    found = verdict(course[1], at(days_later(30), 9), house)

    assert [later.verdict for later in found.later] == ["kept"]
    assert not found.needs_reason


def test_a_larger_move_takes_along_what_it_must(course, house, by):
    found = verdict(course[1], at(days_later(36), 9), house)

    moved = found.moves[0]
    assert found.window_words
    assert moved.appointment == course[2]
    assert moved.choice.starts_at == at(days_later(64), 9)


def test_a_move_is_made_whole(course, house, by):
    to = at(days_later(35), 11)
    found = verdict(course[0], at(days_later(7), 11), house)
    assert [later.verdict for later in found.later] == ["kept", "kept"]

    found = verdict(course[1], to, house)
    services.move(
        appointment=course[1],
        starts_at=to,
        resources=found.resources,
        by=by,
        revision=course[1].revision,
        later=tuple(found.moves),
        now=NOW,
    )

    days = [visit.day for visit in Appointment.objects.of_plan(course[0].session.plan)]
    assert days == [days_later(0), days_later(35), days_later(56)]


def test_a_move_out_of_the_window_needs_a_reason(course, house, by):
    with pytest.raises(errors.TooLate, match="between Mon 01-Feb-2027 and Mon 15-Feb-2027"):
        move(course[1], at(days_later(36), 9), house, by)


def test_a_deviation_stays_visible(course, house, by):
    found = verdict(course[1], at(days_later(36), 9), house)

    moved = move(
        course[1],
        at(days_later(36), 9),
        house,
        by,
        later=tuple(found.moves),
        reason="patient_unavailable",
        note="abroad",
    )

    assert (moved[0].deviation_reason, moved[0].deviation_note) == ("patient_unavailable", "abroad")
    assert moved[0].off_target == 8


def test_a_pinned_visit_stays_and_is_said_to_be_out_of_its_window(course, house, by):
    services.set_pinned(appointment=course[2], pinned=True, by=by, revision=1)

    found = verdict(course[1], at(days_later(36), 9), house)

    assert [later.verdict for later in found.later] == ["out_of_window"]
    assert "too soon" in found.later[0].words


def test_a_moved_visit_frees_its_old_time_and_undo_brings_it_back(course, house, by):
    moved = move(course[1], at(days_later(30), 14), house, by)[0]
    assert not Claim.objects.filter(
        resource=house.doctor, active=True, during__contains=at(days_later(28), 9, 45)
    ).exists()

    back = services.undo(appointment=moved, by=by, revision=moved.revision, now=NOW)

    assert back.starts_at == at(days_later(28), 9)
    assert back.people == [house.doctor]
    assert services.last_undoable(back) is None


def test_undo_of_a_move_takes_back_all_that_it_moved(course, house, by):
    found = verdict(course[1], at(days_later(36), 9), house)
    moved = move(
        course[1],
        at(days_later(36), 9),
        house,
        by,
        later=tuple(found.moves),
        reason="healing",
    )

    services.undo(appointment=moved[0], by=by, revision=moved[0].revision, now=NOW)

    days = [visit.day for visit in Appointment.objects.of_plan(course[0].session.plan)]
    assert days == [days_later(0), days_later(28), days_later(56)]


def test_undo_tells_who_took_the_time_meanwhile(course, house, by):
    moved = move(course[1], at(days_later(30), 14), house, by)[0]
    other = make_plan(sessions=1)
    services.book_plan(
        plan=other,
        choices=[choice(other, 1, at(days_later(28), 9), house.doctor, house.theatre)],
        by=by,
        key="other",
        now=NOW,
    )

    with pytest.raises(errors.SlotTaken, match="already booked on Mon 08-Feb-2027 09:00"):
        services.undo(appointment=moved, by=by, revision=moved.revision, now=NOW)


def test_a_stale_page_moves_nothing_and_says_who_changed_what(course, house, by):
    move(course[1], at(days_later(30), 14), house, by)

    with pytest.raises(errors.StalePage, match="Moved from 08-Feb-2027 09:00 to 10-Feb-2027 14:00"):
        move(course[1], at(days_later(31), 9), house, by)


def test_a_cancelled_visit_frees_its_time_at_once(course, house, by):
    services.cancel(appointment=course[0], reason="patient_ill", by=by, revision=1)
    other = make_plan(sessions=1)

    booked = services.book_plan(
        plan=other,
        choices=[choice(other, 1, at(MONDAY, 9), house.doctor, house.theatre)],
        by=by,
        key="other",
        now=NOW,
    )

    assert len(booked) == 1


def test_a_cancellation_needs_its_reason(course, by):
    with pytest.raises(errors.CannotChange, match="Say why"):
        services.cancel(appointment=course[0], reason="", by=by, revision=1)


def test_a_cancellation_is_undone_while_the_time_is_free(course, house, by):
    off = services.cancel(appointment=course[0], reason="patient_ill", by=by, revision=1)

    back = services.undo(appointment=off, by=by, revision=off.revision)

    assert (back.state, back.cancel_reason) == (State.SCHEDULED, "")
    assert Claim.objects.filter(part__appointment=back, active=False).count() == 0


def test_a_cancellation_is_not_undone_over_another(course, house, by):
    off = services.cancel(appointment=course[0], reason="patient_ill", by=by, revision=1)
    other = make_plan(sessions=1)
    services.book_plan(
        plan=other,
        choices=[choice(other, 1, at(MONDAY, 9), house.doctor, house.theatre)],
        by=by,
        key="other",
        now=NOW,
    )

    with pytest.raises(errors.SlotTaken):
        services.undo(appointment=off, by=by, revision=off.revision)


def test_a_day_goes_through_its_states_and_back(house, by):
    visit = services.book_visit(
        patient=make_patient(),
        kind="consultation",
        starts_at=at(MONDAY, 9),
        resources=(house.doctor.pk, house.talking.pk),
        by=by,
        key="v",
        now=NOW,
    )
    for state in (State.CONFIRMED, State.ARRIVED, State.IN_ROOM, State.COMPLETED):
        visit = services.change_state(
            appointment=visit, to=state, by=by, revision=visit.revision, now=NOW
        )
    for state in (State.IN_ROOM, State.ARRIVED, State.CONFIRMED, State.SCHEDULED):
        visit = services.undo(appointment=visit, by=by, revision=visit.revision, now=NOW)
        assert visit.state == state

    assert [change.deed for change in visit.changes.all()] == [
        "booked",
        *["state"] * 4,
        *["undone"] * 4,
    ]


def test_a_step_that_cannot_follow_says_which_can(course, by):
    with pytest.raises(errors.CannotChange, match="Possible now: confirmed, arrived"):
        services.change_state(appointment=course[0], to=State.COMPLETED, by=by, revision=1, now=NOW)


def test_nobody_arrives_before_the_day(course, by):
    with pytest.raises(errors.CannotChange, match="before that day"):
        services.change_state(appointment=course[1], to=State.ARRIVED, by=by, revision=1, now=NOW)


def test_a_completed_session_is_told_to_the_plan(course, by):
    visit = course[0]
    agree_to(visit.session.plan)
    note_gates(visit, now=NOW)
    for state in (State.ARRIVED, State.IN_ROOM, State.COMPLETED):
        visit = services.change_state(
            appointment=visit, to=state, by=by, revision=visit.revision, now=NOW
        )

    plan = course[0].session.plan
    plan.refresh_from_db()
    assert plan.state == "in_progress"
    assert visit.session.performance.performed_on == MONDAY
    with pytest.raises(errors.CannotChange, match="on record as performed"):
        services.undo(appointment=visit, by=by, revision=visit.revision)


def test_a_no_show_can_be_booked_anew(course, house, by):
    services.change_state(appointment=course[0], to=State.NO_SHOW, by=by, revision=1, now=NOW)
    plan = course[0].session.plan

    again = services.book_plan(
        plan=plan,
        choices=[choice(plan, 1, at(days_later(1), 9), house.doctor, house.theatre)],
        by=by,
        key="again",
        now=NOW,
    )

    assert again[0].day == days_later(1)


def test_a_procedure_is_never_a_visit_without_a_plan(house, by):
    with pytest.raises(errors.CannotChange, match="approved plan"):
        services.book_visit(
            patient=make_patient(),
            kind="procedure",
            starts_at=at(MONDAY, 9),
            resources=(house.doctor.pk, house.theatre.pk),
            by=by,
            key="v",
            now=NOW,
        )


def test_a_first_consultation_is_twice_as_long(house, by):
    lengths = [
        services.book_visit(
            patient=make_patient(),
            kind=kind,
            starts_at=at(MONDAY, hour),
            resources=(house.doctor.pk, house.talking.pk),
            by=by,
            key=kind,
            now=NOW,
        ).minutes
        for kind, hour in (("first_consultation", 9), ("consultation", 11))
    ]

    assert lengths == [60, 30]


def test_an_absence_lists_the_visits_it_would_run_into(course, house):
    found = resources.visits_during(
        resource=house.doctor, starts_at=at(MONDAY, 0), ends_at=at(days_later(30), 0)
    )

    assert list(found) == course[:2]


def test_an_opening_can_be_booked_as_it_stands(house, by):
    patient = make_patient()
    opening = openings.openings_for_kind(patient, "review", minutes=30, now=NOW)[0]

    visit = services.book_visit(
        patient=patient,
        kind="review",
        starts_at=opening.starts_at,
        resources=opening.resources,
        by=by,
        key="v",
        now=NOW,
    )

    assert visit.starts_at == at(MONDAY, 9)
