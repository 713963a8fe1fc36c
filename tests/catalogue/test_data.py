"""The shipped data files: nothing of the fact base is missing, and every figure says what it is."""

import pytest

from clinic.catalogue import checks
from clinic.catalogue.files import DATA, Files
from clinic.catalogue.terms import Verification
from tests.catalogue.small import shipped_rows

PSEUDO = {"gk", "conv", "clinic_default"}


@pytest.fixture(scope="module")
def document():
    return Files(DATA).document


def test_the_files_are_sound(document):
    assert checks.problems(document) == []


@pytest.mark.parametrize(
    ("section", "count"),
    [
        ("treatments", 65),
        ("pairs", 133),
        ("protocols", 25),
        ("sources", 160 + 84 + 56 + 5 + 1),  # the registers, the safety and scale keys, SEED, conv
        ("requirements", 45),
    ],
)
def test_every_row_of_the_fact_base_is_here(document, section, count):
    assert len(document[section]) == count


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("principle", 22),
        ("region_rule", 5),
        ("default_rule", 7),  # six, and how several pairs of the same two are read
        ("disagreement", 16),
        ("negative_result", 7),
        ("correction", 7),
        ("check", 25),
        ("definition", 12),
    ],
)
def test_every_policy_of_the_fact_base_is_here(document, kind, count):
    assert len([row for row in document["policies"] if row["kind"] == kind]) == count


@pytest.mark.parametrize(
    ("part", "count"), [("indications", 193), ("contraindications", 672), ("statements", 399)]
)
def test_every_statement_on_a_treatment_is_here(document, part, count):
    assert sum(len(row.get(part, [])) for row in document["treatments"]) == count


def test_safety_and_scale_keys_resolve(document):
    codes = {row["code"] for row in document["sources"]}

    assert {f"R{n}" for n in range(1, 85)} | {f"S{n}" for n in range(1, 57)} <= codes
    assert {"SEED0", "SEED2", "SEED3", "SEED4"} <= codes


def marked(value):
    """Every mapping inside `value` that says how far it was checked."""
    if isinstance(value, dict):
        if "verification" in value:
            yield value
        for inner in value.values():
            yield from marked(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from marked(inner)


def test_every_figure_has_a_source_or_says_that_nobody_checked_it(document):
    for section in ("treatments", "pairs", "policies", "protocols", "safety_rules", "words"):
        for one in marked(document[section]):
            real = set(one["sources"]) - PSEUDO
            assert one["sources"]
            if one["verification"] in (Verification.V, Verification.P):
                assert real, one
            if not real:
                assert one["verification"] in PSEUDO, one


def test_verified_in_full_rests_on_documents_that_were_read(document):
    unread = {row["code"] for row in document["sources"] if row["how"].startswith("from general")}
    for section in ("treatments", "pairs", "protocols"):
        for one in marked(document[section]):
            if one["verification"] == Verification.V:
                assert not unread & set(one["sources"]), one


def test_every_procedure_can_be_priced_and_timed(document):
    for row in document["treatments"]:
        if row["kind"] == "procedure":
            kinds = {figure["kind"] for figure in row["figures"]}
            assert {"price", "duration_min", "numbing_min", "cleanup_min"} <= kinds, row["code"]


def test_a_condition_in_words_says_how_it_is_read(document):
    conditional = [row for row in document["pairs"] if row.get("condition")]

    assert len(conditional) == 24
    for row in conditional:
        assert (row["when"] is None) == (row["assume"] is not None), row["code"]
        assert row["when"] is not None or row["assume_reason"], row["code"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("subcision", "procedure"),
        ("pulsed_dye_laser", "procedure"),
        ("suction_after_subcision", "adjunct"),
        ("hsv_prophylaxis", "preparation"),
        ("isotretinoin_acne_control", "acne_control"),
        ("sunscreen_spf30", "home_care"),
    ],
)
def test_a_treatment_plays_its_part(code, kind):
    [row] = [row for row in shipped_rows("treatments") if row["code"] == code]

    assert row["kind"] == kind
