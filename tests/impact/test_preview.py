"""A preview, the clinicians' list and the ledger: what they find, who sees which names, and what
stops or outlives a run."""

import csv
import os
import signal
import uuid
from datetime import timedelta
from html import unescape
from unittest.mock import patch

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from clinic.catalogue import drafting
from clinic.catalogue import services as catalogue
from clinic.impact import cases, presenting, queue, report, review, runs, signed
from clinic.impact.crew import Crew, Task
from clinic.impact.models import KeptOutcome, Preview, ReviewItem, State, Swept
from clinic.impact.outcomes import Subject, outcome_of
from clinic.staff.roles import Role
from patients.services import record_answers
from planner.models import OverrideReason, Step
from tests.factories import make_user
from tests.impact.conftest import FEW_CASES
from tests.impact.making import RULE, change, make_drafts, raise_rule, sign, tried
from tests.planner import shipped


def page(client, user, name="impact:preview", *args) -> str:
    client.force_login(user)
    return client.get(reverse(name, args=args)).content.decode()


def drafts_of(preview) -> set[str]:
    return {row["plan"] for row in preview.result["drafts"]}


# ---- what it finds, and who sees what of it


def test_a_raised_rule_changes_the_draft_that_it_hits_and_no_other(house, client):
    """One clinic, tried twice: an edit and a preview cost a second each."""
    raise_rule()
    preview = tried(house.admin)
    patient, address = house.draft.patient, house.draft.get_absolute_url()

    assert drafts_of(preview) == {str(house.draft.pk)}
    row = preview.result["drafts"][0]
    assert row["fits"] == "no longer"
    assert {rule for _, rule, *_ in row["draft"]["breaks"]} == {RULE}
    assert [row["plan"] for row in preview.result["signed"]] == [str(house.signed.pk)]
    house.signed.refresh_from_db()
    assert house.signed.state == "approved"

    for_admin, for_doctor = page(client, house.admin), page(client, house.doctor)
    assert f"Record {patient.record_number}" in for_admin
    assert str(patient) not in for_admin
    assert address not in for_admin
    assert str(patient) in for_doctor
    assert address in for_doctor
    reason = preview.result["signed"][0]["reasons"][0]
    assert reason["words"] in unescape(for_doctor)
    assert reason["words"] not in unescape(for_admin), "it may tell an answer or a dose"
    assert preview.result["names"][RULE] in unescape(for_admin)

    counts = presenting.counts_of(preview)
    assert (counts["suggested"], counts["signed"]) == (FEW_CASES + 2, 1), "three plans in all"
    assert "1 comes out differently, 0 the same" in for_admin
    assert f"cannot reach {FEW_CASES + 1}. Apart from these, 1 signed plan with" in for_admin

    again = tried(house.admin)
    assert preview.result["untouched"] == FEW_CASES + 1
    assert sum(preview.result["computed"].values()) == KeptOutcome.objects.count() > 0
    assert again.result["computed"] == {}
    assert again.result["drafts"] == preview.result["drafts"]

    stale = "try it again before you publish"
    assert stale not in page(client, house.admin)
    change("safety_rules", "PSY-3", title="Low mood, asked for")
    assert stale in page(client, house.admin)


def test_a_longer_validity_touches_those_whose_answers_count_again(house):
    """An answer that has expired says nothing; by the draft's questions it still forbids."""
    raise_rule()
    catalogue.publish(by=house.admin, words="Stricter")
    later = timezone.now() + timedelta(days=100)
    with patch("django.utils.timezone.now", lambda: later):
        review.sweep()
        other = house.other.patient
        again = ("severity_mismatch",)
        record_answers(patient=other, answers={}, confirmed=again, on=later.date(), by=house.doctor)

        change("questions", "severity_mismatch", expires_days=400)
        preview = tried(house.admin)
        catalogue.publish(by=None, words="It holds for longer")
        listed = review.sweep()

    assert drafts_of(preview) == {str(house.draft.pk)}
    assert {rule for _, rule, *_ in preview.result["drafts"][0]["draft"]["breaks"]} == {RULE}
    assert [row["plan"] for row in preview.result["signed"]] == [str(house.signed.pk)]
    assert preview.result["untouched"] == FEW_CASES + 1, "who answered anew, and the library"
    assert listed == 1
    assert ReviewItem.objects.get().plan == house.signed


