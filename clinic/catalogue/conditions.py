"""What a condition may say, and how it reads as a sentence (docs/catalogue.md, Conditions).

Pure: values in, values out. Whether a condition holds for a patient is the planner's to judge.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isfinite

from clinic.catalogue.terms import MarkType, Phototype, ScarType, Sex

ORDERED = {"eq", "in", "lt", "le", "gt", "ge", "known"}
OPERATORS_OF = {
    "yes_no": {"eq", "known"},
    "date": {"within", "known"},
    "number": ORDERED,
    "choice": {"eq", "in", "known"},
    "set": {"eq", "in", "known"},
    "text": {"known"},
    "regions": {"known"},
    "country": {"eq", "in", "known"},
}
OPERATORS = frozenset().union(*OPERATORS_OF.values())
SPANS = ("days", "weeks", "months")
LONGEST = {"days": 36_525, "weeks": 5_218, "months": 1_200}  # 100 years; dates end at some point
LOGIC = ("all", "any", "not")
DEEPEST = 6  # groups inside groups; nobody reads further
WIDEST = 40  # parts of one group


@dataclass(frozen=True)
class Fact:
    """What a condition may ask about; `choices` are codes with their labels."""

    kind: str
    label: str
    choices: dict = field(default_factory=dict)
    question: str = ""


def built_in(regions: Iterable[dict] = ()) -> dict[str, Fact]:
    scar_types = dict(ScarType.choices())
    marks = {f"marks.{mark}": Fact("yes_no", f"{mark.label} in the region") for mark in MarkType}
    return {
        "patient.age": Fact("number", "age"),
        "patient.sex": Fact("choice", "sex", dict(Sex.choices())),
        "patient.fitzpatrick": Fact("number", "skin type"),
        "patient.weight_kg": Fact("number", "weight in kg"),
        **marks,
        "face.marks_only": Fact("yes_no", "marks only, no scar"),
        "face.scar_types": Fact("set", "scars of the face", scar_types),
        "scar.type": Fact("set", "scar", scar_types),
        "region": Fact("choice", "region", {row["code"]: row["name"] for row in regions}),
        "clinic.country": Fact("country", "country"),
    }


def facts_of(questions: Iterable[dict], regions: Iterable[dict] = ()) -> dict[str, Fact]:
    """Every fact that a condition may name, by name; malformed questions feed none."""
    facts = built_in(regions)
    for question in questions:
        parts = _mappings(question.get("parts"))
        for part in parts:
            name = f"{question['code']}.{part['code']}" if part.get("code") else question["code"]
            facts[name] = _answer(question, part)
        if parts:
            facts.setdefault(question["code"], _answer(question, parts[0]))
    return facts


def _mappings(rows) -> list[dict]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _answer(question: dict, part: dict) -> Fact:
    choices = _mappings(part.get("choices"))
    labels = {str(choice.get("code")): choice.get("label") for choice in choices}
    kind = part.get("kind") if str(part.get("kind")) in OPERATORS_OF else "text"
    return Fact(kind, spaced(part.get("code") or question["code"]), labels, question["code"])


def spaced(code: str) -> str:
    return code.replace("_", " ")


def leaves(condition: dict | None) -> Iterator[dict]:
    """Every comparison inside a condition."""
    if condition is None:
        return
    if "fact" in condition:
        yield condition
    for part in (*condition.get("all", ()), *condition.get("any", ()), condition.get("not")):
        yield from leaves(part)


# ---- what is wrong with a condition


def problems(condition, facts: dict[str, Fact], path: tuple = ()) -> Iterator[tuple[tuple, str]]:
    """Pairs of where (inside the condition) and what."""
    if not isinstance(condition, dict) or not condition:
        yield path, "a condition is {fact: ..., eq: ...}, or {all|any|not: ...}"
        return
    logic = [key for key in LOGIC if key in condition]
    if sum(step in LOGIC for step in path) > DEEPEST:
        yield path, f"conditions stand inside each other {DEEPEST} deep at the most"
    elif not logic:
        yield from _problems_of_fact(condition, facts, path)
    elif len(condition) > 1:
        others = ", ".join(sorted(map(str, set(condition) - {logic[0]})))
        yield path, f"{logic[0]} stands alone in its braces, without {others}"
    elif logic[0] == "not":
        yield from problems(condition["not"], facts, (*path, "not"))
    else:
        yield from _problems_of_list(condition[logic[0]], facts, (*path, logic[0]))


def _problems_of_list(parts, facts, path):
    """`all: []` always holds; `any: []` would never do, which nobody means."""
    if not isinstance(parts, list) or (path[-1] == "any" and not parts):
        yield path, f"{path[-1]} needs a list of conditions"
        return
    if len(parts) > WIDEST:
        yield path, f"{path[-1]} holds {WIDEST} conditions at the most; make groups of them"
    for index, part in enumerate(parts):
        yield from problems(part, facts, (*path, index))


def _problems_of_fact(condition, facts, path):
    name = condition.get("fact")
    operators = [key for key in condition if key != "fact"]
    if name is None:
        yield path, f"unknown key {operators[0]}: a condition starts with fact, all, any or not"
    elif str(name) not in facts:
        yield (*path, "fact"), f"no question feeds the fact {name}"
    elif len(operators) != 1:
        yield path, "a comparison has exactly one operator"
    elif operators[0] not in OPERATORS:
        yield (*path, operators[0]), f"unknown operator {operators[0]}"
    else:
        operator, fact = operators[0], facts[name]
        if reason := _refused(fact, name, operator, condition[operator]):
            yield (*path, operator), reason


def _refused(fact: Fact, name: str, operator: str, value) -> str | None:
    allowed = OPERATORS_OF[fact.kind]
    if operator not in allowed:
        kind = spaced(fact.kind)
        return f"{operator} does not fit {name} ({kind}); use {' or '.join(sorted(allowed))}"
    if operator == "known":
        return None if isinstance(value, bool) else "known is true or false"
    if operator == "within":
        return span_refused(value)
    if operator == "in":
        if not isinstance(value, list) or not value:
            return "in needs a list of values"
        return next((why for one in value if (why := _value_refused(fact, name, one))), None)
    return _value_refused(fact, name, value)


def _value_refused(fact: Fact, name: str, value) -> str | None:
    if fact.kind == "yes_no" and not isinstance(value, bool):
        return f"{name} is answered by true or false"
    if fact.kind == "number" and not _is_number(value):
        return f"{name} is a number"
    if fact.kind in ("choice", "set") and not (isinstance(value, str) and value in fact.choices):
        return f"{name} has no choice {value}"
    if fact.kind == "country" and not (isinstance(value, str) and value[:2].isupper()):
        return f"{name} is an ISO code such as DE or GB-ENG"
    return None


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def span_refused(span) -> str | None:
    """{days|weeks|months: N}: a whole number that is not negative."""
    if not isinstance(span, dict) or len(span) != 1 or not set(span) <= set(SPANS):
        return "a span is {days: N}, {weeks: N} or {months: N}"
    [(unit, length)] = span.items()
    if isinstance(length, bool) or not isinstance(length, int) or length < 0:
        return "a span is a whole number, not negative"
    if length > LONGEST[unit]:
        return f"a span is 100 years at the most, which is {LONGEST[unit]} {unit}"
    return None


# ---- a condition as a sentence


def words(condition: dict | None, facts: dict[str, Fact] | None = None) -> str:
    """ "isotretinoin: taking is yes, or last dose within 6 months"; "always" for no condition."""
    if condition is None:
        return "always"
    return _Sentence(facts if facts is not None else built_in()).of(condition)


class _Sentence:
    """Names a question once, where several comparisons in a row read its parts."""

    def __init__(self, facts: dict[str, Fact]):
        self.facts, self.question = facts, ""

    def of(self, condition: dict, inside: bool = False) -> str:
        if "not" in condition:
            return f"not ({self.of(condition['not'])})"
        for key, link in (("all", ", and "), ("any", ", or ")):
            if key in condition:
                parts = [self.of(part, inside=True) for part in condition[key]]
                sentence = link.join(parts) or "always"
                return f"({sentence})" if inside and len(parts) > 1 else sentence
        return self.fact(condition)

    def fact(self, condition: dict) -> str:
        name = condition["fact"]
        operator = next(key for key in condition if key != "fact")
        fact = self.facts.get(name) or Fact("text", spaced(name.partition(".")[2] or name))
        sentence = _compared(name, fact, operator, condition[operator])
        if not fact.question or "." not in name:
            self.question = fact.question
            return sentence
        before = "" if self.question == fact.question else f"{spaced(fact.question)}: "
        self.question = fact.question
        return before + sentence


def _compared(name: str, fact: Fact, operator: str, value) -> str:
    if operator == "known":
        return f"{fact.label} is {'' if value else 'not '}recorded"
    if operator == "within":
        return f"{fact.label} within {span_in_words(value)}"
    if name == "patient.fitzpatrick":
        return f"skin type {_types(operator, value)}"
    if fact.kind == "yes_no":
        return f"{fact.label} is {'yes' if value else 'no'}"
    if operator == "in":
        return f"{fact.label} is {' or '.join(_label(fact, one) for one in value)}"
    link = {"eq": "is", "lt": "under", "le": "at most", "gt": "over", "ge": "at least"}[operator]
    return f"{fact.label} {link} {_label(fact, value)}"


def _label(fact: Fact, value) -> str:
    return str(fact.choices.get(value, value))


def _types(operator: str, value) -> str:
    tests = {
        "eq": lambda kind: kind == value,
        "in": lambda kind: kind in value,
        "lt": lambda kind: kind < value,
        "le": lambda kind: kind <= value,
        "gt": lambda kind: kind > value,
        "ge": lambda kind: kind >= value,
    }
    names = [kind.name for kind in Phototype if tests[operator](kind)]
    together = len(names) > 2 and operator != "in"
    return f"{names[0]} to {names[-1]}" if together else " or ".join(names) or "none"


def span_in_words(span: dict) -> str:
    [(unit, length)] = span.items()
    return f"{length} {unit.removesuffix('s') if length == 1 else unit}"
