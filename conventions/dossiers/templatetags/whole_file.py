"""What templates ask of a file as a whole."""

from django import template

from conventions.dossiers.whole import WholeFile
from conventions.models import Piece

register = template.Library()


@register.filter
def issued_as(file: WholeFile, document: int | None) -> list[Piece]:
    """Return the pieces that one document, by its key, is in a file."""
    return file.issued_as(document)
