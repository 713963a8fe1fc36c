"""The shipped safety data say what the fact base's rule table says, and say it soundly.

The table is written out here a second time, by hand and shortly, so that a rule which is lost,
weakened or aimed elsewhere in the data files is seen.
"""

import re
from pathlib import Path

import pytest
import yaml

from clinic.catalogue.terms import Effect, ScarType, Sex, Verification

DATA = Path(__file__).parents[2] / "clinic/catalogue/data"

# What each rule does, and to whom, in the order of its clauses.
TABLE = """
ISO-1   BLOCK ABL DERM
ISO-2   BLOCK PEEL_D
ISO-3   OVERRIDE PEEL_M CROSS
ISO-4   OVERRIDE FABL
ISO-5   CAUTION NAFL PDL PEEL_S
ISO-6   OVERRIDE MN RFMN
ISO-7   CAUTION MN RFMN
ISO-8   CAUTION PUNCH SUBC
ISO-9   CAUTION RET AHA
ISO-10  CAUTION ABL DERM PEEL_D
ISO-11  CAUTION ALL
FST-1   BLOCK PEEL_D
FST-2   BLOCK ABL DERM
FST-3   OVERRIDE ABL DERM
FST-4   CAUTION WOUND_DEEP
FST-5   OVERRIDE FABL / PRETREAT FABL
FST-6   CAUTION NAFL PDL
FST-7   OVERRIDE PEEL_M / PRETREAT PEEL_M
FST-8   PRETREAT CROSS / OVERRIDE CROSS
FST-9   CAUTION MN RFMN
FST-10  OVERRIDE PUNCH
FST-11  OVERRIDE CRYO
FST-12  CAUTION ILS
PIH-1   DELAY ABL FABL NAFL PEEL_M CROSS DERM / DELAY PDL
        / OVERRIDE ABL FABL NAFL PEEL_M CROSS DERM / OVERRIDE PDL
        / CAUTION ABL FABL NAFL PDL PEEL_M CROSS DERM
PIH-2   PRETREAT LIGHT PEEL NEEDLE
MARK-1  BLOCK SURG CROSS FILL FAT FIBRO PUNCH ABL DERM PEEL_D
PIE-1   CAUTION PDL NAFL
KEL-1   BLOCK ABL DERM PEEL_D PUNCH PMMA
KEL-2   OVERRIDE SUBC FABL CROSS PEEL_M MN RFMN FAT FIBRO
KEL-3   CAUTION WOUND
KEL-4   OVERRIDE ABL DERM PEEL_D PUNCH / CAUTION SUBC FABL CROSS PEEL_M MN RFMN FAT FIBRO PMMA
KEL-5   CAUTION ILS IL5 SIL PDL CRYO / OVERRIDE ELECTIVE -ILS -IL5 -SIL -PDL -CRYO
KEL-6   CAUTION WOUND
HSV-1   PRETREAT ABL FABL DERM PEEL_M PEEL_D / PRETREAT CROSS MN RFMN SUBC
HSV-2   PRETREAT ABL DERM PEEL_D
HSV-3   DELAY ELECTIVE
HSV-4   CAUTION NAFL / CAUTION MN
PRG-1   BLOCK RET IL5
PRG-2   BLOCK PEEL_M PEEL_D CROSS
PRG-3   BLOCK MN
PRG-4   DELAY ABL FABL NAFL RFMN DERM FILL FAT FIBRO PRP SUBC PUNCH ILS PDL
PRG-5   CAUTION PEEL_S SPF VITC SIL AHA / CAUTION home_peel_low_strength spot_treatment_sa_bpo
PRG-6   BLOCK MN
PRG-7   BLOCK FAT
PRG-8   BLOCK IL5 PEEL_D / OVERRIDE RET
PRG-9   OVERRIDE ELECTIVE -MN -FAT -RET -IL5 -PEEL_D -AHA / CAUTION AHA
PRG-10  CAUTION ELECTIVE
BLD-1   OVERRIDE SUBC FAT PUNCH DERM
BLD-2   CAUTION FILL PRP FIBRO MN RFMN ILS FABL
BLD-3   DELAY SURG FAT DERM ABL / CAUTION SURG FAT DERM ABL
BLD-4   BLOCK MN / OVERRIDE WOUND INJ -MN
BLD-5   CAUTION SUBC FILL FAT PUNCH
ACN-1   DELAY ELECTIVE -RET / DELAY ELECTIVE -RET
ACN-2   DELAY DERM ABL FABL MN RFMN PEEL_M PEEL_D CROSS SURG FILL
ACN-3   CAUTION PEEL_S AHA RET PDL
INF-1   DELAY ELECTIVE
INF-2   BLOCK ELECTIVE
INF-3   BLOCK ELECTIVE PRP
SUN-1   DELAY LIGHT PEEL_M PEEL_D RFMN
SUN-2   DELAY ELECTIVE
SUN-3   OVERRIDE LIGHT PEEL / DELAY LIGHT PEEL
SUN-4   CAUTION LIGHT PEEL NEEDLE
SUN-5   OVERRIDE LIGHT PEEL_M PEEL_D DERM
CAR-1   BLOCK RFMN
CAR-2   OVERRIDE RFMN
CAR-3   CAUTION RFMN
CAR-4   BLOCK PEEL_D
IMM-1   OVERRIDE WOUND_DEEP FAT PMMA FABL / DELAY WOUND_DEEP FAT PMMA FABL
IMM-2   BLOCK WOUND RFMN FILL / OVERRIDE WOUND RFMN FILL
IMM-3   OVERRIDE LIGHT NEEDLE PEEL DERM / DELAY LIGHT NEEDLE PEEL DERM
IMM-4   CAUTION LIGHT
IMM-5   DELAY ELECTIVE
IMM-6   CAUTION PRP
IMM-7   BLOCK WOUND_DEEP
IMM-8   OVERRIDE WOUND_DEEP FAT SURG / OVERRIDE WOUND_DEEP FAT SURG / CAUTION WOUND_DEEP FAT SURG
IMM-9   DELAY PEEL_D ABL
PRP-1   BLOCK PRP
PRP-2   OVERRIDE PRP
PRP-3   CAUTION PRP / CAUTION PRP / CAUTION PRP / CAUTION PRP / CAUTION PRP / OVERRIDE PRP
PRP-4   CAUTION PRP
FIL-1   BLOCK PMMA
FIL-2   PRETREAT PMMA
FIL-3   BLOCK PMMA
FIL-4   OVERRIDE PMMA / BLOCK PMMA
FIL-5   BLOCK PMMA filler_collagen / OVERRIDE HA STIM
FIL-6   OVERRIDE FILL NEEDLE RFMN SUBC filler_collagen
FIL-7   CAUTION FILL FAT filler_collagen
FIL-8   CAUTION FILL FAT filler_collagen
FIL-9   CAUTION HA
FIL-10  DELAY FILL filler_collagen
LA-8    BLOCK PMMA HA / OVERRIDE SURG FAT DERM
AGE-1   BLOCK FILL filler_collagen botulinum_adjunct
AGE-2   OVERRIDE ELECTIVE -RET -AHA / BLOCK FILL filler_collagen
AGE-3   OVERRIDE MN
AGE-4   BLOCK PMMA
AGE-5   DELAY ELECTIVE -RET -AHA
PSY-1   CAUTION ELECTIVE
PSY-2   DELAY ELECTIVE / OVERRIDE ELECTIVE
PSY-3   CAUTION ELECTIVE
PSY-4   DELAY ALL / CAUTION ELECTIVE
PSY-5   DELAY ELECTIVE / CAUTION ELECTIVE
PSY-6   CAUTION ELECTIVE
PSY-7   DELAY ELECTIVE
REG-1   OVERRIDE SUBC FILL RFMN filler_collagen threads
REG-2   OVERRIDE SUBC RFMN FILL FAT FIBRO filler_collagen polynucleotides threads
        / CAUTION PRP ILS IL5
REG-3   OVERRIDE SUBC threads
REG-4   CAUTION SUBC FILL filler_collagen
REG-5   BLOCK FILL FAT filler_collagen / OVERRIDE SUBC
REG-6   OVERRIDE FILL FAT filler_collagen / OVERRIDE SUBC PEEL_D
REG-7   CAUTION FILL FAT filler_collagen
REG-8   CAUTION FILL filler_collagen
REG-9   BLOCK NEEDLE PEEL LIGHT CROSS / CAUTION NEEDLE PEEL LIGHT CROSS
REG-10  CAUTION SUBC
REG-11  CAUTION LIGHT PEEL NEEDLE CROSS DERM MDERM
REG-12  CAUTION WOUND
REG-13  OVERRIDE PMMA
"""

