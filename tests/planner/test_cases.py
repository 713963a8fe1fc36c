"""The fact base's own checks (planner_checks k01-k25), the case files, the published protocols."""

from datetime import timedelta
from itertools import pairwise

import pytest

from planner.engine.check import check
from planner.engine.scars import words_for
from planner.engine.values import MarkGroup, Wishes
from tests.planner.shipped import (
    CASES,
    TODAY,
    ago,
    all_treatments,
    as_given,
    catalogue,
    days_of,
    face,
    held_back,
    plan_of,
    read_case,
    scars,
    suggested,
    treatments_of,
)

CHEEKS = ("malar.L", "malar.R")
ROLLING = tuple(scars(place, "rolling") for place in CHEEKS)
ICE_PICK = tuple(scars(place, "ice_pick") for place in CHEEKS)
BOXCAR = tuple(scars(place, "boxcar_shallow") for place in CHEEKS)
PRP = {"prp_alone", "microneedling_prp"}
FULL_ABLATION = {"ablative_co2_full", "ablative_erbium_full"}
DAY_OF = dict.fromkeys


def breaking(checked) -> set[str]:
    return {finding.rule for finding in checked.findings if finding.breaks}


def ours(suggestion):
    """The strategies' proposals, without the published protocols."""
    return [proposal for proposal in suggestion.proposals if not proposal.protocol]


def test_k01_every_plan_for_rolling_scars_holds_subcision():
    for proposal in ours(suggested(face(*ROLLING, *BOXCAR))):
        assert "subcision" in treatments_of(proposal)


def test_k01_gives_way_to_a_wish_for_no_needles():
    suggestion = suggested(face(*ROLLING, wishes=Wishes(no_needles=True)))

    assert "subcision" not in all_treatments(suggestion)
    assert any(
        row.treatment == "subcision" and row.kind == "wish"
        for row in suggestion.proposals[0].why_not
    )


def test_k02_ice_pick_scars_alone_get_no_subcision():
    assert "subcision" not in all_treatments(suggested(face(*ICE_PICK)))


def test_k03_ice_pick_scars_get_a_focal_first_choice():
    for proposal in ours(suggested(face(*ICE_PICK))):
        assert treatments_of(proposal) & {"tca_cross", "punch_excision"}


def test_k04_subcision_with_filler_for_rolling_scars_shows_its_figure():
    row = next(p for p in catalogue().pairs if {p.a, p.b} == {"subcision", "filler_ha"})

    assert all(figure in row.why for figure in ("94.1%", "52.9%"))
    assert check(
        face(*ROLLING), catalogue(), plan_of((0, "subcision", "filler_ha", CHEEKS))
    ).allowed


def test_k05_rf_needling_waits_two_weeks_after_subcision():
    case = face(*ROLLING)

    soon = check(
        case, catalogue(), plan_of((0, "subcision", CHEEKS), (1, "rf_microneedling", CHEEKS))
    )
    later = check(
        case,
        catalogue(),
        plan_of((0, "subcision", CHEEKS), *((w, "rf_microneedling", CHEEKS) for w in (2, 6, 10))),
    )

    assert "c012" in breaking(soon)
    assert later.allowed


def test_k06_the_published_subcision_and_laser_course_is_offered_as_reported():
    suggestion = suggested(read_case("subcision_fco2"))
    protocol = next(p for p in suggestion.proposals if p.protocol == "subcision_fco2")

    assert days_of(protocol, "subcision") == [0]
    assert days_of(protocol, "fractional_ablative_co2") == [0, 21, 42, 63, 84]
    assert "54.7%" in protocol.reported


def test_k07_suction_is_tied_to_subcision_from_day_three():
    row = next(p for p in catalogue().pairs if "suction_after_subcision" in (p.a, p.b))

    assert (row.first, row.typical_days) == ("subcision", 3)
    assert all(figure in row.why for figure in ("71.73%", "43.75%"))


def test_k08_cross_is_never_repeated_within_two_weeks():
    for proposal in suggested(face(*ICE_PICK)).proposals:
        days = days_of(proposal, "tca_cross")
        assert all(later - day >= 14 for day, later in pairwise(days))
    assert not check(
        face(*ICE_PICK), catalogue(), plan_of((0, "tca_cross", CHEEKS), (1.5, "tca_cross", CHEEKS))
    ).allowed


