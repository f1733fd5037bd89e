"""`manage.py import_communes [FILE]`: the communes, from a file or those shipped."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from communes.imports import import_communes
from communes.territory import COMMUNES_FILE, load_territory
from tabular.reading import UnreadableFile


class Command(BaseCommand):
    help = "Importe les communes (fichier officiel, sinon celui livré) et leurs collectivités."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=COMMUNES_FILE, metavar="FILE")
        parser.add_argument(
            "--dry-run", action="store_true", help="montre ce qui changerait, n'écrit rien"
        )

    def handle(self, *, file: Path, dry_run: bool, **options: Any) -> None:
        if not dry_run:
            load_territory()
        try:
            report = import_communes(file.read_bytes(), dry_run=dry_run)
        except OSError as error:
            raise CommandError(f"{file} ne peut pas être lu : {error.strerror}.") from None
        except UnreadableFile as error:
            raise CommandError(str(error)) from None
        for line in report.lines():
            self.stdout.write(line)
