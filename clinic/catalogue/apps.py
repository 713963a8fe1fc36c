from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "clinic.catalogue"
    label = "catalogue"
    verbose_name = "Catalogue"
