"""One person's visits of a day, for the page that everybody starts from."""

import datetime as dt

from clinic.scheduling import bridge
from clinic.scheduling.models import Appointment


def day_list(user, on: dt.date):
    """The visits of that day in their order; a practitioner's own ones alone."""
    zone = bridge.clinic_zone()
    starts = dt.datetime.combine(on, dt.time(0), zone)
    ends = dt.datetime.combine(on + dt.timedelta(days=1), dt.time(0), zone)
    visits = Appointment.objects.visible_to(user).with_people().between(starts, ends)
    if hasattr(user, "resource"):
        visits = visits.filter(parts__claims__resource=user.resource).distinct()
    return visits.order_by("starts_at", "pk")
