from django.urls import path

from clinic.catalogue import clinic_views

app_name = "catalogue"
urlpatterns = [
    path("clinic/", clinic_views.clinic, name="clinic"),
]