# The members that the fact base gives to each short name.
SHORT_NAMES = """
ABL     ablative_co2_full ablative_erbium_full
FABL    fractional_ablative_co2 fractional_ablative_erbium
NAFL    fractional_nonablative picosecond_fractional ndyag_1064
PEEL_S  peel_superficial
PEEL_M  peel_medium_tca
PEEL_D  peel_deep_phenol
CROSS   tca_cross phenol_cross
DERM    dermabrasion
MDERM   microdermabrasion
MN      microneedling_clinic microneedling_home microneedling_prp
RFMN    rf_microneedling
PRP     prp_alone microneedling_prp
HA      filler_ha
STIM    filler_caha filler_plla
PMMA    filler_pmma_collagen
FAT     fat_autologous
FIBRO   fibroblast_autologous
SUBC    subcision
PUNCH   punch_excision punch_elevation punch_graft
ILS     steroid_intralesional_scar
IL5     fu5_intralesional
SIL     silicone_gel_sheet
PDL     pulsed_dye_laser
CRYO    cryotherapy_keloid
RET     tretinoin_rx retinol_otc adapalene_bpo
SPF     sunscreen_spf30
VITC    vitamin_c_topical
AHA     aha_bha_skincare
ACNE    acne_control_standard
WOUND   ABL FABL PEEL_M PEEL_D CROSS DERM MN RFMN SUBC PUNCH
PEEL    PEEL_S PEEL_M PEEL_D
FILL    HA STIM PMMA
WOUND_DEEP ABL DERM PEEL_D
LIGHT   ABL FABL NAFL PDL
NEEDLE  MN RFMN
INJ     FILL FAT FIBRO PRP ILS IL5
SURG    SUBC PUNCH
"""

