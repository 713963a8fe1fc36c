"""Doormen of what the patient reads and signs: documents, quote and agreement."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.catalogue.models import Clinic
from patients.chart import chart_context
from patients.paper import pdf_response
from planner import agreement as agreements
from planner.agreement_forms import AgreementForm, WithdrawForm
from planner.documents import care_document, consent_document, plan_document, procedures_of
from planner.errors import PlannerError
from planner.models import ACTIVE, Plan
from planner.presenting import FACE_VIEWS, loads_of, next_to_consent, treated_places
from planner.signatures import data_url


@require_GET
def documents(request, pk):
    """What can be handed to the patient."""
    plan = _plan(request, pk)
    context = {"plan": plan, "patient": plan.patient, "procedures": procedures_of(plan)}
    return render(request, "planner/documents/index.html", context)


@require_GET
def plan_paper(request, pk, as_pdf=False):
    plan = _plan(request, pk)
    chart = chart_context(
        loads_of(plan.suggestion),
        mode="print",
        lit=treated_places(plan.content),
        uid="document-chart",
        codes=FACE_VIEWS,
    )
    document = plan_document(plan)
    return _paper(request, plan, "plan", document, "Treatment plan", as_pdf, chart)


@require_GET
def consent_paper(request, pk, treatment, as_pdf=False):
    plan = _plan(request, pk)
    if treatment not in procedures_of(plan):
        raise Http404
    document = consent_document(plan, treatment)
    extra = {
        "with_guardian": agreements.needs_guardian(plan, timezone.localdate()),
        "cooling_off": agreements.cooling_off(plan, [treatment])[0],
    }
    title = f"Consent: {document['name']}"
    return _paper(request, plan, "consent", document, title, as_pdf, extra)


@require_GET
def care_paper(request, pk, as_pdf=False):
    plan = _plan(request, pk)
    return _paper(request, plan, "care", care_document(plan), "Before and after", as_pdf, {})


def _paper(request, plan, kind, document, title, as_pdf, extra):
    found = agreements.quote_in_force(plan)
    context = {
        "plan": plan,
        "patient": plan.patient,
        "clinic": Clinic.current(),
        "quote": found,
        "prices": agreements.prices_of(plan, found),
        "document": document,
        "title": title,
        "body": f"planner/documents/_{kind}.html",
        **extra,
    }
    if as_pdf:
        name = f"{plan.patient.record_number} {plan} {title}"
        return pdf_response("planner/documents/paper.html", context, name=name)
    return render(request, "planner/documents/page.html", context)


@require_http_methods(["GET", "POST"])
def agreement(request, pk):
    """The patient's agreement: a form while there is none, and what was signed once there is."""
    plan = _plan(request, pk)
    form = AgreementForm(request.POST or None, plan=plan)
    if request.method == "POST" and form.is_valid():
        try:
            agreements.agree(plan=plan, by=request.user, **form.agreed())
        except PlannerError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{plan.patient} has agreed to {plan}.")
            return redirect("planner:agreement", pk)
    return _draw_agreement(request, plan, form=form)


@require_POST
def withdraw(request, pk):
    plan = _plan(request, pk)
    found = agreements.agreement_in_force(plan)
    form = WithdrawForm(request.POST)
    if found is None or not form.is_valid():
        return _draw_agreement(request, plan, withdraw_form=form)
    agreements.withdraw(
        agreement=found,
        by=request.user,
        on=form.cleaned_data["withdrawn_on"],
        words=form.cleaned_data["words"],
    )
    messages.success(request, "The agreement is withdrawn. No session may be performed under it.")
    return redirect("planner:agreement", pk)


@require_POST
def quote(request, pk):
    plan = _plan(request, pk)
    last = agreements.quote_in_force(plan)
    try:
        issued = agreements.issue_quote(plan=plan, by=request.user)
    except PlannerError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            f"Quote {issued} is good until {issued.expires_on:%d-%b-%Y}, at the same prices"
            f"{'' if last is None or last.total == issued.total else ' with the tax of today'}.",
        )
    return redirect("planner:agreement", pk)


def _draw_agreement(request, plan, *, form=None, withdraw_form=None):
    found = agreements.agreement_in_force(plan)
    refused = any(one is not None and one.is_bound for one in (form, withdraw_form))
    context = {
        "plan": plan,
        "patient": plan.patient,
        "agreement": found,
        "signatures": [
            (one, data_url(one.image) if one.image else "") for one in found.signatures.all()
        ]
        if found
        else [],
        "status": agreements.agreement_status(plan, timezone.localdate(), next_to_consent(plan)),
        "next_visit": next_to_consent(plan),
        "cooling_off": agreements.cooling_off(plan),
        "quote": agreements.quote_in_force(plan),
        "quote_is_open": _is_open(agreements.quote_in_force(plan)),
        "earlier": plan.agreements.exclude(pk=found.pk if found else None),
        "may_agree": plan.state in ACTIVE,
        "procedures": procedures_of(plan),
        "without": _without_consent(plan, found),
        "form": form or AgreementForm(plan=plan),
        "withdraw_form": withdraw_form or WithdrawForm(),
    }
    return render(request, "planner/agreement.html", context, status=422 if refused else 200)


def _without_consent(plan, found) -> list[str]:
    given = set(found.consents.values_list("treatment", flat=True)) if found else set()
    return [name for code, name in procedures_of(plan).items() if code not in given]


def _is_open(found) -> bool:
    return found is not None and found.is_open_on(timezone.localdate())


def _plan(request, pk):
    plans = Plan.objects.visible_to(request.user).with_people().select_related("suggestion")
    return get_object_or_404(plans, pk=pk)
