"""What goes into the planner's engine and what comes out: frozen values, no rows, no clock.

Money is Decimal in the clinic's currency, dates are local dates, days are counted from the first
procedure of a plan, which is day 0; visits before it (a test area) have negative days. A place is
a region with its side, written `malar.L`.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum


class _Unknown(Enum):
    """The third truth value; falsy, so that nothing unknown is taken for a yes."""

    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown.UNKNOWN


# --- facts about one patient --------------------------------------------------------


@dataclass(frozen=True)
class PatientFacts:
    """`born` gives the age on any day; `age` alone counts as the age on every day of the plan."""

    age: int | None = None
    born: date | None = None
    sex: str | None = None
    fitzpatrick: int | None = None  # 1-6
    weight_kg: float | None = None
    height_cm: float | None = None


@dataclass(frozen=True)
class Group:
    """A group of like scars in one place. None is not recorded, never nought."""

    place: str
    scar_type: str
    count: int | None = None
    count_band: str = ""
    width_mm: float | None = None
    depth_mm: float | None = None
    severity: str = ""
    distensible: bool | None = None
    area_cm2: float | None = None
    age_months: int | None = None
    secondary_type: str = ""
    active_inflammation: bool | None = None
    key: str = ""  # the caller's own handle (the lineage of a finding); not used for planning


@dataclass(frozen=True)
class MarkGroup:
    place: str
    mark_type: str  # pih, pie, hypo
    count: int | None = None
    count_band: str = ""


@dataclass(frozen=True)
class Wishes:
    """The patient's limits; None means no limit. `finish_by` binds the last procedure, healed."""

    max_downtime_days: int | None = None
    budget: Decimal | None = None
    max_visits: int | None = None
    finish_by: date | None = None
    no_needles: bool = False


@dataclass(frozen=True)
class ClinicFacts:
    """`lacks` holds codes of treatments, requirements or families that cannot be offered."""

    lacks: tuple[str, ...] = ()
    country: str = ""  # ISO code, "" when not set


@dataclass(frozen=True)
class PastTreatment:
    treatment: str
    performed_on: date | None
    places: tuple[str, ...] = ()  # empty: the whole face
    result: str = ""


@dataclass(frozen=True)
class Case:
    """Everything the engine knows about one patient.

    `answers` are pairs (question code, value), where a value is True, False, UNKNOWN, a date, a
    number, a choice's code, or a tuple of pairs (part code, value); a part `regions` holds the
    places (or bare regions) a regional answer is about. `absent` says what a question without an
    answer counts as: "unknown" or "no".
    """

    on: date
    patient: PatientFacts = PatientFacts()
    answers: tuple[tuple[str, object], ...] = ()
    absent: str = "unknown"
    findings: tuple[Group, ...] = ()
    marks: tuple[MarkGroup, ...] = ()
    wishes: Wishes = Wishes()
    clinic: ClinicFacts = ClinicFacts()
    previous: tuple[PastTreatment, ...] = ()
    id: str = ""


# --- a plan somebody wrote down, to be checked --------------------------------------


@dataclass(frozen=True)
class GivenStep:
    treatment: str
    places: tuple[str, ...]
    key: str = ""
    reason: str = ""  # the documented reason of a step that needs one


@dataclass(frozen=True)
class GivenSession:
    day: int
    steps: tuple[GivenStep, ...]
    kind: str = "procedure"
    on: date | None = None  # the date if it is fixed; else first_session_on + day


@dataclass(frozen=True)
class GivenPlan:
    sessions: tuple[GivenSession, ...]
    first_session_on: date | None = None  # default: case.on plus the longest preparation
    by_protocol: bool = False  # intervals down to the minimum are accepted


# --- what the rules say -------------------------------------------------------------


@dataclass(frozen=True)
class Hit:
    """One clause of a safety rule (or a contraindication word) that holds, or may hold.

    `until` is the first day on which it no longer holds, as far as that is known. An unknown hit
    holds or not according to the answers to `ask`.
    """

    rule: str
    effect: str  # terms.Effect
    treatment: str
    places: tuple[str, ...]
    text: str
    until: date | None = None
    until_text: str = ""
    preparation: str = ""
    lead_days: int = 0
    course_days: int | None = None
    reading_days: int | None = None
    standing: bool = False
    known: bool = True
    ask: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    verification: str = ""


@dataclass(frozen=True)
class Flag:
    """All hits of one clause over the whole case, whether or not a treatment was chosen."""

    rule: str
    effect: str
    text: str
    treatments: tuple[str, ...]
    places: tuple[str, ...]
    until: date | None = None
    until_text: str = ""
    known: bool = True
    ask: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    verification: str = ""


@dataclass(frozen=True)
class Expectation:
    """Improvement as shares of the load, 0 to under 1; pairs are (low, high)."""

    load_before: float
    load_after: tuple[float, float]
    improvement: tuple[float, float]
    at_12_months: tuple[float, float]
    words: str  # "26-50 % better"
    middle: float = 0.0
    atrophic: tuple[float, float, float] | None = None  # load before, after low, after high
    raised: tuple[float, float, float] | None = None
    regions: tuple[tuple[str, float, tuple[float, float]], ...] = ()  # place, load, improvement


# --- proposals ----------------------------------------------------------------------


@dataclass(frozen=True)
class Why:
    """Why a step was chosen: a sentence first, then what stands behind it."""

    text: str
    figures: tuple[str, ...] = ()
    evidence: str = ""
    sources: tuple[str, ...] = ()
    next_best: str = ""


