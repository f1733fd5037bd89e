"""`manage.py import_schools FILE`: the schools, from the annuaire's export."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from schools.imports import import_schools
from tabular.reading import UnreadableFile


class Command(BaseCommand):
    help = "Importe les écoles publiques du premier degré (export de l'annuaire de l'éducation)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--dry-run", action="store_true", help="montre ce qui changerait, n'écrit rien"
        )
        parser.add_argument(
            "--partial",
            action="store_true",
            help="fichier partiel : l'absence d'une école n'y veut rien dire",
        )
        parser.add_argument(
            "--confirm-closures",
            action="store_true",
            help="propose les fermetures même au-delà de 5 %% des écoles d'un département",
        )

    def handle(
        self,
        *,
        file: Path,
        dry_run: bool,
        partial: bool,
        confirm_closures: bool,
        **options: Any,
    ) -> None:
        try:
            report = import_schools(
                file.read_bytes(),
                dry_run=dry_run,
                partial=partial,
                confirm_closures=confirm_closures,
            )
        except OSError as error:
            raise CommandError(f"{file} ne peut pas être lu : {error.strerror}.") from None
        except UnreadableFile as error:
            raise CommandError(str(error)) from None
        for line in report.lines():
            self.stdout.write(line)
        if report.blockers:
            raise CommandError(
                "\n".join(
                    [
                        "Rien n'a été importé.",
                        *report.blockers,
                        "Si le fichier est partiel, ajoutez --partial ; si ces fermetures sont "
                        "exactes, --confirm-closures.",
                    ]
                )
            )
