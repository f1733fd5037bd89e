from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from lifecycle.triggers import install_triggers, set_triggers_aside


class LifecycleConfig(AppConfig):
    name = "lifecycle"
    verbose_name = "Journal"

    def ready(self) -> None:
        # A migration that alters a table on SQLite makes it anew: its own triggers go with it,
        # and while it is not there those of other tables that read it are in error. All are
        # taken away before every `migrate`, and put back after, whatever it did.
        pre_migrate.connect(set_triggers_aside, sender=self)
        post_migrate.connect(install_triggers, sender=self)
