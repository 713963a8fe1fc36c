"""A safety rule as a form: its head, and one form for each of its clauses.

`RuleDesk` is what the page works with: from a row of the draft, or from what was sent; it changes
its shape by buttons, becomes a row again, and takes refusals back to the fields they speak of.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from django import forms

from clinic.catalogue import kinds, terms
from clinic.catalogue.checks import MOST_CLAUSES
from clinic.catalogue.condition_builder import DEEDS, Node, Vocabulary, changed
from clinic.catalogue.condition_builder_fields import (
    ChosenField,
    ConditionField,
    Listed,
    Words,
    typed,
    whole,
)
from clinic.catalogue.conditions import SPANS
from clinic.catalogue.models import CODE
from clinic.catalogue.reading import Book

PATH = re.compile(r"^([a-z]+\d*)-([a-z_]+)((?:-\d+)*)$")
EVENT = "planner_event"


@dataclass
class Choices:
    """What the fields of one draft are chosen from; worked out once for a page."""

    book: Book

    @cached_property
    def words(self) -> Vocabulary:
        rows = self.book.rows
        return Vocabulary(rows("questions").values(), rows("regions").values())

    @cached_property
    def treatments(self) -> Listed:
        rows = self.book.rows("treatments").values()
        return Listed(
            {
                kind.label: _by_name((r["code"], r["name"]) for r in rows if r["kind"] == kind)
                for kind in terms.TreatmentKind
            }
        )

    @cached_property
    def targets(self) -> Listed:
        families = self.book.rows("families").values()
        named = _by_name((row["code"], row["name"]) for row in families)
        return Listed({"Families": named, **self.treatments.groups})

    @cached_property
    def regions(self) -> Listed:
        rows = self.book.rows("regions").values()
        return Listed(
            {
                area.label: [(r["code"], r["name"]) for r in rows if r["area"] == area]
                for area in kinds.RegionArea
            }
        )

    @cached_property
    def scar_types(self) -> Listed:
        return Listed({"Scars": terms.ScarType.choices()})

    @cached_property
    def sources(self) -> Listed:
        rows = self.book.rows("sources").values()
        named = [(row["code"], f"{row['code']}: {row['title'][:70]}") for row in rows]
        return Listed({"Sources": named})

    @cached_property
    def dates(self) -> list[tuple[str, str]]:
        dates = [(one.name, one.label) for one in self.words.dates()]
        return [("", "No date"), ("today", "the day of planning"), *dates]

    @cached_property
    def rule_families(self) -> list[tuple[str, str]]:
        used = {row["family"] for row in self.book.rows("safety_rules").values()}
        return [(code, kinds.rule_family(code)) for code in {**kinds.RULE_FAMILIES}] + [
            (code, code) for code in sorted(used - set(kinds.RULE_FAMILIES))
        ]


def _by_name(pairs) -> list[tuple[str, str]]:
    return sorted(pairs, key=lambda pair: pair[1].casefold())


# ---- the head


class RuleForm(forms.Form):
    code = forms.CharField(
        label="Code", max_length=60, validators=[CODE], help_text="It cannot be changed later."
    )
    family = forms.ChoiceField(label="Group")
    title = forms.CharField(label="Title", max_length=200)
    text = Words(label="The rule in words", required=True)
    note = Words(label="Note")
    disagreement = Words(label="Where sources disagree")
    country = forms.CharField(
        label="Law of (country)", required=False, max_length=6,
        help_text="ISO code, such as DE or GB-ENG; empty where it is no matter of law.",
    )  # fmt: skip
    since = forms.DateField(
        label="Law since",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    verification = forms.ChoiceField(label="How far verified", choices=terms.Verification.choices())

    def __init__(self, *args, choices: Choices, new: bool = False, **kwargs):
        super().__init__(*args, prefix="rule", use_required_attribute=False, **kwargs)
        self.fields["family"].choices = choices.rule_families
        self.fields["alternatives"] = ChosenField(
            choices.targets, label="Offer instead", required=False, add="Add a treatment or family"
        )
        self.fields["sources"] = ChosenField(
            choices.sources,
            label="Sources",
            listed="all-sources",
            add="Add a source by its code",
            error_messages={"required": "Name at least one source."},
        )
        if not new:
            del self.fields["code"]

    def clean(self):
        given = super().clean()
        if given.get("since") and not given.get("country"):
            self.add_error("country", "Say whose law it is, or take the date away.")
        return given

    @staticmethod
    def initial_of(row: dict) -> dict:
        legal = row["legal"] or {}
        return row | {"country": legal.get("country"), "since": legal.get("since")}

    def row(self) -> dict:
        given = self.cleaned_data
        keys = ("family", "title", "text", "note", "disagreement", "alternatives")
        row = {key: given[key] for key in (*keys, "verification")}
        since = given["since"].isoformat() if given["since"] else None
        legal = {"country": given["country"], "since": since} if given["country"] else None
        return row | {"legal": legal, "sources": sorted(given["sources"])}


# ---- a clause


class ClauseForm(forms.Form):
    """One sentence of a rule: if, what happens to what, except, where, until when."""

    def __init__(self, *args, choices: Choices, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        treatments = [("", "No preparation"), *choices.treatments.groups.items()]
        spans = [(unit, unit) for unit in SPANS]
        self.fields |= {
            "when": ConditionField(words=choices.words, label="If"),
            "effect": forms.ChoiceField(label="Then", choices=terms.Effect.choices()),
            "targets": ChosenField(
                choices.targets,
                label="For",
                add="Add a treatment or family",
                error_messages={"required": "Say which treatments or families this is about."},
            ),
            "except": ChosenField(
                choices.targets, label="Except", required=False, add="Add an exception"
            ),
            "regions": ChosenField(
                choices.regions, label="Only in", required=False, add="Everywhere, or add a region"
            ),
            "scar_types": ChosenField(
                choices.scar_types, label="Only for", required=False, add="All scars, or add a type"
            ),
            "until_n": whole("Until this long"),
            "until_unit": forms.ChoiceField(label="Unit", choices=spans, initial="months"),
            "until_fact": forms.ChoiceField(
                label="after", choices=choices.dates, required=False
            ),
            "until_text": forms.CharField(
                label="Until, in words", required=False, empty_value=None, max_length=400
            ),
            "prepare": forms.ChoiceField(
                label="Prepare with", choices=treatments, required=False
            ),
            "lead_days": whole("Start, days before"),
            "course_days": whole(
                "Go on, days", help_text="Empty: as long as the course of treatment runs."
            ),
            "reading_days": whole(
                "Test spot, read after (days)", help_text="Empty: no test spot."
            ),
            "standing": forms.BooleanField(
                label="Goes onto the consent form without a click", required=False
            ),
            "judged": forms.BooleanField(
                label="Only while a session would still show on the day of the patient’s event",
                required=False,
            ),
            "words": Words(label="Words for the clinician"),
        }  # fmt: skip

    @property
    def limits(self):
        return [self[name] for name in ("except", "regions", "scar_types")]

    @property
    def shows_more(self) -> bool:
        """Whether anything is said, or refused, in the part that is folded away."""
        folded = set(self.fields) - {"when", "effect", "targets", "words", "until_unit"}
        return any(self[name].value() for name in folded) or bool(folded & set(self.errors))

    @staticmethod
    def initial_of(clause: dict) -> dict:
        until, preparation = clause["until"] or {}, clause["preparation"] or {}
        [(unit, length)] = (until.get("plus") or {"months": None}).items()
        return clause | {
            "when": Node.of(clause["when"]),
            "until_fact": until.get("fact", ""),
            "until_unit": unit,
            "until_n": length,
            "prepare": preparation.get("treatment", ""),
            "lead_days": preparation.get("lead_days"),
            "course_days": preparation.get("course_days"),
            "reading_days": (clause["test_spot"] or {}).get("reading_days"),
            "judged": clause["judged_by"] == EVENT,
        }

    def clean(self):
        given = super().clean()
        for name, reason in self._contrary(given):
            if name not in self.errors:
                self.add_error(name, reason)
        return given

    def _contrary(self, given):
        """Fields that do not go together, with a word for each."""
        fact, length = given.get("until_fact"), given.get("until_n")
        if fact and length is None:
            yield "until_n", "Say how long after that day, or choose “No date”."
        if length is not None and not fact:
            yield "until_fact", "Say after which day, or leave the number empty."
        if given.get("judged") and fact not in dict(self.fields["until_fact"].choices[2:]):
            yield "until_fact", "Choose the date of the event here."
        prepared, lead = given.get("prepare"), given.get("lead_days")
        if prepared and lead is None:
            yield "lead_days", "Say how many days before the session it starts."
        elif not prepared and (lead is not None or given.get("course_days") is not None):
            yield "prepare", "Say what the days are for, or leave them empty."
        elif self._prepares_nothing(given):
            yield "prepare", "Say what comes first: here, as a test spot or in words."

    @staticmethod
    def _prepares_nothing(given) -> bool:
        said = given.get("prepare"), given.get("words"), given.get("reading_days") is not None
        return given.get("effect") == terms.Effect.PRETREAT and not any(said)

    def shown_row(self) -> dict | None:
        """The clause as it stands on the page, judged or not; None while it is not complete."""
        if self.is_bound:
            return self.row() if self.is_valid() else None
        given = {}
        for name, field in self.fields.items():
            value = self.get_initial_for_field(field, name)
            field.live = []
            try:
                given[name] = field.clean(value)
            except forms.ValidationError as refused:
                # What is left open may still come; what was typed wrong is said at once.
                field.live = [] if value in field.empty_values else refused.messages
        when = self.fields["when"]
        when.live, when.widget.faults = [], when.faults_of_typed(self["when"].value())
        if len(given) < len(self.fields):
            return None
        self.cleaned_data = given
        return None if any(self._contrary(given)) else self.row()

    def row(self) -> dict:
        given = self.cleaned_data
        until = {"fact": given["until_fact"], "plus": {given["until_unit"]: given["until_n"]}}
        preparation = {
            "treatment": given["prepare"],
            "lead_days": given["lead_days"],
            "course_days": given["course_days"],
        }
        spot = given["reading_days"]
        return {
            **{key: given[key] for key in ("when", "targets", "except", "effect", "until_text")},
            "regions": given["regions"] or None,
            "scar_types": given["scar_types"] or None,
            "until": until if given["until_fact"] else None,
            "preparation": preparation if given["prepare"] else None,
            "test_spot": None if spot is None else {"reading_days": spot},
            "standing": given["standing"],
            "judged_by": EVENT if given["judged"] else None,
            "words": given["words"],
        }


EMPTY_CLAUSE = {
    **dict.fromkeys(("when", "until", "until_text", "preparation", "test_spot", "words")),
    **dict.fromkeys(("regions", "scar_types", "judged_by")),
    "targets": [],
    "except": [],
    "effect": terms.Effect.CAUTION,
    "standing": False,
}
FIELD_OF = {"until": "until_n", "preparation": "prepare", "test_spot": "reading_days",
            "legal": "country", "judged_by": "judged"}  # fmt: skip


TOO_MANY = f"A rule holds {MOST_CLAUSES} sentences at the most; say the rest in a rule of its own."


# ---- all of it


class RuleDesk:
    def __init__(self, choices: Choices, head: RuleForm, clauses: list[ClauseForm], kept: dict):
        self.choices, self.head, self.clauses = choices, head, clauses
        self.kept = kept  # what no field of the form holds: the code, and whether it may be edited

    @classmethod
    def of(cls, row: dict | None, choices: Choices, **given) -> "RuleDesk":
        """From a row of the draft; None for a new rule, of which `given` is known."""
        clauses = row["clauses"] if row else [EMPTY_CLAUSE]
        head = RuleForm.initial_of(row) if row else {"verification": "gk", **given}
        return cls(
            choices,
            RuleForm(choices=choices, new=row is None, initial=head),
            [
                ClauseForm(choices=choices, prefix=f"c{at}", initial=ClauseForm.initial_of(clause))
                for at, clause in enumerate(clauses)
            ],
            _kept(row),
        )

    @classmethod
    def sent(cls, data, row: dict | None, choices: Choices) -> "RuleDesk":
        return cls(
            choices,
            RuleForm(data, choices=choices, new=row is None),
            [
                ClauseForm(data, choices=choices, prefix=f"c{at}")
                for at in range(number_of_clauses(data))
            ],
            _kept(row),
        )

    @classmethod
    def redrawn(cls, data, row: dict | None, choices: Choices, deed: str) -> "RuleDesk":
        """As it was sent, with the change of a button; nothing is judged yet."""
        head = typed(RuleForm(choices=choices, new=row is None), data)
        clauses = [
            typed(ClauseForm(choices=choices, prefix=f"c{at}"), data).initial
            for at in range(number_of_clauses(data))
        ]
        clauses = _changed(clauses, deed)
        forms_of_clauses = [
            ClauseForm(choices=choices, prefix=f"c{at}", initial=initial)
            for at, initial in enumerate(clauses)
        ]
        return cls(choices, head, forms_of_clauses, _kept(row))

    def is_valid(self) -> bool:
        parts = [part.is_valid() for part in (self.head, *self.clauses)]
        if not self.clauses:
            self.head.add_error(None, "A rule needs at least one sentence; add one.")
        if len(self.clauses) > MOST_CLAUSES:
            self.head.add_error(None, TOO_MANY)
            return False
        return all(parts) and bool(self.clauses)

    def row(self) -> dict:
        """Of a valid desk."""
        code = self.kept.get("code") or self.head.cleaned_data["code"]
        return {
            "code": code,
            "editable": self.kept.get("editable", True),
            **self.head.row(),
            "clauses": [clause.row() for clause in self.clauses],
        }

    def shown_clauses(self) -> list[dict | None]:
        return [clause.shown_row() for clause in self.clauses]

    def shown_rule(self) -> dict | None:
        """What the rule does, as it stands on the page; None while a clause is not complete."""
        clauses, country = self.shown_clauses(), self.head["country"].value()
        if None in clauses or not clauses:
            return None
        since = self.head["since"].value()
        legal = {"country": country, "since": str(since) if since else None} if country else None
        return {**self.kept, "legal": legal, "clauses": clauses}

    def place(self, problems) -> None:
        """Put each refusal beside its field; at the head what has none."""
        for path, reason in problems:
            form, inner = self.head, path
            if len(path) > 1 and path[0] == "clauses" and path[1] < len(self.clauses):
                form, inner = self.clauses[path[1]], path[2:]
            key = str(inner[0]) if inner else ""
            key = key if key in form.fields else FIELD_OF.get(key)
            form.add_error(key if key in form.fields else None, plain(reason))


def plain(reason: str) -> str:
    """A reason as a sentence."""
    sentence = reason[:1].upper() + reason[1:]
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def number_of_clauses(data) -> int:
    """One above the limit is read too, so that it is refused and not lost."""
    number = data.get("clauses", "")[:4]
    return min(int(number), MOST_CLAUSES + 1) if number.isdecimal() else 0


def _kept(row: dict | None) -> dict:
    return {key: row[key] for key in ("code", "editable")} if row else {}


def _changed(clauses: list[dict], deed: str) -> list[dict]:
    word, _, name = deed.partition(" ")
    if word == "add-clause":
        more = [] if len(clauses) > MOST_CLAUSES else [ClauseForm.initial_of(EMPTY_CLAUSE)]
        return [*clauses, *more]
    if word in MOVES and name.isdecimal() and int(name) < len(clauses):
        return MOVES[word](clauses, int(name))
    found = PATH.match(name)
    if word in DEEDS and found and found[1][1:].isdecimal() and int(found[1][1:]) < len(clauses):
        clause = clauses[int(found[1][1:])]
        path = [int(step) for step in found[3].split("-") if step]
        clause["when"] = changed(clause["when"], word, path)
    return clauses


def _drop(clauses, at):
    return [clause for index, clause in enumerate(clauses) if index != at]


def _up(clauses, at):
    if at:
        clauses[at - 1], clauses[at] = clauses[at], clauses[at - 1]
    return clauses


def _down(clauses, at):
    return _up(clauses, at + 1) if at + 1 < len(clauses) else clauses


MOVES = {"drop-clause": _drop, "up": _up, "down": _down}
