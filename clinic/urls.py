"""Every app's addresses under its prefix."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.account.urls")),
]
