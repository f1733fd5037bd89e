from django.apps import AppConfig


class CodingConfig(AppConfig):
    name = "billing.coding"
    verbose_name = "Réglages des titres"
