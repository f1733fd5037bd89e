from django.apps import AppConfig
from django.conf import settings


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = "Exploitation"

    def ready(self) -> None:
        """Register the deployment checks, which read models; tell Sentry where that is asked."""
        from operations import checks  # noqa: F401

        if settings.SENTRY_DSN:
            from operations import incidents  # An optional library.

            incidents.start()