def test_k09_within_six_months_of_isotretinoin_full_ablation_is_refused_and_nonablative_is_not():
    answer = {"taking": False, "last_dose": ago(weeks=20)}
    suggestion = suggested(face(*BOXCAR, *ROLLING, skin=2, isotretinoin=answer))

    assert {*FULL_ABLATION, "dermabrasion"} <= held_back(suggestion).keys()
    assert "fractional_nonablative" not in held_back(suggestion)


def test_k10_herpes_brings_an_antiviral_before_ablation():
    case = face(*BOXCAR, skin=1, herpes_history=True)
    hits = {
        hit.preparation
        for code in (*FULL_ABLATION, "peel_medium_tca", "dermabrasion")
        for finding in check(case, catalogue(), plan_of((20, code, CHEEKS))).findings
        if (hit := finding.hit)
    }

    assert "hsv_prophylaxis" in hits


@pytest.mark.parametrize("skin", [4, 5, 6])
def test_k11_dark_skin_gets_no_full_ablation_dermabrasion_or_phenol(skin):
    suggestion = suggested(face(*BOXCAR, *ROLLING, *ICE_PICK, skin=skin))

    assert not all_treatments(suggestion) & {*FULL_ABLATION, "dermabrasion", "peel_deep_phenol"}


def test_k12_fractional_laser_in_dark_skin_is_only_possible_with_a_reason_and_primed():
    case = face(*BOXCAR, skin=4)
    checked = check(case, catalogue(), plan_of((0, "fractional_ablative_co2", CHEEKS)))
    hits = [finding.hit for finding in checked.findings if finding.hit]

    assert "fractional_ablative_co2" not in all_treatments(suggested(case))
    assert any(
        r.treatment == "fractional_ablative_co2" for r in suggested(case).possible_with_override
    )
    assert any(hit.preparation == "hydroquinone_priming" for hit in hits)
    assert any(hit.reading_days for hit in hits)


def test_k13_a_pacemaker_refuses_rf_needling_and_leaves_plain_needling():
    suggestion = suggested(face(*ROLLING, *BOXCAR, implanted_device=True))

    assert held_back(suggestion)["rf_microneedling"] == "BLOCK"
    assert "microneedling_clinic" not in held_back(suggestion)


def test_k14_a_platelet_disorder_refuses_every_prp():
    suggestion = suggested(face(*ROLLING, *BOXCAR, platelet_disorder=True))

    assert {code: held_back(suggestion).get(code) for code in PRP} == DAY_OF(PRP, "BLOCK")


def test_k15_filler_before_heat_on_one_day_is_refused_and_laser_first_is_not():
    case = face(*ROLLING)
    laser_first = plan_of((0, "fractional_ablative_co2", "filler_ha", CHEEKS))
    filler_first = plan_of((0, "filler_ha", "fractional_ablative_co2", CHEEKS))

    assert "c072" in breaking(check(case, catalogue(), filler_first))
    assert "c072" not in breaking(check(case, catalogue(), laser_first))


@pytest.mark.parametrize(("age", "refused"), [(20, True), (21, True), (22, False)])
def test_k16_pmma_is_refused_up_to_twenty_one(age, refused):
    suggestion = suggested(face(*ROLLING, age=age))

    assert (held_back(suggestion).get("filler_pmma_collagen") == "BLOCK") is refused


def test_k16_pmma_is_refused_with_collagen_allergy_and_off_the_cheeks():
    allergic = suggested(face(*ROLLING, allergy={"collagen": True}))
    on_chin = check(
        face(scars("chin.M", "rolling")),
        catalogue(),
        plan_of((6, "filler_pmma_collagen", ["chin.M"])),
    )

    assert held_back(allergic)["filler_pmma_collagen"] == "BLOCK"
    assert not on_chin.allowed


def test_k17_raised_scars_are_injected_and_not_cut_needled_or_released():
    case = face(scars("jawline_anterior.L", "keloid", count=None, area_cm2=3.0))
    suggestion = suggested(case)

    assert "steroid_intralesional_scar" in treatments_of(suggestion.proposals[0])
    assert not all_treatments(suggestion) & {"punch_excision", "microneedling_clinic", "subcision"}


def test_k18_a_keloid_carries_the_warning_that_it_comes_back():
    case = face(scars("jawline_anterior.L", "keloid", count=None, area_cm2=3.0))

    texts = [flag.text for flag in suggested(case).flags]
    assert any("33 %" in text and "50 %" in text for text in texts)


