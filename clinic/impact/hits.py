"""What a safety rule does on the case library, before and after an edit that nobody has saved.

The engine's own safety evaluation on the version in force, in which only this rule is replaced. No
plan is computed: a hit, and whether a treatment may be planned, are told by the rules alone.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from clinic.catalogue.terms import Effect
from clinic.impact.cases import LibraryCase
from planner.engine.catalogue import Catalogue, catalogue_from
from planner.engine.rows import Clause
from planner.engine.safety import Safety
from planner.engine.scars import indicated_types

DEEDS = ("closes", "asks", "opens", "later")


@dataclass
class CaseHits:
    """One case that the rule hits, or hit; treatments by code."""

    code: str
    about: str
    before: bool
    now: bool
    may_be: bool  # answers are missing that would tell
    closes: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)  # needs a documented reason, and did not
    opens: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)  # may still be planned, on another day

    @property
    def is_changed(self) -> bool:
        return self.before != self.now or bool(self.closes or self.asks or self.opens or self.later)


@dataclass
class Hits:
    cases: int
    found: list[CaseHits]

    @cached_property
    def now(self) -> list[CaseHits]:
        return [one for one in self.found if one.now]

    @cached_property
    def before(self) -> list[CaseHits]:
        return [one for one in self.found if one.before]

    @cached_property
    def unsure(self) -> list[CaseHits]:
        return [one for one in self.found if one.may_be and not one.now]

    @cached_property
    def changed(self) -> list[CaseHits]:
        return [one for one in self.found if one.is_changed]

    def treatments(self, deed: str) -> list[tuple[str, int]]:
        """Treatments that it does this to, with in how many cases."""
        counted = Counter(code for one in self.found for code in getattr(one, deed))
        return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def clauses_of(rule: dict, families: Iterable[dict]) -> tuple[Clause, ...]:
    """The engine's clauses of one rule's row, its targets being the members of `families`."""
    return catalogue_from({"safety_rules": [rule], "families": list(families)}).clauses


def rule_hits(
    code: str, now: tuple[Clause, ...], in_force: Catalogue, cases: Iterable[LibraryCase]
) -> Hits:
    """`now` in place of the clauses that the rule `code` has in `in_force`."""
    others = tuple(clause for clause in in_force.clauses if clause.rule != code)
    before = tuple(clause for clause in in_force.clauses if clause.rule == code)
    rule = _Comparison(
        code,
        alone=(_with(in_force, before, words={}), _with(in_force, now, words={})),
        whole=(in_force, _with(in_force, (*others, *now))),
    )
    cases = list(cases)
    return Hits(len(cases), [one for case in cases if (one := rule.on(case))])


def _with(catalogue: Catalogue, clauses: tuple[Clause, ...], **more) -> Catalogue:
    return replace(catalogue, clauses=clauses, **more)


class _Comparison:
    """One rule before and after, `alone` for its hits, in the `whole` for what may be planned."""

    def __init__(self, code: str, alone: tuple, whole: tuple):
        self.code, self.alone, self.whole = code, alone, whole
        self.targets = [
            code
            for code in sorted(whole[0].treatments)
            if any(catalogue.clauses_of[code] for catalogue in alone)
        ]

    def on(self, one: LibraryCase) -> CaseHits | None:
        """None where it neither hits nor hit, nor may."""
        places = sorted({g.place for g in (*one.case.findings, *one.case.marks)}) or [""]
        before, now = (self._hits(one.case, catalogue, places) for catalogue in self.alone)
        if not before and not now:
            return None
        found = CaseHits(
            one.code,
            one.about,
            before=any(hit.known for some in before.values() for hit in some),
            now=any(hit.known for some in now.values() for hit in some),
            may_be=any(not hit.known for some in now.values() for hit in some),
        )
        moved = [at for at in {**before, **now} if _gist(before.get(at)) != _gist(now.get(at))]
        self._judge(one.case, sorted(moved), found)
        return found

    def _hits(self, case, catalogue: Catalogue, places) -> dict:
        safety = Safety(case, catalogue)
        return {
            (treatment, place): hits
            for treatment in self.targets
            for place in places
            if (hits := self._own(safety.hits(treatment, place, case.on)))
        }

    def _own(self, hits) -> tuple:
        return tuple(hit for hit in hits if hit.rule == self.code)

    def _judge(self, case, moved, found: CaseHits):
        """Which treatments that are of use in a place open or close there."""
        old, new = (Safety(case, catalogue) for catalogue in self.whole)
        for treatment, place in moved:
            if not self._is_of_use(case, treatment, place):
                continue
            was, becomes = old.verdict(treatment, place), new.verdict(treatment, place)
            if _deed(was) != _deed(becomes):
                getattr(found, _deed(becomes)).append(treatment)
            elif was.effect is None and was.earliest != becomes.earliest:
                found.later.append(treatment)
        for name in DEEDS:
            setattr(found, name, list(dict.fromkeys(getattr(found, name))))

    def _is_of_use(self, case, treatment: str, place: str) -> bool:
        types = {group.scar_type for group in case.findings if group.place == place}
        return bool(indicated_types(self.whole[1].treatments[treatment], types))


def _deed(verdict) -> str:
    """What a rule does that brings a treatment to this verdict."""
    if verdict.effect is None:
        return "opens"
    return "asks" if verdict.effect == Effect.OVERRIDE else "closes"


def _gist(hits) -> set:
    """What of a rule's hits can change what may be planned."""
    return {
        (hit.effect, hit.known, hit.until, hit.preparation, hit.lead_days) for hit in hits or ()
    }
