"""The demonstration data, once: communes, texts, accounts, two campaigns."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.demonstration import ensure_accounts
from accounts.models import User
from accounts.roles import Role
from communes.models import Collectivity
from demonstration import files as demonstration


class Command(BaseCommand):
    help = "Charge les données de démonstration (une seule fois ; mode démonstration seulement)."

    def handle(self, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError(
                "Le mode démonstration est désactivé : ces données ne vont pas en production."
            )
        if demonstration.is_loaded():
            self.stdout.write("Les données de démonstration sont déjà là.")
            return
        if not Collectivity.objects.filter(code=demonstration.VILLENEUVE).exists():
            call_command("import_communes", stdout=self.stdout)
        ensure_accounts()
        agent = User.objects.demonstration().get(role=Role.RECTORAT)
        # All or nothing: an interrupted load starts again from the beginning.
        with transaction.atomic():
            convention = demonstration.load_2022(by=agent)
            campaign = demonstration.load_2026(by=agent)
        self.stdout.write(
            f"{convention.reference} complète ; {campaign} : "
            f"{campaign.conventions.count()} conventions."
        )
