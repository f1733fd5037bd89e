from django.apps import AppConfig


class ExchangesConfig(AppConfig):
    name = "conventions.exchanges"
    verbose_name = "Courrier"
