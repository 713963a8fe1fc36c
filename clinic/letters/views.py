"""Doormen of the messages: who may enter is the table of doors, what is done is a service."""

from itertools import pairwise

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.letters import feeds, services, sms
from clinic.letters import wording as words_of
from clinic.letters.errors import LettersError
from clinic.letters.forms import ChoiceForm, HabitsForm, WordingForm
from clinic.letters.kinds import Channel, Kind, State
from clinic.letters.models import ContactChoice, Habits, Message, Wording
from patients.models import Patient

A_FEW = 30


# --- messages ----------------------------------------------------------------------------------


@require_GET
def outbox(request):
    mine = Message.objects.visible_to(request.user).with_people()
    groups = (
        ("undelivered", "Did not go out", mine.undelivered()[:A_FEW]),
        (
            "waiting",
            "On their way",
            mine.filter(state__in=(State.WAITING, State.SENDING)).order_by("due_at")[:A_FEW],
        ),
        ("sent", "Sent lately", mine.filter(state=State.SENT).order_by("-sent_at")[:A_FEW]),
    )
    return render(request, "letters/outbox.html", {"groups": groups})


@require_http_methods(["GET", "POST"])
def patient(request, pk):
    """What this patient agreed to, and every message with what became of it."""
    who = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    choice = ContactChoice.objects.filter(patient=who).select_related("recorded_by").first()
    form = ChoiceForm(request.POST or None, instance=choice or ContactChoice(), patient=who)
    if request.method == "POST" and form.is_valid():
        try:
            services.record_choice(
                patient=who,
                email=form.cleaned_data["email"],
                sms=form.cleaned_data["sms"],
                by=request.user,
                revision=form.seen_revision,
            )
        except LettersError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"The choice of {who} is recorded.")
        return redirect("letters:patient", who.pk)
    return render(
        request,
        "letters/patient.html",
        {
            "patient": who,
            "choice": ContactChoice.objects.filter(patient=who).first(),
            "form": form,
            "written": Message.objects.visible_to(request.user).with_people().filter(patient=who),
            "no_gateway": sms.gateway() is None,
        },
    )


def _message(request, pk) -> Message:
    mine = Message.objects.visible_to(request.user).with_people()
    return get_object_or_404(mine, pk=pk)


@require_GET
def message(request, pk):
    one = _message(request, pk)
    return render(
        request,
        "letters/message.html",
        {
            "message": one,
            "patient": one.patient,
            "can_repeat": services.can_repeat(one),
            "is_over": one.state == State.FAILED and not services.can_repeat(one),
            "again": one.resent.first(),
        },
    )


@require_POST
def again(request, pk):
    one = _message(request, pk)
    try:
        one = services.send_again(message=one, by=request.user)
    except LettersError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The message goes out once more.")
    return redirect(one)


@require_POST
def stop(request, pk):
    one = _message(request, pk)
    try:
        services.stop(message=one)
    except LettersError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The message is stopped.")
    return redirect(one)


# --- words and habits ----------------------------------------------------------------------------


@require_GET
def words(request):
    words_of.settle()
    rows = list(Wording.objects.all())
    return render(
        request,
        "letters/words.html",
        {
            "groups": [(kind, [row for row in rows if row.kind == kind]) for kind in Kind],
            "habits": Habits.current(),
            "no_gateway": sms.gateway() is None,
            "channels": Channel,
        },
    )


@require_http_methods(["GET", "POST"])
def habits(request):
    form = HabitsForm(request.POST or None, instance=Habits.current())
    if request.method == "POST" and form.is_valid() and _saved(form, "How messages are sent"):
        messages.success(request, "Messages are sent so from now on.")
        return redirect("letters:words")
    return render(request, "letters/habits.html", {"form": form}, status=_status(form))


@require_http_methods(["GET", "POST"])
def wording(request, pk):
    """Edit the words of one kind, see them with an invented patient, and look at older words."""
    row = get_object_or_404(Wording, pk=pk)
    return _wording_page(request, WordingForm(request.POST or None, instance=row), row)


@require_http_methods(["GET", "POST"])
def new_reminder(request):
    channel = Channel.SMS if request.GET.get("by") == Channel.SMS else Channel.EMAIL
    row = Wording(kind=Kind.REMINDER, channel=channel)
    start = next(one for one in words_of.START_WITH if one[:2] == (Kind.REMINDER, channel))
    initial = {"subject": start[3], "text": start[4], "active": True}
    form = WordingForm(request.POST or None, instance=row, initial=initial)
    return _wording_page(request, form, row)


def _wording_page(request, form, row):
    if request.method == "POST":
        valid = form.is_valid()
        if request.htmx:
            return render(request, "letters/_preview.html", _preview(request, form, row))
        if valid and "preview" not in request.POST and _saved(form, "These words"):
            messages.success(request, f"{row} is saved.")
            return redirect("letters:words")
    context = {
        "form": form,
        "wording": row,
        "placeholders": words_of.PLACEHOLDERS[row.kind],
        "older": _older(row) if row.pk else [],
        **_preview(request, form, row),
    }
    return render(request, "letters/wording.html", context, status=_status(form))


def _older(row) -> list[dict]:
    """The words before these, as the history keeps them, each with when it was replaced."""
    events = list(row.events.order_by("-pgh_id")[:A_FEW])
    return [
        {"until": newer.pgh_created_at, "subject": one.subject, "text": one.text}
        for newer, one in pairwise(events)
    ]


def _preview(request, form, row) -> dict:
    """The words as typed, filled for an invented patient; None where they cannot be filled."""
    typed = form.data if form.is_bound else form.initial
    values = words_of.of_the_clinic(request.clinic) | words_of.SAMPLE
    try:
        filled = [words_of.fill(typed.get(name) or "", values) for name in ("subject", "text")]
    except (ValueError, KeyError, IndexError, AttributeError):
        filled = None
    shown = {"subject": filled[0], "text": filled[1]} if filled else None
    length = words_of.sms_length(filled[1]) if filled and row.channel == Channel.SMS else None
    return {"preview": shown, "length": length, "wording": row}


def _saved(form, what: str) -> bool:
    row = form.save(commit=False)
    try:
        services.save_if_unchanged(row, form.seen_revision, what)
    except LettersError as error:
        form.add_error(None, str(error))
        data = form.data.copy()
        data["seen"] = type(row).objects.get(pk=row.pk).revision
        form.data = data
        return False
    return True


def _status(form) -> int:
    return 422 if form.is_bound and form.errors else 200


# --- a practitioner's calendar link ---------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def link(request):
    """One's own link: made or renewed, shown once, revoked."""
    resource = getattr(request.user, "resource", None)
    address = ""
    if request.method == "POST" and resource:
        if "revoke" in request.POST:
            services.revoke_link(resource=resource)
            messages.success(request, "The link is revoked. It opens nothing any more.")
            return redirect("letters:link")
        row, secret = services.renew_link(resource=resource)
        address = request.build_absolute_uri(feeds.address(row, secret))
    row = getattr(resource, "feed_link", None) if resource else None
    context = {"resource": resource, "link": row, "address": address}
    answer = render(request, "letters/link.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


feed = feeds.feed