def test_another_price_is_told_with_both_amounts():
    old = shipped.load_document_from_yaml()
    price = {"kind": "price", "typical": "4321.00"}
    new = {**old, "treatments": [
        row | {"figures": [price]} if row["code"] == "subcision" else row
        for row in old["treatments"]
    ]}  # fmt: skip

    told = report.prices(old, new)

    was = next(row for row in old["treatments"] if row["code"] == "subcision")["figures"]
    was = next(figure["typical"] for figure in was if figure["kind"] == "price")
    assert [(row["code"], row["amounts"]) for row in told] == [("subcision", [was, "4321.00"])]


def test_only_an_admin_starts_and_only_a_clinician_reviews(house, client):
    client.force_login(house.doctor)
    assert client.post(reverse("impact:start")).status_code == 403
    client.force_login(house.admin)
    assert client.get(reverse("impact:review")).status_code == 403
    client.force_login(make_user(Role.FRONT_DESK))
    assert client.get(reverse("impact:preview")).status_code == 403
    assert client.get(reverse("impact:ledger")).status_code == 403
    assert Preview.objects.count() == 0


# ---- its life


def test_the_button_puts_it_into_the_queue_and_the_page_shows_its_progress(house, client):
    raise_rule()
    client.force_login(house.admin)

    client.post(reverse("impact:start"))

    preview = Preview.objects.get()
    job = ProcrastinateJob.objects.get(task_name=queue.PREVIEW)
    assert job.args == {"preview": str(preview.pk)}
    assert "Waiting for the worker" in page(client, house.admin)
    Preview.objects.update(state=State.RUNNING, total=300, finished=75, phase="Suggesting anew")
    shown = page(client, house.admin)
    assert "75 of 300" in shown
    assert 'max="300" value="75"' in shown


def test_a_cancelled_preview_stops_and_writes_no_more(house, client):
    raise_rule()
    preview = runs.start(by=house.admin)
    runner = runs._claim(preview.pk)
    run = runs._Run(preview.pk, runner, 0)
    client.force_login(house.admin)

    client.post(reverse("impact:cancel", args=[preview.pk]))

    with pytest.raises(runs.Stopped):
        run.go()
    preview.refresh_from_db()
    assert preview.state == State.CANCELLED
    assert preview.result is None
    assert "Cancelled" in page(client, house.admin)


def test_a_preview_whose_worker_was_killed_is_taken_up_again_and_then_told(house):
    raise_rule()
    preview = runs.start(by=house.admin)
    runs._claim(preview.pk)  # and the worker is killed
    ProcrastinateJob.objects.all().delete()
    runs.carry_out(preview.pk, size=0)
    assert Preview.objects.get().state == State.RUNNING, "it may still be computed elsewhere"
    Preview.objects.update(beat_at=timezone.now() - 2 * runs.SILENT)

    runs.take_up_silent()
    assert ProcrastinateJob.objects.filter(task_name=queue.PREVIEW).count() == 1
    runs.carry_out(preview.pk, size=0)

    assert Preview.objects.get().state == State.DONE
    Preview.objects.update(
        state=State.RUNNING, tries=3, runner=uuid.uuid4(), beat_at=timezone.now() - timedelta(1)
    )
    runs.take_up_silent()
    failed = Preview.objects.get()
    assert failed.state == State.FAILED
    assert failed.trouble == runs.DIED
    assert runs.go_on(preview=failed, by=house.admin)


def test_a_draft_that_is_in_force_is_not_tried(house, client):
    client.force_login(house.admin)

    client.post(reverse("impact:start"))

    assert Preview.objects.count() == 0
    assert "there is nothing to try" in page(client, house.admin)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a fork beside threads, in tests alone
def test_a_child_that_is_killed_loses_no_case():
    document = shipped.load_document_from_yaml()
    other = {**document, "calibration": [
        row | {"value": 0.123} if row["code"] == "overlap" else row
        for row in document["calibration"]
    ]}  # fmt: skip
    read = cases.read(shipped.catalogue(), document)
    light = sorted(read, key=lambda row: len(row.case.findings))[1:4]
    tasks = [Task(n, Subject(row.case)) for n, row in enumerate(light)]
    crew, killed = Crew(document, other, 1), []

    def kill_once():
        if not killed and crew._children:
            os.kill(crew._children[0].process.pid, signal.SIGKILL)
            killed.append(True)

    answers = {one.number: one for one in crew.answers(tasks, kill_once)}

    assert killed
    assert answers.keys() == {0, 1, 2}
    assert answers[0].old == outcome_of(tasks[0].subject, shipped.catalogue())


# ---- the clinicians' list


