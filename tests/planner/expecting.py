"""What a case file's `expect` says, held against the answers of `suggest` and `checkplan`.

One function a key; each returns nothing and fails by itself. `answer` has the case, the suggestion
and what the check said of the plan that the file carries.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from planner.engine.check import check
from planner.engine.output import as_json, checked_document, to_json
from planner.engine.values import Case, Checked, GivenPlan, Suggestion
from tests.planner.shipped import (
    all_treatments,
    catalogue,
    days_of,
    held_back,
    suggested,
    treatments_of,
)


@dataclass(frozen=True)
class Answer:
    case: Case
    plan: GivenPlan | None

    @cached_property
    def suggestion(self) -> Suggestion:
        return suggested(self.case)

    @cached_property
    def checked(self) -> Checked:
        return check(self.case, catalogue(), self.plan)

    @property
    def strategies(self):
        """The strategies' proposals, without the published protocols."""
        found = [proposal for proposal in self.suggestion.proposals if not proposal.protocol]
        assert found
        return found

    @property
    def broken(self) -> set[str]:
        return {
            rule
            for finding in self.checked.findings
            if finding.breaks
            for rule in finding.rule.split(",")
        }


def every_plan(answer: Answer, codes):
    for proposal in answer.strategies:
        assert set(codes) <= treatments_of(proposal), proposal.strategy


def every_plan_one_of(answer: Answer, codes):
    for proposal in answer.strategies:
        assert set(codes) & treatments_of(proposal), proposal.strategy


def no_plan_holds(answer: Answer, codes):
    assert not all_treatments(answer.suggestion) & set(codes)


def not_chosen(answer: Answer, kinds):
    told = {row.treatment: row.kind for row in answer.strategies[0].why_not}
    assert kinds.items() <= told.items()


def only_procedures(answer: Answer, _):
    rows = catalogue().treatments
    assert all(rows[code].is_procedure for code in all_treatments(answer.suggestion))


def offered(answer: Answer, protocols):
    by_name = {proposal.protocol: proposal for proposal in answer.suggestion.proposals}
    for name, weeks in protocols.items():
        proposal = by_name[name]
        assert proposal.reported
        assert proposal.sources
        for code, expected in weeks.items():
            assert days_of(proposal, code) == [7 * week for week in expected]


def refused(answer: Answer, effects):
    assert effects.items() <= held_back(answer.suggestion).items()


def not_refused(answer: Answer, codes):
    assert not held_back(answer.suggestion).keys() & set(codes)


def with_reason(answer: Answer, codes):
    assert set(codes) <= {row.treatment for row in answer.suggestion.possible_with_override}


def least_days(answer: Answer, days):
    for proposal in answer.suggestion.proposals:
        for code, least in days.items():
            assert all(b - a >= least for a, b in pairwise(days_of(proposal, code)))


def review_after_days(answer: Answer, days):
    for proposal in answer.suggestion.proposals:
        for number, _, _ in proposal.blocks:
            mine = [s for s in proposal.sessions if s.block == number]
            last = max(s.day for s in mine if s.steps)
            assert [s.day for s in mine if s.kind == "review"] == [last + days]


def no_plan(answer: Answer, _):
    assert answer.suggestion.proposals == ()
    assert answer.suggestion.no_plan.text


def says(answer: Answer, words):
    told = as_json(answer.suggestion)
    assert [word for word in words if word not in told] == []


def check_says(answer: Answer, words):
    told = to_json(checked_document(answer.checked, ""))
    assert [word for word in words if word not in told] == []


def allowed(answer: Answer, expected):
    assert answer.checked.allowed is expected, answer.broken


def breaks(answer: Answer, rules):
    assert set(rules) <= answer.broken
    assert not answer.checked.allowed


def prepares(answer: Answer, codes):
    hits = [finding.hit for finding in answer.checked.findings if finding.hit]
    assert set(codes) <= {hit.preparation for hit in hits}


def downtime(answer: Answer, days):
    low, high = days
    assert low <= answer.checked.downtime_longest <= high


def fades(answer: Answer, expected):
    soon, late = answer.checked.expected.improvement, answer.checked.expected.at_12_months
    assert (late < soon) is expected


KEYS = {
    function.__name__: function
    for function in (
        *(every_plan, every_plan_one_of, no_plan_holds, not_chosen, only_procedures, offered),
        *(refused, not_refused, with_reason, least_days, review_after_days, no_plan),
        *(says, check_says, allowed, breaks, prepares, downtime, fades),
    )
}
