"""What people type of a telephone, a post code, a name: understood where it can be, else refused."""

import re
import unicodedata

from django.core.exceptions import ValidationError

from communes.identifiers import normalise

_NATIONAL = re.compile(r"0[1-9]\d{8}")
_WITHOUT_ZERO = re.compile(r"(?:33)?([1-9]\d{8})", re.ASCII)
_ABROAD = re.compile(r"\+\d{8,15}")
# Letters with their accents, and what stands between them in a name.
_NAME_SIGNS = frozenset(" '’-.\u00a0\u202f\u2010\u2011")
_PICTURES = frozenset({"So", "Sk", "Cs", "Co", "Cn", "Cc"})


def read_postcode(text: str) -> str:
    """Return « 34 300 » as 34300. Raises ValidationError unless it is five digits."""
    postcode = normalise(text)
    if not re.fullmatch(r"\d{5}", postcode, re.ASCII):
        raise ValidationError("Un code postal compte cinq chiffres, par exemple 34750.")
    return postcode


def read_phone(text: str) -> str:
    """Return « 04.67.69.75.75 », « +33 4 67 69 75 75 » as 04 67 69 75 75; "" for nothing.

    A number abroad keeps its prefix. Raises ValidationError for what is no number.
    """
    number = re.sub(r"[()/]", "", normalise(text))
    number = re.sub(r"^(\+33|0033)0?", "0", number)
    if _NATIONAL.fullmatch(number):
        return " ".join(re.findall("..", number))
    if number and not _ABROAD.fullmatch(number):
        raise ValidationError("Un numéro de téléphone compte dix chiffres : 04 67 69 75 75.")
    return number


def restore_phone(text: str) -> str:
    """Return a telephone with the zero, or in place of the « +33 », that a spreadsheet broke."""
    found = _WITHOUT_ZERO.fullmatch(normalise(text))
    return f"0{found[1]}" if found else text


def is_same_phone(one: str, other: str) -> bool:
    """Tell whether a telephone is only written otherwise: 04 67 69 44 00, 467694400."""
    first, second = (re.sub(r"\D", "", text).lstrip("0") for text in (one, other))
    return first == second


def refuse_pictures(text: str) -> None:
    """Raise ValidationError for signs that no document prints: a validator of what is printed."""
    for sign in text:
        if unicodedata.category(sign) in _PICTURES and sign != "°":
            raise ValidationError(f"Retirez {_shown(sign)} : ce signe ne s'imprime pas.")


def validate_name(text: str) -> None:
    """Raise ValidationError unless `text` is made of letters, as a person's name is."""
    for sign in text:
        if unicodedata.category(sign)[0] not in "LM" and sign not in _NAME_SIGNS:
            raise ValidationError(f"Vérifiez ce nom : {_shown(sign)} n'y a pas sa place.")


def _shown(sign: str) -> str:
    return f"« {sign} »" if sign.isprintable() else "la tabulation"
