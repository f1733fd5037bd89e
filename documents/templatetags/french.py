"""`{% load french %}`: amounts and words as a French reader expects them."""

from decimal import Decimal

from django import template

from documents.wording import typography

register = template.Library()


@register.filter
def euros(amount: Decimal) -> str:
    """ "90,00 €"."""
    return typography.euros_and_cents(amount)


@register.filter
def lower_first(text: str) -> str:
    """ "Préparer l'acte" after a colon: "préparer l'acte"."""
    return text[:1].lower() + text[1:]
