"""A clinic with the shipped catalogue and a patient whose plans one safety rule can touch.

PSY-6 notes that patient and examination disagree; hardly anybody else of the library does.
"""

from unittest.mock import patch

from clinic.catalogue import drafting
from clinic.impact import runs
from clinic.impact.models import Preview
from clinic.staff.roles import Role
from patients.services import record_answers
from planner import services
from tests.factories import make_user
from tests.planner.drafts import make_answered_patient, make_assessed

RULE = "PSY-6"
STRATEGIES = ("balanced", "best_result", "least_downtime")


def make_admin():
    return make_user(Role.CATALOGUE_ADMIN)


def make_drafts(by, strategies=STRATEGIES[:1], **answers):
    """Open drafts of one patient, who answered yes to what the rule asks."""
    from django.utils import timezone

    patient = make_answered_patient(by)
    told = {"severity_mismatch": True, **answers}
    record_answers(patient=patient, answers=told, on=timezone.localdate(), by=by)
    suggestion = services.suggest_for(assessment=make_assessed(patient, by), by=by)
    offered = [proposal["strategy"] for proposal in suggestion.result["proposals"]]
    return [
        services.draft_plan(suggestion=suggestion, strategy=strategy, by=by)
        for strategy in offered[: len(strategies)]
    ]


def sign(plan, by):
    services.propose(plan=plan, by=by)
    with patch.object(services, "approval_obstacles", return_value=[]):
        services.approve(plan=plan, by=by)
    return plan


def change(section: str, code: str, **fields) -> None:
    row = drafting.read(section, code)
    drafting.save(section, row | fields, seen=drafting.token(row))


def raise_rule(code=RULE) -> None:
    """The rule forbids now what it only noted."""
    row = drafting.read("safety_rules", code)
    clauses = [clause | {"effect": "BLOCK"} for clause in row["clauses"]]
    change("safety_rules", code, clauses=clauses)


def tried(by) -> Preview:
    preview = runs.start(by=by)
    runs.carry_out(preview.pk, size=0)
    preview.refresh_from_db()
    return preview
