from django.apps import AppConfig


class TerminationsConfig(AppConfig):
    name = "conventions.terminations"
    verbose_name = "Résiliations"
