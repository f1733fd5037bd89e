"""A backup tried: what was never restored is no backup."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from operations import backups, restoring
from operations.databases import ToolFailed
from operations.models import Backup
from operations.safes import Closed


class Command(BaseCommand):
    help = "Restaure la dernière sauvegarde à part, compare chaque table et chaque fichier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="dossier des sauvegardes")

    def handle(self, *, folder: Path, **options: Any) -> None:
        kept = Backup.objects.create(kind=Backup.Kind.VERIFICATION)
        try:
            backup = backups.latest(folder)
            kept.name = backup.name
            faults = restoring.verify(backup)
        except (backups.Unusable, Closed, ToolFailed, OSError, DatabaseError) as error:
            faults = [str(error).strip()]
        kept.end(" ".join(faults[:5]))
        if faults:
            sys.exit("\n".join(["La sauvegarde ne peut pas servir :", *faults]))
        self.stdout.write(f"{kept.name} : chaque table et chaque fichier sont bien là.")
