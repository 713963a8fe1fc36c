"""Which cases a change of the catalogue can touch at all; the others need not be computed again.

    changes = Changes(old, new)
    changes.may_touch(subject)      # False: both catalogues give this subject the same outcome
    changes.touches(subject)        # the same, with a closer look at which treatments are open

Compared is what the engine reads, its typed rows without their words and sources. Of what differs,
a subject feels only what speaks of its own scars, places, answers, or treatments that could come
into its plans; where that is not easily told, it counts as touched. The proof is a test: for random
edits, what was called untouched is computed again and must come out the same.
"""

import json
from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import cached_property

from clinic.catalogue.terms import TreatmentKind
from clinic.impact.outcomes import Subject
from planner.engine.catalogue import Catalogue
from planner.engine.conditions import Facts, Spot, holds, leaves, shifted
from planner.engine.desk import Desk
from planner.engine.rows import Clause, Treatment
from planner.engine.scars import WORTH_A_STEP, pair_word, worth

YEARS_AHEAD = 16
"""Longer than any plan lasts; so many birthdays may turn a rule that reads the age."""


class Changes:
    """What differs between two catalogues, as far as the engine reads it."""

    def __init__(self, old: Catalogue, new: Catalogue):
        self.both = (old, new)
        self._by: dict = {}

    def may_touch(self, subject: Subject) -> bool:
        """At a glance: by all treatments that suit the subject's scars."""
        return self._is_sure(subject) or self._reaches(subject, self._indicated(subject))

    def touches(self, subject: Subject) -> bool:
        """By those only that are open to this subject in one of the catalogues."""
        if self._is_sure(subject):
            return True
        return self.may_touch(subject) and self._reaches(subject, self._open(subject))

    def may_touch_plan(self, subject: Subject) -> bool:
        """Whether what the rules say of the subject's plan may differ, whatever is suggested."""
        return self._is_sure(subject) or self._feels(subject, frozenset())

    def _is_sure(self, subject: Subject) -> bool:
        """Something differs for everybody, or other answers of this one count."""
        return self.everywhere or subject.anew is not None

    def _reaches(self, subject: Subject, open_ones: frozenset) -> bool:
        return self._has_protocol(subject) or self._feels(
            subject, open_ones | self._beside(subject)
        )

    def _feels(self, subject: Subject, suggestible: frozenset) -> bool:
        reach = (
            suggestible
            | {step.treatment for step in subject.steps}
            | {past.treatment for past in subject.case.previous}
        )
        return bool(
            not reach.isdisjoint(self.treatments)
            or self._has_region(subject)
            or self._has_pair(reach)
            or self._has_condition(subject, reach)
        )

    # ---- what differs

    @cached_property
    def everywhere(self) -> bool:
        """Whether something differs that any case may feel."""
        return self._differ(_of_everybody) or bool(self._questions_read) or self._other_kinds

    @cached_property
    def treatments(self) -> frozenset:
        """Codes of treatments whose rows differ, or that need something that became another."""
        requirements = _unlike(*(one.requirements for one in self.both))
        return _unlike(
            *({c: _treatment(r) for c, r in o.treatments.items()} for o in self.both)
        ) | {
            code
            for one in self.both
            for code, row in one.treatments.items()
            if not requirements.isdisjoint(row.requires)
        }

    @cached_property
    def regions(self) -> frozenset:
        return _unlike(
            *({c: replace(row, name="") for c, row in one.regions.items()} for one in self.both)
        )

    @cached_property
    def pairs(self) -> frozenset:
        return _unlike(
            *(
                {k: [_pair(row) for row in rows] for k, rows in o.pairs_of.items()}
                for o in self.both
            )
        )

    @cached_property
    def clauses(self) -> list[tuple[Clause, Catalogue]]:
        """Clauses that only one of the catalogues has, each with its own."""
        tables = [_clauses(one) for one in self.both]
        return [
            (clause, one)
            for one, mine, theirs in zip(self.both, tables, reversed(tables), strict=True)
            for key, clause in mine.items()
            if key not in theirs
        ]

    @cached_property
    def words(self) -> dict:
        """Treatments with a contraindication that says something else, and its conditions."""
        tables = [_spoken_words(one) for one in self.both]
        found: dict = {}
        for treatment, word in _unlike(*tables):
            whens = [(t[treatment, word][0], o) for t, o in zip(tables, self.both, strict=True)
                     if (treatment, word) in t]  # fmt: skip
            found.setdefault(treatment, []).extend(whens)
        return found

    @cached_property
    def protocols(self) -> list:
        tables = [{p.code: p for p in one.protocols} for one in self.both]
        codes = _unlike(*({c: _protocol(p) for c, p in table.items()} for table in tables))
        return [table[code] for table in tables for code in codes if code in table]

    @property
    def _questions_read(self) -> frozenset:
        """Questions that differ and that some condition reads."""
        unlike = _unlike(
            *({c: _question(row) for c, row in one.questions.items()} for one in self.both)
        )
        return unlike & {
            leaf["fact"].partition(".")[0]
            for one in self.both
            for when in _conditions(one)
            for leaf in leaves(when)
        }

    @property
    def _other_kinds(self) -> bool:
        """Whether something other than a procedure came, went or became another kind of thing."""
        kinds = [{c: row.kind for c, row in one.treatments.items()} for one in self.both]
        return any(
            {table.get(code, TreatmentKind.PROCEDURE) for table in kinds}
            != {TreatmentKind.PROCEDURE}
            for code in _unlike(*kinds)
        )

    def _differ(self, view) -> bool:
        old, new = (view(one) for one in self.both)
        return old != new

    # ---- whom it reaches

    def _indicated(self, subject: Subject) -> frozenset:
        return self._by_types(subject, _indicated)

    def _beside(self, subject: Subject) -> frozenset:
        """What published protocols for these scars give beside procedures."""
        return self._by_types(subject, _given_beside)

    def _by_types(self, subject: Subject, reading) -> frozenset:
        types = frozenset(group.scar_type for group in subject.case.findings)
        if (reading, types) not in self._by:
            codes = frozenset(code for one in self.both for code in reading(one, types))
            self._by[reading, types] = codes
        return self._by[reading, types]

    def _open(self, subject: Subject) -> frozenset:
        """A treatment that rules, wishes or the clinic keep out by both comes into no plan."""
        return frozenset(
            candidate.code
            for one in self.both
            for candidate in Desk(subject.case, one).candidates
            if candidate.out is None
        )

    def _has_region(self, subject: Subject) -> bool:
        here = {place.partition(".")[0] for place in subject.places}
        return not here.isdisjoint(self.regions)

    def _has_protocol(self, subject: Subject) -> bool:
        types = frozenset(group.scar_type for group in subject.case.findings)
        return any(_may_be_for(protocol, types, self.both) for protocol in self.protocols)

    def _has_pair(self, reach: frozenset) -> bool:
        """A combined treatment shares the rules of its parts."""
        parts = {part for one in self.both for code in reach for part in one.inherits.get(code, ())}
        return any(pair <= reach | parts for pair in self.pairs)

    def _has_condition(self, subject: Subject, reach: frozenset) -> bool:
        """Whether a clause or a contraindication that differs may hold for it somewhere."""
        may = {id(one): _Maybe(subject, one) for one in self.both}
        types = {group.scar_type for group in subject.case.findings}
        return any(
            not reach.isdisjoint(clause.targets)
            and (clause.scar_types is None or not clause.scar_types.isdisjoint(types))
            and any(
                clause.judged_by or may[id(one)].hold(clause.when, place)
                for place in subject.places
                if clause.regions is None or _is_in(place, clause.regions)
            )
            for clause, one in self.clauses
        ) or any(
            may[id(one)].hold(when, place)
            for treatment in reach.intersection(self.words)
            for when, one in self.words[treatment]
            for place in subject.places
        )


