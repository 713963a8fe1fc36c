"""Why this, why not that, what is left: sentences first, then rules, figures and sources."""

from dataclasses import replace
from decimal import Decimal

from clinic.catalogue.terms import Effect, ScarType
from planner.engine.build import weeks
from planner.engine.compose import Course
from planner.engine.desk import Candidate, Desk
from planner.engine.effect import Dose, middle_of
from planner.engine.scars import indication_for
from planner.engine.values import Step, Untreated, Why, WhyNot

EFFECTIVENESS = (
    "no effect",
    "a small effect",
    "a moderate effect",
    "a good effect",
    "the strongest effect listed",
)


def type_name(scar_type: str) -> str:
    return ScarType(scar_type).label.lower()


def listed(words) -> str:
    words = list(words)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def why_step(desk: Desk, step: Step, also: str) -> Why:
    """What a step does for which scars, on what evidence."""
    row = desk.catalogue.treatments[step.treatment]
    rows = {t: indication_for(row, t) for t in step.scar_types}
    best = max(rows.values(), key=lambda r: (r.effectiveness, r.evidence), default=None)
    if best is None:
        return Why(f"{row.name} has no indication in these places.")
    types = listed(type_name(t) for t, r in rows.items() if r.effectiveness == best.effectiveness)
    text = f"{row.name} has {EFFECTIVENESS[best.effectiveness]} on {types} scars: {best.meaning}."
    figures = tuple(
        f"{type_name(t)}: {r.meaning} (effectiveness {r.effectiveness} of 4, evidence {r.evidence}"
        f"{'' if r.verification == 'V' else ', not verified'})"
        for t, r in sorted(rows.items())
    )
    sources = tuple(dict.fromkeys(source for r in rows.values() for source in r.sources))
    return Why(text, figures, best.evidence, sources, also)


def with_reasons(desk: Desk, sessions, course_codes) -> tuple:
    """The sessions with the reason of each step, the first time it is given."""
    seen: set = set()
    explained = []
    for session in sessions:
        steps = []
        for step in session.steps:
            also = next_best(desk, step, course_codes) if step.treatment not in seen else ""
            seen.add(step.treatment)
            steps.append(replace(step, why=why_step(desk, step, also)))
        explained.append(replace(session, steps=tuple(steps)))
    return tuple(explained)


def next_best(desk: Desk, step: Step, taken) -> str:
    """The open treatment of the same mechanism that would do most for the same scars."""
    mechanism = desk.effect.mechanism_class(step.treatment)
    rivals = []
    for candidate in desk.candidates:
        if candidate.code in taken or candidate.out is not None:
            continue
        if desk.effect.mechanism_class(candidate.code) != mechanism:
            continue
        worth = sum(desk.effect.course(candidate.code, t) for t in step.scar_types)
        if worth:
            rivals.append((-worth, candidate.row.name))
    return min(rivals)[1] if rivals else ""


def untreated(desk: Desk, doses) -> tuple[Untreated, ...]:
    """Groups that no step reaches, and why."""
    reached = {(dose.treatment, dose.place) for dose in doses}
    left = []
    for group in desk.case.findings:
        if any(
            place == group.place and desk.effect.step(treatment, group.scar_type)
            for treatment, place in reached
        ):
            continue
        left.append(Untreated(group.place, group.scar_type, _why_untreated(desk, group)))
    return tuple(sorted(set(left), key=lambda row: (row.region, row.type)))


def _why_untreated(desk: Desk, group) -> str:
    able = [
        c
        for c in desk.candidates
        if group.place in c.verdicts and desk.effect.step(c.code, group.scar_type)
    ]
    if not able:
        return f"No treatment of the catalogue is indicated for {type_name(group.scar_type)} scars."
    open_ones = [c for c in able if c.out is None and group.place in c.starts]
    if open_ones:
        names = listed(c.row.name for c in open_ones[:2])
        return f"{names} could treat them, but would add too little here for what it takes."
    first = able[0]
    if first.out:
        return f"{first.row.name}: {first.out.text}"
    return f"{first.row.name} is held back in this place: {_held_here(first, group.place)}"


def _held_here(candidate: Candidate, place: str) -> str:
    hits = candidate.verdicts[place].holding
    return hits[0].text if hits else "it could not start in time."


def why_not(desk: Desk, course: Course, expected, cost: Decimal) -> tuple[WhyNot, ...]:
    """For every treatment with an indication here that was not taken: what kept it out."""
    taken = {dose.treatment for dose in course.doses}
    reasons = []
    for candidate in desk.candidates:
        if candidate.code in taken:
            continue
        if candidate.out:
            out = candidate.out
            label = f"{Effect(out.effect).label}. " if out.effect else ""
            reasons.append(
                WhyNot(candidate.code, candidate.row.name, out.kind, label + out.text, out.rules)
            )
        else:
            reasons.append(_not_worth(desk, course, candidate, expected, cost, taken))
    return tuple(reasons)


