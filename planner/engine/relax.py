"""When nothing fits: the smallest sets of wishes to relax. And what a treatment would still add."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from math import ceil

from clinic.catalogue.terms import Effect, ScarType
from planner.engine.catalogue import Strategy
from planner.engine.compose import Block, solve_block
from planner.engine.desk import Candidate, Desk
from planner.engine.effect import Dose, range_of
from planner.engine.explain import listed
from planner.engine.problem import problem_of
from planner.engine.values import NoPlan, Proposal, Wishes

NOTHING = Wishes()
UNTREATED = "untreated"  # in a way out: scars that it has no treatment for
FREE = {
    "improvement": 0.2,
    "downtime": 0.0,
    "cost": 0.0,
    "visits": 0.0,
    "weeks": 0.0,
    "pigment": 0.0,
}
SPARING = {
    "max_downtime_days": {"downtime": 1.0},
    "budget": {"cost": 5.0},
    "max_visits": {"visits": 5.0},
    "finish_by": {"weeks": 2.0},
    "no_needles": {},
}
WORDS = {
    "max_downtime_days": "accept {} days of downtime",
    "budget": "raise the budget to {}",
    "max_visits": "come for {} visits",
    "finish_by": "allow until {}",
    "no_needles": "accept needles",
    UNTREATED: "leave {} untreated",
}


def no_plan(desk: Desk) -> NoPlan:
    """Why there is no plan, and the smallest ways out of it.

    A way that leaves scars untreated stands beside the smallest that leaves none.
    """
    held = [c for c in desk.candidates if c.out and c.out.kind in ("rule", "skin_type", "late")]
    set_wishes = _set(desk.case.wishes)
    ways: list[tuple] = []
    for size in range(1, len(set_wishes) + 1):
        found = [way for n in combinations(sorted(set_wishes), size) for way in _ways(desk, n)]
        treating = [way for way in found if UNTREATED not in dict(way)]
        ways += treating if ways else found
        if treating:
            break
    if ways:
        text = "Nothing fits all of the patient's wishes. To get a plan: " + "; or ".join(
            " and ".join(_in_words(name, to) for name, to in way) for way in ways
        )
        return NoPlan(text + ".", tuple(ways))
    if held:
        return NoPlan(_what_holds_most(held, len(desk.candidates)))
    if not desk.candidates:
        return NoPlan("No treatment of the catalogue is indicated for the scars recorded.")
    return NoPlan("The treatments open here would add too little for what they take.")


def _what_holds_most(held: list[Candidate], of: int) -> str:
    """The reason that rules out most treatments, of equal ones the strongest, and how many."""
    reasons: dict[tuple, list] = {}
    for candidate in held:
        hits = {hit for verdict in candidate.verdicts.values() for hit in verdict.holding}
        keys = {(Effect(hit.effect).rank, _reason(hit)) for hit in hits}
        for key in keys or {(len(Effect), candidate.out.text)}:
            reasons.setdefault(key, []).append(candidate.row.name)
    (_, text), names = min(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    who = "all treatments for these scars" if len(names) == of else listed(names)
    if of > len(names) > 3:
        who = f"{len(names)} of the {of} treatments for these scars"
    return f"Nothing may be planned now. {text} This holds back {who}."


def _reason(hit) -> str:
    until = f" {hit.until:%d-%b-%Y}" if hit.effect == Effect.DELAY and hit.until else ""
    return f"{Effect(hit.effect).label}{until}: {hit.text}"


def _set(wishes: Wishes) -> list[str]:
    return [name for name in SPARING if getattr(wishes, name) != getattr(NOTHING, name)]


def _ways(desk: Desk, names: tuple[str, ...]) -> list[tuple]:
    """What these wishes would have to become, if giving them up alone helps.

    Where it does not, beside which scars left without their first choice it would: the fewest.
    """
    freed = replace(desk.case.wishes, **{name: getattr(NOTHING, name) for name in names})
    other = Desk(replace(desk.case, wishes=freed), desk.catalogue)
    weights = dict(FREE)
    for name in names:
        weights.update(SPARING[name])
    strategy = Strategy("", "", "", weights, 0.0, 0.0, False, 0)
    problem = problem_of(other)
    least = round(100 * desk.catalogue.constant("plan.min_gain"))
    for size in range(len(problem.required) + 1):
        ways = []
        for dropped in combinations(problem.required, size):
            kept = tuple(demand for demand in problem.required if demand not in dropped)
            fewer = replace(problem, required=kept, known={})
            block, _ = solve_block(other, fewer, strategy, floor=least)
            if block:
                way = tuple((name, _needed(other, problem, block, name)) for name in names)
                left = _left(other, block) if dropped else ""
                ways.append((*way, (UNTREATED, left)) if left else way)
        if ways:
            return list(dict.fromkeys(ways))
    return []


def _left(desk: Desk, block: Block) -> str:
    """The scars that a block does nothing for, by type and region."""
    left: dict = {}
    for group in desk.case.findings:
        doses = (dose for dose in block.doses if dose.place == group.place)
        if not any(desk.effect.step(dose.treatment, group.scar_type) for dose in doses):
            label = ScarType(group.scar_type).label.lower()
            left.setdefault(label, set()).add(desk.region(group.place).name)
    return listed(
        f"the {label} scars ({', '.join(sorted(names))})" for label, names in sorted(left.items())
    )


def _needed(desk: Desk, problem, block, name: str):
    options = [(problem.by_code[code], count) for code, count in block.choice.sessions]
    if name == "max_downtime_days":
        return max(option.downtime for option, _ in options)
    if name == "budget":
        cents = sum(o.cents * (1 if o.by_course else n) for o, n in options)
        return Decimal(ceil(cents / 100)).quantize(Decimal("0.01"))
    if name == "max_visits":
        days = {day for _, days in block.placed.days for day in days}
        extra = sum(o.extra_visits * n + o.once_visits for o, n in options)
        return len(days) + extra + problem.other_visits
    if name == "finish_by":
        healed = max(dict(block.placed.days)[p.key][-1] + p.downtime for p in block.pieces)
        return desk.case.on + timedelta(days=healed)
    return False


def _in_words(name: str, to) -> str:
    return WORDS[name].format(f"{to:%d-%b-%Y}" if name == "finish_by" else to)


def gain_of(desk: Desk, candidate: Candidate, places, base: Proposal | None) -> tuple[float, float]:
    """Change of the expected improvement if a usual course were put into the base proposal.

    Beside it, or in place of what it excludes there, whichever is more: a pair to avoid always
    makes room, one more method of a mechanism need not.
    """
    doses, joints = _doses(desk, base)
    rivals = {}
    for code in sorted({dose.treatment for dose in doses}):
        rule = desk.rule_between(code, candidate.code, places)
        if rule.never:
            rivals[code] = rule.avoid
    must_go = {code for code, avoid in rivals.items() if avoid}
    before = range_of(desk.case, desk.effect, doses, joints)
    ways = [
        _change(desk, candidate, places, doses, joints, gone, before)
        for gone in ([must_go] if must_go == set(rivals) else [must_go, set(rivals)])
    ]
    return max(ways, key=lambda gain: gain[1])


def _change(desk, candidate: Candidate, places, doses, joints, gone, before) -> tuple[float, float]:
    kept = tuple(dose for dose in doses if dose.treatment not in gone)
    added = tuple(Dose(candidate.code, place, candidate.row.course[1]) for place in places)
    rest = tuple(joint for joint in joints if not {joint.a, joint.b} & gone)
    after = range_of(desk.case, desk.effect, kept + added, rest)
    low, high = sorted(round(b - a, 3) for a, b in zip(before, after, strict=True))
    return low, high


def _doses(desk: Desk, base: Proposal | None) -> tuple:
    if base is None:
        return (), ()
    from planner.engine.build import Given
    from planner.engine.protocols import doses_of

    visits = [
        Given(s.day, s.block, tuple((t.treatment, t.places) for t in s.steps))
        for s in base.sessions
        if s.steps
    ]
    return doses_of(desk, visits)
