"""UAI codes: seven digits and a key letter, the identifier of every school.

The key is the remainder of the seven digits by 23, in an alphabet without I, O and
Q (Répertoire national des établissements; holds for 40,000 real codes).
"""

import re

KEYS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_FORM = re.compile(r"^[0-9]{7}[A-Z]$")
# Codes of the Ain to the Ariège begin with two zeros, those of eighty départements with one.
_WITHOUT_ZEROS = re.compile(r"^[0-9]{5,6}[A-Z]$")
_SCIENTIFIC = re.compile(r"^\d+([.,]\d+)?E[+-]?\d+$", re.IGNORECASE)


class InvalidUAI(ValueError):
    """Not a UAI code; the message (French) says why."""


def key(digits: str) -> str:
    """Return the key letter of seven `digits`."""
    return KEYS[int(digits) % 23]


def parse(text: str) -> str:
    """Return the UAI code in `text`, in capitals and without spaces.

    Zeros that a spreadsheet took from its head are put back where the key agrees. Raises InvalidUAI when the form or the key is wrong.
    """
    code = re.sub(r"[\s\u00a0\u202f\ufeff-]", "", text).upper()
    if _SCIENTIFIC.match(code):
        raise InvalidUAI(
            f"« {text.strip()} » a été transformé par un tableur : "
            "reprenez le code dans le fichier d'origine, colonne au format texte."
        )
    if _WITHOUT_ZEROS.match(code) and key(code[:-1]) == code[-1]:
        return code.zfill(8)
    if not _FORM.match(code):
        raise InvalidUAI(
            f"« {text.strip()} » n'est pas un code UAI : il faut sept chiffres et une lettre, "
            "par exemple 0341255E."
        )
    if key(code[:7]) != code[7]:
        raise InvalidUAI(
            f"« {code} » n'est pas un code UAI valide : la lettre finale ne correspond pas "
            "aux chiffres. Vérifiez qu'il a été bien recopié."
        )
    return code
