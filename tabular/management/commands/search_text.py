"""What lists are searched by, held against what it is made of."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from tabular.search_texts import install_indexes, searched_models, stale


class Command(BaseCommand):
    help = (
        "Réécrit les textes de recherche qui ne disent plus ce que dit leur ligne (le nom d'une "
        "commune a changé, des lignes ont été écrites en SQL) et, sur PostgreSQL, crée les index "
        "qui manquent. Relancée, la commande n'écrit rien."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="dit ce qui serait réécrit, sans rien écrire"
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        count = 0
        for model in searched_models():
            for row, text in stale(model):
                count += 1
                self.stdout.write(f"  {model._meta.verbose_name} {row.pk} : {row}")
                if not dry_run:
                    # What somebody renames meanwhile has its text from them.
                    found = model.objects.filter(pk=row.pk, search_text=row.search_text)
                    found.update(search_text=text)
        self.stdout.write(f"Textes de recherche périmés : {count}")
        if not dry_run and connection.vendor == "postgresql" and not install_indexes():
            self.stdout.write(
                "L'extension pg_trgm ne peut pas être créée ici : les recherches sont plus lentes."
            )
