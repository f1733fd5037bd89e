"""The reminders that campaigns schedule; a second run the same day sends nothing."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conventions.campaigns.models import Campaign
from conventions.dossiers import reminders


class Command(BaseCommand):
    help = (
        "Envoie les relances prévues par les campagnes ouvertes (« relances automatiques »). "
        "Relancée le même jour, la commande n'envoie rien."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--campaign", metavar="2026-2027", help="une seule campagne, par son année scolaire"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="dit ce qui serait fait, sans rien écrire"
        )

    def handle(self, *, campaign: str | None, dry_run: bool, **options: Any) -> None:
        for chosen in _campaigns(campaign):
            self._remind(reminders.scheduled(chosen), dry_run)

    def _remind(self, found: reminders.ScheduledReminders, dry_run: bool) -> None:
        self.stdout.write(f"{found.campaign}")
        if found.due_on is None:
            self.stdout.write("  Aucune relance prévue à cette date.")
            return
        self.stdout.write(f"  Relance prévue le {found.due_on:%d/%m/%Y}.")
        left_out = found.left_out
        if dry_run:
            done = found.to_remind
        else:
            report = reminders.send(found)
            done, left_out = report.done, left_out + report.left_out
        self.stdout.write(f"  {'À relancer' if dry_run else 'Relancées'} : {len(done)}")
        for convention in done:
            self.stdout.write(f"    {convention}")
        self.stdout.write(f"  Laissées de côté : {len(left_out)}")
        for convention, reason in left_out:
            self.stdout.write(f"    {convention} : {reason}")


def _campaigns(school_year: str | None) -> Iterable[Campaign]:
    campaigns = Campaign.objects.filter(state=Campaign.State.OPEN)
    if not school_year:
        return campaigns
    chosen = [
        campaign for campaign in Campaign.objects.all() if campaign.school_year == school_year
    ]
    if not chosen:
        years = ", ".join(campaign.school_year for campaign in campaigns)
        raise CommandError(f"Aucune campagne « {school_year} ». Ouvertes : {years or 'aucune'}.")
    return chosen
