from django.apps import AppConfig


class ImpactConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "clinic.impact"
    label = "impact"
    verbose_name = "What a change does"
