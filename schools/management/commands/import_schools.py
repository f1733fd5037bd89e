"""`manage.py import_schools FILE`: the schools, from the annuaire's export; or their pupils."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from schools.files import import_file
from tabular.import_command import ImportCommand
from tabular.reading import Report


class Command(ImportCommand):
    help = "Importe les écoles publiques du premier degré (export de l'annuaire de l'éducation), ou leurs effectifs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        super().add_arguments(parser)
        parser.add_argument(
            "--partial",
            action="store_true",
            help="fichier partiel : l'absence d'une école n'y veut rien dire",
        )

    def run_import(
        self,
        content: bytes,
        *,
        dry_run: bool,
        accepted: Collection[str] | None = None,
        partial: bool = False,
        **options: Any,
    ) -> Report:
        return import_file(content, dry_run=dry_run, accepted=accepted, partial=partial)