# Everything else is elective: plain skin care, preparation and healing, acne itself.
NOT_ELECTIVE = {
    "sunscreen_spf30",
    "vitamin_c_topical",
    "silicone_gel_sheet",
    "acne_control_standard",
    "steroid_active_nodule",
    "isotretinoin_acne_control",
    "spot_treatment_sa_bpo",
    "hydroquinone_priming",
    "topical_steroid_post_laser",
    "ha_dressing_post_laser",
    "hsv_prophylaxis",
    "otc_scar_cream",
    "moisturiser_daily",
    "gentle_cleanser",
    "oils_butters",
    "natural_oils_massage",
    "face_massage",
    "essential_oils",
    "cosmetic_temporary_filler",
    "hydrocolloid_patch",
    "hands_off",
}

# Contraindications that last as long as the patient's skin, allergy or implant does, or the place.
LASTING_BLOCKS = {
    *("FST-1", "FST-2", "KEL-1", "BLD-4", "CAR-1", "CAR-4", "IMM-7", "FIL-1", "FIL-4", "FIL-5"),
    *("REG-5", "REG-9"),
}

# The fact base's list of what must be asked (safety section 5), and the facts that answer it.
INTAKE = {
    "isotretinoin taking": "isotretinoin.taking",
    "isotretinoin last dose": "isotretinoin.last_dose",
    "other photosensitisers": "photosensitiser.taking",
    "topical retinoid": "topical_retinoid",
    "anticoagulant": "blood_thinners.anticoagulant",
    "antiplatelet": "blood_thinners.antiplatelet",
    "INR": "blood_thinners.inr",
    "bleeding disorder": "bleeding_disorder",
    "platelet disorder": "platelet_disorder",
    "keloid history": "keloid.personal",
    "hypertrophic history": "keloid.hypertrophic",
    "keloid in the family": "keloid.family",
    "facial herpes": "herpes_history",
    "facial herpes now": "herpes_active",
    "pregnancy": "pregnancy",
    "breastfeeding": "breastfeeding",
    "implanted device": "implanted_device",
    "metal": "metal_in_field.present",
    "immune drugs and disease": "immunosuppressed",
    "chemotherapy": "cancer.therapy_now",
    "autoimmune": "connective_tissue_disease.diagnosed",
    "heart": "organ_disease.heart",
    "liver": "organ_disease.liver",
    "kidney": "organ_disease.kidney",
    "diabetes": "diabetes",
    "smoking": "smoking",
    "lidocaine allergy": "allergy.lidocaine",
    "collagen allergy": "allergy.collagen",
    "prior anaphylaxis": "allergy.anaphylaxis",
    "latex": "allergy.latex",
    "metals": "allergy.metal",
    "prior filler, type": "previous_filler.product",
    "prior filler, date": "previous_filler.last_on",
    "prior facial surgery": "facial_surgery.last_on",
    "radiotherapy": "radiotherapy.present",
    "tan and sun in the last 4 weeks": "tan.last_on",
    "active acne": "active_acne.present",
    "infection and wounds today": "infection.present",
    "Fitzpatrick type": "patient.fitzpatrick",
    "age": "patient.age",
    "weight": "patient.weight_kg",
    "event date": "event_date",
    "expectation": "expects_complete_removal",
    "PHQ-2": "phq2",
    "DCQ": "dcq",
    "PIH after injury or treatment": "pih_history",
    "vitiligo": "vitiligo.diagnosed",
    "psoriasis": "psoriasis",
    "eczema or rosacea": "active_dermatitis.present",
    "unavoidable sun": "unavoidable_sun",
    "previous scar treatments": "previous_scar_treatment.had",
}

