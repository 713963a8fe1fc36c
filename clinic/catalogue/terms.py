"""The controlled words of the field: scar types, regions' sides, phototypes, rule effects.

Standard library only, so that the planner's pure engine may import it. Labels are what a clinic
reads on screen. Which regions, treatments and rules exist is the catalogue's data, not this file's.
Sources of the definitions: docs/catalogue.md and clinic/catalogue/data.
"""

from enum import IntEnum, StrEnum


class Term(StrEnum):
    """A code with the words a clinic reads; `choices()` feeds model and form fields."""

    label: str

    def __new__(cls, code: str, label: str):
        term = str.__new__(cls, code)
        term._value_ = code
        term.label = label
        return term

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(term.value, term.label) for term in cls]


class ScarType(Term):
    """Palpable scars; a mark is never one of these."""

    ICE_PICK = "ice_pick", "Ice pick"
    BOXCAR_SHALLOW = "boxcar_shallow", "Shallow boxcar"
    BOXCAR_DEEP = "boxcar_deep", "Deep boxcar"
    BOXCAR_UNSPECIFIED = "boxcar_unspecified", "Boxcar, depth unknown"
    ROLLING = "rolling", "Rolling"
    HYPERTROPHIC = "hypertrophic", "Hypertrophic"
    KELOID = "keloid", "Keloid"
    PAPULAR = "papular", "Papular"
    ELASTOLYSIS = "elastolysis", "Elastolysis"
    BRIDGE = "bridge", "Bridge"
    TUNNEL = "tunnel", "Tunnel"
    LINEAR = "linear", "Linear or trough"

    @property
    def is_raised(self) -> bool:
        return self in (ScarType.HYPERTROPHIC, ScarType.KELOID, ScarType.PAPULAR)


class MarkType(Term):
    """Flat colour changes after acne: colour, not texture, and never a scar."""

    PIH = "pih", "Brown mark"
    PIE = "pie", "Red mark"
    HYPO = "hypo", "Pale mark"


class Side(Term):
    L = "L", "Left"
    M = "M", "Middle"
    R = "R", "Right"


class Severity(Term):
    MILD = "mild", "Mild"
    MODERATE = "moderate", "Moderate"
    SEVERE = "severe", "Severe"


class CountBand(Term):
    """Bands that both published scales can be computed from (assessment facts, 3.2 and 3.3)."""

    FEW = "1-4", "1-4"
    SOME = "5-10", "5-10"
    MANY = "11-20", "11-20"
    VERY_MANY = "over-20", "over 20"


class Phototype(IntEnum):
    """Fitzpatrick skin type."""

    I = 1  # noqa: E741 - the published name of the type
    II = 2
    III = 3
    IV = 4
    V = 5
    VI = 6

    @classmethod
    def choices(cls) -> list[tuple[int, str]]:
        return [(term.value, term.name) for term in cls]


class Sex(Term):
    F = "F", "Female"
    M = "M", "Male"
    X = "X", "Other"


class Effect(Term):
    """What a safety rule does, strongest first; the labels are the only words shown on screen."""

    BLOCK = "BLOCK", "Contraindicated"
    DELAY = "DELAY", "Postpone until"
    OVERRIDE = "OVERRIDE", "Needs a documented reason"
    PRETREAT = "PRETREAT", "Prepare first"
    CAUTION = "CAUTION", "Note"

    @property
    def rank(self) -> int:
        """0 is the strongest."""
        return list(Effect).index(self)


class Verification(Term):
    """How far a figure was checked against its source; anything but V is shown as such."""

    V = "V", "Verified"
    P = "P", "Partly verified"
    GK = "gk", "Not verified"
    CONV = "conv", "Our convention"
    CLINIC_DEFAULT = "clinic_default", "Clinic default"

    @property
    def is_verified(self) -> bool:
        return self is Verification.V


class Evidence(Term):
    A = "A", "A: systematic review, or trial of 100 or more"
    B = "B", "B: controlled comparison or consensus"
    C = "C", "C: uncontrolled series"
    D = "D", "D: expert opinion"


class Performer(Term):
    DOCTOR = "doctor", "Doctor"
    NURSE = "nurse", "Nurse"
    AESTHETICIAN = "aesthetician", "Aesthetician"
    PATIENT = "patient", "Patient"


class TreatmentKind(Term):
    """The part a treatment can play in a plan: only procedures are placed in sessions by weeks."""

    PROCEDURE = "procedure", "Procedure"
    PREPARATION = "preparation", "Preparation"
    ADJUNCT = "adjunct", "Given with a procedure"
    HOME_CARE = "home_care", "Home care"
    ACNE_CONTROL = "acne_control", "Acne control"


class PairRelation(Term):
    SAME_SESSION_OK = "same_session_ok", "Same session possible"
    SAME_SESSION_SYNERGY = "same_session_synergy", "Better together"
    SEPARATE_BY_WEEKS = "separate_by_weeks", "Keep apart"
    ORDER_BEFORE = "order_before", "One before the other"
    AVOID = "avoid", "Do not combine"


class Assume(Term):
    """How a condition is read that only stands in words."""

    HOLDS = "holds", "As if it held"
    NOT_HOLDS = "not_holds", "As if it did not hold"
