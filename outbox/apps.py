from django.apps import AppConfig

from outbox import checks  # noqa: F401 (registers the deployment checks)


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = "Boîte d'envoi"