ASKED_EACH_SESSION = [
    "pregnancy",
    "breastfeeding",
    "infection",
    "herpes_active",
    "tan",
    "sunburn",
    "isotretinoin",
    "blood_thinners",
    "painkillers_supplements",
    "photosensitiser",
    "topical_retinoid",
    "topical_acids",
    "systemic_steroid",
]

# Facts that no question gives, and what kind of value each has.
OTHER_FACTS = {
    "patient.age": "number",
    "patient.sex": "sex",
    "patient.fitzpatrick": "number",
    "patient.weight_kg": "number",
    "marks.pih": "yes_no",
    "marks.pie": "yes_no",
    "marks.hypo": "yes_no",
    "face.marks_only": "yes_no",
    "face.scar_types": "scar_types",
    "scar.type": "scar_types",
    "region": "region",
    "clinic.country": "country",
}

OPERATORS = {
    "yes_no": {"eq", "known"},
    "date": {"within", "known"},
    "number": {"eq", "lt", "le", "gt", "ge", "known"},
    "choice": {"eq", "in", "known"},
    "sex": {"eq", "in"},
    "scar_types": {"in"},
    "region": {"eq", "in"},
    "country": {"eq", "in", "known"},
}


def rows(section: str) -> dict:
    """A section of all data files, by code."""
    found = {}
    for path in sorted(DATA.glob("*.yaml")):
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        found |= {row["code"]: row for row in document.get(section) or ()}
    return found


