"""Files that nothing names, and names without file."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from operations import restoring
from typography.counting import counted


class Command(BaseCommand):
    help = "Dit quels fichiers ne sont à aucun dossier, et quels fichiers manquent."

    def handle(self, **options: Any) -> None:
        orphans, lost = restoring.orphans()
        for name in orphans:
            self.stdout.write(f"à personne : {name}")
        for name in lost:
            self.stdout.write(f"manque : {name}")
        if lost:
            sys.exit(1)
        self.stdout.write(f"{counted(len(orphans), 'fichier')} à personne, aucun ne manque.")