@dataclass(frozen=True)
class Step:
    order: int
    treatment: str
    name: str
    places: tuple[str, ...]
    scar_types: tuple[str, ...]
    performers: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    skill: str = ""
    duration_min: int = 0
    price: Decimal = Decimal("0.00")
    downtime_days: int = 0
    needs_override: bool = False
    cautions: tuple[Hit, ...] = ()
    adjuncts: tuple[str, ...] = ()
    why: Why | None = None


@dataclass(frozen=True)
class Session:
    """A visit. `kind` is procedure, review, test_spot, test_reading or suture_removal."""

    kind: str
    day: int
    on: date
    block: int
    steps: tuple[Step, ...] = ()
    gap_min_days: int | None = None  # from the procedure visit before it
    gap_typical_days: int | None = None
    gap_max_days: int | None = None
    gap_rules: tuple[str, ...] = ()  # why this interval and this order
    numbing_min: int = 0
    procedure_min: int = 0
    recovery_min: int = 0
    cleanup_min: int = 0
    downtime_days: int = 0
    lidocaine_mg: float = 0.0
    text: str = ""

    @property
    def week(self) -> int:
        return self.day // 7


@dataclass(frozen=True)
class Preparation:
    treatment: str
    name: str
    before_session: int  # number of the session, counted from 1
    from_day: int
    to_day: int | None
    rules: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True)
class HomeCare:
    treatment: str
    name: str
    from_week: int
    text: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deferred:
    treatment: str
    until: date | None
    rules: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Untreated:
    region: str
    type: str
    why: str


@dataclass(frozen=True)
class Beside:
    """What may be given with the steps named, so many times; the planner does not choose it."""

    treatment: str
    name: str
    with_names: tuple[str, ...]
    times: int
    gain: float  # change of the expected improvement, as a share of the load
    cost: Decimal


@dataclass(frozen=True)
class WhyNot:
    """Why a treatment with an indication here is not in the plan.

    `kind` is rule, wish, clinic, skin_type, pair or worth; `effect` the rule's effect, if any.
    """

    treatment: str
    name: str
    kind: str
    text: str
    rules: tuple[str, ...] = ()
    gain: float | None = None  # change of the expected improvement, if it were taken
    cost: Decimal | None = None  # change of the cost


@dataclass(frozen=True)
class Proof:
    """What was proven: `value` and `bound` of the objective, and what they speak about."""

    optimal: bool
    value: float
    bound: float
    gap: float
    covers: str


@dataclass(frozen=True)
class Proposal:
    strategy: str
    name: str
    recommended: bool
    proof: Proof
    expected: Expectation
    sessions: tuple[Session, ...]
    first_session_on: date
    weeks: int  # from the first procedure until the last one has healed
    visits: int
    downtime_longest: int
    downtime_total: int
    cost: Decimal
    pigment_risk: float
    blocks: tuple[tuple[int, bool, Decimal], ...]  # number, firm, cost
    preparations: tuple[Preparation, ...] = ()
    home_care: tuple[HomeCare, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    untreated: tuple[Untreated, ...] = ()
    why_not: tuple[WhyNot, ...] = ()
    top_ups: tuple[tuple[str, int, Decimal], ...] = ()  # treatment, every months, cost per year
    beside: tuple[Beside, ...] = ()
    protocol: str = ""  # code of the published protocol it follows
    reported: str = ""
    sources: tuple[str, ...] = ()
    text: str = ""  # one plain sentence
    notes: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()  # questions that hold up the approval of this proposal


@dataclass(frozen=True)
class Possible:
    """A treatment that only a clinician's documented reason can bring in."""

    treatment: str
    name: str
    rules: tuple[str, ...]
    gain: tuple[float, float]
    text: str


@dataclass(frozen=True)
class Excluded:
    treatment: str
    name: str
    effect: str
    rules: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class NoPlan:
    text: str
    relax: tuple[tuple[tuple[str, object], ...], ...] = ()  # each: the (wish, to) pairs of one way


@dataclass(frozen=True)
class Suggestion:
    case_id: str
    planner_version: str
    catalogue_hash: str
    input_hash: str
    proposals: tuple[Proposal, ...] = ()
    possible_with_override: tuple[Possible, ...] = ()
    flags: tuple[Flag, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    no_plan: NoPlan | None = None
    ask: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    few: str = ""  # why fewer than three of the planner's own protocols are shown


# --- the answer to a plan that somebody wrote ---------------------------------------


@dataclass(frozen=True)
class Finding:
    """What is wrong (or to be noted) with exactly this plan.

    `kind` is safety, interval, order, same_session, lidocaine, chair_time, filler, areas, clinic,
    indication, wish or unknown; `breaks` is True where no plan may be approved like this.
    """

    kind: str
    rule: str
    effect: str
    text: str
    session: int | None = None  # index in the plan's sessions
    step: int | None = None
    breaks: bool = False
    hit: Hit | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Checked:
    findings: tuple[Finding, ...]
    expected: Expectation
    cost: Decimal
    downtime_longest: int
    downtime_total: int
    visits: int
    weeks: int
    first_session_on: date
    ask: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return not any(finding.breaks for finding in self.findings)


@dataclass(frozen=True)
class Completed:
    """A plan filled in around pinned steps.

    `proposal` holds every pinned step on its day beside what the planner added; its proof speaks of
    what was added. `checked` judges the whole, the pinned steps too. `added` is False where nothing
    more was worth its sessions, or nothing could be added; `text` says which, in one sentence.
    """

    proposal: Proposal
    checked: Checked
    added: bool
    text: str