RULES, QUESTIONS, FAMILIES = rows("safety_rules"), rows("questions"), rows("families")
WORDS, LIMITS, TREATMENTS = rows("words"), rows("limits"), rows("treatments")
REGIONS, SOURCES = rows("regions"), rows("sources")
CLAUSES = [(code, clause) for code, rule in RULES.items() for clause in rule["clauses"]]
CONDITIONS = [
    *((code, clause["when"]) for code, clause in CLAUSES),
    *((code, word["when"]) for code, word in WORDS.items()),
    *((code, limit["when"]) for code, limit in LIMITS.items()),
    *((code, question.get("applies")) for code, question in QUESTIONS.items()),
    *((c, part.get("show_if")) for c, q in QUESTIONS.items() for part in q["parts"]),
]


def leaves(condition):
    if not condition:
        return
    for key in ("all", "any"):
        for inner in condition.get(key, ()):
            yield from leaves(inner)
    if "not" in condition:
        yield from leaves(condition["not"])
    if "fact" in condition:
        yield condition


def part_of(fact: str) -> dict | None:
    question, _, code = fact.partition(".")
    parts = QUESTIONS[question]["parts"] if question in QUESTIONS else ()
    return next((part for part in parts if part["code"] == code), None)


def kind_of(fact: str) -> str:
    part = part_of(fact)
    return part["kind"] if part else OTHER_FACTS[fact]


def members(code: str) -> set[str]:
    if code not in FAMILIES:
        return {code}
    return set().union(*(members(member) for member in FAMILIES[code]["members"]))


def tabled(table: str) -> list[tuple[str, str]]:
    """Code and rest of each line; a line that begins with blanks goes on from the one before."""
    lines = re.sub(r"\n +", " ", table.strip()).splitlines()
    return [tuple(line.split(None, 1)) for line in lines]


def shape(clause: dict) -> str:
    excepted = [f"-{code}" for code in clause.get("except") or ()]
    return " ".join([clause["effect"], *clause["targets"], *excepted])


@pytest.mark.parametrize(("code", "clauses"), tabled(TABLE))
def test_a_rule_does_what_the_table_says(code, clauses):
    assert " / ".join(shape(clause) for clause in RULES[code]["clauses"]) == clauses


def test_there_is_no_rule_beside_the_table():
    assert set(RULES) == {code for code, _ in tabled(TABLE)}


def test_every_lidocaine_rule_is_a_limit():
    assert {f"LA-{number}" for number in range(1, 9)} <= set(LIMITS)


@pytest.mark.parametrize(
    ("code", "mg_per_kg", "cap_mg", "with_adrenaline", "factor"),
    [
        ("LA-1", 4.5, None, False, None),
        ("LA-2", 7, None, True, None),
        ("LA-3", 1.5, None, False, None),
        ("LA-3-adrenaline", 3, None, True, None),
        ("LA-4", None, 300, False, None),
        ("LA-4-adrenaline", None, 500, True, None),
        ("LA-6", None, None, None, 0.75),
    ],
)
def test_a_lidocaine_limit_has_its_figure(code, mg_per_kg, cap_mg, with_adrenaline, factor):
    row = LIMITS[code]

    assert (row["mg_per_kg"], row["cap_mg"]) == (mg_per_kg, cap_mg)
    assert (row["with_adrenaline"], row["factor"]) == (with_adrenaline, factor)


@pytest.mark.parametrize(("code", "names"), tabled(SHORT_NAMES))
def test_a_short_name_stands_for_its_treatments(code, names):
    assert set(FAMILIES[code]["members"]) == set(names.split())


def test_elective_is_everything_but_what_is_listed_here():
    assert members("ELECTIVE") == set(TREATMENTS) - NOT_ELECTIVE


def test_all_is_every_treatment():
    assert members("ALL") == set(TREATMENTS)


