"""Publish the texts that come with the product, as a first version or after an upgrade."""

from typing import Any

from django.core.management.base import BaseCommand

from documents.wording.texts import load_texts


class Command(BaseCommand):
    help = "Publie les textes fournis ; ceux qui le sont déjà ne changent pas."

    def handle(self, *args: Any, **options: Any) -> None:
        for text in load_texts().values():
            self.stdout.write(f"{text.get_kind_display()} : {text}")