def _unlike(old: dict, new: dict) -> frozenset:
    """Keys of what is not the same in both."""
    nothing = object()
    return frozenset(key for key in {*old, *new} if old.get(key, nothing) != new.get(key, nothing))


# ---- rows without their words


def _of_everybody(one: Catalogue) -> tuple:
    return (
        one.families,
        one.calibration,
        one.inherits,
        [replace(row, text="") for row in one.limits],
        [replace(row, name="", text="") for row in one.strategies],
    )


def _treatment(row: Treatment) -> tuple:
    figures = sorted((kind, f.min, f.typical, f.max) for kind, f in row.figures.items())
    blank = {"verification": "", "sources": ()}
    return (
        replace(
            row,
            name="",
            pre_care=(),
            avoid_sources=(),
            figures={},
            indications=tuple(replace(one, meaning="", **blank) for one in row.indications),
            contraindications=tuple(replace(one, **blank) for one in row.contraindications),
        ),
        figures,
    )


def _pair(row):
    return replace(row, why="", sources=(), evidence="", condition="x" if row.condition else "")


def _question(row):
    """How long an answer holds is applied when a case is read (reading.case_by_both)."""
    return replace(
        row, text="", expires_days=None, parts=tuple(replace(part, unit="") for part in row.parts)
    )


def _protocol(row):
    steps = tuple({k: v for k, v in step.items() if k != "note"} for step in row.steps)
    return replace(row, name="", reported="", limitations="", evidence="", sources=(), steps=steps)


