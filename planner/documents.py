"""What the patient takes home, put together from what was signed and from nothing newer.

A document reads the plan's frozen content and the catalogue version that the plan was signed with;
of today's tables it uses the clinic's letterhead and the patient's name. Everything here is plain
values, so that the wording of a consent form can be hashed (`text_hash`).
"""

from datetime import date, timedelta
from decimal import Decimal

from clinic.catalogue.models import Version
from clinic.catalogue.reading import book
from clinic.catalogue.terms import ScarType
from planner import bridge
from planner.calendar_months import Month, months
from planner.plain_words import glossary_of, is_unverified, listed, statements
from planner.stored import digest
from planner.templatetags.planning import by_reason, money, places
from planner.timeline import KINDS

CONSENT_FORM = 2
"""The version of our own wording on the consent form; raise it when that wording changes."""

NEEDS_CONSENT = ("procedure", "test_spot")

GOOD_EFFECT = 3
"""Effectiveness in the catalogue is 0 to 4; 3 is good, 4 the first choice."""

CARE = ("pre_care", "after_care")
"""What is advised for one skin type only is told to that skin type; risks are told to all."""

SECTIONS = {"side_effect": "risks", "permanence": "lasting", "anaesthesia": "numbing"}


def treatment_row(version: Version, code: str) -> dict:
    """The treatment as that version published it; a bare row if it has none of that code."""
    return book(version).row("treatments", code) or {"code": code, "name": code}


# --- the plan ------------------------------------------------------------------------------------


def plan_document(plan) -> dict:
    """The plan in a patient's words: visits, days to keep free, costs, what to expect."""
    content = plan.content
    visits = [_visit(plan, number, one) for number, one in enumerate(content["sessions"], 1)]
    return {
        "content": content,
        "blocks": [_block(block, visits, plan.currency) for block in content["blocks"]],
        "visits": visits,
        "months": calendar_of(visits),
        "lasting": _lasting(plan),
        "top_ups": [_top_up(plan, *one) for one in content["top_ups"]],
        "preparations": content["preparations"],
        "home_care": [
            _home_care(one, date.fromisoformat(content["first_session_on"]))
            for one in content["home_care"]
        ],
        "notes": _notes(step for session in content["sessions"] for step in session["steps"]),
        "untreated": content["untreated"],
        "deferred": _deferred(plan),
    }


def _deferred(plan) -> list[dict]:
    """What has to wait, once for each reason: the treatments, and the day that they wait for."""
    return by_reason(plan.content["deferred"], bridge.names(plan.catalogue_version))


def _visit(plan, number: int, session: dict) -> dict:
    on = date.fromisoformat(session.get("performed_on") or session["on"])
    free = session["downtime_days"]
    return {
        "number": number,
        "kind": session["kind"],
        "on": on,
        "performed": bool(session.get("performed_on")),
        "week": session["day"] // 7,
        "block": session["block"],
        "what": [
            {
                "name": step["name"],
                "where": places(step["places"]),
                "for": scars_in_words(step["scar_types"]),
            }
            for step in session["steps"]
        ]
        or [{"name": KINDS[session["kind"]], "where": "", "for": ""}],
        "minutes": sum(session[part] for part in ("numbing_min", "procedure_min", "recovery_min")),
        "downtime_days": free,
        "healed_on": on + timedelta(days=free),
        "price": money(price, plan.currency) if (price := _price(session)) else "no charge",
        "text": session["text"],
    }


def _price(session: dict) -> Decimal:
    return sum((Decimal(step["price"]) for step in session["steps"]), Decimal(0))


def _block(block, visits, currency) -> dict:
    number, firm, cost = block
    return {
        "number": number,
        "firm": firm,
        "cost": money(cost, currency),
        "visits": [visit for visit in visits if visit["block"] == number],
    }


def calendar_of(visits) -> list[Month]:
    """The months that hold a visit or a day of healing."""
    return months(
        starts={visit["on"]: visit["number"] for visit in visits},
        healing={
            visit["on"] + timedelta(days=after)
            for visit in visits
            for after in range(1, visit["downtime_days"] + 1)
        },
    )


def _lasting(plan) -> list[dict]:
    """How long the effect of each treatment of the plan lasts, as far as it is known."""
    return [
        {"name": row["name"], "months": _figure(row, "results_last_months"), "words": words}
        for row in (treatment_row(plan.catalogue_version, code) for code in treatments_of(plan))
        if (words := _said(plan, row, "permanence")) or _figure(row, "results_last_months")
    ]


def _figure(row: dict, kind: str) -> dict | None:
    for figure in row.get("figures", ()):
        if figure["kind"] == kind and figure["min"] is not None and figure["max"] is not None:
            return figure | {"unverified": is_unverified(figure)}
    return None


def _top_up(plan, treatment: str, every_months: int, a_year: str) -> dict:
    return {
        "name": treatment_row(plan.catalogue_version, treatment)["name"],
        "months": every_months,
        "a_year": money(a_year, plan.currency),
    }


def _home_care(one: dict, first_on: date) -> dict:
    """With its first day, counted from the day of the first procedure."""
    return one | {"begins_on": first_on + timedelta(weeks=one["from_week"])}


