from django.urls import path

from clinic.impact import hits_views, views

app_name = "impact"

urlpatterns = [
    path("", views.preview, name="preview"),
    path("start/", views.start, name="start"),
    path("<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("<uuid:pk>/go-on/", views.go_on, name="go_on"),
    path("<uuid:pk>/list/", views.list_touched, name="list_touched"),
    path("hits/", hits_views.hits_of_rule, name="rule_hits"),
    path("review/", views.review_list, name="review"),
    path("review/<uuid:pk>/", views.review_item, name="review_item"),
    path("overrides/", views.override_ledger, name="ledger"),
    path("overrides.csv", views.ledger_csv, name="ledger_csv"),
]
