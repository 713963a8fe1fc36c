from django.apps import AppConfig


class LettersConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "clinic.letters"
    label = "letters"
    verbose_name = "Messages"

    def ready(self):
        from clinic.letters import listening

        listening.start()
