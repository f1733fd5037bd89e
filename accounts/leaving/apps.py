from django.apps import AppConfig


class LeavingConfig(AppConfig):
    name = "accounts.leaving"
    verbose_name = "Départs"
