"""A value that a text may call for, `{{ key }}`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db import models
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from documents.contexts import Context
from documents.wording.kinds import EVERY_KIND


class FieldType(models.TextChoices):
    """What a value looks like once printed."""

    TEXT = "text", "texte"
    DATE = "date", "date"
    AMOUNT = "amount", "montant"
    BLOCK = "block", "paragraphe entier"


@dataclass(frozen=True)
class MergeField:
    """A value of the context, as a text names it.

    `take` reads the context of its `kinds` and returns plain text, escaped here, or HTML
    marked safe. A block (FieldType.BLOCK) stands alone in its paragraph and replaces it; an
    empty one leaves nothing.
    """

    key: str
    label: str
    example: str
    take: Callable[[Any], str]
    kinds: frozenset[str] = EVERY_KIND
    type: FieldType = FieldType.TEXT

    @property
    def is_block(self) -> bool:
        return self.type == FieldType.BLOCK

    @property
    def capitalised(self) -> "MergeField":
        """The same for the start of a sentence: {{ Collectivite }}, "La commune d'Agde"."""

        def take(context: Context) -> str:
            value = self.take(context)
            return type(value)(capfirst(value))  # HTML stays HTML.

        return replace(self, key=capfirst(self.key), take=take)

    @property
    def mark(self) -> str:
        """How a text calls for it: "{{ montant }}"."""
        return f"{{{{ {self.key} }}}}"

    def html(self, context: Context) -> SafeString:
        return conditional_escape(self.take(context))
