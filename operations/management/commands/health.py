"""What is wrong with the site, for a person and for whatever watches it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from operations import alerts, health


class Command(BaseCommand):
    help = "Dit ce qui ne va pas (travail de fond, courriels, sauvegardes, disque, certificat)."
    requires_system_checks: list[str] = []  # It says what is wrong by itself.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tell",
            action="store_true",
            help="Prévient aussi ALERT_EMAILS et ALERT_WEBHOOK_URL de ce qui a changé.",
        )

    def handle(self, *, tell: bool, **options: Any) -> None:
        troubles = [*health.troubles(), *health.troubles_outside()]
        for trouble in troubles:
            self.stdout.write(trouble.words)
        if tell and not alerts.tell(troubles):
            self.stderr.write("Personne n’a pu être prévenu : voyez ALERT_EMAILS.")
        if troubles:
            sys.exit(1)
        self.stdout.write("Tout va bien.")
