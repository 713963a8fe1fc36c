"""Each safety rule as shipped: a patient whom it meets, and one whom it just does not.

The examples are facts, not data files: they say what must come out, so that a wrong condition, a
window that is a day too short or a place that was forgotten turns a line red.
"""

from collections import namedtuple
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from planner.engine.catalogue import catalogue_from
from planner.engine.safety import Safety
from planner.engine.values import UNKNOWN, Case, ClinicFacts, Group, MarkGroup, PatientFacts

DATA = Path(__file__).parents[2] / "clinic/catalogue/data"
TODAY = date(2026, 11, 21)
CHEEK = "malar.L"

SIX_MONTHS_AGO = date(2026, 5, 21)  # to the day
LESS_THAN_SIX = date(2026, 5, 22)
YES, NO = True, False


def document() -> dict:
    merged: dict = {}
    for path in sorted(DATA.glob("*.yaml")):
        for section, rows in yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader).items():
            merged.setdefault(section, []).extend(rows)
    return merged


@pytest.fixture(scope="module")
def catalogue():
    return catalogue_from(document())


def ago(**units) -> date:
    return TODAY - timedelta(**units)


def frozen(answer):
    return tuple(answer.items()) if isinstance(answer, dict) else answer


def case(
    *, age=30, born=None, sex="F", skin=2, scars=("rolling",), marks=(), country="GB-ENG",
    absent="no", place=CHEEK, **answers,
) -> Case:  # fmt: skip
    """A woman of 30 with skin type II, one rolling scar group, and no to every question."""
    return Case(
        on=TODAY,
        patient=PatientFacts(
            age=None if born else age, born=born, sex=sex, fitzpatrick=skin, weight_kg=60
        ),
        answers=tuple((code, frozen(answer)) for code, answer in sorted(answers.items())),
        absent=absent,
        findings=tuple(Group(place, scar_type, count=5) for scar_type in scars),
        marks=tuple(MarkGroup(place, mark_type) for mark_type in marks),
        clinic=ClinicFacts(country=country),
    )


def hits(catalogue, facts: dict, rule: str, treatment: str, place=CHEEK, day=TODAY) -> list:
    safety = Safety(case(**facts), catalogue)
    return [hit for hit in safety.hits(treatment, place, day) if hit.rule == rule]


def effects(*arguments, **more) -> set:
    return {str(hit.effect) for hit in hits(*arguments, **more) if hit.known}


Example = namedtuple(
    "Example", "rule effect treatments met missed until place", defaults=(None, CHEEK)
)

