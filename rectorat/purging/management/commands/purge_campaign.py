"""A campaign whose retention is over: said, then done, what the site takes away of it."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from conventions.archives.management.commands.archive_campaign import find_campaign
from conventions.campaigns.models import Campaign
from rectorat.purging import purge


class Command(BaseCommand):
    help = (
        "Dit ce que le site perdrait d'une campagne archivée dont la durée de conservation est "
        "passée (papiers, messages, noms) ; avec --confirm, le lui retire."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("school_year", help="année scolaire, par exemple 2021-2022")
        parser.add_argument(
            "--archive",
            type=Path,
            required=True,
            help="dossier que archive_campaign a écrit, après le dernier changement",
        )
        parser.add_argument("--by", help="adresse de l'administrateur qui le demande")
        parser.add_argument("--confirm", action="store_true", help="retirer, au lieu de dire")

    def handle(
        self,
        *,
        school_year: str,
        archive: Path,
        by: str | None = None,
        confirm: bool = False,
        **options: Any,
    ) -> None:
        campaign = find_campaign(school_year)
        try:
            if confirm:
                self._purge(campaign, archive, _administrator(by))
            else:
                purge.check(campaign, archive)
                self._say(campaign)
        except (ValidationError, purge.NotPurged) as refusal:
            raise CommandError(" ".join(getattr(refusal, "messages", [str(refusal)]))) from refusal

    def _say(self, campaign: Campaign) -> None:
        self.stdout.write(f"{campaign} : le site perdrait")
        for label, count in purge.plan(campaign):
            self.stdout.write(f"- {label} : {count}")
        self.stdout.write(
            "Restent les conventions, leurs écoles, dates, montants et signataires, les actes, et "
            "tout ce qui est de la recette : titres, écritures, lots et leurs fichiers."
        )
        self.stdout.write("Rien n’a été retiré. Pour le faire : --confirm --by ADRESSE.")

    def _purge(self, campaign: Campaign, archive: Path, by: User) -> None:
        purge.purge(campaign, archive, by=by)
        self.stdout.write(
            f"{campaign} : ses papiers et ses messages ne sont plus qu’aux archives. Le journal de "
            "la campagne garde qui l’a demandé, quand, ce qui est parti et l’empreinte de l’archive."
        )


def _administrator(address: str | None) -> User:
    if not address:
        raise CommandError("Dites qui le demande : --by ADRESSE, celle d’un administrateur.")
    user = User.objects.filter(email=address.strip().lower()).first()
    if user is None:
        raise CommandError(f"Aucun compte n’a l’adresse {address}.")
    return user
