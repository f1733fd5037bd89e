from django.apps import AppConfig
from django.db.models.signals import post_migrate

from tabular.search_texts import install_indexes


class TabularConfig(AppConfig):
    name = "tabular"
    verbose_name = "Imports"

    def ready(self) -> None:
        # Not in migrations: who may not create the extension migrates all the same, and has the
        # indexes at the first `migrate` once somebody else has created it.
        post_migrate.connect(install_indexes, sender=self)
