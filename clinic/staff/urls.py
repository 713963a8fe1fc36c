from django.urls import path

from clinic.staff import views

app_name = "staff"
urlpatterns = [
    path("join/<str:token>/", views.join, name="join"),
    path("profile/", views.profile, name="profile"),
    path("lock/", views.lock, name="lock"),
    path("unlock/", views.unlock, name="unlock"),
    path("awake/", views.awake, name="awake"),
    path("users/", views.users, name="users"),
    path("users/invite/", views.invite, name="invite"),
    path("users/<uuid:pk>/", views.user, name="user"),
    path("users/<uuid:pk>/invite-again/", views.reinvite, name="reinvite"),
    path("users/<uuid:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("users/<uuid:pk>/deactivate/", views.deactivate, name="deactivate"),
]
