"""What today's answers say against a signed plan: its visits to come, judged as a booking is."""

from dataclasses import dataclass
from datetime import date

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from clinic.catalogue.models import Version
from clinic.catalogue.terms import Effect
from patients.facts import answers_in_force
from patients.history import shown_answer
from patients.models import Answer, Patient
from patients.questions import questions
from planner import bridge
from planner.engine.check import check
from planner.engine.conditions import questions_in
from planner.models import ACTIVE, Plan
from planner.plain_words import listed

HOLDING = (Effect.BLOCK, Effect.DELAY, Effect.OVERRIDE)
ANAESTHETIC = "Local anaesthetic"
KEPT_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Against:
    """One rule against one treatment of the plan, in all the visits that it meets."""

    name: str
    visits: tuple[int, ...]
    text: str
    rule: str
    because: str

    @property
    def where(self) -> str:
        return f"visit{'s' if self.visits[1:] else ''} {listed(str(one) for one in self.visits)}"


@dataclass(frozen=True)
class Standing:
    """Of the visits still to come: what stands against them, and what is to be asked first."""

    against: tuple[Against, ...] = ()
    ask: tuple[str, ...] = ()  # questions whose answer is missing now, or has expired


def against(plan, desk=None) -> tuple[Against, ...]:
    """What the rules in force say against the visits of an active plan that are still to come."""
    return standing(plan, desk).against


def standing(plan, desk=None) -> Standing:
    """The visits of an active plan that are still to come, by the rules in force and today's facts.

    A visit counts on its target day, or today where that is past. `desk` is today's of the plan's
    case where another catalogue is to speak than the one in force.
    """
    if plan.state not in ACTIVE:
        return Standing()
    today = timezone.localdate()
    sessions = list(plan.sessions.order_by("number").select_related("performance"))
    ahead = {s.pk for s in sessions if getattr(s, "performance", None) is None}
    days = {s.pk: max(s.target_on, today) for s in sessions if s.pk in ahead}
    desk = desk or bridge.desk_of(plan.assessment, Version.objects.in_force(), on=today)
    given = bridge.dated_plan(plan, days)
    checked = check(desk.case, desk.catalogue, given, desk).findings
    coming = [f for f in checked if f.session is not None and sessions[f.session].pk in ahead]
    ask = {code for one in coming if one.kind == "unknown" for code in one.hit.ask}
    found = [one for one in coming if one.breaks and one.kind == "safety"]
    found = [one for one in found if one.effect in HOLDING]
    answers = answers_in_force(plan.patient, today) if found else {}
    signed_on = timezone.localdate(plan.approved_at)
    rows: dict[tuple, list[int]] = {}
    because: dict[tuple, str] = {}
    for one in found:
        treatment = given.sessions[one.session].steps[one.step].treatment
        key = (desk.catalogue.name_of(treatment), _in_words(one.hit), one.rule)
        rows.setdefault(key, []).append(sessions[one.session].number)
        because[key] = _because(desk.catalogue, treatment, one.hit, answers, signed_on)
    for one in coming:
        if one.breaks and one.kind == "lidocaine":
            key = (ANAESTHETIC, one.text.rstrip("."), one.rule)
            rows.setdefault(key, []).append(sessions[one.session].number)
            because[key] = _weighed(plan.patient)
    return Standing(
        tuple(
            Against(name, tuple(dict.fromkeys(visits)), text, rule, because[name, text, rule])
            for (name, text, rule), visits in rows.items()
        ),
        tuple(sorted(ask)),
    )


def _weighed(patient) -> str:
    return f"the weight on the record is {patient.weight_kg} kg" if patient.weight_kg else ""


def _in_words(hit) -> str:
    """ "contraindicated: ...", "postpone until 14-Aug-2026: ..." or "postpone: ..."."""
    if hit.effect == Effect.DELAY:
        until = f"{hit.until:%d-%b-%Y}" if hit.until else hit.until_text
        return f"postpone until {until}: {hit.text}" if until else f"postpone: {hit.text}"
    return f"{Effect(hit.effect).label.lower()}: {hit.text}"


def _because(catalogue, treatment: str, hit, answers: dict, signed_on: date) -> str:
    """The answers that the rule reads, those given since the signature if there are any."""
    whens = [
        clause.when
        for clause in catalogue.clauses_of.get(treatment, ())
        if clause.rule == hit.rule and clause.words == hit.text
    ]
    if word := catalogue.words.get(hit.rule):
        whens.append(word.get("when"))
    read = sorted({code for when in whens for code in questions_in(when, catalogue)})
    asked = questions()
    given = [code for code in read if code in answers and code in asked]
    given = [c for c in given if answers[c][0] not in (False, None)] or given
    given = [c for c in given if answers[c][1] >= signed_on] or given
    return "; ".join(
        f"\N{LEFT DOUBLE QUOTATION MARK}{asked[code].text}\N{RIGHT DOUBLE QUOTATION MARK} was "
        f"answered on {answers[code][1]:%d-%b-%Y}: {shown_answer(asked[code], answers[code][0])}"
        for code in given
    )


def troubled(plans) -> set:
    """Keys of those plans that today's answers stand against.

    Only plans are judged whose patient gave an answer, or whose record was changed, after the
    signature, and each once for the latest of these: a work list is drawn again and again.
    """
    answers = Answer.objects.filter(patient=OuterRef("patient")).order_by("-answered_at", "-id")
    records = Patient.pgh_event_model.objects.filter(pgh_obj=OuterRef("patient"))
    signed = OuterRef("approved_at")
    active = Plan.objects.filter(pk__in=[plan.pk for plan in plans], state__in=ACTIVE)
    moved = active.annotate(
        last_answer=Subquery(answers.values("id")[:1]),
        last_record=Subquery(records.order_by("-pgh_id").values("pgh_id")[:1]),
    ).filter(
        Exists(answers.filter(answered_at__gt=signed))
        | Exists(records.filter(pgh_created_at__gt=signed))
    )
    version, today = Version.objects.defer("document").in_force(), timezone.localdate()
    found = set()
    for plan in moved.select_related("patient", "assessment__patient"):
        facts = f"{plan.last_answer}-{plan.last_record}"
        key = f"standing-{plan.pk}-{facts}-{version.hash}-{today}"
        if cache.get_or_set(key, lambda plan=plan: bool(against(plan)), timeout=KEPT_SECONDS):
            found.add(plan.pk)
    return found
