"""How much better the scars are expected to be, as a range, and for how long.

A session leaves 1 - r of the treatable part of a group's load; in logarithms it adds a step. The
same treatment again does the same thing again, so every further session adds only a part of the
one before, and a course runs into a plateau of its own. Treatments of one mechanism overlap: only
the strongest counts in full. A published synergy adds a part of the weaker partner. Every constant
is a calibration row of the catalogue; docs/expected.md tells how they were fitted and how far off
they are.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log

from planner.engine.catalogue import Catalogue, Treatment
from planner.engine.scars import indication_for, is_raised, is_unspecific, load_of, pair_word
from planner.engine.values import Case, Expectation, Group

WORDS = ((0.25, "0-25 % better"), (0.50, "26-50 % better"), (0.75, "51-75 % better"))
OVER = "over 75 % better"
MONTHS_SOON, MONTHS_LATE = 3, 12


@dataclass(frozen=True)
class Dose:
    """A treatment given `sessions` times in one place."""

    treatment: str
    place: str
    sessions: int


@dataclass(frozen=True)
class Joint:
    """Two treatments given together `sessions` times in one place, better so in `scar_types`."""

    a: str
    b: str
    place: str
    sessions: int
    scar_types: tuple[str, ...]  # pair words


class EffectModel:
    """The effect model of one catalogue."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.ceiling = catalogue.constant("ceiling")
        self.overlap = catalogue.constant("overlap")
        self.synergy = catalogue.constant("synergy")
        self.repeat = catalogue.constant("repeat", 1.0)  # older catalogues: each adds the same
        self._step = lru_cache(maxsize=None)(self._step)
        self.spread = lru_cache(maxsize=None)(self.spread)
        self.lasting = lru_cache(maxsize=None)(self.lasting)
        self.mechanism_class = lru_cache(maxsize=None)(self.mechanism_class)

    def step(self, treatment: str, scar_type: str) -> float:
        """What the first session adds to a group's logarithm; 0.0 where it does nothing."""
        return self._step(treatment, scar_type)

    def _step(self, treatment: str, scar_type: str) -> float:
        usual = max(1, self.catalogue.treatments[treatment].course[1])
        return self.course(treatment, scar_type) / self.amount(usual)

    def course(self, treatment: str, scar_type: str) -> float:
        """What its usual course adds to a group's logarithm."""
        indication = indication_for(self.catalogue.treatments[treatment], scar_type)
        if not indication or indication.effectiveness <= 0:
            return 0.0
        whole = self.catalogue.constant(f"course.{indication.effectiveness}")
        if is_unspecific(indication):
            whole *= self.catalogue.constant("unspecific")
        return -log(1 - whole)

    def amount(self, sessions: int) -> float:
        """What so many sessions of one treatment come to, in first sessions."""
        return amount(sessions, self.repeat)

    def spread(self, treatment: str, scar_type: str) -> float:
        """Half the width of the range around a step, as a share of it."""
        indication = indication_for(self.catalogue.treatments[treatment], scar_type)
        return self.catalogue.constant(f"spread.{indication.evidence if indication else 'D'}")

    def mechanism_class(self, treatment: str) -> int:
        """Treatments of one class do the same thing to a scar."""
        row = self.catalogue.treatments[treatment]
        return int(self.catalogue.constant(f"mechanism.{row.mechanism}", 9))

    def lasting(self, treatment: str, months: int) -> float:
        """The share of its effect that is left after so many months."""
        return remaining(self.catalogue.treatments[treatment], months)

    def exponent(self, scar_type: str, doses: dict, joints: dict, factor) -> float:
        """The logarithm that these doses add up to for one type in one place.

        `doses` is treatment -> sessions, `joints` (a, b) -> sessions, `factor` weighs a treatment's
        step: its range, or what time has left of it.
        """
        classes: dict = {}
        for treatment in sorted(doses):
            sessions = self.amount(doses[treatment])
            step = self.step(treatment, scar_type) * sessions * factor(treatment)
            if step:
                classes.setdefault(self.mechanism_class(treatment), []).append(step)
        total = sum(self._of_one_mechanism(steps) for steps in classes.values())
        for (a, b), sessions in sorted(joints.items()):
            weaker = min(self.step(a, scar_type) * factor(a), self.step(b, scar_type) * factor(b))
            total += self.synergy * weaker * self.amount(sessions)
        return total

    def _of_one_mechanism(self, steps: list) -> float:
        return max(steps) + self.overlap * (sum(steps) - max(steps))

    def share(self, exponent: float) -> float:
        """Improvement of a group's load, 0 to under the ceiling."""
        return self.ceiling * (1 - exp(-exponent))


def amount(sessions: int, repeat: float) -> float:
    """1 + repeat + repeat squared and so on, a term a session."""
    return float(sum(repeat**earlier for earlier in range(sessions)))


def remaining(treatment: Treatment, months: int) -> float:
    span = treatment.figure("results_last_months")
    if span.max is None:
        return 1.0
    shortest = span.min if span.min is not None else span.max
    if months <= shortest:
        return 1.0
    if months >= span.max:
        return 0.0
    return (span.max - months) / (span.max - shortest)


def in_words(improvement: float) -> str:
    return next((words for limit, words in WORDS if improvement <= limit), OVER)


