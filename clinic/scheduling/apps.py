from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "clinic.scheduling"
    label = "scheduling"
    verbose_name = "Booking"

    def ready(self):
        from clinic.scheduling import adverse, departures
        from patients import warnings
        from patients.models import Patient
        from planner.models import Plan

        warnings.register(Patient, adverse.flags)
        warnings.register(Plan, departures.of_plan)