def test_k19_home_care_is_never_proposed_as_a_treatment_of_pits():
    rows = catalogue().treatments
    suggestion = suggested(face(*ROLLING, *ICE_PICK, *BOXCAR))

    assert all(rows[code].is_procedure for code in all_treatments(suggestion))


def test_k20_pregnancy_refuses_or_postpones_all_but_a_gentle_peel():
    suggestion = suggested(face(*ROLLING, *BOXCAR, *ICE_PICK, pregnancy=True))
    kept_out = held_back(suggestion)

    wanted = {"tca_cross", "subcision", "filler_ha", "rf_microneedling", "fractional_ablative_co2"}
    assert wanted <= kept_out.keys()
    assert kept_out["tca_cross"] == "BLOCK"
    assert kept_out["punch_excision"] == "DELAY"
    assert "peel_superficial" not in kept_out


def test_k21_a_block_ends_in_a_review_twelve_weeks_after_its_last_procedure():
    for proposal in suggested(face(*ROLLING, *BOXCAR)).proposals:
        for number, _, _ in proposal.blocks:
            mine = [s for s in proposal.sessions if s.block == number]
            last = max(s.day for s in mine if s.steps)
            assert [s.day for s in mine if s.kind == "review"] == [last + 84]


def test_k22_a_positive_screen_holds_everything_back():
    suggestion = suggested(face(*ROLLING, *BOXCAR, bddq=True))

    assert suggestion.proposals == ()
    assert suggestion.no_plan


def test_k23_the_filler_says_that_it_is_temporary():
    span = catalogue().treatments["filler_ha"].figure("results_last_months")

    assert (span.min, span.max) == (3, 18)


@pytest.mark.parametrize(
    ("treatment", "least", "most"),
    [
        ("ablative_co2_full", 14, 14),
        ("fractional_nonablative", 1, 4),
        ("tca_cross", 3, 7),
        ("microneedling_clinic", 1, 3),
    ],
)
def test_k24_downtime_is_as_the_sources_have_it(treatment, least, most):
    span = catalogue().treatments[treatment].figure("downtime_days")

    assert (span.min, span.max or span.min) == (least, most)


@pytest.mark.parametrize("skin", [3, 4, 5])
def test_k25_without_devices_subcision_and_needling_is_available(skin):
    suggestion = suggested(face(*ROLLING, *BOXCAR, skin=skin))
    plan = plan_of(
        *((week, "subcision", "microneedling_clinic", CHEEKS) for week in (2, 6, 10, 14))
    )

    offered = [
        days_of(p, "microneedling_clinic")
        for p in suggestion.proposals
        if p.protocol == "subcision_mn"
    ]
    assert offered == [[0, 28, 56, 84]]
    assert check(face(*ROLLING, *BOXCAR, skin=skin), catalogue(), plan).allowed


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.yaml")))
def test_every_case_file_is_read_and_every_proposal_passes_the_check(name):
    case = read_case(name)

    for proposal in suggested(case).proposals:
        checked = check(case, catalogue(), as_given(proposal))
        assert checked.allowed, [f.text for f in checked.findings if f.breaks]
        assert checked.expected == proposal.expected
        assert (checked.cost, checked.visits) == (proposal.cost, proposal.visits)


@pytest.mark.parametrize("name", ["kang_triple", "subcision_fco2", "primed_cross"])
def test_a_published_protocol_is_named_where_its_own_population_stands(name):
    proposals = suggested(read_case(name)).proposals

    assert name in {proposal.protocol for proposal in proposals}
    assert [p.recommended for p in proposals] == [True, *(False for _ in proposals[1:])]


def test_the_primed_cross_protocol_is_prepared_for_two_weeks():
    suggestion = suggested(read_case("primed_cross"))
    protocol = next(p for p in suggestion.proposals if p.protocol == "primed_cross")

    assert days_of(protocol, "tca_cross") == [0, 14, 28, 42]
    assert protocol.first_session_on >= TODAY + timedelta(days=14)
    assert "hydroquinone_priming" in {row.treatment for row in protocol.preparations}


def test_marks_alone_get_no_scar_procedure():
    suggestion = suggested(face(marks=[MarkGroup("malar.L", "pih", 12)]))

    assert suggestion.proposals == ()
    assert "colour" in suggestion.no_plan.text


def test_source_words_of_an_unspecified_boxcar_do_not_guess_shallow():
    assert ("boxcar", "shallow") not in words_for("boxcar_unspecified")
