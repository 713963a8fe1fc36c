from django.urls import path

from planner import views

app_name = "planner"

urlpatterns = [
    path("", views.plan_list, name="plans"),
    path("suggest/<uuid:assessment>/", views.suggest, name="suggest"),
    path("suggestions/<uuid:pk>/", views.suggestion, name="suggestion"),
    path("suggestions/<uuid:pk>/choose/", views.choose, name="choose"),
    path("<uuid:pk>/", views.plan, name="plan"),
    path("<uuid:pk>/propose/", views.propose, name="propose"),
    path("<uuid:pk>/approve/", views.approve, name="approve"),
    path("<uuid:pk>/reject/", views.reject, name="reject"),
    path("<uuid:pk>/discontinue/", views.discontinue, name="discontinue"),
]