@pytest.mark.parametrize(("code", "condition"), CONDITIONS)
def test_a_condition_reads_facts_that_exist_by_operators_that_fit(code, condition):
    for leaf in leaves(condition):
        kind = kind_of(leaf["fact"])
        (operator,) = set(leaf) - {"fact"}
        assert operator in OPERATORS[kind], leaf
        if operator != "known":
            assert_value_fits(kind, leaf, operator)


def assert_value_fits(kind: str, leaf: dict, operator: str):
    value = leaf[operator]
    several = value if operator == "in" else [value]
    known = {
        "sex": {term.value for term in Sex},
        "scar_types": {term.value for term in ScarType},
        "region": set(REGIONS),
    }
    if kind == "yes_no":
        assert isinstance(value, bool), leaf
    elif kind == "date":
        ((unit, number),) = value.items()
        assert unit in ("days", "weeks", "months"), leaf
        assert number > 0, leaf
    elif kind == "choice":
        assert set(several) <= {choice["code"] for choice in part_of(leaf["fact"])["choices"]}
    elif kind in known:
        assert set(several) <= known[kind], leaf


@pytest.mark.parametrize(("code", "clause"), CLAUSES)
def test_a_clause_names_what_exists(code, clause):
    aimed_at = set().union(*map(members, clause["targets"]))

    assert aimed_at <= set(TREATMENTS)
    assert set(clause.get("except") or ()) <= set(FAMILIES) | set(TREATMENTS)
    assert set(clause.get("regions") or ()) <= set(REGIONS)
    assert set(clause.get("scar_types") or ()) <= {term.value for term in ScarType}
    assert clause["effect"] in {term.value for term in Effect}
    assert clause["words"].endswith(".")


@pytest.mark.parametrize(("code", "clause"), CLAUSES)
def test_whoever_has_to_wait_is_told_until_when(code, clause):
    ends = clause.get("until") or clause.get("until_text")

    if clause["effect"] == Effect.DELAY:
        assert ends
    if clause["effect"] == Effect.BLOCK:
        assert ends or code in LASTING_BLOCKS


@pytest.mark.parametrize(("code", "clause"), CLAUSES)
def test_a_date_until_ends_with_the_window_that_holds(code, clause):
    until = clause.get("until")
    if not until or until["fact"] == "today" or clause.get("judged_by"):
        return

    windows = [leaf for leaf in leaves(clause["when"]) if leaf["fact"] == until["fact"]]

    assert [leaf["within"] for leaf in windows] == [until["plus"]]
    assert kind_of(until["fact"]) == "date"


@pytest.mark.parametrize(("code", "clause"), CLAUSES)
def test_whoever_is_prepared_is_told_how(code, clause):
    preparation, spot = clause.get("preparation"), clause.get("test_spot")

    if clause["effect"] == Effect.PRETREAT:
        assert preparation or spot
    if preparation:
        assert preparation["treatment"] in TREATMENTS
        assert preparation["lead_days"] > 0
    if spot:
        assert spot["reading_days"] in (28, 84)


@pytest.mark.parametrize(
    ("rule", "treatment", "lead", "course"),
    [
        ("FST-5", "hydroquinone_priming", 14, 14),
        ("FST-7", "hydroquinone_priming", 14, 14),
        ("FST-8", "hydroquinone_priming", 14, 14),
        ("HSV-1", "hsv_prophylaxis", 1, 14),
        ("HSV-2", "hsv_prophylaxis", 1, 14),
        ("PIH-2", "sunscreen_spf30", 14, None),
    ],
)
def test_a_preparation_starts_and_lasts_as_the_rule_says(rule, treatment, lead, course):
    found = [c["preparation"] for c in RULES[rule]["clauses"] if c.get("preparation")]

    assert found
    for each in found:
        assert each == {"treatment": treatment, "lead_days": lead, "course_days": course}


