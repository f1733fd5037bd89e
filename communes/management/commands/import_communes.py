"""`manage.py import_communes [FILE]`: the communes, from a file or those shipped."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from communes.imports import import_communes
from communes.territory import COMMUNES_FILE, load_territory
from tabular.import_command import ALL, ImportCommand
from tabular.reading import Report


class Command(ImportCommand):
    help = "Importe les communes (fichier officiel, sinon celui livré) et leurs collectivités."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=COMMUNES_FILE, metavar="FILE")
        super().add_arguments(parser)

    def handle(self, *, file: Path, dry_run: bool, accept: Collection[str], **options: Any) -> None:
        if not dry_run:
            load_territory()
        # The file shipped with the version was looked at when it was made.
        accept = [ALL] if file.resolve() == COMMUNES_FILE else accept
        super().handle(file=file, dry_run=dry_run, accept=accept, **options)

    def run_import(
        self,
        content: bytes,
        *,
        dry_run: bool,
        accepted: Collection[str] | None = None,
        **options: Any,
    ) -> Report:
        return import_communes(content, dry_run=dry_run, accepted=accepted)
