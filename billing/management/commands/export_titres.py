"""`manage.py export_titres 2022-2023 --format csv --output titres.csv`"""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import exports
from billing.claims import claimable, claims, totals
from conventions.campaigns.models import Campaign
from documents.wording.typography import count, euros_and_cents


class Command(BaseCommand):
    help = (
        "Écrit dans un fichier les titres de perception d'une année scolaire, sans en faire un lot."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("annee", metavar="année", help="Année scolaire, par exemple 2022-2023.")
        parser.add_argument(
            "--format", required=True, dest="file_format", help="csv ou xlsx.", metavar="FORMAT"
        )
        parser.add_argument("--output", required=True, type=Path, metavar="FICHIER")

    def handle(self, *, annee: str, file_format: str, output: Path, **options: Any) -> None:
        if file_format not in exports.CONTENT_TYPES:
            raise CommandError(f"Format « {file_format} » inconnu : choisissez csv ou xlsx.")
        campaign = self._campaign(annee)
        conventions = claimable(campaign)
        content = exports.export(claims(conventions), file_format, campaign.school_year)
        try:
            write_whole(output, content)
        except OSError as error:
            raise CommandError(
                f"Impossible d'écrire « {output} ». Vérifiez que c'est bien un fichier, que son "
                "dossier existe et qu'il vous est ouvert en écriture."
            ) from error
        found = totals(conventions)
        self.stdout.write(
            f"{count(found.claims, 'titre')}, {count(found.schools, 'école')}, "
            f"{euros_and_cents(found.amount)} : {output}"
        )

    def _campaign(self, annee: str) -> Campaign:
        for campaign in Campaign.objects.all():
            if campaign.school_year == annee.strip():
                return campaign
        known = ", ".join(campaign.school_year for campaign in Campaign.objects.all())
        raise CommandError(
            f"Aucune campagne pour l'année scolaire « {annee} ». "
            f"Années connues : {known or 'aucune'}."
        )


def write_whole(path: Path, content: Iterable[bytes]) -> None:
    """Write the chunks of `content` to `path`, all or nothing: a reader never sees half.

    Raises OSError when the folder or the file cannot be written.
    """
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(draft, 0o666 & ~umask)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
