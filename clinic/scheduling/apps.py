from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "clinic.scheduling"
    label = "scheduling"
    verbose_name = "Booking"

    def ready(self):
        from clinic.scheduling import adverse
        from patients import warnings

        warnings.register(adverse.flags)
