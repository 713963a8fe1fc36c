"""Which rules speak about a treatment in a place on a day: all of them, not the strongest only.

One function for two callers: the planner asks before it proposes, the check asks about a plan that
somebody wrote. Codes, conditions and windows are rows; code knows what each effect means.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from clinic.catalogue.terms import Effect
from planner.engine.catalogue import Catalogue, Clause, Treatment
from planner.engine.conditions import (
    Facts,
    Spot,
    holds,
    leaves,
    questions_in,
    reads_day,
    reads_place,
    shifted,
    turning_days,
    unsettled,
)
from planner.engine.scars import indicated_types
from planner.engine.values import UNKNOWN, Case, Excluded, Flag, Hit

HOLDING = (Effect.BLOCK, Effect.DELAY, Effect.OVERRIDE)
"""Effects with which a step may not simply be planned."""


@dataclass(frozen=True)
class Verdict:
    """What safety says of one treatment in one place.

    `effect` is None where it may be planned from `earliest` on; else the effect that keeps it out
    of automatic proposals. `holding` are the hits behind the effect or behind a later start.
    """

    effect: str | None
    earliest: date
    holding: tuple[Hit, ...] = ()


class Safety:
    """The safety rules of one catalogue, applied to one case."""

    def __init__(self, case: Case, catalogue: Catalogue):
        self.case, self.catalogue = case, catalogue
        self.facts = Facts(case, catalogue)
        self._truth: dict = {}
        self._hits: dict = {}
        self._verdicts: dict = {}
        self._reads = catalogue.memo.setdefault("reads", {})
        self._live: dict = {}
        self._types: dict = {}

    def hits(self, treatment: str, place: str, day: date) -> tuple[Hit, ...]:
        """Every hit on a step of `treatment` in `place` on `day`, strongest first."""
        clauses, words, by_day = self._live_of(treatment)
        key = (treatment, place, day if by_day else None)
        if key not in self._hits:
            spot = Spot(day, place, self.types_in(treatment, place))
            found = list(self._rule_hits(clauses, treatment, spot))
            found += self._word_hits(words, treatment, spot, {hit.rule for hit in found})
            found += self._skin_type_hits(treatment, spot)
            self._hits[key] = tuple(sorted(found, key=_strength))
        return self._hits[key]

    def verdict(self, treatment: str, place: str) -> Verdict:
        """May it be planned, and from which day on? A contraindication of today keeps it out."""
        key = (treatment, place)
        if key not in self._verdicts:
            self._verdicts[key] = self._verdict(treatment, place)
        return self._verdicts[key]

    def _verdict(self, treatment: str, place: str) -> Verdict:
        today = self.case.on
        held = _holding(self.hits(treatment, place, today), today)
        if not held:
            return Verdict(None, today)
        if held[0].effect == Effect.BLOCK:
            return Verdict(Effect.BLOCK, today, held)
        for day in self._later_days(held):
            if not _holding(self.hits(treatment, place, day), day):
                return Verdict(None, day, held)
        lasting = [hit for hit in held if not hit.until] or list(held)
        return Verdict(lasting[0].effect, today, held)

    def types_in(self, treatment: str, place: str) -> frozenset:
        """The scar types it would treat in a place; all that are there, if it suits none."""
        key = (treatment, place)
        if key not in self._types:
            here = frozenset(g.scar_type for g in self.case.findings if g.place == place)
            row = self.catalogue.treatments[treatment]
            fitting = frozenset(t for t in here if t in indicated_types(row, here))
            self._types[key] = fitting or here
        return self._types[key]

    def flags(self, treatments, places) -> tuple[Flag, ...]:
        """All hits of today over the whole case, one flag a clause."""
        table: dict = {}
        for treatment in sorted(treatments):
            for place in sorted(places) or [""]:
                for hit in self.hits(treatment, place, self.case.on):
                    table.setdefault((hit.rule, hit.effect, hit.text, hit.known), []).append(
                        (hit, place)
                    )
        return tuple(
            _flag(rows) for _, rows in sorted(table.items(), key=lambda item: _order(item[0]))
        )

    # -- hits -------------------------------------------------------------------------

    def _live_of(self, treatment: str) -> tuple:
        """(clauses, words, whether the day matters): those that may hold somewhere, some day."""
        if treatment not in self._live:
            anywhere = Spot(self.case.on)
            by_day, clauses, words = False, [], []
            for clause in self.catalogue.clauses_of.get(treatment, ()):
                name = ("rule", clause.rule, clause.index)
                reads = self._what_it_reads(name, clause.when)
                if any(reads) or self._holds(name, clause.when, anywhere) is not False:
                    clauses.append(clause)
                    by_day = by_day or reads[1] or bool(clause.judged_by)
            for row in self._words_of(treatment):
                name = ("word", row[0].word)
                reads = self._what_it_reads(name, row[1]["when"])
                if any(reads) or self._holds(name, row[1]["when"], anywhere) is not False:
                    words.append(row)
                    by_day = by_day or reads[1]
            self._live[treatment] = (clauses, words, by_day)
        return self._live[treatment]

    def _rule_hits(self, clauses, treatment: str, spot: Spot):
        for clause in clauses:
            if clause.regions is not None and not _in_regions(clause.regions, spot.place):
                continue
            if clause.scar_types is not None and clause.scar_types.isdisjoint(spot.types):
                continue
            truth = self._holds(("rule", clause.rule, clause.index), clause.when, spot)
            if clause.judged_by == "planner_event" and not self._heals_too_late(
                clause, treatment, spot
            ):
                continue
            if truth is not False:
                yield self._hit(clause, treatment, spot, truth is True)

    def _hit(self, clause: Clause, treatment: str, spot: Spot, known: bool) -> Hit:
        return Hit(
            rule=clause.rule,
            effect=clause.effect,
            treatment=treatment,
            places=(spot.place,),
            text=clause.words,
            until=self._until(clause, spot),
            until_text=clause.until_text,
            preparation=clause.preparation,
            lead_days=clause.lead_days,
            course_days=clause.course_days,
            reading_days=clause.reading_days,
            standing=clause.standing,
            known=known,
            ask=() if known else self._asks(("rule", clause.rule, clause.index), clause.when, spot),
            sources=clause.sources,
            verification=clause.verification,
        )

    def _heals_too_late(self, clause: Clause, treatment: str, spot: Spot) -> bool:
        """Whether a session of that day would still show on the day of the patient's event."""
        event = self.facts.value(clause.until["fact"], spot)
        if not isinstance(event, date):
            return False
        downtime = self.catalogue.treatments[treatment].days("downtime_days")
        return spot.day <= event < spot.day + timedelta(days=max(downtime, 1))

    def _word_hits(self, words, treatment: str, spot: Spot, hit_rules: set):
        """The words' own hits, where the rules on the same matter leave them something to say."""
        for contra, word, rules in words:
            truth = self._holds(("word", contra.word), word["when"], spot)
            if truth is False or rules & hit_rules:
                continue
            blocks = contra.level == "absolute" and not rules
            yield Hit(
                rule=contra.word,
                effect=Effect.BLOCK if blocks else Effect.CAUTION,
                treatment=treatment,
                places=(spot.place,),
                text=_listed_word(word["meaning"], blocks),
                known=truth is True,
                ask=() if truth is True else self._asks(("word", contra.word), word["when"], spot),
                sources=contra.sources,
                verification=contra.verification,
            )

    def _skin_type_hits(self, treatment: str, spot: Spot):
        row = self.catalogue.treatments[treatment]
        phototype = self.case.patient.fitzpatrick
        if phototype is not None and phototype in row.avoid_types:
            yield Hit(
                rule="skin_type",
                effect=Effect.OVERRIDE,
                treatment=treatment,
                places=(spot.place,),
                text="The catalogue advises against this treatment in this skin type.",
                sources=row.avoid_sources,
            )

    def _words_of(self, treatment: str) -> tuple:
        """Contraindication words, each with those of its rules that speak of this treatment."""
        spoken = {clause.rule for clause in self.catalogue.clauses_of.get(treatment, ())}
        rows = self.catalogue.treatments[treatment].contraindications
        return tuple(
            (contra, word, spoken.intersection(word.get("rules") or ()))
            for contra in rows
            if (word := self.catalogue.words.get(contra.word)) and word.get("when")
        )

    # -- truth, with what it depends on remembered ------------------------------------

    def _holds(self, name: tuple, when: dict | None, spot: Spot):
        by_place, by_day = self._what_it_reads(name, when)
        place = (spot.place, spot.types) if by_place else None
        key = (name, place, spot.day if by_day else None)
        if key not in self._truth:
            self._truth[key] = holds(when, self.facts, spot)
        return self._truth[key]

    def _asks(self, name: tuple, when: dict | None, spot: Spot) -> tuple[str, ...]:
        """The questions whose answers would settle it."""
        by_place, by_day = self._what_it_reads(name, when)
        place = (spot.place, spot.types) if by_place else None
        key = ("asks", name, place, spot.day if by_day else None)
        if key not in self._truth:
            self._truth[key] = unsettled(when, self.facts, spot)
        return self._truth[key]

    def _what_it_reads(self, name: tuple, when: dict | None) -> tuple[bool, bool]:
        """Whether a condition depends on the place, and on the day."""
        if name not in self._reads:
            self._reads[name] = (reads_place(when, self.catalogue), reads_day(when))
        return self._reads[name]

    def _until(self, clause: Clause, spot: Spot) -> date | None:
        """The first day without this hit: its row's date, else the end of its window."""
        if clause.until:
            fact = clause.until["fact"]
            start = self.case.on if fact == "today" else self.facts.value(fact, spot)
            plus = clause.until.get("plus") or {}
            return shifted(start, plus) if isinstance(start, date) else None
        if clause.effect not in HOLDING:
            return None
        days = sorted(turning_days(clause.when, self.facts, spot))
        return next(
            (
                day
                for day in days
                if holds(clause.when, self.facts, replace(spot, day=day)) is False
            ),
            None,
        )

    def _later_days(self, held: tuple[Hit, ...]) -> list[date]:
        """Days on which what holds it may have passed; none where something lasts."""
        if not all(hit.until for hit in held):
            return []
        return sorted({hit.until for hit in held if hit.until > self.case.on})

    def closed_days(self, treatment: str, place: str) -> list[tuple[date, date]]:
        """Spans, first and last day, on which a session would still show at the patient's event."""
        spot = Spot(self.case.on, place, self.types_in(treatment, place))
        spans = []
        for clause in self.catalogue.clauses_of.get(treatment, ()):
            if clause.judged_by != "planner_event":
                continue
            event = self.facts.value(clause.until["fact"], spot)
            if isinstance(event, date) and clause.effect in HOLDING:
                downtime = max(self.catalogue.treatments[treatment].days("downtime_days"), 1)
                spans.append((event - timedelta(days=downtime - 1), event))
        return spans

    @cached_property
    def questions_of(self) -> dict:
        """Which questions each treatment's rules read."""
        return {
            code: frozenset(
                question
                for clause in self.catalogue.clauses_of.get(code, ())
                for question in questions_in(clause.when, self.catalogue)
            )
            for code in self.catalogue.treatments
        }


