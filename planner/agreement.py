"""The patient's side of a signed plan: the quote, the agreement, and what is still missing.

Nothing here changes the plan. `agreement_status` is the gate before the first session: booking and
check-in ask it, and show its sentences.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from clinic.catalogue.models import Clinic, Version
from clinic.catalogue.reading import book
from planner.agreed import Agreement, Consent, ConsentRule, Quote, Signature, Withdrawal
from planner.documents import (
    NEEDS_CONSENT,
    consent_document,
    procedures_of,
    text_hash,
    text_version,
)
from planner.errors import NotAgreeable
from planner.models import ACTIVE, Plan, PlannedSession
from planner.pricing import sheet_of
from planner.signatures import sha256

QUOTE_DAYS = 90
"""How long the prices of a quote hold where no consent rule of the country says it."""

NO_TREATMENT = {"code": "no_treatment", "name": "No treatment"}


@dataclass(frozen=True)
class Signer:
    """Who signs; `png` is None for a name on paper, `relation` is a guardian's."""

    name: str
    png: bytes | None = None
    relation: str = ""


@dataclass(frozen=True)
class CoolingOff:
    """The days that lie between the signature and one procedure; None is "no period known"."""

    treatment: str
    name: str
    days: int | None
    rule: ConsentRule | None


@dataclass(frozen=True)
class AgreementStatus:
    """What one session still lacks: `missing` are whole sentences, empty when it may be held."""

    agreement: Agreement | None
    missing: tuple[str, ...]
    earliest_on: date | None
    cooling_off: tuple[CoolingOff, ...]

    @property
    def is_complete(self) -> bool:
        return not self.missing


# --- the quote -----------------------------------------------------------------------------------


@transaction.atomic
def issue_quote(*, plan, by) -> Quote:
    """Hand over the prices of a signed plan; a later one is a new version at the same prices."""
    days = quote_days()
    locked = _active(plan)
    last = locked.quotes.aggregate(last=Max("version"))["last"] or 0
    today = timezone.localdate()
    sheet = sheet_of(locked.content, locked.catalogue_version, Clinic.current())
    return Quote.objects.create(
        plan=locked,
        version=last + 1,
        issued_on=today,
        expires_on=today + timedelta(days=days),
        currency=locked.currency,
        total=sheet.total,
        tax_percent=sheet.tax_percent,
        sheet=sheet.plain(),
        issued_by=by,
    )


def prices_of(plan, quote=None) -> dict:
    """The lines of the quote as it was handed over; before there is one, as it would be today."""
    if quote and quote.sheet:
        return quote.sheet
    return sheet_of(plan.content, plan.catalogue_version, Clinic.current()).plain()


def quote_days() -> int:
    """The longest term that a row of the country, or of any country, gives a quote."""
    given = [rule.quote_days for rule in rules_here() if rule.quote_days is not None]
    return max(given, default=QUOTE_DAYS)


def quote_in_force(plan) -> Quote | None:
    return plan.quotes.order_by("-version").first()


def _active(plan) -> Plan:
    """The plan, locked, so that it cannot be ended while somebody signs for it."""
    locked = Plan.objects.select_for_update(of=("self",)).select_related("patient").get(pk=plan.pk)
    if locked.state not in ACTIVE:
        raise NotAgreeable(
            f"{locked} is {locked.get_state_display().lower()}: only a plan that is signed by a "
            "clinician and still runs can be agreed to."
        )
    return locked


# --- what a country asks -------------------------------------------------------------------------


def rules_here() -> list[ConsentRule]:
    """The rows of the clinic's country, of the country that is part of, and of any country."""
    country = Clinic.current().country
    return list(ConsentRule.objects.filter(country__in=["", country, country.partition("-")[0]]))


def cooling_off(plan, treatments=None) -> tuple[CoolingOff, ...]:
    """For each procedure of the plan (or of `treatments`) the longest period that a row asks."""
    rules = [rule for rule in rules_here() if rule.cooling_off_days is not None]
    names = procedures_of(plan)
    found = []
    for code in names if treatments is None else treatments:
        bound = [rule for rule in rules if _speaks_of(rule, plan.catalogue_version, code)]
        longest = max(bound, key=lambda rule: rule.cooling_off_days, default=None)
        days = longest.cooling_off_days if longest else None
        found.append(CoolingOff(code, names.get(code, code), days, longest))
    return tuple(found)


def needs_guardian(plan, on: date) -> bool:
    """Whether the patient is too young on that day to consent alone."""
    ages = [rule.guardian_under for rule in rules_here() if rule.guardian_under is not None]
    return bool(ages) and plan.patient.age_on(on) < max(ages)


def _speaks_of(rule: ConsentRule, version: Version, treatment: str) -> bool:
    return not rule.treatments or treatment in book(version).treatments_of(rule.treatments)


# --- the agreement -------------------------------------------------------------------------------


def options_of(plan) -> list[dict]:
    """The alternatives that can have been discussed: every protocol suggested, and none at all."""
    proposals = plan.suggestion.result["proposals"]
    return [{"code": one["strategy"], "name": one["name"]} for one in proposals] + [NO_TREATMENT]