def scars_in_words(codes) -> str:
    """["boxcar_deep", "rolling"] as "deep boxcar and rolling"."""
    labels = [ScarType(code).label.lower() for code in codes]
    return listed(" ".join(reversed(label.split(", "))) for label in labels)


def _said(plan, row: dict, kind: str) -> list[dict]:
    """What the plan's catalogue says to this patient of one treatment."""
    patient = plan.suggestion.case.get("patient", {})
    skin = patient.get("fitzpatrick") if kind in CARE else None
    return statements(row, kind, book(plan.catalogue_version), skin)


# --- consent -------------------------------------------------------------------------------------


def treatments_of(plan) -> list[str]:
    """Codes of what is done at the visits of the plan, each once, in their order."""
    steps = (step for session in plan.content["sessions"] for step in session["steps"])
    return list(dict.fromkeys(step["treatment"] for step in steps))


def procedures_of(plan) -> dict[str, str]:
    """Code and name of every procedure that asks for the patient's consent."""
    return {
        step["treatment"]: step["name"]
        for session in plan.content["sessions"]
        if session["kind"] in NEEDS_CONSENT
        for step in session["steps"]
    }


def consent_document(plan, treatment: str) -> dict:
    """What the consent form of one procedure says; KeyError if the plan does not hold it."""
    row = treatment_row(plan.catalogue_version, treatment)
    sessions = [
        (number, session, step)
        for number, session in enumerate(plan.content["sessions"], 1)
        for step in session["steps"]
        if step["treatment"] == treatment and session["kind"] in NEEDS_CONSENT
    ]
    said = {word: _said(plan, row, kind) for kind, word in SECTIONS.items()}
    return {
        "form": CONSENT_FORM,
        "catalogue": plan.catalogue_version.number,
        "treatment": treatment,
        "name": procedures_of(plan)[treatment],
        "visits": [
            {
                "number": number,
                "on": session["on"],
                "where": places(step["places"]),
                "for": scars_in_words(step["scar_types"]),
                "downtime_days": step["downtime_days"],
            }
            for number, session, step in sessions
        ],
        "notes": _notes(step for _number, _session, step in sessions),
        "alternatives": _alternatives(
            plan, treatment, {scar for *_, step in sessions for scar in step["scar_types"]}
        ),
        "glossary": glossary_of(one["text"] for kept in said.values() for one in kept),
    } | said


def text_version(plan) -> str:
    return f"form {CONSENT_FORM}, catalogue {plan.catalogue_version.number}"


def text_hash(document: dict) -> str:
    return digest(document)


def _notes(steps) -> list[dict]:
    """Every safety note of these steps once; the standing ones come without anybody's click."""
    notes = {}
    for step in steps:
        for caution in step["cautions"]:
            notes.setdefault((caution["rule"], caution["text"]), caution["standing"])
    return [
        {"rule": rule, "text": text, "standing": standing}
        for (rule, text), standing in notes.items()
    ]


def _alternatives(plan, treatment: str, scars: set[str]) -> list[str]:
    """The other treatments that serve these scars and are not contraindicated, without a rank."""
    refused = {
        one["treatment"] for one in plan.suggestion.result["excluded"] if one["effect"] == "BLOCK"
    }
    others = procedures_of(plan) | {
        one["treatment"]: one["name"] for one in plan.content["why_not"]
    }
    return sorted(
        name
        for code, name in others.items()
        if code != treatment
        and code not in refused
        and _serves(treatment_row(plan.catalogue_version, code), scars)
    )


def _serves(row: dict, scars: set[str]) -> bool:
    """Whether the catalogue gives it a good effect on one of these scar types."""
    return any(
        one["effectiveness"] >= GOOD_EFFECT and scars & scars_of(one)
        for one in row.get("indications", ())
    )


def scars_of(indication: dict) -> set[str]:
    """Our scar types behind the source's word; a boxcar's depth is part of its type."""
    word, depth = indication["scar_type"], indication["depth"]
    return {word, f"{word}_{depth}"} if depth != "any" else {word, *_depths(word)}


def _depths(word: str) -> set[str]:
    return {f"{word}_shallow", f"{word}_deep", f"{word}_unspecified"}


# --- care ----------------------------------------------------------------------------------------


def care_document(plan) -> list[dict]:
    """What to do before and after each treatment of the plan, and at which visits it is given."""
    return [_care(plan, code) for code in treatments_of(plan)]


def _care(plan, code: str) -> dict:
    row = treatment_row(plan.catalogue_version, code)
    numbered = [
        (number, step)
        for number, session in enumerate(plan.content["sessions"], 1)
        for step in session["steps"]
        if step["treatment"] == code
    ]
    return {
        "code": code,
        "name": numbered[0][1]["name"],
        "visits": [number for number, _step in numbered],
        "downtime_days": max(step["downtime_days"] for _number, step in numbered),
        "before": _said(plan, row, "pre_care"),
        "after": _said(plan, row, "after_care"),
        "preparations": [
            one
            for one in plan.content["preparations"]
            if one["before_session"] in {number for number, _step in numbered}
        ],
    }
