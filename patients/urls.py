from django.urls import path

from patients import views

app_name = "patients"

urlpatterns = [
    path("", views.patient_list, name="list"),
    path("register/", views.register, name="register"),
    path("<uuid:pk>/", views.patient, name="patient"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/wishes/", views.wishes, name="wishes"),
    path("<uuid:pk>/history/", views.history, name="history"),
    path("<uuid:pk>/history/confirm/", views.history_confirm, name="history_confirm"),
    path("<uuid:pk>/previous/", views.previous, name="previous"),
    path("previous/<uuid:pk>/", views.previous_edit, name="previous_edit"),
    path("previous/<uuid:pk>/remove/", views.previous_remove, name="previous_remove"),
    path("<uuid:pk>/photos/", views.photos, name="photos"),
    path("photos/<uuid:pk>/", views.photo, name="photo"),
    path("<uuid:pk>/assess/", views.start, name="start"),
    path("assessments/<uuid:pk>/", views.assessment, name="assessment"),
    path("assessments/<uuid:pk>/chart/", views.assessment_chart, name="assessment_chart"),
    path("assessments/<uuid:pk>/log/", views.log, name="log"),
    path("assessments/<uuid:pk>/undo/", views.undo, name="undo"),
    path("assessments/<uuid:pk>/redo/", views.redo, name="redo"),
    path("assessments/<uuid:pk>/bedside/", views.bedside, name="bedside"),
    path("assessments/<uuid:pk>/sign/", views.sign, name="sign"),
    path("assessments/<uuid:pk>/correct/", views.correct, name="correct"),
    path("assessments/<uuid:pk>/discard/", views.discard, name="discard"),
    path("findings/<uuid:pk>/", views.finding, name="finding"),
    path("findings/<uuid:pk>/remove/", views.finding_remove, name="finding_remove"),
    path("findings/<uuid:pk>/detail/", views.finding_detail, name="finding_detail"),
    path("findings/<uuid:pk>/mirror/", views.finding_mirror, name="finding_mirror"),
    path("marks/<uuid:pk>/", views.mark, name="mark"),
    path("marks/<uuid:pk>/remove/", views.mark_remove, name="mark_remove"),
    path("marks/<uuid:pk>/mirror/", views.mark_mirror, name="mark_mirror"),
]
