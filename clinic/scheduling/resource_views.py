"""Pages for who keeps the clinic's people, rooms, devices and hours."""

import datetime as dt
import hashlib

from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.scheduling import capabilities, lapses, marking, rebooking
from clinic.scheduling import resources as keeping
from clinic.scheduling.calendar_forms import DayForm
from clinic.scheduling.forms import AbsenceForm, HoursForm
from clinic.scheduling.models import Absence, Resource, ResourceKind, WorkingHours
from clinic.scheduling.resource_forms import ResourceForm

KINDS = {
    ResourceKind.PERSON: "People",
    ResourceKind.ROOM: "Rooms",
    ResourceKind.DEVICE: "Devices",
}


@require_GET
def resources(request):
    rows = Resource.objects.of_the_clinic().select_related("user").prefetch_related("hours")
    rows = list(rows)
    capabilities.told(rows)
    return render(
        request,
        "scheduling/resources.html",
        {
            "groups": [
                (kind, words, [row for row in rows if row.kind == kind])
                for kind, words in KINDS.items()
            ],
            "clinic_hours": WorkingHours.objects.filter(resource=None),
            "absences": _coming_absences(),
            "lapsing": lapses.lapsing(timezone.localdate()),
            "today": timezone.localdate(),
        },
    )


@require_http_methods(["GET", "POST"])
def new_resource(request, kind):
    if kind not in KINDS:
        raise Http404
    form = ResourceForm(request.POST or None, kind=kind)
    if form.is_valid():
        form.save()
        messages.success(request, f"{form.instance.name} can be booked now.")
        return redirect("scheduling:resources")
    return _form_page(request, form, f"Add to {KINDS[kind].lower()}", "Add")


@require_http_methods(["GET", "POST"])
@transaction.atomic
def resource(request, pk):
    rows = Resource.objects.of_the_clinic().select_for_update(of=("self",))
    now = get_object_or_404(rows, pk=pk)
    row = Resource.objects.get(pk=pk)
    form = ResourceForm(request.POST or None, instance=row, kind=row.kind)
    heading = str(now)
    if not form.is_valid():
        return _form_page(request, form, heading, "Save", resource=now)
    if form.cleaned_data["revision"] != now.revision:
        _refuse_stale(form, form.moved_since(now), revision=now.revision)
        return _form_page(request, form, heading, "Save", resource=now)
    hit = marking.hit_by(row, before=now)
    if hit and request.POST.get("seen") != _listed(hit):
        context = {"hit": hit, "seen": _listed(hit), "resource": now}
        return _form_page(request, form, heading, "Save", **context)
    row.revision = now.revision + 1
    form.save()
    marking.look_again(row, hit=hit)
    messages.success(request, f"{row.name} is saved.{_to_move(hit)}")
    return redirect("scheduling:resources")


def _listed(visits) -> str:
    """The visits that a page lists: whoever agrees agrees to these, and to no other."""
    keys = ",".join(f"{visit.pk} {visit.revision}" for visit in visits)
    return hashlib.sha256(keys.encode()).hexdigest()


def _refuse_stale(form, moved: list[str], **newest) -> None:
    """What was typed stays, now knowing what it would replace: saving once more is on purpose."""
    told = "; ".join(moved) or "to what you have typed too"
    form.add_error(
        None,
        f"Somebody else changed this while the form was open: {told}. Look it over and save again.",
    )
    form.data = form.data.copy()
    form.data.update({name: str(value) for name, value in newest.items()})


@require_http_methods(["GET", "POST"])
def clinic_hours(request):
    return _hours_page(request, None)


@require_http_methods(["GET", "POST"])
def hours(request, pk):
    return _hours_page(request, get_object_or_404(Resource.objects.of_the_clinic(), pk=pk))


def _hours_page(request, row):
    name = row.name if row else "the clinic"
    rows = WorkingHours.objects.filter(resource=row)
    form, now = HoursForm(request.POST or None, rows=rows), _as_told(rows)
    context = {"was": now, "hint": True}
    if form.is_valid():
        if request.POST.get("was", now) != now:
            _refuse_stale(form, [f"the hours are now {now or 'not recorded'}"])
            return _form_page(request, form, f"Hours of {name}", "Save", **context)
        outside = keeping.visits_outside(resource=row, weekly=form.weekly())
        if outside and request.POST.get("seen") != "yes":
            context["outside"] = outside
            return _form_page(request, form, f"Hours of {name}", "Save", **context)
        rebooking.set_hours(resource=row, weekly=form.weekly(), outside=outside)
        messages.success(request, f"The hours of {name} are saved.")
        return redirect("scheduling:resources")
    return _form_page(request, form, f"Hours of {name}", "Save", **context)


def _as_told(rows) -> str:
    return ", ".join(str(row) for row in rows)


@require_http_methods(["GET", "POST"])
def new_absence(request):
    """Note that somebody is away; beneath, who is away in the time to come."""
    first = {"resource": request.GET.get("resource", ""), "first_on": _day_asked(request)}
    form = AbsenceForm(request.POST or None, initial=first)
    if not form.is_valid():
        return _absence_page(request, form)
    asked, row = form.cleaned_data, form.whose
    span = {"starts_at": asked["starts_at"], "ends_at": asked["ends_at"]}
    outside = keeping.visits_during(resource=row, **span)
    if (outside or row is None) and request.POST.get("seen") != form.asked:
        return _absence_page(
            request, form, outside=outside, closing=row is None, span=span, seen=form.asked
        )
    rebooking.add_absence(resource=row, kind=asked["kind"], note=asked["note"], **span)
    messages.success(request, f"The absence is saved.{_to_move(outside)}")
    return redirect(_after_absence(request.user, asked["first_on"]))


def _day_asked(request) -> dt.date | None:
    form = DayForm({"on": request.GET.get("on", "")})
    return form.cleaned_data["on"] if form.is_valid() else None


def _absence_page(request, form, **context):
    context |= {"form": form, "absences": _coming_absences()}
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "scheduling/absence.html", context, status=status)


def _coming_absences():
    rows = Absence.objects.filter(during__endswith__gt=timezone.now())
    return rows.select_related("resource")


def _to_move(outside) -> str:
    count = len(outside)
    return f" {count} visit{'' if count == 1 else 's'} must be looked at." if count else ""


def _after_absence(user, on: dt.date) -> str:
    """The day of the absence, for who may see it: there it shows, with the visits that it hit."""
    if user.has_perm("scheduling.view_calendar"):
        return f"{reverse('scheduling:day')}?on={on}"
    return reverse("scheduling:new_absence")


@require_POST
def end_absence(request, pk):
    rebooking.end_absence(absence=get_object_or_404(Absence, pk=pk), by=request.user)
    messages.success(request, "The absence is taken back.")
    return redirect("scheduling:new_absence")


def _form_page(request, form, heading, action, **context):
    status = 422 if form.is_bound and form.errors else 200
    context |= {"form": form, "heading": heading, "action": action}
    return render(request, "scheduling/resource_form.html", context, status=status)
