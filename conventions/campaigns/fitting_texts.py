"""Whether texts can say a tariff and its exceptions: those of a campaign, those of its avenants."""

import re
from collections.abc import Collection, Iterable

from django.core.exceptions import ValidationError

from conventions.campaigns.tariffs import ReliefKind
from documents.models import TextModel
from documents.wording.conditions import says_free
from lifecycle.errors import TransitionRefused

# Said by texts written before tariffs had rules.
_PER_SCHOOL = re.compile(r"\{\{\s*participation_par_ecole\s*\}\}")
# What to do of a text that prints it, where a campaign has another rule, where an exception
# stands beside it, where it is an avenant's: nobody chooses that one, the newest is printed.
OF_ANOTHER_RULE = (
    "Choisissez-en une qui emploie {{ tarif }} et {{ calcul }}, ou le tarif par école."
)
BESIDE_AN_EXCEPTION = (
    "À côté d'une exception au tarif, ce serait faux : la campagne doit d'abord employer une "
    "version qui dit {{ tarif }} et {{ calcul }}. Si elle est déjà envoyée, une réduction se demande "
    "aux finances."
)
OF_AN_AVENANT = (
    "Cette convention a un autre tarif, ou une exception : publiez d'abord une version de ce texte "
    "qui emploie {{ tarif }} et {{ calcul }}."
)


def refuse_texts(
    texts: tuple[TextModel, TextModel, TextModel],
    *,
    per_school: bool,
    free: bool,
    reliefs: Collection[str],
) -> None:
    """Raise ValidationError for the texts of a campaign that cannot say its tariff.

    `texts` are its decision, its deliberation and its convention; `reliefs` what its exceptions
    do (`ReliefKind`).
    """
    if not per_school:
        refuse_texts_per_school(texts, OF_ANOTHER_RULE)
    elif any(kind != ReliefKind.NONE for kind in reliefs):
        refuse_texts_per_school(texts, BESIDE_AN_EXCEPTION)
    if free or ReliefKind.FREE in reliefs:
        refuse_text_without_free(texts[-1])


def refuse_texts_per_school(texts: Iterable[TextModel], what_to_do: str) -> None:
    """Raise ValidationError for a text that would say the participation otherwise than it is.

    `what_to_do` (French) ends the message.
    """
    for text in texts:
        if _PER_SCHOOL.search(text.body):
            raise ValidationError(
                f"{text.title}, version {text.version} : cette version imprime une participation "
                f"par école. {what_to_do}"
            )


def refuse_text_without_free(text: TextModel) -> None:
    """Raise TransitionRefused for a convention, or an avenant, that would ask for what is not owed."""
    if not says_free(text.body):
        raise TransitionRefused(
            f"{text.title}, version {text.version} : cette version n'a pas de passage pour une "
            "convention gratuite ({{ si_gratuit }}). Il en faut d'abord une qui en a un."
        )
