from django.apps import AppConfig


class PlannerConfig(AppConfig):
    name = "planner"
    label = "planner"
    verbose_name = "Plans"
