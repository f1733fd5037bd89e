from django.apps import AppConfig
from django.core.checks import Tags, register

from documents.checks import check_confinement, check_standing_type


class DocumentsConfig(AppConfig):
    name = "documents"
    verbose_name = "Documents"

    def ready(self) -> None:
        register(check_standing_type, Tags.files, deploy=True)
        register(check_confinement, Tags.security, deploy=True)
