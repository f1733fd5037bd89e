"""`manage.py close_idle_accounts`: who is warned, closed, anonymised; the worker does it at night."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.leaving import idle


class Command(BaseCommand):
    help = (
        "Prévient, désactive, puis anonymise les comptes qui ne servent plus (onze mois, treize "
        "mois, trois ans après). Relancée, la commande ne fait rien de plus."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="dit ce qui serait fait, sans rien écrire"
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        found = idle.review(dry_run=dry_run)
        for label, rows in (
            ("Prévenus", [user.email for user in found.warned]),
            ("Désactivés", [user.email for user in found.closed]),
            ("Anonymisés", [f"compte n° {user.pk}" for user in found.forgotten]),
            ("Collectivités sans accès", [str(each) for each in found.left_alone]),
        ):
            self.stdout.write(f"{label} : {len(rows)}")
            for row in rows:
                self.stdout.write(f"  {row}")
        if dry_run:
            self.stdout.write("Rien n'a été écrit.")
