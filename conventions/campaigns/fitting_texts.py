"""Whether the texts of a campaign can say its tariff."""

import re

from django.core.exceptions import ValidationError

from documents.models import TextModel
from documents.wording.conditions import says_free
from lifecycle.errors import TransitionRefused

# Said by texts written before tariffs had rules.
_PER_SCHOOL = re.compile(r"\{\{\s*participation_par_ecole\s*\}\}")


def refuse_texts_per_school(*texts: TextModel) -> None:
    """Raise ValidationError for a text that would say the participation otherwise than it is."""
    for text in texts:
        if _PER_SCHOOL.search(text.body):
            raise ValidationError(
                f"{text.title}, version {text.version} : cette version imprime une participation "
                "par école. Choisissez-en une qui emploie {{ tarif }} et {{ calcul }}, ou le tarif "
                "par école."
            )


def refuse_text_without_free(convention_text: TextModel) -> None:
    """Raise TransitionRefused for a convention that would ask for what is not owed."""
    if not says_free(convention_text.body):
        raise TransitionRefused(
            "Le texte de la convention n'a pas de passage pour une convention gratuite "
            "({{ si_gratuit }}) : choisissez d'abord une version qui en a un."
        )
