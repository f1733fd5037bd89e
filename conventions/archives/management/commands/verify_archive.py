"""An archive of a campaign read again, hash by hash; no database is asked."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from conventions.archives import campaign_archive


class Command(BaseCommand):
    help = "Vérifie chaque fichier d'une archive de campagne."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path, help="dossier que archive_campaign a écrit")

    def handle(self, *, archive: Path, **options: Any) -> None:
        if faults := campaign_archive.verify(archive):
            sys.exit("\n".join(["L’archive n’est pas intacte :", *faults]))
        self.stdout.write(f"{archive} : tout est là, et comme au premier jour.")
