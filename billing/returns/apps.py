from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    name = "billing.returns"
    verbose_name = "Retours du comptable"
