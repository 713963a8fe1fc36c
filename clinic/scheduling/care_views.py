"""Doormen of clinicians beside visits: adverse events, and what the house has ready."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.scheduling import adverse
from clinic.scheduling import adverse_events as deeds
from clinic.scheduling import house_checks as house
from clinic.scheduling import today as day_list
from clinic.scheduling.care_forms import AdverseEntryForm, AdverseEventForm, HouseCheckForm
from clinic.scheduling.errors import SchedulingError
from clinic.scheduling.models import AdverseEvent, AdverseStep, Appointment, HouseItem
from patients.models import Patient

LATEST_VISITS = 12


@require_http_methods(["GET", "POST"])
def adverse_events(request, pk):
    """All adverse events of a patient, and a new one."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    begun = Appointment.objects.standing().filter(patient=patient, starts_at__lte=timezone.now())
    form = AdverseEventForm(
        request.POST or None,
        visits=begun.select_related("session").order_by("-starts_at")[:LATEST_VISITS],
        initial={"seen_on": timezone.localdate(), "appointment": request.GET.get("visit", "")},
    )
    if form.is_bound and form.is_valid():
        try:
            event = deeds.record(patient=patient, by=request.user, **form.given())
        except SchedulingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, "The adverse event is recorded. It holds procedures there until closed."
            )
            return redirect(event)
    open_now = {event.pk for event in adverse.open_events(patient)}
    rows = AdverseEvent.objects.visible_to(request.user).filter(patient=patient)
    rows = rows.select_related("recorded_by", "appointment__session")
    context = {
        "patient": patient,
        "form": form,
        "events": [(row, row.pk in open_now) for row in rows],
    }
    status = 422 if form.is_bound else 200
    return render(request, "scheduling/adverse_events.html", context, status=status)


@require_http_methods(["GET", "POST"])
def adverse_event(request, pk):
    """One adverse event, how it went on, and its closing."""
    events = AdverseEvent.objects.visible_to(request.user)
    events = events.filter(patient__in=Patient.objects.visible_to(request.user))
    event = get_object_or_404(
        events.select_related("patient", "appointment__session", "recorded_by"), pk=pk
    )
    form = AdverseEntryForm(request.POST or None)
    status = 200
    if form.is_bound:
        status = 422
        step = request.POST.get("step", "")
        if step not in AdverseStep.values:
            raise Http404
        if form.is_valid():
            try:
                deeds.write(event=event, step=step, by=request.user, **form.cleaned_data)
            except SchedulingError as error:
                form.add_error(None, str(error))
                status = 409
            else:
                messages.success(request, f"{AdverseStep(step).label}.")
                return redirect(event)
    context = {
        "event": event,
        "patient": event.patient,
        "is_open": AdverseEvent.objects.open().filter(pk=event.pk).exists(),
        "entries": event.entries.select_related("by"),
        "form": form,
    }
    return render(request, "scheduling/adverse_event.html", context, status=status)


@require_http_methods(["GET", "POST"])
def house_checks(request):
    """What the house has ready today for visits with fillers, confirmed once for all of them."""
    bound, status = {}, 200
    if request.method == "POST":
        item = request.POST.get("item", "")
        if item not in HouseItem.values:
            raise Http404
        form = HouseCheckForm(request.POST, item=HouseItem(item))
        if form.is_valid():
            try:
                house.note(item=item, by=request.user, **form.given())
            except SchedulingError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"{HouseItem(item).label}: noted for today.")
                return redirect("scheduling:house_checks")
        bound, status = {item: form}, 422
    today = timezone.localdate()
    visits = day_list.whole_day(request.user, today).standing()
    wanted = [visit for visit in visits if visit.session_id and house.needed_by(visit.session)]
    found, needed = house.found_on(today), house.needed_on(wanted)
    rows = [
        (
            item,
            house.ASKS[item],
            item in needed,
            found.get(item),
            bound.get(item) or HouseCheckForm(item=item),
        )
        for item in HouseItem
    ]
    context = {"rows": rows, "visits": wanted, "today": today}
    return render(request, "scheduling/house_checks.html", context, status=status)
