"""A clinician's hand on a draft: every change is judged at once, none is lost, none is silent."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from patients.services import record_answers
from planner import editing, services
from planner import outline as hand
from planner.errors import DraftChanged, NotApprovable, NotEditable
from planner.models import Edit, Plan, State
from planner.revision import revise
from planner.services import record_performed
from tests.factories import make_user
from tests.planner.drafts import at_this_time, make_clinic, make_suggested, rolled_back

WEEK = dt.timedelta(weeks=1)


@pytest.fixture(scope="module")
def suggestion(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), at_this_time(), rolled_back():
        make_clinic()
        yield make_suggested()


@pytest.fixture
def now():
    with at_this_time():
        yield


@pytest.fixture
def doctor(db):
    return make_user()


@pytest.fixture
def draft(suggestion, doctor, now):
    return services.draft_plan(suggestion=suggestion, strategy="balanced", by=doctor)


def changed(plan, change, words="Changed"):
    return editing.edit(
        plan=plan, by=plan.drafted_by, revision=plan.revision, change=change, words=words
    )


def outline(plan):
    return hand.outline_of(editing.keyed(plan)["sessions"])


def procedures(plan):
    return [visit for visit in outline(plan) if visit.lines]


def first_key(plan, at=0):
    return procedures(plan)[at].lines[0].key


def treatments(plan):
    return [line.treatment for visit in outline(plan) for line in visit.lines]


def moved_too_near(plan):
    """The second visit of the same treatment, a day after the first."""
    first = procedures(plan)[0]
    number = next(
        n
        for n, visit in enumerate(outline(plan), 1)
        if visit.on > first.on
        and {line.treatment for line in visit.lines} & {line.treatment for line in first.lines}
    )
    return lambda o: hand.move_visit(o, number, first.on + dt.timedelta(days=1))


# ---- what a change does


def test_a_plan_built_again_without_a_change_is_the_planner_s_own(draft):
    before = draft.content

    after = changed(draft, lambda o: o).content

    for key in ("cost", "weeks", "visits", "downtime_longest", "downtime_total", "expected"):
        assert after[key] == before[key], key
    kept = ("on", "day", "kind", "block", "gap_min_days", "gap_typical_days", "downtime_days")
    for old, new in zip(before["sessions"], after["sessions"], strict=True):
        assert [new[key] for key in kept] == [old[key] for key in kept]
        assert [s["treatment"] for s in new["steps"]] == [s["treatment"] for s in old["steps"]]
        assert [s["price"] for s in new["steps"]] == [s["price"] for s in old["steps"]]


def test_a_change_writes_the_rows_of_what_it_changes_alone(draft):
    before = list(draft.sessions.values_list("pk", flat=True))
    pinned = changed(draft, lambda o: hand.pin(o, (first_key(draft),), True))

    assert list(pinned.sessions.values_list("pk", flat=True)) == before
    last = procedures(draft)[-1]
    number = outline(draft).index(last) + 1
    moved = changed(pinned, lambda o: hand.move_visit(o, number, last.on + WEEK))
    rows = list(moved.sessions)
    assert [row.pk for row in rows[: number - 1]] == before[: number - 1]
    assert rows[number - 1].pk not in before
    assert [row.target_on.isoformat() for row in rows] == [
        one["on"] for one in moved.content["sessions"]
    ]


def test_a_drop_lowers_cost_and_expectation_and_the_rows_follow(draft):
    key, before = first_key(draft), draft.content

    after = changed(draft, lambda o: hand.drop(o, hand.alike(o, key)))

    assert after.cost < services.Decimal(before["cost"])
    assert after.content["expected"]["middle"] < before["expected"]["middle"]
    rows = [step.treatment for session in after.sessions for step in session.steps.all()]
    assert rows == treatments(after)
    assert after.content_hash == services.digest(after.content)
    assert after.content["name"] == "Balanced, changed"
    assert not after.content["proof"]["optimal"]


def test_steps_keep_their_keys_through_every_change(draft):
    keys = {line.key for visit in outline(draft) for line in visit.lines}
    dropped = first_key(draft)

    after = changed(draft, lambda o: hand.drop(o, (dropped,)))
    after = changed(after, lambda o: hand.move_visit(o, 1, o[0].on + WEEK, with_later=True))
    after = changed(after, lambda o: hand.pin(o, (first_key(after),), True))

    assert {line.key for visit in outline(after) for line in visit.lines} == keys - {dropped}
    rows = {str(step.key) for session in after.sessions for step in session.steps.all()}
    assert rows == keys - {dropped}


def test_a_review_follows_its_block_unless_somebody_put_it_on_a_day(draft):
    def review(plan):
        return next(visit for visit in outline(plan) if visit.kind == "review")

    before = review(draft).on
    shifted = changed(draft, lambda o: hand.move_visit(o, 1, o[0].on + WEEK, with_later=True))
    assert review(shifted).on == before + WEEK

    number = outline(shifted).index(review(shifted)) + 1
    day = review(shifted).on + 2 * WEEK
    placed = changed(shifted, lambda o: hand.move_visit(o, number, day))
    again = changed(placed, lambda o: hand.pin(o, (first_key(placed),), True))
    assert review(again).on == day


def test_a_split_and_a_move_back_are_the_same_plan(draft):
    before, taken = procedures(draft), sorted(treatments(draft))
    visit = next(visit for visit in before if len(visit.lines) > 1)
    going, day = visit.lines[0].key, visit.on + WEEK

    split = changed(draft, lambda o: hand.split(o, (going,), day))
    assert len(procedures(split)) == len(before) + 1
    back = changed(split, lambda o: hand.move_line(o, going, visit.on))

    assert sorted(treatments(back)) == taken
    assert back.cost == draft.cost
    assert [v.on for v in procedures(back)] == [v.on for v in before]


def test_an_added_step_comes_into_the_visit_of_its_day(draft):
    before = procedures(draft)
    visit = before[-1]
    code = next(c for c in ("filler_ha", "microneedling_prp", "tca_cross") if c not in {
        line.treatment for line in visit.lines
    })  # fmt: skip

    after = changed(draft, lambda o: hand.add(o, code, ("malar.L",), visit.on))

    assert code in {line.treatment for line in procedures(after)[-1].lines}
    assert len(procedures(after)) == len(before)


def test_a_plan_keeps_at_least_one_procedure(draft):
    keys = [line.key for visit in outline(draft) for line in visit.lines]

    with pytest.raises(NotEditable, match="at least one procedure"):
        changed(draft, lambda o: hand.drop(o, keys))

    assert Plan.objects.get(pk=draft.pk).revision == 0


# ---- what the rules say


def test_a_visit_too_near_is_told_and_holds_up_the_approval(draft, doctor):
    assert services.approval_obstacles(draft) == []

    near = changed(draft, moved_too_near(draft))

    told = " ".join(services.approval_obstacles(near))
    assert "is the least" in told
    services.propose(plan=near, by=doctor)
    with pytest.raises(NotApprovable, match="is the least"):
        services.approve(plan=near, by=doctor)
    assert Plan.objects.get(pk=draft.pk).state == State.PROPOSED


def test_a_treatment_that_is_contraindicated_can_be_drafted_and_never_approved(draft, doctor):
    answer = {"keloid": {"personal": True, "family": False}}
    record_answers(patient=draft.patient, answers=answer, on=timezone.localdate(), by=doctor)
    key = first_key(draft)

    after = changed(draft, lambda o: hand.swap(o, (key,), "dermabrasion"))
    because = ("prefers-alternative", "The patient wants it")
    reasoned = changed(after, lambda o: hand.give_reason(o, (key,), *because))

    told = services.approval_obstacles(reasoned)
    assert any(text.startswith("Contraindicated") for text in told), told


def test_what_needs_a_documented_reason_is_signed_only_with_code_and_words(draft, doctor):
    on = procedures(draft)[0].on
    after = changed(draft, lambda o: hand.add(o, "subcision", ("preauricular.L",), on - WEEK))
    number, key = next(
        (n, line.key)
        for n, visit in enumerate(outline(after))
        for line in visit.lines
        if "preauricular.L" in line.places
    )
    assert after.content["sessions"][number]["steps"][0]["needs_override"]
    told = [text for text in services.approval_obstacles(after) if "documented reason" in text]
    assert told

    services.propose(plan=after, by=doctor)
    stamp = {"approved_by": doctor, "approved_at": timezone.now()}
    with pytest.raises(IntegrityError, match="needs a documented reason"), transaction.atomic():
        Plan.objects.filter(pk=after.pk).update(state=State.APPROVED, **stamp)

    services.take_back(plan=after, by=doctor)
    because = ("risk-benefit-ratio", "A shallow cannula, well in front of the gland")
    reasoned = changed(after, lambda o: hand.give_reason(o, (key,), *because))
    assert not set(told) & set(services.approval_obstacles(reasoned))
    step = next(s for one in reasoned.sessions for s in one.steps.all() if str(s.key) == key)
    assert (step.override_reason, step.override_words) == because


def test_the_planner_fills_the_rest_around_what_is_pinned(draft, doctor):
    with pytest.raises(NotEditable, match="Pin at least one step"):
        editing.fill(plan=draft, by=doctor, revision=0)
    kept = procedures(draft)[0].lines[0]
    day = procedures(draft)[0].on
    plan = changed(draft, lambda o: hand.pin(o, (kept.key,), True))
    others = [line.key for visit in outline(plan) for line in visit.lines if line.key != kept.key]
    plan = changed(plan, lambda o: hand.drop(o, others))

    filled = editing.fill(plan=plan, by=doctor, revision=plan.revision)

    visit = hand.visit_with(outline(filled), kept.key)
    assert visit.on == day
    assert filled.content["expected"]["middle"] >= plan.content["expected"]["middle"]
    assert filled.edits.last().words
    assert services.approval_obstacles(filled) == []


# ---- undo, redo, and two at once


def test_undo_and_redo_walk_along_every_change(draft, doctor):
    taken = editing.keyed(draft)["sessions"]
    one = changed(draft, lambda o: hand.drop(o, (first_key(draft),)))
    first = one.content
    two = changed(one, lambda o: hand.pin(o, (first_key(one),), True))
    second = two.content

    undone = editing.undo(plan=two, by=doctor, revision=two.revision)
    assert undone.content == first
    undone = editing.undo(plan=undone, by=doctor, revision=undone.revision)
    assert undone.content["sessions"] == taken
    assert [s.day for s in undone.sessions] == [s["day"] for s in taken]
    with pytest.raises(NotEditable, match="nothing to undo"):
        editing.undo(plan=undone, by=doctor, revision=undone.revision)

    again = editing.redo(plan=undone, by=doctor, revision=undone.revision)
    again = editing.redo(plan=again, by=doctor, revision=again.revision)
    assert again.content == second
    with pytest.raises(NotEditable, match="nothing to do again"):
        editing.redo(plan=again, by=doctor, revision=again.revision)


def test_a_change_after_undo_takes_the_place_of_what_was_undone(draft, doctor):
    one = changed(draft, lambda o: hand.pin(o, (first_key(draft),), True), words="Pinned")
    undone = editing.undo(plan=one, by=doctor, revision=one.revision)
    other = changed(undone, lambda o: hand.drop(o, (first_key(undone),)), words="Dropped")

    assert [edit.words for edit in other.edits.all()] == [editing.AS_TAKEN, "Dropped"]
    assert other.revision == 3


def test_the_second_of_two_is_told_and_changes_nothing(draft, doctor):
    seen = draft.revision
    changed(draft, lambda o: hand.pin(o, (first_key(draft),), True), words="Pinned by somebody")

    with pytest.raises(DraftChanged, match="Pinned by somebody"):
        editing.edit(plan=draft, by=doctor, revision=seen, change=lambda o: o, words="Late")

    assert draft.edits.count() == 2


def test_only_a_draft_can_be_changed(draft, doctor):
    services.propose(plan=draft, by=doctor)

    with pytest.raises(NotEditable, match="only a draft"):
        changed(draft, lambda o: o)

    services.take_back(plan=draft, by=doctor)
    assert changed(draft, lambda o: o).revision == 1


# ---- a revision


def test_what_was_performed_stays_as_it_was_done(draft, doctor):
    services.propose(plan=draft, by=doctor)
    services.approve(plan=draft, by=doctor)
    first = draft.sessions.first()
    record_performed(session=first, performed_on=first.target_on, by=doctor)
    revision = revise(plan=draft, by=doctor)
    done = outline(revision)[0]
    assert done.done

    with pytest.raises(NotEditable, match="stays as it was done"):
        changed(revision, lambda o: hand.drop(o, (done.lines[0].key,)))
    with pytest.raises(NotEditable, match="was performed already"):
        changed(revision, lambda o: hand.move_visit(o, 2, done.on - WEEK))
    ahead = procedures(revision)[-1].lines[0].key
    after = changed(revision, lambda o: hand.drop(o, (ahead,)))

    kept = after.sessions.first()
    assert kept.performance.performed_on == first.target_on
    assert kept.continues == first
    assert outline(after)[0] == done


def test_edits_of_a_signed_plan_are_frozen(draft, doctor):
    after = changed(draft, lambda o: hand.pin(o, (first_key(draft),), True))
    services.propose(plan=after, by=doctor)
    services.approve(plan=after, by=doctor)

    with pytest.raises(IntegrityError, match="the plan is signed"), transaction.atomic():
        Edit.objects.filter(plan=after).update(words="Nothing happened")


# ---- the page


def test_a_change_is_made_from_the_page_without_any_script(draft, doctor, client):
    client.force_login(doctor)
    key, url = first_key(draft), reverse("planner:plan", args=[draft.pk])
    page = client.get(url, {"at": key}).content.decode()
    assert 'name="treatment"' in page
    assert "In every visit still to come" in page

    typed = {"op": "drop", "at": key, "revision": 0}
    answer = client.post(reverse("planner:edit", args=[draft.pk]), typed)

    assert answer.status_code == 302
    assert key not in client.get(url).content.decode()


def test_a_refused_form_says_why_and_keeps_what_was_typed(draft, doctor, client):
    client.force_login(doctor)
    typed = {"op": "add", "at": "add", "revision": 0, "treatment": "", "to": "", "on": "2027-02-30"}

    answer = client.post(
        reverse("planner:edit", args=[draft.pk]), typed, headers={"HX-Request": "true"}
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose a treatment." in page
    assert "2027-02-30" in page
    assert "<html" not in page


def test_a_stale_page_is_told_who_did_what(draft, doctor, client):
    client.force_login(doctor)
    changed(draft, lambda o: hand.pin(o, (first_key(draft),), True), words="Pinned in visit 1")
    typed = {"op": "drop", "at": first_key(draft), "revision": 0}

    answer = client.post(
        reverse("planner:edit", args=[draft.pk]), typed, headers={"HX-Request": "true"}
    )

    assert answer.status_code == 422
    assert "Pinned in visit 1" in answer.content.decode()
    assert draft.edits.count() == 2


def test_the_front_desk_changes_no_draft(draft, client):
    client.force_login(make_user("front_desk"))

    answer = client.post(reverse("planner:edit", args=[draft.pk]), {"op": "undo", "revision": 0})

    assert answer.status_code == 403
