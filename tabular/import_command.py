"""`manage.py import_…  FILE`: an import from the shell, which holds back what the page does."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tabular.reading import Report, UnreadableFile

ALL = "tout"


class ImportCommand(BaseCommand):
    """A subclass says how in `run_import`, and may add options to `add_arguments`."""

    def run_import(
        self,
        content: bytes,
        *,
        dry_run: bool,
        accepted: Collection[str] | None = None,
        **options: Any,
    ) -> Report:
        """Import the file, or report what it would change."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="montre ce qui changerait, n'écrit rien"
        )
        parser.add_argument(
            "--accept",
            nargs="+",
            default=[],
            metavar="NATURE",
            help=f"écrit aussi ces natures de changement, retenues sinon ; « {ALL} » pour toutes",
        )

    def handle(self, *, file: Path, dry_run: bool, accept: Collection[str], **options: Any) -> None:
        try:
            content = file.read_bytes()
            report = self.run_import(content, dry_run=True, **options)
            if not dry_run:
                tokens = [
                    kind.token
                    for kind in report.kinds
                    if not kind.held or ALL in accept or kind.key in accept
                ]
                report = self.run_import(content, dry_run=False, accepted=tokens, **options)
        except OSError as error:
            raise CommandError(f"{file} ne peut pas être lu : {error.strerror}.") from None
        except UnreadableFile as error:
            raise CommandError(str(error)) from None
        for line in report.lines():
            self.stdout.write(line)
        if report.is_stale:
            raise CommandError("Rien n'est écrit : un autre import a eu lieu entre-temps.")
        if report.left_out and not dry_run:
            keys = " ".join(kind.key for kind in report.left_out)
            raise CommandError(
                "Le reste est importé. Pour écrire aussi ce qui est retenu, "
                f"ajoutez : --accept {keys}"
            )
