"""`manage.py export_titres 2022-2023 --format csv --output titres.csv`"""

import os
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.claims.columns import COLUMNS
from billing.claims.due import claimable, due_of
from billing.claims.listing import shares_of, totals
from billing.claims.proposals import CHUNK
from conventions.campaigns.models import Campaign
from conventions.models.convention import ConventionQuerySet
from documents.wording.typography import count, euros_and_cents
from tabular import writing


class Command(BaseCommand):
    help = "Écrit dans un fichier les créances d'une année scolaire et leurs titres, sans rien demander."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("annee", metavar="année", help="Année scolaire, par exemple 2022-2023.")
        parser.add_argument(
            "--format", required=True, dest="file_format", help="csv ou xlsx.", metavar="FORMAT"
        )
        parser.add_argument("--output", required=True, type=Path, metavar="FICHIER")

    def handle(self, *, annee: str, file_format: str, output: Path, **options: Any) -> None:
        if file_format not in writing.CONTENT_TYPES:
            raise CommandError(f"Format « {file_format} » inconnu : choisissez csv ou xlsx.")
        campaign = self._campaign(annee)
        conventions = claimable().filter(campaign=campaign)
        try:
            write_whole(output, _content(conventions, file_format, campaign.school_year))
        except OSError as error:
            raise CommandError(
                f"Impossible d'écrire « {output} ». Vérifiez que c'est bien un fichier, que son "
                "dossier existe et qu'il vous est ouvert en écriture."
            ) from error
        found = totals(shares_of(conventions))
        self.stdout.write(
            f"{count(found.claims, 'créance')}, {euros_and_cents(found.due)} dus, dont "
            f"{euros_and_cents(found.left)} à demander : {output}"
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


def _content(
    conventions: ConventionQuerySet, file_format: str, school_year: str
) -> Iterable[bytes]:
    dues = (due_of(convention) for convention in conventions.iterator(chunk_size=CHUNK))
    if file_format == "csv":
        return writing.csv_lines(COLUMNS, dues)
    target = BytesIO()
    writing.write_xlsx(target, COLUMNS, dues, title=f"Créances {school_year}")
    return [target.getvalue()]


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