# The rule, its effect, treatments that it concerns, facts that it meets, facts that it just misses,
# and the first day without it, where it has one.
EXAMPLES = [
    Example(
        "ISO-1", "BLOCK", "ablative_co2_full ablative_erbium_full dermabrasion",
        {"isotretinoin": {"taking": NO, "last_dose": LESS_THAN_SIX}},
        {"isotretinoin": {"taking": NO, "last_dose": SIX_MONTHS_AGO}},
        date(2026, 11, 22),
    ),
    Example(
        "ISO-1", "BLOCK", "ablative_co2_full dermabrasion",
        {"isotretinoin": {"taking": YES}}, {"isotretinoin": NO},
    ),
    Example(
        "ISO-2", "BLOCK", "peel_deep_phenol",
        {"isotretinoin": {"taking": NO, "last_dose": LESS_THAN_SIX}},
        {"isotretinoin": {"taking": NO, "last_dose": SIX_MONTHS_AGO}},
        date(2026, 11, 22),
    ),
    Example(
        "ISO-3", "OVERRIDE", "peel_medium_tca tca_cross phenol_cross",
        {"isotretinoin": {"taking": NO, "last_dose": LESS_THAN_SIX}},
        {"isotretinoin": {"taking": NO, "last_dose": SIX_MONTHS_AGO}},
        date(2026, 11, 22),
    ),
    Example(
        "ISO-4", "OVERRIDE", "fractional_ablative_co2 fractional_ablative_erbium",
        {"isotretinoin": {"taking": NO, "last_dose": LESS_THAN_SIX}},
        {"isotretinoin": {"taking": NO, "last_dose": SIX_MONTHS_AGO}},
        date(2026, 11, 22),
    ),
    Example(
        "ISO-5", "CAUTION", "fractional_nonablative pulsed_dye_laser peel_superficial",
        {"isotretinoin": {"taking": YES}},
        {"isotretinoin": {"taking": NO, "last_dose": SIX_MONTHS_AGO}},
    ),
    Example(
        "ISO-6", "OVERRIDE", "microneedling_clinic microneedling_home rf_microneedling",
        {"isotretinoin": {"taking": YES}},
        {"isotretinoin": {"taking": NO, "last_dose": LESS_THAN_SIX}},
    ),
    Example(
        "ISO-7", "CAUTION", "microneedling_prp rf_microneedling",
        {"isotretinoin": {"taking": NO, "last_dose": LESS_THAN_SIX}},
        {"isotretinoin": {"taking": NO, "last_dose": SIX_MONTHS_AGO}},
    ),
    Example(
        "ISO-8", "CAUTION", "subcision punch_graft",
        {"isotretinoin": {"taking": NO, "last_dose": LESS_THAN_SIX}},
        {"isotretinoin": {"taking": NO, "last_dose": SIX_MONTHS_AGO}},
    ),
    Example(
        "ISO-9", "CAUTION", "tretinoin_rx retinol_otc adapalene_bpo aha_bha_skincare",
        {"isotretinoin": {"taking": YES}},
        {"isotretinoin": {"taking": NO, "last_dose": LESS_THAN_SIX}},
    ),
    Example(
        "ISO-10", "CAUTION", "ablative_co2_full dermabrasion peel_deep_phenol",
        {"isotretinoin": {"taking": NO, "last_dose": SIX_MONTHS_AGO}},
        {"isotretinoin": {"taking": NO, "last_dose": date(2025, 11, 21)}},
    ),
    Example(
        "ISO-11", "CAUTION", "subcision moisturiser_daily",
        {"isotretinoin": {"taking": YES}, "age": 55},
        {"isotretinoin": {"taking": YES}, "age": 56},
    ),
    Example("FST-1", "BLOCK", "peel_deep_phenol", {"skin": 4}, {"skin": 3}),
    Example("FST-2", "BLOCK", "ablative_co2_full dermabrasion", {"skin": 5}, {"skin": 4}),
    Example("FST-3", "OVERRIDE", "ablative_erbium_full dermabrasion", {"skin": 4}, {"skin": 3}),
    Example("FST-4", "CAUTION", "ablative_co2_full peel_deep_phenol", {"skin": 3}, {"skin": 2}),
    Example("FST-5", "OVERRIDE", "fractional_ablative_co2", {"skin": 4}, {"skin": 3}),
    Example("FST-5", "PRETREAT", "fractional_ablative_erbium", {"skin": 6}, {"skin": 3}),
    Example("FST-6", "CAUTION", "ndyag_1064 pulsed_dye_laser", {"skin": 4}, {"skin": 3}),
    Example("FST-7", "OVERRIDE", "peel_medium_tca", {"skin": 4}, {"skin": 3}),
    Example("FST-7", "PRETREAT", "peel_medium_tca", {"skin": 4}, {"skin": 3}),
    Example("FST-8", "PRETREAT", "tca_cross phenol_cross", {"skin": 4}, {"skin": 3}),
    Example("FST-8", "OVERRIDE", "tca_cross phenol_cross", {"skin": 6}, {"skin": 5}),
    Example("FST-9", "CAUTION", "microneedling_clinic rf_microneedling", {"skin": 4}, {"skin": 3}),
    Example("FST-10", "OVERRIDE", "punch_excision punch_elevation", {"skin": 4}, {"skin": 3}),
    Example("FST-10", "OVERRIDE", "punch_graft", {"pih_history": YES}, {"pih_history": NO}),
    Example("FST-11", "OVERRIDE", "cryotherapy_keloid", {"skin": 4}, {"skin": 3}),
    Example("FST-12", "CAUTION", "steroid_intralesional_scar", {"skin": 4}, {"skin": 3}),
    Example(
        "PIH-1", "DELAY", "tca_cross fractional_ablative_co2 ndyag_1064 peel_medium_tca",
        {"marks": ("pih",)}, {"marks": ("pie",)}, date(2027, 1, 16),
    ),
    Example(
        "PIH-1", "DELAY", "pulsed_dye_laser",
        {"marks": ("pih",), "scars": ("hypertrophic",)},
        {"marks": ("pih", "pie"), "scars": ()}, date(2027, 1, 16),
    ),
    Example(
        "PIH-1", "OVERRIDE", "tca_cross dermabrasion",
        {"marks": ("pih",), "pih_care": "not_improving"},
        {"marks": ("pih",), "pih_care": "improving"},
    ),
    Example(
        "PIH-1", "CAUTION", "tca_cross pulsed_dye_laser",
        {"marks": ("pih",), "pih_care": "improving"},
        {"marks": (), "pih_care": "improving"},
    ),
    Example(
        "MARK-1", "BLOCK", "subcision tca_cross filler_ha punch_graft fat_autologous dermabrasion",
        {"scars": (), "marks": ("pie",)}, {"scars": ("rolling",), "marks": ("pie",)},
    ),
    Example(
        "PIE-1", "CAUTION", "pulsed_dye_laser fractional_nonablative",
        {"marks": ("pie",)}, {"marks": ("pih",)},
    ),
    Example(
        "KEL-1", "BLOCK", "ablative_co2_full dermabrasion punch_excision filler_pmma_collagen",
        {"keloid": {"personal": YES}},
        {"keloid": {"personal": NO, "family": YES, "hypertrophic": YES}},
    ),
    Example(
        "KEL-1", "BLOCK", "peel_deep_phenol",
        {"scars": ("rolling", "keloid")}, {"scars": ("rolling", "hypertrophic")},
    ),
    Example(
        "KEL-2", "OVERRIDE", "subcision fractional_ablative_co2 tca_cross microneedling_clinic",
        {"keloid": {"personal": YES}}, {"keloid": {"personal": NO, "family": YES}},
    ),
    Example(
        "KEL-3", "CAUTION", "subcision peel_medium_tca microneedling_home",
        {"keloid": {"personal": NO, "family": YES}}, {"keloid": {"personal": YES, "family": YES}},
    ),
    Example(
        "KEL-4", "OVERRIDE", "ablative_co2_full punch_elevation",
        {"keloid": {"personal": NO, "hypertrophic": YES}}, {"keloid": {"personal": NO}},
    ),
    Example(
        "KEL-4", "CAUTION", "subcision microneedling_clinic",
        {"scars": ("rolling", "hypertrophic")}, {"scars": ("rolling", "papular")},
    ),
    Example(
        "KEL-5", "CAUTION", "steroid_intralesional_scar silicone_gel_sheet cryotherapy_keloid",
        {"scars": ("keloid",)}, {"scars": ("papular",)},
    ),
    Example(
        "KEL-5", "OVERRIDE", "subcision punch_excision",
        {"scars": ("hypertrophic",)}, {"scars": ("ice_pick",)},
    ),
    Example(
        "HSV-1", "PRETREAT", "ablative_co2_full fractional_ablative_erbium peel_medium_tca",
        {"herpes_history": YES}, {"herpes_history": NO},
    ),
    Example(
        "HSV-2", "PRETREAT", "ablative_co2_full dermabrasion peel_deep_phenol",
        {"herpes_history": NO}, {"herpes_history": YES},
    ),
    Example(
        "HSV-3", "DELAY", "subcision filler_ha microneedling_clinic tretinoin_rx",
        {"herpes_active": YES}, {"herpes_active": NO, "herpes_history": YES},
    ),
    Example(
        "HSV-4", "CAUTION", "fractional_nonablative microneedling_clinic",
        {"herpes_history": YES}, {"herpes_history": NO},
    ),
    Example(
        "PRG-1", "BLOCK", "tretinoin_rx retinol_otc adapalene_bpo fu5_intralesional",
        {"pregnancy": YES}, {"pregnancy": NO},
    ),
    Example(
        "PRG-2", "BLOCK", "peel_medium_tca peel_deep_phenol tca_cross phenol_cross",
        {"pregnancy": YES}, {"breastfeeding": YES},
    ),
    Example(
        "PRG-3", "BLOCK", "microneedling_clinic microneedling_home microneedling_prp",
        {"pregnancy": YES}, {"pregnancy": NO},
    ),
    Example(
        "PRG-4", "DELAY", "subcision punch_graft filler_ha rf_microneedling pulsed_dye_laser",
        {"pregnancy": YES}, {"breastfeeding": YES},
    ),
    Example(
        "PRG-5", "CAUTION", "peel_superficial sunscreen_spf30 aha_bha_skincare",
        {"pregnancy": YES}, {"pregnancy": NO},
    ),
    Example(
        "PRG-6", "BLOCK", "microneedling_clinic", {"breastfeeding": YES}, {"breastfeeding": NO}
    ),
    Example("PRG-7", "BLOCK", "fat_autologous", {"breastfeeding": YES}, {"pregnancy": YES}),
    Example(
        "PRG-8", "BLOCK", "fu5_intralesional peel_deep_phenol",
        {"breastfeeding": YES}, {"pregnancy": YES},
    ),
    Example("PRG-8", "OVERRIDE", "tretinoin_rx", {"breastfeeding": YES}, {"pregnancy": YES}),
    Example(
        "PRG-9", "OVERRIDE", "subcision filler_ha fractional_ablative_co2 peel_superficial",
        {"breastfeeding": YES}, {"breastfeeding": NO},
    ),
    Example(
        "PRG-10", "CAUTION", "subcision tca_cross",
        {"age": 12}, {"age": 12, "pregnancy_excluded": YES},
    ),
    Example("PRG-10", "CAUTION", "subcision", {"age": 55}, {"age": 56}),
    Example("PRG-10", "CAUTION", "subcision", {"sex": "X"}, {"sex": "M"}),
    Example(
        "BLD-1", "OVERRIDE", "subcision fat_autologous punch_excision dermabrasion",
        {"blood_thinners": {"anticoagulant": NO, "antiplatelet": YES}},
        {"painkillers_supplements": {"nsaid": YES}},
    ),
    Example(
        "BLD-2", "CAUTION", "filler_ha prp_alone microneedling_clinic fractional_ablative_co2",
        {"blood_thinners": {"anticoagulant": YES}}, {"blood_thinners": NO},
    ),
    Example(
        "BLD-3", "DELAY", "subcision punch_excision fat_autologous dermabrasion ablative_co2_full",
        {"blood_thinners": {"anticoagulant": YES, "warfarin": YES, "inr": 3.6}},
        {"blood_thinners": {"anticoagulant": YES, "warfarin": YES, "inr": 3.5}},
    ),
    Example(
        "BLD-3", "DELAY", "subcision",
        {"blood_thinners": {"anticoagulant": YES, "warfarin": YES}},
        {"blood_thinners": {"anticoagulant": YES, "warfarin": NO}},
    ),
    Example(
        "BLD-3", "CAUTION", "subcision",
        {"blood_thinners": {"anticoagulant": YES, "warfarin": YES, "inr": 2}},
        {"blood_thinners": {"anticoagulant": YES, "warfarin": NO}},
    ),
    Example(
        "BLD-4", "BLOCK", "microneedling_clinic microneedling_prp",
        {"bleeding_disorder": YES}, {"platelet_disorder": YES},
    ),
    Example(
        "BLD-4", "OVERRIDE", "subcision filler_ha prp_alone steroid_intralesional_scar",
        {"bleeding_disorder": YES}, {"bleeding_disorder": NO},
    ),
    Example(
        "BLD-5", "CAUTION", "subcision filler_ha fat_autologous punch_graft",
        {"painkillers_supplements": {"nsaid": NO, "supplements": YES}},
        {"painkillers_supplements": NO},
    ),
    Example(
        "ACN-1", "DELAY", "subcision peel_superficial aha_bha_skincare",
        {"nodular_acne": {"active": YES}}, {"active_acne": YES},
    ),
    Example(
        "ACN-1", "DELAY", "subcision",
        {"nodular_acne": {"active": NO, "controlled_since": date(2026, 8, 22)}},
        {"nodular_acne": {"active": NO, "controlled_since": date(2026, 8, 21)}},
        date(2026, 11, 22),
    ),
    Example(
        "ACN-2", "DELAY", "subcision microneedling_clinic tca_cross filler_ha punch_excision",
        {"active_acne": {"present": YES, "regions": ("malar.L",)}},
        {"active_acne": {"present": YES, "regions": ("malar.R",)}},
    ),
    Example(
        "ACN-3", "CAUTION", "peel_superficial tretinoin_rx pulsed_dye_laser",
        {"active_acne": YES}, {"active_acne": NO},
    ),
    Example(
        "INF-1", "DELAY", "subcision microneedling_clinic tretinoin_rx filler_collagen",
        {"infection": {"present": YES, "regions": ("malar.L",)}},
        {"infection": {"present": YES, "regions": ("chin.M",)}},
    ),
    Example(
        "INF-2", "BLOCK", "subcision filler_ha fractional_nonablative",
        {"suspicious_lesion": {"present": YES, "regions": ("malar.L",)}},
        {"suspicious_lesion": {"present": YES, "regions": ("chin.M",)}},
    ),
    Example(
        "INF-3", "BLOCK", "prp_alone subcision", {"systemic_illness": YES}, {"recent_fever": YES}
    ),
    Example(
        "SUN-1", "DELAY", "fractional_ablative_co2 pulsed_dye_laser peel_medium_tca",
        {"tan": {"last_on": ago(days=27)}}, {"tan": {"last_on": ago(days=28)}},
        date(2026, 11, 22),
    ),
    Example(
        "SUN-2", "DELAY", "subcision microneedling_clinic", {"sunburn": YES}, {"sunburn": NO}
    ),
    Example(
        "SUN-3", "OVERRIDE", "fractional_nonablative peel_superficial",
        {"photosensitiser": {"taking": YES}}, {"photosensitiser": NO},
    ),
    Example(
        "SUN-3", "DELAY", "pulsed_dye_laser peel_superficial",
        {"photosensitiser": {"taking": NO, "stopped_on": ago(days=6)}},
        {"photosensitiser": {"taking": NO, "stopped_on": ago(days=7)}},
        date(2026, 11, 22),
    ),
    Example(
        "SUN-4", "CAUTION", "peel_superficial microneedling_clinic fractional_nonablative",
        {"topical_retinoid": YES}, {"topical_retinoid": NO},
    ),
    Example("SUN-4", "CAUTION", "rf_microneedling", {"topical_acids": YES}, {"topical_acids": NO}),
    Example(
        "SUN-5", "OVERRIDE", "fractional_ablative_co2 peel_medium_tca dermabrasion",
        {"unavoidable_sun": YES}, {"unavoidable_sun": NO},
    ),
    Example(
        "CAR-1", "BLOCK", "rf_microneedling", {"implanted_device": YES}, {"metal_in_field": YES}
    ),
    Example(
        "CAR-2", "OVERRIDE", "rf_microneedling",
        {"metal_in_field": {"present": YES, "regions": ("malar.L",)}},
        {"metal_in_field": {"present": YES, "regions": ("chin.M",)}},
    ),
    Example(
        "CAR-4", "BLOCK", "peel_deep_phenol",
        {"organ_disease": {"heart": NO, "kidney": YES}}, {"organ_disease": NO},
    ),
    Example(
        "IMM-1", "OVERRIDE", "ablative_co2_full fat_autologous filler_pmma_collagen",
        {"immunosuppressed": YES}, {"immunosuppressed": NO},
    ),
    Example(
        "IMM-1", "DELAY", "fractional_ablative_co2 fat_autologous",
        {"cancer": {"current": YES, "therapy_now": YES}},
        {"cancer": {"current": YES, "therapy_now": YES, "specialist_agrees": YES}},
    ),
    Example(
        "IMM-2", "BLOCK", "subcision filler_ha rf_microneedling",
        {"connective_tissue_disease": {"diagnosed": YES, "active": YES}},
        {"connective_tissue_disease": {"diagnosed": YES, "active": NO}},
    ),
    Example(
        "IMM-2", "OVERRIDE", "subcision filler_ha",
        {"connective_tissue_disease": {"diagnosed": YES, "active": NO}},
        {"connective_tissue_disease": NO},
    ),
    Example(
        "IMM-3", "OVERRIDE", "microneedling_clinic peel_superficial pulsed_dye_laser dermabrasion",
        {"vitiligo": {"diagnosed": YES, "last_change_on": date(2020, 1, 1)}}, {"vitiligo": NO},
    ),
    Example(
        "IMM-3", "DELAY", "microneedling_clinic",
        {"vitiligo": {"diagnosed": YES, "last_change_on": date(2025, 11, 22)}},
        {"vitiligo": {"diagnosed": YES, "last_change_on": date(2025, 11, 21)}},
        date(2026, 11, 22),
    ),
    Example("IMM-4", "CAUTION", "fractional_nonablative", {"psoriasis": YES}, {"psoriasis": NO}),
    Example(
        "IMM-5", "DELAY", "peel_superficial subcision",
        {"active_dermatitis": {"present": YES, "regions": ("malar",)}},
        {"active_dermatitis": {"present": YES, "regions": ("chin",)}},
    ),
    Example(
        "IMM-6", "CAUTION", "prp_alone microneedling_prp",
        {"systemic_steroid": {"taking": NO, "last_dose": ago(days=13)}},
        {"systemic_steroid": {"taking": NO, "last_dose": ago(days=14)}},
    ),
    Example(
        "IMM-7", "BLOCK", "ablative_co2_full dermabrasion peel_deep_phenol",
        {"radiotherapy": {"present": YES, "regions": ("malar.L",)}},
        {"radiotherapy": {"present": YES, "regions": ("neck_anterior.M",)}},
    ),
    Example(
        "IMM-8", "OVERRIDE", "subcision fat_autologous ablative_co2_full",
        {"diabetes": "uncontrolled"}, {"diabetes": "controlled"},
    ),
    Example("IMM-8", "OVERRIDE", "punch_graft", {"smoking": "heavy"}, {"smoking": "some"}),
    Example("IMM-8", "CAUTION", "subcision", {"smoking": "some"}, {"smoking": NO}),
    Example(
        "IMM-9", "DELAY", "peel_deep_phenol ablative_erbium_full",
        {"facial_surgery": {"last_on": date(2026, 8, 22)}},
        {"facial_surgery": {"last_on": date(2026, 8, 21)}},
        date(2026, 11, 22),
    ),
    Example(
        "PRP-1", "BLOCK", "prp_alone microneedling_prp",
        {"platelet_disorder": YES}, {"bleeding_disorder": YES},
    ),
    Example(
        "PRP-2", "OVERRIDE", "prp_alone microneedling_prp",
        {"blood_count": {"platelets": 99, "haemoglobin": 13}},
        {"blood_count": {"platelets": 100, "haemoglobin": 10}},
    ),
    Example(
        "PRP-2", "OVERRIDE", "prp_alone",
        {"blood_count": {"platelets": 250, "haemoglobin": 9.9}}, {"blood_count": NO},
    ),
    Example(
        "PRP-3", "CAUTION", "prp_alone",
        {"painkillers_supplements": {"nsaid": YES, "nsaid_last_on": ago(days=2)}},
        {"painkillers_supplements": {"nsaid": YES, "nsaid_last_on": ago(days=3)}},
    ),
    Example(
        "PRP-3", "CAUTION", "prp_alone",
        {"local_steroid": {"last_on": date(2026, 10, 22)}},
        {"local_steroid": {"last_on": date(2026, 10, 21)}},
    ),
    Example("PRP-3", "CAUTION", "prp_alone", {"smoking": "some"}, {"smoking": NO}),
    Example("PRP-3", "CAUTION", "prp_alone", {"recent_fever": YES}, {"recent_fever": NO}),
    Example("PRP-3", "OVERRIDE", "prp_alone", {"cancer": {"current": YES}}, {"cancer": NO}),
    Example(
        "PRP-4", "CAUTION", "prp_alone",
        {"blood_thinners": {"anticoagulant": YES}},
        {"blood_thinners": {"anticoagulant": NO, "antiplatelet": YES}},
    ),
    Example(
        "FIL-1", "BLOCK", "filler_pmma_collagen",
        {"allergy": {"anaphylaxis": NO, "collagen": YES}}, {"collagen_test": "negative"},
    ),
    Example(
        "FIL-1", "BLOCK", "filler_pmma_collagen",
        {"collagen_test": "positive"}, {"collagen_test": "negative"},
    ),
    Example(
        "FIL-2", "PRETREAT", "filler_pmma_collagen",
        {"collagen_test": NO}, {"collagen_test": "negative"},
    ),
    Example("FIL-3", "BLOCK", "filler_pmma_collagen", {"age": 21}, {"age": 22}),
    Example(
        "FIL-4", "BLOCK", "filler_pmma_collagen", {"scars": ("ice_pick",)}, {"scars": ("rolling",)}
    ),
    Example(
        "FIL-5", "BLOCK", "filler_pmma_collagen filler_collagen",
        {"allergy": {"anaphylaxis": YES}}, {"allergy": {"anaphylaxis": NO, "latex": YES}},
    ),
    Example(
        "FIL-5", "OVERRIDE", "filler_ha filler_caha filler_plla",
        {"allergy": {"anaphylaxis": YES}}, {"allergy": NO},
    ),
    Example(
        "FIL-6", "OVERRIDE", "filler_ha microneedling_clinic rf_microneedling subcision",
        {"filler_reaction": YES}, {"previous_filler": {"permanent": NO}},
    ),
    Example(
        "FIL-6", "OVERRIDE", "subcision",
        {"previous_filler": {"permanent": YES, "regions": ("malar.L",)}},
        {"previous_filler": {"permanent": YES, "regions": ("temple.L",)}},
    ),
    Example(
        "FIL-10", "DELAY", "filler_ha filler_pmma_collagen",
        {"nodular_acne": {"active": YES}}, {"active_acne": YES},
    ),
    Example(
        "LA-8", "BLOCK", "filler_pmma_collagen filler_ha",
        {"allergy": {"anaphylaxis": NO, "lidocaine": YES}}, {"allergy": NO},
    ),
    Example(
        "LA-8", "OVERRIDE", "subcision punch_excision",
        {"allergy": {"anaphylaxis": NO, "lidocaine": YES}}, {"lidocaine_interaction": YES},
    ),
    Example("AGE-1", "BLOCK", "filler_ha filler_collagen", {"age": 17}, {"age": 18}),
    Example(
        "AGE-1", "BLOCK", "filler_ha",
        {"age": 17, "country": "GB"}, {"age": 17, "country": "US"},
    ),
    Example("AGE-2", "OVERRIDE", "subcision filler_ha", {"age": 17}, {"age": 18}),
    Example(
        "AGE-2", "BLOCK", "filler_ha filler_plla",
        {"age": 17, "country": "US"}, {"age": 17, "country": "GB-ENG"},
    ),
    Example("AGE-2", "BLOCK", "filler_ha", {"age": 17, "country": ""}, {"age": 18, "country": ""}),
    Example("AGE-3", "OVERRIDE", "microneedling_clinic", {"age": 21}, {"age": 22}),
    Example("AGE-4", "BLOCK", "filler_pmma_collagen", {"age": 21}, {"age": 22}),
    Example(
        "AGE-5", "DELAY", "subcision peel_superficial",
        {"age": 17, "active_acne": YES}, {"age": 18, "active_acne": YES},
    ),
    Example("PSY-1", "CAUTION", "subcision", {"dcq": 9}, {"dcq": 8}),
    Example("PSY-1", "CAUTION", "filler_ha", {"dcq": 13}, {"dcq": 14}),
    Example("PSY-2", "DELAY", "subcision filler_ha tca_cross", {"dcq": 14}, {"dcq": 13}),
    Example("PSY-2", "DELAY", "subcision", {"bddq": YES}, {"bddq": NO}),
    Example(
        "PSY-2", "OVERRIDE", "subcision",
        {"dcq": 14, "bdd_assessment": YES}, {"dcq": 14, "bdd_assessment": NO},
    ),
    Example("PSY-3", "CAUTION", "subcision", {"phq2": 3}, {"phq2": 2}),
    Example(
        "PSY-4", "DELAY", "subcision sunscreen_spf30",
        {"self_harm": {"concern": YES}}, {"self_harm": {"concern": YES, "acted_on": YES}},
    ),
    Example(
        "PSY-4", "CAUTION", "subcision",
        {"self_harm": {"concern": YES, "acted_on": YES}}, {"self_harm": NO},
    ),
    Example(
        "PSY-5", "DELAY", "subcision",
        {"expects_complete_removal": YES, "counselled": NO},
        {"expects_complete_removal": YES, "counselled": YES},
    ),
    Example(
        "PSY-5", "CAUTION", "subcision",
        {"expects_complete_removal": YES}, {"expects_complete_removal": NO},
    ),
    Example("PSY-6", "CAUTION", "subcision", {"severity_mismatch": YES}, {"severity_mismatch": NO}),
]  # fmt: skip