def clinic_lacks(case: Case, catalogue: Catalogue, treatment: Treatment) -> str:
    """What the clinic does not have for it, in words; "" if nothing."""
    lacks = set(case.clinic.lacks)
    if treatment.code in lacks:
        return "the clinic does not offer it"
    missing = [code for code in treatment.requires if code in lacks]
    if missing:
        return f"the clinic lacks {_spaced(', '.join(missing))}"
    for code in sorted(lacks & set(catalogue.families)):
        if treatment.code in catalogue.families[code]:
            return f"the clinic does not offer {_spaced(code)}"
    if treatment.skill in lacks:
        return f"nobody at the clinic has the skill {_spaced(treatment.skill)}"
    return ""


def excluded(safety: Safety, treatment: str, verdicts) -> Excluded:
    """The words for a treatment that its verdicts keep out everywhere."""
    held = [hit for verdict in verdicts for hit in verdict.holding if hit.effect == verdict.effect]
    first = held[0]
    return Excluded(
        treatment,
        safety.catalogue.name_of(treatment),
        first.effect,
        tuple(sorted({hit.rule for hit in held})),
        _held_text(first),
    )


def _held_text(hit: Hit) -> str:
    until = f" until {hit.until:%d-%b-%Y}" if hit.until else ""
    return f"{Effect(hit.effect).label}{until}: {hit.text}"


