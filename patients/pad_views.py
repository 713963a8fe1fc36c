"""Doormen of the tablet: handing it over, the patient's screens, and taking it back."""

from functools import wraps

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from patients import pad as tablet
from patients.errors import PadOver, WrongPin
from patients.models import Pad, Patient
from patients.pad import SESSION_KEY, HandOverForm, PadForm, PasswordForm, PinForm, screens_for


def with_pad(view):
    """Call `view` with the tablet of this session; one that was taken back is forgotten."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if SESSION_KEY not in request.session:
            raise Http404
        held = Pad.objects.filter(pk=request.session[SESSION_KEY], taken_back_at=None)
        held = held.filter(patient__in=Patient.objects.visible_to(request.user))
        found = held.select_related("patient", "handed_by").first()
        if found is None:
            del request.session[SESSION_KEY]
            return redirect("patients:list")
        return view(request, found, *args, **kwargs)

    return wrapped


@sensitive_post_parameters("pin")
def hand_over(request, pk):
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    form = HandOverForm(request.POST or None)
    screens = screens_for(patient, timezone.localdate())
    if request.method == "POST" and form.is_valid() and screens:
        held = tablet.hand_over(patient=patient, by=request.user, pin=form.cleaned_data["pin"])
        request.session[SESSION_KEY] = str(held.pk)
        request.session.cycle_key()  # a page kept open by the browser does not outlive its cookie
        response = redirect("patients:pad")
        response["Clear-Site-Data"] = '"cache"'
        return response
    context = {"form": form, "patient": patient, "screens": screens}
    return render(request, "patients/pad_hand_over.html", context, status=_status(form))


@with_pad
def pad(request, held, slug=None):
    """One screen of questions; saved when the patient goes on, and when going back."""
    today = timezone.localdate()
    screens = screens_for(held.patient, today)
    screen = _screen(screens, slug) if slug else _first_open(screens, held)
    if screen is None:
        return redirect("patients:pad_done")
    form = PadForm(request.POST or None, patient=held.patient, on=today, only=screen.codes)
    if request.method == "POST" and form.is_valid():
        return _saved(request, held, screen, form, today)
    context = {
        "form": form,
        "patient": held.patient,
        "screen": screen,
        "screens": screens,
        "first": screen.number == 1,
        "last": screen.number == len(screens),
    }
    return render(request, "patients/pad.html", context, status=_status(form))


def _saved(request, held, screen, form, today):
    try:
        tablet.save_screen(
            pad=held,
            screen=screen.slug,
            answers=form.changed(),
            confirmed=form.confirmed(),
            on=today,
        )
    except PadOver:
        return redirect("patients:pad_back")
    back = request.POST.get("go") == "back"
    order = screens_for(held.patient, today)  # an answer may have opened or closed a screen
    at = [one.slug for one in order].index(screen.slug) + (-1 if back else 1)
    if at < len(order):
        return redirect("patients:pad", order[max(at, 0)].slug)
    return redirect("patients:pad_done")


def _screen(screens, slug):
    found = next((screen for screen in screens if screen.slug == slug), None)
    if found is None:
        raise Http404
    return found


def _first_open(screens, held):
    return next((screen for screen in screens if screen.slug not in held.screens), None)


@require_GET
@with_pad
def pad_done(request, held):
    tablet.finish(pad=held)
    screens = screens_for(held.patient, timezone.localdate())
    context = {"patient": held.patient, "last": screens[-1] if screens else None}
    return render(request, "patients/pad_done.html", context)


@sensitive_post_parameters("pin", "password")
@with_pad
def pad_back(request, held):
    """The PIN of whoever handed the tablet over; after too many wrong ones, the password."""
    with_pin = held.tries < tablet.MAX_TRIES
    form = (PinForm if with_pin else PasswordForm)(request.POST or None)
    if request.method == "POST" and form.is_valid() and _opens(request, held, form):
        return _home_again(request, held)
    status = _status(form)
    held.refresh_from_db()
    if with_pin and held.tries >= tablet.MAX_TRIES:
        with_pin, form = False, PasswordForm()
    context = {"form": form, "with_pin": with_pin, "tries": tablet.MAX_TRIES}
    return render(request, "patients/pad_back.html", context, status=status)


def _opens(request, held, form) -> bool:
    try:
        if isinstance(form, PinForm):
            tablet.try_pin(pad=held, pin=form.cleaned_data["pin"])
        else:
            _check_password(request, form.cleaned_data["password"])
            tablet.take_back(pad=held)
    except WrongPin as error:
        form.add_error("pin", str(error))
    except ValidationError as error:
        form.add_error("password", error)
    return form.is_valid()


def _check_password(request, password):
    """By the sign-in's own adapter, which limits the tries."""
    person = get_adapter().authenticate(request, email=request.user.email, password=password)
    if person != request.user:
        raise ValidationError("This is not your password.")


def _home_again(request, held):
    del request.session[SESSION_KEY]
    request.session.cycle_key()
    answered = held.patient.answers.filter(source="patient", answered_at__gte=held.handed_at)
    count = answered.count()
    what = f"{count} answer{'' if count == 1 else 's'}" if count else "No answer"
    messages.success(request, f"The tablet is back. {what} from {held.patient} recorded.")
    return redirect("patients:history", held.patient_id)


def _status(form) -> int:
    return 422 if form.is_bound and form.errors else 200