def expectation(
    case: Case, catalogue: Catalogue, doses, joints=(), model: EffectModel | None = None
) -> Expectation:
    """What to expect of these doses: three months after the last session, and at a year."""
    model = model or EffectModel(catalogue)
    by_place, together = _by_place(doses), _joints_by_place(joints)
    rows = [
        _group_outcome(model, group, by_place.get(group.place, {}), together.get(group.place, {}))
        for group in case.findings
    ]
    return _sum_up(catalogue, case.findings, rows)


def range_of(case: Case, model: EffectModel, doses, joints=()) -> tuple[float, float]:
    """The expected improvement alone, low and high."""
    by_place, together = _by_place(doses), _joints_by_place(joints)
    loads = [load_of(group, model.catalogue) for group in case.findings]
    total, ends = sum(loads), [0.0, 0.0]
    for load, group in zip(loads, case.findings, strict=True):
        doses_here = by_place.get(group.place)
        if doses_here:
            mine = _helping(together.get(group.place, {}), group)
            for end, sign in enumerate((-1, 1)):
                kept = _improvement(model, group, doses_here, mine, MONTHS_SOON, sign)
                ends[end] += load * kept / total
    return ends[0], ends[1]


def _improvement(model: EffectModel, group: Group, doses, joints, months: int, sign: int) -> float:
    """One group's improvement, at an end of its range (sign -1 or 1) or in the middle (0)."""

    def factor(treatment: str) -> float:
        spread = 1 + sign * model.spread(treatment, group.scar_type) if sign else 1
        return spread * model.lasting(treatment, months)

    return model.share(model.exponent(group.scar_type, doses, joints, factor))


def middle_of(case: Case, model: EffectModel, doses, joints=()) -> float:
    """The middle of the expected improvement alone, for quick comparisons."""
    by_place, together = _by_place(doses), _joints_by_place(joints)
    loads = [load_of(group, model.catalogue) for group in case.findings]

    def factor(treatment: str) -> float:
        return model.lasting(treatment, MONTHS_SOON)

    kept = 0.0
    for load, group in zip(loads, case.findings, strict=True):
        mine = _helping(together.get(group.place, {}), group)
        doses_here = by_place.get(group.place, {})
        kept += load * model.share(model.exponent(group.scar_type, doses_here, mine, factor))
    return kept / sum(loads) if kept else 0.0


def _helping(joints: dict, group: Group) -> dict:
    """The joint sessions in a group's place that are better for its type of scar."""
    word = pair_word(group.scar_type)
    return {(a, b): n for (a, b, types), n in joints.items() if word in types}


def group_shares(case: Case, model: EffectModel, doses, joints=()) -> list[float]:
    """The expected improvement of each group, three months after the last session."""
    by_place, together = _by_place(doses), _joints_by_place(joints)
    return [
        _group_outcome(model, g, by_place.get(g.place, {}), together.get(g.place, {}))[1]
        for g in case.findings
    ]


def _by_place(doses) -> dict:
    table: dict = {}
    for dose in doses:
        place = table.setdefault(dose.place, {})
        place[dose.treatment] = place.get(dose.treatment, 0) + dose.sessions
    return table


def _joints_by_place(joints) -> dict:
    table: dict = {}
    for joint in joints:
        place = table.setdefault(joint.place, {})
        key = (joint.a, joint.b, joint.scar_types)
        place[key] = place.get(key, 0) + joint.sessions
    return table


def _group_outcome(model: EffectModel, group: Group, doses: dict, joints: dict) -> tuple:
    """(low, middle, high) soon, then (low, high) at a year, as improvements of one group."""
    if not doses:
        return (0.0,) * 5
    joints = _helping(joints, group)
    ends = [(MONTHS_SOON, sign) for sign in (-1, 0, 1)] + [(MONTHS_LATE, sign) for sign in (-1, 1)]
    return tuple(_improvement(model, group, doses, joints, *end) for end in ends)


def _sum_up(catalogue: Catalogue, groups, rows) -> Expectation:
    loads = [load_of(group, catalogue) for group in groups]
    before = sum(loads)

    def overall(index: int, chosen=None) -> float:
        picked = [i for i in range(len(groups)) if chosen is None or chosen(groups[i])]
        weight = sum(loads[i] for i in picked)
        return sum(loads[i] * rows[i][index] for i in picked) / weight if weight else 0.0

    def of(raised: bool):
        weight = sum(
            w for w, g in zip(loads, groups, strict=True) if is_raised(g.scar_type) is raised
        )
        if not weight:
            return None
        low, high = (overall(i, lambda g: is_raised(g.scar_type) is raised) for i in (0, 2))
        return _round(weight), _round(weight * (1 - high)), _round(weight * (1 - low))

    low, middle, high = (overall(index) for index in (0, 1, 2))
    places = sorted({group.place for group in groups})
    return Expectation(
        load_before=_round(before),
        load_after=(_round(before * (1 - high)), _round(before * (1 - low))),
        improvement=(_share(low), _share(high)),
        at_12_months=(_share(overall(3)), _share(overall(4))),
        words=in_words(middle),
        middle=_share(middle),
        atrophic=of(raised=False),
        raised=of(raised=True),
        regions=tuple(
            (
                place,
                _round(sum(w for w, g in zip(loads, groups, strict=True) if g.place == place)),
                tuple(_share(overall(i, lambda g, p=place: g.place == p)) for i in (0, 2)),
            )
            for place in places
        ),
    )


def _round(load: float) -> float:
    return round(load + 0.0, 1)


def _share(value: float) -> float:
    return round(value, 3)
