"""Functions that make what a test needs, with plain, dull defaults: name only what matters."""

import datetime as dt
import hashlib
import json
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from unittest.mock import patch

import yaml

from clinic.catalogue.models import Version
from clinic.staff.models import User
from clinic.staff.roles import Role
from patients import services as patient_services
from planner import services as plan_services
from planner import stored
from planner.engine import values
from planner.models import Plan, Suggestion

numbers = count(1)
PASSWORD = "a long enough password"


def make_user(*roles: Role | str, **fields) -> User:
    """Somebody who can sign in with PASSWORD; a clinician unless told otherwise."""
    number = next(numbers)
    fields = {"email": f"person{number}@clinic.example", "name": f"Person {number}", **fields}
    password = fields.pop("password", PASSWORD)
    return User.objects.create_user(
        password=password, roles=[Role(role).value for role in roles or (Role.CLINICIAN,)], **fields
    )


@cache
def shipped_files() -> list[dict]:
    folder = Path(__file__).parents[1] / "clinic/catalogue/data"
    files = sorted(folder.glob("*.yaml"))
    return [yaml.load(file.read_text(), Loader=yaml.CSafeLoader) for file in files]


def shipped(section: str) -> list[dict]:
    """The rows of one section as the data files have them."""
    return [row for content in shipped_files() for row in content.get(section) or ()]


def bare_treatment(code: str, name: str, **fields) -> dict:
    """A procedure of which nothing else is known."""
    return {"code": code, "name": name, "kind": "procedure", "indications": [], **fields}


def make_version(**sections) -> Version:
    """A published catalogue with what patients' pages read, as shipped unless told otherwise."""
    document = {
        "schema": 1,
        "regions": shipped("regions"),
        "scales": shipped("scales"),
        "questions": shipped("questions"),
        "treatments": [bare_treatment("subcision", "Subcision")],
        "calibration": shipped("calibration"),
        "safety_rules": [],
        **sections,
    }
    written = json.dumps(document, sort_keys=True, default=str)
    return Version.objects.create(
        number=next(numbers),
        document=json.loads(written),
        hash=hashlib.sha256(written.encode()).hexdigest(),
    )


def make_patient(*, by=None, **fields):
    """Somebody of 27, registered the way the front desk does it."""
    number = next(numbers)
    fields = {
        "record_number": f"R-{number:05d}",
        "given_name": "Ada",
        "family_name": "Example",
        "born": dt.date(1999, 3, 2),
        "sex": "F",
        "fitzpatrick": 3,
        **fields,
    }
    return patient_services.register(by=by or make_user(), **fields)


def make_assessment(*, patient=None, by=None, on=dt.date(2026, 11, 1), **fields):
    """A draft; publishes a catalogue if there is none yet."""
    if not Version.objects.exists():
        make_version()
    by = by or make_user()
    draft = patient_services.start_assessment(patient=patient or make_patient(by=by), by=by, on=on)
    if fields:
        draft = patient_services.update_assessment(assessment=draft, by=by, **fields)
    return draft


def make_finding(*, assessment=None, by=None, **fields):
    fields = {"region": "malar", "side": "L", "scar_type": "ice_pick", "count": 3, **fields}
    assessment = assessment or make_assessment(by=by)
    return patient_services.log_finding(
        assessment=assessment, by=by or assessment.assessed_by, **fields
    )


def make_mark(*, assessment=None, by=None, **fields):
    fields = {"region": "malar", "side": "L", "mark_type": "pih", "count": 3, **fields}
    assessment = assessment or make_assessment(by=by)
    return patient_services.log_mark(
        assessment=assessment, by=by or assessment.assessed_by, **fields
    )


def make_signed_assessment(*, findings=(), **fields):
    """Signed with the given findings (columns of each); without them, with one."""
    draft = make_assessment(**fields)
    for columns in findings or ({},):
        make_finding(assessment=draft, **columns)
    return patient_services.sign_assessment(assessment=draft, by=draft.assessed_by)


# ---- plans, from values written by hand: what the planner itself says has tests of its own

STATEMENTS = {
    "tca_cross": {
        "side_effect": "joining of neighbouring scars, permanent hypopigmentation",
        "pre_care": "sunscreen every day",
        "after_care": "do not pick scabs",
        "permanence": "permanent",
    },
    "filler_ha": {
        "side_effect": "bruising and swelling",
        "after_care": "no massage of the area for 2 weeks",
        "permanence": "dissolves by itself",
    },
}
FAMILIES = [
    {"code": "CROSS", "name": "CROSS", "members": ["tca_cross"]},
    {"code": "WOUND", "name": "Wounding", "members": ["CROSS"]},
]
TREATMENTS = [
    {
        "code": code,
        "name": name,
        "kind": "procedure",
        "indications": [
            {"scar_type": scar, "depth": "any", "effectiveness": effect, "evidence": "C"}
            for scar, effect in serves.items()
        ],
        "figures": figures,
        "statements": [
            {"kind": kind, "text": text, "verification": verification, "sources": ["gk"]}
            for kind, text in STATEMENTS.get(code, {}).items()
        ],
    }
    for code, name, verification, serves, figures in (
        ("tca_cross", "TCA CROSS", "V", {"ice_pick": 4, "boxcar": 3}, []),
        ("punch_excision", "Punch excision", "V", {"ice_pick": 3}, []),
        (
            "filler_ha",
            "Hyaluronic acid filler",
            "gk",
            {"rolling": 3, "ice_pick": 1},
            [{"kind": "results_last_months", "min": 6, "max": 18, "verification": "P"}],
        ),
    )
]


