from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = "Exploitation"

    def ready(self) -> None:
        """Register the deployment checks, which read models."""
        from operations import checks  # noqa: F401
