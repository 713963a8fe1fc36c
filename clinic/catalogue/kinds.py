"""The catalogue's own lists of choices, beside those of the field in terms.py.

Standard library only, like terms.py: models, forms and the checks of a document share them.
"""

from clinic.catalogue.terms import Term


class RegionArea(Term):
    FACE = "face", "Face"
    NECK = "neck", "Neck"
    EAR = "ear", "Ear"
    TRUNK = "trunk", "Chest and back"


class RequirementKind(Term):
    DEVICE = "device", "Device"
    CONSUMABLE = "consumable", "Consumable"
    SERVICE = "service", "Service"
    PRESCRIPTION = "prescription", "Prescription"
    RETAIL = "retail", "Over the counter"


class LapsedRegistration(Term):
    WARN = "warn", "Book, and mark the visit to be looked at"
    REFUSE = "refuse", "Do not book"


class PriceUnit(Term):
    SESSION = "session", "per session"
    REGION = "region", "per region"
    SYRINGE = "syringe", "per syringe"
    SCAR = "scar", "per scar"
    COURSE = "course", "per course"


class Target(Term):
    """What a treatment is for, in the words of the sources; a boxcar's depth stands beside it."""

    ICE_PICK = "ice_pick", "Ice pick"
    BOXCAR = "boxcar", "Boxcar"
    ROLLING = "rolling", "Rolling"
    ATROPHIC = "atrophic_unspecified", "Atrophic, type not given"
    VOLUME = "volume_loss", "Volume loss"
    TEXTURE = "superficial_texture", "Surface texture"
    HYPERTROPHIC = "hypertrophic", "Hypertrophic"
    KELOID = "keloid", "Keloid"
    PIE = "pie", "Red mark"
    PIH = "pih", "Brown mark"
    NODULE = "active_nodule", "Active nodule"
    PREVENTION = "new_scar_prevention", "Prevention of new scars"


class Depth(Term):
    SHALLOW = "shallow", "Shallow"
    DEEP = "deep", "Deep"
    ANY = "any", "Any depth"


EFFECTIVENESS = [
    (0, "None or not suitable"),
    (1, "Minimal, adjunct only"),
    (2, "Moderate"),
    (3, "Good"),
    (4, "First choice or strongest"),
]


class FigureKind(Term):
    SESSIONS = "sessions", "Sessions"
    INTERVAL = "interval_weeks", "Weeks between sessions"
    DOWNTIME = "downtime_days", "Downtime, days"
    LASTS = "results_last_months", "Results last, months"
    NUMBING = "numbing_min", "Numbing, minutes"
    DURATION = "duration_min", "Procedure, minutes"
    RECOVERY = "recovery_min", "Recovery, minutes"
    CLEANUP = "cleanup_min", "Cleaning up, minutes"
    PRICE = "price", "Price"
    PIGMENT = "pigment_risk", "Pigment risk in skin types IV-VI, 0-3"


class StatementKind(Term):
    NOTE = "note", "Notes"
    PERMANENCE = "permanence", "How long it lasts"
    ANAESTHESIA = "anaesthesia", "Numbing"
    PRE_CARE = "pre_care", "Before"
    AFTER_CARE = "after_care", "After"
    SIDE_EFFECT = "side_effect", "Side effects"
    PARAMETER = "parameter", "Settings reported"
    VARIANT = "variant", "Variants"


class Level(Term):
    ABSOLUTE = "absolute", "Absolute"
    CAUTION = "caution", "Caution"


class PolicyKind(Term):
    PRINCIPLE = "principle", "Principles"
    REGION_RULE = "region_rule", "Region rules"
    DEFAULT_RULE = "default_rule", "Default rules"
    DISAGREEMENT = "disagreement", "Where sources disagree"
    NEGATIVE_RESULT = "negative_result", "Trials that found no gain"
    CORRECTION = "correction", "Claims corrected"
    CHECK = "check", "What a plan is checked against"
    DEFINITION = "definition", "What the words mean"


class PartKind(Term):
    YES_NO = "yes_no", "Yes or no"
    DATE = "date", "Date"
    NUMBER = "number", "Number"
    CHOICE = "choice", "Choice"
    TEXT = "text", "Text"
    REGIONS = "regions", "Regions"


RULE_FAMILIES = {
    "ISO": "Isotretinoin capsules",
    "FST": "Skin type",
    "PIH": "Brown marks",
    "MARK": "Marks only",
    "PIE": "Red marks",
    "KEL": "Keloid and hypertrophic scars",
    "HSV": "Herpes",
    "PRG": "Pregnancy and breastfeeding",
    "BLD": "Bleeding and blood thinners",
    "ACN": "Active acne",
    "INF": "Infection and other findings",
    "SUN": "Sun and light-sensitising medicines",
    "CAR": "Implants, metal and the heart",
    "IMM": "Immune system and healing",
    "PRP": "Platelets",
    "FIL": "Fillers",
    "LA": "Local anaesthetic",
    "AGE": "Minors",
    "PSY": "Expectations and well-being",
    "REG": "Places of the face",
}


def rule_family(code: str) -> str:
    """The words for a family of safety rules; a family of the clinic's own is its code."""
    return RULE_FAMILIES.get(code, code)
