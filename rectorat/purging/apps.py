from django.apps import AppConfig


class PurgingConfig(AppConfig):
    name = "rectorat.purging"
    label = "purging"
    verbose_name = "Purge des campagnes"
