"""Addresses of the desk's pages; they live under the calendar's."""

from django.urls import path

from clinic.scheduling import care_views
from clinic.scheduling import desk_views as views

urlpatterns = [
    path("to-look-at/", views.to_look_at, name="to_look_at"),
    path("waiting/", views.waiting_list, name="waiting"),
    path("waiting/<uuid:pk>/stop/", views.stop_waiting, name="stop_waiting"),
    path("patients/<uuid:pk>/wait/", views.wait, name="wait"),
    path("tasks/", views.task_list, name="tasks"),
    path("tasks/new/", views.new_task, name="new_task"),
    path("tasks/<uuid:pk>/", views.task, name="task"),
    path("tasks/<uuid:pk>/done/", views.finish_task, name="finish_task"),
    path("plans/<uuid:pk>/hold/", views.hold, name="hold"),
    path("plans/<uuid:pk>/ask/", views.ask_clinician, name="ask_clinician"),
    path("plans/<uuid:pk>/undo/", views.unbook, name="unbook"),
    path("plans/<uuid:pk>/firm/", views.confirm_block, name="confirm_block"),
    path("plans/<uuid:pk>/cancel/", views.cancel_ended, name="cancel_ended"),
    path("plans/<uuid:pk>/charge/", views.charge_plan, name="charge_plan"),
    path("visits/<uuid:pk>/gate/", views.note_gate, name="note_gate"),
    path("visits/<uuid:pk>/people/", views.people, name="people"),
    path("visits/<uuid:pk>/firm/", views.confirm_provisional, name="confirm_provisional"),
    path("visits/<uuid:pk>/charge/", views.charge_visit, name="charge_visit"),
    path("visits/<uuid:pk>/freed/", views.freed, name="freed"),
    path("charges/<uuid:pk>/settle/", views.settle_charge, name="settle_charge"),
    path("marks/<int:pk>/clear/", views.clear_mark, name="clear_mark"),
    path("patients/<uuid:pk>/adverse-events/", care_views.adverse_events, name="adverse_events"),
    path("adverse-events/<uuid:pk>/", care_views.adverse_event, name="adverse_event"),
    path("house/", care_views.house_checks, name="house_checks"),
    path("kinds/", views.kinds, name="kinds"),
    path("kinds/<str:kind>/", views.kind, name="kind"),
]
