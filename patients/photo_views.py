"""Doormen of the photos: taking in, serving, consent, comparing, withdrawing."""

from django.contrib import messages
from django.http import FileResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from patients import chart
from patients import photos as deeds
from patients.errors import PatientsError, PhotoRefused
from patients.models import Patient, Photo, PhotoConsent
from patients.photo_forms import ConsentForm, ConsentWithdrawForm, PhotosForm, ReasonForm


def _patient(request, pk) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)


def photos(request, pk):
    """The photos by view. Files come one by one from the script, or all at once without it."""
    patient = _patient(request, pk)
    form = PhotosForm(request.POST or None, request.FILES or None)
    taken, refused = [], []
    if request.method == "POST" and form.is_valid():
        taken, refused = _take_in(request, patient, form)
        if not refused and not _by_script(request):
            count = len(taken)
            messages.success(request, f"{count} photo{'' if count == 1 else 's'} added.")
            return redirect("patients:photos", pk)
    if request.method == "POST" and _by_script(request):
        why = _why(form, refused)
        told = {"taken": [_brief(one) for one in taken], "refused": why}
        return JsonResponse(told, status=422 if why else 200)
    context = {
        "form": form,
        "patient": patient,
        "refused": refused,
        "taken": taken,
        **shelves(patient),
        "consents": _consents(patient),
        "consent_form": ConsentForm(),
        "withdraw_form": ReasonForm(),
    }
    status = 422 if form.is_bound and (form.errors or refused) else 200
    return render(request, "patients/photos.html", context, status=status)


def _take_in(request, patient, form):
    """Every file for itself: a refused one says why and the others are kept."""
    taken, refused = [], []
    fields = {name: form.cleaned_data[name] for name in ("view", "region", "taken_on")}
    for file in form.cleaned_data["file"]:
        try:
            taken.append(deeds.add_photo(patient=patient, by=request.user, file=file, **fields))
        except PhotoRefused as error:
            refused.append((file.name, str(error)))
    return taken, refused


def _by_script(request) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _why(form, refused) -> list[str]:
    """The reasons of the one file that the script has sent."""
    errors = [str(error) for errors in form.errors.values() for error in errors]
    return errors + [reason for _, reason in refused]


def _brief(photo) -> dict:
    return {
        "url": reverse("patients:thumbnail", args=[photo.pk]),
        "words": f"{photo.get_view_display()}, {photo.taken_on:%d-%b-%Y}",
    }


def shelves(patient) -> dict:
    """`views`: each standard view with its photos, newest first; `close_ups` by region."""
    standing = list(patient.photos.standing())
    by_view: dict[str, list] = {view: [] for view in Photo.View.values}
    for photo in standing:
        by_view[photo.view].append(photo)
    close_ups: dict[str, list] = {}
    for photo in by_view.pop(Photo.View.CLOSE_UP):
        close_ups.setdefault(photo.region, []).append(photo)
    return {
        "views": [(view, Photo.View(view).label, found) for view, found in by_view.items()],
        "close_ups": sorted(close_ups.items(), key=lambda pair: chart.places().get(pair[0], "")),
        "any_photo": bool(standing),
        "withdrawn": patient.photos.exclude(withdrawn_at=None).select_related("withdrawn_by"),
    }


# --- the files ----------------------------------------------------------------------------------


@require_GET
def photo(request, pk):
    """The file itself, to those who may see the patient; kept by no cache on the way."""
    return _served(_photo(request, pk).file)


@require_GET
def thumbnail(request, pk):
    return _served(_photo(request, pk).thumbnail)


def _photo(request, pk) -> Photo:
    mine = Photo.objects.visible_to(request.user).standing()
    return get_object_or_404(mine.select_related("patient"), pk=pk)


def _served(file) -> FileResponse:
    response = FileResponse(file.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline"
    return response


def withdraw(request, pk):
    found = _photo(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            deeds.withdraw_photo(photo=found, by=request.user, reason=form.cleaned_data["reason"])
        except PatientsError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "The photo is withdrawn.")
        return redirect("patients:photos", found.patient_id)
    context = {"form": form, "photo": found, "patient": found.patient}
    return render(request, "patients/photos_withdraw.html", context, status=_status(form))


# --- consent ------------------------------------------------------------------------------------


def _consents(patient) -> list[dict]:
    """Each purpose with the consent that stands, and those that were withdrawn."""
    rows = list(patient.photo_consents.select_related("recorded_by", "withdrawn_by"))
    return [
        {
            "label": purpose.label,
            "standing": next((row for row in found if not row.is_withdrawn), None),
            "withdrawn": [row for row in found if row.is_withdrawn],
        }
        for purpose in PhotoConsent.Purpose
        for found in [[row for row in rows if row.purpose == purpose]]
    ]


def consent(request, pk):
    patient = _patient(request, pk)
    form = ConsentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        for purpose in form.cleaned_data["purposes"]:
            deeds.give_consent(
                patient=patient,
                purpose=purpose,
                given_on=form.cleaned_data["given_on"],
                note=form.cleaned_data["note"],
                by=request.user,
            )
        messages.success(request, "The consent is recorded.")
        return redirect("patients:photos", pk)
    context = {"form": form, "patient": patient, "consents": _consents(patient)}
    return render(request, "patients/photos_consent.html", context, status=_status(form))


def consent_withdraw(request, pk):
    mine = PhotoConsent.objects.visible_to(request.user).standing().select_related("patient")
    found = get_object_or_404(mine, pk=pk)
    form = ConsentWithdrawForm(request.POST or None, consent=found)
    if request.method == "POST" and form.is_valid():
        try:
            deeds.withdraw_consent(
                consent=found,
                by=request.user,
                on=form.cleaned_data["on"],
                reason=form.cleaned_data["reason"],
            )
        except PatientsError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "The consent is withdrawn.")
        return redirect("patients:photos", found.patient_id)
    context = {"form": form, "consent": found, "patient": found.patient}
    return render(request, "patients/photos_withdraw.html", context, status=_status(form))


def _status(form) -> int:
    return 422 if form.is_bound and form.errors else 200


# --- comparing ----------------------------------------------------------------------------------


@require_GET
def compare(request, pk):
    """Two photos of one view; without a choice the first and the last of it."""
    patient = _patient(request, pk)
    rows = list(patient.photos.standing().order_by("taken_on", "id"))
    groups = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row)
    several = {key: found for key, found in groups.items() if len(found) > 1}
    chosen = request.GET.get("view")
    key = chosen if chosen in several else next(iter(several), None)
    found = several.get(key, [])
    context = {
        "patient": patient,
        "views": [(one, _group_name(one)) for one in several],
        "view": key,
        "photos": found,
        "before": _chosen(request, "before", found, default=0),
        "after": _chosen(request, "after", found, default=-1),
    }
    return render(request, "patients/compare.html", context)


def _group(photo) -> str:
    """Photos of one group show the same: one view, or one region from close up."""
    return photo.region if photo.view == Photo.View.CLOSE_UP else photo.view


def _group_name(group: str) -> str:
    if group in Photo.View.values:
        return Photo.View(group).label
    return f"Close-up: {chart.places().get(group, group)}"


def _chosen(request, name, found, default):
    wanted = request.GET.get(name)
    return next((one for one in found if str(one.pk) == wanted), found[default] if found else None)
