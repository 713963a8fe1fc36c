"""A condition put together from choices: nodes as people see them, and as a form sends them.

Pure. `Node.of(condition)` and `node.condition(facts)` go there and back without loss; `Node.typed`
reads what a form sent, complete or not, and `faults` says what is wrong beside each field. The
names of the fields of a node are its own name with `-k` (kind), `-fact`, `-op`, `-v` (values) and
`-unit`; its parts are called NAME-0, NAME-1 and so on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import takewhile
from math import isfinite

from clinic.catalogue import conditions
from clinic.catalogue.checks import as_number
from clinic.catalogue.conditions import DEEPEST, WIDEST

NONE, ALL, ANY, NOT, FACT = "none", "all", "any", "not", "fact"
GROUPS = (ALL, ANY)


@dataclass(frozen=True)
class Comparison:
    """How a fact is compared: the operator of the condition, and what is filled in beside it."""

    words: str
    operator: str
    takes: str = ""  # one, many or span; nothing where `fixed` is the value
    fixed: bool | None = None


RECORDED = {
    "recorded": Comparison("is recorded", "known", fixed=True),
    "missing": Comparison("is not recorded", "known", fixed=False),
}
CHOICE = {
    "eq": Comparison("is", "eq", "one"),
    "in": Comparison("is one of", "in", "many"),
    **RECORDED,
}
COMPARISONS: dict[str, dict[str, Comparison]] = {
    "yes_no": {
        "yes": Comparison("is yes", "eq", fixed=True),
        "no": Comparison("is no", "eq", fixed=False),
        **RECORDED,
    },
    "date": {"within": Comparison("was within the last", "within", "span"), **RECORDED},
    "number": {
        "ge": Comparison("is at least", "ge", "one"),
        "gt": Comparison("is over", "gt", "one"),
        "le": Comparison("is at most", "le", "one"),
        "lt": Comparison("is under", "lt", "one"),
        **CHOICE,
    },
    "choice": CHOICE,
    "country": CHOICE,
    "set": {
        "in": Comparison("has one of", "in", "many"),
        "eq": Comparison("has", "eq", "one"),
        **RECORDED,
    },
    "text": RECORDED,
    "regions": RECORDED,
}


# ---- what can be asked


@dataclass(frozen=True)
class Asked:
    """A fact as the list of choices shows it."""

    name: str
    label: str
    group: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    question: str = ""


BUILT_IN_GROUPS = {"patient": "Patient", "clinic": "Clinic"}
PATIENT = {
    "patient.age": ("years", 0, 120),
    "patient.fitzpatrick": ("", 1, 6),
    "patient.weight_kg": ("kg", 0, 400),
}


class Vocabulary:
    """The facts of one catalogue, in the order of its questions, with units and limits."""

    def __init__(self, questions: Iterable[dict], regions: Iterable[dict] = ()):
        questions = list(questions)
        self.facts = conditions.facts_of(questions, regions)
        self.asked = {one.name: one for one in (*self._built_in(), *self._answers(questions))}

    def _built_in(self) -> Iterator[Asked]:
        for name, fact in conditions.built_in().items():
            unit, low, high = PATIENT.get(name, ("", None, None))
            group = BUILT_IN_GROUPS.get(name.partition(".")[0], "Scars, marks and place")
            yield Asked(name, "weight" if unit == "kg" else fact.label, group, unit, low, high)

    def _answers(self, questions) -> Iterator[Asked]:
        for question in sorted(questions, key=lambda row: (row.get("order", 0), row["code"])):
            here = " (in the place treated)" if question.get("regional") else ""
            for part in question["parts"]:
                name, label = question["code"], conditions.spaced(question["code"])
                if part.get("code"):
                    name, label = f"{name}.{part['code']}", f"{label}: {spaced_name(part['code'])}"
                limits = part.get("unit") or "", part.get("min"), part.get("max")
                yield Asked(name, label + here, question["group"], *limits, question["text"])

    def groups(self) -> dict[str, list[Asked]]:
        found: dict[str, list[Asked]] = {}
        for one in self.asked.values():
            found.setdefault(one.group, []).append(one)
        return found

    def dates(self) -> list[Asked]:
        return [one for one in self.asked.values() if self.kind(one.name) == "date"]

    def kind(self, name: str) -> str:
        return self.facts[name].kind if name in self.facts else ""

    def comparisons(self, name: str) -> dict[str, Comparison]:
        return COMPARISONS.get(self.kind(name), {})

    def choices(self, name: str) -> list[tuple[str, str]]:
        """The values that a fact is chosen from; none where they are typed."""
        if name == "patient.fitzpatrick":
            return [(str(kind.value), kind.name) for kind in conditions.Phototype]
        known = self.facts.get(name)
        return [
            (str(code), label or spaced_name(str(code))) for code, label in known.choices.items()
        ]


def spaced_name(name: str) -> str:
    return conditions.spaced(name).replace(".", ": ")


# ---- a condition as nodes


@dataclass
class Node:
    kind: str = FACT
    parts: list["Node"] = field(default_factory=list)
    fact: str = ""
    op: str = ""
    values: list[str] = field(default_factory=list)
    unit: str = "months"

    @classmethod
    def of(cls, condition: dict | None) -> "Node":
        if condition is None:
            return cls(NONE)
        for kind in GROUPS:
            if kind in condition:
                return cls(kind, [cls.of(part) for part in condition[kind]])
        if NOT in condition:
            return cls(NOT, [cls.of(condition[NOT])])
        return cls._of_fact(condition)

    @classmethod
    def _of_fact(cls, condition: dict) -> "Node":
        operator = next(key for key in condition if key != "fact")
        node, value = cls(fact=condition["fact"]), condition[operator]
        if operator == "within":
            [(node.unit, length)] = value.items()
            node.op, node.values = "within", [str(length)]
        elif operator == "known":
            node.op = "recorded" if value else "missing"
        elif isinstance(value, bool):
            node.op = "yes" if value else "no"
        else:
            node.op = operator
            node.values = [str(one) for one in (value if isinstance(value, list) else [value])]
        return node

    @classmethod
    def typed(cls, data, name: str, depth: int = 0) -> "Node":
        """What a form sent under `name`; a fact with the comparison of another takes its first."""
        kind = data.get(f"{name}-k", NONE)
        if kind not in (ALL, ANY, NOT, FACT) or depth > DEEPEST:
            return cls(NONE)
        parts = cls._typed_parts(data, name, depth) if kind != FACT else []
        if kind == NOT and len(parts) != 1:
            return cls(ALL, parts) if parts else cls(NONE)
        unit = data.get(f"{name}-unit", "months")
        return cls(
            kind=kind,
            parts=parts,
            fact=data.get(f"{name}-fact", ""),
            op=data.get(f"{name}-op", ""),
            values=[one.strip() for one in data.getlist(f"{name}-v") if one.strip()],
            unit=unit if unit in conditions.SPANS else "months",
        )

    @classmethod
    def _typed_parts(cls, data, name: str, depth: int) -> list["Node"]:
        # One above the limit is read too, so that it is refused and not lost.
        names = (f"{name}-{index}" for index in range(WIDEST + 1))
        there = takewhile(lambda part: f"{part}-k" in data, names)
        return [cls.typed(data, part, depth + 1) for part in there]

    def fits(self, words: Vocabulary) -> "Node":
        """The same with comparisons that its facts have; what no longer fits is let go."""
        if self.kind != FACT:
            return replace(self, parts=[part.fits(words) for part in self.parts])
        known = words.comparisons(self.fact)
        if known and self.op not in known:
            return replace(self, op=next(iter(known)), values=[])
        choices = dict(words.choices(self.fact)) if known else {}
        if choices and not set(self.values) <= set(choices):
            return replace(self, values=[one for one in self.values if one in choices])
        return self

    def condition(self, words: Vocabulary) -> dict | None:
        if self.kind == NONE:
            return None
        if self.kind in GROUPS:
            return {self.kind: [part.condition(words) for part in self.parts]}
        if self.kind == NOT:
            return {NOT: self.parts[0].condition(words)}
        how = words.comparisons(self.fact).get(self.op)
        return {"fact": self.fact, how.operator: self._value(how, words.kind(self.fact))}

    def _value(self, how: Comparison, kind: str):
        if how.fixed is not None:
            return how.fixed
        if how.takes == "span":
            return {self.unit: _number("".join(self.values))}
        if kind in ("number", "country"):
            values = [one.strip() for typed in self.values for one in typed.split(",")]
            values = [_number(one) if kind == "number" else one for one in values if one]
        else:
            values = list(self.values)
        return values if how.takes == "many" else values[0] if values else ""

    # -- what is wrong with it

    def faults(self, words: Vocabulary, path: tuple = ()) -> Iterator[tuple[tuple, str]]:
        """Pairs of a place, which is the way to a node and its field, and what is wrong there."""
        if self.kind == FACT:
            yield from self._faults_of_fact(words, path)
        elif self.kind in GROUPS and not self.parts and (path or self.kind == ANY):
            yield (*path, ""), "Add a condition to this group, or take the group away."
        elif self.kind == NONE and path:
            yield (*path, ""), "Say what must hold here, or take this away."
        elif len(self.parts) > WIDEST:
            yield (*path, ""), f"A group holds {WIDEST} at the most; move some into another group."
        for index, part in enumerate(self.parts):
            yield from part.faults(words, (*path, index))

    def _faults_of_fact(self, words: Vocabulary, path: tuple):
        if not self.fact:
            yield (*path, "fact"), "Choose what is asked."
            return
        if self.fact not in words.facts:
            yield (*path, "fact"), "No question asks this any more; choose another."
            return
        how = words.comparisons(self.fact).get(self.op)
        if how is None:
            yield (*path, "op"), "This comparison does not fit what is asked; choose another."
        elif how.takes and not self.values:
            yield (*path, "v"), "Choose at least one." if how.takes == "many" else "Give a value."
        elif reason := self._refused(how, words):
            yield (*path, "v"), reason

    def _refused(self, how: Comparison, words: Vocabulary) -> str:
        value = self.condition(words)[how.operator]
        for _, reason in conditions.problems(self.condition(words), words.facts):
            plain = f"{reason[:1].upper()}{reason[1:]}."
            return PLAINER.get((words.kind(self.fact), how.takes), plain)
        asked = words.asked.get(self.fact)
        numbers = value if isinstance(value, list) else [value]
        if asked and words.kind(self.fact) == "number" and how.takes:
            for one in numbers:
                if _outside(one, asked.low, asked.high):
                    return f"This is asked {_between(asked)}."
        return ""


PLAINER = {
    ("number", "one"): "Give a number, such as 6 or 3.5.",
    ("number", "many"): "Give numbers with commas between them, such as 1, 2.",
    ("date", "span"): "Give a whole number, 0 or more. 100 years are the most.",
    ("country", "one"): "Give a country's ISO code, such as DE or GB-ENG.",
    ("country", "many"): "Give ISO codes of countries with commas between, such as DE, GB-ENG.",
}


def _number(text: str) -> int | float | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return as_number(value) if isfinite(value) else text


def _outside(value, low, high) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _between(asked: Asked) -> str:
    unit = f" {asked.unit}" if asked.unit else ""
    if asked.low is None or asked.high is None:
        end = f"up to {asked.high:g}" if asked.low is None else f"from {asked.low:g}"
        return end + unit
    return f"from {asked.low:g} to {asked.high:g}{unit}"


# ---- taking it apart and putting it together


def changed(root: Node, deed: str, path: list[int]) -> Node:
    """The tree after a button on the node that `path` leads to; a way to nowhere changes nothing.

    `add` a condition inside a group or beside one condition, `nest` a group inside a group or
    around one condition, `not` before it or away again, `drop`.
    """
    if not path:
        return DEEDS[deed](root)
    inside = [
        changed(part, deed, path[1:]) if index == path[0] else part
        for index, part in enumerate(root.parts)
    ]
    inside = [part for part in inside if part.kind == FACT or part.parts]
    return Node(NONE) if root.kind == NOT and not inside else replace(root, parts=inside)


def _add(node: Node) -> Node:
    if len(node.parts) > WIDEST:
        return node
    if node.kind in GROUPS:
        return replace(node, parts=[*node.parts, Node()])
    return Node() if node.kind == NONE else Node(ALL, [node, Node()])


def _nest(node: Node) -> Node:
    if len(node.parts) > WIDEST:
        return node
    if node.kind in GROUPS:
        other = ANY if node.kind == ALL else ALL
        return replace(node, parts=[*node.parts, Node(other, [Node(), Node()])])
    return Node(ANY, [Node(), Node()] if node.kind == NONE else [node, Node()])


def _not(node: Node) -> Node:
    return node.parts[0] if node.kind == NOT else Node(NOT, [node])


DEEDS = {"add": _add, "nest": _nest, "not": _not, "drop": lambda node: Node(NONE)}