NEAR_MOUTH = (
    "upper_lip_perioral.L",
    "oral_commissure.R",
    "nasolabial_fold.L",
    "lower_lip_perioral.M",
)
NOSE = ("nasal_dorsum.M", "nasal_sidewall.L", "nasal_tip.M", "nasal_ala.R")
CHEEKS = ("infraorbital_medial_cheek.L", "malar.L", "lateral_cheek.R", "preauricular.L")
PRONE = ("chest.M", "neck_anterior.M", "neck_lateral.L", "ear_lobule.L", "jawline_anterior.L")

# Where a rule of places holds, and places that it leaves alone.
PLACES = [
    (
        "HSV-1",
        "PRETREAT",
        ("tca_cross", "subcision"),
        NEAR_MOUTH,
        (CHEEK,),
        {"herpes_history": YES},
    ),
    ("HSV-4", "CAUTION", ("microneedling_clinic",), (CHEEK,), NEAR_MOUTH, {"herpes_history": YES}),
    ("KEL-6", "CAUTION", ("subcision",), (*PRONE, "back.M"), (CHEEK, "chin.M"), {}),
    ("FIL-4", "OVERRIDE", ("filler_pmma_collagen",), ("chin.M", "temple.L"), CHEEKS, {}),
    (
        "FIL-7",
        "CAUTION",
        ("filler_ha", "fat_autologous"),
        ("glabella.M", "chin.M", *NOSE),
        (CHEEK,),
        {},
    ),
    (
        "REG-1",
        "OVERRIDE",
        ("subcision", "filler_ha", "rf_microneedling"),
        ("temple.L",),
        (CHEEK,),
        {},
    ),
    (
        *("REG-2", "OVERRIDE", ("subcision", "filler_plla", "rf_microneedling")),
        *(("jawline_anterior.L", "mandibular_angle.R"), (CHEEK, "chin.M"), {}),
    ),
    ("REG-2", "CAUTION", ("steroid_intralesional_scar",), ("mandibular_angle.L",), (CHEEK,), {}),
    ("REG-3", "OVERRIDE", ("subcision",), ("preauricular.L",), (CHEEK,), {}),
    (
        "REG-4",
        "CAUTION",
        ("subcision", "filler_ha"),
        ("infraorbital_medial_cheek.L",),
        (CHEEK,),
        {},
    ),
    (
        *("REG-5", "BLOCK", ("filler_ha", "filler_caha", "filler_collagen", "fat_autologous")),
        *(("glabella.M",), ("forehead_central.M",), {}),
    ),
    ("REG-5", "OVERRIDE", ("subcision",), ("glabella.M",), (CHEEK,), {}),
    ("REG-6", "OVERRIDE", ("filler_ha", "fat_autologous", "subcision"), NOSE, (CHEEK,), {}),
    ("REG-6", "OVERRIDE", ("peel_deep_phenol",), NOSE, (CHEEK,), {}),
    ("REG-7", "CAUTION", ("filler_ha", "fat_autologous"), ("nasolabial_fold.L",), (CHEEK,), {}),
    ("REG-8", "CAUTION", ("filler_ha",), ("chin.M", "upper_lip_perioral.M"), (CHEEK,), {}),
    (
        *("REG-9", "BLOCK", ("microneedling_clinic", "peel_superficial", "fractional_nonablative")),
        *(("periorbital_lower.L",), ("infraorbital_medial_cheek.L",), {}),
    ),
    ("REG-9", "CAUTION", ("pulsed_dye_laser",), ("eyebrow.L",), (CHEEK,), {}),
    ("REG-10", "CAUTION", ("subcision",), ("glabella.M", "oral_commissure.L"), (CHEEK,), {}),
    ("REG-11", "CAUTION", ("peel_superficial",), NEAR_MOUTH, (CHEEK,), {"herpes_history": YES}),
    ("REG-12", "CAUTION", ("microneedling_clinic",), PRONE, (CHEEK,), {}),
    ("REG-13", "OVERRIDE", ("filler_pmma_collagen",), ("chin.M", *NOSE), CHEEKS, {}),
]