def make_small_catalogue(treatments=TREATMENTS) -> Version:
    """As much of a catalogue as the plans below are made of."""
    return make_version(
        treatments=treatments,
        families=FAMILIES,
        calibration=shipped("calibration"),
        safety_rules=[],
    )


def make_step(treatment="tca_cross", name="TCA CROSS", **fields) -> values.Step:
    fields = {
        "order": 1,
        "places": ("malar.L", "malar.R"),
        "scar_types": ("ice_pick",),
        "performers": ("doctor",),
        "duration_min": 20,
        "price": Decimal("180.00"),
        "downtime_days": 5,
        "cautions": (
            values.Hit(
                "FST-8",
                "CAUTION",
                treatment,
                ("malar.L",),
                "Brown marks may follow in darker skin.",
                standing=True,
            ),
        ),
        "why": values.Why("First choice for deep ice pick scars.", evidence="C"),
        **fields,
    }
    return values.Step(treatment=treatment, name=name, **fields)


def make_session(day=0, steps=None, kind="procedure", block=1, **fields) -> values.Session:
    """A visit counted from 7-Dec-2026; a review holds no step."""
    if steps is None:
        steps = (make_step(),) if kind == "procedure" else ()
    gap = {"gap_min_days": 21, "gap_typical_days": 28, "gap_max_days": 42} if day else {}
    fields = {
        "on": FIRST_DAY + dt.timedelta(days=day),
        "procedure_min": 20,
        "downtime_days": max((step.downtime_days for step in steps), default=0),
        **gap,
        **fields,
    }
    return values.Session(kind=kind, day=day, block=block, steps=tuple(steps), **fields)


FIRST_DAY = dt.date(2026, 12, 7)


def make_proposal(**fields) -> values.Proposal:
    """Two sessions of TCA CROSS and a review; then, provisionally, a filler."""
    filler = make_step(
        "filler_ha",
        "Hyaluronic acid filler",
        places=("malar.L",),
        scar_types=("rolling",),
        price=Decimal("320.00"),
        downtime_days=1,
        cautions=(),
    )
    fields = {
        "strategy": "balanced",
        "name": "Balanced",
        "recommended": True,
        "proof": values.Proof(True, 1.0, 1.0, 0.0, "this list of treatments"),
        "expected": values.Expectation(
            41.0, (18.0, 26.5), (0.35, 0.56), (0.3, 0.52), "26-50 % better"
        ),
        "sessions": (
            make_session(0),
            make_session(28),
            make_session(112, kind="review"),
            make_session(126, steps=(filler,), block=2),
        ),
        "first_session_on": FIRST_DAY,
        "weeks": 19,
        "visits": 4,
        "downtime_longest": 5,
        "downtime_total": 11,
        "cost": Decimal("680.00"),
        "pigment_risk": 0.4,
        "blocks": ((1, True, Decimal("360.00")), (2, False, Decimal("320.00"))),
        "preparations": (
            values.Preparation("priming", "Skin priming", 1, -14, 0, ("FST-8",), "Every evening."),
        ),
        "home_care": (values.HomeCare("sunscreen_spf30", "Sunscreen SPF 30+", -2),),
        "untreated": (values.Untreated("chin.M", "keloid", "It is treated on its own."),),
        "why_not": (
            values.WhyNot("punch_excision", "Punch excision", "worth", "It would add little."),
        ),
        "top_ups": (("filler_ha", 12, Decimal("320.00")),),
        "text": "Deep pits first, then volume.",
        **fields,
    }
    return values.Proposal(**fields)


def make_suggestion(*, assessment=None, by=None, proposals=None, case=None) -> Suggestion:
    """What the planner might have said about an assessment, kept as it keeps it."""
    by = by or make_user()
    if not Version.objects.filter(document__has_key="families").exists():
        make_small_catalogue()
    assessment = assessment or make_signed_assessment(by=by)
    version = Version.objects.in_force()
    result = values.Suggestion(
        case_id=str(assessment.pk),
        planner_version="1.0",
        catalogue_hash=version.hash,
        input_hash="0" * 64,
        proposals=proposals or (make_proposal(),),
    )
    case = case or values.Case(on=FIRST_DAY, findings=(values.Group("malar.L", "ice_pick", 3),))
    return Suggestion.objects.create(
        patient=assessment.patient,
        assessment=assessment,
        catalogue_version=version,
        planner_version=result.planner_version,
        input_hash=result.input_hash,
        case=stored.plain(case),
        result=stored.plain(result),
        created_by=by,
    )


def make_draft_plan(*, by=None, **fields) -> Plan:
    by = by or make_user()
    suggestion = make_suggestion(by=by, **fields)
    return plan_services.draft_plan(suggestion=suggestion, strategy="balanced", by=by)


def make_proposed_plan(*, by=None, **fields) -> Plan:
    by = by or make_user()
    plan = make_draft_plan(by=by, **fields)
    plan_services.propose(plan=plan, by=by)
    return plan


def make_approved_plan(*, by=None, **fields) -> Plan:
    """Signed; what could stand in the way of a signature has tests of its own."""
    by = by or make_user()
    plan = make_proposed_plan(by=by, **fields)
    with patch.object(plan_services, "approval_obstacles", return_value=[]):
        plan_services.approve(plan=plan, by=by)
    return plan
