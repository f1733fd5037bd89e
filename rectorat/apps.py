from django.apps import AppConfig


class RectoratConfig(AppConfig):
    name = "rectorat"
    verbose_name = "Rectorat"
