"""A closed campaign, whole, in a folder that needs no site to be read."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conventions.archives import campaign_archive
from conventions.campaigns.converters import SchoolYearConverter
from conventions.campaigns.models import Campaign
from operations.safes import Closed
from typography.counting import counted


class Command(BaseCommand):
    help = "Exporte une campagne close, entière, dans un dossier vérifiable (BagIt)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("school_year", help="année scolaire, par exemple 2022-2023")
        parser.add_argument("folder", type=Path, help="dossier des archives, hors du site")

    def handle(self, *, school_year: str, folder: Path, **options: Any) -> None:
        try:
            archive, lost = campaign_archive.write(find_campaign(school_year), folder)
        except (campaign_archive.NotArchived, Closed, OSError) as error:
            raise CommandError(f"L’archive n’a pas été faite : {error}") from error
        self.stdout.write(str(archive))
        if lost:
            missed = counted(len(lost), "fichier manquait", "fichiers manquaient")
            sys.exit(f"{missed} au site : {', '.join(lost[:3])}")


def find_campaign(school_year: str) -> Campaign:
    """Return the campaign of a school year, as a person types it. Raises CommandError."""
    try:
        year = SchoolYearConverter().to_python(school_year)
    except ValueError:
        raise CommandError(
            f"« {school_year} » n’est pas une année scolaire : écrivez par exemple 2022-2023."
        ) from None
    campaign = Campaign.objects.filter(start_year=year).first()
    if campaign is None:
        raise CommandError(f"Il n’y a pas de campagne {school_year}.")
    return campaign
