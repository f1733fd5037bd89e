from django.apps import AppConfig
from django.db.models.signals import post_migrate

from lifecycle.triggers import install_triggers


class LifecycleConfig(AppConfig):
    name = "lifecycle"
    verbose_name = "Journal"

    def ready(self) -> None:
        # A migration that alters a table on SQLite makes it anew, without its triggers: they
        # are put back after every `migrate`, whatever it did.
        post_migrate.connect(install_triggers, sender=self)
