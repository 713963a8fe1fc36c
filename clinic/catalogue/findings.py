"""What a person should look at before a draft is published, with the row and what to do.

Pure, over the draft and the version in force. An error stops publishing; a warning does not.
Lowered safety has a path of its own (clinic.catalogue.lowering).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from clinic.catalogue import checks, differing, kinds
from clinic.catalogue.conditions import facts_of
from clinic.catalogue.holding import never_holds
from clinic.catalogue.presenting import sources_inside
from clinic.catalogue.reading import Book, Names
from clinic.catalogue.spans import still_said, uneven
from clinic.catalogue.terms import Effect, TreatmentKind, Verification

ERROR, WARNING = "error", "warning"
NO_DOCUMENT = {"gk", "conv", "clinic_default"}
SLIP = 5  # a price that is so many times the one before is looked at twice
HIGHEST_PRICE = Decimal(100_000)


@dataclass(frozen=True)
class Finding:
    kind: str
    section: str
    code: str
    name: str
    path: tuple
    words: str
    advice: str


NOT_OFFERED = (
    "No plan proposes them. What the clinic lacks is set by its owner, under Clinic, Settings; "
    "a treatment that nobody will offer can be withdrawn."
)


def findings(document: dict, base: dict | None = None, lacks=()) -> list[Finding]:
    """Errors first. `base` is the version in force; `lacks` what the clinic cannot offer."""
    wrong = list(_unsound(document))
    if wrong:
        return wrong  # what follows reads rows that are sound
    found = list(_Reader(document, base or {}, set(lacks)).all())
    return sorted(found, key=lambda one: one.kind != ERROR)


ADVICE = (
    ("a circle", "Take one of these rows out, or turn round which goes first."),
    ("ban", "Keep one of the two rows, or give them conditions that never hold together."),
    ("there is no", "Choose one that is there, or add the row first."),
    ("no question feeds", "Bring the question or its part back, or change the condition."),
)


def _unsound(document: dict) -> Iterator[Finding]:
    names = Names(Book(document))
    for path, reason in checks.problems(document):
        section, index, *inner = path
        row = document[section][index]
        advice = next(
            (words for part, words in ADVICE if part in reason), "Correct it in this row."
        )
        place = differing.place_in_words(tuple(inner))
        words = f"{place}: {reason}" if place else reason
        name = differing.row_name(section, row, names)
        yield Finding(ERROR, section, row["code"], name, tuple(inner), words, advice)


class _Reader:
    def __init__(self, document: dict, base: dict, lacks: set[str]):
        self.book, self.base, self.lacks = Book(document), Book(base), lacks
        self.names = Names(self.book)
        self.facts = facts_of(document.get("questions") or (), document.get("regions") or ())

    def all(self) -> Iterator[Finding]:
        yield from self.conditions()
        yield from self.rules()
        yield from self.treatments()
        yield from self.not_offered()
        yield from self.prices()
        yield from self.sources()

    def at(self, kind, section, row, path, words, advice) -> Finding:
        name = differing.row_name(section, row, self.names)
        return Finding(kind, section, row["code"], name, path, words, advice)

    def changed(self, section: str) -> list[dict]:
        rows = self.book.rows(section).items()
        return [row for code, row in rows if self.base.row(section, code) != row]

    # -- rules that nobody can meet

    def conditions(self) -> Iterator[Finding]:
        for section, row, path, condition in self._conditions():
            if never_holds(condition, self.facts):
                words = f"never holds for anybody: “{self.names.condition(condition)}”"
                advice = "Its parts contradict each other: change one of them, or use “or”."
                yield self.at(ERROR, section, row, path, words, advice)

    def _conditions(self) -> Iterator[tuple]:
        for section, key in (("words", "when"), ("pairs", "when"), ("limits", "when")):
            for row in self.book.rows(section).values():
                yield section, row, (key,), row[key]
        for row in self.book.rows("questions").values():
            yield "questions", row, ("applies",), row["applies"]
            for at, part in enumerate(row["parts"]):
                yield "questions", row, ("parts", at, "show_if"), part["show_if"]
        for row in self.book.rows("safety_rules").values():
            for at, clause in enumerate(row["clauses"]):
                yield "safety_rules", row, ("clauses", at, "when"), clause["when"]

    def reach(self, clause: dict) -> set[str]:
        """Offered treatments that a clause is about."""
        codes = self.book.treatments_of(clause["targets"])
        codes -= self.book.treatments_of(clause["except"])
        return {code for code in codes if not self.book.row("treatments", code)["withdrawn"]}

    def rules(self) -> Iterator[Finding]:
        for rule in self.book.rows("safety_rules").values():
            for at, clause in enumerate(rule["clauses"]):
                yield from self._clause(rule, at, clause)
            yield from self._times(rule)

    def _times(self, rule: dict) -> Iterator[Finding]:
        for at, clause in enumerate(rule["clauses"]):
            if spans := uneven(clause):
                words = f"clause {at + 1}: its condition runs {spans}, “until” says another time"
                advice = "Give both the same time, unless both are meant."
                path = ("clauses", at, "until")
                yield self.at(WARNING, "safety_rules", rule, path, words, advice)
        for span in still_said(self.base.row("safety_rules", rule["code"]), rule):
            words = f"the words still speak of {span}, which the rule no longer gives"
            advice = "Put the new time into its title, its text and its words."
            yield self.at(WARNING, "safety_rules", rule, ("text",), words, advice)

    def _clause(self, rule: dict, at: int, clause: dict) -> Iterator[Finding]:
        reached = self.reach(clause)
        if clause["targets"] and not reached:
            words = f"clause {at + 1} is about no treatment that is still offered"
            advice = "Choose treatments or families that are offered, or take the clause out."
            yield self.at(WARNING, "safety_rules", rule, ("clauses", at, "targets"), words, advice)
        preparation = clause["preparation"] and clause["preparation"]["treatment"]
        if preparation and reached and self.book.row("treatments", preparation)["withdrawn"]:
            name = self.names.treatment(preparation)
            words = f"clause {at + 1} asks for {name} first, which is withdrawn: nobody can meet it"
            advice = f"Choose another preparation, or offer {name} again."
            path = ("clauses", at, "preparation", "treatment")
            yield self.at(ERROR, "safety_rules", rule, path, words, advice)

    # -- treatments that no patient can come to

    def treatments(self) -> Iterator[Finding]:
        closed = self._closed_to_everybody()
        ruled = {
            code
            for rule in self.book.rows("safety_rules").values()
            for clause in rule["clauses"]
            for code in self.reach(clause)
        }
        for code, row in self.book.rows("treatments").items():
            if row["withdrawn"]:
                continue
            for path, words, advice in self._out_of_reach(row, closed.get(code)):
                yield self.at(WARNING, "treatments", row, path, words, advice)
            is_new = self.base.row("treatments", code) is None
            if is_new and row["kind"] == TreatmentKind.PROCEDURE and code not in ruled:
                words = "a new procedure that no safety rule speaks of"
                advice = "Add it to the families that it belongs to, so that their rules reach it."
                yield self.at(WARNING, "treatments", row, (), words, advice)

    def _out_of_reach(self, row: dict, closed_by: str | None) -> Iterator[tuple]:
        """Why no patient comes to this treatment, as far as the catalogue can tell."""
        if not row["performers"]:
            yield ("performers",), "nobody may perform it", "Say who may perform it."
        is_procedure = row["kind"] == TreatmentKind.PROCEDURE
        if is_procedure and not any(one["effectiveness"] for one in row["indications"]):
            words = "a procedure that is for no scar, so it is never proposed"
            yield ("indications",), words, "Say which scars it is for, or withdraw it."
        if closed_by:
            words = f"{closed_by} contraindicates it for everybody, everywhere"
            yield (), words, "Give that clause a condition, or withdraw the treatment."

    def not_offered(self) -> Iterator[Finding]:
        """All of them in one line: who may say what the clinic lacks is seldom who reads this."""
        rows = self.book.rows("treatments").values()
        found = [(one["name"], self._lacking(one)) for one in rows if not one["withdrawn"]]
        told = [f"{name} ({why})" for name, why in found if why]
        if told:
            name = f"{len(told)} treatment{'s' * (len(told) != 1)} that the clinic cannot offer"
            yield Finding(WARNING, "treatments", "", name, (), "; ".join(told), NOT_OFFERED)

    def _lacking(self, row: dict) -> str:
        if row["code"] in self.lacks:
            return "it is among what the clinic lacks"
        if missing := [code for code in row["requires"] if code in self.lacks]:
            return f"it needs {', '.join(map(self.names.requirement, missing))}"
        if row["skill"] in self.lacks:
            return f"nobody has the skill {self.names.family(row['skill'])}"
        families = (code for code in self.lacks if row["code"] in self.book.treatments_of([code]))
        family = next(families, None)
        return f"{self.names.family(family)} is among what the clinic lacks" if family else ""

    def _closed_to_everybody(self) -> dict[str, str]:
        return {
            code: rule["code"]
            for rule in self.book.rows("safety_rules").values()
            for clause in rule["clauses"]
            if clause["effect"] == Effect.BLOCK
            and clause["when"] in (None, {"all": []})
            and not (clause["regions"] or clause["scar_types"] or clause["judged_by"])
            for code in self.reach(clause)
        }

    # -- money

    def prices(self) -> Iterator[Finding]:
        for code, row in self.book.rows("treatments").items():
            price = _price(row)
            if row["withdrawn"] or row["kind"] != TreatmentKind.PROCEDURE:
                continue
            path = ("figures",)
            if price is None:
                words, advice = "has no price, so a quote leaves it open", "Give it a price."
                yield self.at(WARNING, "treatments", row, path, words, advice)
            elif price == 0 or price > HIGHEST_PRICE:
                words = f"costs {price} in the clinic's currency"
                yield self.at(WARNING, "treatments", row, path, words, "Check the amount.")
            else:
                yield from self._price_moved(row, price, _price(self.base.row("treatments", code)))
        for row in self.changed("treatments"):
            figure = _price_figure(row) or {}
            if len({figure.get(key) for key in ("min", "typical", "max")} - {None}) > 1:
                words = "the price is a range; quotes take its usual amount"
                advice = "Give one amount, the same as least, usual and most."
                yield self.at(WARNING, "treatments", row, ("figures",), words, advice)

    def _price_moved(self, row: dict, price: Decimal, was: Decimal | None) -> Iterator[Finding]:
        if was and (price >= was * SLIP or price * SLIP <= was):
            words = f"the price goes from {was} to {price}"
            advice = "Check for a slip of a digit or of the currency."
            yield self.at(WARNING, "treatments", row, ("figures",), words, advice)

    # -- sources

    def sources(self) -> Iterator[Finding]:
        """Only of rows that changed: what stood before is worked through on its own page."""
        for section in checks.SECTIONS:
            for row in self.changed(section):
                yield from self._unsupported(section, row)

    def _unsupported(self, section: str, row: dict) -> Iterator[Finding]:
        for path, marks in _marked(row):
            real = [code for code in marks["sources"] if self._is_document(code)]
            if marks["verification"] in (Verification.V, Verification.P) and not real:
                words = "is marked as verified, and names no document that it was verified in"
                advice = "Name the source that was read, or mark it as not verified."
                yield self.at(WARNING, section, row, path, _at(path, words), advice)
        if "verification" in row and not any(map(self._is_document, sources_inside(row))):
            words = "changed, and rests on no document"
            advice = "Name a source, or leave it marked as it is: it shows as unverified."
            yield self.at(WARNING, section, row, ("sources",), words, advice)

    def _is_document(self, code: str) -> bool:
        return code not in NO_DOCUMENT


def _at(path: tuple, words: str) -> str:
    place = differing.place_in_words(path)
    return f"{place}: {words}" if place else words


def _marked(row: dict) -> Iterator[tuple[tuple, dict]]:
    """Everything in a row, and the row itself, that says how far it was verified."""
    if "verification" in row and "sources" in row:
        yield (), row
    for key, value in row.items():
        items = value if isinstance(value, list) else [value]
        for at, item in enumerate(items):
            if isinstance(item, dict) and "verification" in item and "sources" in item:
                yield ((key, at) if isinstance(value, list) else (key,)), item


def _price_figure(row: dict | None) -> dict | None:
    figures = (row or {}).get("figures") or ()
    return next((one for one in figures if one["kind"] == kinds.FigureKind.PRICE), None)


def _price(row: dict | None) -> Decimal | None:
    figure = _price_figure(row)
    amount = figure and next(
        (figure[key] for key in ("typical", "min", "max") if figure[key] is not None), None
    )
    return None if amount is None else Decimal(amount)
