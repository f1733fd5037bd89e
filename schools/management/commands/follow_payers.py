"""`manage.py follow_payers`: show today's payer of every school. To run once a day."""

from typing import Any

from django.core.management.base import BaseCommand

from schools.takeover import follow_payers


class Command(BaseCommand):
    help = (
        "Met à jour la collectivité qui paie pour chaque école : reprises dont le jour est venu, "
        "communes fusionnées. À lancer chaque jour ; sans effet s'il n'y a rien à faire."
    )

    def handle(self, **options: Any) -> None:
        count = follow_payers()
        self.stdout.write(f"{count} école{'s' if count > 1 else ''} : nouveau payeur.")
