"""Every way in which one catalogue is less safe than the one before it.

Pure, over two whole documents. It errs on the side of asking: a change that cannot be shown to be
stricter or neutral counts as a lowering, and needs a reason and a second person before it is
published. What is for the effect of a treatment, its price or its words alone is not safety.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from clinic.catalogue import differing, kinds, lowering_figures
from clinic.catalogue.conditions import spaced
from clinic.catalogue.implying import implies
from clinic.catalogue.lowering_figures import EITHER, FALLING, RISING, goes_down, said
from clinic.catalogue.lowering_rules import RuleReader
from clinic.catalogue.reading import Book, Names
from clinic.catalogue.terms import PairRelation


class Lowering(NamedTuple):
    """`path` leads inside the row, as in a Problem."""

    section: str
    code: str
    name: str
    path: tuple
    words: str


def lowered(old: dict, new: dict) -> list[Lowering]:
    return list(_Comparison(Book(old), Book(new)).all())


# ---- constants: which way is down

CONSTANTS = {
    "gap": FALLING,
    "visits": FALLING,
    "visit.minutes": RISING,
    "visit.areas": EITHER,  # nought sets no limit
    "stricter_interval": FALLING,
    "review.weeks": RISING,
    "filler_session": RISING,
    "lidocaine.percent": FALLING,  # a weaker solution is reckoned as less of the drug
    "lidocaine_share": FALLING,
    "pigment": RISING,
}
EFFECT_ONLY = (
    *("course", "unspecific", "ceiling", "repeat", "overlap", "synergy", "spread", "load", "count"),
    *(
        "area",
        "raised",
        "lasting",
        "blocks",
        "block",
        "horizon",
        "minutes",
        "simple_device",
        "plan",
    ),
    *("protocols", "first_choice", "review", "window"),
)
"""Constants that say what a treatment achieves, or what is offered and shown; none is safety."""
LIMITS = {"mg_per_kg": RISING, "cap_mg": RISING, "factor": RISING}
REGION_VOLUMES = {"lidocaine_ml": FALLING, "filler_ml": FALLING}

CARE = (kinds.StatementKind.SIDE_EFFECT, kinds.StatementKind.PRE_CARE)
CARE += (kinds.StatementKind.AFTER_CARE, kinds.StatementKind.ANAESTHESIA)
TOGETHER = (PairRelation.SAME_SESSION_OK, PairRelation.SAME_SESSION_SYNERGY)
SCOPE = ("scar_types", "regions")
SHAPES = {
    "scales": ("range", "rows", "definition"),
    "instruments": ("items", "range", "bands", "thresholds"),
    "requirements": ("kind",),
}
GONE = {
    "safety_rules": "the rule is removed",
    "words": "the contraindication is removed",
    "questions": "the question is no longer asked",
    "limits": "the limit is removed",
    "policies": "the principle is removed",
    "scales": "the scale is removed",
    "instruments": "the questionnaire is removed",
    "regions": "the region is removed",
    "calibration": "the constant is removed",
    "treatments": "the treatment is removed with all that is known of it",
}


class _Comparison:
    def __init__(self, old: Book, new: Book):
        self.old, self.new = old, new
        self.names, self.old_names = Names(new), Names(old)
        self.rules = RuleReader(old, new)

    def all(self) -> Iterator[Lowering]:
        yield from self.gone()
        for section, compare in self.by_section().items():
            for code, row in self.new.rows(section).items():
                was = self.old.row(section, code)
                for path, words in compare(was, row) if was else ():
                    yield self.at(section, row, path, words)
        yield from self.new_rows()
        yield from self.pairs()
        yield from self.silenced_words()

    def gone(self) -> Iterator[Lowering]:
        for section, words in GONE.items():
            left = self.new.rows(section)
            for code, row in self.old.rows(section).items():
                is_safety = section != "calibration" or code.partition(".")[0] not in EFFECT_ONLY
                if code not in left and is_safety:
                    yield self.at(section, row, (), words)

    def new_rows(self) -> Iterator[Lowering]:
        """What no older row can be held against, and yet may let through more than there was."""
        compare = {
            "treatments": self.new_treatment,
            "policies": self.new_policy,
            "calibration": self.new_constant,
        }
        for section, told in compare.items():
            for code, row in self.new.rows(section).items():
                if self.old.row(section, code) is None and (found := told(row)):
                    yield self.at(section, row, *found)

    def new_treatment(self, row: dict) -> tuple | None:
        if row["withdrawn"]:
            return None
        return (), "a new treatment: nobody has confirmed yet which rules and limits hold it back"

    def new_policy(self, row: dict) -> tuple | None:
        if not row["detail"]:
            return None
        return ("detail",), "a new principle that the planner may read, such as whose rules count"

    def new_constant(self, row: dict) -> tuple | None:
        way = _way_of(row["code"])
        if way not in (RISING, EITHER):
            return None
        return ("value",), f"a new constant of {row['value']:g}, where the planner had its own"

    def at(self, section: str, row: dict, path: tuple, words: str) -> Lowering:
        name = differing.row_name(section, row, self.names)
        if path and path[0] in ("clauses", "parts") and len(path) > 1:
            words = f"{differing.place_in_words(path[:2])}: {words}"
        return Lowering(section, row["code"], name, path, words)

    def by_section(self) -> dict[str, Callable]:
        return {
            "safety_rules": self.rules.compare,
            "treatments": self.treatment,
            "words": self.word,
            "questions": self.question,
            "limits": self.limit,
            "policies": self.policy,
            "regions": self.region,
            "calibration": self.constant,
            "strategies": self.strategy,
            **{
                section: lambda was, now, keys=keys: self.shape(was, now, keys)
                for section, keys in SHAPES.items()
            },
        }

    # -- numbers and shapes

    def numbers(self, was: dict, now: dict, ways: dict, label: str = "") -> Iterator[tuple]:
        for key, way in ways.items():
            if goes_down(way, was.get(key), now.get(key)):
                what = f"{label} {differing.label_of(key)}".strip()
                yield (key,), f"{what}: {said(was.get(key))} becomes {said(now.get(key))}"

    def shape(self, was: dict, now: dict, keys) -> Iterator[tuple]:
        for key in keys:
            if was.get(key) != now.get(key):
                yield (
                    (key,),
                    f"{differing.label_of(key).lower()} changed: grades are computed by it",
                )

    def constant(self, was: dict, now: dict) -> Iterator[tuple]:
        way = _way_of(now["code"])
        if way and goes_down(way, was["value"], now["value"]):
            yield ("value",), f"{was['value']:g} becomes {now['value']:g}"

    def strategy(self, was: dict, now: dict) -> Iterator[tuple]:
        if now["weights"]["pigment"] < was["weights"]["pigment"]:
            yield ("weights", "pigment"), "the risk of pigment change weighs less in the choice"

    def limit(self, was: dict, now: dict) -> Iterator[tuple]:
        # Nought sets no limit.
        set_by = [{key: row.get(key) or None for key in LIMITS} for row in (was, now)]
        yield from self.numbers(*set_by, LIMITS)
        if was["drug"] != now["drug"]:
            yield ("drug",), "the limit is now for another drug"
        if now["with_adrenaline"] not in (None, was["with_adrenaline"]):
            yield ("with_adrenaline",), "the limit no longer holds both with and without adrenaline"
        if not implies(was["when"], now["when"]):
            yield ("when",), self.narrowed(was["when"], now["when"])

    def region(self, was: dict, now: dict) -> Iterator[tuple]:
        yield from self.numbers(was, now, REGION_VOLUMES)
        if was["prone"] and not now["prone"]:
            yield ("prone",), "no longer counts as a place that keloids favour"
        for key in ("field", "area"):
            if was[key] != now[key]:
                yield (key,), "rules that speak of this place may no longer reach it"

    def policy(self, was: dict, now: dict) -> Iterator[tuple]:
        if was["detail"] != now["detail"]:
            yield ("detail",), "what the planner reads of this principle changed"

    # -- treatments

    def treatment(self, was: dict, now: dict) -> Iterator[tuple]:
        if was["withdrawn"] and not now["withdrawn"]:
            yield ("withdrawn",), "the treatment was withdrawn and is offered again"
        if was["needles"] and not now["needles"]:
            yield ("needles",), "it no longer counts as entering the skin with a needle"
        if was["skill"] and was["skill"] != now["skill"]:
            yield ("skill",), f"no longer asks for the skill {self.old_names.family(was['skill'])}"
        for key in ("kind", "order", "stage", "mechanisms"):
            if was[key] != now[key]:
                yield (
                    (key,),
                    f"{differing.label_of(key).lower()} changed, which decides what goes when",
                )
        if missing := set(was["requires"]) - set(now["requires"]):
            listed = ", ".join(sorted(map(self.old_names.requirement, missing)))
            yield ("requires",), f"no longer needs {listed}"
        more = [one for one in now["performers"] if one not in was["performers"]]
        if more or (was["performers"] and not now["performers"]):
            listed = ", ".join(spaced(one) for one in more) or "anybody"
            yield ("performers",), f"may now be performed by {listed}"
        yield from lowering_figures.lowered(was, now)
        yield from self.contraindications(was, now)
        yield from self.skin_types(was["fitzpatrick"], now["fitzpatrick"])
        yield from self.care(was, now)

    def contraindications(self, was: dict, now: dict) -> Iterator[tuple]:
        after = {one["word"]: (at, one["level"]) for at, one in enumerate(now["contraindications"])}
        for one in was["contraindications"]:
            name = self.old_names.word(one["word"])
            if one["word"] not in after:
                yield ("contraindications",), f"the contraindication “{name}” is dropped"
            elif one["level"] == kinds.Level.ABSOLUTE != after[one["word"]][1]:
                place = ("contraindications", after[one["word"]][0], "level")
                yield place, f"the contraindication “{name}” is no longer absolute"

    def skin_types(self, was: dict | None, now: dict | None) -> Iterator[tuple]:
        for name in _SKIN:
            before, after = _skin_rank(was, name), _skin_rank(now, name)
            if after < before:
                words = f"skin type {name}: {_SKIN_WORDS[before]} becomes {_SKIN_WORDS[after]}"
                yield ("fitzpatrick",), words

    def care(self, was: dict, now: dict) -> Iterator[tuple]:
        """A text that stands no more, or not in the same words, may have lost what it warned of."""
        kept = {(one["kind"], one["text"]) for one in now["statements"]}
        for one in was["statements"]:
            if one["kind"] in CARE and (one["kind"], one["text"]) not in kept:
                label = kinds.StatementKind(one["kind"]).label.lower()
                text = differing.shortened(one["text"], 60)
                yield ("statements",), f"a text under “{label}” is removed or reworded: “{text}”"

    # -- words and questions

    def word(self, was: dict, now: dict) -> Iterator[tuple]:
        if was["when"] is not None and (
            now["when"] is None or not implies(was["when"], now["when"])
        ):
            yield ("when",), self.narrowed(was["when"], now["when"])
        if more := set(now["rules"]) - set(was["rules"]):
            listed = ", ".join(sorted(more))
            yield ("rules",), f"falls silent where these rules speak: {listed}"

    def question(self, was: dict, now: dict) -> Iterator[tuple]:
        if goes_down(RISING, was["expires_days"], now["expires_days"]):
            words = f"an answer holds longer: {_days(was)} becomes {_days(now)}"
            yield ("expires_days",), words
        if was["each_session"] and not now["each_session"]:
            yield ("each_session",), "no longer asked before each session"
        if was["clinician_only"] and not now["clinician_only"]:
            yield ("clinician_only",), "no longer left to the clinician"
        if now["regional"] and not was["regional"]:
            yield ("regional",), "an answer now holds only in the regions it names"
        if was["flag"] and not now["flag"]:
            yield ("flag",), "no longer stands in the patient's banner"
        if not implies(was["applies"], now["applies"]):
            yield ("applies",), self.narrowed(was["applies"], now["applies"])
        for key in ("text", "help"):
            if was[key] and was[key] != now[key]:
                yield (key,), "reworded: a patient may understand it otherwise"
        yield from self.parts(was["parts"], now["parts"])

    def parts(self, was: list, now: list) -> Iterator[tuple]:
        after = {part["code"]: (at, part) for at, part in enumerate(now)}
        for part in was:
            label = part["label"] or spaced(part["code"])
            if part["code"] not in after:
                yield ("parts",), f"“{label}” is no longer asked"
                continue
            at, other = after[part["code"]]
            if not implies(part["show_if"], other["show_if"]):
                words = self.narrowed(part["show_if"], other["show_if"])
                yield ("parts", at, "show_if"), words
            rest = ("kind", "label", "unit", "choices", "min", "max")
            if changed := [key for key in rest if part[key] != other[key]]:
                listed = ", ".join(differing.label_of(key).lower() for key in changed)
                yield ("parts", at, changed[0]), f"“{label}” is asked otherwise: {listed}"

    def narrowed(self, was: dict | None, now: dict | None) -> str:
        before, after = self.old_names.condition(was), self.names.condition(now)
        after = "never" if now is None and was is not None else after
        return f"may hold for fewer: “{before}” becomes “{after}”"

    def silenced_words(self) -> Iterator[Lowering]:
        """A rule that comes to speak of a treatment takes the say from a word on its matter."""
        for code, row in self.new.rows("treatments").items():
            before = {
                one["word"]: one["level"]
                for one in (self.old.row("treatments", code) or {}).get("contraindications", ())
            }
            for word, level in before.items():
                if level != kinds.Level.ABSOLUTE or not self.new.row("words", word):
                    continue
                was, now = self.rules.speak_of(code, word)
                if now and not was:
                    name, rules = self.names.word(word), ", ".join(sorted(now))
                    words = f"“{name}” is no longer absolute: {rules} now speaks of this treatment"
                    yield self.at("treatments", row, ("contraindications",), words)

    # -- pairs

    def pairs(self) -> Iterator[Lowering]:
        groups: dict[frozenset, tuple[list, list]] = {}
        for side, book in enumerate((self.old, self.new)):
            for row in book.rows("pairs").values():
                two = frozenset((row["a"], row["b"]))
                groups.setdefault(two, ([], []))[side].append(row)
        for before, after in groups.values():
            known = {row["code"]: row for row in before}
            left = {row["code"] for row in after}
            for row in after:
                was = known.get(row["code"])
                found = self.pair(was, row, len(before)) if was else self.new_pair(row, before)
                for path, words in found:
                    yield self.at("pairs", row, path, words)
            for row in before:
                if row["code"] not in left and not self.may_go(row, after):
                    relation = PairRelation(row["relation"]).label
                    yield self.at("pairs", row, (), f"the row is removed: “{relation}”")

    def may_go(self, row: dict, others: list) -> bool:
        """Two without a row are kept apart, so a row that lets them together may always go.

        One that spoke of a few scars or places is left to a person: what else counts there, such
        as the rows of the treatments that a combined one is made of, is not looked at here.
        """
        return row["relation"] in TOGETHER and (bool(others) or _is_everywhere(row))

    def new_pair(self, row: dict, before: list) -> Iterator[tuple]:
        strict = row["relation"] == PairRelation.AVOID and (bool(before) or _is_everywhere(row))
        if not strict:
            yield (
                ("relation",),
                (
                    "two treatments without a row keep the longer of their intervals; "
                    "a row of their own may let them come closer"
                ),
            )

    def pair(self, was: dict, now: dict, rows: int) -> Iterator[tuple]:
        banned = now["relation"] == PairRelation.AVOID
        moved = _STRICTNESS[now["relation"]] - _STRICTNESS[was["relation"]]
        if moved > 0 or (moved == 0 and was["relation"] != now["relation"]):
            before, after = (PairRelation(row["relation"]).label for row in (was, now))
            yield ("relation",), f"“{before}” becomes “{after}”"
        if not banned:
            yield from self.weeks(was["weeks"] or {}, now["weeks"] or {})
            if was["first"] != now["first"]:
                yield ("first",), "which of the two goes first changed"
        for key in ("condition", "when", "assume", *SCOPE):
            if was[key] != now[key] and not self.same_scope(key, was, now, rows):
                yield (key,), f"{differing.label_of(key).lower()} changed: it may hold for fewer"

    def weeks(self, was: dict, now: dict) -> Iterator[tuple]:
        for key, way in (("min", FALLING), ("typical", FALLING)):
            given_now = key == "typical" and was.get(key) is None and now.get(key) is not None
            if given_now or goes_down(way, was.get(key), now.get(key)):
                label = "least weeks" if key == "min" else "usual weeks"
                words = (
                    f"{label} between the two: {said(was.get(key))} becomes {said(now.get(key))}"
                )
                yield ("weeks", key), words

    def same_scope(self, key: str, was: dict, now: dict, rows: int) -> bool:
        """Whether the row holds as widely as it did, if it is strict; no wider, if it lets."""
        if rows > 1 or key in ("condition", "assume"):
            return False
        if was["relation"] in TOGETHER:
            if now["relation"] not in TOGETHER:
                return False
            was, now = now, was
        if key == "when":
            conditions = was["condition"] or now["condition"]
            return not conditions and implies(was["when"], now["when"])
        return not now[key] or (bool(was[key]) and set(was[key]) <= set(now[key]))


_STRICTNESS = {
    PairRelation.AVOID: 0,
    PairRelation.SEPARATE_BY_WEEKS: 1,
    PairRelation.ORDER_BEFORE: 1,
    PairRelation.SAME_SESSION_OK: 2,
    PairRelation.SAME_SESSION_SYNERGY: 3,
}
_SKIN = ("I", "II", "III", "IV", "V", "VI")
_SKIN_WORDS = ("safe", "not known", "with care", "avoid")


def _skin_rank(said: dict | None, name: str) -> int:
    words = ("safe", None, "caution", "avoid")
    found = next((word for word in words if word and name in (said or {}).get(word, ())), None)
    return words.index(found)


def _way_of(constant: str) -> str | None:
    """Which way a constant is unsafe; None where it is no matter of safety."""
    family = constant.partition(".")[0]
    way = CONSTANTS.get(constant) or CONSTANTS.get(family)
    return way or (None if family in EFFECT_ONLY else EITHER)


def _is_everywhere(row: dict) -> bool:
    narrow = ("when", "condition", "assume", *SCOPE)
    return not any(row[key] for key in narrow)


def _days(question: dict) -> str:
    days = question["expires_days"]
    return "for ever" if days is None else f"{days} days"
