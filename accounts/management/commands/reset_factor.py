"""`manage.py reset_factor EMAIL --reason …`: the way out when the last administrator lost theirs."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import rights
from accounts.models import User


class Command(BaseCommand):
    help = "Efface le second facteur d'un compte : la personne en installe un autre."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="adresse électronique du compte")
        parser.add_argument("--reason", required=True, help="motif, gardé dans le journal")

    def handle(self, *, email: str, reason: str, **options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"Aucun compte n'a l'adresse {email}.")
        try:
            rights.reset_factor(user, by=None, reason=reason)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        self.stdout.write(
            f"Le second facteur de {user} est effacé ; un courriel l'en avertit. Cette personne "
            "en installera un autre à sa prochaine connexion."
        )
