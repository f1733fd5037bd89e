from django.apps import AppConfig


class PilesConfig(AppConfig):
    name = "conventions.piles"
    verbose_name = "Piles de documents numérisés"
