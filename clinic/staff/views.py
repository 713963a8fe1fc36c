"""People of the clinic, each person's own page, and the lock."""

from functools import partial

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from clinic.staff import lock as idle_lock
from clinic.staff import services
from clinic.staff.doors import is_part, to_sign_in
from clinic.staff.errors import ChangedMeanwhile, InvitationOver, LetterNotSent, StaffError
from clinic.staff.forms import JoinForm, PersonForm, ProfileForm, UnlockForm
from clinic.staff.models import User

# ---- people, for the owner


@require_GET
def users(request):
    people = User.objects.select_related("invited_by", "deactivated_by")
    shown = {
        "here": people.active().exclude(joined_at=None),
        "invited": people.invited(),
        "gone": people.deactivated(),
    }
    return render(request, "staff/users.html", shown)


def invite(request):
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = services.invite(by=request.user, **by_letter(request), **form.cleaned_data)
        except LetterNotSent as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"An invitation is on its way to {person.email}.")
        return redirect("staff:users")
    return render(request, "staff/invite.html", {"form": form}, status=status_of(form))


def user(request, pk):
    person = get_object_or_404(User, pk=pk)
    form = PersonForm(request.POST or None, instance=get_object_or_404(User, pk=pk))
    if request.method == "POST" and form.is_valid():
        try:
            services.change(user=person, seen_revision=form.seen_revision, **form.cleaned_data)
        except ChangedMeanwhile as error:
            form = with_the_newest_revision(form, person)
            form.add_error(None, str(error))
        except StaffError as error:
            form.add_error("roles", str(error))
        else:
            messages.success(request, f"{form.instance} is saved.")
            return redirect("staff:users")
    shown = {"form": form, "person": person}
    return render(request, "staff/user.html", shown, status=status_of(form))


def with_the_newest_revision(form, person):
    """What was typed, now knowing what it would replace: saving once more is on purpose."""
    person.refresh_from_db()
    data = form.data.copy()
    data["revision"] = person.revision
    fresh = PersonForm(data, instance=get_object_or_404(User, pk=person.pk))
    fresh.is_valid()
    return fresh


@require_POST
def reinvite(request, pk):
    person = get_object_or_404(User, pk=pk)
    deed = partial(services.invite_again, by=request.user, **by_letter(request))
    return do_to(request, person, deed, f"A new invitation is on its way to {person.email}.")


@require_POST
def withdraw(request, pk):
    person = get_object_or_404(User.objects.invited(), pk=pk)
    deed = partial(services.deactivate, by=request.user)
    return do_to(request, person, deed, f"The invitation of {person} is withdrawn.")


@require_POST
def deactivate(request, pk):
    person = get_object_or_404(User.objects.active(), pk=pk)
    deed = partial(services.deactivate, by=request.user)
    return do_to(request, person, deed, f"{person} is signed out everywhere and cannot come back.")


def do_to(request, person, deed, done):
    try:
        deed(user=person)
    except StaffError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("staff:users")


def by_letter(request) -> dict:
    """What a letter of invitation needs of the request: the clinic's name and web address."""

    def address_of(token):
        return request.build_absolute_uri(reverse("staff:join", args=[token]))

    return {"clinic_name": request.clinic.name, "address_of": address_of}


def status_of(form) -> int:
    return 422 if form.is_bound and not form.is_valid() else 200


# ---- joining


@never_cache
@sensitive_post_parameters("password1", "password2")
def join(request, token):
    try:
        person = services.invited_by_token(token)
        form = JoinForm(request.POST or None, user=person)
        if request.method == "POST" and form.is_valid():
            services.join(token=token, password=form.cleaned_data["password1"])
            messages.success(request, "Your password is set. Sign in with it.")
            return redirect("account_login")
    except InvitationOver as error:
        return render(request, "staff/invitation_over.html", {"error": error}, status=410)
    shown = {"form": form, "person": person}
    return render(request, "staff/join.html", shown, status=status_of(form))


# ---- oneself


def profile(request):
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("staff:profile")
    return render(request, "staff/profile.html", {"form": form}, status=status_of(form))


# ---- the lock


@require_POST
def awake(request):
    """Somebody types or reads: the lock middleware has written the time down."""
    return JsonResponse({})


@require_POST
def lock(request):
    idle_lock.lock(request.session)
    return JsonResponse({}) if is_part(request) else redirect("staff:unlock")


@never_cache
@sensitive_post_parameters("password")
def unlock(request):
    """Asked by the overlay of a page, which stays; or as a page, which leads back."""
    if request.method == "POST":
        return try_to_unlock(request)
    if not request.user.is_authenticated:
        return to_sign_in(request)
    shown = {"form": UnlockForm(), "next": way_on(request)}
    return render(request, "staff/unlock.html", shown)


def try_to_unlock(request):
    form = UnlockForm(request.POST)
    if form.is_valid():
        try:
            let_back_in(request, **form.cleaned_data)
        except ValidationError as error:
            form.add_error("password", error)
        else:
            answer = JsonResponse({"token": get_token(request)})
            return answer if is_part(request) else redirect(way_on(request))
    if is_part(request):
        return JsonResponse({"refusal": " ".join(form.errors["password"])}, status=403)
    shown = {"form": form, "next": way_on(request)}
    return render(request, "staff/unlock.html", shown, status=422)


def let_back_in(request, *, email, password):
    """Open the session again; one that ended meanwhile is begun anew for the same person."""
    known = request.user.email if request.user.is_authenticated else None
    if known and email and email != known:
        raise ValidationError("Somebody else signed in here meanwhile. Reload the page.")
    adapter = get_adapter()
    person = adapter.authenticate(request, email=known or email, password=password)
    if person is None or not person.is_active:
        raise ValidationError("This is not your password.")
    if known is None:
        adapter.login(request, person)
    idle_lock.unlock(request.session)


def way_on(request) -> str:
    """Where to after unlocking: the page that was locked, if it is one of ours."""
    url = request.POST.get("next") or request.GET.get("next") or "/"
    ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, request.is_secure())
    return url if ours else "/"
