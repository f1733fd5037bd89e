from django.apps import AppConfig


class DossiersConfig(AppConfig):
    name = "conventions.dossiers"
    verbose_name = "Dossiers"
