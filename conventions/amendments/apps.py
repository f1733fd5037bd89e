from django.apps import AppConfig


class AmendmentsConfig(AppConfig):
    name = "conventions.amendments"
    verbose_name = "Avenants"