STANDING = [
    ("PIH-2", "PRETREAT", "fractional_nonablative", "subcision"),
    ("PIH-2", "PRETREAT", "peel_superficial", "tca_cross"),
    ("PIH-2", "PRETREAT", "microneedling_clinic", "filler_ha"),
    ("CAR-3", "CAUTION", "rf_microneedling", "microneedling_clinic"),
    ("FIL-8", "CAUTION", "filler_ha", "subcision"),
    ("FIL-8", "CAUTION", "fat_autologous", "prp_alone"),
    ("FIL-9", "CAUTION", "filler_ha", "filler_plla"),
]


def named(example: Example) -> str:
    return f"{example.rule}-{example.effect}"


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_a_rule_meets_its_patient(catalogue, example):
    for treatment in example.treatments.split():
        found = hits(catalogue, example.met, example.rule, treatment, example.place)
        matching = [hit for hit in found if hit.known and hit.effect == example.effect]

        assert matching, treatment
        if example.until:
            assert {hit.until for hit in matching} == {example.until}


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_a_rule_leaves_the_patient_alone_whom_it_just_misses(catalogue, example):
    for treatment in example.treatments.split():
        found = hits(catalogue, example.missed, example.rule, treatment, example.place)

        assert example.effect not in {hit.effect for hit in found}, treatment


