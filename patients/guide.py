"""The decision rule for the type of a lesion, as questions asked one at a time.

What follows from the answers is judged by `classifying.classify` and its definition in the
catalogue; here stand only the questions, and which answer says what.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from patients import classifying


@dataclass(frozen=True)
class Choice:
    code: str
    words: str
    tells: tuple[tuple[str, object], ...] = ()  # of the lesion, by the names of the rule


@dataclass(frozen=True)
class Step:
    code: str
    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Answered:
    step: Step
    choice: Choice
    again: str  # the query that asks this question once more


@dataclass(frozen=True)
class Walk:
    """How far the answers lead: the next question with its ways on, or the type."""

    answered: tuple[Answered, ...]
    step: Step | None
    ways: tuple[tuple[Choice, str], ...]
    type: str | None
    notes: tuple[str, ...] = ()


def yes_no(name: str, yes: str, no: str) -> tuple[Choice, ...]:
    return Choice("yes", yes, ((name, True),)), Choice("no", no, ((name, False),))


def steps(rule: Mapping) -> dict[str, Step]:
    """By the name of what the rule asks for; lengths are those of its definition."""
    deep, papule = _mm(rule["boxcar_deep_from_mm"]), _mm(rule["papular_up_to_mm"])
    less, more = Decimal("0.1"), Decimal("1")
    found = (
        Step(
            "palpable",
            "Felt with the eyes closed?",
            yes_no("palpable", "Yes, I can feel it", "No, it is only a colour"),
        ),
        Step(
            "colour",
            "Which colour?",
            (
                Choice("brown", "Brown or dark", (("colour", "brown"),)),
                Choice("red", "Pink, red or violet", (("colour", "red"),)),
                Choice("pale", "Paler than the skin", (("colour", "pale"),)),
            ),
        ),
        Step(
            "raised",
            "Above or below the skin around it?",
            yes_no("raised", "Raised", "A dip, or level with it"),
        ),
        Step(
            "beyond_original_outline",
            "Does it grow beyond the outline of the first lesion?",
            yes_no("beyond_original_outline", "Yes, beyond it", "No, it stays inside"),
        ),
        Step(
            "width_mm",
            f"How wide is the bump? Up to {papule} mm on nose or chin it is papular.",
            (
                Choice("small", f"Up to {papule} mm", (("width_mm", papule),)),
                Choice("large", f"Over {papule} mm", (("width_mm", papule + more),)),
            ),
        ),
        Step(
            "complex",
            "A band of skin over a gap, or a tunnel beneath the skin?",
            (
                Choice("none", "Neither", (("band", False), ("tract", False))),
                Choice("band", "A band over a gap", (("band", True),)),
                Choice("tract", "A tunnel", (("tract", True),)),
            ),
        ),
        Step(
            "wall",
            "Sharp wall?",
            (
                Choice("sharp", "Sharp, steep edge", (("wall", "sharp"),)),
                Choice("sloping", "Sloping, no clear edge", (("wall", "sloping"),)),
            ),
        ),
        Step(
            "base",
            "Flat base?",
            (
                Choice("flat", "Flat bottom", (("base", "flat"),)),
                Choice("pointed", "Narrows to a point", (("base", "pointed"),)),
            ),
        ),
        Step(
            "depth_mm",
            "How deep?",
            (
                Choice("shallow", f"Less than {deep} mm", (("depth_mm", deep - less),)),
                Choice("deep", f"{deep} mm or more", (("depth_mm", deep),)),
                Choice("unknown", "Cannot be told"),
            ),
        ),
    )
    return {step.code: step for step in found}


def walk(answers: Mapping[str, str], scale: Mapping, place: str = "") -> Walk:
    """Follow the rule as far as the answers go; what nobody asked for is not listened to."""
    known = steps(scale["definition"])
    lesion: dict = {"region": place}
    given: list[Answered] = []
    while True:
        result = classifying.classify(lesion, scale)
        step = _next(result, known, [one.step.code for one in given])
        if step is None:
            return Walk(tuple(given), None, (), result["type"], _notes(result, place))
        query = _query(given, place)
        choice = next((one for one in step.choices if one.code == answers.get(step.code)), None)
        if choice is None:
            ways = tuple((one, _with(query, step, one)) for one in step.choices)
            return Walk(tuple(given), step, ways, None)
        lesion |= dict(choice.tells)
        given.append(Answered(step, choice, urlencode(query)))


def _next(result, known, asked) -> Step | None:
    """The question that the rule needs answered; before the wall, what is neither dip nor bump."""
    wanted = next((code for code in result["ask"] if code in known), None)
    if wanted is None or wanted in asked:
        return None
    if wanted == "wall" and "complex" not in asked:
        return known["complex"]
    return known[wanted]


def _notes(result, place) -> tuple[str, ...]:
    notes = []
    if result["type"] == "hypertrophic" and not place:
        notes.append("A small one on the nose or the chin is papular: choose the region first.")
    if result["type"] == "boxcar_unspecified":
        notes.append("The depth stays open and is asked for until it is recorded.")
    if (result["type"] or "").startswith("mark_"):
        notes.append("A mark is a matter of colour, and no scar.")
    return tuple(notes)


def _query(given, place) -> dict[str, str]:
    answers = {one.step.code: one.choice.code for one in given}
    return ({"place": place} if place else {}) | answers


def _with(query, step, choice) -> str:
    return urlencode(query | {step.code: choice.code})


def _mm(number) -> Decimal:
    return Decimal(str(number)).normalize() + 0
