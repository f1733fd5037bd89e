from django.apps import AppConfig


class ArchivesConfig(AppConfig):
    name = "conventions.archives"
    label = "archives"
    verbose_name = "Archives des campagnes"
