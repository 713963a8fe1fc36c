"""The ten properties of the planner, on generated patients and generated catalogues."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from random import Random

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from planner.engine.catalogue import catalogue_from
from planner.engine.check import check
from planner.engine.desk import Desk
from planner.engine.effect import Dose, Joint, expectation
from planner.engine.mirror import mirrored_case, mirrored_suggestion
from planner.engine.output import as_json
from planner.engine.problem import problem_of
from planner.engine.safety import Safety
from planner.engine.suggest import suggest
from planner.engine.values import (
    Case,
    ClinicFacts,
    Group,
    MarkGroup,
    PatientFacts,
    Wishes,
)
from tests.planner.shipped import (
    TODAY,
    as_given,
    catalogue,
    face,
    generated,
    load_document_from_yaml,
)

PLACES = (
    *("malar.L", "malar.R", "lateral_cheek.L", "lateral_cheek.R", "temple.L", "temple.R"),
    *("chin.M", "nasal_tip.M", "forehead_central.M", "mandibular_angle.R", "glabella.M"),
)
TYPES = (
    "rolling",
    "ice_pick",
    "boxcar_shallow",
    "boxcar_deep",
    "hypertrophic",
    "keloid",
    "papular",
)
RISKS = {
    "isotretinoin": (("taking", True),),
    "keloid": (("personal", True),),
    "herpes_history": True,
    "herpes_active": True,
    "pregnancy": True,
    "breastfeeding": True,
    "active_acne": (("present", True), ("regions", ("malar.L",))),
    "implanted_device": True,
    "bleeding_disorder": True,
    "platelet_disorder": True,
    "immunosuppressed": True,
    "bddq": True,
    "pih_history": True,
    "photosensitiser": (("taking", True),),
    "tan": (("last_on", TODAY - timedelta(days=6)),),
    "vitiligo": (("diagnosed", True), ("last_change_on", TODAY - timedelta(days=60))),
    "unavoidable_sun": True,
    "smoking": "heavy",
    "allergy": (("collagen", True),),
    "infection": (("present", True), ("regions", ("chin.M",))),
}
MANY = settings().max_examples >= 1000
catalogues = st.integers(0, 300 if MANY else 6).map(generated)
AIMS = (("balanced",), ("no_device",), ("lowest_cost",))
ASKED = (None, *AIMS) if MANY else (None, *3 * AIMS)  # all aims at once take the longest
some = settings(
    max_examples=settings().max_examples,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def groups(places=PLACES, types=TYPES, most=4):
    def made(place, scar_type, count):
        area = float(count) / 4 if scar_type in ("hypertrophic", "keloid") else None
        return Group(place, scar_type, count=count, area_cm2=area)

    one = st.builds(made, st.sampled_from(places), st.sampled_from(types), st.integers(1, 24))
    several = st.lists(one, min_size=1, max_size=most, unique_by=lambda g: (g.place, g.scar_type))
    return several.map(tuple)


few = groups(most=4 if MANY else 2)  # for what suggests twice, and looks at bytes alone


wishes = st.builds(
    Wishes,
    max_downtime_days=st.none() | st.integers(1, 14),
    budget=st.none() | st.integers(2, 60).map(lambda hundreds: Decimal(100 * hundreds)),
    max_visits=st.none() | st.integers(2, 12),
    finish_by=st.none() | st.integers(6, 60).map(lambda weeks: TODAY + timedelta(weeks=weeks)),
    no_needles=st.booleans(),
)
marks = st.lists(st.builds(MarkGroup, st.sampled_from(PLACES), st.just("pih")), max_size=1)
lacking = st.lists(st.sampled_from(("rf_microneedling", "FABL", "subcision")), max_size=1)
none_unanswered = st.just("no")
risks = st.lists(st.sampled_from(sorted(RISKS)), max_size=2, unique=True)


@st.composite
def cases(draw, findings=None, wished=None, risky=risks, absent=none_unanswered) -> Case:
    return Case(
        id="generated",
        on=TODAY,
        patient=PatientFacts(
            age=draw(st.integers(15, 75)),
            sex=draw(st.sampled_from(("F", "M"))),
            fitzpatrick=draw(st.integers(1, 6)),
            weight_kg=draw(st.none() | st.integers(38, 110).map(float)),
        ),
        answers=tuple((code, RISKS[code]) for code in sorted(draw(risky))),
        absent=draw(absent),
        findings=draw(findings if findings is not None else groups()),
        marks=tuple(draw(marks)),
        wishes=draw(wished if wished is not None else wishes),
        clinic=ClinicFacts(tuple(draw(lacking))),
    )


def a_raised_scar_beside_a_rolling_one() -> Case:
    """Its second block once injected a raised scar in a field that the first had undermined."""
    raised = Group("malar.L", "hypertrophic", count=1, area_cm2=0.25)
    return face(Group("malar.L", "rolling", count=1), raised, skin=1, age=20)


def a_day_of_downtime_and_no_more() -> Case:
    """A published protocol was once shown whose visits leave two days of downtime together."""
    wishes = Wishes(max_downtime_days=1)
    return face(Group("malar.L", "rolling", count=1), skin=1, age=15, wishes=wishes)


def six_weeks_of_time() -> Case:
    """What promises most takes longer: something less must be found."""
    findings = Group("malar.L", "rolling", 4), Group("nasal_tip.M", "rolling", 11)
    keloid = Group("malar.L", "hypertrophic", 13, area_cm2=3.25)
    return Case(
        id="generated",
        on=TODAY,
        patient=PatientFacts(age=28, sex="F", fitzpatrick=1, weight_kg=108.0),
        answers=(("allergy", RISKS["allergy"]),),
        absent="no",
        findings=(*findings, keloid),
        wishes=Wishes(budget=Decimal(200), finish_by=TODAY + timedelta(weeks=6)),
    )


def a_tether_hardly_worth_its_release() -> Case:
    """Subcision is the first choice here, and worth less than it takes."""
    findings = Group("malar.L", "rolling", 1), Group("nasal_tip.M", "rolling", 11)
    return Case(
        id="generated",
        on=TODAY,
        patient=PatientFacts(age=28, sex="F", fitzpatrick=1),
        absent="no",
        findings=(*findings, Group("malar.L", "hypertrophic", 1, area_cm2=0.25)),
        wishes=Wishes(max_downtime_days=1),
    )


@given(case=cases(), rows=catalogues)
@example(case=a_day_of_downtime_and_no_more(), rows=generated(52))
@example(case=a_raised_scar_beside_a_rolling_one(), rows=catalogue())
@some
def test_1_no_proposal_breaks_a_rule_an_interval_an_order_or_a_wish(case, rows):
    for proposal in suggest(case, rows).proposals:
        checked = check(case, rows, as_given(proposal))

        assert checked.allowed, [f.text for f in checked.findings if f.breaks]
        assert not [f for f in checked.findings if f.kind == "wish"]
        steps = [step for session in proposal.sessions for step in session.steps]
        assert not any(step.needs_override for step in steps)
        if not proposal.protocol:
            kinds = ("interval", "order", "same_session")
            assert not [f.text for f in checked.findings if f.kind in kinds]


@given(
    case=cases(risky=st.just([]), wished=st.just(Wishes())),
    risk=st.sampled_from(sorted(RISKS)),
    rows=catalogues,
)
@some
def test_2_a_risk_factor_never_makes_a_forbidden_treatment_allowed(case, risk, rows):
    riskier = replace(case, answers=((risk, RISKS[risk]),))
    before, after = Safety(case, rows), Safety(riskier, rows)

    for group in case.findings:
        for code in rows.treatments:
            if before.verdict(code, group.place).effect is not None:
                assert after.verdict(code, group.place).effect is not None


def relaxed(wish: Wishes, name: str) -> Wishes:
    return replace(wish, **{name: getattr(Wishes(), name)})


@given(
    case=cases(),
    name=st.sampled_from(("max_downtime_days", "budget", "max_visits", "finish_by", "no_needles")),
    rows=catalogues,
)
@example(case=six_weeks_of_time(), name="budget", rows=generated(28))
@example(case=a_tether_hardly_worth_its_release(), name="max_downtime_days", rows=generated(3))
@some
def test_3_relaxing_a_wish_never_makes_the_best_objective_worse(case, name, rows):
    freer = replace(case, wishes=relaxed(case.wishes, name))
    assume(freer != case)
    before, after = (suggest(c, rows, strategies=("best_result",)).proposals for c in (case, freer))

    assert not before or after
    if before and after and before[0].proof.optimal and after[0].proof.optimal:
        demands = problem_of(Desk(replace(case, wishes=Wishes()), rows)).required
        firsts = [held(demands, proposals[0]) for proposals in (before, after)]
        assert firsts[1] >= firsts[0]
        if firsts[1] == firsts[0]:
            assert after[0].proof.value >= before[0].proof.value - 1e-3


def held(demands, proposal) -> int:
    """How many first choices the firm block holds: no plan leaves one out for a better value."""
    firm = {s.treatment for one in proposal.sessions if one.block == 1 for s in one.steps}
    return sum(not firm.isdisjoint(demand) for demand in demands)


@given(case=cases(findings=st.just(())), rows=catalogues)
@some
def test_4_a_face_without_scars_gets_no_plan(case, rows):
    suggestion = suggest(case, rows)

    assert suggestion.proposals == ()
    assert suggestion.no_plan.text


@given(case=cases(), rows=catalogues)
@some
def test_5_the_mirrored_face_gets_the_mirrored_proposal(case, rows):
    turned = mirrored_case(case)
    assume(sorted(map(repr, turned.findings)) != sorted(map(repr, case.findings)))
    one, other = (suggest(c, rows, strategies=("balanced",)) for c in (case, turned))

    assert mirrored_suggestion(one).proposals == other.proposals
    assert mirrored_suggestion(one).no_plan == other.no_plan


@given(case=cases(few), seed=st.integers(0, 10**9))
@some
def test_6_the_order_of_findings_and_rows_changes_nothing(case, seed):
    findings, shuffle = list(case.findings), Random(seed)
    shuffle.shuffle(findings)
    document = {
        key: shuffle.sample(rows, len(rows)) if isinstance(rows, list) else rows
        for key, rows in load_document_from_yaml().items()
    }
    again = suggest(
        replace(case, findings=tuple(findings)), catalogue_from(document), strategies=("balanced",)
    )
    first = suggest(case, catalogue(), strategies=("balanced",))

    assert again.proposals == first.proposals
    assert again.excluded == first.excluded


doses = st.lists(
    st.builds(
        Dose,
        st.sampled_from(
            (
                "subcision",
                "tca_cross",
                "fractional_ablative_co2",
                "microneedling_clinic",
                "filler_ha",
            )
        ),
        st.sampled_from(PLACES[:4]),
        st.integers(1, 6),
    ),
    max_size=5,
)


@given(
    findings=groups(PLACES[:4], TYPES[:4]),
    given_doses=doses,
    more=doses.filter(bool),
    shipped=catalogues,
)
@some
def test_7_the_expectation_stays_under_its_ceiling_and_never_falls_by_a_step(
    findings, given_doses, more, shipped
):
    every = {**catalogue().treatments, **shipped.treatments}
    rows = replace(shipped, treatments=every)  # a withdrawn one may have been given before
    case = Case(on=TODAY, findings=findings)
    ceiling = rows.constant("ceiling")
    joint = [Joint("filler_ha", "subcision", "malar.L", 1, ("rolling",))]
    before = expectation(case, rows, given_doses)
    after = expectation(case, rows, [*given_doses, *more])

    for expected in (before, after, expectation(case, rows, given_doses, joint)):
        low, high = expected.improvement
        assert 0 <= low <= expected.middle <= high < ceiling
        assert expected.at_12_months[0] <= low + 1e-9
    assert after.improvement[0] >= before.improvement[0] - 1e-9
    assert after.improvement[1] >= before.improvement[1] - 1e-9


@given(case=cases(wished=st.just(Wishes())), rows=catalogues)
@some
def test_8_a_treatment_is_open_once_the_rules_named_against_it_are_lifted(case, rows):
    desk = Desk(case, rows)
    for candidate in desk.candidates:
        if candidate.out and candidate.out.kind in ("rule", "skin_type"):
            lifted = Safety(case, without_rules(rows, candidate.out.rules, candidate.code))
            verdicts = [lifted.verdict(candidate.code, place) for place in candidate.verdicts]
            assert all(verdict.effect is None for verdict in verdicts)


NEVER = {"not": {"all": []}}


def without_rules(whole, rules, code):
    """The catalogue in which those rules hold for nobody, nor the words and skin types named."""
    row = whole.treatments[code]
    kept = tuple(c for c in row.contraindications if c.word not in rules)
    avoid = () if "skin_type" in rules else row.avoid_types
    treatments = {**whole.treatments, code: replace(row, contraindications=kept, avoid_types=avoid)}
    clauses = tuple(
        replace(clause, when=NEVER) if clause.rule in rules else clause for clause in whole.clauses
    )
    return replace(whole, treatments=treatments, clauses=clauses)


@given(case=cases(), rows=catalogues)
@some
def test_9_every_word_shown_comes_from_a_row_with_a_source_or_a_default(case, rows):
    suggestion = suggest(case, rows)

    for flag in suggestion.flags:
        assert flag.sources or flag.verification
    for proposal in suggestion.proposals:
        for session in proposal.sessions:
            for step in session.steps:
                assert step.why.text
                assert step.why.sources
                assert step.why.evidence


@given(
    case=cases(few, absent=st.sampled_from(("no", "unknown"))),
    wanted=st.sampled_from(ASKED),
)
@some
def test_10_the_same_input_gives_the_same_bytes(case, wanted):
    one, other = (suggest(case, rows, strategies=wanted) for rows in (catalogue(), built_again()))

    assert as_json(one) == as_json(other)


@cache
def built_again():
    return catalogue_from(load_document_from_yaml())


@given(case=cases(absent=st.just("unknown")))
@some
def test_an_unanswered_question_never_counts_as_no_and_is_asked(case):
    answered = replace(case, absent="no")
    for group in case.findings[:1]:
        for code in ("subcision", "rf_microneedling"):
            silent = Safety(case, catalogue()).hits(code, group.place, TODAY)
            known = Safety(answered, catalogue()).hits(code, group.place, TODAY)
            assert {h.rule for h in known if h.known} <= {h.rule for h in silent}
            assert all(h.ask for h in silent if not h.known)