def _not_worth(desk, course, candidate: Candidate, expected, cost, taken) -> WhyNot:
    """What taking it, in place of what it excludes, would have changed."""
    places = tuple(sorted(candidate.starts))
    excluded = [code for code in sorted(taken) if _excludes(desk, candidate, code, places)]
    kept = [dose for dose in course.doses if dose.treatment not in excluded]
    count = candidate.row.course[1]
    doses = kept + [Dose(candidate.code, place, count) for place in places]
    joints = [j for j in course.joints if not {j.a, j.b} & set(excluded)]
    then = middle_of(desk.case, desk.effect, doses, joints)
    gain = round(then - expected.middle, 3)
    price = desk.price(candidate.row, places)
    extra = price * (1 if candidate.row.price_unit == "course" else count)
    for code in excluded:
        extra -= _cost_of(desk, course, code)
    change = f"{gain * 100:+.0f} percentage points and {extra:+.0f} in cost"
    names = listed(desk.catalogue.name_of(code) for code in excluded)
    besides = (
        f"In place of {names}, {count} session(s)"
        if excluded
        else f"{count} session(s) besides the plan"
    )
    kind, rules, reason = _what_stands_against(desk, course, candidate, cost + extra, excluded)
    text = f"{besides} would mean {change}{reason}."
    return WhyNot(candidate.code, candidate.row.name, kind, text, rules, gain, extra)


def _what_stands_against(desk, course, candidate: Candidate, cost: Decimal, excluded) -> tuple:
    """(kind, rules, words) of what kept an open treatment out, as far as it can be told."""
    wishes, aim = desk.case.wishes, course.strategy
    if aim and aim.exclude_device and desk.is_device(candidate.row):
        return "worth", (), "; it needs a device, and this aim does without devices"
    if wishes.budget is not None and cost > wishes.budget:
        return "wish", ("budget",), f": more than the budget of {wishes.budget:f}"
    if excluded:
        return "pair", (), ""
    if wishes.max_visits is not None or wishes.finish_by is not None:
        reason = ": not worth it under this aim, or not possible in the visits and the time wished"
        return "worth", (), reason
    return "worth", (), ": not worth it under this aim"


def _excludes(desk: Desk, candidate: Candidate, code: str, places) -> bool:
    fields = {desk.catalogue.field_of(place) for place in places}
    row = next((c for c in desk.candidates if c.code == code), None)
    common = [p for p in (row.starts if row else ()) if desk.catalogue.field_of(p) in fields]
    return bool(common) and desk.rule_between(candidate.code, code, common).never


def _cost_of(desk: Desk, course: Course, code: str) -> Decimal:
    total = Decimal(0)
    for block in course.blocks:
        for piece in block.pieces:
            if piece.treatment == code:
                row = desk.catalogue.treatments[code]
                total += desk.price(row, piece.places) * piece.sessions
    return total


def sentence(desk: Desk, sessions, expected, totals: dict) -> str:
    """One plain sentence about a whole proposal."""
    counts: dict = {}
    for session in sessions:
        for step in session.steps:
            counts[step.name] = counts.get(step.name, 0) + 1
    parts = listed(f"{name} ×{n}" if n > 1 else name for name, n in counts.items())
    low, high = (round(100 * value) for value in expected.improvement)
    return (
        f"{parts} over {weeks(7 * totals['weeks'])}, {totals['visits']} visits: "
        f"{low}-{high} % better expected three months after the last session."
    )


def unknowns(desk: Desk) -> tuple[str, ...]:
    """What the prediction rests on without knowing it."""
    notes = []
    groups = desk.case.findings
    without = sorted({g.place for g in groups if _uncounted(g)})
    if without:
        names = listed(desk.catalogue.place_name(place) for place in without)
        notes.append(
            f"The number (or size) of scars was not recorded for {names}: a default counts."
        )
    if desk.case.patient.weight_kg is None:
        notes.append("Weight is not recorded: the local anaesthetic of a visit cannot be limited.")
    if desk.case.patient.fitzpatrick is None:
        notes.append("Skin type is not recorded: rules that depend on it cannot be judged.")
    return tuple(notes)


def _uncounted(group) -> bool:
    by_area = group.scar_type in (ScarType.HYPERTROPHIC, ScarType.KELOID)
    return group.area_cm2 is None if by_area else group.count is None and not group.count_band