@pytest.mark.parametrize(
    ("rule", "effect", "treatments", "inside", "outside", "facts"),
    PLACES,
    ids=[f"{row[0]}-{row[1]}" for row in PLACES],
)
def test_a_rule_of_a_place_holds_there_only(
    catalogue, rule, effect, treatments, inside, outside, facts
):
    for treatment in treatments:
        for place in inside:
            assert effect in effects(catalogue, facts, rule, treatment, place), place
        for place in outside:
            assert effect not in effects(catalogue, facts, rule, treatment, place), place


@pytest.mark.parametrize(("rule", "effect", "treatment", "other"), STANDING)
def test_a_standing_rule_holds_for_everybody(catalogue, rule, effect, treatment, other):
    (hit,) = hits(catalogue, {}, rule, treatment)

    assert (hit.effect, hit.standing, hit.known) == (effect, True, True)
    assert not hits(catalogue, {}, rule, other)


def test_every_rule_has_an_example(catalogue):
    shown = {example.rule for example in EXAMPLES}
    shown |= {row[0] for row in PLACES} | {row[0] for row in STANDING}

    assert shown | {"PSY-7"} == set(catalogue.rules)


@pytest.mark.parametrize(
    ("rule", "treatment", "facts"),
    [
        ("ISO-1", "dermabrasion", {"isotretinoin": {"taking": NO, "last_dose": UNKNOWN}}),
        ("ISO-1", "dermabrasion", {"isotretinoin": UNKNOWN}),
        ("PRG-4", "subcision", {"pregnancy": UNKNOWN}),
        ("KEL-1", "punch_excision", {"keloid": UNKNOWN}),
        ("SUN-1", "fractional_nonablative", {"tan": UNKNOWN}),
        ("FST-5", "fractional_ablative_co2", {"skin": None}),
        ("IMM-3", "peel_superficial", {"vitiligo": {"diagnosed": YES, "last_change_on": UNKNOWN}}),
        ("PSY-5", "subcision", {"expects_complete_removal": YES, "counselled": UNKNOWN}),
        ("REG-11", "peel_superficial", {"herpes_history": UNKNOWN, "place": "chin.M"}),
    ],
)
def test_what_is_unknown_is_never_a_no(catalogue, rule, treatment, facts):
    place = "upper_lip_perioral.M" if rule == "REG-11" else CHEEK

    doubtful = [hit for hit in hits(catalogue, facts, rule, treatment, place) if not hit.known]

    assert doubtful
    assert all(hit.ask for hit in doubtful)


