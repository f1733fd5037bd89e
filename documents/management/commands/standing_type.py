"""Tell whether the short cut of printing is stopped, and lift it once the cause is found."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from documents.press.proofs import reason_to_stop
from documents.press.proofs import resume as lift


class Command(BaseCommand):
    help = "Dit si l'impression rapide est arrêtée, et pourquoi ; --resume la remet en marche."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--resume", action="store_true", help="remettre en marche")

    def handle(self, *, resume: bool, **options: Any) -> None:
        reason = reason_to_stop()
        if not reason:
            self.stdout.write("L'impression rapide est en marche.")
            return
        self.stdout.write(f"L'impression rapide est arrêtée : {reason}")
        if resume:
            lift()
            self.stdout.write("Elle reprend au prochain démarrage des processus.")
