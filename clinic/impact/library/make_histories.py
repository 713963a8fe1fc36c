"""Write histories.yaml: 50 generated patients at the edges of the safety rules, from one seed.

    python -m clinic.impact.library.make_histories

Plainly made up. Of each patient the history is written here, the scars are drawn: `places` names
regions that must bear one. Dates stand just inside or just outside a rule's window.
"""

import random
from pathlib import Path

import yaml

from clinic.impact.library.make_faces import HOME, MIDDLE

SEED = 20261122
ON = "2026-11-21"
MEDIAN = MIDDLE | {
    *("glabella", "nasal_dorsum", "columella", "upper_lip_perioral", "lower_lip_perioral"),
    *("chest", "back", "neck_anterior"),
}
MARKS_IN = ("malar", "temple", "lateral_cheek")


def marks(kind: str) -> list[dict]:
    return [{"type": kind, "region": region, "side": "both", "count": 8} for region in MARKS_IN]


def taken(**parts) -> dict:
    return {"isotretinoin": parts}


HISTORIES = (
    {"about": "Takes isotretinoin", "sex": "F", "answers": taken(taking=True)},
    {
        "about": "Isotretinoin, one day short of 6 months ago",
        "answers": taken(taking=False, last_dose="2026-05-22"),
    },
    {
        "about": "Isotretinoin, exactly 6 months ago",
        "answers": taken(taking=False, last_dose="2026-05-21"),
    },
    {
        "about": "Isotretinoin, exactly 12 months ago",
        "answers": taken(taking=False, last_dose="2025-11-21"),
    },
    {"about": "Does not know whether it was isotretinoin", "answers": {"isotretinoin": "unknown"}},
    {"about": "Skin type III, nothing else", "skin": "III"},
    {
        "about": "Skin type IV that keeps brown marks",
        "skin": "IV",
        "answers": {"pih_history": True},
    },
    {"about": "Skin type V, nothing else", "skin": "V"},
    {"about": "Skin type VI with ice picks on the nose", "skin": "VI", "places": ["nasal_tip"]},
    {"about": "Brown marks that nobody has treated", "skin": "IV", "marks": marks("pih")},
    {
        "about": "Brown marks that fade under treatment",
        "skin": "III",
        "marks": marks("pih"),
        "answers": {"pih_care": "improving"},
    },
    {
        "about": "Brown marks that do not fade under treatment",
        "skin": "V",
        "marks": marks("pih"),
        "answers": {"pih_care": "not_improving"},
    },
    {"about": "Brown and red marks, no scar", "marks": marks("pih") + marks("pie"), "bare": True},
    {"about": "Red marks beside the scars", "marks": marks("pie")},
    {"about": "Keloid after a piercing", "answers": {"keloid": {"personal": True}}},
    {"about": "Keloid in the family", "answers": {"keloid": {"family": True}}},
    {
        "about": "Keloids on jaw and chest",
        "skin": "V",
        "raised": "keloid",
        "places": ["jawline_anterior", "chest", "ear_lobule"],
    },
    {
        "about": "Raised scars on jaw and neck",
        "answers": {"keloid": {"hypertrophic": True}},
        "raised": "hypertrophic",
        "places": ["mandibular_angle", "neck_anterior"],
    },
    {
        "about": "Cold sores, scars round the mouth",
        "answers": {"herpes_history": True},
        "places": ["upper_lip_perioral", "oral_commissure", "nasolabial_fold"],
    },
    {"about": "A cold sore today", "answers": {"herpes_history": True, "herpes_active": True}},
    {"about": "Pregnant", "sex": "F", "age": 31, "answers": {"pregnancy": True}},
    {"about": "Breastfeeding", "sex": "F", "age": 33, "answers": {"breastfeeding": True}},
    {
        "about": "Woman of 55, a pregnancy is not ruled out",
        "sex": "F",
        "age": 55,
        "answers": {"pregnancy_excluded": False},
    },
    {
        "about": "Warfarin, INR 3.6",
        "answers": {"blood_thinners": {"warfarin": True, "inr": 3.6, "inr_on": "2026-11-19"}},
    },
    {
        "about": "Warfarin, INR 3.5",
        "answers": {"blood_thinners": {"warfarin": True, "inr": 3.5, "inr_on": "2026-11-19"}},
    },
    {
        "about": "Takes an antiplatelet and fish oil",
        "answers": {
            "blood_thinners": {"antiplatelet": True},
            "painkillers_supplements": {
                "nsaid": True,
                "nsaid_last_on": "2026-11-19",
                "supplements": True,
            },
        },
    },
    {
        "about": "Bleeding disorder",
        "sex": "M",
        "answers": {"bleeding_disorder": True, "blood_thinners": {"anticoagulant": False}},
    },
    {
        "about": "Deep acne, calm for one day short of 3 months",
        "answers": {"nodular_acne": {"active": False, "controlled_since": "2026-08-22"}},
    },
    {
        "about": "Deep acne and pimples on the left cheek",
        "answers": {
            "nodular_acne": {"active": True},
            "active_acne": {"present": True, "regions": ["malar.L", "lateral_cheek.L"]},
        },
        "places": ["malar"],
    },
    {
        "about": "A wound on the temple, an unclear spot on the cheek",
        "answers": {
            "infection": {"present": True, "regions": ["temple"]},
            "suspicious_lesion": {"present": True, "regions": ["lateral_cheek"]},
        },
        "places": ["temple", "lateral_cheek"],
    },
    {
        "about": "Seriously ill, fever this week",
        "answers": {"systemic_illness": True, "recent_fever": True},
    },
    {
        "about": "Tan, one day short of 4 weeks old",
        "answers": {"tan": {"last_on": "2026-10-25"}},
    },
    {
        "about": "Sunburn on the nose, works outdoors",
        "answers": {
            "sunburn": {"present": True, "regions": ["nasal_tip"]},
            "unavoidable_sun": True,
        },
        "places": ["nasal_tip", "nasal_dorsum"],
    },
    {
        "about": "A light-sensitising medicine, ended 6 days ago",
        "answers": {
            "photosensitiser": {"taking": False, "stopped_on": "2026-11-15"},
            "topical_retinoid": True,
        },
    },
    {
        "about": "Takes a light-sensitising medicine",
        "answers": {"photosensitiser": {"taking": True}, "topical_acids": True},
    },
    {
        "about": "Pacemaker, metal in the jaw, heart disease",
        "age": 52,
        "answers": {
            "implanted_device": True,
            "metal_in_field": {"present": True, "regions": ["mandibular_angle"]},
            "organ_disease": {"heart": True},
        },
        "places": ["mandibular_angle"],
    },
    {
        "about": "Weak immune system, cortisone until last week",
        "answers": {
            "immunosuppressed": True,
            "systemic_steroid": {"taking": False, "last_dose": "2026-11-14"},
            "active_dermatitis": {"present": True, "regions": ["chin"]},
        },
        "places": ["chin"],
    },
    {
        "about": "Chemotherapy now, irradiated cheek",
        "age": 48,
        "answers": {
            "cancer": {"current": True, "therapy_now": True, "specialist_agrees": False},
            "radiotherapy": {"present": True, "regions": ["malar"]},
        },
        "places": ["malar"],
    },
    {
        "about": "Lupus, active",
        "sex": "F",
        "answers": {"connective_tissue_disease": {"diagnosed": True, "active": True}},
    },
    {
        "about": "Vitiligo that moved 11 months ago, psoriasis",
        "skin": "IV",
        "answers": {
            "vitiligo": {"diagnosed": True, "last_change_on": "2025-12-22"},
            "psoriasis": True,
        },
    },
    {
        "about": "Poorly controlled diabetes, heavy smoker, facelift 2 months ago",
        "age": 50,
        "answers": {
            "diabetes": "uncontrolled",
            "smoking": "heavy",
            "facial_surgery": {"last_on": "2026-09-21"},
            "blood_count": {"platelets": 99, "haemoglobin": 9.9},
        },
    },
    {
        "about": "Platelet disease, some cigarettes, a cortisone injection",
        "answers": {
            "platelet_disorder": True,
            "smoking": "some",
            "local_steroid": {"last_on": "2026-11-01"},
        },
    },
    {
        "about": "Filler five weeks ago, collagen allergy, an anaphylactic shock",
        "answers": {
            "previous_filler": {"permanent": False, "last_on": "2026-10-17"},
            "allergy": {"collagen": True, "anaphylaxis": True},
            "collagen_test": "positive",
        },
        "places": ["glabella", "nasolabial_fold"],
    },
    {
        "about": "Permanent filler in the cheek, 21 years old",
        "age": 21,
        "answers": {
            "previous_filler": {"permanent": True, "last_on": "2024-03-01", "regions": ["malar"]},
            "filler_reaction": True,
        },
        "places": ["malar"],
    },
    {"about": "Allergy to lidocaine", "answers": {"allergy": {"lidocaine": True}}},
    {"about": "17 years old in England", "age": 17, "clinic": {"country": "GB-ENG"}},
    {
        "about": "17 years old in the United States, pimples",
        "age": 17,
        "clinic": {"country": "US"},
        "answers": {"active_acne": {"present": True}},
    },
    {
        "about": "Worry about looks at 14 points, low mood, not assessed",
        "answers": {"dcq": 14, "phq2": 3, "severity_mismatch": True},
    },
    {
        "about": "Worry about looks at 13 points, expects no scar at all, a wedding in 5 days",
        "answers": {
            "dcq": 13,
            "expects_complete_removal": True,
            "counselled": False,
            "event_date": "2026-11-26",
            "self_harm": {"concern": True, "acted_on": True},
        },
    },
    {
        "about": "Scars in every place that asks for care",
        "skin": "II",
        "answers": {"self_harm": {"concern": True, "acted_on": False}},
        "places": [
            *("temple", "jawline_anterior", "preauricular", "infraorbital_medial_cheek"),
            *("glabella", "nasal_ala", "periorbital_lower", "lower_lip_perioral", "chest"),
        ],
    },
)