def test_an_unanswered_question_is_unknown_unless_the_case_says_no(catalogue):
    doubtful = hits(catalogue, {"absent": "unknown"}, "HSV-3", "subcision")

    assert [hit.known for hit in doubtful] == [False]
    assert not hits(catalogue, {"absent": "no"}, "HSV-3", "subcision")


def test_a_man_is_not_asked_about_pregnancy(catalogue):
    facts = {"sex": "M", "absent": "unknown"}

    for rule in ("PRG-4", "PRG-9", "PRG-10"):
        assert not hits(catalogue, facts, rule, "subcision")


def test_a_bleeding_risk_that_was_not_measured_counts_as_too_high(catalogue):
    facts = {"absent": "unknown", "blood_thinners": {"anticoagulant": YES, "warfarin": YES}}

    assert "DELAY" in effects(catalogue, facts, "BLD-3", "subcision")


def test_a_window_ends_between_two_sessions(catalogue):
    facts = {"isotretinoin": {"taking": NO, "last_dose": date(2026, 8, 1)}}
    last, first = date(2027, 1, 31), date(2027, 2, 1)

    assert effects(catalogue, facts, "ISO-1", "dermabrasion", day=last) == {"BLOCK"}
    assert not effects(catalogue, facts, "ISO-1", "dermabrasion", day=first)
    assert effects(catalogue, facts, "ISO-10", "dermabrasion", day=first) == {"CAUTION"}


