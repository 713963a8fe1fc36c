"""Whether a safety rule still reaches all that it reached, at least as strictly."""

from collections.abc import Iterator

from clinic.catalogue import differing
from clinic.catalogue.implying import at_least, implies
from clinic.catalogue.reading import Book, Names
from clinic.catalogue.terms import Effect

STANDS_FOR = {
    Effect.BLOCK: {Effect.BLOCK},
    Effect.DELAY: {Effect.DELAY, Effect.BLOCK},
    Effect.OVERRIDE: {Effect.OVERRIDE, Effect.DELAY, Effect.BLOCK},
    Effect.PRETREAT: {Effect.PRETREAT, Effect.BLOCK},
    Effect.CAUTION: set(Effect),
}
"""Which effects are at least as strict. Nothing but a ban makes up for a lost preparation."""


class RuleReader:
    def __init__(self, old: Book, new: Book):
        self.old, self.new = old, new
        self.names, self.old_names = Names(new), Names(old)
        # A withdrawn one too: it may be offered again, when nobody thinks of the rule.
        self.known = set(new.rows("treatments"))

    def compare(self, was: dict, now: dict) -> Iterator[tuple[tuple, str]]:
        """(path, words) of everything that the rule no longer does."""
        if not was["editable"] and now["editable"]:
            yield ("editable",), "the ledger of overrides now offers to change it"
        if was["legal"] and was["legal"] != now["legal"]:
            yield ("legal",), "no longer marked as the same law"
        for index, clause in enumerate(was["clauses"]):
            yield from self._clause(index, clause, now["clauses"])

    def reach(self, book: Book, clause: dict) -> frozenset:
        return book.treatments_of(clause["targets"]) - book.treatments_of(clause["except"])

    def _clause(self, index: int, clause: dict, others: list) -> Iterator[tuple[tuple, str]]:
        reached = self.reach(self.old, clause) & self.known
        lacks = [list(self._lacks(clause, other)) for other in others]
        enough = [other for other, missing in zip(others, lacks, strict=True) if not missing]
        left = reached.difference(*(self.reach(self.new, other) for other in enough))
        if not reached or not left:
            return
        heirs = [at for at, other in enumerate(others) if left & self.reach(self.new, other)]
        if enough or not heirs:
            listed = ", ".join(sorted(self.names.treatment(code) for code in left))
            at = ("clauses", index, "targets") if index < len(others) else ("clauses",)
            effect = Effect(clause["effect"]).label
            yield at, f"“{effect}” no longer reaches {differing.shortened(listed, 160)}"
            return
        heir = min(heirs, key=lambda at: (at != index, len(lacks[at])))
        for key, words in lacks[heir]:
            yield ("clauses", heir, key), words

    def _lacks(self, clause: dict, other: dict) -> Iterator[tuple[str, str]]:
        """What `other` does not do that `clause` does, for the treatments that both reach."""
        effect, now = Effect(clause["effect"]), Effect(other["effect"])
        if now not in STANDS_FOR[effect]:
            yield "effect", f"“{effect.label}” becomes “{now.label}”"
        if not implies(clause["when"], other["when"]):
            before = self.old_names.condition(clause["when"])
            after = self.names.condition(other["when"])
            yield "when", f"may hold for fewer: “{before}” becomes “{after}”"
        for key in ("regions", "scar_types"):
            if other[key] and not (clause[key] and set(clause[key]) <= set(other[key])):
                yield key, f"holds for fewer {differing.label_of(key).lower()}"
        if other["judged_by"] and clause["judged_by"] != other["judged_by"]:
            yield "judged_by", "holds only where the planner finds that an event is too near"
        yield from self._time(clause, other, effect, now)
        yield from self._duties(clause, other)

    def _time(self, clause, other, effect: Effect, now: Effect) -> Iterator[tuple[str, str]]:
        if now is not Effect.DELAY:
            return
        was, until = clause["until"], other["until"]
        words = "the wait may end earlier than it did"
        if effect is not Effect.DELAY or was is None:
            if until is not None and not _ends_with_its_window(other):
                yield "until", words
        elif until is not None and not (
            was["fact"] == until["fact"] and at_least(until["plus"], was["plus"])
        ):
            yield "until", words
        if was is None and clause["until_text"] != other["until_text"]:
            yield "until_text", "until when one waits is said in other words"

    def _duties(self, clause, other) -> Iterator[tuple[str, str]]:
        if other["effect"] == Effect.BLOCK:
            return
        was, now = clause["preparation"], other["preparation"]
        if was and not (now and _prepares_as_long(was, now)):
            yield "preparation", "the preparation is shorter, another one, or gone"
        was, now = clause["test_spot"], other["test_spot"]
        if was and not (now and now["reading_days"] >= was["reading_days"]):
            yield "test_spot", "the test area is read earlier, or no longer made"
        if clause["standing"] and not other["standing"]:
            yield "standing", "no longer goes to the consent form by itself"
        if clause["words"] and not other["words"]:
            yield "words", "no longer says anything of its own"

    def speak_of(self, treatment: str, word: str) -> tuple[set, set]:
        """The rules on the matter of `word` that speak of `treatment`: before, and now."""
        return self._speakers(self.old, treatment, word), self._speakers(self.new, treatment, word)

    def _speakers(self, book: Book, treatment: str, word: str) -> set:
        row = book.row("words", word)
        rules = [book.row("safety_rules", code) for code in (row["rules"] if row else ())]
        return {
            rule["code"]
            for rule in rules
            if rule and any(treatment in self.reach(book, one) for one in rule["clauses"])
        }


def _prepares_as_long(was: dict, now: dict) -> bool:
    course = now["course_days"] is None or (
        was["course_days"] is not None and now["course_days"] >= was["course_days"]
    )
    return was["treatment"] == now["treatment"] and now["lead_days"] >= was["lead_days"] and course


def _ends_with_its_window(clause: dict) -> bool:
    """A wait until a date plus a span, in a rule that holds within no more than that span."""
    when, until = clause["when"] or {}, clause["until"]
    parts = when.get("all") or [when]
    return any(
        part.get("fact") == until["fact"]
        and "within" in part
        and at_least(until["plus"], part["within"])
        for part in parts
    )