def _clauses(one: Catalogue) -> dict[str, Clause]:
    """Each clause by what of it counts. Clauses of a rule that share their words are one hit."""
    heard: dict = {}
    found = {}
    for clause in one.clauses:
        said = heard.setdefault(clause.rule, [])
        if clause.words not in said:
            said.append(clause.words)
        bare = replace(
            clause,
            index=0,
            words=str(said.index(clause.words)),
            until_text="",
            verification="",
            sources=(),
            standing=False,
        )
        found[json.dumps(asdict(bare), sort_keys=True, default=sorted)] = clause
    return found


def _spoken_words(one: Catalogue) -> dict[tuple, tuple]:
    """(treatment, word) -> its condition, and the rules that speak of the same matter there."""
    table = {}
    for code, row in one.treatments.items():
        spoken = {clause.rule for clause in one.clauses_of[code]}
        for contra in row.contraindications:
            word = one.words.get(contra.word)
            if word and word.get("when"):
                rules = frozenset(spoken.intersection(word.get("rules") or ()))
                table[code, contra.word] = (word["when"], rules)
    return table


def _conditions(one: Catalogue):
    """Every condition of a catalogue."""
    yield from (clause.when for clause in one.clauses)
    yield from (clause.until for clause in one.clauses if clause.until)
    yield from (row.get("when") for row in one.words.values())
    yield from (pair.when for pair in one.pairs)
    yield from (limit.when for limit in one.limits)
    yield from _inside_questions(one)


def _inside_questions(one: Catalogue):
    for question in one.questions.values():
        yield question.applies
        yield from (part.show_if for part in question.parts)


# ---- what a subject can feel


def _indicated(one: Catalogue, types: frozenset):
    for code, row in one.treatments.items():
        if row.is_procedure and any(worth(row, kind) >= WORTH_A_STEP for kind in types):
            yield code


def _given_beside(one: Catalogue, types: frozenset):
    for protocol in one.protocols:
        if _may_be_for(protocol, types, (one,)):
            for code in {code for step in protocol.steps for code in step["treatments"]}:
                row = one.treatments.get(code)
                if row is None or not row.is_procedure:
                    yield code


def _may_be_for(protocol, types: frozenset, both) -> bool:
    words = {pair_word(kind) for kind in types}
    shares = [one.constant("protocols.share") for one in both]
    return min(shares) <= 0 or not words.isdisjoint(protocol.scar_types)


def _is_in(place: str, regions) -> bool:
    return place in regions or place.partition(".")[0] in regions


class _Maybe:
    """The conditions of one catalogue, for one subject, on any day of its plan."""

    def __init__(self, subject: Subject, catalogue: Catalogue):
        self.catalogue = catalogue
        self.facts = Facts(subject.case, catalogue)
        self.first = _first_day(subject)
        born = subject.case.patient.born
        self.days = {self.first, subject.case.on, *_birthdays(born, self.first)}

    def hold(self, when: dict | None, place: str) -> bool:
        """Whether it is true or unknown there on any day from the plan's first to its last."""
        if any(leaf["fact"].startswith("scar.") for leaf in leaves(when)):
            return True
        return any(
            holds(when, self.facts, Spot(day, place)) is not False
            for day in self._turning_days(when, place)
        )

    def _turning_days(self, when: dict | None, place: str) -> set[date]:
        """The first day, and every later one on which the condition may become another."""
        days = set(self.days)
        for leaf in (*_windows(when), *self._windows_of_questions):
            for day in self.days:
                value = self.facts.value(leaf["fact"], Spot(day, place))
                if isinstance(value, date):
                    days.add(shifted(value, leaf["within"]))
        return {day for day in days if day >= self.first}

    @property
    def _windows_of_questions(self) -> list:
        memo = self.catalogue.memo
        if "windows of questions" not in memo:
            memo["windows of questions"] = [
                leaf for when in _inside_questions(self.catalogue) for leaf in _windows(when)
            ]
        return memo["windows of questions"]


def _windows(when: dict | None) -> list[dict]:
    return [leaf for leaf in leaves(when) if "within" in leaf]


def _first_day(subject: Subject) -> date:
    given = subject.given
    if given is None:
        return subject.case.on
    days = [session.on for session in given.sessions if session.on]
    if given.first_session_on:
        days += [given.first_session_on + timedelta(session.day) for session in given.sessions]
    return min([subject.case.on, *days])


def _birthdays(born: date | None, first: date):
    for year in range(first.year, first.year + YEARS_AHEAD) if born else ():
        try:
            yield born.replace(year=year)
        except ValueError:  # 29 February in another year
            yield date(year, 3, 1)
