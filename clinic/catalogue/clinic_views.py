"""The page where an owner sets the clinic up."""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render

from clinic.catalogue.clinic_form import ClinicForm
from clinic.catalogue.models import Clinic


@transaction.atomic
def clinic(request):
    now = Clinic.objects.select_for_update().get(pk=Clinic.current().pk)
    form = ClinicForm(request.POST or None, instance=Clinic.current())
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["revision"] == now.revision:
            form.instance.revision = now.revision + 1
            form.save()
            messages.success(request, "The settings of the clinic are saved.")
            return redirect("catalogue:clinic")
        form = with_the_newest_revision(form, now)
    status = 422 if form.is_bound else 200
    return render(request, "catalogue/clinic.html", {"form": form}, status=status)


def with_the_newest_revision(form, now):
    """What was typed, now knowing what it would replace: saving once more is on purpose."""
    moved = "; ".join(form.what_moved(now)) or "to what you have typed too"
    data = form.data.copy()
    data["revision"] = now.revision
    fresh = ClinicForm(data, instance=Clinic.current())
    fresh.is_valid()
    fresh.add_error(
        None,
        "The settings were changed by somebody else while this form was open: "
        f"{moved}. Look the form over and save it again.",
    )
    return fresh
