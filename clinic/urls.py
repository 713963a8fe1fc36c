"""Every app's addresses under its prefix."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from clinic import pages

APPS = {
    "staff/": "clinic.staff.urls",
    "catalogue/": "clinic.catalogue.urls",
    "patients/": "patients.urls",
    "plans/": "planner.urls",
    "calendar/": "clinic.scheduling.urls",
}

urlpatterns = [
    path("", pages.today, name="today"),
    path("account/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    *(path(prefix, include(urls)) for prefix, urls in APPS.items() if find_spec(urls)),
]
