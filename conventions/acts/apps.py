from django.apps import AppConfig


class ActsConfig(AppConfig):
    name = "conventions.acts"
    verbose_name = "Actes"
