from django.urls import path

from clinic.letters import views

app_name = "letters"

urlpatterns = [
    path("", views.outbox, name="outbox"),
    path("patients/<uuid:pk>/", views.patient, name="patient"),
    path("<uuid:pk>/", views.message, name="message"),
    path("<uuid:pk>/again/", views.again, name="again"),
    path("<uuid:pk>/stop/", views.stop, name="stop"),
    path("words/", views.words, name="words"),
    path("words/new/", views.new_reminder, name="new_reminder"),
    path("words/habits/", views.habits, name="habits"),
    path("words/<int:pk>/", views.wording, name="wording"),
    path("link/", views.link, name="link"),
    path("feeds/<uuid:pk>/<str:secret>.ics", views.feed, name="feed"),
]
