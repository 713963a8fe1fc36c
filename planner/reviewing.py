"""At the end of a block: continue as planned, change the rest, or stop, on what is seen now."""

from django.db import IntegrityError, transaction

from patients.models import Assessment
from planner.errors import NotRevisable
from planner.models import ACTIVE, Decision, Plan, SessionKind
from planner.services import discontinue

CONTINUE, CHANGE, STOP = "review_continue", "review_change", "review_stop"
VERDICTS = [
    (CONTINUE, "Continue: the next block is confirmed as planned"),
    (CHANGE, "Change: the rest is planned anew and signed again"),
    (STOP, "Stop: the plan ends here"),
]


def assessments_for(plan):
    """Signed assessments that a review can rest on: in force, and newer than the plan's own."""
    since = plan.sessions.exclude(performance=None).order_by("-performance__performed_on").first()
    seen_after = since.performance.performed_on if since else plan.assessment.assessed_on
    return (
        Assessment.objects.in_force()
        .filter(patient=plan.patient, assessed_on__gte=seen_after)
        .exclude(pk=plan.assessment_id)
        .newest_first()
    )


@transaction.atomic
def decide(*, session, assessment, verdict, by, reason_code="", note="") -> Decision:
    """Record what a review decided; to stop also ends the plan, with `reason_code`.

    A change is only begun by this: the plan runs on until its revision is signed.
    """
    plan = Plan.objects.select_for_update(of=("self",)).get(pk=session.plan.pk)
    if plan.state not in ACTIVE:
        raise NotRevisable(f"{plan} is {plan.get_state_display().lower()}: it needs no review.")
    if session.kind != SessionKind.REVIEW:
        raise NotRevisable("This visit is no review.")
    if not assessments_for(plan).filter(pk=assessment.pk).exists():
        raise NotRevisable(
            "A review rests on a signed assessment made since the last visit that was performed. "
            "Record and sign one first."
        )
    try:
        with transaction.atomic():
            decision = Decision.objects.create(
                plan=plan,
                old_state=plan.state,
                new_state=plan.state,
                decided_by=by,
                reason_code=verdict,
                note=note,
                review=session,
                assessment=assessment,
            )
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != "a_review_is_decided_once":
            raise
        raise NotRevisable("This review was decided already. Look at the plan again.") from error
    if verdict == STOP:
        discontinue(plan=plan, by=by, seen=plan.state, reason_code=reason_code, note=note)
    return decision


def confirmed_blocks(plan) -> set[int]:
    """Numbers of the blocks that are firm: by the plan itself, or because a review said so."""
    firm = set(plan.blocks.filter(firm=True).values_list("number", flat=True))
    reviewed = plan.decisions.filter(reason_code=CONTINUE).values_list(
        "review__block__number", flat=True
    )
    return firm | {number + 1 for number in reviewed if number is not None}