def test_publishing_lists_touched_plans_though_nobody_ran_a_preview(house, client):
    review.sweep()
    raise_rule()
    version = catalogue.publish(by=house.admin, words="Stricter")

    assert review.sweep() == 1
    assert review.sweep() == 0, "once for each version"

    item = ReviewItem.objects.get()
    assert (item.plan, item.version, item.listed_by) == (house.signed, version, None)
    assert Swept.objects.get(version=version).listed == 1
    today = page(client, house.doctor, "today")
    assert reverse("impact:review") in today
    assert str(house.signed.patient) in page(client, house.doctor, "impact:review")


def test_a_plan_that_cannot_be_judged_is_told_and_the_others_are_judged(house, monkeypatch, caplog):
    review.sweep()
    broken, judge = sign(make_drafts(house.doctor)[0], house.doctor), signed.touched_by
    raise_rule()
    catalogue.publish(by=house.admin, words="Stricter")

    def touched_by(plan, changes):
        if plan == broken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT * FROM there_is_no_such_table")
        return judge(plan, changes)

    monkeypatch.setattr(signed, "touched_by", touched_by)

    assert review.sweep() == 2

    listed = {item.plan: item.reasons for item in ReviewItem.objects.all()}
    assert listed.keys() == {broken, house.signed}
    assert "could not be judged" in listed[broken][0]["words"]
    assert listed[house.signed][0]["rule"] == RULE
    assert str(broken.pk) in caplog.text
    assert "there_is_no_such_table" not in caplog.text, "a fault's words may hold an answer"


def test_a_clinician_looks_and_the_words_are_kept_for_good(house, client):
    raise_rule()
    preview = tried(house.admin)
    client.force_login(house.admin)
    client.post(reverse("impact:list_touched", args=[preview.pk]))
    item = ReviewItem.objects.get()
    address = reverse("impact:review_item", args=[item.pk])
    client.force_login(house.doctor)

    refused = client.post(address, {"choice": "stands", "words": " "}).content.decode()
    client.post(address, {"choice": "stands", "words": "Talked it over."})

    assert "Say in a few words what you saw." in refused
    look = item.looks.get()
    assert (look.looked_by, look.words) == (house.doctor, "Talked it over.")
    assert not review.open_items(house.doctor).exists()
    for change_it in (look.delete, lambda: item.looks.update(words="Other words"), item.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change_it()
    assert review.list_touched(preview=preview, by=house.admin) == 0, "it is listed once"


# ---- the ledger


@pytest.fixture
def overridden(house):
    """A step of the draft that a rule asks a reason for, and has one that looks like a formula."""
    rows = drafting.read("safety_rules", RULE)
    clauses = [clause | {"effect": "OVERRIDE"} for clause in rows["clauses"]]
    change("safety_rules", RULE, clauses=clauses, title="=HYPERLINK(evil)")
    version = catalogue.publish(by=house.admin, words="A reason is asked")
    plan = house.draft
    type(plan).objects.filter(pk=plan.pk).update(catalogue_version=version)
    # The shipped ones are gone where a test in the browser has emptied the tables.
    reason, _ = OverrideReason.objects.get_or_create(
        code="risk-benefit-ratio", defaults={"words": "The benefit outweighs the risk"}
    )
    step = Step.objects.filter(session__block__plan=plan).first()
    Step.objects.filter(pk=step.pk).update(
        needs_override=True, override_reason=reason.code, override_words="She wants it so."
    )
    return step


def test_the_ledger_tells_rules_reasons_and_treatments_and_its_export_is_safe(
    house, overridden, client
):
    for_doctor = page(client, house.doctor, "impact:ledger")
    for_admin = page(client, house.admin, "impact:ledger")
    words, patient = "She wants it so.", str(house.draft.patient)

    for shown in (for_doctor, for_admin):
        assert RULE in shown
        assert overridden.name in shown
        assert OverrideReason.objects.get(code="risk-benefit-ratio").words in shown
        assert "<strong>1</strong> step in <strong>1</strong> plan" in shown
    assert words in for_doctor
    assert words not in for_admin
    assert patient not in for_admin
    assert reverse("catalogue:edit_rule", args=[RULE]) in for_admin

    text = client.get(reverse("impact:ledger_csv")).content.decode()
    _, row = csv.reader(text.splitlines())
    assert row[:2] == [RULE, "'=HYPERLINK(evil)"]
    assert words not in text
    assert patient not in text

    address = reverse("impact:ledger")
    before = client.get(address, {"until": "2020-01-01"}).content.decode()
    wrong = client.get(address, {"since": "2026-02-01", "until": "2026-01-01"}).content.decode()
    assert "No rule was departed from" in before
    assert "The last day is before the first" in wrong
