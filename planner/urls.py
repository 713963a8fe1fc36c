from django.urls import path

from planner import draft_views, patient_views, revision_views, views

app_name = "planner"

PDF = {"as_pdf": True}

urlpatterns = [
    path("", views.plan_list, name="plans"),
    path("suggest/<uuid:assessment>/", views.suggest, name="suggest"),
    path("suggestions/<uuid:pk>/", views.suggestion, name="suggestion"),
    path("suggestions/<uuid:pk>/face/", views.face, name="face"),
    path("suggestions/<uuid:pk>/choose/", views.choose, name="choose"),
    path("<uuid:pk>/", views.plan, name="plan"),
    # a draft in a clinician's hand
    path("<uuid:pk>/edit/", draft_views.edit, name="edit"),
    path("<uuid:pk>/lit/", views.lit, name="lit"),
    path("<uuid:pk>/take-back/", views.take_back, name="take_back"),
    path("<uuid:pk>/propose/", views.propose, name="propose"),
    path("<uuid:pk>/approve/", views.approve, name="approve"),
    path("<uuid:pk>/reject/", views.reject, name="reject"),
    path("<uuid:pk>/discontinue/", views.discontinue, name="discontinue"),
    # what the patient reads and signs
    path("<uuid:pk>/documents/", patient_views.documents, name="documents"),
    path("<uuid:pk>/documents/plan/", patient_views.plan_paper, name="plan_paper"),
    path("<uuid:pk>/documents/plan.pdf", patient_views.plan_paper, PDF, name="plan_pdf"),
    path(
        "<uuid:pk>/documents/consent/<slug:treatment>/",
        patient_views.consent_paper,
        name="consent_paper",
    ),
    path(
        "<uuid:pk>/documents/consent/<slug:treatment>.pdf",
        patient_views.consent_paper,
        PDF,
        name="consent_pdf",
    ),
    path("<uuid:pk>/documents/care/", patient_views.care_paper, name="care_paper"),
    path("<uuid:pk>/documents/care.pdf", patient_views.care_paper, PDF, name="care_pdf"),
    path("<uuid:pk>/agreement/", patient_views.agreement, name="agreement"),
    path("<uuid:pk>/agreement/withdraw/", patient_views.withdraw, name="withdraw"),
    path("<uuid:pk>/quote/", patient_views.quote, name="quote"),
    # what happens to a plan that runs
    path("<uuid:pk>/revise/", revision_views.revise, name="revise"),
    path("<uuid:pk>/difference/", revision_views.show_difference, name="difference"),
    path("<uuid:pk>/reviews/<uuid:session>/", revision_views.review, name="review"),
]
