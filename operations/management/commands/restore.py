"""A backup put back into an empty database."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection

from operations import backups, restoring
from operations.databases import ToolFailed
from operations.models import Backup
from operations.safes import Closed


class Command(BaseCommand):
    help = "Restaure une sauvegarde dans une base vide, ses fichiers avec elle."
    requires_system_checks: list[str] = []  # Some read tables, which are not there yet.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="dossier d'une sauvegarde, 2026-11-27T…Z")

    def handle(self, *, backup: Path, **options: Any) -> None:
        try:
            faults = restoring.restore(backup, connection)
        except (backups.Unusable, Closed, ToolFailed, OSError, DatabaseError) as error:
            sys.exit(f"Rien n’a été restauré : {error}")
        # It was under way when it copied its own row.
        for own in Backup.objects.filter(kind=Backup.Kind.BACKUP, finished_at=None):
            own.end()
        if faults:
            sys.exit("\n".join(["La restauration n’est pas entière :", *faults]))
        self.stdout.write("Restauré : chaque table et chaque fichier. Lancez migrate, schedules.")
