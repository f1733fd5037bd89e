"""Write docs/lifecycle.md from the tables of transitions."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from conventions.dossiers.lifecycle_page import lifecycle_page


class Command(BaseCommand):
    help = "Écrit docs/lifecycle.md d'après les tables de transitions."

    def handle(self, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "lifecycle.md"
        path.write_text(lifecycle_page(), encoding="utf-8")
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)} est à jour.")