def test_age_is_counted_on_the_day_of_the_session(catalogue):
    facts = {"born": date(2008, 12, 1), "country": "GB-ENG"}

    assert effects(catalogue, facts, "AGE-1", "filler_ha", day=date(2026, 11, 30)) == {"BLOCK"}
    assert not effects(catalogue, facts, "AGE-1", "filler_ha", day=date(2026, 12, 1))


def test_all_rules_that_hold_are_listed_the_strongest_first(catalogue):
    facts = {"skin": 5, "isotretinoin": {"taking": YES}, "keloid": {"personal": YES}}
    safety = Safety(case(**facts), catalogue)

    found = [hit for hit in safety.hits("dermabrasion", CHEEK, TODAY) if hit.known]

    assert {"ISO-1", "FST-2", "KEL-1"} <= {hit.rule for hit in found if hit.effect == "BLOCK"}
    assert found[0].effect == "BLOCK"
    assert safety.verdict("dermabrasion", CHEEK).effect == "BLOCK"


@pytest.mark.parametrize(
    ("word", "treatment", "facts", "effect"),
    [
        # No safety rule speaks of the treatment in this matter: the word itself counts.
        ("pregnancy", "polynucleotides", {"pregnancy": YES}, "BLOCK"),
        ("pregnancy", "threads", {"pregnancy": YES}, "BLOCK"),
        ("pregnancy", "filler_collagen", {"pregnancy": YES}, "BLOCK"),
        ("isotretinoin_current", "microdermabrasion", {"isotretinoin": {"taking": YES}}, "CAUTION"),
        ("isotretinoin_current", "polynucleotides", {"isotretinoin": {"taking": YES}}, "CAUTION"),
        ("keloid_tendency", "peel_superficial", {"keloid": {"personal": YES}}, "BLOCK"),
        ("radiotherapy_in_field", "tca_cross", {"radiotherapy": YES}, "CAUTION"),
        ("metal_allergy", "microneedling_clinic", {"allergy": {"metal": YES}}, "CAUTION"),
        ("fish_allergy", "polynucleotides", {"allergy": {"fish": YES}}, "BLOCK"),
        ("active_acne", "microdermabrasion", {"active_acne": YES}, "CAUTION"),
        ("recent_tan", "microneedling_clinic", {"tan": {"last_on": ago(days=3)}}, "CAUTION"),
        ("cardiac_renal_hepatic_disease", "phenol_cross", {"organ_disease": YES}, "BLOCK"),
        ("salicylate_allergy", "peel_superficial", {"allergy": {"salicylate": YES}}, "CAUTION"),
        ("cold_sensitivity_disorder", "cryotherapy_keloid", {"cold_sensitivity": YES}, "BLOCK"),
        ("active_cancer_or_chemo", "fibroblast_autologous", {"cancer": {"current": YES}}, "BLOCK"),
        ("active_herpes", "steroid_active_nodule", {"herpes_active": YES}, "BLOCK"),
    ],
)  # fmt: skip
def test_a_contraindication_word_counts_where_no_rule_speaks(
    catalogue, word, treatment, facts, effect
):
    assert effects(catalogue, facts, word, treatment) == {effect}


