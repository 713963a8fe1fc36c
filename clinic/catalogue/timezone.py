"""The clinic of this installation on every request, and its time zone for every page."""

from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.catalogue.models import Clinic


class ClinicMiddleware:
    """Reads the one row afresh each time: a change by the owner holds in every process at once."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.clinic = Clinic.current()
        with timezone.override(ZoneInfo(request.clinic.time_zone)):
            return self.get_response(request)