@pytest.mark.parametrize(
    ("rule", "days"), [("FST-4", 28), ("FST-5", 28), ("FST-8", 28), ("KEL-2", 84), ("FIL-2", 28)]
)
def test_a_test_area_is_read_after_its_time(rule, days):
    spots = [c["test_spot"]["reading_days"] for c in RULES[rule]["clauses"] if c.get("test_spot")]

    assert spots == [days]


def test_what_holds_for_everybody_goes_to_the_consent_form():
    standing = {code for code, clause in CLAUSES if clause.get("standing")}

    assert standing == {"PIH-2", "CAR-3", "FIL-8", "FIL-9"}


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_rule_says_where_it_comes_from(code):
    rule = RULES[code]

    assert rule["sources"]
    assert set(rule["sources"]) <= set(SOURCES)
    assert rule["verification"] in {term.value for term in Verification}
    assert rule["title"]
    assert rule["text"].endswith(".")
    assert rule["family"] == code.rpartition("-")[0]
    assert set(rule["alternatives"]) <= set(FAMILIES) | set(TREATMENTS)


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_rule_that_is_only_partly_checked_says_which_part(code):
    if RULES[code]["verification"] == Verification.P:
        assert RULES[code]["note"]


def test_the_law_of_a_rule_has_a_country_and_a_date():
    legal = {code: rule["legal"] for code, rule in RULES.items() if rule["legal"]}

    assert {code: row["country"] for code, row in legal.items()} == {"AGE-1": "GB-ENG"}
    assert legal["AGE-1"]["since"].isoformat() == "2021-10-01"


@pytest.mark.parametrize("code", sorted(WORDS))
def test_a_word_is_fed_by_an_answer(code):
    word = WORDS[code]

    assert word["when"]
    assert set(word["rules"]) <= set(RULES)
    assert word["sources"]
    assert set(word["sources"]) <= set(SOURCES)


def test_every_word_of_a_treatment_is_in_the_vocabulary():
    used = {
        contra["word"] for row in TREATMENTS.values() for contra in row.get("contraindications", ())
    }

    assert used == set(WORDS)


@pytest.mark.parametrize("code", sorted(WORDS))
def test_the_rules_of_a_word_read_what_the_word_reads(code):
    asked = {leaf["fact"].partition(".")[0] for leaf in leaves(WORDS[code]["when"])}

    for rule in WORDS[code]["rules"]:
        read = {
            leaf["fact"].partition(".")[0]
            for clause in RULES[rule]["clauses"]
            for leaf in leaves(clause["when"])
        }
        assert asked & read, rule


@pytest.mark.parametrize(("asked", "fact"), sorted(INTAKE.items()))
def test_what_must_be_asked_is_asked(asked, fact):
    assert part_of(fact) or fact in OTHER_FACTS


def test_what_changes_quickly_is_asked_at_each_session():
    for code in ASKED_EACH_SESSION:
        assert QUESTIONS[code].get("each_session"), code


@pytest.mark.parametrize("code", sorted(QUESTIONS))
def test_a_question_can_be_asked(code):
    question = QUESTIONS[code]
    codes = [part["code"] for part in question["parts"]]

    assert question["text"].endswith(("?", "total"))
    assert question["expires_days"] > 0
    assert len(set(codes)) == len(codes)
    assert question["sources"]
    assert set(question["sources"]) <= set(SOURCES)
    if len(codes) > 1 or question.get("regional"):
        assert "" not in codes  # a place is named beside a named part
    for part in question["parts"]:
        assert part["kind"] in ("yes_no", "date", "number", "choice", "text", "regions")
        assert part.get("label") or part["code"] == ""
        assert bool(part.get("choices")) == (part["kind"] == "choice")


def test_the_codes_that_case_files_rely_on_stay():
    assert [part["code"] for part in QUESTIONS["isotretinoin"]["parts"]] == ["taking", "last_dose"]
    assert [part["code"] for part in QUESTIONS["breastfeeding"]["parts"]] == [""]