def _holding(hits, day: date) -> tuple[Hit, ...]:
    """The known hits that keep a step of `day` from being planned."""
    return tuple(
        hit for hit in hits if hit.known and hit.effect in HOLDING and not _has_passed(hit, day)
    )


def is_held(hit: Hit, day: date) -> bool:
    return bool(_holding((hit,), day))


def _has_passed(hit: Hit, day: date) -> bool:
    return hit.effect == Effect.DELAY and hit.until is not None and day >= hit.until


def _strength(hit: Hit) -> tuple:
    return (not hit.known, Effect(hit.effect).rank, hit.rule, hit.text)


def _order(key: tuple) -> tuple:
    rule, effect, text, known = key
    return (not known, Effect(effect).rank, rule, text)


def _flag(rows: list) -> Flag:
    hits, places = [hit for hit, _ in rows], {place for _, place in rows if place}
    first = hits[0]
    untils = [hit.until for hit in hits if hit.until]
    return Flag(
        rule=first.rule,
        effect=first.effect,
        text=first.text,
        treatments=tuple(sorted({hit.treatment for hit in hits})),
        places=tuple(sorted(places)),
        until=max(untils) if untils else None,
        until_text=first.until_text,
        known=first.known,
        ask=tuple(sorted({name for hit in hits for name in hit.ask})),
        sources=first.sources,
        verification=first.verification,
    )


def _in_regions(regions: frozenset, place: str) -> bool:
    return place in regions or place.partition(".")[0] in regions


def _spaced(code: str) -> str:
    return code.replace("_", " ")


def _listed_word(meaning: str, blocks: bool) -> str:
    kind = "contraindication" if blocks else "caution"
    return f"A {kind} of this treatment: {meaning.rstrip('.')}."


def asks_nothing(condition: dict | None) -> bool:
    return not any(True for _ in leaves(condition))


__all__ = ["HOLDING", "UNKNOWN", "Safety", "Verdict", "clinic_lacks", "excluded", "is_held"]
