"""Every app's addresses under its prefix."""

from django.contrib import admin
from django.urls import include, path

from clinic import pages

urlpatterns = [
    path("", pages.today, name="today"),
    path("patients/<uuid:pk>/", pages.chart, name="chart"),
    path("patients/", include("patients.urls")),
    path("plans/", include("planner.urls")),
    path("calendar/", include("clinic.scheduling.urls")),
    path("messages/", include("clinic.letters.urls")),
    path("catalogue/", include("clinic.catalogue.urls")),
    path("impact/", include("clinic.impact.urls")),
    path("staff/", include("clinic.staff.urls")),
    path("account/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]