@transaction.atomic
def agree(
    *,
    plan,
    by,
    signed_on: date,
    options: list[str],
    consents: list[str],
    patient: Signer,
    guardian: Signer | None = None,
    assent: bool = False,
    options_note: str = "",
) -> Agreement:
    """Record the patient's agreement to a signed plan; NotAgreeable says what stands in the way.

    `options` are codes of `options_of`, `consents` codes of the plan's procedures; a procedure
    that is left out stays without consent and cannot be performed.
    """
    locked = _active(plan)
    quote = quote_in_force(locked)
    _refuse_unless_agreeable(locked, quote, signed_on, options, consents, guardian, assent)
    agreement = Agreement.objects.create(
        plan=locked,
        plan_hash=locked.content_hash,
        quote=quote,
        options=[one for one in options_of(locked) if one["code"] in options],
        options_note=options_note,
        assent=assent,
        signed_on=signed_on,
        witnessed_by=by,
    )
    for code, name in procedures_of(locked).items():
        if code in consents:
            Consent.objects.create(
                agreement=agreement,
                treatment=code,
                name=name,
                text_version=text_version(locked),
                text_hash=text_hash(consent_document(locked, code)),
            )
    _sign(agreement, Signature.Role.PATIENT, patient)
    if guardian:
        _sign(agreement, Signature.Role.GUARDIAN, guardian)
    return agreement


def _refuse_unless_agreeable(plan, quote, signed_on, options, consents, guardian, assent) -> None:
    """Raise NotAgreeable with the first thing that is wrong, in the order of the form."""
    if signed_on > timezone.localdate():
        raise NotAgreeable("The day of the signature lies in the future.")
    if signed_on < timezone.localdate(plan.approved_at):
        raise NotAgreeable("The patient cannot sign before the clinician has signed the plan.")
    if quote is None or not quote.is_open_on(signed_on):
        raise NotAgreeable("There is no quote that is good on that day. Issue a new one first.")
    if not set(options) & {one["code"] for one in options_of(plan)}:
        raise NotAgreeable("Say which options were discussed.")
    if not consents or set(consents) - set(procedures_of(plan)):
        raise NotAgreeable("Tick at least one procedure of this plan that the patient consents to.")
    if needs_guardian(plan, signed_on) and not (guardian and assent):
        raise NotAgreeable(
            "The patient is too young to consent alone: a guardian signs, and the patient assents."
        )


def _sign(agreement, role, signer: Signer) -> None:
    Signature.objects.create(
        agreement=agreement,
        role=role,
        name=signer.name,
        relation=signer.relation,
        image=signer.png,
        sha256=sha256(signer.png) if signer.png else "",
    )


def withdraw(*, agreement, by, on: date, words="") -> Withdrawal:
    """The patient takes the agreement back; no further session may be performed under it."""
    if hasattr(agreement, "withdrawal"):
        raise NotAgreeable("This agreement is withdrawn already.")
    return Withdrawal.objects.create(
        agreement=agreement, withdrawn_on=on, words=words, recorded_by=by
    )


def agreement_in_force(plan) -> Agreement | None:
    """The latest agreement, unless it was taken back."""
    latest = plan.agreements.order_by("-recorded_at").select_related("withdrawal", "quote").first()
    return None if latest is None or hasattr(latest, "withdrawal") else latest


def agreement_status(plan, on: date, session: PlannedSession | None = None) -> AgreementStatus:
    """What the record lacks for `session` (default: the first visit that needs consent) on a day.

    An empty `missing` means that, as far as consent goes, the session may be performed then.
    """
    steps = _steps_of(plan, session)
    periods = cooling_off(plan, steps)
    agreement = agreement_in_force(plan)
    if plan.state not in ACTIVE:
        return AgreementStatus(agreement, ("The plan is not in force.",), None, periods)
    if agreement is None:
        missing = "The patient has not agreed to this plan, or has taken the agreement back."
        return AgreementStatus(None, (missing,), None, periods)
    given = set(agreement.consents.values_list("treatment", flat=True))
    missing = [
        f"Consent to {name} is missing." for code, name in steps.items() if code not in given
    ]
    if needs_guardian(plan, agreement.signed_on) and not _has_guardian(agreement):
        missing.append("A guardian's consent and the patient's assent are missing.")
    earliest = agreement.signed_on + timedelta(days=max((p.days or 0 for p in periods), default=0))
    if on < earliest:
        missing.append(f"The cooling-off period runs: not before {earliest:%d-%b-%Y}.")
    return AgreementStatus(agreement, tuple(missing), earliest, periods)


def _steps_of(plan, session: PlannedSession | None) -> dict[str, str]:
    """Code and name of what is done at that visit, as far as it needs consent."""
    if session is None:
        session = plan.sessions.filter(kind__in=NEEDS_CONSENT).first()
    if session is None or session.kind not in NEEDS_CONSENT:
        return {}
    return {step.treatment: step.name for step in session.steps.all()}


def _has_guardian(agreement) -> bool:
    return agreement.assent and agreement.signatures.filter(role=Signature.Role.GUARDIAN).exists()