@pytest.mark.parametrize(
    ("word", "rule", "treatment", "facts"),
    [
        ("body_dysmorphia_screen_positive", "PSY-2", "subcision", {"dcq": 14}),
        ("keloid_tendency", "KEL-2", "microneedling_clinic", {"keloid": {"personal": YES}}),
        ("bleeding_disorder", "BLD-4", "subcision", {"bleeding_disorder": YES}),
        ("active_acne", "ACN-2", "microneedling_clinic", {"active_acne": YES}),
        ("metal_implant_in_field", "CAR-2", "rf_microneedling", {"metal_in_field": YES}),
        ("unrealistic_expectations", "PSY-5", "peel_medium_tca", {"expects_complete_removal": YES}),
        ("pregnancy", "PRG-4", "subcision", {"pregnancy": YES}),
    ],
)
def test_a_safety_rule_wins_over_the_word(catalogue, word, rule, treatment, facts):
    assert hits(catalogue, facts, rule, treatment)
    assert not hits(catalogue, facts, word, treatment)


def test_a_word_that_its_rule_does_not_meet_stays_as_a_note(catalogue):
    facts = {"blood_thinners": NO, "painkillers_supplements": {"nsaid": YES}}

    assert not hits(catalogue, facts, "BLD-2", "rf_microneedling")
    assert effects(catalogue, facts, "antiplatelet_or_nsaid", "rf_microneedling") == {"CAUTION"}


@pytest.mark.parametrize(
    ("days_until_event", "until"),
    [(0, date(2026, 11, 22)), (13, date(2026, 12, 5)), (14, None), (365, None), (-1, None)],
)
def test_an_event_postpones_a_session_that_would_still_show(catalogue, days_until_event, until):
    assert catalogue.treatments["ablative_co2_full"].days("downtime_days") == 14
    facts = {"event_date": TODAY + timedelta(days=days_until_event)}

    found = hits(catalogue, facts, "PSY-7", "ablative_co2_full")

    assert [hit.until for hit in found] == ([until] if until else [])
    assert {hit.effect for hit in found} <= {"DELAY"}
