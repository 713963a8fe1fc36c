from django.urls import path

from clinic.scheduling import calendar_views, desk_urls, move_views, resource_views, views

app_name = "scheduling"

urlpatterns = [
    path("", calendar_views.day, name="day"),
    path("week/", calendar_views.week, name="week"),
    path("to-book/", calendar_views.to_book, name="to_book"),
    path("openings/", calendar_views.openings, name="openings"),
    path("visits/<uuid:pk>/menu/", calendar_views.menu, name="menu"),
    path("visits/<uuid:pk>/missing/", calendar_views.missing, name="missing"),
    path("visits/<uuid:pk>/pinboard/", calendar_views.pinboard, name="pinboard"),
    path("plans/<uuid:pk>/", views.book_plan, name="book_plan"),
    path("patients/<uuid:pk>/new/", views.new_visit, name="new_visit"),
    path("visits/<uuid:pk>/", views.appointment, name="appointment"),
    path("visits/<uuid:pk>/state/", views.change_state, name="change_state"),
    path("visits/<uuid:pk>/undo/", views.undo, name="undo"),
    path("visits/<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("visits/<uuid:pk>/move/", move_views.move, name="move"),
    path("visits/<uuid:pk>/pin/", views.pin, name="pin"),
    path("resources/", resource_views.resources, name="resources"),
    path("resources/new/<str:kind>/", resource_views.new_resource, name="new_resource"),
    path("resources/<int:pk>/", resource_views.resource, name="resource"),
    path("resources/hours/", resource_views.clinic_hours, name="clinic_hours"),
    path("resources/<int:pk>/hours/", resource_views.hours, name="hours"),
    path("resources/absence/", resource_views.new_absence, name="new_absence"),
    path("resources/absence/<int:pk>/end/", resource_views.end_absence, name="end_absence"),
    *desk_urls.urlpatterns,
]
