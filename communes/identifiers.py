"""SIREN and SIRET, with messages that say what to do.

The keys (Luhn, and La Poste's digit sum) are python-stdnum's. No rule is put on
the first digit of a commune's SIREN: 72 communes of Occitanie break the usual one.
"""

import re
from types import ModuleType

from django.core.exceptions import ValidationError
from stdnum.exceptions import InvalidChecksum, InvalidLength
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.fr import siren as siren_rules
from stdnum.fr import siret as siret_rules

_SPACES = re.compile(r"[\s.\u00a0\u202f-]+")


def normalise(number: str) -> str:
    """Return `number` without the spaces and dots that people group digits with."""
    return _SPACES.sub("", number)


def validate_siret(value: str) -> None:
    """Raise ValidationError (French) unless `value` is fourteen digits with a right key."""
    _validate(value, siret_rules, "SIRET", 14)


def validate_siren(value: str) -> None:
    """Raise ValidationError (French) unless `value` is nine digits with a right key."""
    _validate(value, siren_rules, "SIREN", 9)


def _validate(value: str, rules: ModuleType, label: str, length: int) -> None:
    try:
        rules.validate(normalise(value))
    except InvalidLength:
        raise ValidationError(
            f"Un numéro {label} compte {length} chiffres ; celui-ci en compte "
            f"{len(normalise(value))}. Vérifiez-le sur l'avis de situation de l'INSEE."
        ) from None
    except InvalidChecksum:
        raise ValidationError(
            f"La clé de ce numéro {label} est fausse : un chiffre a sans doute été mal recopié."
        ) from None
    except StdnumError:
        raise ValidationError(
            f"Un numéro {label} ne comporte que des chiffres ({length})."
        ) from None