def main() -> None:
    rng = random.Random(SEED)
    cases = [case(rng, number, history) for number, history in enumerate(HISTORIES, 1)]
    text = yaml.safe_dump(cases, sort_keys=False, width=110)
    head = "# Made by make_histories.py; do not edit by hand.\n"
    Path(__file__).with_name("histories.yaml").write_text(head + text, encoding="utf-8")


def case(rng: random.Random, number: int, history: dict) -> dict:
    drawn = {
        "age": rng.randint(22, 45),
        "sex": rng.choice("FM"),
        "skin": rng.choice(("I", "II", "II", "III", "IV")),
        "weight_kg": rng.randint(52, 92),
    }
    patient = drawn | {key: history[key] for key in ("age", "sex", "skin") if key in history}
    return {
        "id": f"history-{number:02d}",
        "about": history["about"],
        "on": ON,
        "patient": {
            "age": patient["age"],
            "sex": patient["sex"],
            "fitzpatrick": patient["skin"],
            "weight_kg": patient["weight_kg"],
        },
        "unanswered": "no",
        "answers": history.get("answers", {}),
        "findings": [] if history.get("bare") else findings(rng, history),
        "marks": history.get("marks", []),
        "clinic": history.get("clinic", {}),
    }


def findings(rng: random.Random, history: dict) -> list[dict]:
    """The places that must be there, and some more of the usual ones."""
    raised = history.get("raised")
    wanted = [(region, raised or rng.choice(usual(region))) for region in history.get("places", ())]
    while len(wanted) < 3 + rng.randint(0, 3):
        scar_type = rng.choice(sorted(HOME))
        if scar_type != "hypertrophic":
            wanted.append((rng.choice(HOME[scar_type]), scar_type))
    made = {}
    for region, scar_type in wanted:
        side = "M" if region in MEDIAN else rng.choice("LR")
        made[region, side, scar_type] = group(rng, region, side, scar_type)
    return [made[key] for key in sorted(made)]


def usual(region: str) -> list[str]:
    found = [kind for kind in sorted(HOME) if kind != "hypertrophic" and region in HOME[kind]]
    return found or ["rolling"]


def group(rng: random.Random, region: str, side: str, scar_type: str) -> dict:
    row = {"region": region, "side": side, "type": scar_type}
    if scar_type in ("hypertrophic", "keloid"):
        return row | {"area_cm2": rng.randint(1, 6) / 2}
    row["count"] = rng.randint(1, 18)
    if scar_type == "rolling":
        row["severity"] = rng.choice(("mild", "moderate", "severe"))
    return row


if __name__ == "__main__":
    main()
