"""The ledger of overrides: which rules were departed from for a documented reason, how often, why.

A step keeps the reason, not the rule: which rules asked for one the planner's own check finds, on
the facts and by the catalogue that the plan was signed with (a draft: on today's facts).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from django.core.cache import cache
from django.db.models import DateTimeField, F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from clinic.catalogue.models import Version
from clinic.catalogue.reading import names
from clinic.catalogue.terms import Effect
from planner import bridge
from planner.engine.check import check
from planner.judging import given_of
from planner.models import UNSIGNED, OverrideReason, Plan, State, Step

KEPT_SECONDS = 30 * 24 * 60 * 60
SIGNED, OPEN, BOTH = "signed", "open", "both"


@dataclass(frozen=True)
class Override:
    """One step that was planned although a rule asks for a documented reason."""

    plan: Plan
    rule: str
    treatment: str
    reason: str
    words: str


@dataclass
class Entry:
    """One rule of the ledger."""

    rule: str
    title: str
    editable: bool
    plans_with: int  # plans that hold a treatment which it speaks of: the denominator
    overrides: list[Override] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def plans(self) -> int:
        return len({one.plan.pk for one in self.overrides})

    @property
    def steps(self) -> int:
        return len(self.overrides)

    @property
    def rate(self) -> int | None:
        """The share of plans in per cent; None where no plan is there to be a share of."""
        return round(100 * self.plans / self.plans_with) if self.plans_with else None

    @property
    def by_reason(self) -> list[tuple[str, int]]:
        counted = Counter(one.reason for one in self.overrides)
        return [(self.reasons.get(code, code), n) for code, n in counted.most_common()]

    @property
    def by_treatment_and_reason(self) -> list[tuple[str, str, int]]:
        counted = Counter((one.treatment, one.reason) for one in self.overrides)
        return [(name, self.reasons.get(code, code), n) for (name, code), n in counted.items()]

    @property
    def by_treatment(self) -> list[tuple[str, int]]:
        return Counter(one.treatment for one in self.overrides).most_common()


def ledger(*, since: date | None, until: date | None, which: str = BOTH) -> list[Entry]:
    """Every rule that was departed from in that time, the most often first.

    A signed plan counts on the day that it was signed, a draft on the day that it was drafted.
    """
    plans = plans_of(since, until, which)
    version = Version.objects.in_force()
    words = names(version)
    reasons = dict(OverrideReason.objects.values_list("code", "words"))
    holding = _plans_by_treatment(plans)
    entries: dict[str, Entry] = {}
    for plan in _with_overrides(plans):
        for one in overrides_of(plan):
            if one.rule not in entries:
                entries[one.rule] = Entry(
                    one.rule,
                    _title(words, one.rule),
                    words.book.row("safety_rules", one.rule) is not None,
                    len(_plans_with(holding, words.book, one)),
                    reasons=reasons,
                )
            entries[one.rule].overrides.append(one)
    return sorted(entries.values(), key=lambda entry: (-entry.steps, entry.rule))


def plans_of(since, until, which: str):
    at = Coalesce(F("approved_at"), F("drafted_at"), output_field=DateTimeField())
    found = Plan.objects.exclude(state=State.REJECTED).annotate(counted_at=at)
    if which == SIGNED:
        found = found.exclude(state__in=UNSIGNED)
    if which == OPEN:
        found = found.filter(state__in=UNSIGNED)
    if since:
        found = found.filter(counted_at__date__gte=since)
    if until:
        found = found.filter(counted_at__date__lte=until)
    return found


def _with_overrides(plans):
    documented = ~Q(override_reason="") & Q(needs_override=True)
    steps = Step.objects.filter(documented, session__block__plan__in=plans)
    keys = steps.values_list("session__block__plan", flat=True).distinct()
    return Plan.objects.filter(pk__in=list(keys)).with_people().order_by("-pk")


def overrides_of(plan: Plan) -> list[Override]:
    """Each documented step with each rule that asked for its reason."""
    if plan.state in UNSIGNED:
        asked = _rules_of(plan, timezone.localdate(), None)
    else:
        on, at = timezone.localdate(plan.approved_at), plan.approved_at
        key = f"ledger-{plan.pk}"  # a signed plan never changes, nor what it was signed on
        asked = cache.get_or_set(key, lambda: _rules_of(plan, on, at), timeout=KEPT_SECONDS)
    sessions = plan.sessions.prefetch_related("steps")
    found = []
    for session, by_step in zip(sessions, asked, strict=True):
        for step, rules in zip(session.steps.all(), by_step, strict=True):
            if step.override_reason:
                found += [
                    Override(plan, rule, step.name, step.override_reason, step.override_words)
                    for rule in rules
                ]
    return found


def _rules_of(plan: Plan, day: date, recorded_by) -> list[list[list[str]]]:
    """For each visit and each step of a plan the rules that ask for a documented reason."""
    case = bridge.case_of(plan.assessment, on=day, recorded_by=recorded_by)
    given = given_of(plan.content)
    table = [[[] for _ in session.steps] for session in given.sessions]
    catalogue = bridge.catalogue_of(plan.catalogue_version)
    for one in check(case, catalogue, given).findings:
        if one.kind == "safety" and one.effect == Effect.OVERRIDE and one.step is not None:
            rules = table[one.session][one.step]
            rules += [one.rule] if one.rule not in rules else []
    return table


def _plans_by_treatment(plans) -> dict[str, set]:
    rows = Step.objects.filter(session__block__plan__in=plans)
    table: dict[str, set] = {}
    for code, plan in rows.values_list("treatment", "session__block__plan").distinct():
        table.setdefault(code, set()).add(plan)
    return table


def _plans_with(holding: dict, book, one: Override) -> set:
    """Plans with a treatment that the rule asks a reason for, by the catalogue in force."""
    rule = book.row("safety_rules", one.rule)
    if rule is None:
        return set()
    targets = [
        code
        for clause in rule["clauses"]
        if clause["effect"] == Effect.OVERRIDE
        for code in book.treatments_of(clause["targets"]) - book.treatments_of(clause["except"])
    ]
    return set().union(*(holding.get(code, set()) for code in targets))


def _title(words, rule: str) -> str:
    if rule == "skin_type":
        return "The catalogue advises against the treatment in this skin type"
    return words.rule(rule)
