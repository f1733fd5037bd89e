"""A whole copy of the site, in a folder beside the earlier ones."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from operations import backups
from operations.databases import ToolFailed
from operations.models import Backup
from operations.safes import Closed
from typography.counting import counted


class Command(BaseCommand):
    help = "Sauvegarde la base de données et tous les fichiers du site."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="dossier des sauvegardes, hors du site")

    def handle(self, *, folder: Path, **options: Any) -> None:
        kept = Backup.objects.create(kind=Backup.Kind.BACKUP)
        try:
            made = backups.make(folder)
            manifest = backups.read_manifest(made)
        except (backups.Unusable, Closed, ToolFailed, OSError) as error:
            kept.end(f"{error}")
            sys.exit(f"La sauvegarde a échoué : {error}")
        kept.name = made.name
        lost = ", ".join(manifest.missing[:3])
        missed = counted(len(manifest.missing), "fichier manquait", "fichiers manquaient")
        kept.end(f"{missed} au site : {lost}" if lost else "")
        self.stdout.write(
            f"{made} : {sum(manifest.counts.values())} lignes, {len(manifest.files)} fichiers."
        )
        if manifest.missing:
            sys.exit(f"{missed} au site : {lost}")
