from django.urls import path

from clinic.catalogue import (
    clinic_views,
    evidence_views,
    exchange_views,
    price_views,
    source_views,
    treatment_views,
    views,
)

app_name = "catalogue"
urlpatterns = [
    path("", views.home, name="home"),
    path("treatments/", views.treatments, name="treatments"),
    path("treatments/new/", treatment_views.new_treatment, name="new_treatment"),
    path("treatments/<str:code>/", views.treatment, name="treatment"),
    path("treatments/<str:code>/edit/", treatment_views.edit_treatment, name="edit_treatment"),
    path("pairs/", views.pairs, name="pairs"),
    path("safety/", views.safety, name="safety"),
    path("questions/", views.questions, name="questions"),
    path("scales/", views.scales, name="scales"),
    path("protocols/", views.protocols, name="protocols"),
    path("principles/", views.policies, name="policies"),
    path("sources/", views.sources, name="sources"),
    path("sources/new/", source_views.new_source, name="new_source"),
    path("sources/<str:code>/", views.source, name="source"),
    path("sources/<str:code>/edit/", source_views.edit_source, name="edit_source"),
    path("unverified/", views.unverified, name="unverified"),
    path("evidence/", evidence_views.evidence_list, name="evidence"),
    path(
        "evidence/<slug:section>/<str:code>/",
        evidence_views.evidence_item,
        name="evidence_item",
    ),
    path("prices/", price_views.prices, name="prices"),
    path("packages/", price_views.package_list, name="packages"),
    path("packages/<str:code>/", price_views.package, name="package"),
    path("exchange/", exchange_views.exchange_page, name="exchange"),
    path("exchange/confirm/", exchange_views.exchange_confirm, name="exchange_confirm"),
    path("exchange/<str:of>/<slug:name>.<slug:kind>", exchange_views.export, name="export"),
    path("clinic/", clinic_views.clinic, name="clinic"),
]
