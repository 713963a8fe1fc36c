"""A practitioner's calendar for the telephone: whoever holds the secret link reads it."""

import datetime as dt

from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.letters import ics, services
from clinic.letters.models import FeedLink
from clinic.scheduling.models import Appointment

BACK, AHEAD = dt.timedelta(days=30), dt.timedelta(days=400)
READ_A_MINUTE, GUESSED_A_MINUTE = 30, 20


def address(link: FeedLink, secret: str) -> str:
    return reverse("letters:feed", args=[link.pk, secret])


@require_safe
def feed(request, pk, secret):
    """404 for every link that opens nothing, whatever the reason; 429 for too much of either."""
    link = services.link_by_secret(pk, secret)
    limit = READ_A_MINUTE if link else GUESSED_A_MINUTE
    if _too_often(f"feed-{'read' if link else 'guess'}-{pk}", limit):
        answer = HttpResponse("Too many requests. Wait a minute.", "text/plain", status=429)
        answer["Retry-After"] = "60"
    elif link is None:
        raise Http404
    else:
        FeedLink.objects.filter(pk=link.pk).update(read_at=timezone.now())
        answer = HttpResponse(_calendar(request, link), "text/calendar; charset=utf-8")
        answer["Content-Disposition"] = 'inline; filename="visits.ics"'
    answer["Cache-Control"] = "no-store"
    return answer


def _too_often(key: str, limit: int) -> bool:
    cache.add(key, 0, timeout=60)
    try:
        return cache.incr(key) > limit
    except ValueError:  # it ran out between the two
        return False


def _calendar(request, link: FeedLink) -> bytes:
    now = timezone.now()
    visits = (
        Appointment.objects.standing()
        .between(now - BACK, now + AHEAD)
        .filter(parts__claims__resource=link.resource)
        .distinct()
        .order_by("starts_at", "pk")
        .prefetch_related("parts__claims__resource")
    )
    return ics.feed(
        visits,
        clinic=request.clinic,
        name=f"{link.resource.name}, {request.clinic.name}",
        address_of=lambda visit: request.build_absolute_uri(visit.get_absolute_url()),
    )
