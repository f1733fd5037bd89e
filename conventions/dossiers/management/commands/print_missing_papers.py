"""Signatures recorded of papers that do not exist: found, and their papers printed."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Q

from conventions.amendments.models import Amendment
from conventions.models import Convention, SignedByBoth, issue_documents


class Command(BaseCommand):
    help = (
        "Trouve les conventions et les avenants signés dont ni l'exemplaire à signer ni la copie "
        "signée n'est au dossier, et produit l'exemplaire manquant. Relancée, la commande ne "
        "produit rien."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="dit ce qui serait fait, sans rien écrire"
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        count = 0
        for signed in _signed_without_paper():
            count += 1
            self.stdout.write(f"  {signed} : {'à produire' if dry_run else _print(signed)}")
        self.stdout.write(f"Signés sans exemplaire au dossier : {count}")


def _signed_without_paper() -> Iterator[SignedByBoth]:
    signed = Q(collectivity_signed_on__isnull=False) | Q(region_signed_on__isnull=False)
    conventions = Convention.objects.filter(signed).living().without_paper().with_parties()
    yield from conventions.order_by("reference")
    amendments = Amendment.objects.filter(signed).with_changes()
    for amendment in amendments.select_related("convention__campaign").order_by("pk"):
        if amendment.is_signed_without_paper:
            yield amendment


def _print(signed: SignedByBoth) -> str:
    try:
        issue_documents(signed, by=None)
    except ValidationError as refusal:
        return " ".join(refusal.messages)
    return "produit"
